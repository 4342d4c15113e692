//! Everybody, with their roles.

use crate::{
    api::members::{change_role, leave_organization, remove_member},
    dashboard::{frame::Organization, live::use_live, time::Ago},
    domain::{
        ids::UserId,
        member::{Member, People, may_change},
        role::{Action, Role},
    },
    ui::*,
};
use leptos::{prelude::*, task::spawn_local};

fn fits(member: &Member, words: &str) -> bool {
    words.is_empty() || member.name.to_lowercase().contains(words) || member.email.to_lowercase().contains(words)
}

/// The table.
#[component]
pub fn MemberTable(people: Signal<People>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let shown = Memo::new(move |_| {
        let words = words.read().trim().to_lowercase();
        people.read().members.iter().filter(|member| fits(member, &words)).cloned().collect::<Vec<_>>()
    });
    view! {
        <div class="flex flex-wrap items-center gap-2 px-4 py-2.5">
            <SearchField label="Filter members" placeholder="Filter members" value=words on_input=move |text| words.set(text) class="w-64 max-sm:w-full" />
        </div>
        <Show
            when=move || !shown.read().is_empty()
            fallback=move || view! {
                <EmptyState icon=IconName::Search title="Nobody fits" text="No name or address has these words.">
                    <Button on:click=move |_| words.set(String::new())>"Clear the filter"</Button>
                </EmptyState>
            }
        >
            <Table
                label="Members"
                head=|| view! {
                    <th scope="col" class=HEAD_CELL>"Name"</th>
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Teams"</th>
                    <th scope="col" class=HEAD_CELL>"Role"</th>
                    <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Member since"</th>
                    <th scope="col" class=HEAD_CELL><span class="sr-only">"Actions"</span></th>
                }
            >
                <For each=move || shown.get() key=|member| member.user_id.clone() let:member>
                    <Row id=member.user_id people />
                </For>
            </Table>
        </Show>
    }
}

#[component]
fn Row(id: UserId, people: Signal<People>) -> impl IntoView {
    let organization = Organization::get();
    let id = StoredValue::new(id);
    let member = Memo::new(move |_| {
        id.with_value(|id| people.read().members.iter().find(|member| member.user_id == *id).cloned())
    });
    let name = Signal::derive(move || member.get().map(|member| member.name).unwrap_or_default());
    let role = Signal::derive(move || member.get().map_or(Role::Viewer, |member| member.role));
    let since = Signal::derive(move || member.get().map(|member| member.joined_at).unwrap_or_default());
    let teams = move || {
        let people = people.read();
        let mine = member.get().map(|member| member.teams).unwrap_or_default();
        mine.into_iter()
            .filter_map(|(id, role)| {
                let team = people.teams.iter().find(|team| team.id == id)?;
                Some(format!("{} ({})", team.name, role.label().to_lowercase()))
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mine = Signal::derive(move || organization.frame.read().organization.role);
    let manages = organization.may(Action::ManageMembers);
    let changes = Signal::derive(move || manages.get() && may_change(mine.get(), Some(role.get()), Some(role.get())));
    view! {
        <tr class=ROW id=format!("member-{}", id.get_value())>
            <td class=format!("{CELL} w-full min-w-32")>
                <div class="flex min-w-0 flex-col">
                    <span class="font-medium break-words">{move || name.get()}</span>
                    <span class="text-xs break-all text-muted-foreground">{move || member.get().map(|member| member.email)}</span>
                </div>
            </td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY} min-w-32")>{teams}</td>
            <td class=CELL>
                {move || if changes.get() {
                    view! { <RoleMenu id=id.get_value() name role mine /> }.into_any()
                } else {
                    view! { <span class="whitespace-nowrap">{role.get().label()}</span> }.into_any()
                }}
            </td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY} whitespace-nowrap")><Ago at=since /></td>
            <td class=format!("{CELL} w-0")><RowMenu id=id.get_value() name changes /></td>
        </tr>
    }
}

#[component]
fn RoleMenu(id: UserId, name: Signal<String>, role: Signal<Role>, mine: Signal<Role>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let toasts = use_toasts();
    let id = StoredValue::new(id);
    let items = Signal::derive(move || {
        Role::ALL
            .iter()
            .rev()
            .filter(|other| may_change(mine.get(), Some(role.get()), Some(**other)))
            .map(|other| MenuItem { checked: *other == role.get(), ..MenuItem::new(other.as_str(), other.label()) })
            .collect::<Vec<_>>()
    });
    let choose = move |word: String| {
        let Ok(chosen) = word.parse::<Role>() else { return };
        if chosen == role.get_untracked() {
            return;
        }
        let (slug, id, name) = (organization.slug.get_untracked(), id.get_value(), name.get_untracked());
        spawn_local(async move {
            match change_role(slug, id, chosen).await {
                Ok(()) => {
                    live.refresh();
                    toasts.success(format!("{name} is {} now", chosen.label().to_lowercase()));
                }
                Err(error) => toasts.error(error.to_string()),
            }
        });
    };
    view! {
        <Menu
            label=Signal::derive(move || format!("Role of {}: {}", name.get(), role.get().label()))
            trigger=move || view! { {move || role.get().label()} <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
            note=Signal::derive(move || Some(role.get().describe().to_owned()))
            items
            on_select=choose
        />
    }
}

#[component]
fn RowMenu(id: UserId, name: Signal<String>, changes: Signal<bool>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let toasts = use_toasts();
    let id = StoredValue::new(id);
    let me = expect_context::<crate::dashboard::frame::Person>().0;
    let is_me = Signal::derive(move || id.with_value(|id| me.read().id == *id));
    let asks = RwSignal::new(false);
    let act = leptos::prelude::Action::new(move |(): &()| {
        let (slug, id, leaves) = (organization.slug.get_untracked(), id.get_value(), is_me.get_untracked());
        let name = name.get_untracked();
        // What follows is said here and not by an effect of the row, which may be gone by then.
        async move {
            let done = if leaves { leave_organization(slug).await } else { remove_member(slug, id).await };
            asks.try_set(false);
            match done {
                Ok(()) if leaves => {
                    let _ = window().location().assign("/dashboard");
                }
                Ok(()) => {
                    live.refresh();
                    toasts.success(format!("{name} is no member any more"));
                }
                Err(error) => toasts.error(error.to_string()),
            }
        }
    });
    let words = Signal::derive(move || if is_me.get() { "Leave organization" } else { "Remove" });
    let items = Signal::derive(move || {
        vec![MenuItem { icon: Some(IconName::LogOut), destructive: true, ..MenuItem::new("go", words.get()) }]
    });
    move || {
        (is_me.get() || changes.get()).then(|| view! {
        <Menu
            label=Signal::derive(move || format!("More for {}", name.get()))
            trigger=|| view! { <Icon name=IconName::Ellipsis /> }
            trigger_class=MENU_ICON
            items
            on_select=move |_: String| asks.set(true)
            align=Align::End
        />
        <ConfirmDialog
            open=asks
            title=Signal::derive(move || if is_me.get() { "Leave this organization?".to_owned() } else { format!("Remove {}?", name.get()) })
            message=Signal::derive(move || if is_me.get() {
                "You lose access at once. Somebody has to invite you to come back.".to_owned()
            } else {
                "They lose access at once, on every screen that is open. What they did stays in the history.".to_owned()
            })
            confirm_label=words.get_untracked()
            destructive=true
            pending=act.pending()
            on_confirm=move |()| { act.dispatch(()); }
        />
    })
    }
}
