//! `/dashboard/{organization}/incidents/{id}`: one incident, and everything that is done about it.

use super::{
    composer::{Composer, UpdateDraft},
    edit::{DeleteIncidentDialog, EditIncidentDialog},
    keep_last_value,
    links::{LinkDialog, Links},
    marks::{ImpactMark, IncidentBadge, lasted},
    may_change,
    postmortem::{PostmortemDraft, PostmortemSection},
    timeline::Timeline,
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        services::StatusMark,
        shortcuts::on_key,
        states::keep_last_good,
        time::{Ago, Lasting},
    },
    domain::{
        error::{AppError, Result},
        ids::IncidentId,
        incident::{Affected, IncidentDetail, IncidentStatus, Template},
        live::Topic,
        role::Action,
        service::ServiceList,
    },
    rpc::{
        incidents::{list_templates, read_incident},
        services::list_services,
    },
    ui::*,
};
use leptos::{html, prelude::*};
use leptos_router::{
    components::A,
    hooks::{use_params_map, use_query_map},
};

/// The incident, and what an update can be made of.
type LoadedIncident = (IncidentDetail, ServiceList, Vec<Template>);

/// The screen.
#[component]
pub fn IncidentScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let read = resource(
        move || {
            let changes = (live.changes(Topic::Incidents), live.changes(Topic::Services));
            (organization.slug.get(), id.get(), changes)
        },
        |(slug, id, _)| async move {
            let id: IncidentId = id.parse().map_err(|_| AppError::NotFound("incident".to_owned()))?;
            read_incident(slug, id).await
        },
    );
    let rest = resource(
        move || (organization.slug.get(), live.changes(Topic::Services), live.changes(Topic::Incidents)),
        |(slug, ..)| async move { Ok::<_, AppError>((list_services(slug.clone()).await?, list_templates(slug).await?)) },
    );
    view! {
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Loaded id read rest />
        </Transition>
    }
}

#[component]
fn Loaded(
    id: Memo<String>,
    read: Resource<Result<IncidentDetail>>,
    rest: Resource<Result<(ServiceList, Vec<Template>)>>,
) -> impl IntoView {
    let answer = move || match (read.get(), rest.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err(error)),
        (Some(Ok(detail)), Some(Ok((services, templates)))) => Some(Ok((detail, services, templates))),
        _ => None,
    };
    let reread = Callback::new(move |()| read.refetch());
    keep_last_good(
        keep_last_value(answer, move |known: &LoadedIncident| {
            known.0.incident.id.as_str() == id.read_untracked().as_str()
        }),
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |known: Signal<LoadedIncident>| {
            let shown = Memo::new(move |_| known.read().0.incident.id.clone());
            view! {
                // Another incident is another screen: what is written about one never goes to the other.
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
fn Opened(known: Signal<LoadedIncident>, reread: Callback<()>) -> impl IntoView {
    let organization = Organization::get();
    let detail: Signal<IncidentDetail> = Memo::new(move |_| known.read().0.clone()).into();
    let services = Signal::from(Memo::new(move |_| known.read().1.clone()));
    let templates = Signal::from(Memo::new(move |_| known.read().2.clone()));
    let may =
        Memo::new(move |_| may_change(&organization.frame.read(), Action::ReportIncidents, &detail.read().incident));
    let deletes =
        Memo::new(move |_| may_change(&organization.frame.read(), Action::DeleteIncidents, &detail.read().incident));
    let is_open = Memo::new(move |_| detail.read().incident.is_open());
    let (draft, postmortem) = (UpdateDraft::begin(), PostmortemDraft::begin());
    let (edits, asks, links) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
    let message = NodeRef::<html::Textarea>::new();
    // Chooses a status and leads to the message.
    let write = move |status: Option<IncidentStatus>| {
        if let Some(status) = status {
            draft.status.set(status.as_str().to_owned());
        }
        draft.previews.set(false);
        request_animation_frame(move || {
            if let Some(message) = message.try_get_untracked().flatten() {
                let _ = message.focus();
            }
        });
    };
    on_key(move |key, event| {
        if !may.get_untracked() {
            return;
        }
        match key {
            "r" if is_open.get_untracked() => write(Some(IncidentStatus::Resolved)),
            "u" => write(None),
            "e" => edits.set(true),
            _ => return,
        }
        event.prevent_default();
    });
    // Whoever has come to post an update is led to the message at once.
    if use_query_map().with_untracked(|query| query.get_str("do") == Some("update")) {
        Effect::new(move || write(None));
    }
    let title = Signal::derive(move || detail.read().incident.title.clone());
    // One for both buttons: where one takes the place of the other, it keeps what the first one did.
    let go_on = move |_| {
        let next = if is_open.get_untracked() { IncidentStatus::Resolved } else { IncidentStatus::Investigating };
        write(Some(next));
    };
    view! {
        <ScreenHead title>
            {move || may.get().then(|| view! {
                <Button icon=IconName::Pencil shortcut="E" on:click=move |_| edits.set(true)>"Edit"</Button>
                {move || if is_open.get() {
                    view! {
                        <Button variant=ButtonVariant::Primary icon=IconName::CheckCircle shortcut="R" on:click=go_on>
                            "Resolve"
                        </Button>
                    }.into_any()
                } else {
                    view! { <Button icon=IconName::RotateCcw on:click=go_on>"Reopen"</Button> }.into_any()
                }}
            })}
            <More may deletes links asks />
        </ScreenHead>
        <EditIncidentDialog open=edits detail />
        <DeleteIncidentDialog open=asks detail />
        <LinkDialog open=links detail />
        <Facts detail />
        <div class="grid items-start gap-x-6 gap-y-8 px-4 pb-6 lg:grid-cols-[minmax(0,1fr)_18rem]">
            <div class="grid min-w-0 gap-8">
                {move || may.get().then(|| view! { <Composer detail services templates draft message reread /> })}
                <PostmortemSection detail draft=postmortem may />
                <Timeline detail services may deletes />
            </div>
            <div class="grid min-w-0 gap-4">
                <AffectedServices detail />
                <Links detail may open=links />
            </div>
        </div>
    }
}

/// What is done rarely.
#[component]
fn More(may: Memo<bool>, deletes: Memo<bool>, links: RwSignal<bool>, asks: RwSignal<bool>) -> impl IntoView {
    let items = Signal::derive(move || {
        let mut items = Vec::new();
        if may.get() {
            items.push(MenuItem { icon: Some(IconName::Link), ..MenuItem::new("link", "Link another incident") });
        }
        if deletes.get() {
            items.push(MenuItem {
                icon: Some(IconName::Trash2),
                destructive: true,
                ..MenuItem::new("delete", "Delete incident")
            });
        }
        items
    });
    let act = move |item: String| if item == "link" { links.set(true) } else { asks.set(true) };
    view! {
        <Show when=move || may.get() || deletes.get()>
            <Menu
                label="More actions for this incident"
                trigger=|| view! { <Icon name=IconName::Ellipsis /> }
                trigger_class=MENU_ICON
                items
                on_select=act
                align=Align::End
            />
        </Show>
    }
}

#[component]
fn Facts(detail: Signal<IncidentDetail>) -> impl IntoView {
    let status = Signal::derive(move || detail.read().incident.status);
    let impact = Signal::derive(move || detail.read().incident.impact);
    let started = Signal::derive(move || detail.read().incident.started_at);
    let by_hand = move || detail.read().impact_set.is_some();
    let is_open = Memo::new(move |_| detail.read().incident.is_open());
    let duration = move || {
        if is_open.get() {
            view! { <Lasting since=started /> ", ongoing" }.into_any()
        } else {
            lasted(&detail.read().incident).into_any()
        }
    };
    view! {
        <dl class="flex flex-wrap items-start gap-x-10 gap-y-3 p-4 text-13">
            <div>
                <dt class="text-muted-foreground">"Status"</dt>
                <dd class="mt-0.5"><IncidentBadge status /></dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Impact"</dt>
                <dd class="mt-0.5">
                    <ImpactMark impact />
                    {move || by_hand().then(|| view! { <span class="text-muted-foreground">", set manually"</span> })}
                </dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Started"</dt>
                <dd class="mt-0.5"><Ago at=started /></dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Duration"</dt>
                <dd class="mt-0.5 tabular-nums">{duration}</dd>
            </div>
            <div>
                <dt class="text-muted-foreground">"Status page"</dt>
                <dd class="mt-0.5">
                    <a
                        rel="external noopener"
                        target="_blank"
                        href=move || detail.read().page.clone()
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

/// What the incident says of services, in the order of the page.
#[component]
fn AffectedServices(detail: Signal<IncidentDetail>) -> impl IntoView {
    let organization = Organization::get();
    let services = Memo::new(move |_| detail.read().incident.services.clone());
    view! {
        <Card title="Affected services" flush=true>
            {move || {
                let services = services.get();
                if services.is_empty() {
                    return view! { <p class="p-4 text-13 text-muted-foreground">"No affected services"</p> }.into_any();
                }
                view! {
                    <ul class="divide-y divide-border text-13" role="list">
                        {services.into_iter().map(|Affected { service_id, name, status, .. }| {
                            let address = format!("/services/{service_id}");
                            view! {
                                <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
                                    <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{name}</A>
                                    <StatusMark status=Signal::stored(status) />
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                }.into_any()
            }}
        </Card>
    }
}
