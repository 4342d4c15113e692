//! Service statuses, what they are called, and what they add up to.

use super::{account::single_line, error::FieldErrors};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A text that names no value of a closed list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not one of: {allowed}")]
pub struct UnknownWord {
    /// What was given.
    pub given: String,
    /// The words that are known.
    pub allowed: String,
}

/// Declares an enum whose values have one word each, used in the database, in every API and in
/// addresses alike. The words are matched as `tt`: the schema's derive does not see through a `literal`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:tt),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// Most characters of a renamed status.
pub const MAX_LABEL_LENGTH: usize = 40;

/// What an organization calls the statuses. The standard word stands where it has none of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct StatusLabels {
    #[serde(skip_serializing_if = "String::is_empty")]
    operational: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    under_maintenance: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    degraded_performance: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    partial_outage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    major_outage: String,
}

impl StatusLabels {
    /// What the status is called.
    pub fn label(&self, status: ServiceStatus) -> &str {
        let renamed = self.renamed(status);
        if renamed.is_empty() { status.label() } else { renamed }
    }

    /// The organization's own word; empty where the standard one stands.
    pub fn renamed(&self, status: ServiceStatus) -> &str {
        match status {
            ServiceStatus::Operational => &self.operational,
            ServiceStatus::UnderMaintenance => &self.under_maintenance,
            ServiceStatus::DegradedPerformance => &self.degraded_performance,
            ServiceStatus::PartialOutage => &self.partial_outage,
            ServiceStatus::MajorOutage => &self.major_outage,
        }
    }

    fn rename(&mut self, status: ServiceStatus, label: String) {
        *match status {
            ServiceStatus::Operational => &mut self.operational,
            ServiceStatus::UnderMaintenance => &mut self.under_maintenance,
            ServiceStatus::DegradedPerformance => &mut self.degraded_performance,
            ServiceStatus::PartialOutage => &mut self.partial_outage,
            ServiceStatus::MajorOutage => &mut self.major_outage,
        } = label;
    }

    /// The same, trimmed and checked: each on one line, and no two statuses called alike. What is wrong
    /// is noted by field: `labels[operational]`.
    #[must_use]
    pub fn check(&self, errors: &mut FieldErrors) -> Self {
        let given = ServiceStatus::MENU
            .map(|status| (status, errors.take(&label_field(status), own_label(status, self.renamed(status)))));
        // Standard words that stay are taken before any that was chosen.
        let mut taken: Vec<(String, ServiceStatus)> = given
            .iter()
            .filter(|(_, own)| own.as_deref() == Some(""))
            .map(|(status, _)| (status.label().to_lowercase(), *status))
            .collect();
        let mut checked = Self::default();
        for (status, own) in given {
            let Some(own) = own.filter(|own| !own.is_empty()) else { continue };
            let key = own.to_lowercase();
            if let Some((_, other)) = taken.iter().find(|(word, _)| *word == key) {
                let words = format!("“{}” already has this name. Choose another.", other.label());
                errors.add(&label_field(status), words);
            } else {
                taken.push((key, status));
                checked.rename(status, own);
            }
        }
        checked
    }

    /// As the database keeps them.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// As the database kept them: what cannot be read renames nothing.
    pub fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

fn label_field(status: ServiceStatus) -> String {
    format!("labels[{}]", status.as_str())
}

/// The word that was chosen for a status, checked; empty when it is the standard one.
fn own_label(status: ServiceStatus, text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let text = single_line("a name", text, MAX_LABEL_LENGTH)?;
    Ok(if text == status.label() { String::new() } else { text })
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
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

    fn labels(renamed: &[(S, &str)]) -> StatusLabels {
        let mut labels = StatusLabels::default();
        for (status, label) in renamed {
            labels.rename(*status, (*label).to_owned());
        }
        labels
    }

    #[test]
    fn a_status_is_called_as_the_organization_says_or_else_by_its_standard_word() {
        let (mut errors, long) = (FieldErrors::default(), "ä".repeat(MAX_LABEL_LENGTH));
        let given = labels(&[
            (S::Operational, "  Available "),
            (S::PartialOutage, "Partial outage"),
            (S::MajorOutage, "   "),
            (S::DegradedPerformance, long.as_str()),
        ]);
        let checked = given.check(&mut errors);
        assert_eq!(errors, FieldErrors::default());
        assert_eq!(checked.label(S::Operational), "Available");
        assert_eq!(checked.label(S::DegradedPerformance), long);
        for status in [S::PartialOutage, S::MajorOutage, S::UnderMaintenance] {
            assert_eq!((checked.label(status), checked.renamed(status)), (status.label(), ""), "{status:?}");
        }
        // Two may change places.
        let swapped = labels(&[(S::Operational, "Major outage"), (S::MajorOutage, "Operational")]);
        assert_eq!(swapped.check(&mut errors), swapped);
        assert_eq!(errors, FieldErrors::default());
    }

    #[test]
    fn each_wrong_label_is_told_by_its_field() {
        type Case<'a> = (&'a [(S, &'a str)], &'a str);
        let long = "x".repeat(MAX_LABEL_LENGTH + 1);
        let long = long.as_str();
        let cases: [Case<'_>; 7] = [
            (&[(S::Operational, long)], "labels[operational]"),
            (&[(S::Operational, "two\nlines")], "labels[operational]"),
            (&[(S::Operational, "a\u{0}b")], "labels[operational]"),
            (&[(S::UnderMaintenance, "major OUTAGE")], "labels[under_maintenance]"),
            (&[(S::Operational, "Down"), (S::MajorOutage, " down")], "labels[major_outage]"),
            (
                &[(S::Operational, "Ok"), (S::PartialOutage, "operational"), (S::MajorOutage, "OK")],
                "labels[major_outage]",
            ),
            // What is wrong itself takes no word away from others.
            (&[(S::Operational, long), (S::PartialOutage, "Operational")], "labels[operational]"),
        ];
        for (given, expected) in cases {
            let mut errors = FieldErrors::default();
            let _ = labels(given).check(&mut errors);
            let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, [expected], "{given:?}");
        }
    }

    #[test]
    fn labels_that_cannot_be_read_rename_nothing() {
        for text in ["", "{}", "x", "[]", "null", r#"{"operational":1}"#, r#"{"unknown":"x"}"#] {
            assert_eq!(StatusLabels::from_json(text), StatusLabels::default(), "{text}");
        }
        let read = StatusLabels::from_json(r#"{"operational":"Available","unknown":[1]}"#);
        assert_eq!(read, labels(&[(S::Operational, "Available")]));
        assert_eq!(read.to_json(), r#"{"operational":"Available"}"#);
        assert_eq!(StatusLabels::default().to_json(), "{}");
    }

    fn any_label() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            "[ AaBb]{1,2}",
            "\\PC{0,45}",
            any_status().prop_map(|status| status.label().to_uppercase()),
            any_status().prop_map(|status| status.label().to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn checked_labels_tell_statuses_apart_and_read_back(words in proptest::collection::vec(any_label(), S::ALL.len())) {
            let mut given = StatusLabels::default();
            for (status, word) in S::ALL.iter().zip(words) {
                given.rename(*status, word);
            }
            prop_assert_eq!(StatusLabels::from_json(&given.to_json()), given.clone());
            let mut errors = FieldErrors::default();
            let checked = given.check(&mut errors);
            prop_assert_eq!(StatusLabels::from_json(&checked.to_json()), checked.clone());
            if errors.0.is_empty() {
                let mut shown: Vec<_> = S::ALL.iter().map(|status| checked.label(*status).to_lowercase()).collect();
                shown.sort();
                shown.dedup();
                prop_assert_eq!(shown.len(), S::ALL.len());
                prop_assert_eq!(checked.check(&mut errors), checked);
                prop_assert!(errors.0.is_empty());
            }
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
