//! What a maintenance is told by at a glance: status, series, services.

use crate::{
    domain::maintenance::{MaintainedService, MaintenanceStatus},
    ui::*,
};
use leptos::prelude::*;

/// The colour of a status; icon and word always stand with it.
pub const fn status_tone(status: MaintenanceStatus) -> Tone {
    match status {
        MaintenanceStatus::Scheduled => Tone::Accent,
        MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => Tone::Blue,
        MaintenanceStatus::Completed => Tone::Green,
        MaintenanceStatus::Cancelled => Tone::Neutral,
    }
}

/// The icon of a status.
pub const fn status_icon(status: MaintenanceStatus) -> IconName {
    match status {
        MaintenanceStatus::Scheduled => IconName::Clock,
        MaintenanceStatus::InProgress => IconName::Wrench,
        MaintenanceStatus::Verifying => IconName::Eye,
        MaintenanceStatus::Completed => IconName::CheckCircle,
        MaintenanceStatus::Cancelled => IconName::XCircle,
    }
}

/// How far a maintenance has come: icon and word.
#[component]
pub fn MaintenanceBadge(
    /// The status.
    #[prop(into)]
    status: Signal<MaintenanceStatus>,
) -> impl IntoView {
    move || {
        let status = status.get();
        view! {
            <Badge tone=status_tone(status)>
                <Icon name=status_icon(status) class="size-3" />
                {status.label()}
            </Badge>
        }
    }
}

/// Says that a window comes again.
#[component]
pub fn SeriesMark() -> impl IntoView {
    view! {
        <span class="inline-flex items-center gap-1 text-xs whitespace-nowrap text-muted-foreground">
            <Icon name=IconName::RotateCcw class="size-3" />
            "Series"
        </span>
    }
}

/// The first few services by name, and how many more.
pub fn named(services: &[MaintainedService], most: usize) -> String {
    let names = services.iter().take(most).map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ");
    match services.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} + {more}"),
    }
}

/// The rules that have a name.
pub const RULES: &[(&str, &str, &str)] = &[
    ("daily", "Daily", "FREQ=DAILY"),
    ("weekly", "Weekly", "FREQ=WEEKLY"),
    ("biweekly", "Every two weeks", "FREQ=WEEKLY;INTERVAL=2"),
    ("monthly", "Monthly", "FREQ=MONTHLY"),
];

/// The name of a rule, if it has one.
pub fn rule_in_words(rule: &str) -> Option<&'static str> {
    RULES.iter().find(|(_, _, known)| *known == rule).map(|(_, words, _)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ID_LENGTH, ServiceId};

    #[test]
    fn a_few_services_are_named() {
        let all = ["API", "Mail", "Web"].map(|name| MaintainedService {
            service_id: ServiceId::from_random([0; ID_LENGTH]),
            name: name.to_owned(),
            team_id: None,
        });
        assert_eq!(named(&all, 2), "API, Mail + 1");
        assert_eq!(named(&all, 3), "API, Mail, Web");
        assert_eq!(named(&[], 3), "");
    }

    #[test]
    fn usual_rules_have_names() {
        assert_eq!(rule_in_words("FREQ=WEEKLY;INTERVAL=2"), Some("Every two weeks"));
        assert_eq!(rule_in_words("FREQ=WEEKLY;BYDAY=TU,TH"), None);
    }
}
