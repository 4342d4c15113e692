//! One service in the list.

use super::{
    list::{ListState, MENU_OF_ROW, move_to},
    status::{StatusChip, StatusMark},
};
use crate::{
    dashboard::{frame::Organization, live::use_live, time::Ago},
    domain::{
        ids::{GroupId, ServiceId, TeamId},
        role::Action,
        service::{Section, Service, ServiceList},
        status::ServiceStatus,
    },
    rpc::services::{delete_service, restore_service},
    ui::*,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{components::A, hooks::use_navigate};

/// Where a step up or down leads: the group, and what the item then stands before.
type Target = (Option<GroupId>, Option<String>);

/// What stands beside a service: the services of its group, or the top level with its groups.
fn neighbours(list: &ServiceList, service: &Service) -> Vec<String> {
    let mut ids = Vec::new();
    for section in list.sections() {
        match section {
            Section::Group(group, services) if service.group_id.as_ref() == Some(&group.id) => {
                return services.iter().map(|other| other.id.to_string()).collect();
            }
            Section::Group(group, _) => ids.push(group.id.to_string()),
            Section::Loose(services) => ids.extend(services.iter().map(|other| other.id.to_string())),
        }
    }
    ids
}

/// One step up or down among its neighbours.
pub fn step(ids: &[String], item: &str, down: bool) -> Option<Option<String>> {
    let here = ids.iter().position(|id| id == item)?;
    if down {
        (here + 1 < ids.len()).then(|| ids.get(here + 2).cloned())
    } else {
        here.checked_sub(1).map(|before| ids.get(before).cloned())
    }
}

/// The row.
#[component]
pub fn ServiceRow(id: ServiceId, grouped: bool) -> impl IntoView {
    let organization = Organization::get();
    let state = expect_context::<ListState>();
    let toasts = use_toasts();
    let id = StoredValue::new(id);
    let service = Memo::new(move |_| {
        id.with_value(|id| state.list.read().services.iter().find(|service| service.id == *id).cloned())
    });
    let name = Signal::derive(move || service.get().map(|service| service.name).unwrap_or_default());
    let description = move || service.get().map(|service| service.description).filter(|text| !text.is_empty());
    // An incident or a maintenance holds it at something else than it says of itself.
    let held = Memo::new(move |_| {
        service.get().filter(|service| service.status != service.own_status).map(|service| service.status)
    });
    let own = Signal::derive(move || service.get().map_or(ServiceStatus::Operational, |service| service.own_status));
    let since = Signal::derive(move || service.get().map(|service| service.since).unwrap_or_default());
    let team = Signal::derive(move || service.get().and_then(|service| service.team_id));
    let edits = organization.may_to(Action::EditServices, team);
    let is_current = move || id.with_value(|id| state.current.read().as_ref() == Some(id));
    let is_selected = Signal::derive(move || id.with_value(|id| state.selected.read().contains(id)));
    let select = move |on: bool| {
        state.selected.update(|all| {
            if on {
                all.insert(id.get_value());
            } else {
                all.remove(&id.get_value());
            }
        })
    };

    let go = move |(group, before): Target| {
        move_to(organization.slug.get_untracked(), id.get_value().to_string(), group, before, toasts)
    };
    let shift = move |down: bool| {
        let Some(service) = service.get_untracked() else { return };
        let ids = neighbours(&state.list.read_untracked(), &service);
        match step(&ids, service.id.as_str(), down) {
            Some(before) => {
                go((service.group_id, before));
                state.announcement.set(format!("{} moved {}", service.name, if down { "down" } else { "up" }));
            }
            None => {
                state.announcement.set(format!("{} is already {}", service.name, if down { "last" } else { "first" }))
            }
        }
    };
    // The status glows once when it changes while the row is on the screen.
    let glows = RwSignal::new(false);
    Effect::new(move |before: Option<ServiceStatus>| {
        let now = service.get().map_or(ServiceStatus::Operational, |service| service.status);
        if before.is_some_and(|before| before != now) {
            glows.set(false);
            request_animation_frame(move || {
                glows.try_set(true);
            });
        }
        now
    });
    let is_over = RwSignal::new(false);
    let drop_here = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        let (Some(item), Some(service)) = (state.dragged.get_untracked(), service.get_untracked()) else { return };
        state.dragged.set(None);
        if item != service.id.as_str() {
            let list = state.list.read_untracked();
            let is_group = list.groups.iter().any(|group| group.id.as_str() == item);
            // A group dropped on a service inside a group goes before that group.
            let (group, before) = match (&service.group_id, is_group) {
                (Some(group), true) => (None, group.to_string()),
                (group, _) => (group.clone(), service.id.to_string()),
            };
            move_to(organization.slug.get_untracked(), item, group, Some(before), toasts);
        }
    };
    view! {
        <tr
            id=format!("row-{}", id.get_value())
            class=format!("{ROW} group/row [content-visibility:auto]")
            class=("glow", move || glows.get())
            class=("outline-2", move || is_current())
            class=("-outline-offset-2", move || is_current())
            class=("outline-ring", move || is_current())
            class=("shadow-[inset_0_2px_0_var(--brand)]", move || is_over.get())
            aria-selected=move || is_selected.get().then_some("true")
            on:dragover=move |event| if state.dragged.read_untracked().is_some() { event.prevent_default(); is_over.set(true); }
            on:dragleave=move |_| is_over.set(false)
            on:drop=drop_here
        >
            <td class="w-0 py-1 pr-1 pl-3 align-middle">
                <div class="flex items-center gap-1">
                    {move || edits.get().then(|| view! { <Handle id=id.get_value().to_string() name shift /> })}
                    <input
                        type="checkbox"
                        class="size-4 accent-primary pointer-coarse:size-5"
                        aria-label=move || format!("Select {}", name.get())
                        prop:checked=move || is_selected.get()
                        on:change=move |event| select(event_target_checked(&event))
                    />
                </div>
            </td>
            <td class=format!("{CELL} w-full min-w-24 max-sm:px-1.5 sm:min-w-40")>
                <div class=if grouped { "flex min-w-0 flex-col pl-2" } else { "flex min-w-0 flex-col" }>
                    <A href=move || organization.address(&format!("/services/{}", id.get_value())) attr:class="font-medium break-words hover:underline">
                        {move || name.get()}
                    </A>
                    {move || description().map(|text| view! { <span class="line-clamp-1 text-xs text-muted-foreground">{text}</span> })}
                    {move || held.get().map(|status| view! {
                        <span class="mt-0.5 flex flex-wrap items-center gap-x-1.5 text-xs text-muted-foreground">
                            "Shown as" <StatusMark status=Signal::stored(status) />
                        </span>
                    })}
                </div>
            </td>
            <td class=format!("{CELL} max-sm:px-1") data-status="">
                <StatusChip id=id.get_value() name status=own team />
            </td>
            <td class=format!("{CELL_MUTED} whitespace-nowrap {WIDE_ONLY}")><Ago at=since /></td>
            <td class=format!("{CELL} w-0 max-sm:px-1 max-sm:last:pr-2")><RowMenu id=id.get_value() name team shift=Callback::new(shift) /></td>
        </tr>
    }
}

/// Drags by the pointer, moves by the arrow keys.
#[component]
pub fn Handle(
    id: String,
    #[prop(into)] name: Signal<String>,
    shift: impl Fn(bool) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let state = expect_context::<ListState>();
    let (dragged, moved) = (id.clone(), id.clone());
    view! {
        <button
            type="button"
            draggable="true"
            class="inline-flex size-6 cursor-grab max-sm:hidden items-center justify-center rounded text-muted-foreground hover:bg-accent hover:text-foreground disabled:opacity-30"
            disabled=move || !state.whole.get()
            aria-label=move || format!("Move {} with the arrow keys", name.get())
            title="Drag or use the arrow keys"
            on:dragstart=move |event| {
                if let Some(data) = event.data_transfer() {
                    let _ = data.set_data("text/plain", &id);
                    data.set_effect_allowed("move");
                }
                state.dragged.set(Some(dragged.clone()));
            }
            on:dragend=move |_| state.dragged.set(None)
            on:keydown=move |event| {
                let down = match event.key().as_str() { "ArrowDown" => true, "ArrowUp" => false, _ => return };
                event.prevent_default();
                event.stop_propagation();
                state.keep_focus(&moved, "button[draggable]");
                shift(down);
            }
        >
            <Icon name=IconName::GripVertical />
        </button>
    }
}

#[component]
fn RowMenu(
    id: ServiceId,
    #[prop(into)] name: Signal<String>,
    team: Signal<Option<TeamId>>,
    shift: Callback<bool>,
) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let toasts = use_toasts();
    let navigate = StoredValue::new(use_navigate());
    let state = expect_context::<ListState>();
    let id = StoredValue::new(id);
    let (edits, deletes) =
        (organization.may_to(Action::EditServices, team), organization.may_everywhere(Action::DeleteServices));
    let reports = organization.may_to(Action::ReportIncidents, team);
    let asks = RwSignal::new(false);
    let items = Signal::derive(move || {
        let mut items = vec![MenuItem { icon: Some(IconName::History), ..MenuItem::new("open", "View history") }];
        if reports.get() {
            items.push(MenuItem { icon: Some(IconName::AlertTriangle), ..MenuItem::new("report", "Report incident") });
        }
        if edits.get() {
            items.push(MenuItem {
                icon: Some(IconName::Pencil),
                shortcut: Some("E".to_owned()),
                ..MenuItem::new("edit", "Edit")
            });
            if state.whole.get() {
                items.push(MenuItem { icon: Some(IconName::ArrowUp), ..MenuItem::new("up", "Move up") });
                items.push(MenuItem { icon: Some(IconName::ArrowDown), ..MenuItem::new("down", "Move down") });
            }
        }
        if deletes.get() {
            items.push(MenuItem {
                icon: Some(IconName::Trash2),
                destructive: true,
                ..MenuItem::new("delete", "Delete")
            });
        }
        items
    });
    let go =
        move |rest: String| navigate.with_value(|navigate| navigate(&organization.address(&rest), Default::default()));
    let act = move |item: String| match item.as_str() {
        "open" => go(format!("/services/{}", id.get_value())),
        "report" => go(format!("/incidents/new?service={}", id.get_value())),
        "edit" => go(format!("/services/{}/edit", id.get_value())),
        "up" | "down" => {
            state.keep_focus(id.get_value().as_str(), MENU_OF_ROW);
            shift.run(item == "down");
        }
        "delete" => asks.set(true),
        _ => {}
    };
    let deleting = RwSignal::new(false);
    // Not an action of the row: the row may be gone before the answer is there.
    let delete = move || {
        let (slug, id) = (organization.slug.get_untracked(), id.get_value());
        deleting.set(true);
        spawn_local(async move {
            match delete_service(slug.clone(), id).await {
                Ok(deleted) => {
                    asks.try_set(false);
                    live.refresh();
                    let words = format!("{} deleted", deleted.name);
                    let undo = move || {
                        let (slug, id) = (slug.clone(), deleted.id.clone());
                        spawn_local(async move {
                            match restore_service(slug, id).await {
                                Ok(()) => live.refresh(),
                                Err(error) => toasts.error(error.to_string()),
                            }
                        });
                    };
                    toasts.with_action(words, "Undo", undo);
                }
                Err(error) => toasts.error(error.to_string()),
            }
            deleting.try_set(false);
        });
    };
    view! {
        <Menu
            label=Signal::derive(move || format!("More actions for {}", name.get()))
            trigger=|| view! { <Icon name=IconName::Ellipsis /> }
            trigger_class=MENU_ICON
            items
            on_select=act
            align=Align::End
        />
        <ConfirmDialog
            open=asks
            title=Signal::derive(move || format!("Delete {}?", name.get()))
            message="It disappears from the status page immediately, along with its status and history. You can undo this right afterwards."
            confirm_label="Delete service"
            destructive=true
            pending=deleting
            on_confirm=move |()| delete()
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stop_at_the_ends() {
        let ids: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(step(&ids, "a", false), None);
        assert_eq!(step(&ids, "b", false), Some(Some("a".to_owned())));
        assert_eq!(step(&ids, "a", true), Some(Some("c".to_owned())));
        assert_eq!(step(&ids, "b", true), Some(None));
        assert_eq!(step(&ids, "c", true), None);
    }
}
