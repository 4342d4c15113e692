//! `/dashboard/{organization}/maintenance/{id}/edit`: changing what is not over.

use super::{
    MaintenanceWithWindow,
    form::{Draft, Purpose, WindowForm},
    may_change, read_one,
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        incidents::keep_last_value,
        live::use_live,
        states::keep_last_good,
    },
    domain::{
        error::{AppError, Result},
        live::Topic,
        maintenance::MaintenanceStatus,
        role::Action,
        service::ServiceList,
    },
    rpc::{maintenance::edit_maintenance, services::list_services},
    ui::*,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};

/// The maintenance with its window, and what there is to choose from.
type LoadedMaintenance = (MaintenanceWithWindow, ServiceList);

/// The screen.
#[component]
pub fn EditMaintenanceScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let read = resource(
        move || {
            let topics = [Topic::Maintenance, Topic::Services, Topic::Organization];
            (organization.slug.get(), id.get(), topics.map(|topic| live.changes(topic)))
        },
        |(slug, id, _)| read_one(slug, id),
    );
    let services = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Members)),
        |(slug, ..)| list_services(slug),
    );
    view! {
        <ScreenHead title="Edit maintenance" />
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Loaded id read services />
        </Transition>
    }
}

#[component]
fn Loaded(
    id: Memo<String>,
    read: Resource<Result<MaintenanceWithWindow>>,
    services: Resource<Result<ServiceList>>,
) -> impl IntoView {
    let answer = move || match (read.get(), services.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error)),
        (Some(Ok(one)), Some(Ok(services))) => Some(Ok((one, services))),
        _ => None,
    };
    let reread = Callback::new(move |()| read.refetch());
    keep_last_good(
        keep_last_value(answer, move |known: &LoadedMaintenance| {
            known.0.0.maintenance.id.as_str() == id.read_untracked().as_str()
        }),
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |known: Signal<LoadedMaintenance>| {
            let shown = Memo::new(move |_| known.read().0.0.maintenance.id.clone());
            view! {
                // Another maintenance is another form: what is typed about one never goes to the other.
                {move || {
                    shown.track();
                    view! { <Opened known reread /> }
                }}
            }
            .into_any()
        },
    )
}

#[component]
fn Opened(known: Signal<LoadedMaintenance>, reread: Callback<()>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let ((first, window), list) = known.get_untracked();
    let maintenance = first.maintenance;
    let services = Signal::from(Memo::new(move |_| known.read().1.clone()));
    let revision = Signal::derive(move || known.read().0.0.maintenance.revision);
    let is_over = Memo::new(move |_| known.read().0.0.maintenance.status.is_over());
    // What could be changed when the form was opened stays open: what was typed in it is not taken away.
    let closed = if maintenance.status.is_over() {
        Some("This maintenance is over. Past maintenance can’t be changed.")
    } else if !may_change(&organization.frame.read_untracked(), Action::ReportIncidents, &maintenance) {
        Some("Your role doesn’t allow you to change this maintenance. Ask an owner or admin of the organization.")
    } else {
        None
    };
    let address = format!("/maintenance/{}", maintenance.id);
    let back = {
        let address = address.clone();
        Signal::derive(move || organization.address(&address))
    };
    let purpose = match maintenance.status {
        MaintenanceStatus::Scheduled => Purpose::Change,
        _ => Purpose::ChangeBegun,
    };
    let draft = Draft::of(&maintenance, &window);
    // A service that is gone cannot be kept.
    draft.services.update(|all| all.retain(|id| list.services.iter().any(|service| service.id == *id)));
    let (id, seen) = (maintenance.id, maintenance.revision);
    let save = leptos::prelude::Action::new(move |seen: &i64| {
        let (slug, id, input) = (organization.slug.get_untracked(), id.clone(), draft.input(Some(*seen)));
        async move { edit_maintenance(slug, id, input?).await }
    });
    let pending = save.pending();
    let navigate = use_navigate();
    Effect::new(move || match save.value().get() {
        Some(Ok(())) => {
            toasts.success("Maintenance saved");
            live.refresh();
            navigate(&untrack(|| organization.address(&address)), Default::default());
        }
        Some(Err(AppError::Conflict(_))) => reread.run(()),
        _ => {}
    });
    let error = Signal::derive(move || save.value().get().and_then(Result::err));
    let conflict = Memo::new(move |_| matches!(error.read().as_ref(), Some(AppError::Conflict(_))));
    let submit = move |seen: i64| {
        if !pending.get_untracked() {
            save.dispatch(seen);
        }
    };
    let shown = Memo::new(move |_| match (conflict.get(), is_over.get()) {
        (_, true) => Some("Past maintenance can’t be changed"),
        (true, false) => Some("Someone else changed this maintenance while you were editing"),
        (false, false) => None,
    });
    let anyway = move || {
        (!is_over.get()).then(|| {
            view! { <Button size=ButtonSize::Small on:click=move |_| submit(revision.get_untracked())>"Save anyway"</Button> }
        })
    };
    let notice = move || {
        shown.get().map(|title| {
            view! {
                <Alert tone=Tone::Yellow icon=IconName::AlertTriangle title urgent=true actions=anyway>
                    "Your changes are still here."
                </Alert>
            }
        })
    };
    match closed {
        Some(words) => view! { <Closed words back /> }.into_any(),
        None => view! {
            <WindowForm services draft purpose error pending back on_submit=move |()| submit(seen) notice=move || view! { {notice} } />
        }
        .into_any(),
    }
}

/// Nothing can be changed here.
#[component]
fn Closed(words: &'static str, back: Signal<String>) -> impl IntoView {
    view! {
        <div class="p-4">
            <Alert tone=Tone::Neutral icon=IconName::Info actions=move || view! { <LinkButton href=back size=ButtonSize::Small>"Back"</LinkButton> }>
                {words}
            </Alert>
        </div>
    }
}
