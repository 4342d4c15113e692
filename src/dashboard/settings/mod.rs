//! `/dashboard/{organization}/settings`: the organization itself, and its end.

mod tokens;

pub use tokens::TokensScreen;

use crate::rpc::resource;
use crate::{
    dashboard::{
        account::confirmation,
        frame::{Organization, ScreenHead},
        services::status_tone,
        states::failed,
    },
    domain::{
        error::AppError,
        organization::OrganizationSettings,
        role::{Action, Role},
        status::ServiceStatus,
    },
    rpc::organizations::{UpdateOrganization, delete_organization, read_settings, time_zones},
    ui::*,
};
use leptos::{form::ActionForm, prelude::*};

const FIELDS: &[&str] = &[
    "name",
    "slug",
    "description",
    "time_zone",
    "support_url",
    "labels[operational]",
    "labels[degraded_performance]",
    "labels[partial_outage]",
    "labels[major_outage]",
    "labels[under_maintenance]",
];

/// What each status is called: under which name the form sends it, and under which one it is refused.
const LABELS: [(ServiceStatus, &str, &str); 5] = [
    (ServiceStatus::Operational, "input[labels][operational]", "labels[operational]"),
    (ServiceStatus::DegradedPerformance, "input[labels][degraded_performance]", "labels[degraded_performance]"),
    (ServiceStatus::PartialOutage, "input[labels][partial_outage]", "labels[partial_outage]"),
    (ServiceStatus::MajorOutage, "input[labels][major_outage]", "labels[major_outage]"),
    (ServiceStatus::UnderMaintenance, "input[labels][under_maintenance]", "labels[under_maintenance]"),
];

/// The screen.
#[component]
pub fn SettingsScreen() -> impl IntoView {
    let organization = Organization::get();
    let read = resource(
        move || organization.slug.get(),
        |slug| async move { Ok::<_, AppError>((read_settings(slug).await?, time_zones().await?)) },
    );
    let edits = organization.may(Action::EditOrganization);
    let role = Memo::new(move |_| organization.frame.read().organization.role);
    view! {
        <ScreenHead title="Settings">
            {move || edits.get().then(|| view! {
                <LinkButton href=Signal::derive(move || organization.address("/settings/tokens")) icon=IconName::KeyRound>"API tokens"</LinkButton>
                <LinkButton href=Signal::derive(move || organization.address("/audit")) icon=IconName::History>"Audit log"</LinkButton>
            })}
        </ScreenHead>
        <Suspense fallback=|| view! { <div class="p-4"><SkeletonRows n=6 /></div> }>
            {move || read.get().map(|read| match read {
                Ok((settings, zones)) => view! { <Body settings zones role=role.get() /> }.into_any(),
                Err(error) => failed(error),
            })}
        </Suspense>
    }
}

#[component]
fn Body(settings: OrganizationSettings, zones: Vec<String>, role: Role) -> impl IntoView {
    let edits = role.may(Action::EditOrganization);
    let name = settings.name.clone();
    view! {
        <div class="grid gap-8 p-4">
            <SettingsForm settings zones edits />
            {role.may(Action::OwnOrganization).then(|| view! { <Export /> <Delete name /> })}
        </div>
    }
}

#[component]
fn SettingsForm(settings: OrganizationSettings, zones: Vec<String>, edits: bool) -> impl IntoView {
    let organization = Organization::get();
    let update = ServerAction::<UpdateOrganization>::new();
    let toasts = use_toasts();
    Effect::new(move || {
        if let Some(Ok(())) = update.value().get() {
            toasts.success("Settings saved");
        }
    });
    let OrganizationSettings { name, slug, description, time_zone, support_url, listed, labels } = settings;
    let (name, slug, description) = (RwSignal::new(name), RwSignal::new(slug), RwSignal::new(description));
    let (time_zone, support_url, listed) =
        (RwSignal::new(time_zone), RwSignal::new(support_url), RwSignal::new(listed));
    let error = move || update.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error| error.on(field)));
    let locked = Signal::stored(!edits);
    let options: Vec<(String, String)> = zones.into_iter().map(|zone| (zone.clone(), zone.replace('_', " "))).collect();
    view! {
        <ActionForm action=update attr:class="grid max-w-xl gap-4">
            <input type="hidden" name="organization" value=move || organization.slug.get() />
            {(!edits).then(|| view! {
                <Alert icon=IconName::Info>"Only owners and admins can change these settings."</Alert>
            })}
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
            <TextField label="Name" name="input[name]" id="name" required=true maxlength=80_u32 disabled=locked value=name on_input=move |text| name.set(text) error=on("name") />
            <TextField
                label="Page URL"
                name="input[slug]"
                id="slug"
                required=true
                spellcheck=false
                maxlength=40_u32
                prefix="/status/".to_owned()
                disabled=locked
                value=slug
                on_input=move |text| slug.set(text)
                hint=Signal::stored(Some("The last five URLs keep redirecting here and stay reserved for you.".to_owned()))
                error=on("slug")
            />
            <TextArea label="Description" name="input[description]" id="description" optional=true rows=2_u32 maxlength=500_u32 disabled=locked value=description on_input=move |text| description.set(text) error=on("description") />
            <SelectField label="Time zone" name="input[time_zone]" id="time-zone" options=Signal::stored(options) disabled=locked value=time_zone on_change=move |zone| time_zone.set(zone) error=on("time_zone") />
            <TextField
                label="Support link"
                name="input[support_url]"
                id="support"
                optional=true
                spellcheck=false
                placeholder="https://example.com/support"
                disabled=locked
                value=support_url
                on_input=move |text| support_url.set(text)
                hint=Signal::stored(Some("Shown at the top of your status page.".to_owned()))
                error=on("support_url")
            />
            <Checkbox label="List in the public directory" name="input[listed]" id="listed" disabled=locked checked=listed on_change=move |on| listed.set(on) />
            <fieldset class="grid min-w-0 gap-3 rounded-lg border border-border p-4 pt-2">
                <legend class="px-1 text-13 font-medium">"Status names"</legend>
                <p class="text-xs text-muted-foreground">
                    "Rename statuses here and on the status page. Leave blank to use the default."
                </p>
                {LABELS.into_iter().map(|(status, sent, refused)| {
                    let text = RwSignal::new(labels.renamed(status).to_owned());
                    view! {
                        <div class="flex items-start gap-2.5">
                            <StatusDot tone=status_tone(status) class="mt-1.5" />
                            <div class="min-w-0 flex-1">
                                <TextField
                                    label=status.label()
                                    name=sent
                                    id=format!("label-{}", status.as_str())
                                    maxlength=40_u32
                                    placeholder=status.label()
                                    disabled=locked
                                    value=text
                                    on_input=move |new| text.set(new)
                                    error=on(refused)
                                />
                            </div>
                        </div>
                    }
                }).collect_view()}
            </fieldset>
            {edits.then(|| view! {
                <div><Button variant=ButtonVariant::Primary submit=true pending=update.pending()>"Save settings"</Button></div>
            })}
        </ActionForm>
    }
}

#[component]
fn Export() -> impl IntoView {
    let organization = Organization::get();
    let file = Signal::derive(move || organization.address("/settings/export.json"));
    view! {
        <section class="grid max-w-xl gap-3 rounded-lg border border-border p-4">
            <h2 class="font-semibold">"Export this organization"</h2>
            <p class="text-13 text-muted-foreground">
                "One file to keep, or to import into another Candor server: settings, services and their full history, incidents, maintenance, templates, teams, members with their email addresses, and the audit log."
            </p>
            <p class="text-13 text-muted-foreground">
                "Not included: passwords, sessions, API tokens, pending invitations and queued email."
            </p>
            <div><LinkButton href=file external=true icon=IconName::Download>"Download export"</LinkButton></div>
        </section>
    }
}

#[component]
fn Delete(name: String) -> impl IntoView {
    let organization = Organization::get();
    let asks = RwSignal::new(false);
    let typed = name.clone();
    let delete = leptos::prelude::Action::new(move |(): &()| {
        delete_organization(organization.slug.get_untracked(), typed.clone())
    });
    let error = Signal::derive(move || delete.value().get().and_then(Result::err).map(|error| error.to_string()));
    Effect::new(move || {
        let next = match delete.value().get() {
            Some(Ok(())) => "/dashboard".to_owned(),
            Some(Err(AppError::ReauthenticationRequired)) => confirmation(&organization.address("/settings")),
            _ => return,
        };
        let _ = window().location().assign(&next);
    });
    view! {
        <section class="grid max-w-xl gap-3 rounded-lg border border-status-red-border p-4">
            <h2 class="font-semibold">"Delete this organization"</h2>
            <p class="text-13 text-muted-foreground">
                "Its status page, services, history, members, teams and audit log will be permanently deleted."
            </p>
            <div><Button variant=ButtonVariant::Destructive on:click=move |_| asks.set(true)>"Delete organization"</Button></div>
            <ConfirmDialog
                open=asks
                title=format!("Delete {name}?")
                message="This permanently deletes the organization and everything in it. It can’t be undone."
                confirm_label="Delete organization"
                destructive=true
                pending=delete.pending()
                error
                type_to_confirm=name
                on_confirm=move |()| { delete.dispatch(()); }
            />
        </section>
    }
}
