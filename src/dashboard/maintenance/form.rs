//! `/dashboard/{organization}/maintenance/new`, and the form that it shares with editing.

use super::marks::RULES;
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        incidents::{MessageField, ServiceSearch, keep_last_value, name_of, sends, waits},
        live::use_live,
        states::keep_last_good,
    },
    domain::{
        calendar::{LocalWindow, day},
        error::{AppError, Result},
        ids::ServiceId,
        live::Topic,
        maintenance::{Maintenance, MaintenanceInput},
        role::Action,
        service::ServiceList,
    },
    rpc::{
        maintenance::{schedule_maintenance, window_end},
        services::list_services,
    },
    ui::*,
};
use chrono::NaiveDate;
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::hooks::{use_navigate, use_query_map};

const FIELDS: &[&str] = &["title", "body", "services", "starts_at", "ends_at", "repeat"];

/// The word for a rule of one's own.
const CUSTOM: &str = "custom";

/// Lengths that fill in the end, in minutes.
const LENGTHS: &[(i64, &str)] = &[(30, "30 min"), (60, "1 h"), (120, "2 h"), (240, "4 h")];

/// What somebody types about a maintenance.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    /// Its services.
    pub services: RwSignal<Vec<ServiceId>>,
    title: RwSignal<String>,
    body: RwSignal<String>,
    starts_at: RwSignal<String>,
    ends_at: RwSignal<String>,
    by_hand: RwSignal<bool>,
    repeat: RwSignal<String>,
    rule: RwSignal<String>,
}

impl Draft {
    /// One for something new: of a service, in the night of a day, if the address names them.
    fn begin(service: Option<ServiceId>, day: Option<NaiveDate>) -> Self {
        let at = |hour: &str| RwSignal::new(day.map(|day| format!("{day}T{hour}")).unwrap_or_default());
        Self {
            services: RwSignal::new(service.into_iter().collect()),
            title: RwSignal::new(String::new()),
            body: RwSignal::new(String::new()),
            starts_at: at("22:00"),
            ends_at: at("23:00"),
            by_hand: RwSignal::new(false),
            repeat: RwSignal::new(String::new()),
            rule: RwSignal::new(String::new()),
        }
    }

    /// What is so now. The message begins empty: what is written there is told as news.
    pub fn of(maintenance: &Maintenance, window: &LocalWindow) -> Self {
        let draft = Self::begin(None, None);
        draft.services.set(maintenance.services.iter().map(|service| service.service_id.clone()).collect());
        draft.title.set(maintenance.title.clone());
        draft.starts_at.set(window.starts_at.clone());
        draft.ends_at.set(window.ends_at.clone());
        draft.by_hand.set(!maintenance.automatic);
        draft
    }

    /// What is sent.
    ///
    /// # Errors
    /// [`AppError::Invalid`] when a rule of one's own is missing: the server would take it for once.
    pub fn input(self, seen: Option<i64>) -> Result<MaintenanceInput> {
        let chosen = self.repeat.get_untracked();
        let repeat = if chosen == CUSTOM { self.rule.get_untracked() } else { chosen.clone() };
        if chosen == CUSTOM && repeat.trim().is_empty() {
            return Err(AppError::field("repeat", "Enter a rule, for example FREQ=WEEKLY;BYDAY=TU,TH."));
        }
        Ok(MaintenanceInput {
            title: self.title.get_untracked(),
            body: self.body.get_untracked(),
            starts_at: self.starts_at.get_untracked(),
            ends_at: self.ends_at.get_untracked(),
            services: self.services.get_untracked(),
            by_hand: self.by_hand.get_untracked(),
            repeat,
            seen,
        })
    }
}

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something new.
    Schedule,
    /// A change of what has not begun.
    Change,
    /// A change of what goes on, which keeps its beginning.
    ChangeBegun,
}

/// The screen.
#[component]
pub fn ScheduleScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let services = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Members)),
        |(slug, ..)| list_services(slug),
    );
    let (service, date) = use_query_map().with_untracked(|query| {
        (query.get_str("service").and_then(|id| id.parse().ok()), query.get_str("day").and_then(day))
    });
    let draft = Draft::begin(service, date);
    view! {
        <ScreenHead title="Schedule maintenance" />
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            {keep_last_good(
                keep_last_value(move || services.get(), |_: &ServiceList| true),
                || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
                move |services| view! { <ScheduleForm services draft /> }.into_any(),
            )}
        </Transition>
    }
}

#[component]
fn ScheduleForm(services: Signal<ServiceList>, draft: Draft) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    // An address can name a service that is not there, or that somebody else schedules for.
    {
        let (list, frame) = (services.get_untracked(), organization.frame.get_untracked());
        let reach = frame.reach(Action::ReportIncidents);
        let may = |id: &ServiceId| {
            list.services.iter().any(|service| {
                service.id == *id && reach.as_ref().is_some_and(|reach| reach.includes(service.team_id.as_ref()))
            })
        };
        draft.services.update(|all| all.retain(may));
    }
    let schedule = leptos::prelude::Action::new(move |input: &Result<MaintenanceInput>| {
        let (slug, input) = (organization.slug.get_untracked(), input.clone());
        async move { schedule_maintenance(slug, input?).await }
    });
    let pending = schedule.pending();
    let navigate = use_navigate();
    Effect::new(move || {
        if let Some(Ok(id)) = schedule.value().get() {
            toasts.success("Maintenance scheduled");
            live.refresh();
            navigate(&untrack(|| organization.address(&format!("/maintenance/{id}"))), Default::default());
        }
    });
    let error = Signal::derive(move || schedule.value().get().and_then(Result::err));
    let submit = move |()| {
        if !pending.get_untracked() {
            schedule.dispatch(draft.input(None));
        }
    };
    view! {
        <WindowForm
            services
            draft
            purpose=Purpose::Schedule
            error
            pending
            back=Signal::derive(move || organization.address("/maintenance"))
            on_submit=submit
        />
    }
}

/// Everything that is typed about a maintenance.
#[component]
pub fn WindowForm(
    /// Everything there is.
    services: Signal<ServiceList>,
    /// What is typed.
    draft: Draft,
    /// What it is for.
    purpose: Purpose,
    /// Why it was refused, if it was.
    error: Signal<Option<AppError>>,
    /// The answer is awaited.
    #[prop(into)]
    pending: Signal<bool>,
    /// Where it goes without a change.
    back: Signal<String>,
    /// Sends it.
    #[prop(into)]
    on_submit: Callback<()>,
    /// What stands above the fields.
    #[prop(optional, into)]
    notice: ViewFn,
) -> impl IntoView {
    let (is_new, begun) = (purpose == Purpose::Schedule, purpose == Purpose::ChangeBegun);
    let (words, name) = if is_new {
        ("Schedule maintenance", "Schedule maintenance")
    } else {
        ("Save maintenance", "Edit maintenance")
    };
    let on = move |field: &'static str| Signal::derive(move || error.get().and_then(|error| error.on(field)));
    // A conflict is the notice's to tell.
    let beside = Signal::derive(move || {
        let error = error.get().filter(|error| is_new || !matches!(error, AppError::Conflict(_)));
        error.and_then(|error| error.beside(FIELDS))
    });
    let (label, hint) = if is_new {
        ("Message", "What customers will notice and what they can do. Optional.")
    } else {
        ("Message about the change", "Posted as an update. Optional.")
    };
    view! {
        <form
            class="grid max-w-6xl items-start gap-x-8 gap-y-6 p-4 lg:grid-cols-2"
            aria-label=name
            // What is wrong with a field is said beside it, in our words.
            novalidate=true
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                on_submit.run(());
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    on_submit.run(());
                }
            }
        >
            <section class="grid min-w-0 gap-4" aria-labelledby="what-is-done">
                <h2 id="what-is-done" class="font-semibold">"1. What are you doing?"</h2>
                <TextField
                    label="Title"
                    name="title"
                    id="maintenance-title"
                    maxlength=200_u32
                    autofocus=true
                    placeholder="Database upgrade"
                    value=draft.title
                    on_input=move |text| draft.title.set(text)
                    error=on("title")
                />
                <Services services chosen=draft.services error=on("services") />
                <MessageField label id="maintenance-body" value=draft.body rows=4 error=on("body") hint=Signal::stored(Some(hint.to_owned())) />
            </section>
            <section class="grid min-w-0 gap-4" aria-labelledby="when-it-is-done">
                <h2 id="when-it-is-done" class="font-semibold">"2. When?"</h2>
                <Window draft begun error />
                {is_new.then(|| view! { <Repeat draft error=on("repeat") /> })}
                <Switch
                    label="Start and complete manually"
                    name="by_hand"
                    id="maintenance-by-hand"
                    checked=draft.by_hand
                    on_change=move |by_hand| draft.by_hand.set(by_hand)
                    hint=Signal::stored(Some("Otherwise it starts and ends automatically.".to_owned()))
                />
            </section>
            <div class="grid min-w-0 gap-3 lg:col-span-2">
                <FormError message=beside />
                {notice.run()}
                <div class="flex flex-wrap items-center gap-2">
                    <Button variant=ButtonVariant::Primary submit=true pending disabled=waits() class="max-sm:w-full">{words}</Button>
                    <LinkButton href=back class="max-sm:w-full">"Cancel"</LinkButton>
                    <span class="ml-1 text-xs text-muted-foreground pointer-coarse:hidden"><Kbd>"⌘↵"</Kbd>" or "<Kbd>"Ctrl+Enter"</Kbd>" to submit"</span>
                </div>
            </div>
        </form>
    }
}

/// The services that are under maintenance meanwhile.
#[component]
fn Services(
    services: Signal<ServiceList>,
    chosen: RwSignal<Vec<ServiceId>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let pick = move |id: ServiceId| {
        chosen.update(|all| match all.iter().position(|other| *other == id) {
            Some(place) => {
                all.remove(place);
            }
            None => all.push(id),
        });
    };
    view! {
        <fieldset class="grid min-w-0 gap-2">
            <legend class="mb-1.5 text-13 font-medium">"Services"</legend>
            <ServiceSearch id="maintenance-services" label="Search services" services chosen on_pick=pick />
            <Show
                when=move || !chosen.read().is_empty()
                fallback=|| view! { <p class="text-13 text-muted-foreground">"Selected services show as “Under maintenance” during the window."</p> }
            >
                <ul class="flex flex-wrap gap-2" role="list" aria-label="Selected services">
                    <For each=move || chosen.get() key=|id| id.clone() let:id>
                        <Chosen id services chosen />
                    </For>
                </ul>
            </Show>
            <div role="alert" class="empty:hidden">
                {move || error.get().map(|text| view! { <p class="text-xs font-medium text-status-red-text">{text}</p> })}
            </div>
        </fieldset>
    }
}

#[component]
fn Chosen(id: ServiceId, services: Signal<ServiceList>, chosen: RwSignal<Vec<ServiceId>>) -> impl IntoView {
    let id = StoredValue::new(id);
    let name = Signal::derive(move || id.with_value(|id| name_of(&services.read(), id)).unwrap_or_default());
    let remove = move |_| chosen.update(|all| all.retain(|other| id.with_value(|id| other != id)));
    view! {
        <li class="inline-flex min-w-0 items-center gap-1 rounded-md border border-border bg-muted pl-2.5 text-13">
            <span class="min-w-0 wrap-anywhere">{move || name.get()}</span>
            <IconButton label=Signal::derive(move || format!("Remove {}", name.get())) icon=IconName::X size=ButtonSize::Small on:click=remove />
        </li>
    }
}

/// Beginning and end by the clock of the organization.
#[component]
fn Window(draft: Draft, begun: bool, error: Signal<Option<AppError>>) -> impl IntoView {
    let organization = Organization::get();
    let zone = organization.frame.read_untracked().time_zone.clone();
    // What was wrong when a length was asked for.
    let refused = RwSignal::new(None::<AppError>);
    let on = move |field: &'static str| {
        Signal::derive(move || {
            let of_length = refused.read().as_ref().and_then(|error| error.on(field));
            of_length.or_else(|| error.read().as_ref().and_then(|error| error.on(field)))
        })
    };
    // The server says where the end is: on some days an hour is left out, or comes twice.
    let fill = move |minutes: i64| {
        let (slug, starts_at) = (organization.slug.get_untracked(), draft.starts_at.get_untracked());
        spawn_local(async move {
            match window_end(slug, starts_at, minutes).await {
                Ok(end) => {
                    draft.ends_at.try_set(end);
                    refused.try_set(None);
                }
                Err(error) => {
                    refused.try_set(Some(error));
                }
            }
        });
    };
    let begins_hint = Signal::stored(begun.then(|| "Already started; the start time can’t be changed.".to_owned()));
    view! {
        <div class="grid gap-3">
            <FormError message=Signal::derive(move || refused.read().as_ref().and_then(|error| error.beside(FIELDS))) />
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=format!("Starts ({zone})")
                    name="starts_at"
                    id="maintenance-starts"
                    kind="datetime-local"
                    value=draft.starts_at
                    on_input=move |text| { refused.set(None); draft.starts_at.set(text) }
                    disabled=Signal::stored(begun)
                    hint=begins_hint
                    error=on("starts_at")
                />
                <TextField
                    label=format!("Ends ({zone})")
                    name="ends_at"
                    id="maintenance-ends"
                    kind="datetime-local"
                    value=draft.ends_at
                    on_input=move |text| { refused.set(None); draft.ends_at.set(text) }
                    error=on("ends_at")
                />
            </div>
            <div class="flex flex-wrap items-center gap-1.5" role="group" aria-label="Duration">
                {LENGTHS.iter().map(|(minutes, words)| view! {
                    <Button size=ButtonSize::Small on:click=move |_| fill(*minutes)>{*words}</Button>
                }).collect_view()}
            </div>
        </div>
    }
}

/// Once, or again and again.
#[component]
fn Repeat(draft: Draft, error: Signal<Option<String>>) -> impl IntoView {
    let mut options = vec![(String::new(), "Once".to_owned())];
    options.extend(RULES.iter().map(|(word, label, _)| ((*word).to_owned(), (*label).to_owned())));
    options.push((CUSTOM.to_owned(), "Custom rule".to_owned()));
    let own = Memo::new(move |_| draft.repeat.read().as_str() == CUSTOM);
    let repeats = Memo::new(move |_| !draft.repeat.read().is_empty());
    let hint = Signal::derive(move || {
        repeats.get().then(|| "Windows are created three months ahead. You can change or cancel each one.".to_owned())
    });
    let of_choice = Signal::derive(move || error.get().filter(|_| !own.get()));
    view! {
        <div class="grid gap-4">
            <SelectField
                label="Repeat"
                name="repeat"
                id="maintenance-repeat"
                options=Signal::stored(options)
                value=draft.repeat
                on_change=move |word| draft.repeat.set(word)
                hint
                error=of_choice
            />
            <Show when=move || own.get()>
                <TextField
                    label="Rule"
                    name="rule"
                    id="maintenance-rule"
                    maxlength=300_u32
                    spellcheck=false
                    placeholder="FREQ=WEEKLY;BYDAY=TU,TH"
                    value=draft.rule
                    on_input=move |text| draft.rule.set(text)
                    hint=Signal::stored(Some("RFC 5545 syntax. The first window is the one above.".to_owned()))
                    error
                />
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{ID_LENGTH, MaintenanceId};
    use crate::domain::maintenance::{MaintainedService, MaintenanceStatus};

    #[test]
    fn a_day_of_the_calendar_is_the_night_of_it() {
        Owner::new().with(|| {
            let input = Draft::begin(None, day("2026-11-21")).input(None);
            let window = input.map(|input| (input.starts_at, input.ends_at));
            assert_eq!(window, Ok(("2026-11-21T22:00".to_owned(), "2026-11-21T23:00".to_owned())));
        });
    }

    #[test]
    fn a_rule_of_ones_own_is_not_empty() {
        Owner::new().with(|| {
            let draft = Draft::begin(None, None);
            draft.repeat.set("weekly".to_owned());
            assert_eq!(draft.input(None).map(|input| input.repeat), Ok("weekly".to_owned()));
            draft.repeat.set(CUSTOM.to_owned());
            draft.rule.set("  ".to_owned());
            assert!(draft.input(None).is_err_and(|error| error.on("repeat").is_some()));
            draft.rule.set("FREQ=DAILY".to_owned());
            assert_eq!(draft.input(None).map(|input| input.repeat), Ok("FREQ=DAILY".to_owned()));
        });
    }

    #[test]
    fn what_is_edited_begins_as_it_is() {
        Owner::new().with(|| {
            let service = ServiceId::from_random([2; ID_LENGTH]);
            let maintenance = Maintenance {
                id: MaintenanceId::from_random([1; ID_LENGTH]),
                title: "Upgrade".to_owned(),
                status: MaintenanceStatus::Scheduled,
                starts_at: Default::default(),
                ends_at: Default::default(),
                started_at: None,
                completed_at: None,
                automatic: false,
                series_id: None,
                services: vec![MaintainedService {
                    service_id: service.clone(),
                    name: "API".to_owned(),
                    team_id: None,
                }],
                revision: 3,
                updated_at: Default::default(),
            };
            let window = LocalWindow {
                id: maintenance.id.clone(),
                starts_at: "2026-11-21T22:00".to_owned(),
                ends_at: "2026-11-21T23:00".to_owned(),
                words: String::new(),
            };
            let expected = MaintenanceInput {
                title: "Upgrade".to_owned(),
                starts_at: window.starts_at.clone(),
                ends_at: window.ends_at.clone(),
                services: vec![service],
                by_hand: true,
                seen: Some(3),
                ..MaintenanceInput::default()
            };
            assert_eq!(Draft::of(&maintenance, &window).input(Some(3)), Ok(expected));
        });
    }
}
