//! Inviting somebody, and invitations that nobody has accepted yet.

use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        error::AppError,
        member::{Invitation, InvitationDelivery, InvitationInput, People, may_change},
        role::{Action, Role, TeamRole},
    },
    rpc::members::{invite, resend_invitation, revoke_invitation},
    ui::*,
};
use leptos::{ev, prelude::*, task::spawn_local};

const FIELDS: &[&str] = &["email", "role", "team_id", "team_role"];

/// Asks for an address and a role.
#[component]
pub fn InviteDialog(open: RwSignal<bool>, people: Signal<People>) -> impl IntoView {
    view! {
        <Dialog
            open
            title="Invite a member"
            description=Signal::stored(Some("They’ll get a single-use link, valid for seven days.".to_owned()))
        >
            <InviteForm open people />
        </Dialog>
    }
}

#[component]
fn InviteForm(open: RwSignal<bool>, people: Signal<People>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let mine = organization.frame.read_untracked().organization.role;
    let (email, role) = (RwSignal::new(String::new()), RwSignal::new(Role::StatusReporter.as_str().to_owned()));
    let (team, team_role) = (RwSignal::new(String::new()), RwSignal::new(TeamRole::TeamMember.as_str().to_owned()));
    let roles: Vec<(String, String)> = Role::ALL
        .iter()
        .rev()
        .filter(|role| may_change(mine, None, Some(**role)))
        .map(|role| (role.as_str().to_owned(), role.label().to_owned()))
        .collect();
    let teams = Signal::derive(move || {
        let mut options = vec![(String::new(), "No team".to_owned())];
        options.extend(people.read().teams.iter().map(|team| (team.id.to_string(), team.name.clone())));
        options
    });
    let team_roles: Vec<(String, String)> =
        TeamRole::ALL.iter().map(|role| (role.as_str().to_owned(), role.label().to_owned())).collect();
    let send = leptos::prelude::Action::new(move |input: &InvitationInput| {
        invite(organization.slug.get_untracked(), input.clone())
    });
    Effect::new(move || {
        if let Some(Ok(_)) = send.value().get() {
            live.refresh();
        }
    });
    let error = move || send.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error: AppError| error.on(field)));
    let team_roles = StoredValue::new(team_roles);
    let roles = StoredValue::new(roles);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        send.dispatch(InvitationInput {
            email: email.get_untracked(),
            role: role.get_untracked(),
            team_id: team.get_untracked(),
            team_role: team_role.get_untracked(),
        });
    };
    move || {
        match send.value().get() {
        Some(Ok(sent)) => view! { <SentNote sent open /> }.into_any(),
        _ => view! {
            <form class="grid gap-4" on:submit=submit>
                <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
                <TextField label="Email" name="email" id="invite-email" kind="email" required=true spellcheck=false autofocus=true value=email on_input=move |text| email.set(text) error=on("email") />
                <SelectField
                    label="Role"
                    name="role"
                    id="invite-role"
                    options=Signal::stored(roles.get_value())
                    value=role
                    on_change=move |word| role.set(word)
                    hint=Signal::derive(move || role.get().parse::<Role>().ok().map(|role| role.describe().to_owned()))
                    error=on("role")
                />
                {move || (teams.read().len() > 1).then(|| view! {
                    <SelectField label="Team" name="team_id" id="invite-team" options=teams value=team on_change=move |id| team.set(id) error=on("team_id") />
                })}
                {move || (!team.read().is_empty()).then(|| view! {
                    <SelectField label="Team role" name="team_role" id="invite-team-role" options=Signal::stored(team_roles.get_value()) value=team_role on_change=move |word| team_role.set(word) error=on("team_role") />
                })}
                <DialogFooter>
                    <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                    <Button variant=ButtonVariant::Primary submit=true pending=send.pending()>"Send invitation"</Button>
                </DialogFooter>
            </form>
        }
        .into_any(),
    }
    }
}

/// What became of an invitation: mailed, or a link to pass on.
#[component]
fn SentNote(sent: InvitationDelivery, open: RwSignal<bool>) -> impl IntoView {
    let InvitationDelivery { email, link, .. } = sent;
    let copy = link.clone().map(|text| view! { <CopyButton text /> });
    let body = match link {
        None => view! { <Alert tone=Tone::Green icon=IconName::CheckCircle>{format!("Invitation sent to {email}.")}</Alert> }.into_any(),
        Some(link) => view! {
            <div class="grid gap-3">
                <Alert tone=Tone::Accent icon=IconName::Info>
                    {format!("Email isn’t set up on this server. Send this link to {email} yourself. It works once and won’t be shown again.")}
                </Alert>
                <TextField label="Link" name="link" id="invite-link" spellcheck=false value=Signal::stored(link) />
            </div>
        }
        .into_any(),
    };
    view! {
        <div class="grid gap-4">
            {body}
            <DialogFooter>
                {copy}
                <Button variant=ButtonVariant::Primary on:click=move |_| open.set(false)>"Done"</Button>
            </DialogFooter>
        </div>
    }
}

/// Invitations that nobody has accepted yet.
#[component]
pub fn OpenInvitations(people: Signal<People>) -> impl IntoView {
    let open = Memo::new(move |_| people.read().invitations.clone());
    view! {
        <Show when=move || !open.read().is_empty()>
            <section class="p-4">
                <Card title="Pending invitations" flush=true>
                    <ul class="divide-y divide-border text-13" role="list">
                        <For each=move || open.get() key=|invitation| (invitation.id.clone(), invitation.expires_at) let:invitation>
                            <InvitationRow invitation />
                        </For>
                    </ul>
                </Card>
            </section>
        </Show>
    }
}

#[component]
fn InvitationRow(invitation: Invitation) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let toasts = use_toasts();
    let manages = organization.may(Action::ManageMembers);
    let Invitation { id, email, role, invited_by, expires_at, .. } = invitation;
    let note = format!("{} · invited by {invited_by} · expires {}", role.label(), expires_at.in_words());
    let (id, shown) = (StoredValue::new(id), email.clone());
    let result = RwSignal::new(None::<InvitationDelivery>);
    let opened = RwSignal::new(false);
    let again = move |_| {
        let slug = organization.slug.get_untracked();
        spawn_local(async move {
            match resend_invitation(slug, id.get_value()).await {
                Ok(sent) if sent.link.is_none() => {
                    toasts.success(format!("Invitation resent to {}", sent.email));
                    live.refresh();
                }
                Ok(sent) => {
                    result.set(Some(sent));
                    opened.set(true);
                }
                Err(error) => toasts.error(error.to_string()),
            }
        });
    };
    let revoke = move |_| {
        let (slug, email) = (organization.slug.get_untracked(), email.clone());
        spawn_local(async move {
            match revoke_invitation(slug, id.get_value()).await {
                Ok(()) => {
                    toasts.success(format!("Invitation for {email} revoked"));
                    live.refresh();
                }
                Err(error) => toasts.error(error.to_string()),
            }
        });
    };
    let revoke = StoredValue::new(revoke);
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2">
            <span class="flex min-w-0 flex-col">
                <span class="font-medium break-all">{shown}</span>
                <span class="text-xs text-muted-foreground">{note}</span>
            </span>
            {move || manages.get().then(|| view! {
                <span class="flex gap-2">
                    <Button size=ButtonSize::Small on:click=again>"Resend"</Button>
                    <Button size=ButtonSize::Small on:click=move |event| revoke.with_value(|revoke| revoke.clone())(event)>"Revoke"</Button>
                </span>
            })}
            <Dialog open=opened title="Invitation renewed">
                {move || result.get().map(|sent| view! { <SentNote sent open=opened /> })}
            </Dialog>
        </li>
    }
}
