//! Everybody, with their roles.

use crate::{
    dashboard::{frame::Organization, live::use_live, time::Ago},
    domain::{
        error::Result,
        ids::{TokenId, UserId},
        member::{Member, People, may_change},
        role::{Action, Role},
        token::ApiToken,
    },
    rpc::{
        members::{change_role, leave_organization, remove_member},
        tokens::{list_created_tokens, list_tokens},
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
                <EmptyState icon=IconName::Search title="No matching members" text="Try a different search.">
                    <Button on:click=move |_| words.set(String::new())>"Clear search"</Button>
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
        let before = role.get_untracked();
        if chosen == before {
            return;
        }
        let (slug, id, name) = (organization.slug.get_untracked(), id.get_value(), name.get_untracked());
        spawn_local(async move {
            match change_role(slug.clone(), id.clone(), chosen).await {
                Ok(()) => {
                    live.refresh();
                    let mut told = format!("{name}’s role changed to {}", chosen.label());
                    if chosen < before {
                        told.push_str(&tokens_beyond(slug, &id, chosen).await);
                    }
                    toasts.success(told);
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

/// The organization's tokens that this person made, and therefore may know.
async fn tokens_made_by(slug: String, user: &UserId) -> Result<Vec<ApiToken>> {
    let all = list_tokens(slug).await?;
    Ok(all.into_iter().filter(|token| token.created_by_id.as_ref() == Some(user)).collect())
}

/// What to say of the tokens that somebody made and that may do more than they may from now on.
async fn tokens_beyond(slug: String, user: &UserId, role: Role) -> String {
    let made = tokens_made_by(slug, user).await.unwrap_or_default();
    let names: Vec<String> = made.into_iter().filter(|token| token.role > role).map(|token| token.name).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(
            ". API tokens they created have more access: {}. Revoke them in Settings if they shouldn’t know them.",
            names.join(", ")
        ),
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
    let act = leptos::prelude::Action::new(move |keep: &Vec<TokenId>| {
        let (slug, id, leaves) = (organization.slug.get_untracked(), id.get_value(), is_me.get_untracked());
        let (name, keep) = (name.get_untracked(), keep.clone());
        // What follows is said here and not by an effect of the row, which may be gone by then.
        async move {
            let done = if leaves { leave_organization(slug).await } else { remove_member(slug, id, keep).await };
            asks.try_set(false);
            match done {
                Ok(()) if leaves => {
                    let _ = window().location().assign("/dashboard");
                }
                Ok(()) => {
                    live.refresh();
                    toasts.success(format!("{name} removed"));
                }
                Err(error) => toasts.error(error.to_string()),
            }
        }
    });
    let words = Signal::derive(move || if is_me.get() { "Leave organization" } else { "Remove member" });
    let items = Signal::derive(move || {
        vec![MenuItem { icon: Some(IconName::LogOut), destructive: true, ..MenuItem::new("go", words.get()) }]
    });
    move || {
        (is_me.get() || changes.get()).then(|| {
            view! {
                <Menu
                    label=Signal::derive(move || format!("More actions for {}", name.get()))
                    trigger=|| view! { <Icon name=IconName::Ellipsis /> }
                    trigger_class=MENU_ICON
                    items
                    on_select=move |_: String| asks.set(true)
                    align=Align::End
                />
                <Removal id=id.get_value() name is_me open=asks act />
            }
        })
    }
}

/// Asks before somebody goes, and shows which API tokens end with it.
#[component]
fn Removal(
    id: UserId,
    name: Signal<String>,
    is_me: Signal<bool>,
    open: RwSignal<bool>,
    act: leptos::prelude::Action<Vec<TokenId>, ()>,
) -> impl IntoView {
    let organization = Organization::get();
    let id = StoredValue::new(id);
    let tokens = RwSignal::new(None::<Result<Vec<ApiToken>>>);
    let keep = RwSignal::new(Vec::<TokenId>::new());
    Effect::new(move || {
        let opened = open.get();
        tokens.set(None);
        keep.set(Vec::new());
        if opened {
            let (slug, leaves) = (organization.slug.get_untracked(), is_me.get_untracked());
            spawn_local(async move {
                let made = match leaves {
                    true => list_created_tokens(slug).await,
                    false => tokens_made_by(slug, &id.get_value()).await,
                };
                tokens.try_set(Some(made));
            });
        }
    });
    let title = Signal::derive(move || match is_me.get() {
        true => "Leave this organization?".to_owned(),
        false => format!("Remove {}?", name.get()),
    });
    let description = Signal::derive(move || {
        Some(match is_me.get() {
            true => "You’ll lose access immediately and need a new invitation to come back. Pending invitations you sent will be revoked.".to_owned(),
            false => {
                "They’ll lose access immediately, on every open screen. Pending invitations they sent will be revoked. Their activity stays in the history.".to_owned()
            }
        })
    });
    let go = move || if is_me.get() { "Leave organization" } else { "Remove member" };
    view! {
        <Dialog open title description role="alertdialog">
            {move || match tokens.get() {
                None => view! { <p class="text-13 text-muted-foreground" role="status">"Checking API tokens…"</p> }.into_any(),
                Some(Err(error)) => view! { <FormError message=Signal::stored(Some(error.to_string())) /> }.into_any(),
                Some(Ok(made)) if made.is_empty() => ().into_any(),
                Some(Ok(made)) => view! { <EndingTokens made is_me=is_me.get_untracked() keep /> }.into_any(),
            }}
            <DialogFooter>
                <Button attr:autofocus=true on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button
                    variant=ButtonVariant::Destructive
                    disabled=Signal::derive(move || !matches!(&*tokens.read(), Some(Ok(_))))
                    pending=act.pending()
                    on:click=move |_| { act.dispatch(keep.get_untracked()); }
                >
                    {go}
                </Button>
            </DialogFooter>
        </Dialog>
    }
}

/// The tokens that end, each with a box to keep it, except for somebody who leaves.
#[component]
fn EndingTokens(made: Vec<ApiToken>, is_me: bool, keep: RwSignal<Vec<TokenId>>) -> impl IntoView {
    let lead = match is_me {
        true => "The API tokens you created will be revoked, and anything using them stops working:",
        false => {
            "The API tokens they created will be revoked, and anything using them stops working, unless you keep them. Keep only those they don’t know or can continue to use:"
        }
    };
    let rows: Vec<_> = made
        .into_iter()
        .map(|ApiToken { id, name, role, ending, .. }| {
            let label = format!("Keep {name}");
            let box_id = format!("keep-{id}");
            let change = move |on: bool| {
                keep.update(|keep| match on {
                    true => keep.push(id.clone()),
                    false => keep.retain(|kept| *kept != id),
                });
            };
            view! {
                <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-3 py-2">
                    <span class="min-w-0 flex-1 basis-40 text-13 wrap-anywhere">
                        <span class="font-medium">{name}</span>
                        " "
                        <span class="text-xs text-muted-foreground">{format!("{} · cnd_…{ending}", role.label())}</span>
                    </span>
                    {(!is_me).then(|| view! { <Checkbox label name="keep_tokens" id=box_id on_change=change /> })}
                </li>
            }
        })
        .collect();
    view! {
        <div class="grid gap-2">
            <p class="text-13">{lead}</p>
            <ul class="divide-y divide-border rounded-lg border border-border" role="list">{rows}</ul>
        </div>
    }
}
