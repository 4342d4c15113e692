//! How far away a window is, in words that follow the clock.

use crate::domain::{
    maintenance::{Maintenance, MaintenanceStatus},
    time::Time,
};
use leptos::prelude::*;
use std::time::Duration;

/// The present, known only to the browser.
#[derive(Debug, Clone, Copy)]
struct Clock(RwSignal<Option<Time>>);

/// Starts the clock of a screen.
pub fn provide_clock() {
    let now = RwSignal::new(None::<Time>);
    provide_context(Clock(now));
    let read = move || {
        now.try_set(Some(Time::from_micros((js_sys::Date::now() * 1e3) as i64)));
    };
    Effect::new(move || {
        read();
        if let Ok(every) = set_interval_with_handle(read, Duration::from_secs(20)) {
            on_cleanup(move || every.clear());
        }
    });
}

/// What the words are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    status: MaintenanceStatus,
    starts_at: Time,
    ends_at: Time,
    over_at: Option<Time>,
}

impl From<&Maintenance> for Moments {
    fn from(maintenance: &Maintenance) -> Self {
        let Maintenance { status, starts_at, ends_at, completed_at, .. } = maintenance;
        Self { status: *status, starts_at: *starts_at, ends_at: *ends_at, over_at: *completed_at }
    }
}

impl Moments {
    /// The moment that matters next, or mattered last.
    fn pivot(self) -> Time {
        match self.status {
            MaintenanceStatus::Scheduled => self.starts_at,
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => self.ends_at,
            MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => self.over_at.unwrap_or(self.ends_at),
        }
    }

    fn words(self, now: Time) -> String {
        let seconds = self.pivot() - now;
        let far = length(seconds.abs());
        let is_now = seconds.abs() < 60.0;
        match self.status {
            MaintenanceStatus::Scheduled if is_now => "starts now".to_owned(),
            MaintenanceStatus::Scheduled if seconds > 0.0 => format!("in {far}"),
            MaintenanceStatus::Scheduled => format!("should have started {far} ago"),
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying if is_now => "ends now".to_owned(),
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying if seconds > 0.0 => format!("{far} left"),
            MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => format!("should have ended {far} ago"),
            // The server's clock may be a little ahead.
            MaintenanceStatus::Completed | MaintenanceStatus::Cancelled if is_now || seconds > 0.0 => {
                "just now".to_owned()
            }
            MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => format!("{far} ago"),
        }
    }
}

/// A length of time by its greatest unit, rounded: `25 minutes`, `3 days`.
fn length(seconds: f64) -> String {
    let units =
        [(60.0, "minute", 60.0), (3_600.0, "hour", 24.0), (86_400.0, "day", 60.0), (2_629_800.0, "month", 24.0)];
    let rounded = |unit: f64| (seconds / unit).round().max(1.0);
    let found = units.into_iter().find(|(unit, _, most)| rounded(*unit) < *most);
    let (amount, unit) = found.map_or((rounded(31_557_600.0), "year"), |(unit, name, _)| (rounded(unit), name));
    format!("{amount} {unit}{}", if amount == 1.0 { "" } else { "s" })
}

/// How far away a window is: to its beginning, to its end, or since it was over.
#[component]
pub fn Countdown(
    /// What the words are made of.
    #[prop(into)]
    moments: Signal<Option<Moments>>,
) -> impl IntoView {
    let now = expect_context::<Clock>().0;
    move || {
        moments.get().map(|moments| {
            let pivot = moments.pivot();
            let words = move || now.get().map_or_else(|| pivot.in_words(), |now| moments.words(now));
            view! { <time datetime=pivot.rfc3339() title=pivot.in_words()>{words}</time> }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled, Verifying};

    #[test]
    fn lengths_are_rounded() {
        for (seconds, words) in [
            (61.0, "1 minute"),
            (1_500.0, "25 minutes"),
            (3_595.0, "1 hour"),
            (7_100.0, "2 hours"),
            (86_000.0, "1 day"),
            (255_600.0, "3 days"),
            (5_270_000.0, "2 months"),
            (63_200_000.0, "2 years"),
        ] {
            assert_eq!(length(seconds), words);
        }
    }

    #[test]
    fn words_follow_status_and_clock() {
        let at = |second: i64| Time::from_micros(second * 1_000_000);
        let words =
            |status, now| Moments { status, starts_at: at(10_000), ends_at: at(13_600), over_at: None }.words(at(now));
        assert_eq!(words(Scheduled, 2_800), "in 2 hours");
        assert_eq!(words(Scheduled, 9_990), "starts now");
        // Nobody started what waits for a person.
        assert_eq!(words(Scheduled, 11_500), "should have started 25 minutes ago");
        assert_eq!(words(InProgress, 10_000), "1 hour left");
        assert_eq!(words(Verifying, 13_600), "ends now");
        assert_eq!(words(InProgress, 20_800), "should have ended 2 hours ago");
        assert_eq!(words(Completed, 13_600), "just now");
        assert_eq!(words(Cancelled, 20_800), "2 hours ago");
    }
}
