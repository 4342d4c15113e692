//! Uptime: what part of the observed time a service was up.
//!
//! Uptime = 1 − (major seconds + 0.3 × partial seconds) / observed seconds ("Status rules" of the
//! product). Degraded performance and maintenance count as up; time before the service existed is not
//! observed, so it is "no data" and not 100 %. All times are microseconds, so nothing is rounded
//! before the last step.

use super::{status::ServiceStatus, time::Time};
use serde::{Deserialize, Serialize};

/// How much a second of a partial outage weighs beside one of a major outage, in tenths.
const PARTIAL_TENTHS: i64 = 3;

/// A stretch of a service's history with both its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The status in it.
    pub status: ServiceStatus,
    /// First moment.
    pub from: Time,
    /// First moment after it.
    pub to: Time,
}

/// How long a service had which status, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Tally {
    /// All time in which it was observed.
    pub observed: i64,
    /// In a major outage.
    pub major: i64,
    /// In a partial outage.
    pub partial: i64,
    /// With degraded performance.
    pub degraded: i64,
    /// Under maintenance.
    pub maintenance: i64,
}

impl Tally {
    /// What of these spans lies between two moments. The spans do not overlap.
    pub fn between(spans: impl IntoIterator<Item = Span>, from: Time, to: Time) -> Self {
        let mut tally = Self::default();
        for span in spans {
            let lasted = span.to.min(to).micros() - span.from.max(from).micros();
            if lasted > 0 {
                tally.add(span.status, lasted);
            }
        }
        tally
    }

    const fn add(&mut self, status: ServiceStatus, micros: i64) {
        self.observed += micros;
        match status {
            ServiceStatus::Operational => {}
            ServiceStatus::UnderMaintenance => self.maintenance += micros,
            ServiceStatus::DegradedPerformance => self.degraded += micros,
            ServiceStatus::PartialOutage => self.partial += micros,
            ServiceStatus::MajorOutage => self.major += micros,
        }
    }

    /// Both together: another period, or another service of the same group.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            observed: self.observed + other.observed,
            major: self.major + other.major,
            partial: self.partial + other.partial,
            degraded: self.degraded + other.degraded,
            maintenance: self.maintenance + other.maintenance,
        }
    }

    /// The time that counts as down, in tenths of microseconds.
    pub const fn down_tenths(&self) -> i64 {
        self.major * 10 + self.partial * PARTIAL_TENTHS
    }

    /// The uptime in hundredths of a percent, rounded down, so that it is 100 % only when nothing was
    /// down; `None` without data.
    pub fn basis_points(&self) -> Option<u32> {
        if self.observed <= 0 {
            return None;
        }
        let (observed, down) = (i128::from(self.observed) * 10, i128::from(self.down_tenths()));
        u32::try_from((observed - down) * 10_000 / observed).ok()
    }

    /// The uptime in words: `99.97%`, `100%`, `no data`.
    pub fn in_words(&self) -> String {
        match self.basis_points() {
            None => "no data".to_owned(),
            Some(10_000) => "100%".to_owned(),
            Some(points) => format!("{}.{:02}%", points / 100, points % 100),
        }
    }

    /// The worst status that there was, if it was observed.
    pub const fn worst(&self) -> Option<ServiceStatus> {
        if self.major > 0 {
            Some(ServiceStatus::MajorOutage)
        } else if self.partial > 0 {
            Some(ServiceStatus::PartialOutage)
        } else if self.degraded > 0 {
            Some(ServiceStatus::DegradedPerformance)
        } else if self.maintenance > 0 {
            Some(ServiceStatus::UnderMaintenance)
        } else if self.observed > 0 {
            Some(ServiceStatus::Operational)
        } else {
            None
        }
    }

    /// How long it had this status, in microseconds.
    pub const fn of(&self, status: ServiceStatus) -> i64 {
        match status {
            ServiceStatus::Operational => self.observed - self.major - self.partial - self.degraded - self.maintenance,
            ServiceStatus::UnderMaintenance => self.maintenance,
            ServiceStatus::DegradedPerformance => self.degraded,
            ServiceStatus::PartialOutage => self.partial,
            ServiceStatus::MajorOutage => self.major,
        }
    }
}

/// The tally of each period between two neighbouring bounds: of each day, when the bounds are
/// midnights. The spans are in order and do not overlap.
pub fn tallies(spans: &[Span], bounds: &[Time]) -> Vec<Tally> {
    let mut first = 0;
    bounds
        .windows(2)
        .map(|period| {
            let (from, to) = (period[0], period[1]);
            // What ended before this period matters to none of the later ones.
            while spans.get(first).is_some_and(|span| span.to <= from) {
                first += 1;
            }
            Tally::between(spans[first..].iter().copied().take_while(|span| span.from < to), from, to)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceStatus::{DegradedPerformance, MajorOutage, Operational, PartialOutage, UnderMaintenance};
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn spans(parts: &[(ServiceStatus, i64, i64)]) -> Vec<Span> {
        parts.iter().map(|(status, from, to)| Span { status: *status, from: at(*from), to: at(*to) }).collect()
    }

    #[test]
    fn by_hand() {
        let day = 24 * HOUR;
        // One hour of a partial outage weighs 0.3 hours: 1 − 0.3 / 24 = 98.75 %.
        let spans_of_day =
            spans(&[(Operational, 0, 6 * HOUR), (PartialOutage, 6 * HOUR, 7 * HOUR), (Operational, 7 * HOUR, day)]);
        assert_eq!(Tally::between(spans_of_day.clone(), at(0), at(day)).in_words(), "98.75%");
        // Degraded performance and maintenance are up.
        let up = spans(&[(DegradedPerformance, 0, 12 * HOUR), (UnderMaintenance, 12 * HOUR, day)]);
        let tally = Tally::between(up, at(0), at(day));
        assert_eq!((tally.in_words().as_str(), tally.worst()), ("100%", Some(DegradedPerformance)));
        // Born at noon: only the afternoon is observed, an hour of it down: 11 / 12.
        let born = spans(&[
            (Operational, 12 * HOUR, 20 * HOUR),
            (MajorOutage, 20 * HOUR, 21 * HOUR),
            (Operational, 21 * HOUR, day),
        ]);
        assert_eq!(Tally::between(born, at(0), at(day)).in_words(), "91.66%");
        assert_eq!(Tally::default().in_words(), "no data");
    }

    #[test]
    fn a_second_in_a_year_is_never_a_hundred() {
        let year = 365 * 24 * HOUR;
        let almost = spans(&[(Operational, 0, year - 1), (PartialOutage, year - 1, year)]);
        assert_eq!(Tally::between(almost, at(0), at(year)).in_words(), "99.99%");
    }

    #[test]
    fn days_of_a_clock_change_are_as_long_as_they_are() {
        // 25 hours, then 23: an hour of outage weighs more on the shorter day.
        let bounds = [at(0), at(25 * HOUR), at(48 * HOUR)];
        let history = spans(&[
            (Operational, 0, 2 * HOUR),
            (MajorOutage, 2 * HOUR, 3 * HOUR),
            (Operational, 3 * HOUR, 30 * HOUR),
            (MajorOutage, 30 * HOUR, 31 * HOUR),
            (Operational, 31 * HOUR, 48 * HOUR),
        ]);
        let words: Vec<_> = tallies(&history, &bounds).iter().map(Tally::in_words).collect();
        assert_eq!(words, ["96.00%", "95.65%"]);
    }

    #[test]
    fn an_outage_over_midnight_is_shared_by_both_days() {
        let bounds = [at(0), at(24 * HOUR), at(48 * HOUR)];
        let history = spans(&[
            (Operational, 0, 23 * HOUR),
            (MajorOutage, 23 * HOUR, 26 * HOUR),
            (Operational, 26 * HOUR, 48 * HOUR),
        ]);
        let majors: Vec<_> = tallies(&history, &bounds).iter().map(|day| day.major / 1_000_000).collect();
        assert_eq!(majors, [HOUR, 2 * HOUR]);
    }

    fn any_history() -> impl Strategy<Value = Vec<Span>> {
        let part = (proptest::sample::select(ServiceStatus::ALL), 1_i64..200);
        (0_i64..100, proptest::collection::vec(part, 0..12)).prop_map(|(start, parts)| {
            let mut from = start;
            let mut all = Vec::new();
            for (status, lasts) in parts {
                all.push((status, from, from + lasts));
                from += lasts;
            }
            spans(&all)
        })
    }

    proptest! {
        /// Against a clock that looks once a second.
        #[test]
        fn it_agrees_with_a_clock(history in any_history(), mut bounds in proptest::collection::vec(0_i64..1_500, 2..6)) {
            bounds.sort_unstable();
            let times: Vec<Time> = bounds.iter().map(|second| at(*second)).collect();
            for (tally, period) in tallies(&history, &times).iter().zip(bounds.windows(2)) {
                let mut seconds = [0_i64; 5];
                let mut observed = 0;
                for second in period[0]..period[1] {
                    if let Some(span) = history.iter().find(|span| span.from <= at(second) && span.to > at(second)) {
                        seconds[span.status as usize] += 1;
                        observed += 1;
                    }
                }
                prop_assert_eq!(tally.observed, observed * 1_000_000);
                for status in ServiceStatus::ALL {
                    prop_assert_eq!(tally.of(*status), seconds[*status as usize] * 1_000_000);
                }
            }
        }

        #[test]
        fn a_hundred_means_never_down(history in any_history()) {
            let tally = Tally::between(history, at(0), at(5_000));
            let down = tally.major + tally.partial > 0;
            prop_assert_eq!(tally.basis_points() == Some(10_000), tally.observed > 0 && !down);
        }
    }
}
