//! `/dashboard/{organization}/services/{id}`: one service and its history.

use super::status::{StatusChip, StatusMark, status_tone};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        shortcuts::on_key,
        states::failed,
        time::{Lasting, length},
        uptime::ServiceUptime,
    },
    domain::{
        error::AppError,
        ids::ServiceId,
        incident::Incident,
        live::Topic,
        role::Action,
        service::{Interval, ServiceDetail},
        status::{Cause, ServiceStatus},
    },
    rpc::services::read_service,
    ui::*,
};
use leptos::prelude::*;
use leptos_router::{
    components::A,
    hooks::{use_navigate, use_params_map},
};

/// The screen.
#[component]
pub fn ServiceScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let params = use_params_map();
    let id: Signal<String> = Memo::new(move |_| params.read().get("id").unwrap_or_default()).into();
    let read = resource(
        move || (organization.slug.get(), params.read().get("id").unwrap_or_default(), live.changes(Topic::Services)),
        |(slug, id, _)| async move {
            match id.parse() {
                Ok(id) => read_service(slug, id).await,
                Err(_) => Err(AppError::NotFound("service".to_owned())),
            }
        },
    );
    view! {
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            {move || read.get().map(|read| match read {
                Ok(detail) => view! { <Detail detail /> }.into_any(),
                Err(error) => failed(error),
            })}
        </Transition>
        <ServiceUptime id />
    }
}

#[component]
fn Detail(detail: ServiceDetail) -> impl IntoView {
    let organization = Organization::get();
    let ServiceDetail { service, group, team: team_name, history, holding } = detail;
    let team = Signal::stored(service.team_id.clone());
    let edits = organization.may_to(Action::EditServices, team);
    let reports = organization.may_to(Action::ReportIncidents, team);
    let edit = format!("/services/{}/edit", service.id);
    let report = format!("/incidents/new?service={}", service.id);
    let facts = [
        ("Group", group.unwrap_or_else(|| "None".to_owned())),
        ("Team", team_name.unwrap_or_else(|| "None".to_owned())),
        ("Created", service.created_at.in_words()),
        ("ID", service.id.to_string()),
    ];
    let own = service.own_status;
    let (navigate, there) = (use_navigate(), edit.clone());
    on_key(move |key, event| {
        if key == "e" && edits.get_untracked() {
            event.prevent_default();
            navigate(&organization.address(&there), Default::default());
        }
    });
    view! {
        <ScreenHead title=service.name.clone()>
            {move || {
                let report = organization.address(&report);
                reports.get().then(|| view! { <LinkButton href=report icon=IconName::AlertTriangle>"Report incident"</LinkButton> })
            }}
            {move || {
                let edit = organization.address(&edit);
                edits.get().then(|| view! { <LinkButton href=edit icon=IconName::Pencil shortcut="E">"Edit"</LinkButton> })
            }}
        </ScreenHead>
        <div class="grid gap-6 p-4">
            <div class="flex flex-wrap items-center gap-x-6 gap-y-3">
                <StatusChip id=service.id.clone() name=service.name.clone() status=Signal::stored(own) team />
                <span class="text-13 text-muted-foreground"><Lasting since=service.since prefix="for " /></span>
            </div>
            <Holding id=service.id.clone() own holding />
            {(!service.description.is_empty()).then(|| view! { <p class="max-w-prose whitespace-pre-line">{service.description.clone()}</p> })}
            <dl class="flex flex-wrap gap-x-10 gap-y-3 text-13">
                {facts.into_iter().map(|(name, value)| view! {
                    <div>
                        <dt class="text-muted-foreground">{name}</dt>
                        <dd class="tabular-nums">{value}</dd>
                    </div>
                }).collect_view()}
            </dl>
            <section class="grid gap-2">
                <h2 class="font-semibold">"Status history"</h2>
                <div class="overflow-hidden rounded-lg border border-border">
                    <Table
                        label="Status history"
                        read_only=true
                        head=|| view! {
                            <th scope="col" class=HEAD_CELL>"Status"</th>
                            <th scope="col" class=HEAD_CELL>"Started"</th>
                            <th scope="col" class=HEAD_CELL>"Duration"</th>
                            <th scope="col" class=HEAD_CELL>"Cause"</th>
                            <th scope="col" class=HEAD_CELL>"By"</th>
                        }
                    >
                        {history.into_iter().map(|interval| view! { <HistoryRow interval /> }).collect_view()}
                    </Table>
                </div>
            </section>
        </div>
    }
}

/// The open incidents that say something of the service: what keeps it from being as well as it says.
#[component]
fn Holding(id: ServiceId, own: ServiceStatus, holding: Vec<Incident>) -> impl IntoView {
    let organization = Organization::get();
    let mut said: Vec<(Incident, ServiceStatus)> = holding
        .into_iter()
        .filter_map(|incident| {
            let status = incident.services.iter().find(|affected| affected.service_id == id)?.status;
            Some((incident, status))
        })
        .collect();
    said.sort_by_key(|(_, status)| std::cmp::Reverse(*status));
    let Some(worst) = said.first().map(|(_, status)| *status) else { return ().into_any() };
    view! {
        <Alert tone=status_tone(worst) icon=IconName::AlertTriangle>
            <ul class="grid gap-1" role="list" aria-label="Active incidents">
                {said.into_iter().map(|(incident, status)| {
                    let address = format!("/incidents/{}", incident.id);
                    let words = move || {
                        if status > own { format!("Set to {} by ", organization.label(status)) } else { "Also part of ".to_owned() }
                    };
                    view! {
                        <li>
                            {words}
                            <A href=move || organization.address(&address) attr:class="font-medium wrap-anywhere underline">{incident.title}</A>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </Alert>
    }
    .into_any()
}

/// A cause in words.
pub const fn cause_label(cause: Cause) -> &'static str {
    match cause {
        Cause::Manual => "Manual",
        Cause::Incident => "Incident",
        Cause::Maintenance => "Maintenance",
        Cause::Monitor => "Monitor",
        Cause::Api => "API",
        Cause::Alertmanager => "Alertmanager",
        Cause::Import => "Import",
    }
}

#[component]
fn HistoryRow(interval: Interval) -> impl IntoView {
    let Interval { status, from, to, cause, by } = interval;
    let status: ServiceStatus = status;
    let lasted = to.map_or_else(|| "Ongoing".to_owned(), |to| length(to - from));
    view! {
        <tr class=ROW>
            <td class=CELL><StatusMark status=Signal::stored(status) /></td>
            <td class=CELL_MUTED><time datetime=from.rfc3339() class="whitespace-nowrap tabular-nums">{from.in_words()}</time></td>
            <td class=format!("{CELL_MUTED} whitespace-nowrap tabular-nums")>{lasted}</td>
            <td class=CELL_MUTED>{cause_label(cause)}</td>
            <td class=CELL_MUTED>{by.unwrap_or_default()}</td>
        </tr>
    }
}
