//! Uptime bars: what each day of a service was, and the figure that says the same in one number.
//!
//! Both come from the same spans and the same bounds, so they cannot disagree: the figure is the sum
//! of the days that are drawn.

use super::local_time;
use crate::domain::{
    status::ServiceStatus,
    time::Time,
    uptime::{Span, Tally, tallies},
};
use chrono_tz::Tz;
use std::fmt::Write;

/// Days of a bar on the page.
pub const DAYS: usize = 90;

/// The days of a service, of a group, or of a month of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    /// Each day.
    pub days: Vec<Tally>,
    /// All of them together.
    pub whole: Tally,
    /// When it was first observed, if that was after the first day began.
    pub since: Option<Time>,
}

/// A day on which something was not operational.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionalDay {
    /// Its place, 0 for the first day.
    pub day: usize,
    /// The worst status of the day.
    pub status: ServiceStatus,
    /// For how many minutes.
    pub minutes: i64,
}

impl Bars {
    /// The days between neighbouring bounds. The spans are in order and do not overlap.
    pub fn of(spans: &[Span], bounds: &[Time]) -> Self {
        let days = tallies(spans, bounds);
        let whole = days.iter().fold(Tally::default(), |sum, day| sum.and(*day));
        let born = spans.first().map(|span| span.from);
        let since = born.filter(|born| bounds.first().is_some_and(|first| born > first));
        Self { days, whole, since }
    }

    /// Several services together: their figure, without days of their own.
    pub fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let (mut whole, mut since, mut young) = (Tally::default(), None, true);
        for bars in all {
            whole = whole.and(bars.whole);
            young &= bars.since.is_some();
            since = since.into_iter().chain(bars.since).min();
        }
        Self { days: Vec::new(), whole, since: since.filter(|_| young) }
    }

    /// The figure with its window: `99.97 % uptime over 90 days`, `100 % uptime since 3 Oct 2026`.
    pub fn in_words(&self, zone: Tz) -> String {
        match (self.whole.observed > 0, self.since) {
            (false, _) => "No data yet".to_owned(),
            (true, None) => format!("{} uptime over {DAYS} days", self.whole.in_words()),
            (true, Some(since)) => {
                format!(
                    "{} uptime since {}",
                    self.whole.in_words(),
                    local_time::day_in_words(local_time::date(zone, since))
                )
            }
        }
    }

    /// The days that were not operational, in order. The last one is at least as bad as things are
    /// `now`, however short that has been so.
    pub fn exceptions(&self, now: ServiceStatus) -> Vec<ExceptionalDay> {
        let last = self.days.len().saturating_sub(1);
        let exception = |(day, tally): (usize, &Tally)| {
            let worst = tally.worst()?;
            let status = if day == last { worst.max(now) } else { worst };
            let minutes = local_time::minutes(tally.of(status));
            (status != ServiceStatus::Operational).then_some(ExceptionalDay { day, status, minutes })
        };
        self.days.iter().enumerate().filter_map(exception).collect()
    }

    /// The bar as a drawing, one unit wide for each day. All ordinary days are one dashed line, all
    /// days of a status another, so that a bar is as light with ninety days as with one; what the
    /// exceptional days were is in `data-d`, day by day: `27p60` for an hour of a partial outage.
    pub fn drawing(&self, class: &str, now: ServiceStatus) -> String {
        let exceptions = self.exceptions(now);
        let total = self.days.len();
        let mut svg = format!("<svg class=\"{class}\" viewBox=\"0 0 {total} 1\" preserveAspectRatio=\"none\"");
        // Writing to a text does not fail.
        if !exceptions.is_empty() {
            let _ =
                write!(svg, " role=\"img\" aria-label=\"{} of {total} days had problems\" data-d=\"", exceptions.len());
            for (number, ExceptionalDay { day, status, minutes }) in exceptions.iter().enumerate() {
                let gap = if number == 0 { "" } else { " " };
                let _ = write!(svg, "{gap}{day}{}{minutes}", letter(*status));
            }
            svg.push('"');
        }
        svg.push('>');
        for (observed, class) in [(false, " class=\"n\""), (true, "")] {
            let runs = self.runs(observed);
            if !runs.is_empty() {
                let _ = write!(svg, "<path{class} d=\"{runs}\"/>");
            }
        }
        for status in ServiceStatus::ALL {
            let days = exceptions.iter().filter(|exception| exception.status == *status);
            let lines: String = days.map(|exception| format!("M{}.5 0v1", exception.day)).collect();
            if !lines.is_empty() {
                let _ = write!(svg, "<path class=\"{}\" d=\"{lines}\"/>", letter(*status));
            }
        }
        svg.push_str("</svg>");
        svg
    }

    /// The lines over all days with data, or without.
    fn runs(&self, observed: bool) -> String {
        let (mut lines, mut from) = (String::new(), 0);
        for run in self.days.chunk_by(|one, other| (one.observed > 0) == (other.observed > 0)) {
            if (run[0].observed > 0) == observed {
                let _ = write!(lines, "M{from} .5h{}", run.len());
            }
            from += run.len();
        }
        lines
    }
}

/// A status in a drawing and in what the script reads.
pub const fn letter(status: ServiceStatus) -> char {
    match status {
        ServiceStatus::Operational => 'o',
        ServiceStatus::UnderMaintenance => 'm',
        ServiceStatus::DegradedPerformance => 'd',
        ServiceStatus::PartialOutage => 'p',
        ServiceStatus::MajorOutage => 'x',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage};
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn bounds(days: i64) -> Vec<Time> {
        (0..=days).map(|day| at(day * DAY)).collect()
    }

    fn span(status: ServiceStatus, from: i64, to: i64) -> Span {
        Span { status, from: at(from), to: at(to) }
    }

    #[test]
    fn an_ordinary_bar_is_one_line() {
        let bars = Bars::of(&[span(Operational, -5 * DAY, 89 * DAY + 5)], &bounds(90));
        let expected =
            "<svg class=\"bar\" viewBox=\"0 0 90 1\" preserveAspectRatio=\"none\"><path d=\"M0 .5h90\"/></svg>";
        assert_eq!(bars.drawing("bar", Operational), expected);
        assert_eq!(bars.in_words(Tz::UTC), "100% uptime over 90 days");
        assert!(bars.exceptions(Operational).is_empty());
    }

    #[test]
    fn exceptional_days_stand_out_and_days_without_data_are_no_uptime() {
        let spans = [
            span(Operational, 87 * DAY + 100, 88 * DAY - 1_800),
            span(MajorOutage, 88 * DAY - 1_800, 88 * DAY + 3_600),
            span(PartialOutage, 88 * DAY + 3_600, 88 * DAY + 7_200),
            span(Operational, 88 * DAY + 7_200, 89 * DAY + 50),
        ];
        let bars = Bars::of(&spans, &bounds(90));
        let exception = |day, status, minutes| ExceptionalDay { day, status, minutes };
        assert_eq!(
            bars.exceptions(Operational),
            [exception(87, MajorOutage, 30), exception(88, MajorOutage, 60)],
            "the worst of the day, and how long it was so bad"
        );
        let drawing = bars.drawing("bar", Operational);
        assert!(drawing.contains("aria-label=\"2 of 90 days had problems\" data-d=\"87x30 88x60\""), "{drawing}");
        assert!(drawing.contains("<path class=\"n\" d=\"M0 .5h87\"/><path d=\"M87 .5h3\"/>"), "{drawing}");
        assert!(drawing.contains("<path class=\"x\" d=\"M87.5 0v1M88.5 0v1\"/></svg>"), "{drawing}");
        assert_eq!(bars.in_words(Tz::UTC).split(' ').skip(1).collect::<Vec<_>>().join(" "), "uptime since 29 Mar 1970");
    }

    #[test]
    fn what_has_just_begun_is_there_at_once() {
        let bars = Bars::of(&[span(Operational, 0, 89 * DAY + 50)], &bounds(90));
        assert_eq!(
            bars.exceptions(DegradedPerformance),
            [ExceptionalDay { day: 89, status: DegradedPerformance, minutes: 1 }]
        );
    }

    #[test]
    fn a_group_is_as_old_as_its_oldest_service() {
        let old = Bars::of(&[span(Operational, -DAY, 90 * DAY)], &bounds(90));
        let young = Bars::of(&[span(Operational, 40 * DAY, 90 * DAY)], &bounds(90));
        let younger = Bars::of(&[span(MajorOutage, 80 * DAY, 90 * DAY)], &bounds(90));
        assert_eq!(Bars::together([&old, &young]).in_words(Tz::UTC), "100% uptime over 90 days");
        // 50 days up and 10 down.
        assert_eq!(Bars::together([&young, &younger]).in_words(Tz::UTC), "83.33% uptime since 10 Feb 1970");
        assert_eq!(Bars::together([]).in_words(Tz::UTC), "No data yet");
    }

    fn any_history() -> impl Strategy<Value = Vec<Span>> {
        let part = (proptest::sample::select(ServiceStatus::ALL), 1_i64..20 * DAY);
        (-10 * DAY..90 * DAY, proptest::collection::vec(part, 1..30)).prop_map(|(start, parts)| {
            let mut from = start;
            let mut all = Vec::new();
            for (status, lasts) in parts {
                all.push(span(status, from, from + lasts));
                from += lasts;
            }
            all
        })
    }

    proptest! {
        /// The figure is what the window says, and a day is drawn as bad if and only if it counts.
        #[test]
        fn figures_match_bars(history in any_history()) {
            let bounds = bounds(90);
            let bars = Bars::of(&history, &bounds);
            prop_assert_eq!(bars.whole, Tally::between(history.iter().copied(), bounds[0], bounds[90]));
            let drawn = bars.exceptions(Operational);
            for (day, tally) in bars.days.iter().enumerate() {
                let down = tally.major + tally.partial + tally.degraded + tally.maintenance > 0;
                prop_assert_eq!(drawn.iter().any(|exception| exception.day == day), down, "day {}", day);
            }
            let bad = drawn.iter().any(|exception| exception.status >= PartialOutage);
            prop_assert_eq!(bars.whole.basis_points() == Some(10_000), bars.whole.observed > 0 && !bad);
            prop_assert_eq!(bars.since.is_some(), history[0].from > bounds[0]);
        }

        /// Every day is drawn once: with data or without.
        #[test]
        fn every_day_is_drawn(history in any_history()) {
            let bars = Bars::of(&history, &bounds(90));
            let length = |part: &str| part.split('M').next().expect("a length").parse::<usize>().expect("a number");
            let covered = |lines: String| lines.split('h').skip(1).map(length).sum::<usize>();
            prop_assert_eq!(covered(bars.runs(true)) + covered(bars.runs(false)), 90);
        }
    }
}
