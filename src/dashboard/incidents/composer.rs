//! Posting an update: what somebody writes stays whatever happens around it.

use super::{
    message::{MessageField, sends, waits},
    services::{OUT, ServiceSearch, StatementLine, name_of, statuses},
    templates::{TemplateMenu, filled},
};
use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        error::{AppError, Result},
        ids::{ServiceId, UpdateId},
        incident::{Affected, IncidentDetail, IncidentStatus, ServiceImpact, Template, UpdateInput},
        service::ServiceList,
        status::ServiceStatus,
    },
    rpc::incidents::post_incident_update,
    ui::*,
};
use leptos::{ev, html, prelude::*, task::spawn_local};

const FIELDS: &[&str] = &["body", "services", "at"];

const STEP: &str = "inline-flex h-8 cursor-pointer items-center justify-center rounded-md border border-border bg-card px-3 text-13 font-medium hover:bg-accent aria-pressed:border-brand-border aria-pressed:bg-brand-tint pointer-coarse:h-10";

/// What somebody is writing about an incident.
#[derive(Debug, Clone, Copy)]
pub struct UpdateDraft {
    /// The status from then on; empty: as it is.
    pub status: RwSignal<String>,
    /// Which side of the message is seen.
    pub previews: RwSignal<bool>,
    body: RwSignal<String>,
    said: RwSignal<Vec<ServiceImpact>>,
    timed: RwSignal<bool>,
    at: RwSignal<String>,
}

impl UpdateDraft {
    /// An empty one.
    pub fn begin() -> Self {
        Self {
            status: RwSignal::new(String::new()),
            previews: RwSignal::new(false),
            body: RwSignal::new(String::new()),
            said: RwSignal::new(Vec::new()),
            timed: RwSignal::new(false),
            at: RwSignal::new(String::new()),
        }
    }

    /// Whether anything of it would be lost.
    fn is_begun(self) -> bool {
        !self.body.read().trim().is_empty()
            || !self.status.read().is_empty()
            || !self.said.read().is_empty()
            || self.timed.get()
    }

    fn input(self, detail: &IncidentDetail, chosen: IncidentStatus, seen: i64) -> Result<UpdateInput> {
        let at = if self.timed.get_untracked() { self.at.get_untracked() } else { String::new() };
        if self.timed.get_untracked() && at.is_empty() {
            return Err(AppError::field("at", "Enter the date and time of the update."));
        }
        let (before, current) = (detail.incident.status, detail.incident.services.as_slice());
        let services = match chosen {
            IncidentStatus::Resolved => Vec::new(),
            _ => to_say(&self.said.read_untracked(), current, before == IncidentStatus::Resolved),
        };
        let (status, body) = (self.status.get_untracked(), self.body.get_untracked());
        Ok(UpdateInput { status, body, services, at, seen: Some(seen) })
    }

    /// What was posted is done; what was written meanwhile stays.
    fn posted(self, input: &UpdateInput) {
        if self.body.try_get_untracked().is_some_and(|body| body == input.body) {
            self.body.set(String::new());
            self.previews.set(false);
        }
        self.status.try_set(String::new());
        self.said.try_set(Vec::new());
        self.timed.try_set(false);
        self.at.try_set(String::new());
    }
}

/// What an update has to say of services: the changes alone, but of all when an incident is opened again
/// with changes, because its end let go of them.
fn to_say(said: &[ServiceImpact], current: &[Affected], opens: bool) -> Vec<ServiceImpact> {
    let mut all = said.to_vec();
    if opens && !said.is_empty() {
        let others = current.iter().filter(|other| said.iter().all(|said| said.service_id != other.service_id));
        all.extend(
            others.map(|other| ServiceImpact { service_id: other.service_id.clone(), status: Some(other.status) }),
        );
    }
    all
}

/// The state of the incident that somebody had before their eyes when they began to write.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SeenVersion {
    revision: i64,
    updates: Vec<UpdateId>,
}

impl SeenVersion {
    fn of(detail: &IncidentDetail) -> Self {
        let updates = detail.updates.iter().map(|update| update.id.clone()).collect();
        Self { revision: detail.incident.revision, updates }
    }

    /// What has happened since, in words.
    fn news(&self, detail: &IncidentDetail) -> Option<String> {
        // It is behind what somebody has just posted themselves until it is read again.
        if detail.incident.revision <= self.revision {
            return None;
        }
        let new: Vec<String> = detail
            .updates
            .iter()
            .rev()
            .filter(|update| !self.updates.contains(&update.id))
            .map(|update| format!("{} posted “{}”", update.by.as_deref().unwrap_or("Someone"), update.status.label()))
            .collect();
        Some(if new.is_empty() {
            "This incident changed while you were writing.".to_owned()
        } else {
            format!("{} while you were writing.", new.join(", "))
        })
    }
}

/// The form above the updates.
#[component]
pub fn Composer(
    /// The incident.
    detail: Signal<IncidentDetail>,
    /// Everything there is.
    services: Signal<ServiceList>,
    /// Texts to begin with.
    templates: Signal<Vec<Template>>,
    /// What is being written.
    draft: UpdateDraft,
    /// The field of the message, which keys lead to.
    message: NodeRef<html::Textarea>,
    /// Reads the incident again.
    reread: Callback<()>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let now = Memo::new(move |_| detail.read().incident.status);
    let chosen = Memo::new(move |_| draft.status.read().parse::<IncidentStatus>().unwrap_or_else(|_| now.get()));
    let ends = Memo::new(move |_| chosen.get() == IncidentStatus::Resolved);
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<AppError>));
    let begun = Memo::new(move |_| draft.is_begun());
    let seen = RwSignal::new(None::<SeenVersion>);
    // What they have posted themselves is known before the incident is read again.
    let posted = StoredValue::new(None::<SeenVersion>);
    let latest = move || {
        let read = SeenVersion::of(&detail.read_untracked());
        posted.get_value().filter(|posted| posted.revision > read.revision).unwrap_or(read)
    };
    Effect::new(move || {
        if !begun.get() {
            seen.set(None);
        } else if seen.with_untracked(Option::is_none) {
            seen.set(Some(latest()));
        }
    });
    let news = Memo::new(move |_| seen.read().as_ref().and_then(|seen| seen.news(&detail.read())));
    let conflict = Memo::new(move |_| matches!(refused.read().as_ref(), Some(AppError::Conflict(_))));
    let post = move |anyway: bool| {
        if pending.get_untracked() {
            return;
        }
        let newest = latest().revision;
        let known = seen.with_untracked(|seen| seen.as_ref().map_or(newest, |seen| seen.revision));
        let revision = if anyway { newest } else { known };
        let input = match draft.input(&detail.read_untracked(), chosen.get_untracked(), revision) {
            Ok(input) => input,
            Err(error) => return refused.set(Some(error)),
        };
        let (slug, id) =
            (organization.slug.get_untracked(), detail.with_untracked(|detail| detail.incident.id.clone()));
        let done = match (now.get_untracked(), chosen.get_untracked()) {
            (before, after) if before == after => "Update posted",
            (_, IncidentStatus::Resolved) => "Incident resolved",
            (IncidentStatus::Resolved, _) => "Incident reopened",
            _ => "Update posted",
        };
        let mut next = latest();
        pending.set(true);
        spawn_local(async move {
            let answer = post_incident_update(slug, id, input.clone()).await;
            match answer {
                Ok(update) => {
                    refused.try_set(None);
                    draft.posted(&input);
                    // Whoever goes on writing knows what was just posted.
                    next.revision = revision + 1;
                    next.updates.push(update);
                    posted.try_set_value(Some(next.clone()));
                    let goes_on = begun.try_get_untracked().unwrap_or_default();
                    seen.try_set(goes_on.then_some(next));
                    toasts.success(done);
                    live.refresh();
                }
                Err(error) => {
                    if matches!(error, AppError::Conflict(_)) {
                        reread.try_run(());
                    }
                    refused.try_set(Some(error));
                }
            }
            pending.try_set(false);
        });
    };
    let error = move || refused.get().filter(|_| !conflict.get());
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error| error.on(field)));
    let use_template = move |template: Template| {
        let said: Vec<(ServiceId, ServiceStatus)> = detail.with_untracked(|detail| {
            detail.incident.services.iter().map(|service| (service.service_id.clone(), service.status)).collect()
        });
        let (_, text) = filled(&template, &services.read_untracked(), &said, &organization.frame.read_untracked());
        let before = (draft.body.get_untracked(), draft.status.get_untracked());
        draft.body.set(text);
        draft.previews.set(false);
        if template.status != now.get_untracked() {
            draft.status.set(template.status.as_str().to_owned());
        }
        toasts.with_action(format!("Filled in from {}", template.name), "Undo", move || {
            draft.body.try_set(before.0.clone());
            draft.status.try_set(before.1.clone());
        });
    };
    let zone = organization.frame.read_untracked().time_zone.clone();
    let words = move || match (now.get(), chosen.get()) {
        (IncidentStatus::Resolved, IncidentStatus::Resolved) => "Post update",
        (_, IncidentStatus::Resolved) => "Resolve incident",
        (IncidentStatus::Resolved, _) => "Reopen incident",
        _ => "Post update",
    };
    view! {
        <form
            class="grid min-w-0 gap-4 rounded-xl border border-border bg-card p-4"
            aria-label="Post an update"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                post(false);
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    post(false);
                }
            }
        >
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
            <News news conflict pending on_anyway=move |()| post(true) />
            <div class="flex flex-wrap items-center justify-between gap-2">
                <div class="flex flex-wrap gap-1.5 max-sm:grid max-sm:w-full max-sm:grid-cols-2" role="group" aria-label="Status">
                    {IncidentStatus::ALL.iter().map(|status| view! {
                        <button
                            type="button"
                            class=STEP
                            aria-pressed=move || (chosen.get() == *status).to_string()
                            on:click=move |_| {
                                let is_as_it_is = *status == now.get_untracked();
                                draft.status.set(if is_as_it_is { String::new() } else { status.as_str().to_owned() });
                            }
                        >
                            {status.label()}
                        </button>
                    }).collect_view()}
                </div>
                <TemplateMenu templates on_select=use_template />
            </div>
            <MessageField label="Message" id="update-body" value=draft.body previews=draft.previews error=on("body") node_ref=message />
            <Show
                when=move || !ends.get()
                fallback=|| view! { <p class="text-13 text-muted-foreground">"Resolving returns affected services to their own status."</p> }
            >
                <Changes detail services said=draft.said error=on("services") />
            </Show>
            <div class="grid gap-2">
                <Checkbox
                    label="Backdate this update"
                    name="timed"
                    id="update-timed"
                    checked=draft.timed
                    on_change=move |timed| draft.timed.set(timed)
                />
                <Show when=move || draft.timed.get()>
                    <div class="max-w-60">
                        <TextField label=format!("Date and time ({zone})") name="at" id="update-at" kind="datetime-local" value=draft.at on_input=move |text| draft.at.set(text) error=on("at") />
                    </div>
                </Show>
            </div>
            <div class="flex flex-wrap items-center gap-3">
                <Button variant=ButtonVariant::Primary submit=true pending disabled=waits() class="max-sm:w-full">{words}</Button>
                <span class="text-xs text-muted-foreground pointer-coarse:hidden"><Kbd>"⌘↵"</Kbd>" or "<Kbd>"Ctrl+Enter"</Kbd>" to submit"</span>
            </div>
        </form>
    }
}

/// What others have done while an update was being written.
#[component]
fn News(
    news: Memo<Option<String>>,
    conflict: Memo<bool>,
    pending: RwSignal<bool>,
    #[prop(into)] on_anyway: Callback<()>,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let title = news.get().or_else(|| conflict.get().then(|| "Someone else changed this incident.".to_owned()));
        title.map(|title| (title, conflict.get()))
    });
    move || {
        shown.get().filter(|_| !pending.get()).map(|(title, urgent)| {
            view! {
                <Alert
                    tone=Tone::Yellow
                    icon=IconName::AlertTriangle
                    title
                    urgent
                    actions=move || view! { <Button size=ButtonSize::Small on:click=move |_| on_anyway.run(())>"Post anyway"</Button> }
                >
                    "See what changed below. Your draft is safe."
                </Alert>
            }
        })
    }
}

/// What an update changes about services.
#[component]
fn Changes(
    detail: Signal<IncidentDetail>,
    services: Signal<ServiceList>,
    said: RwSignal<Vec<ServiceImpact>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let organization = Organization::get();
    let adds = RwSignal::new(false);
    // Those of the incident in their order, then those that are added.
    let lines = Memo::new(move |_| {
        let mut lines: Vec<(ServiceId, bool)> =
            detail.read().incident.services.iter().map(|service| (service.service_id.clone(), false)).collect();
        for statement in said.read().iter() {
            if lines.iter().all(|(id, _)| *id != statement.service_id) {
                lines.push((statement.service_id.clone(), true));
            }
        }
        lines
    });
    let ids = Memo::new(move |_| lines.read().iter().map(|(id, _)| id.clone()).collect::<Vec<_>>());
    let (inside, outside) = (statuses(organization, true), statuses(organization, false));
    let add = move |id: ServiceId| {
        if ids.with_untracked(|ids| !ids.contains(&id)) {
            said.update(|all| all.push(ServiceImpact { service_id: id, status: Some(ServiceStatus::PartialOutage) }));
        }
        adds.set(false);
    };
    view! {
        <fieldset class="grid min-w-0 gap-2.5">
            <legend class="mb-1.5 text-13 font-medium">"Services"</legend>
            <Show
                when=move || !lines.read().is_empty()
                fallback=|| view! { <p class="text-13 text-muted-foreground">"No affected services"</p> }
            >
                <ul class="grid gap-3 sm:gap-2" role="list">
                    <For each=move || lines.get() key=|line| line.clone() let:line>
                        <Change id=line.0 is_new=line.1 detail services said options=if line.1 { outside } else { inside } />
                    </For>
                </ul>
            </Show>
            <div role="alert" class="empty:hidden">
                {move || error.get().map(|text| view! { <p class="text-xs font-medium text-status-red-text">{text}</p> })}
            </div>
            {move || if adds.get() {
                view! {
                    <div class="grid gap-2">
                        <ServiceSearch id="service-to-add" label="Search for a service" services chosen=ids on_pick=add autofocus=true />
                        <div><Button size=ButtonSize::Small on:click=move |_| adds.set(false)>"Close search"</Button></div>
                    </div>
                }.into_any()
            } else {
                view! { <div><Button size=ButtonSize::Small icon=IconName::Plus on:click=move |_| adds.set(true)>"Add service"</Button></div> }.into_any()
            }}
        </fieldset>
    }
}

#[component]
fn Change(
    id: ServiceId,
    is_new: bool,
    detail: Signal<IncidentDetail>,
    services: Signal<ServiceList>,
    said: RwSignal<Vec<ServiceImpact>>,
    options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let organization = Organization::get();
    let control = format!("change-of-{id}");
    let id = StoredValue::new(id);
    // What the incident says of it now, unless it is being added.
    let affected = Memo::new(move |_| {
        id.with_value(|id| detail.read().incident.services.iter().find(|other| other.service_id == *id).cloned())
    });
    let change = Memo::new(move |_| {
        id.with_value(|id| said.read().iter().find(|said| said.service_id == *id).map(|said| said.status))
    });
    let current = move || affected.read().as_ref().map(|affected| affected.status);
    let name = Signal::derive(move || {
        let known = affected.read().as_ref().map(|affected| affected.name.clone());
        known.or_else(|| id.with_value(|id| name_of(&services.read(), id))).unwrap_or_default()
    });
    let value = Signal::derive(move || match (change.get(), current()) {
        (Some(None), _) => OUT.to_owned(),
        (Some(Some(status)), _) | (None, Some(status)) => status.as_str().to_owned(),
        (None, None) => String::new(),
    });
    let note = Signal::derive(move || {
        current()
            .filter(|now| change.get().is_some_and(|new| new != Some(*now)))
            .map(|now| format!("currently {}", organization.label(now)))
    });
    let forget = move || said.update(|all| all.retain(|said| id.with_value(|id| said.service_id != *id)));
    let say = move |word: String| {
        let new = word.parse::<ServiceStatus>().ok();
        let is_as_it_is = new.is_some() && new == affected.read_untracked().as_ref().map(|affected| affected.status);
        if is_as_it_is {
            forget();
            return;
        }
        said.update(|all| {
            let place = all.iter().position(|said| id.with_value(|id| said.service_id == *id));
            match place {
                Some(place) => all[place].status = new,
                None => all.push(ServiceImpact { service_id: id.get_value(), status: new }),
            }
        });
    };
    let remove = is_new.then(|| Callback::new(move |()| forget()));
    view! { <StatementLine id=control name value options note on_change=say on_remove=remove /> }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ID_LENGTH;

    fn service(number: u8) -> ServiceId {
        ServiceId::from_random([number; ID_LENGTH])
    }

    fn said(number: u8, status: Option<ServiceStatus>) -> ServiceImpact {
        ServiceImpact { service_id: service(number), status }
    }

    #[test]
    fn an_incident_that_is_opened_again_says_everything_again() {
        let affected = |number| Affected {
            service_id: service(number),
            name: String::new(),
            team_id: None,
            status: ServiceStatus::PartialOutage,
        };
        let current = [affected(1), affected(2)];
        let worse = said(1, Some(ServiceStatus::MajorOutage));
        assert_eq!(to_say(std::slice::from_ref(&worse), &current, false), vec![worse.clone()]);
        let again = [worse.clone(), said(2, Some(ServiceStatus::PartialOutage))];
        assert_eq!(to_say(std::slice::from_ref(&worse), &current, true), again);
        // Without a change the server lets it go on where it was.
        assert!(to_say(&[], &current, true).is_empty());
        assert_eq!(to_say(&[said(1, None)], &current, true)[0].status, None);
    }
}
