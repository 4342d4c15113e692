//! `/dashboard/{organization}/team`: members, invitations and teams.

mod invite;
mod members;
mod teams;

use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        states::keep_last_good,
    },
    domain::{error::AppError, live::Topic, member::People, role::Action},
    rpc::members::read_people,
    ui::*,
};
use invite::{InviteDialog, OpenInvitations};
use leptos::prelude::*;
use members::MemberTable;
use teams::{NewTeamDialog, TeamCards};

/// The screen.
#[component]
pub fn TeamScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let read = resource(move || (organization.slug.get(), live.changes(Topic::Members)), |(slug, _)| read_people(slug));
    let manages = organization.may(Action::ManageMembers);
    let (invites, new_team) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <ScreenHead title="Team">
            {move || manages.get().then(|| view! {
                <Button icon=IconName::Plus on:click=move |_| new_team.set(true)>"New team"</Button>
                <Button variant=ButtonVariant::Primary icon=IconName::Mail on:click=move |_| invites.set(true)>"Invite"</Button>
            })}
        </ScreenHead>
        <NewTeamDialog open=new_team />
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=6 /></div> }>
            <Body read invites />
        </Transition>
    }
}

#[component]
fn Body(read: Resource<Result<People, AppError>>, invites: RwSignal<bool>) -> impl IntoView {
    keep_last_good(
        move || read.get(),
        || view! { <div class="p-4"><SkeletonRows n=6 /></div> }.into_any(),
        move |people| {
            view! {
                <InviteDialog open=invites people />
                <MemberTable people />
                <OpenInvitations people />
                <TeamCards people />
            }
            .into_any()
        },
    )
}
