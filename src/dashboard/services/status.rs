//! A status on a screen, and the menu that sets it.

use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        ids::{ServiceId, TeamId},
        incident::Incident,
        role::Action,
        status::{ServiceStatus, StatusLabels},
    },
    rpc::services::set_status,
    ui::{Icon, IconName, Menu, MenuItem, StatusDot, Toasts, Tone, use_toasts},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

/// The colour of a status; words always stand beside it.
pub const fn status_tone(status: ServiceStatus) -> Tone {
    match status {
        ServiceStatus::Operational => Tone::Green,
        ServiceStatus::UnderMaintenance => Tone::Blue,
        ServiceStatus::DegradedPerformance => Tone::Yellow,
        ServiceStatus::PartialOutage => Tone::Orange,
        ServiceStatus::MajorOutage => Tone::Red,
    }
}

/// A status as the organization calls it, with its dot.
#[component]
pub fn StatusMark(
    /// The status.
    #[prop(into)]
    status: Signal<ServiceStatus>,
) -> impl IntoView {
    let organization = Organization::get();
    view! {
        <span class="inline-flex items-center gap-2 whitespace-nowrap">
            <StatusDot tone=Signal::derive(move || status_tone(status.get())) />
            <span class="truncate max-sm:max-w-38">{move || organization.label(status.get())}</span>
        </span>
    }
}

/// Which services get a new status, and what each had before.
pub type Before = Vec<(ServiceId, ServiceStatus)>;

fn count_in_words(before: &Before, name: Option<&str>) -> String {
    match (name, before.len()) {
        (Some(name), 1) => name.to_owned(),
        (_, 1) => "1 service".to_owned(),
        (_, many) => format!("{many} services"),
    }
}

/// Why services are not as they were set: an open incident says something worse of them.
fn held_in_words(
    incident: &Incident,
    set: ServiceStatus,
    before: &Before,
    name: Option<&str>,
    labels: &StatusLabels,
) -> String {
    let held: Vec<ServiceStatus> = incident
        .services
        .iter()
        .filter(|affected| affected.status > set && before.iter().any(|(id, _)| *id == affected.service_id))
        .map(|affected| affected.status)
        .collect();
    let title = &incident.title;
    match (held.as_slice(), before.len(), name) {
        ([status], 1, Some(name)) => format!("{name} stays at {} because of “{title}”", labels.label(*status)),
        ([_], ..) => format!("“{title}” keeps 1 service at a worse status"),
        (many, ..) => format!("“{title}” keeps {} services at a worse status", many.len()),
    }
}

/// Sets a status, says so, and offers to take it back. What an open incident holds is said too, with
/// the way there.
pub fn change_status(
    organization: Organization,
    before: Before,
    name: Option<String>,
    status: ServiceStatus,
    toasts: Toasts,
) {
    let (live, navigate) = (use_live(), use_navigate());
    let labels = organization.frame.with_untracked(|frame| frame.labels.clone());
    let (slug, label) = (organization.slug.get_untracked(), untrack(|| organization.label(status)));
    spawn_local(async move {
        let ids = before.iter().map(|(id, _)| id.clone()).collect();
        match set_status(slug.clone(), ids, status).await {
            Ok(holding) => {
                live.refresh();
                // The corner has room for a few.
                for incident in holding.into_iter().take(2) {
                    let address = format!("/dashboard/{slug}/incidents/{}", incident.id);
                    let navigate = navigate.clone();
                    let words = held_in_words(&incident, status, &before, name.as_deref(), &labels);
                    toasts.with_action(words, "Show incident", move || navigate(&address, Default::default()));
                }
                let words = format!("{} set to {label}", count_in_words(&before, name.as_deref()));
                let undo = move || {
                    let (slug, before) = (slug.clone(), before.clone());
                    spawn_local(async move {
                        for status in ServiceStatus::ALL {
                            let ids: Vec<ServiceId> =
                                before.iter().filter(|(_, was)| was == status).map(|(id, _)| id.clone()).collect();
                            if ids.is_empty() {
                                continue;
                            }
                            if let Err(error) = set_status(slug.clone(), ids, *status).await {
                                toasts.error(error.to_string());
                            }
                        }
                        live.refresh();
                    });
                };
                toasts.with_action(words, "Undo", undo);
            }
            Err(error) => toasts.error(error.to_string()),
        }
    });
}

/// The items of a status menu: keys 1 to 5.
pub fn status_items(labels: &StatusLabels, current: Option<ServiceStatus>) -> Vec<MenuItem> {
    ServiceStatus::MENU
        .iter()
        .enumerate()
        .map(|(index, status)| MenuItem {
            tone: Some(status_tone(*status)),
            shortcut: Some((index + 1).to_string()),
            checked: Some(*status) == current,
            ..MenuItem::new(status.as_str(), labels.label(*status))
        })
        .collect()
}

/// The chip of one service: its status, and where it may be set, the menu that does.
#[component]
pub fn StatusChip(
    /// Which service.
    id: ServiceId,
    /// Its name.
    #[prop(into)]
    name: Signal<String>,
    /// What it says of itself now.
    #[prop(into)]
    status: Signal<ServiceStatus>,
    /// The team that owns it.
    #[prop(into)]
    team: Signal<Option<TeamId>>,
) -> impl IntoView {
    let organization = Organization::get();
    let allowed = organization.may_to(Action::SetStatus, team);
    let toasts = use_toasts();
    let id = StoredValue::new(id);
    let choose = move |word: String| {
        let Ok(chosen) = word.parse::<ServiceStatus>() else { return };
        let before = status.get_untracked();
        if chosen != before {
            change_status(organization, vec![(id.get_value(), before)], Some(name.get_untracked()), chosen, toasts);
        }
    };
    move || {
        if allowed.get() {
            view! {
                <Menu
                    label=Signal::derive(move || format!("Status of {}: {}", name.get(), organization.label(status.get())))
                    trigger=move || view! { <StatusMark status /> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                    items=Signal::derive(move || status_items(&organization.frame.read().labels, Some(status.get())))
                    on_select=choose
                />
            }
            .into_any()
        } else {
            view! { <StatusMark status /> }.into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{ID_LENGTH, IncidentId},
        incident::{Affected, IncidentStatus},
        status::Impact,
        time::Time,
    };

    #[test]
    fn what_holds_a_service_is_told() {
        let service = |number: u8| ServiceId::from_random([number; ID_LENGTH]);
        let affected =
            |number: u8, status| Affected { service_id: service(number), name: String::new(), team_id: None, status };
        let incident = Incident {
            id: IncidentId::from_random([0; ID_LENGTH]),
            title: "Payments fail".to_owned(),
            status: IncidentStatus::Identified,
            impact: Impact::Critical,
            started_at: Time::default(),
            resolved_at: None,
            services: vec![affected(1, ServiceStatus::MajorOutage), affected(2, ServiceStatus::PartialOutage)],
            revision: 1,
            updated_at: Time::default(),
        };
        let told = |numbers: &[u8], set, name: Option<&str>| {
            let before: Before = numbers.iter().map(|number| (service(*number), ServiceStatus::Operational)).collect();
            held_in_words(&incident, set, &before, name, &StatusLabels::default())
        };
        let well = ServiceStatus::Operational;
        assert_eq!(told(&[1], well, Some("API")), "API stays at Major outage because of “Payments fail”");
        assert_eq!(told(&[1, 2], well, None), "“Payments fail” keeps 2 services at a worse status");
        let partial = ServiceStatus::PartialOutage;
        assert_eq!(told(&[1, 2, 3], partial, None), "“Payments fail” keeps 1 service at a worse status");
    }
}
