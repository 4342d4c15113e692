//! The updates of an incident, newest first, and what can be put right about each.

use super::{
    edit::{Changed, beside},
    marks::{IncidentBadge, Prose},
    message::{MessageField, sends},
    services::{OUT, ServiceSearch, StatementLine, name_of, statuses},
    templates::status_choices,
};
use crate::{
    dashboard::{frame::Organization, live::use_live, services::status_tone, time::Ago},
    domain::{
        error::{AppError, Result},
        ids::{ServiceId, UpdateId},
        incident::{IncidentDetail, IncidentStatus, IncidentUpdate, ServiceImpact, UpdateInput},
        service::ServiceList,
        status::ServiceStatus,
    },
    rpc::incidents::{delete_incident_update, edit_incident_update},
    ui::*,
};
use leptos::{ev, prelude::*, task::spawn_local};

const FIELDS: &[&str] = &["status", "body", "at", "services"];

/// The list, and the dialogs about one of its updates.
#[component]
pub fn Timeline(
    /// The incident.
    detail: Signal<IncidentDetail>,
    /// Everything there is.
    services: Signal<ServiceList>,
    /// Whether somebody may edit updates.
    may: Memo<bool>,
    /// Whether somebody may delete them.
    deletes: Memo<bool>,
) -> impl IntoView {
    let ids = Memo::new(move |_| detail.read().updates.iter().map(|update| update.id.clone()).collect::<Vec<_>>());
    // Which update a dialog is about.
    let chosen = RwSignal::new(None::<IncidentUpdate>);
    let (edits, asks) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <section class="grid min-w-0 gap-3" aria-labelledby="updates">
            <h2 id="updates" class="font-semibold">"Updates"</h2>
            <ol class="grid min-w-0 divide-y divide-border rounded-lg border border-border" role="list">
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <UpdateItem id detail may deletes chosen edits asks />
                </For>
            </ol>
            <Dialog open=edits wide=true title="Edit update">
                {move || chosen.get_untracked().map(|update| view! { <UpdateForm open=edits update detail services /> })}
            </Dialog>
            <DeleteUpdate open=asks chosen detail />
        </section>
    }
}

#[component]
fn UpdateItem(
    id: UpdateId,
    detail: Signal<IncidentDetail>,
    may: Memo<bool>,
    deletes: Memo<bool>,
    chosen: RwSignal<Option<IncidentUpdate>>,
    edits: RwSignal<bool>,
    asks: RwSignal<bool>,
) -> impl IntoView {
    let id = StoredValue::new(id);
    let update =
        Memo::new(move |_| id.with_value(|id| detail.read().updates.iter().find(|update| update.id == *id).cloned()));
    let is_only = Memo::new(move |_| detail.read().updates.len() < 2);
    let items = Signal::derive(move || {
        let mut items = Vec::new();
        if may.get() {
            items.push(MenuItem { icon: Some(IconName::Pencil), ..MenuItem::new("edit", "Edit") });
        }
        if deletes.get() && !is_only.get() {
            items.push(MenuItem {
                icon: Some(IconName::Trash2),
                destructive: true,
                ..MenuItem::new("delete", "Delete")
            });
        }
        items
    });
    let act = move |item: String| {
        chosen.set(update.get_untracked());
        if item == "edit" { edits.set(true) } else { asks.set(true) }
    };
    let offers = Memo::new(move |_| may.get() || (deletes.get() && !is_only.get()));
    let status =
        Signal::derive(move || update.read().as_ref().map_or(IncidentStatus::Investigating, |update| update.status));
    let at = Signal::derive(move || update.read().as_ref().map(|update| update.at).unwrap_or_default());
    let by = move || update.read().as_ref().and_then(|update| update.by.clone());
    let edited = move || update.read().as_ref().and_then(|update| update.edited_at);
    let html = move || update.read().as_ref().map(|update| update.html.clone()).unwrap_or_default();
    let said = move || update.read().as_ref().map(|update| update.services.clone()).unwrap_or_default();
    view! {
        <li class="grid min-w-0 gap-2 px-4 py-3">
            <div class="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
                <IncidentBadge status />
                <span class="flex min-w-0 flex-1 flex-wrap gap-x-1.5 text-xs text-muted-foreground">
                    {move || by().map(|by| view! { <span class="font-medium text-foreground">{by}</span> })}
                    <Ago at />
                    {move || edited().map(|at| view! { <span>"· edited " <Ago at /></span> })}
                </span>
                <Show when=move || offers.get()>
                    <Menu
                        label=Signal::derive(move || format!("More actions for the update “{}” from {}", status.get().label(), at.get().in_words()))
                        trigger=|| view! { <Icon name=IconName::Ellipsis /> }
                        trigger_class=MENU_ICON
                        items
                        on_select=act
                        align=Align::End
                    />
                </Show>
            </div>
            {move || Some(html()).filter(|html| !html.is_empty()).map(|html| view! { <Prose html /> })}
            {move || Some(said()).filter(|said| !said.is_empty()).map(|said| view! { <Said said /> })}
        </li>
    }
}

/// What an update says of services.
#[component]
fn Said(said: Vec<(ServiceImpact, String)>) -> impl IntoView {
    let organization = Organization::get();
    view! {
        <ul class="flex flex-wrap gap-x-4 gap-y-1 text-xs" role="list" aria-label="Services">
            {said.into_iter().map(|(ServiceImpact { status, .. }, name)| {
                let tone = status.map_or(Tone::Neutral, status_tone);
                let words = move || status.map_or_else(|| "no longer affected".to_owned(), |status| organization.label(status));
                view! {
                    <li class="inline-flex min-w-0 items-center gap-1.5">
                        <StatusDot tone />
                        <span class="font-medium wrap-anywhere">{name}</span>
                        <span class="text-muted-foreground">{words}</span>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
}

#[component]
fn DeleteUpdate(
    open: RwSignal<bool>,
    chosen: RwSignal<Option<IncidentUpdate>>,
    detail: Signal<IncidentDetail>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<String>));
    Effect::new(move || {
        if open.get() {
            refused.set(None);
        }
    });
    let message = Signal::derive(move || {
        let about = chosen.read().as_ref().map(|update| {
            let by = update.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("“{}”{by}, {}. ", update.status.label(), update.at.in_words())
        });
        let about = about.unwrap_or_default();
        format!(
            "{about}Its text will be deleted, and service history will be recalculated without it. The audit log keeps a copy."
        )
    });
    let delete = move |()| {
        let Some(update) = chosen.get_untracked() else { return };
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.incident.id.clone()));
        pending.set(true);
        spawn_local(async move {
            match delete_incident_update(slug, id, update.id).await {
                Ok(()) => {
                    open.try_set(false);
                    toasts.success("Update deleted");
                    live.refresh();
                }
                Err(error) => {
                    refused.try_set(Some(error.to_string()));
                }
            }
            pending.try_set(false);
        });
    };
    view! {
        <ConfirmDialog open title="Delete this update?" message confirm_label="Delete update" destructive=true pending error=refused on_confirm=delete />
    }
}

/// What is typed about an update that was posted.
#[derive(Debug, Clone, Copy)]
struct Typed {
    status: RwSignal<String>,
    body: RwSignal<String>,
    at: RwSignal<String>,
    said: RwSignal<Vec<ServiceImpact>>,
}

impl Typed {
    /// `before` is the moment as the field showed it: it knows no seconds, so that what is not changed is
    /// not sent.
    fn input(self, before: &str, seen: i64) -> Result<UpdateInput> {
        let at = match self.at.get_untracked() {
            same if same == before => String::new(),
            other if other.is_empty() => {
                return Err(AppError::field("at", "Enter the date and time of the update."));
            }
            other => other,
        };
        Ok(UpdateInput {
            status: self.status.get_untracked(),
            body: self.body.get_untracked(),
            services: self.said.get_untracked(),
            at,
            seen: Some(seen),
        })
    }
}

#[component]
fn UpdateForm(
    open: RwSignal<bool>,
    update: IncidentUpdate,
    detail: Signal<IncidentDetail>,
    services: Signal<ServiceList>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let seen = detail.with_untracked(|detail| detail.incident.revision);
    let zone = organization.frame.read_untracked().time_zone.clone();
    let IncidentUpdate { id, status, body, services: said, .. } = update;
    let before = StoredValue::new(detail.with_untracked(|detail| {
        let own = detail.local_times.iter().find(|(other, _)| *other == id);
        own.map(|(_, text)| text.clone()).unwrap_or_default()
    }));
    // Names of services that may be gone meanwhile.
    let named =
        StoredValue::new(said.iter().map(|(said, name)| (said.service_id.clone(), name.clone())).collect::<Vec<_>>());
    let typed = Typed {
        status: RwSignal::new(status.as_str().to_owned()),
        body: RwSignal::new(body),
        at: RwSignal::new(before.get_value()),
        said: RwSignal::new(said.into_iter().map(|(said, _)| said).collect()),
    };
    let save = leptos::prelude::Action::new(move |input: &Result<UpdateInput>| {
        let (slug, input, update) = (organization.slug.get_untracked(), input.clone(), id.clone());
        let incident = detail.with_untracked(|detail| detail.incident.id.clone());
        async move { edit_incident_update(slug, incident, update, input?).await }
    });
    Effect::new(move || {
        if let Some(Ok(())) = save.value().get() {
            toasts.success("Update saved");
            live.refresh();
            open.set(false);
        }
    });
    let error = Signal::derive(move || save.value().get().and_then(Result::err));
    let on = move |field: &'static str| Signal::derive(move || error.get().and_then(|error| error.on(field)));
    let pending = save.pending();
    let submit = move |anyway: bool| {
        if pending.get_untracked() {
            return;
        }
        let seen = if anyway { detail.with_untracked(|detail| detail.incident.revision) } else { seen };
        save.dispatch(before.with_value(|before| typed.input(before, seen)));
    };
    view! {
        <form
            class="grid min-w-0 gap-4"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                submit(false);
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    submit(false);
                }
            }
        >
            <FormError message=Signal::derive(move || beside(error.get(), FIELDS)) />
            <Changed error on_anyway=move |()| submit(true) />
            <div class="grid gap-4 sm:grid-cols-2">
                <SelectField
                    label="Status"
                    name="status"
                    id="edited-status"
                    options=Signal::stored(status_choices(IncidentStatus::ALL))
                    value=typed.status
                    on_change=move |word| typed.status.set(word)
                    error=on("status")
                />
                <TextField label=format!("Date and time ({zone})") name="at" id="edited-at" kind="datetime-local" value=typed.at on_input=move |text| typed.at.set(text) error=on("at") />
            </div>
            <MessageField label="Message" id="edited-body" value=typed.body rows=6 error=on("body") />
            <Statements said=typed.said named services error=on("services") />
            <DialogFooter>
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button variant=ButtonVariant::Primary submit=true pending>"Save update"</Button>
            </DialogFooter>
        </form>
    }
}

/// What an update that was posted says of services: each line, and one more.
#[component]
fn Statements(
    said: RwSignal<Vec<ServiceImpact>>,
    named: StoredValue<Vec<(ServiceId, String)>>,
    services: Signal<ServiceList>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let organization = Organization::get();
    let adds = RwSignal::new(false);
    let ids = Memo::new(move |_| said.read().iter().map(|said| said.service_id.clone()).collect::<Vec<_>>());
    let options = statuses(organization, true);
    let add = move |id: ServiceId| {
        if ids.with_untracked(|ids| !ids.contains(&id)) {
            said.update(|all| all.push(ServiceImpact { service_id: id, status: Some(ServiceStatus::PartialOutage) }));
        }
        adds.set(false);
    };
    view! {
        <fieldset class="grid min-w-0 gap-2.5">
            <legend class="mb-1.5 text-13 font-medium">"Service statuses"</legend>
            <ul class="grid gap-3 sm:gap-2 empty:hidden" role="list">
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <StatementOf id said named services options />
                </For>
            </ul>
            <Show when=move || ids.read().is_empty()>
                <p class="text-13 text-muted-foreground">"No changes from the previous update."</p>
            </Show>
            <div role="alert" class="empty:hidden">
                {move || error.get().map(|text| view! { <p class="text-xs font-medium text-status-red-text">{text}</p> })}
            </div>
            {move || if adds.get() {
                view! {
                    <div class="grid gap-2">
                        <ServiceSearch id="service-to-say" label="Search for a service" services chosen=ids on_pick=add autofocus=true />
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
fn StatementOf(
    id: ServiceId,
    said: RwSignal<Vec<ServiceImpact>>,
    named: StoredValue<Vec<(ServiceId, String)>>,
    services: Signal<ServiceList>,
    options: Signal<Vec<(String, String)>>,
) -> impl IntoView {
    let control = format!("said-of-{id}");
    let id = StoredValue::new(id);
    let name = Signal::derive(move || {
        let now = id.with_value(|id| name_of(&services.read(), id));
        let then = || {
            id.with_value(|id| {
                named.with_value(|named| named.iter().find(|(other, _)| other == id).map(|(_, name)| name.clone()))
            })
        };
        now.or_else(then).unwrap_or_default()
    });
    let value = Signal::derive(move || {
        let status = id.with_value(|id| said.read().iter().find(|said| said.service_id == *id).map(|said| said.status));
        match status {
            Some(Some(status)) => status.as_str().to_owned(),
            Some(None) => OUT.to_owned(),
            None => String::new(),
        }
    });
    let say = move |word: String| {
        let status = word.parse::<ServiceStatus>().ok();
        said.update(|all| {
            if let Some(line) = all.iter_mut().find(|said| id.with_value(|id| said.service_id == *id)) {
                line.status = status;
            }
        });
    };
    let remove =
        Callback::new(move |()| said.update(|all| all.retain(|said| id.with_value(|id| said.service_id != *id))));
    view! { <StatementLine id=control name value options on_change=say on_remove=Some(remove) /> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_was_not_touched_is_not_sent() {
        Owner::new().with(|| {
            let typed = Typed {
                status: RwSignal::new("identified".to_owned()),
                body: RwSignal::new("We know.".to_owned()),
                at: RwSignal::new("2026-11-21T14:12".to_owned()),
                said: RwSignal::new(Vec::new()),
            };
            let at = |before: &str| typed.input(before, 3).map(|input| (input.at, input.seen));
            assert_eq!(at("2026-11-21T14:12"), Ok((String::new(), Some(3))));
            assert_eq!(at("2026-11-21T14:10"), Ok(("2026-11-21T14:12".to_owned(), Some(3))));
            typed.at.set(String::new());
            assert!(at("2026-11-21T14:10").is_err_and(|error| error.on("at").is_some()));
        });
    }
}
