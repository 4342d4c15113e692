//! `/dashboard/{organization}/settings`: the organization itself, and its end.

use crate::{
    api::organizations::{UpdateOrganization, delete_organization, frame, read_settings, time_zones},
    dashboard::{
        frame::{Organization, ScreenHead},
        states::failed,
    },
    domain::{
        error::AppError,
        organization::OrganizationSettings,
        role::{Action, Role},
    },
    ui::*,
};
use leptos::{form::ActionForm, prelude::*};

const FIELDS: &[&str] = &["name", "slug", "description", "time_zone", "support_url"];

/// The screen.
#[component]
pub fn SettingsScreen() -> impl IntoView {
    let organization = Organization::get();
    let read = Resource::new(
        move || organization.slug.get(),
        |slug| async move {
            // What one may do comes with the data, so that the server and the browser make the same form.
            let role = frame(slug.clone()).await?.organization.role;
            Ok::<_, AppError>((read_settings(slug).await?, time_zones().await?, role))
        },
    );
    let edits = organization.may(Action::EditOrganization);
    view! {
        <ScreenHead title="Settings">
            {move || edits.get().then(|| view! {
                <LinkButton href=Signal::derive(move || organization.address("/audit")) icon=IconName::History>"Audit log"</LinkButton>
            })}
        </ScreenHead>
        <Suspense fallback=|| view! { <div class="p-4"><SkeletonRows n=6 /></div> }>
            {move || read.get().map(|read| match read {
                Ok((settings, zones, role)) => view! { <Body settings zones role /> }.into_any(),
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
            {role.may(Action::OwnOrganization).then(|| view! { <Delete name /> })}
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
            toasts.success("Saved");
        }
    });
    let OrganizationSettings { name, slug, description, time_zone, support_url, listed } = settings;
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
                <Alert icon=IconName::Info>"Only an owner or admin of the organization can change this."</Alert>
            })}
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
            <TextField label="Name" name="input[name]" id="name" required=true maxlength=80_u32 disabled=locked value=name on_input=move |text| name.set(text) error=on("name") />
            <TextField
                label="Address of the page"
                name="input[slug]"
                id="slug"
                required=true
                spellcheck=false
                maxlength=40_u32
                prefix="/status/".to_owned()
                disabled=locked
                value=slug
                on_input=move |text| slug.set(text)
                hint=Signal::stored(Some("The old address goes on leading to the page, and nobody else can have it.".to_owned()))
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
                hint=Signal::stored(Some("Visitors find it at the top of the status page.".to_owned()))
                error=on("support_url")
            />
            <Checkbox label="List it in the directory" name="input[listed]" id="listed" disabled=locked checked=listed on_change=move |on| listed.set(on) />
            {edits.then(|| view! {
                <div><Button variant=ButtonVariant::Primary submit=true pending=update.pending()>"Save settings"</Button></div>
            })}
        </ActionForm>
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
        if let Some(Ok(())) = delete.value().get() {
            let _ = window().location().assign("/dashboard");
        }
    });
    view! {
        <section class="grid max-w-xl gap-3 rounded-lg border border-status-red-border p-4">
            <h2 class="font-semibold">"Delete this organization"</h2>
            <p class="text-13 text-muted-foreground">
                "Its status page, services, history, members, teams and audit log are gone for good."
            </p>
            <div><Button variant=ButtonVariant::Destructive on:click=move |_| asks.set(true)>"Delete organization"</Button></div>
            <ConfirmDialog
                open=asks
                title=format!("Delete {name}?")
                message="Everything of this organization is deleted at once, and nobody can bring it back."
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
