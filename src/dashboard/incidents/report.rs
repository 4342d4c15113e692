//! `/dashboard/{organization}/incidents/new`: what is affected, then what is known.

use super::{
    keep_last_value,
    message::{MessageField, sends, waits},
    services::{ServicePicker, name_of},
    templates::{TemplateMenu, filled, impact_choices, status_choices},
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        states::keep_last_good,
    },
    domain::{
        error::{AppError, Result},
        ids::ServiceId,
        incident::{IncidentStatus, MAX_TITLE_LENGTH, NewIncident, ServiceImpact, Template},
        live::Topic,
        role::Action,
        service::ServiceList,
        status::{Impact, ServiceStatus},
    },
    rpc::{
        incidents::{list_templates, report_incident},
        services::list_services,
    },
    ui::*,
};
use leptos::{ev, prelude::*};
use leptos_router::hooks::{use_navigate, use_query_map};

const FIELDS: &[&str] = &["title", "impact", "status", "body", "services", "started_at", "resolved_at"];

/// What an incident begins with; it is resolved by an update, or by its end in the past.
const FIRST: &[IncidentStatus] =
    &[IncidentStatus::Investigating, IncidentStatus::Identified, IncidentStatus::Monitoring];

/// What somebody is about to report.
#[derive(Debug, Clone, Copy)]
struct Draft {
    services: RwSignal<Vec<(ServiceId, ServiceStatus)>>,
    title: RwSignal<String>,
    impact: RwSignal<String>,
    status: RwSignal<String>,
    body: RwSignal<String>,
    past: RwSignal<bool>,
    started: RwSignal<String>,
    resolved: RwSignal<String>,
}

impl Draft {
    fn begin(service: Option<ServiceId>) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            services: RwSignal::new(service.map(|id| (id, ServiceStatus::PartialOutage)).into_iter().collect()),
            title: text(),
            impact: text(),
            status: RwSignal::new(IncidentStatus::Investigating.as_str().to_owned()),
            body: text(),
            past: RwSignal::new(false),
            started: text(),
            resolved: text(),
        }
    }

    fn input(self) -> Result<NewIncident> {
        let (mut started_at, mut resolved_at) = (String::new(), String::new());
        if self.past.get_untracked() {
            (started_at, resolved_at) = (self.started.get_untracked(), self.resolved.get_untracked());
            // The server would take it for now.
            if started_at.is_empty() {
                return Err(AppError::field("started_at", "Enter the date and time it started."));
            }
        }
        let say = |(service_id, status)| ServiceImpact { service_id, status: Some(status) };
        Ok(NewIncident {
            title: self.title.get_untracked(),
            impact: self.impact.get_untracked(),
            status: self.status.get_untracked(),
            body: self.body.get_untracked(),
            services: self.services.get_untracked().into_iter().map(say).collect(),
            started_at,
            resolved_at,
        })
    }
}

/// A title from what is affected: `Payments API: partial outage`.
fn suggestion(names: &[String], label: &str) -> Option<String> {
    let names = match names {
        [] => return None,
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, more @ ..] => format!("{one}, {other} and {} more", more.len()),
    };
    let title = format!("{names}: {}", label.to_lowercase());
    (title.chars().count() <= MAX_TITLE_LENGTH).then_some(title)
}

/// The screen.
#[component]
pub fn ReportScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let read = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Incidents)),
        |(slug, ..)| async move { Ok::<_, AppError>((list_services(slug.clone()).await?, list_templates(slug).await?)) },
    );
    let service = use_query_map().with_untracked(|query| query.get("service")).and_then(|id| id.parse().ok());
    let draft = Draft::begin(service);
    view! {
        <ScreenHead title="Report incident">
            <LinkButton href=Signal::derive(move || organization.address("/incidents/templates")) icon=IconName::Copy>"Templates"</LinkButton>
        </ScreenHead>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            {keep_last_good(
                keep_last_value(move || read.get(), |_: &(ServiceList, Vec<Template>)| true),
                || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
                move |known| view! { <Form known draft /> }.into_any(),
            )}
        </Transition>
    }
}

#[component]
fn Form(known: Signal<(ServiceList, Vec<Template>)>, draft: Draft) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let services: Signal<ServiceList> = Memo::new(move |_| known.read().0.clone()).into();
    let templates = Signal::from(Memo::new(move |_| known.read().1.clone()));
    // An address can name a service that is not there, or that somebody else reports about.
    let begun_with = {
        let (list, frame) = (services.get_untracked(), organization.frame.get_untracked());
        let reach = frame.reach(Action::ReportIncidents);
        let may = |id: &ServiceId| {
            list.services.iter().any(|service| {
                service.id == *id && reach.as_ref().is_some_and(|reach| reach.includes(service.team_id.as_ref()))
            })
        };
        draft.services.update(|all| all.retain(|(id, _)| may(id)));
        draft.services.with_untracked(|all| !all.is_empty())
    };
    let worst = Memo::new(move |_| draft.services.read().iter().map(|(_, status)| *status).max());
    let derived = Memo::new(move |_| worst.get().map_or(Impact::None, Impact::of));
    let impacts =
        Signal::derive(move || impact_choices(format!("Automatic ({})", derived.get().label().to_lowercase())));
    let suggested = Memo::new(move |_| {
        let list = services.read();
        let names: Vec<String> = draft.services.read().iter().filter_map(|(id, _)| name_of(&list, id)).collect();
        let worst = worst.get().filter(|worst| *worst != ServiceStatus::Operational)?;
        suggestion(&names, &organization.label(worst)).filter(|_| draft.title.read().trim().is_empty())
    });
    let report = leptos::prelude::Action::new(move |input: &Result<NewIncident>| {
        let (slug, input) = (organization.slug.get_untracked(), input.clone());
        async move { report_incident(slug, input?).await }
    });
    let pending = report.pending();
    let navigate = use_navigate();
    Effect::new(move || {
        if let Some(Ok(id)) = report.value().get() {
            toasts.success("Incident reported");
            live.refresh();
            navigate(&organization.address(&format!("/incidents/{id}")), Default::default());
        }
    });
    let error = move || report.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error| error.on(field)));
    let submit = move || {
        if !pending.get_untracked() {
            report.dispatch(draft.input());
        }
    };
    let use_template = move |template: Template| {
        let Draft { services: said, title, body, status, impact, .. } = draft;
        let (new_title, new_body) =
            filled(&template, &services.read_untracked(), &said.get_untracked(), &organization.frame.read_untracked());
        let before = [title, body, status, impact].map(|signal| (signal, signal.get_untracked()));
        if !new_title.is_empty() {
            title.set(new_title);
        }
        body.set(new_body);
        if FIRST.contains(&template.status) {
            status.set(template.status.as_str().to_owned());
        }
        impact.set(template.impact.map(|impact| impact.as_str().to_owned()).unwrap_or_default());
        toasts.with_action(format!("Filled in from {}", template.name), "Undo", move || {
            for (signal, text) in &before {
                signal.try_set(text.clone());
            }
        });
    };
    view! {
        <form
            class="grid max-w-6xl items-start gap-x-8 gap-y-6 p-4 lg:grid-cols-2"
            aria-label="Report incident"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                submit();
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    submit();
                }
            }
        >
            <section class="grid min-w-0 gap-3" aria-labelledby="what-is-affected">
                <h2 id="what-is-affected" class="font-semibold">"1. What is affected?"</h2>
                <ServicePicker services chosen=draft.services error=on("services") autofocus=!begun_with />
            </section>
            <section class="grid min-w-0 gap-4" aria-labelledby="what-is-known">
                <div class="flex flex-wrap items-center justify-between gap-2">
                    <h2 id="what-is-known" class="font-semibold">"2. What do you know?"</h2>
                    <TemplateMenu templates on_select=use_template />
                </div>
                <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
                <div class="grid gap-1.5">
                    <TextField
                        label="Title"
                        name="title"
                        id="incident-title"
                        maxlength=200_u32
                        autofocus=begun_with
                        placeholder="Elevated error rates on payments"
                        value=draft.title
                        on_input=move |text| draft.title.set(text)
                        error=on("title")
                    />
                    {move || suggested.get().map(|title| {
                        let words = format!("Use “{title}”");
                        view! {
                            <Button size=ButtonSize::Small class="max-w-full justify-self-start" on:click=move |_| draft.title.set(title.clone())>
                                <span class="min-w-0 truncate">{words}</span>
                            </Button>
                        }
                    })}
                </div>
                <div class="grid gap-4 sm:grid-cols-2">
                    <SelectField
                        label="Status"
                        name="status"
                        id="incident-status"
                        options=Signal::stored(status_choices(FIRST))
                        value=draft.status
                        on_change=move |word| draft.status.set(word)
                        error=on("status")
                    />
                    <SelectField
                        label="Impact"
                        name="impact"
                        id="incident-impact"
                        options=impacts
                        value=draft.impact
                        on_change=move |word| draft.impact.set(word)
                        error=on("impact")
                    />
                </div>
                <MessageField
                    label="Message"
                    id="incident-body"
                    value=draft.body
                    rows=5
                    error=on("body")
                    hint=Signal::stored(Some("What customers notice, what you’re doing, and when you’ll post next.".to_owned()))
                />
                <Past draft started=on("started_at") resolved=on("resolved_at") />
                <div class="flex flex-wrap items-center gap-2">
                    <Button variant=ButtonVariant::Primary submit=true pending disabled=waits() class="max-sm:w-full">"Report incident"</Button>
                    <LinkButton href=Signal::derive(move || organization.address("/incidents")) class="max-sm:w-full">"Cancel"</LinkButton>
                    <span class="ml-1 text-xs text-muted-foreground pointer-coarse:hidden"><Kbd>"⌘↵"</Kbd>" or "<Kbd>"Ctrl+Enter"</Kbd>" to submit"</span>
                </div>
            </section>
        </form>
    }
}

/// When it was, if it is reported afterwards.
#[component]
fn Past(draft: Draft, started: Signal<Option<String>>, resolved: Signal<Option<String>>) -> impl IntoView {
    let zone = Organization::get().frame.read_untracked().time_zone.clone();
    view! {
        <div class="grid gap-3">
            <Checkbox
                label="This incident already happened"
                name="past"
                id="incident-past"
                checked=draft.past
                on_change=move |past| draft.past.set(past)
                hint=Signal::stored(Some("Status history and uptime will be updated to match.".to_owned()))
            />
            <Show when=move || draft.past.get()>
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextField label=format!("Started ({zone})") name="started_at" id="incident-started" kind="datetime-local" value=draft.started on_input=move |text| draft.started.set(text) error=started />
                    <TextField
                        label=format!("Ended ({zone})")
                        name="resolved_at"
                        id="incident-resolved"
                        kind="datetime-local"
                        optional=true
                        value=draft.resolved
                        on_input=move |text| draft.resolved.set(text)
                        error=resolved
                        hint=Signal::stored(Some("Leave blank if it’s still ongoing.".to_owned()))
                    />
                </div>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sent_as_they_are_typed_and_only_of_the_past() {
        Owner::new().with(|| {
            let draft = Draft::begin(None);
            let times = || draft.input().map(|input| (input.started_at, input.resolved_at));
            draft.resolved.set("2026-11-21T15:00".to_owned());
            assert_eq!(times(), Ok((String::new(), String::new())));
            draft.past.set(true);
            assert!(times().is_err_and(|error| error.on("started_at").is_some()));
            draft.started.set("2026-11-21T14:00".to_owned());
            assert_eq!(times(), Ok(("2026-11-21T14:00".to_owned(), "2026-11-21T15:00".to_owned())));
        });
    }

    #[test]
    fn titles_are_suggested_from_what_is_affected() {
        let names = ["Payments API", "Webhooks", "Mail", "Search"].map(str::to_owned);
        let title = |many: usize| suggestion(&names[..many], "Partial outage");
        assert_eq!(title(0), None);
        assert_eq!(title(1).as_deref(), Some("Payments API: partial outage"));
        assert_eq!(title(2).as_deref(), Some("Payments API and Webhooks: partial outage"));
        assert_eq!(title(4).as_deref(), Some("Payments API, Webhooks and 2 more: partial outage"));
        assert_eq!(suggestion(&["x".repeat(MAX_TITLE_LENGTH)], "Major outage"), None);
    }
}
