//! Moments on screens: the same words from the server and at hydration, then as time goes by.

use crate::domain::time::Time;
use leptos::prelude::*;
use std::time::Duration;

/// The present, known only to the browser.
#[derive(Debug, Clone, Copy)]
struct Now(RwSignal<Option<Time>>);

/// The present by the browser's clock, for what somebody does now.
pub fn present() -> Time {
    Time::from_micros((js_sys::Date::now() * 1e3) as i64)
}

fn read_clock(now: Now) {
    now.0.set(Some(present()));
}

/// Starts the clock of the screens.
pub fn provide_now() {
    let now = Now(RwSignal::new(None));
    provide_context(now);
    Effect::new(move || {
        read_clock(now);
        if let Ok(every) = set_interval_with_handle(move || read_clock(now), Duration::from_secs(20)) {
            on_cleanup(move || every.clear());
        }
    });
}

/// How long ago, in words.
fn ago(seconds: f64) -> String {
    let count = |amount: f64, unit: &str| {
        let amount = amount.floor();
        format!("{amount} {unit}{} ago", if amount == 1.0 { "" } else { "s" })
    };
    match seconds {
        s if s < 45.0 => "just now".to_owned(),
        s if s < 3_600.0 => count((s / 60.0).max(1.0), "minute"),
        s if s < 86_400.0 => count(s / 3_600.0, "hour"),
        s if s < 60.0 * 86_400.0 => count(s / 86_400.0, "day"),
        s if s < 730.0 * 86_400.0 => count(s / 30.44 / 86_400.0, "month"),
        s => count(s / 365.25 / 86_400.0, "year"),
    }
}

/// A moment in the past: how long ago, and exactly on hover.
#[component]
pub fn Ago(
    /// The moment.
    #[prop(into)]
    at: Signal<Time>,
) -> impl IntoView {
    let now = expect_context::<Now>().0;
    let words = move || match now.get() {
        Some(now) => ago(now - at.get()),
        None => at.get().in_words(),
    };
    view! {
        <time datetime=move || at.get().rfc3339() title=move || at.get().in_words()>
            {words}
        </time>
    }
}

/// How long something has been going on, and since when on hover.
#[component]
pub fn Lasting(
    /// Its beginning.
    #[prop(into)]
    since: Signal<Time>,
    /// What stands before a length: `for `.
    #[prop(default = "")]
    prefix: &'static str,
) -> impl IntoView {
    let now = expect_context::<Now>().0;
    let words = move || match now.get() {
        // The server's clock may be a little ahead.
        Some(now) => format!("{prefix}{}", length((now - since.get()).max(60.0))),
        None => format!("since {}", since.get().in_words()),
    };
    view! {
        <time datetime=move || since.get().rfc3339() title=move || since.get().in_words()>
            {words}
        </time>
    }
}

/// A length of time in words: `3 h 12 min`.
pub fn length(seconds: f64) -> String {
    let minutes = (seconds / 60.0).floor() as i64;
    match (minutes / 1_440, minutes % 1_440 / 60, minutes % 60) {
        (0, 0, 0) => format!("{} s", seconds.max(0.0).floor()),
        (0, 0, m) => format!("{m} min"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_spans() {
        for (seconds, words) in [
            (3.0, "just now"),
            (61.0, "1 minute ago"),
            (7_300.0, "2 hours ago"),
            (90_000.0, "1 day ago"),
            (1e8, "3 years ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
        assert_eq!(
            (length(12.0), length(3_900.0), length(180_000.0)),
            ("12 s".to_owned(), "1 h 5 min".to_owned(), "2 d 2 h".to_owned())
        );
    }
}
