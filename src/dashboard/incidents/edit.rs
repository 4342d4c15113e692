//! Changing what an incident is called and how much it matters, and deleting it.

use super::{marks::affected, message::sends, templates::impact_choices};
use crate::{
    dashboard::{frame::Organization, live::use_live},
    domain::{
        error::AppError,
        incident::{IncidentDetail, IncidentEdit},
        status::Impact,
    },
    rpc::incidents::{delete_incident, edit_incident},
    ui::*,
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;

/// What a form shows when others changed meanwhile what it is about to change.
#[component]
pub fn Changed(
    /// Why it was refused, if it was.
    error: Signal<Option<AppError>>,
    /// Does it all the same.
    #[prop(into)]
    on_anyway: Callback<()>,
) -> impl IntoView {
    let conflict = Memo::new(move |_| matches!(error.read().as_ref(), Some(AppError::Conflict(_))));
    move || {
        conflict.get().then(|| {
            view! {
                <Alert
                    tone=Tone::Yellow
                    icon=IconName::AlertTriangle
                    title="Someone else changed this incident while you were editing"
                    urgent=true
                    actions=move || view! { <Button size=ButtonSize::Small on:click=move |_| on_anyway.run(())>"Save anyway"</Button> }
                >
                    "Your changes are still here."
                </Alert>
            }
        })
    }
}

/// What stands above a form: everything that belongs to no field, but for what [`Changed`] says.
pub fn beside(error: Option<AppError>, fields: &[&str]) -> Option<String> {
    error.filter(|error| !matches!(error, AppError::Conflict(_))).and_then(|error| error.beside(fields))
}

/// The impact that follows from the worst that was ever said of a service.
fn derived(detail: &IncidentDetail) -> Impact {
    let said = detail.updates.iter().flat_map(|update| &update.services);
    said.filter_map(|(said, _)| said.status).map(Impact::of).max().unwrap_or(Impact::None)
}

/// Title and impact.
#[component]
pub fn EditIncidentDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The incident.
    detail: Signal<IncidentDetail>,
) -> impl IntoView {
    view! {
        <Dialog open title="Edit incident">
            <EditForm open detail />
        </Dialog>
    }
}

#[component]
fn EditForm(open: RwSignal<bool>, detail: Signal<IncidentDetail>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let IncidentDetail { incident, impact_set, .. } = detail.get_untracked();
    let (id, seen) = (incident.id, incident.revision);
    let title = RwSignal::new(incident.title);
    let impact = RwSignal::new(impact_set.map(|impact| impact.as_str().to_owned()).unwrap_or_default());
    let impacts = Signal::derive(move || {
        impact_choices(format!("Automatic ({})", derived(&detail.read()).label().to_lowercase()))
    });
    let save = leptos::prelude::Action::new(move |input: &IncidentEdit| {
        edit_incident(organization.slug.get_untracked(), id.clone(), input.clone())
    });
    Effect::new(move || {
        if let Some(Ok(())) = save.value().get() {
            toasts.success("Incident saved");
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
        save.dispatch(IncidentEdit { title: title.get_untracked(), impact: impact.get_untracked(), seen: Some(seen) });
    };
    view! {
        <form
            class="grid gap-4"
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
            <FormError message=Signal::derive(move || beside(error.get(), &["title", "impact"])) />
            <Changed error on_anyway=move |()| submit(true) />
            <TextField label="Title" name="title" id="edited-title" maxlength=200_u32 autofocus=true value=title on_input=move |text| title.set(text) error=on("title") />
            <SelectField
                label="Impact"
                name="impact"
                id="edited-impact"
                options=impacts
                value=impact
                on_change=move |word| impact.set(word)
                error=on("impact")
            />
            <DialogFooter>
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button variant=ButtonVariant::Primary submit=true pending>"Save incident"</Button>
            </DialogFooter>
        </form>
    }
}

/// Asks before an incident goes for good.
#[component]
pub fn DeleteIncidentDialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// The incident.
    detail: Signal<IncidentDetail>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let navigate = use_navigate();
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let title = Signal::derive(move || format!("Delete “{}”?", detail.read().incident.title));
    let message = Signal::derive(move || {
        let detail = detail.read();
        let updates = match detail.updates.len() {
            1 => "its update".to_owned(),
            many => format!("its {many} updates"),
        };
        let services = match affected(&detail.incident.services, 3) {
            names if names.is_empty() => String::new(),
            names => format!(" The history and uptime of {names} will be recalculated without it."),
        };
        format!("This also deletes {updates} and its public page.{services} This can’t be undone.")
    });
    // Not an action of the screen: the screen may be gone before the answer is there.
    let delete = move |()| {
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.incident.id.clone()));
        let (address, navigate) = (format!("/dashboard/{slug}/incidents"), navigate.clone());
        pending.set(true);
        spawn_local(async move {
            match delete_incident(slug, id).await {
                Ok(()) => {
                    toasts.success("Incident deleted");
                    navigate(&address, Default::default());
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
        <ConfirmDialog open title message confirm_label="Delete incident" destructive=true pending error=refused on_confirm=delete />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_said_apart() {
        assert_eq!(beside(None, &[]), None);
        assert_eq!(beside(Some(AppError::Conflict("changed".to_owned())), &[]), None);
        assert_eq!(beside(Some(AppError::field("title", "Too long.")), &["title"]), None);
        assert_eq!(beside(Some(AppError::field("title", "Too long.")), &[]).as_deref(), Some("Too long."));
    }
}
