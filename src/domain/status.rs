//! Service statuses, and what they add up to.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A text that names no value of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is none of {allowed}")]
pub struct UnknownWord {
    /// What was given.
    pub given: String,
    /// The words that are known.
    pub allowed: String,
}

/// Declares an enum whose values have one word each, used in the database, in every API and in
/// addresses alike.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name { $($(#[$value_doc])* #[serde(rename = $word)] $value),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];
            /// The word used in the database and in every API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }
        impl std::str::FromStr for $name {
            type Err = $crate::domain::status::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$value),)+
                    _ => Err($crate::domain::status::UnknownWord {
                        given: text.to_owned(),
                        allowed: [$($word),+].join(", "),
                    }),
                }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How a service is, mildest first.
    ServiceStatus {
        /// All is well.
        Operational = "operational",
        /// Planned work is going on.
        UnderMaintenance = "under_maintenance",
        /// Works, but badly.
        DegradedPerformance = "degraded_performance",
        /// Fails for some.
        PartialOutage = "partial_outage",
        /// Fails for all.
        MajorOutage = "major_outage",
    }
}

impl ServiceStatus {
    /// The default label; an organization may rename it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Operational => "Operational",
            Self::UnderMaintenance => "Under maintenance",
            Self::DegradedPerformance => "Degraded performance",
            Self::PartialOutage => "Partial outage",
            Self::MajorOutage => "Major outage",
        }
    }

    /// The order of menus and of the keys 1 to 5: from well to bad, maintenance apart.
    pub const MENU: [Self; 5] =
        [Self::Operational, Self::DegradedPerformance, Self::PartialOutage, Self::MajorOutage, Self::UnderMaintenance];
}

words! {
    /// How much an incident matters.
    Impact {
        /// Nothing is affected.
        None = "none",
        /// Some are affected.
        Minor = "minor",
        /// Many are affected.
        Major = "major",
        /// Everybody is affected.
        Critical = "critical",
    }
}

words! {
    /// The state of a whole page, as the compatible API spells it.
    Indicator {
        /// All is well.
        None = "none",
        /// Planned work is going on.
        Maintenance = "maintenance",
        /// Something is wrong.
        Minor = "minor",
        /// Much is wrong.
        Major = "major",
        /// All is down.
        Critical = "critical",
    }
}

words! {
    /// What caused a transition of a service's status.
    Cause {
        /// A person set it.
        Manual = "manual",
        /// An incident said so.
        Incident = "incident",
        /// A maintenance window said so.
        Maintenance = "maintenance",
        /// A monitor measured it.
        Monitor = "monitor",
        /// A program set it.
        Api = "api",
        /// Alertmanager reported it.
        Alertmanager = "alertmanager",
        /// It came with an imported file.
        Import = "import",
    }
}

/// A service's effective status: the worst of its own and of what holds it (open incidents, a
/// maintenance in progress).
pub fn effective(own: ServiceStatus, held: impl IntoIterator<Item = ServiceStatus>) -> ServiceStatus {
    held.into_iter().fold(own, ServiceStatus::max)
}

/// The state of a page in words: indicator and description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageStatus {
    /// The level.
    pub indicator: Indicator,
    /// What a visitor reads first.
    pub description: PageDescription,
}

words! {
    /// The seven sentences a page can open with, as Statuspage words them.
    PageDescription {
        /// Nothing is wrong.
        AllOperational = "All Systems Operational",
        /// Planned work.
        UnderMaintenance = "Service Under Maintenance",
        /// Degraded.
        PartiallyDegraded = "Partially Degraded Service",
        /// A partial outage.
        MinorOutage = "Minor Service Outage",
        /// A major outage of something.
        PartialOutage = "Partial System Outage",
        /// A major outage of everything.
        MajorOutage = "Major System Outage",
    }
}

impl PageStatus {
    /// The first rule that fits, from the effective status of every service (groups aside) and
    /// the impacts of open incidents that are not yet `monitoring`.
    ///
    /// This reproduces indicator and description of captured Statuspage summaries.
    pub fn of(
        services: impl IntoIterator<Item = ServiceStatus>,
        open_impacts: impl IntoIterator<Item = Impact>,
    ) -> Self {
        use ServiceStatus as S;
        let mut count = [0_usize; S::ALL.len()];
        for status in services {
            count[status as usize] += 1;
        }
        let total: usize = count.iter().sum();
        let some = |status: S| count[status as usize] > 0;
        let all = |status: S| total > 0 && count[status as usize] == total;
        let (indicator, description) = if all(S::MajorOutage) {
            (Indicator::Critical, PageDescription::MajorOutage)
        } else if some(S::MajorOutage) || all(S::PartialOutage) {
            (Indicator::Major, PageDescription::PartialOutage)
        } else if some(S::PartialOutage) {
            (Indicator::Minor, PageDescription::MinorOutage)
        } else if some(S::DegradedPerformance) {
            (Indicator::Minor, PageDescription::PartiallyDegraded)
        } else if some(S::UnderMaintenance) {
            (Indicator::Maintenance, PageDescription::UnderMaintenance)
        } else {
            match open_impacts.into_iter().max().unwrap_or(Impact::None) {
                Impact::None => (Indicator::None, PageDescription::AllOperational),
                Impact::Minor => (Indicator::Minor, PageDescription::MinorOutage),
                Impact::Major => (Indicator::Major, PageDescription::PartialOutage),
                Impact::Critical => (Indicator::Critical, PageDescription::MajorOutage),
            }
        };
        Self { indicator, description }
    }
}

impl fmt::Display for PageDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads a word of a closed list, for files of other programs: unknown words become `None`.
pub fn word<T: FromStr>(text: Option<&str>) -> Option<T> {
    text.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServiceStatus as S;
    use proptest::prelude::*;

    fn page(services: &[S], impacts: &[Impact]) -> (&'static str, &'static str) {
        let status = PageStatus::of(services.iter().copied(), impacts.iter().copied());
        (status.indicator.as_str(), status.description.as_str())
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        use S::*;
        type Case = (&'static [S], &'static [Impact], (&'static str, &'static str));
        let cases: [Case; 12] = [
            (&[], &[], ("none", "All Systems Operational")),
            (&[Operational], &[], ("none", "All Systems Operational")),
            (&[MajorOutage, MajorOutage], &[], ("critical", "Major System Outage")),
            (&[MajorOutage, Operational], &[], ("major", "Partial System Outage")),
            (&[PartialOutage, PartialOutage], &[], ("major", "Partial System Outage")),
            (&[PartialOutage, Operational], &[], ("minor", "Minor Service Outage")),
            (&[PartialOutage, DegradedPerformance], &[], ("minor", "Minor Service Outage")),
            (&[DegradedPerformance, UnderMaintenance], &[], ("minor", "Partially Degraded Service")),
            (&[UnderMaintenance, Operational], &[Impact::Critical], ("maintenance", "Service Under Maintenance")),
            (&[Operational], &[Impact::Minor], ("minor", "Minor Service Outage")),
            (&[Operational], &[Impact::Minor, Impact::Major], ("major", "Partial System Outage")),
            (&[], &[Impact::Critical], ("critical", "Major System Outage")),
        ];
        for (services, impacts, expected) in cases {
            assert_eq!(page(services, impacts), expected, "{services:?} {impacts:?}");
        }
    }

    fn any_status() -> impl Strategy<Value = S> {
        proptest::sample::select(S::ALL)
    }

    proptest! {
        #[test]
        fn effective_is_the_worst(own in any_status(), held in proptest::collection::vec(any_status(), 0..6)) {
            let worst = effective(own, held.iter().copied());
            prop_assert!(worst >= own && held.iter().all(|status| worst >= *status));
            prop_assert!(worst == own || held.contains(&worst));
        }

        #[test]
        fn a_page_does_not_depend_on_the_order_of_its_services(mut services in proptest::collection::vec(any_status(), 0..20)) {
            let before = page(&services, &[]);
            services.reverse();
            prop_assert_eq!(before, page(&services, &[]));
        }

        #[test]
        fn a_page_is_all_well_only_when_every_service_is(services in proptest::collection::vec(any_status(), 0..20)) {
            let well = services.iter().all(|status| *status == S::Operational);
            prop_assert_eq!(page(&services, &[]).0 == "none", well);
        }
    }

    #[test]
    fn words_read_back() {
        for status in S::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        let error = "broken".parse::<S>().expect_err("unknown");
        assert!(error.to_string().contains("operational, under_maintenance"), "{error}");
    }
}
