//! `/dashboard/{organization}/maintenance/{id}`: one maintenance, and everything that is done about it.

use super::{
    MaintenanceWithWindow,
    composer::{Composer, UpdateDraft},
    countdown::{Countdown, Moments, provide_clock},
    marks::{MaintenanceBadge, named, rule_in_words},
    may_change, read_one,
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        incidents::{Prose, keep_last_value},
        live::use_live,
        shortcuts::on_key,
        states::keep_last_good,
        time::Ago,
    },
    domain::{
        error::Result,
        live::Topic,
        maintenance::{MaintainedService, Maintenance, MaintenanceDetail, MaintenanceUpdate},
        role::Action,
    },
    rpc::maintenance::{delete_maintenance, end_maintenance_series},
    ui::*,
};
use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_params_map},
};

/// The screen.
#[component]
pub fn OneMaintenanceScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    provide_clock();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let read = resource(
        move || {
            let topics = [Topic::Maintenance, Topic::Services, Topic::Organization];
            (organization.slug.get(), id.get(), topics.map(|topic| live.changes(topic)))
        },
        |(slug, id, _)| read_one(slug, id),
    );
    view! {
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Loaded id read />
        </Transition>
    }
}

#[component]
fn Loaded(id: Memo<String>, read: Resource<Result<MaintenanceWithWindow>>) -> impl IntoView {
    let reread = Callback::new(move |()| read.refetch());
    keep_last_good(
        keep_last_value(
            move || read.get(),
            move |one: &MaintenanceWithWindow| one.0.maintenance.id.as_str() == id.read_untracked().as_str(),
        ),
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |one: Signal<MaintenanceWithWindow>| {
            let shown = Memo::new(move |_| one.read().0.maintenance.id.clone());
            view! {
                // Another maintenance is another screen: what is written about one never goes to the other.
                {move || {
                    shown.track();
                    view! { <Opened one reread /> }
                }}
            }
            .into_any()
        },
    )
}

#[component]
fn Opened(one: Signal<MaintenanceWithWindow>, reread: Callback<()>) -> impl IntoView {
    let organization = Organization::get();
    let detail: Signal<MaintenanceDetail> = Memo::new(move |_| one.read().0.clone()).into();
    let may =
        Memo::new(move |_| may_change(&organization.frame.read(), Action::ReportIncidents, &detail.read().maintenance));
    let deletes =
        Memo::new(move |_| may_change(&organization.frame.read(), Action::DeleteIncidents, &detail.read().maintenance));
    let edits = Memo::new(move |_| may.get() && !detail.read().maintenance.status.is_over());
    let address =
        Memo::new(move |_| organization.address(&format!("/maintenance/{}/edit", detail.read().maintenance.id)));
    let draft = UpdateDraft::begin();
    let asks = RwSignal::new(false);
    let message = NodeRef::<html::Textarea>::new();
    let navigate = use_navigate();
    on_key(move |key, event| {
        match key {
            "u" if may.get_untracked() => {
                draft.previews.set(false);
                request_animation_frame(move || {
                    if let Some(message) = message.try_get_untracked().flatten() {
                        let _ = message.focus();
                    }
                });
            }
            "e" if edits.get_untracked() => navigate(&address.get_untracked(), Default::default()),
            _ => return,
        }
        event.prevent_default();
    });
    let title = Signal::derive(move || detail.read().maintenance.title.clone());
    view! {
        <ScreenHead title>
            {move || edits.get().then(|| view! { <LinkButton href=address icon=IconName::Pencil shortcut="E">"Edit"</LinkButton> })}
            {move || deletes.get().then(|| view! { <Button icon=IconName::Trash2 on:click=move |_| asks.set(true)>"Delete"</Button> })}
        </ScreenHead>
        <DeleteMaintenance open=asks detail />
        <Facts one />
        <div class="grid items-start gap-x-6 gap-y-8 px-4 pb-6 lg:grid-cols-[minmax(0,1fr)_18rem]">
            <div class="grid min-w-0 gap-8">
                {move || may.get().then(|| view! { <Composer one draft message reread /> })}
                <Timeline detail />
            </div>
            <div class="grid min-w-0 gap-4">
                <UnderMaintenance detail />
                <Series detail may=deletes />
            </div>
        </div>
    }
}

#[component]
fn Facts(one: Signal<MaintenanceWithWindow>) -> impl IntoView {
    let status = Signal::derive(move || one.read().0.maintenance.status);
    let moments = Signal::derive(move || Some(Moments::from(&one.read().0.maintenance)));
    let automatic = Memo::new(move |_| one.read().0.maintenance.automatic);
    let began = Memo::new(move |_| one.read().0.maintenance.started_at);
    view! {
        <dl class="flex flex-wrap items-start gap-x-10 gap-y-3 p-4 text-13">
            <div>
                <dt class="text-muted-foreground">"Status"</dt>
                <dd class="mt-0.5"><MaintenanceBadge status /></dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Window"</dt>
                <dd class="mt-0.5 tabular-nums">
                    {move || one.read().1.words.clone()}
                    <span class="ml-2 text-muted-foreground"><Countdown moments /></span>
                </dd>
            </div>
            {move || began.get().map(|at| view! {
                <div>
                    <dt class="text-muted-foreground">"Started"</dt>
                    <dd class="mt-0.5"><Ago at /></dd>
                </div>
            })}
            <div>
                <dt class="text-muted-foreground">"Starts and completes"</dt>
                <dd class="mt-0.5">{move || if automatic.get() { "Automatically" } else { "Manually" }}</dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Status page"</dt>
                <dd class="mt-0.5">
                    <a
                        rel="external noopener"
                        target="_blank"
                        href=move || one.read().0.page.clone()
                        class="inline-flex items-center gap-1.5 text-brand-text underline"
                    >
                        "View on status page"
                        <Icon name=IconName::ExternalLink class="size-3.5" />
                    </a>
                </dd>
            </div>
        </dl>
    }
}

/// The updates, newest first; nothing about them changes once they are posted.
#[component]
fn Timeline(detail: Signal<MaintenanceDetail>) -> impl IntoView {
    let updates = Memo::new(move |_| detail.read().updates.clone());
    view! {
        <section class="grid min-w-0 gap-3" aria-labelledby="updates">
            <h2 id="updates" class="font-semibold">"Updates"</h2>
            <Show
                when=move || !updates.read().is_empty()
                fallback=|| view! { <p class="text-13 text-muted-foreground">"No updates yet. Visitors see the title, services and window."</p> }
            >
                <ol class="grid min-w-0 divide-y divide-border rounded-lg border border-border" role="list">
                    <For each=move || updates.get() key=|update| update.id.clone() let:update>
                        <UpdateItem update />
                    </For>
                </ol>
            </Show>
        </section>
    }
}

#[component]
fn UpdateItem(update: MaintenanceUpdate) -> impl IntoView {
    let MaintenanceUpdate { status, html, at, by, .. } = update;
    // What the clock does has neither an author nor a message.
    let by = by.or_else(|| html.is_empty().then(|| "Automatic".to_owned()));
    view! {
        <li class="grid min-w-0 gap-2 px-4 py-3">
            <div class="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
                <MaintenanceBadge status=Signal::stored(status) />
                <span class="flex min-w-0 flex-1 flex-wrap gap-x-1.5 text-xs text-muted-foreground">
                    {by.map(|by| view! { <span class="font-medium text-foreground">{by}</span> })}
                    <Ago at />
                </span>
            </div>
            {(!html.is_empty()).then(|| view! { <Prose html=html.clone() /> })}
        </li>
    }
}

/// The services, in the order of the page.
#[component]
fn UnderMaintenance(detail: Signal<MaintenanceDetail>) -> impl IntoView {
    let organization = Organization::get();
    let services = Memo::new(move |_| detail.read().maintenance.services.clone());
    view! {
        <Card title="Services" flush=true>
            {move || {
                let services = services.get();
                if services.is_empty() {
                    return view! { <p class="p-4 text-13 text-muted-foreground">"No services"</p> }.into_any();
                }
                view! {
                    <ul class="divide-y divide-border text-13" role="list">
                        {services.into_iter().map(|MaintainedService { service_id, name, .. }| {
                            let address = format!("/services/{service_id}");
                            view! {
                                <li class="px-4 py-2">
                                    <A href=move || organization.address(&address) attr:class="font-medium wrap-anywhere hover:underline">{name}</A>
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
    }
}

/// The series that it belongs to, and its end.
#[component]
fn Series(detail: Signal<MaintenanceDetail>, may: Memo<bool>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let repeats = Memo::new(move |_| detail.read().maintenance.series_id.is_some());
    let rule = Memo::new(move |_| detail.read().rule.clone());
    let ends = Memo::new(move |_| may.get() && rule.read().is_some());
    let asks = RwSignal::new(false);
    let end = leptos::prelude::Action::new(move |(): &()| {
        let id = detail.with_untracked(|detail| detail.maintenance.id.clone());
        end_maintenance_series(organization.slug.get_untracked(), id)
    });
    Effect::new(move || {
        if let Some(Ok(())) = end.value().get() {
            asks.set(false);
            toasts.success("Series ended");
            live.refresh();
        }
    });
    let error = Signal::derive(move || end.value().get().and_then(Result::err).map(|error| error.to_string()));
    view! {
        <Show when=move || repeats.get()>
            <Card title="Part of a series">
                <div class="grid justify-items-start gap-3 text-13">
                    {move || match rule.get() {
                        None => view! { <p class="text-muted-foreground">"The series has ended. No more windows will be created."</p> }.into_any(),
                        Some(rule) => match rule_in_words(&rule) {
                            Some(words) => view! { <p>{words}</p> }.into_any(),
                            None => view! { <p><code class="rounded-sm bg-muted px-1 text-xs wrap-anywhere">{rule}</code></p> }.into_any(),
                        },
                    }}
                    {move || ends.get().then(|| view! { <Button on:click=move |_| asks.set(true)>"End series"</Button> })}
                </div>
            </Card>
        </Show>
        <ConfirmDialog
            open=asks
            title="End this series?"
            message="Future windows are removed, also from the status page. This one and past ones stay."
            confirm_label="End series"
            destructive=true
            pending=end.pending()
            error
            on_confirm=move |()| { end.dispatch(()); }
        />
    }
}

/// What is lost with a maintenance.
fn loss(detail: &MaintenanceDetail) -> String {
    let Maintenance { services, started_at, series_id, .. } = &detail.maintenance;
    let updates = match detail.updates.len() {
        0 => "This also deletes its public page.".to_owned(),
        1 => "This also deletes its update and its public page.".to_owned(),
        many => format!("This also deletes its {many} updates and its public page."),
    };
    let history = match named(services, 3) {
        names if names.is_empty() || started_at.is_none() => String::new(),
        names => format!(" The history and uptime of {names} will be recalculated without it."),
    };
    let series = if series_id.is_some() { " Other windows of its series stay." } else { "" };
    format!("{updates}{history}{series} This can’t be undone.")
}

/// Asks before a maintenance goes for good.
#[component]
fn DeleteMaintenance(open: RwSignal<bool>, detail: Signal<MaintenanceDetail>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let navigate = use_navigate();
    let (pending, refused) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let title = Signal::derive(move || format!("Delete “{}”?", detail.read().maintenance.title));
    let message = Signal::derive(move || loss(&detail.read()));
    // Not an action of the screen: the screen may be gone before the answer is there.
    let delete = move |()| {
        let (slug, id) =
            detail.with_untracked(|detail| (organization.slug.get_untracked(), detail.maintenance.id.clone()));
        let (address, navigate) = (format!("/dashboard/{slug}/maintenance"), navigate.clone());
        pending.set(true);
        spawn_local(async move {
            match delete_maintenance(slug, id).await {
                Ok(()) => {
                    toasts.success("Maintenance deleted");
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
        <ConfirmDialog open title message confirm_label="Delete maintenance" destructive=true pending error=refused on_confirm=delete />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{ID_LENGTH, MaintenanceId, SeriesId, ServiceId, UpdateId},
        maintenance::MaintenanceStatus,
        time::Time,
    };

    #[test]
    fn deleting_names_what_is_lost() {
        let update = MaintenanceUpdate {
            id: UpdateId::from_random([1; ID_LENGTH]),
            status: MaintenanceStatus::Scheduled,
            body: String::new(),
            html: String::new(),
            at: Time::default(),
            by: None,
        };
        let mut detail = MaintenanceDetail {
            maintenance: Maintenance {
                id: MaintenanceId::from_random([1; ID_LENGTH]),
                title: "Upgrade".to_owned(),
                status: MaintenanceStatus::Scheduled,
                starts_at: Time::default(),
                ends_at: Time::default(),
                started_at: None,
                completed_at: None,
                automatic: true,
                series_id: None,
                services: vec![MaintainedService {
                    service_id: ServiceId::from_random([1; ID_LENGTH]),
                    name: "API".to_owned(),
                    team_id: None,
                }],
                revision: 1,
                updated_at: Time::default(),
            },
            updates: vec![update.clone()],
            rule: None,
            page: String::new(),
        };
        let expected = "This also deletes its update and its public page. This can’t be undone.";
        assert_eq!(loss(&detail), expected);
        detail.updates.push(update);
        detail.maintenance.started_at = Some(Time::default());
        detail.maintenance.series_id = Some(SeriesId::from_random([1; ID_LENGTH]));
        let words = loss(&detail);
        for part in ["its 2 updates and", "uptime of API will be recalculated", "Other windows of its series stay"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
