//! A status on a screen, and the menu that sets it.

use crate::{
    api::services::set_status,
    dashboard::{frame::Organization, live::use_live},
    domain::{
        ids::{ServiceId, TeamId},
        role::Action,
        status::ServiceStatus,
    },
    ui::{Icon, IconName, Menu, MenuItem, StatusDot, Toasts, Tone, use_toasts},
};
use leptos::{prelude::*, task::spawn_local};

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

/// A status in words with its dot.
#[component]
pub fn StatusMark(
    /// The status.
    #[prop(into)]
    status: Signal<ServiceStatus>,
) -> impl IntoView {
    view! {
        <span class="inline-flex items-center gap-2 whitespace-nowrap">
            <StatusDot tone=Signal::derive(move || status_tone(status.get())) />
            {move || status.get().label()}
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

/// Sets a status, says so, and offers to take it back.
pub fn change_status(
    organization: String,
    before: Before,
    name: Option<String>,
    status: ServiceStatus,
    toasts: Toasts,
) {
    let live = use_live();
    spawn_local(async move {
        let ids = before.iter().map(|(id, _)| id.clone()).collect();
        match set_status(organization.clone(), ids, status).await {
            Ok(()) => {
                live.refresh();
                let words = format!("{} set to {}", count_in_words(&before, name.as_deref()), status.label());
                let undo = move || {
                    let (organization, before) = (organization.clone(), before.clone());
                    spawn_local(async move {
                        for status in ServiceStatus::ALL {
                            let ids: Vec<ServiceId> =
                                before.iter().filter(|(_, was)| was == status).map(|(id, _)| id.clone()).collect();
                            if ids.is_empty() {
                                continue;
                            }
                            if let Err(error) = set_status(organization.clone(), ids, *status).await {
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
pub fn status_items(current: Option<ServiceStatus>) -> Vec<MenuItem> {
    ServiceStatus::MENU
        .iter()
        .enumerate()
        .map(|(index, status)| MenuItem {
            tone: Some(status_tone(*status)),
            shortcut: Some((index + 1).to_string()),
            checked: Some(*status) == current,
            ..MenuItem::new(status.as_str(), status.label())
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
            let slug = organization.slug.get_untracked();
            change_status(slug, vec![(id.get_value(), before)], Some(name.get_untracked()), chosen, toasts);
        }
    };
    move || {
        if allowed.get() {
            view! {
                <Menu
                    label=Signal::derive(move || format!("Status of {}: {}", name.get(), status.get().label()))
                    trigger=move || view! { <StatusMark status /> <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                    items=Signal::derive(move || status_items(Some(status.get())))
                    on_select=choose
                />
            }
            .into_any()
        } else {
            view! { <StatusMark status /> }.into_any()
        }
    }
}
