//! `/dashboard/{organization}`: how things are, and what changed last.

use super::{
    frame::{Organization, ScreenHead},
    incidents::{ImpactMark, IncidentBadge},
    live::use_live,
    maintenance::windows_of,
    services::{StatusMark, cause_label, status_tone},
    states::failed,
    time::Ago,
};
use crate::rpc::resource;
use crate::{
    domain::{
        calendar::LocalWindow,
        error::AppError,
        incident::Incident,
        live::Topic,
        maintenance::Maintenance,
        role::Action,
        service::{Overview, Service, Transition as Change},
        status::{Cause, Indicator, ServiceStatus},
    },
    rpc::services::read_overview,
    ui::*,
};
use leptos::prelude::*;
use leptos_router::components::A;

/// The screen.
#[component]
pub fn OverviewScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let read = resource(
        move || {
            // Windows are told by the clock of the organization, which can be set to another zone.
            let changes = [Topic::Services, Topic::Members, Topic::Incidents, Topic::Maintenance, Topic::Organization];
            (organization.slug.get(), changes.map(|topic| live.changes(topic)))
        },
        |(slug, _)| async move {
            let overview = read_overview(slug.clone()).await?;
            let windows = windows_of(slug, &overview.maintenance).await?;
            Ok::<_, AppError>((overview, windows))
        },
    );
    let (edits, reports) = (organization.may(Action::EditServices), organization.may(Action::ReportIncidents));
    view! {
        <ScreenHead title="Overview">
            <LinkButton href=Signal::derive(move || format!("/status/{}", organization.slug.get())) external=true icon=IconName::ExternalLink>
                "Status page"
            </LinkButton>
            {move || edits.get().then(|| view! {
                <LinkButton href=organization.address("/services/new") icon=IconName::Plus>"New service"</LinkButton>
            })}
            {move || reports.get().then(|| view! {
                <LinkButton href=organization.address("/incidents/new") variant=ButtonVariant::Primary icon=IconName::AlertTriangle shortcut="C">"Report incident"</LinkButton>
            })}
        </ScreenHead>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            {move || read.get().map(|read| match read {
                Ok((overview, windows)) => view! { <Body overview windows /> }.into_any(),
                Err(error) => failed(error),
            })}
        </Transition>
    }
}

/// The colour of a page's state.
pub const fn page_tone(indicator: Indicator) -> Tone {
    match indicator {
        Indicator::None => Tone::Green,
        Indicator::Maintenance => Tone::Blue,
        Indicator::Minor => Tone::Yellow,
        Indicator::Major => Tone::Orange,
        Indicator::Critical => Tone::Red,
    }
}

const fn page_icon(indicator: Indicator) -> IconName {
    match indicator {
        Indicator::None => IconName::CheckCircle,
        Indicator::Maintenance => IconName::Wrench,
        Indicator::Minor => IconName::MinusCircle,
        Indicator::Major => IconName::AlertTriangle,
        Indicator::Critical => IconName::AlertOctagon,
    }
}

#[component]
fn Body(overview: Overview, windows: Vec<LocalWindow>) -> impl IntoView {
    let organization = Organization::get();
    let status = move || organization.frame.get().status;
    let Overview { by_status, unwell, recent, services, members, incidents, maintenance } = overview;
    let well = services - unwell.len();
    let called = |words: &str| Signal::stored(words.to_owned());
    let operational = Signal::derive(move || organization.label(ServiceStatus::Operational));
    let open = move || organization.frame.read().incidents;
    let numbers = [
        (called("Services"), services.to_string(), IconName::Layers),
        (operational, well.to_string(), IconName::CheckCircle),
        (called("Affected"), unwell.len().to_string(), IconName::MinusCircle),
        (called("Members"), members.to_string(), IconName::Users),
    ];
    view! {
        <div class="grid gap-6 p-4">
            {move || {
                let status = status();
                view! {
                    <Alert tone=page_tone(status.indicator) icon=page_icon(status.indicator) title=status.description.as_str().to_owned()>
                        "What visitors see first on your status page."
                    </Alert>
                }
            }}
            <dl class="grid grid-cols-2 gap-3 lg:grid-cols-5">
                <div class="rounded-lg border border-border p-3 max-lg:col-span-2">
                    <dt class="flex items-center gap-2 text-xs text-muted-foreground"><Icon name=IconName::AlertTriangle class="size-3.5" />"Active incidents"</dt>
                    <dd class="mt-1 text-xl font-semibold tabular-nums">
                        <A href=move || organization.address("/incidents") attr:class="hover:underline">
                            {open}
                            <span class="sr-only">{move || if open() == 1 { " active incident" } else { " active incidents" }}</span>
                        </A>
                    </dd>
                </div>
                {numbers.into_iter().map(|(name, number, icon)| view! {
                    <div class="rounded-lg border border-border p-3">
                        <dt class="flex items-center gap-2 text-xs text-muted-foreground"><Icon name=icon class="size-3.5" />{move || name.get()}</dt>
                        <dd class="mt-1 text-xl font-semibold tabular-nums">{number}</dd>
                    </div>
                }).collect_view()}
            </dl>
            <div class="grid items-start gap-4 lg:grid-cols-2">
                <Card title="Active incidents" flush=true><OpenIncidents incidents /></Card>
                <Card title="Upcoming maintenance" flush=true><NextMaintenance maintenance windows /></Card>
            </div>
            {if services == 0 {
                view! {
                    <EmptyState icon=IconName::Layers title="No services yet" text="Add what your customers depend on. It appears on your status page right away.">
                        <LinkButton href=Signal::derive(move || organization.address("/services")) variant=ButtonVariant::Primary>"Add services"</LinkButton>
                    </EmptyState>
                }.into_any()
            } else {
                view! {
                    <div class="grid items-start gap-4 lg:grid-cols-2">
                        <Card title="Services by status" flush=true><ByStatus by_status services /></Card>
                        <Card title="Affected now" flush=true><Unwell unwell /></Card>
                    </div>
                    <Card title="Recent changes" flush=true><Recent recent /></Card>
                }.into_any()
            }}
        </div>
    }
}

#[component]
fn OpenIncidents(incidents: Vec<Incident>) -> impl IntoView {
    let organization = Organization::get();
    let more = incidents.len().saturating_sub(5);
    if incidents.is_empty() {
        return view! { <p class="p-4 text-13 text-muted-foreground">"No active incidents"</p> }.into_any();
    }
    view! {
        <ul class="divide-y divide-border text-13" role="list">
            {incidents.into_iter().take(5).map(|incident| {
                let address = format!("/incidents/{}", incident.id);
                view! {
                    <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
                        <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{incident.title}</A>
                        <span class="flex flex-wrap items-center gap-3">
                            <ImpactMark impact=Signal::stored(incident.impact) />
                            <IncidentBadge status=Signal::stored(incident.status) />
                            <span class="text-xs text-muted-foreground"><Ago at=incident.started_at /></span>
                        </span>
                    </li>
                }
            }).collect_view()}
        </ul>
        {(more > 0).then(|| view! {
            <p class="px-4 pb-3 text-xs text-muted-foreground">
                <A href=move || organization.address("/incidents") attr:class="underline">{format!("and {more} more")}</A>
            </p>
        })}
    }
    .into_any()
}

#[component]
fn NextMaintenance(maintenance: Vec<Maintenance>, windows: Vec<LocalWindow>) -> impl IntoView {
    let organization = Organization::get();
    if maintenance.is_empty() {
        return view! { <p class="p-4 text-13 text-muted-foreground">"No upcoming maintenance"</p> }.into_any();
    }
    view! {
        <ul class="divide-y divide-border text-13" role="list">
            {maintenance.into_iter().take(3).map(|maintenance| {
                let address = format!("/maintenance/{}", maintenance.id);
                let tone = if maintenance.status.is_going_on() { Tone::Blue } else { Tone::Neutral };
                let window = windows.iter().find(|window| window.id == maintenance.id).map(|window| window.words.clone());
                view! {
                    <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
                        <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{maintenance.title}</A>
                        <span class="flex flex-wrap items-center gap-3">
                            <Badge tone>{maintenance.status.label()}</Badge>
                            <span class="text-xs text-muted-foreground tabular-nums">{window}</span>
                        </span>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn ByStatus(by_status: Vec<(ServiceStatus, usize)>, services: usize) -> impl IntoView {
    // A bar of whole units: no style attribute is needed for an SVG.
    let mut from = 0;
    let bars: Vec<_> = by_status
        .iter()
        .map(|(status, count)| {
            let x = from;
            from += count;
            let class = match status_tone(*status) {
                Tone::Green => "fill-status-green",
                Tone::Blue => "fill-status-blue",
                Tone::Yellow => "fill-status-yellow",
                Tone::Orange => "fill-status-orange",
                _ => "fill-status-red",
            };
            view! { <rect x=x.to_string() y="0" width=count.to_string() height="1" class=class /> }
        })
        .collect();
    view! {
        <div class="grid gap-3 p-4">
            <svg viewBox=format!("0 0 {services} 1") preserveAspectRatio="none" class="h-2 w-full rounded-full" aria-hidden="true">{bars}</svg>
            <ul class="grid gap-1.5 text-13" role="list">
                {by_status.into_iter().map(|(status, count)| view! {
                    <li class="flex items-center justify-between">
                        <StatusMark status=Signal::stored(status) />
                        <span class="text-muted-foreground tabular-nums">{count}</span>
                    </li>
                }).collect_view()}
            </ul>
        </div>
    }
}

#[component]
fn Unwell(unwell: Vec<Service>) -> impl IntoView {
    let organization = Organization::get();
    let more = unwell.len().saturating_sub(8);
    if unwell.is_empty() {
        return view! { <p class="p-4 text-13 text-muted-foreground">"All services operational"</p> }.into_any();
    }
    view! {
        <ul class="divide-y divide-border text-13" role="list">
            {unwell.into_iter().take(8).map(|service| {
                let address = format!("/services/{}", service.id);
                view! {
                    <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2">
                        <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{service.name}</A>
                        <span class="flex items-center gap-3">
                            <StatusMark status=Signal::stored(service.status) />
                            <span class="text-xs text-muted-foreground"><Ago at=service.since /></span>
                        </span>
                    </li>
                }
            }).collect_view()}
        </ul>
        {(more > 0).then(|| view! { <p class="px-4 pb-3 text-xs text-muted-foreground">{format!("and {more} more")}</p> })}
    }
    .into_any()
}

#[component]
fn Recent(recent: Vec<Change>) -> impl IntoView {
    let organization = Organization::get();
    view! {
        <ol class="divide-y divide-border text-13" role="list">
            {recent.into_iter().map(|change| {
                let Change { service_id, service, before, status, at, cause, by } = change;
                let address = format!("/services/{service_id}");
                let words = move || match before {
                    Some(before) => format!("{} → {}", organization.label(before), organization.label(status)),
                    None => format!("Added as {}", organization.label(status)),
                };
                let who = by.filter(|_| cause == Cause::Manual).unwrap_or_else(|| cause_label(cause).to_owned());
                view! {
                    <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-0.5 px-4 py-2">
                        <span class="inline-flex min-w-0 flex-wrap items-center gap-x-2">
                            <StatusDot tone=status_tone(status) />
                            <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{service}</A>
                            <span class="text-muted-foreground">{words}</span>
                        </span>
                        <span class="text-xs text-muted-foreground">{who} " · " <Ago at=at /></span>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}
