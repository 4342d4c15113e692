//! Adding and editing a service.

use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        states::{Missing, failed},
    },
    domain::{
        error::AppError,
        member::Team,
        role::{Action, PermissionScope},
        service::{Group, Service},
    },
    rpc::services::{CreateService, UpdateService, list_services},
    ui::*,
};
use leptos::{form::ActionForm, prelude::*};
use leptos_router::hooks::use_params_map;

const FIELDS: &[&str] = &["name", "description", "group_id", "team_id"];

/// `/dashboard/{organization}/services/new`
#[component]
pub fn NewServiceScreen() -> impl IntoView {
    let organization = Organization::get();
    let list = resource(move || organization.slug.get(), list_services);
    let create = ServerAction::<CreateService>::new();
    let error = Signal::derive(move || create.value().get().and_then(Result::err));
    view! {
        <ScreenHead title="New service" />
        <Suspense fallback=|| view! { <div class="p-4"><SkeletonRows n=4 /></div> }>
            {move || list.get().map(|list| match list {
                Ok(list) => view! {
                    <ActionForm action=create attr:class="grid max-w-xl gap-4 p-4">
                        <input type="hidden" name="organization" value=move || organization.slug.get() />
                        <Fields service=None groups=list.groups teams=list.teams error />
                        <Buttons words="Create service" pending=create.pending() />
                    </ActionForm>
                }.into_any(),
                Err(error) => failed(error),
            })}
        </Suspense>
    }
}

/// `/dashboard/{organization}/services/{id}/edit`
#[component]
pub fn EditServiceScreen() -> impl IntoView {
    let organization = Organization::get();
    let params = use_params_map();
    let id = move || params.read().get("id").unwrap_or_default();
    let list = resource(move || organization.slug.get(), list_services);
    let update = ServerAction::<UpdateService>::new();
    let error = Signal::derive(move || update.value().get().and_then(Result::err));
    view! {
        <ScreenHead title="Edit service" />
        <Suspense fallback=|| view! { <div class="p-4"><SkeletonRows n=4 /></div> }>
            {move || list.get().map(|list| match list {
                Err(error) => failed(error),
                Ok(list) => match list.services.iter().find(|service| service.id.as_str() == id()).cloned() {
                    None => view! { <Missing what="service" /> }.into_any(),
                    Some(service) => view! {
                        <ActionForm action=update attr:class="grid max-w-xl gap-4 p-4">
                            <input type="hidden" name="organization" value=move || organization.slug.get() />
                            <input type="hidden" name="id" value=service.id.to_string() />
                            <Fields service=Some(service) groups=list.groups teams=list.teams error />
                            <Buttons words="Save service" pending=update.pending() />
                        </ActionForm>
                    }.into_any(),
                },
            })}
        </Suspense>
    }
}

#[component]
fn Fields(
    service: Option<Service>,
    groups: Vec<Group>,
    teams: Vec<Team>,
    error: Signal<Option<AppError>>,
) -> impl IntoView {
    let (name, description, group, team) = service
        .map(|service| {
            let group = service.group_id.map(|id| id.to_string()).unwrap_or_default();
            (service.name, service.description, group, service.team_id.map(|id| id.to_string()).unwrap_or_default())
        })
        .unwrap_or_default();
    let (name, description, group) = (RwSignal::new(name), RwSignal::new(description), RwSignal::new(group));
    let on = move |field: &'static str| Signal::derive(move || error.get().and_then(|error| error.on(field)));
    // Who edits by a team's leave can only give it to a team of their own.
    let reach = Organization::get().frame.read_untracked().reach(Action::EditServices);
    let everywhere = reach == Some(PermissionScope::Everything);
    let mut team_options: Vec<(String, String)> = Vec::new();
    if everywhere {
        team_options.push((String::new(), "No team".to_owned()));
    }
    team_options.extend(
        teams
            .into_iter()
            .filter(|team| reach.as_ref().is_some_and(|reach| reach.includes(Some(&team.id))))
            .map(|team| (team.id.to_string(), team.name)),
    );
    let first = team_options.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let team = RwSignal::new(if everywhere || !team.is_empty() { team } else { first });
    let has_teams = team_options.len() > 1 || !everywhere;
    let mut options = vec![(String::new(), "No group".to_owned())];
    options.extend(groups.into_iter().map(|group| (group.id.to_string(), group.name)));
    view! {
        <FormError message=Signal::derive(move || error.get().and_then(|error| error.beside(FIELDS))) />
        <TextField label="Name" name="input[name]" id="name" required=true maxlength=255_u32 autofocus=true value=name on_input=move |text| name.set(text) error=on("name") />
        <TextArea
            label="Description"
            name="input[description]"
            id="description"
            optional=true
            rows=3_u32
            maxlength=1000_u32
            value=description
            on_input=move |text| description.set(text)
            hint=Signal::stored(Some("One sentence telling visitors what it’s for.".to_owned()))
            error=on("description")
        />
        <SelectField label="Group" name="input[group_id]" id="group" options=Signal::stored(options) value=group on_change=move |id| group.set(id) error=on("group_id") />
        {has_teams.then(|| view! {
            <SelectField
                label="Team"
                name="input[team_id]"
                id="team"
                options=Signal::stored(team_options)
                value=team
                on_change=move |id| team.set(id)
                hint=Signal::stored(Some("Members can set its status; admins can edit it.".to_owned()))
                error=on("team_id")
            />
        })}
    }
}

#[component]
fn Buttons(words: &'static str, #[prop(into)] pending: Signal<bool>) -> impl IntoView {
    let organization = Organization::get();
    view! {
        <div class="flex flex-wrap gap-2">
            <Button variant=ButtonVariant::Primary submit=true pending>{words}</Button>
            <LinkButton href=Signal::derive(move || organization.address("/services"))>"Cancel"</LinkButton>
        </div>
    }
}
