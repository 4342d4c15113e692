//! `/dashboard/new`: the first organization, or another one: by an invitation, or made here.

use super::states::failed;
use crate::rpc::resource;
use crate::{
    domain::{
        error::AppError,
        member::{OpenInvitation, PendingInvitations},
        organization::suggest_slug,
    },
    rpc::{
        members::{AcceptOpenInvitation, open_invitations},
        organizations::{CreateOrganization as Create, check_slug, time_zones},
    },
    ui::*,
};
use leptos::{prelude::*, wasm_bindgen::JsValue};
use std::time::Duration;

/// The zone that the browser lives in.
fn zone_of_the_browser() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::default().resolved_options();
    js_sys::Reflect::get(&options, &JsValue::from_str("timeZone")).ok().and_then(|zone| zone.as_string())
}

/// Invitations to accept, if there are any, above name, address, time zone.
#[component]
pub fn CreateOrganization() -> impl IntoView {
    let read = resource(|| (), |()| async move { Ok::<_, AppError>((open_invitations().await?, time_zones().await?)) });
    view! {
        <PageTitle text="New organization" />
        <main class="mx-auto flex min-h-dvh w-full max-w-[440px] flex-col justify-center gap-6 px-5 py-10">
            <Suspense fallback=|| view! { <SkeletonRows n=5 /> }>
                {move || read.get().map(|read| match read {
                    Ok((offers, zones)) => view! { <Body offers zones /> }.into_any(),
                    Err(error) => failed(error),
                })}
            </Suspense>
            <p class="text-13 text-muted-foreground">
                <a rel="external" href="/" class="underline underline-offset-4">"All status pages"</a>
            </p>
        </main>
    }
}

#[component]
fn Body(offers: PendingInvitations, zones: Vec<String>) -> impl IntoView {
    let PendingInvitations { verified, invitations } = offers;
    let accept = ServerAction::<AcceptOpenInvitation>::new();
    // Said here, because the invitation that was refused may be the last one, and gone.
    let refused = Signal::derive(move || accept.value().get().and_then(Result::err).map(|error| error.to_string()));
    let head = if invitations.is_empty() {
        view! {
            <header class="flex flex-col gap-1">
                <h1 class="text-xl font-semibold tracking-tight">"Create your organization"</h1>
                <p class="text-13 text-muted-foreground">"You get a status page right away. Next, add your services."</p>
            </header>
        }
        .into_any()
    } else {
        view! {
            <h1 class="text-xl font-semibold tracking-tight">"Join an organization"</h1>
            <Card title="You’ve been invited" flush=true>
                <ul class="divide-y divide-border text-13" role="list">
                    {invitations.into_iter().map(|invitation| view! { <InvitationRow invitation accept /> }).collect_view()}
                </ul>
            </Card>
            <h2 class="text-sm font-semibold tracking-tight">"Or create your own organization"</h2>
        }
        .into_any()
    };
    view! {
        <FormError message=refused />
        {head}
        <CreateForm zones />
        {(!verified).then(|| view! {
            <p class="text-13 text-muted-foreground">
                "Have you been invited? Open the link in the email, or "
                <a rel="external" href="/account" class="underline underline-offset-4">"verify your address"</a>
                " to see invitations here."
            </p>
        })}
    }
}

/// An invitation with a form of its own, which works without a script.
#[component]
fn InvitationRow(invitation: OpenInvitation, accept: ServerAction<AcceptOpenInvitation>) -> impl IntoView {
    let OpenInvitation { id, organization, role, invited_by, expires_at } = invitation;
    let note = format!("{} · invited by {invited_by} · expires {}", role.label(), expires_at.in_words());
    let words = format!("Join {organization}");
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
            <span class="flex min-w-0 flex-col">
                <span class="font-medium wrap-anywhere">{organization}</span>
                <span class="text-xs text-muted-foreground">{note}</span>
            </span>
            <ActionForm action=accept attr:class="flex max-w-full">
                <input type="hidden" name="id" value=id.to_string() />
                <Button submit=true pending=accept.pending() class="max-w-full">
                    <span class="min-w-0 truncate">{words}</span>
                </Button>
            </ActionForm>
        </li>
    }
}

#[component]
fn CreateForm(zones: Vec<String>) -> impl IntoView {
    let create = ServerAction::<Create>::new();
    let (name, slug, zone) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new("UTC".to_owned()));
    let slug_is_typed = RwSignal::new(false);
    let check = Action::new(|text: &String| check_slug(text.clone()));
    // Asks once typing pauses.
    let mut ask = leptos::leptos_dom::helpers::debounce(Duration::from_millis(250), move |text: String| {
        if !text.is_empty() {
            check.dispatch(text);
        }
    });
    Effect::new(move || ask(slug.get()));
    let known_zones = zones.clone();
    Effect::new(move || {
        if let Some(found) = zone_of_the_browser().filter(|found| known_zones.contains(found)) {
            zone.set(found);
        }
    });
    let refused = move |field: &'static str| {
        Signal::derive(move || create.value().get().and_then(Result::err).and_then(|error| error.on(field)))
    };
    let slug_refused = refused("slug");
    let checked = move || check.value().get().and_then(Result::ok).filter(|check| check.slug == slug.get());
    let slug_error = Signal::derive(move || match checked() {
        Some(check) => check.problem,
        None => slug_refused.get(),
    });
    let suggestion = move || checked().and_then(|check| check.suggestion);
    let hint = Signal::derive(move || {
        Some(match checked() {
            Some(check) if check.problem.is_none() => "Available".to_owned(),
            _ => "Lowercase letters, numbers and hyphens.".to_owned(),
        })
    });
    let beside = Signal::derive(move || {
        create.value().get().and_then(Result::err).and_then(|error| error.beside(&["name", "slug", "time_zone"]))
    });
    let options: Vec<(String, String)> = zones.into_iter().map(|zone| (zone.clone(), zone.replace('_', " "))).collect();
    view! {
        <ActionForm action=create attr:class="flex flex-col gap-4">
            <FormError message=beside />
            <TextField
                label="Name"
                name="input[name]"
                id="name"
                required=true
                maxlength=80_u32
                autocomplete="organization"
                value=name
                on_input=move |text: String| {
                    if !slug_is_typed.get_untracked() {
                        slug.set(suggest_slug(&text));
                    }
                    name.set(text);
                }
                error=refused("name")
            />
            <TextField
                label="Page URL"
                name="input[slug]"
                id="slug"
                required=true
                spellcheck=false
                maxlength=40_u32
                prefix="/status/".to_owned()
                value=slug
                on_input=move |text: String| {
                    slug_is_typed.set(!text.is_empty());
                    slug.set(text);
                }
                error=slug_error
                hint
            />
            {move || suggestion().map(|free| {
                let words = format!("Use “{free}”");
                view! {
                    <Button size=ButtonSize::Small class="self-start" on:click=move |_| {
                        slug_is_typed.set(true);
                        slug.set(free.clone());
                    }>{words}</Button>
                }
            })}
            <SelectField
                label="Time zone"
                name="input[time_zone]"
                id="time-zone"
                options=Signal::stored(options)
                value=zone
                on_change=move |text| zone.set(text)
                error=refused("time_zone")
                hint=Signal::stored(Some("Used for dates on your status page.".to_owned()))
            />
            <Checkbox
                label="List in the public directory"
                name="input[listed]"
                id="listed"
                checked=Signal::stored(true)
                hint=Signal::stored(Some("Shows your page on this server’s home page.".to_owned()))
            />
            <Button variant=ButtonVariant::Primary submit=true pending=create.pending()>"Create organization"</Button>
        </ActionForm>
    }
}
