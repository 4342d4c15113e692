//! Teams: who is in them, what they are called.

use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        error::AppError,
        ids::{TeamId, UserId},
        member::{People, Team},
        role::{Action, TeamRole},
    },
    rpc::members::{create_team, delete_team, remove_team_member, rename_team, set_team_member},
    ui::*,
};
use leptos::{ev, prelude::*, task::spawn_local};
use std::future::Future;

/// Asks for a name.
#[component]
pub fn NewTeamDialog(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title="New team" description=Signal::stored(Some("A team owns services. Its members can set their statuses; its admins can edit them.".to_owned()))>
            <NameForm open team=None />
        </Dialog>
    }
}

#[component]
fn NameForm(open: RwSignal<bool>, team: Option<Team>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let name = RwSignal::new(team.as_ref().map(|team| team.name.clone()).unwrap_or_default());
    let id = team.map(|team| team.id);
    let words = if id.is_some() { "Save team" } else { "Create team" };
    let save = leptos::prelude::Action::new(move |name: &String| {
        let (slug, id, name) = (organization.slug.get_untracked(), id.clone(), name.clone());
        async move {
            match id {
                Some(id) => rename_team(slug, id, name).await,
                None => create_team(slug, name).await.map(|_| ()),
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
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        save.dispatch(name.get_untracked());
    };
    view! {
        <form class="grid gap-4" on:submit=submit>
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(&["name"]))) />
            <TextField label="Name" name="name" id="team-name" required=true maxlength=80_u32 autofocus=true value=name on_input=move |text| name.set(text) error=Signal::derive(move || error().and_then(|error| error.on("name"))) />
            <DialogFooter>
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button variant=ButtonVariant::Primary submit=true pending=save.pending()>{words}</Button>
            </DialogFooter>
        </form>
    }
}

/// Every team.
#[component]
pub fn TeamCards(people: Signal<People>) -> impl IntoView {
    let teams = Memo::new(move |_| people.read().teams.clone());
    view! {
        <section class="grid gap-3 p-4">
            <h2 class="font-semibold">"Teams"</h2>
            <Show
                when=move || !teams.read().is_empty()
                fallback=|| view! {
                    <p class="text-13 text-muted-foreground">"No teams yet. A team owns services, and its members can manage them without an organization-wide role."</p>
                }
            >
                <div class="grid items-start gap-3 lg:grid-cols-2">
                    <For each=move || teams.get() key=|team| (team.id.clone(), team.name.clone(), team.services) let:team>
                        <TeamCard team people />
                    </For>
                </div>
            </Show>
        </section>
    }
}

/// Does it, reads again, or says why not.
fn attempt(act: impl Future<Output = Result<(), AppError>> + 'static) {
    let (live, toasts) = (use_live(), use_toasts());
    spawn_local(async move {
        match act.await {
            Ok(()) => live.refresh(),
            Err(error) => toasts.error(error.to_string()),
        }
    });
}

#[component]
fn TeamCard(team: Team, people: Signal<People>) -> impl IntoView {
    let organization = Organization::get();
    let id = StoredValue::new(team.id.clone());
    let edits = organization.may_to(Action::EditTeam, Signal::stored(Some(team.id.clone())));
    let manages = organization.may(Action::ManageMembers);
    let (renames, asks) = (RwSignal::new(false), RwSignal::new(false));
    let inside = Memo::new(move |_| {
        let people = people.read();
        let role_of = |teams: &[(TeamId, TeamRole)]| {
            id.with_value(|id| teams.iter().find(|(team, _)| team == id).map(|(_, role)| *role))
        };
        people
            .members
            .iter()
            .filter_map(|member| Some((member.user_id.clone(), member.name.clone(), role_of(&member.teams)?)))
            .collect::<Vec<_>>()
    });
    let outside = Signal::derive(move || {
        let inside: Vec<UserId> = inside.read().iter().map(|(id, ..)| id.clone()).collect();
        people
            .read()
            .members
            .iter()
            .filter(|member| !inside.contains(&member.user_id))
            .map(|member| MenuItem::new(member.user_id.to_string(), member.name.clone()))
            .collect::<Vec<_>>()
    });
    let put = move |user: UserId, role: TeamRole| {
        attempt(set_team_member(organization.slug.get_untracked(), id.get_value(), user, role))
    };
    let add = move |user: String| {
        if let Ok(user) = user.parse() {
            put(user, TeamRole::TeamMember)
        }
    };
    let delete =
        leptos::prelude::Action::new(move |(): &()| delete_team(organization.slug.get_untracked(), id.get_value()));
    let live = use_live();
    let toasts = use_toasts();
    Effect::new(move || match delete.value().get() {
        Some(Ok(())) => {
            asks.set(false);
            live.refresh();
        }
        Some(Err(error)) => {
            asks.set(false);
            toasts.error(error.to_string());
        }
        None => {}
    });
    let items = Signal::derive(move || {
        let mut items = vec![MenuItem { icon: Some(IconName::Pencil), ..MenuItem::new("rename", "Rename") }];
        if manages.get() {
            items.push(MenuItem {
                icon: Some(IconName::Trash2),
                destructive: true,
                ..MenuItem::new("delete", "Delete team")
            });
        }
        items
    });
    let act = move |item: String| if item == "rename" { renames.set(true) } else { asks.set(true) };
    let name = team.name.clone();
    let services = match team.services {
        1 => "1 service".to_owned(),
        n => format!("{n} services"),
    };
    let (menu_name, ask_name, for_form) = (name.clone(), name.clone(), StoredValue::new(team));
    view! {
        <article class="rounded-lg border border-border">
            <header class="flex items-center justify-between gap-2 border-b border-border px-4 py-2">
                <h3 class="min-w-0 font-medium break-words">{name.clone()} <span class="ml-1.5 text-xs font-normal text-muted-foreground">{services}</span></h3>
                {move || {
                    let (menu_name, add_name) = (menu_name.clone(), menu_name.clone());
                    edits.get().then(|| view! {
                        <span class="flex items-center gap-1">
                            <Menu
                                label=format!("Add member to {add_name}")
                                trigger=|| view! { <Icon name=IconName::Plus class="size-3.5" /> "Member" }
                                items=outside
                                on_select=add
                                disabled=Signal::derive(move || outside.read().is_empty())
                                align=Align::End
                            />
                            <Menu label=format!("More actions for team {menu_name}") trigger=|| view! { <Icon name=IconName::Ellipsis /> } trigger_class=MENU_ICON items on_select=act align=Align::End />
                        </span>
                    })
                }}
            </header>
            <ul class="divide-y divide-border text-13" role="list">
                <For each=move || inside.get() key=|row| row.clone() let:row>
                    <TeamMemberRow team=id.get_value() row edits />
                </For>
            </ul>
            {move || inside.read().is_empty().then(|| view! { <p class="px-4 py-3 text-13 text-muted-foreground">"No members yet"</p> })}
            <Dialog open=renames title="Rename team"><NameForm open=renames team=Some(for_form.get_value()) /></Dialog>
            <ConfirmDialog
                open=asks
                title=format!("Delete team “{ask_name}”?")
                message="Its services are kept, without a team. Its members stay in the organization."
                confirm_label="Delete team"
                destructive=true
                pending=delete.pending()
                on_confirm=move |()| { delete.dispatch(()); }
            />
        </article>
    }
}

#[component]
fn TeamMemberRow(team: TeamId, row: (UserId, String, TeamRole), edits: Signal<bool>) -> impl IntoView {
    let organization = Organization::get();
    let (user, name, role) = row;
    let (team, user) = (StoredValue::new(team), StoredValue::new(user));
    let items = Signal::derive(move || {
        let mut items: Vec<MenuItem> = TeamRole::ALL
            .iter()
            .rev()
            .map(|other| MenuItem { checked: *other == role, ..MenuItem::new(other.as_str(), other.label()) })
            .collect();
        items.push(MenuItem { destructive: true, ..MenuItem::new("remove", "Remove from team") });
        items
    });
    let choose = move |word: String| {
        let slug = organization.slug.get_untracked();
        match word.parse::<TeamRole>() {
            Ok(chosen) if chosen != role => attempt(set_team_member(slug, team.get_value(), user.get_value(), chosen)),
            Ok(_) => {}
            Err(_) => attempt(remove_team_member(slug, team.get_value(), user.get_value())),
        }
    };
    let shown = name.clone();
    view! {
        <li class="flex items-center justify-between gap-3 px-4 py-1.5">
            <span class="min-w-0 break-words">{shown}</span>
            {move || if edits.get() {
                let name = name.clone();
                view! {
                    <Menu
                        label=format!("Team role of {name}: {}", role.label())
                        trigger=move || view! { {role.label()} <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                        items
                        on_select=choose
                        align=Align::End
                    />
                }.into_any()
            } else {
                view! { <span class="text-muted-foreground">{role.label()}</span> }.into_any()
            }}
        </li>
    }
}
