//! Groups in the list: their heads, and the dialog that adds or renames one.

use super::{
    list::{ListState, MENU_OF_ROW, move_to},
    row::{Handle, step},
};
use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        error::AppError,
        role::Action,
        service::{Group, GroupInput, Section},
    },
    rpc::services::{create_group, delete_group, update_group},
    ui::*,
};
use leptos::{ev, prelude::*};

/// The head of a group.
#[component]
pub fn GroupHead(group: Group, count: usize) -> impl IntoView {
    let organization = Organization::get();
    let state = expect_context::<ListState>();
    let live = use_live();
    let toasts = use_toasts();
    let group = StoredValue::new(group);
    let edits = organization.may_everywhere(Action::EditServices);
    let (renames, asks) = (RwSignal::new(false), RwSignal::new(false));
    let delete = leptos::prelude::Action::new(move |(): &()| {
        delete_group(organization.slug.get_untracked(), group.with_value(|group| group.id.clone()))
    });
    Effect::new(move || match delete.value().get() {
        Some(Ok(())) => {
            asks.set(false);
            live.refresh();
            toasts.success(group.with_value(|group| format!("{} deleted. Its services were kept.", group.name)));
        }
        Some(Err(error)) => {
            asks.set(false);
            toasts.error(error.to_string());
        }
        None => {}
    });
    let shift = move |down: bool| {
        let (id, name) = group.with_value(|group| (group.id.to_string(), group.name.clone()));
        let ids: Vec<String> = state
            .list
            .read_untracked()
            .sections()
            .iter()
            .flat_map(|section| match section {
                Section::Group(group, _) => vec![group.id.to_string()],
                Section::Loose(services) => services.iter().map(|service| service.id.to_string()).collect(),
            })
            .collect();
        match step(&ids, &id, down) {
            Some(before) => {
                move_to(organization.slug.get_untracked(), id, None, before, toasts);
                state.announcement.set(format!("Group {name} moved {}", if down { "down" } else { "up" }));
            }
            None => state.announcement.set(format!("Group {name} is already {}", if down { "last" } else { "first" })),
        }
    };
    let is_over = RwSignal::new(false);
    let drop_here = move |event: ev::DragEvent| {
        event.prevent_default();
        is_over.set(false);
        let Some(item) = state.dragged.get_untracked() else { return };
        state.dragged.set(None);
        let here = group.with_value(|group| group.id.clone());
        let list = state.list.read_untracked();
        if item == here.as_str() {
            return;
        }
        if list.groups.iter().any(|group| group.id.as_str() == item) {
            move_to(organization.slug.get_untracked(), item, None, Some(here.to_string()), toasts);
        } else {
            // A service dropped on the head becomes the first of the group.
            let first = list
                .services
                .iter()
                .find(|service| service.group_id.as_ref() == Some(&here) && service.id.as_str() != item);
            let first = first.map(|service| service.id.to_string());
            move_to(organization.slug.get_untracked(), item, Some(here), first, toasts);
        }
    };
    let items = Signal::derive(|| {
        vec![
            MenuItem { icon: Some(IconName::Pencil), ..MenuItem::new("rename", "Rename") },
            MenuItem { icon: Some(IconName::ArrowUp), ..MenuItem::new("up", "Move up") },
            MenuItem { icon: Some(IconName::ArrowDown), ..MenuItem::new("down", "Move down") },
            MenuItem { icon: Some(IconName::Trash2), destructive: true, ..MenuItem::new("delete", "Delete group") },
        ]
    });
    let act = move |item: String| match item.as_str() {
        "rename" => renames.set(true),
        "up" | "down" => {
            state.keep_focus(&group.with_value(|group| group.id.to_string()), MENU_OF_ROW);
            shift(item == "down");
        }
        "delete" => asks.set(true),
        _ => {}
    };
    let name = group.with_value(|group| group.name.clone());
    let id = group.with_value(|group| group.id.to_string());
    let label = name.clone();
    let row = format!("row-{id}");
    view! {
        <tr
            id=row
            class=GROUP_ROW
            class=("shadow-[inset_0_2px_0_var(--brand)]", move || is_over.get())
            on:dragover=move |event| if state.dragged.read_untracked().is_some() { event.prevent_default(); is_over.set(true); }
            on:dragleave=move |_| is_over.set(false)
            on:drop=drop_here
        >
            <td class="w-0 py-1 pr-1 pl-3 align-middle">
                {move || edits.get().then(|| view! { <Handle id=id.clone() name=Signal::stored(label.clone()) shift /> })}
            </td>
            <th scope="rowgroup" colspan="3" class=format!("{GROUP_CELL} max-sm:px-1.5")>
                {name.clone()} <span class="ml-1.5 font-normal tabular-nums">{count}</span>
            </th>
            <td class="w-0 px-3 py-1 last:pr-4">
                {
                    let name = name.clone();
                    move || edits.get().then(|| view! {
                        <Menu
                            label=format!("More actions for group {name}")
                            trigger=|| view! { <Icon name=IconName::Ellipsis /> }
                            trigger_class=MENU_ICON
                            items
                            on_select=act
                            align=Align::End
                        />
                    })
                }
                <GroupDialog open=renames group=Some(group.get_value()) />
                <ConfirmDialog
                    open=asks
                    title=format!("Delete group “{name}”?")
                    message=match count {
                        0 => "It has no services.".to_owned(),
                        1 => "Its service is kept, without a group, along with its status and history.".to_owned(),
                        n => format!("Its {n} services are kept, without a group, along with their statuses and history."),
                    }
                    confirm_label="Delete group"
                    destructive=true
                    pending=delete.pending()
                    on_confirm=move |()| { delete.dispatch(()); }
                />
            </td>
        </tr>
    }
}

/// Adds a group, or changes the one that is given.
#[component]
pub fn GroupDialog(open: RwSignal<bool>, group: Option<Group>) -> impl IntoView {
    let title = if group.is_some() { "Rename group" } else { "New group" };
    let group = StoredValue::new(group);
    view! {
        <Dialog open title description=Signal::stored(Some("A heading for services, here and on the status page.".to_owned()))>
            <GroupForm open group=group.get_value() />
        </Dialog>
    }
}

#[component]
fn GroupForm(open: RwSignal<bool>, group: Option<Group>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let (name, description) =
        group.as_ref().map(|group| (group.name.clone(), group.description.clone())).unwrap_or_default();
    let (name, description) = (RwSignal::new(name), RwSignal::new(description));
    let id = group.map(|group| group.id);
    let words = if id.is_some() { "Save group" } else { "Create group" };
    let save = leptos::prelude::Action::new(move |input: &GroupInput| {
        let (slug, id, input) = (organization.slug.get_untracked(), id.clone(), input.clone());
        async move {
            match id {
                Some(id) => update_group(slug, id, input).await,
                None => create_group(slug, input).await.map(|_| ()),
            }
        }
    });
    Effect::new(move || {
        if let Some(Ok(())) = save.value().get() {
            live.refresh();
            open.set(false);
        }
    });
    let error = move || save.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error: AppError| error.on(field)));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        save.dispatch(GroupInput { name: name.get_untracked(), description: description.get_untracked() });
    };
    view! {
        <form class="grid gap-4" on:submit=submit>
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(&["name", "description"]))) />
            <TextField label="Name" name="name" id="group-name" required=true maxlength=255_u32 autofocus=true value=name on_input=move |text| name.set(text) error=on("name") />
            <TextField label="Description" name="description" id="group-description" optional=true maxlength=1000_u32 value=description on_input=move |text| description.set(text) error=on("description") />
            <DialogFooter>
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button variant=ButtonVariant::Primary submit=true pending=save.pending()>{words}</Button>
            </DialogFooter>
        </form>
    }
}
