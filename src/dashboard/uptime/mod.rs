//! `/dashboard/{organization}/uptime`: how services fared.

mod chart;
mod tables;

use self::{
    chart::{Bar, BarChart},
    tables::{DaysTable, IncidentList, MonthsTable, ServicesTable, downtime, mean},
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
        live::Topic,
        report::{PERIODS, Report, ReportFilter, day_in_words},
        role::Action,
        service::{Section, ServiceList},
    },
    rpc::{reports::read_uptime, services::list_services},
    ui::*,
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    components::A,
    hooks::{use_navigate, use_query_map},
};

/// A report, and what it is about.
type UptimeQuery = (ReportFilter, Report);

const PERIOD: &str = "inline-flex h-8 items-center rounded-md px-2.5 text-13 font-medium text-muted-foreground hover:bg-accent hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:text-foreground pointer-coarse:h-10";

/// What the address asks for. What is no letter and no figure is in no id.
fn asked(service: Option<&str>, days: Option<&str>) -> ReportFilter {
    let usual = ReportFilter::default();
    let days = days.and_then(|days| days.parse().ok()).filter(|days| PERIODS.contains(days)).unwrap_or(usual.days);
    let service = service.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    ReportFilter { service, days }
}

fn query(filter: &ReportFilter) -> String {
    match filter.service.as_str() {
        "" => format!("days={}", filter.days),
        service => format!("service={service}&days={}", filter.days),
    }
}

/// The services to choose from, in the order of the status page; those of a group with its name.
fn choices(list: &ServiceList) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), "All services".to_owned())];
    for section in list.sections() {
        match section {
            Section::Group(group, inside) => all.extend(
                inside.iter().map(|service| (service.id.to_string(), format!("{}: {}", group.name, service.name))),
            ),
            Section::Loose(run) => all.extend(run.iter().map(|service| (service.id.to_string(), service.name.clone()))),
        }
    }
    all
}

/// The screen.
#[component]
pub fn UptimeScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let address = use_query_map();
    let wanted = Memo::new(move |_| {
        let address = address.read();
        asked(address.get_str("service"), address.get_str("days"))
    });
    let read = resource(
        move || {
            let changes =
                (live.changes(Topic::Services), live.changes(Topic::Incidents), live.changes(Topic::Organization));
            (organization.slug.get(), wanted.get(), changes)
        },
        |(slug, filter, _)| async move { read_uptime(slug, filter.clone()).await.map(|report| (filter, report)) },
    );
    let services =
        resource(move || (organization.slug.get(), live.changes(Topic::Services)), |(slug, _)| list_services(slug));
    let export = Signal::derive(move || organization.address(&format!("/uptime.csv?{}", query(&wanted.read()))));
    view! {
        <ScreenHead title="Uptime">
            <LinkButton href=export external=true icon=IconName::Download>"Export CSV"</LinkButton>
        </ScreenHead>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=8 /></div> }>
            <Reported read services wanted />
        </Transition>
    }
}

#[component]
fn Reported(
    read: Resource<Result<UptimeQuery>>,
    services: Resource<Result<ServiceList>>,
    wanted: Memo<ReportFilter>,
) -> impl IntoView {
    let answer = move || match (read.get(), services.get()) {
        (Some(Err(error)), _) | (_, Some(Err(error))) => Some(Err::<_, AppError>(error)),
        (Some(Ok(read)), Some(Ok(services))) => Some(Ok((read, services))),
        _ => None,
    };
    keep_last_good(
        answer,
        || view! { <div class="p-4"><SkeletonRows n=8 /></div> }.into_any(),
        move |both: Signal<(UptimeQuery, ServiceList)>| {
            let shown = Memo::new(move |_| both.read().0.0.clone());
            let report = Signal::from(Memo::new(move |_| both.read().0.1.clone()));
            let services = Memo::new(move |_| choices(&both.read().1));
            let none = Memo::new(move |_| both.read().1.services.is_empty());
            view! {
                <Show when=move || !none.get() fallback=|| view! { <NoServices /> }>
                    <Body shown report services wanted />
                </Show>
            }
            .into_any()
        },
    )
}

/// What to do first.
#[component]
fn NoServices() -> impl IntoView {
    let organization = Organization::get();
    let edits = organization.may(Action::EditServices);
    view! {
        <EmptyState icon=IconName::Activity title="No services yet" text="Add a service, and its uptime is recorded from that moment on.">
            {move || edits.get().then(|| view! {
                <LinkButton href=organization.address("/services") variant=ButtonVariant::Primary>"Add services"</LinkButton>
            })}
        </EmptyState>
    }
}

#[component]
fn Body(
    shown: Memo<ReportFilter>,
    report: Signal<Report>,
    services: Memo<Vec<(String, String)>>,
    wanted: Memo<ReportFilter>,
) -> impl IntoView {
    let organization = Organization::get();
    let navigate = StoredValue::new(use_navigate());
    let there = move |filter: ReportFilter| organization.address(&format!("/uptime?{}", query(&filter)));
    let choose = move |service: String| {
        let filter = ReportFilter { service, ..wanted.get_untracked() };
        let address = untrack(|| there(filter));
        navigate.with_value(|navigate| navigate(&address, NavigateOptions { scroll: false, ..Default::default() }));
    };
    let pending = move || *shown.read() != *wanted.read();
    let days = Signal::from(Memo::new(move |_| report.read().days.iter().map(Bar::from).collect::<Vec<_>>()));
    let months = Signal::from(Memo::new(move |_| report.read().months.iter().map(Bar::from).collect::<Vec<_>>()));
    let several = Memo::new(move |_| shown.read().service.is_empty());
    view! {
        <div class="flex flex-wrap items-center justify-between gap-2 px-4 py-2.5">
            <nav class="flex gap-1" aria-label="Period">
                {PERIODS.into_iter().map(|days| view! {
                    <a
                        href=move || there(ReportFilter { days, ..wanted.get() })
                        class=PERIOD
                        aria-current=move || (wanted.read().days == days).then_some("page")
                    >
                        {format!("{days} days")}
                    </a>
                }).collect_view()}
            </nav>
            <div class="w-64 max-sm:w-full">
                <SelectField
                    label="Service"
                    name="service"
                    id="uptime-service"
                    label_hidden=true
                    options=services
                    value=Signal::derive(move || wanted.get().service)
                    on_change=choose
                />
            </div>
        </div>
        <div class="grid gap-4 px-4 pb-4" class=("opacity-60", pending) aria-busy=move || pending().then_some("true")>
            <Figures report />
            <Panel id="uptime-days" title="Uptime by day">
                <BarChart id="uptime-days" bars=days />
                <IncidentList report />
                <DaysTable report />
            </Panel>
            <Panel id="uptime-months" title="Uptime by month">
                <BarChart id="uptime-months" bars=months />
                <MonthsTable report />
            </Panel>
            <Show when=move || several.get()>
                <Panel id="uptime-services" title="Uptime by service"><ServicesTable report /></Panel>
            </Show>
        </div>
    }
}

/// A box with a heading that charts are called by.
#[component]
fn Panel(id: &'static str, title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="min-w-0 overflow-hidden rounded-xl border border-border bg-card text-card-foreground">
            <h2 id=format!("{id}-title") class="border-b border-border px-4 py-3 text-sm font-semibold tracking-tight">{title}</h2>
            {children()}
        </section>
    }
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The period in four numbers.
#[component]
fn Figures(report: Signal<Report>) -> impl IntoView {
    let period = move || {
        let report = report.read();
        let ends = (report.days.first(), report.days.last());
        let (Some(first), Some(last)) = ends else { return String::new() };
        format!("{} to {}", day_in_words(&first.date), day_in_words(&last.date))
    };
    let resolved = move || format!("across {}", number(report.read().sum.resolved, "incident", "incidents"));
    let added = move || match report.read().services.len() {
        1 => "partial outages count 30%".to_owned(),
        many => format!("across {many} services; partial outages count 30%"),
    };
    let open = move || {
        let sum = report.read().sum;
        format!("{} active", sum.count - sum.resolved)
    };
    let figures = [
        ("Uptime", IconName::Activity, Signal::derive(move || report.read().total.in_words()), Signal::derive(period)),
        (
            "Incidents",
            IconName::AlertTriangle,
            Signal::derive(move || report.read().sum.count.to_string()),
            Signal::derive(open),
        ),
        (
            "Mean time to resolve",
            IconName::Clock,
            Signal::derive(move || mean(report.read().sum)),
            Signal::derive(resolved),
        ),
        ("Downtime", IconName::History, Signal::derive(move || downtime(&report.read().total)), Signal::derive(added)),
    ];
    view! {
        <dl class="grid grid-cols-2 gap-3 lg:grid-cols-4">
            {figures.into_iter().map(|(name, icon, number, note)| view! {
                <div class="rounded-lg border border-border p-3">
                    <dt class="flex items-center gap-2 text-xs text-muted-foreground"><Icon name=icon class="size-3.5" />{name}</dt>
                    <dd class="mt-1 text-xl font-semibold tabular-nums">{move || number.get()}</dd>
                    <dd class="mt-0.5 text-xs text-muted-foreground">{move || note.get()}</dd>
                </div>
            }).collect_view()}
        </dl>
    }
}

/// How one service fared in the last 90 days: a part of its own screen.
#[component]
pub fn ServiceUptime(
    /// The id of the service.
    id: Signal<String>,
) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let filter = move || ReportFilter { service: id.get(), ..ReportFilter::default() };
    let read = resource(
        move || {
            let changes = (live.changes(Topic::Services), live.changes(Topic::Incidents));
            (organization.slug.get(), filter(), changes)
        },
        |(slug, filter, _)| async move { read_uptime(slug, filter).await.ok() },
    );
    let whole = move || organization.address(&format!("/uptime?{}", query(&filter())));
    view! {
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=4 /></div> }>
            {keep_last_good(
                move || read.get().map(Ok),
                || view! { <div class="p-4"><SkeletonRows n=4 /></div> }.into_any(),
                move |report| {
                    view! {
                        // What cannot be reported says so above.
                        {move || report.get().map(|report| view! {
                            <div class="px-4 pb-4">
                                <Panel id="service-uptime" title="Uptime, last 90 days">
                                    <OfService report=Signal::stored(report) />
                                    <p class="border-t border-border px-4 py-2.5 text-13">
                                        <A href=whole attr:class="font-medium text-brand-text hover:underline">"Full uptime report"</A>
                                    </p>
                                </Panel>
                            </div>
                        })}
                    }
                    .into_any()
                },
            )}
        </Transition>
    }
}

#[component]
fn OfService(report: Signal<Report>) -> impl IntoView {
    let bars = Signal::from(Memo::new(move |_| report.read().days.iter().map(Bar::from).collect::<Vec<_>>()));
    let words = move || {
        let report = report.read();
        let incidents = number(report.sum.count, "incident", "incidents");
        format!("Uptime {}, downtime {}, {incidents}.", report.total.in_words(), downtime(&report.total))
    };
    view! {
        <p class="px-4 pt-4 font-medium tabular-nums">{words}</p>
        <BarChart id="service-uptime" bars />
        <DaysTable report />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{GroupId, ID_LENGTH, ServiceId},
        service::{Group, Service},
        status::ServiceStatus,
        time::Time,
    };

    #[test]
    fn addresses_say_what_is_asked_for() {
        assert_eq!(asked(None, None), ReportFilter::default());
        let other = asked(Some("abc'&days=7"), Some("365"));
        assert_eq!((other.service.as_str(), other.days), ("abcdays7", 365));
        assert_eq!(asked(None, Some("7")).days, 90);
        assert_eq!(query(&ReportFilter::default()), "days=90");
        assert_eq!(query(&other), "service=abcdays7&days=365");
    }

    #[test]
    fn services_are_offered_with_their_group() {
        let group = GroupId::from_random([9; ID_LENGTH]);
        let service = |number: u8, name: &str, group_id: Option<&GroupId>| Service {
            id: ServiceId::from_random([number; ID_LENGTH]),
            group_id: group_id.cloned(),
            team_id: None,
            name: name.to_owned(),
            description: String::new(),
            own_status: ServiceStatus::Operational,
            status: ServiceStatus::Operational,
            since: Time::default(),
            position: i64::from(number),
            created_at: Time::default(),
            updated_at: Time::default(),
        };
        let list = ServiceList {
            services: vec![service(1, "Web", None), service(2, "API", Some(&group))],
            groups: vec![Group { id: group.clone(), name: "Core".into(), description: String::new(), position: 3 }],
            teams: Vec::new(),
        };
        let labels: Vec<String> = choices(&list).into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["All services", "Web", "Core: API"]);
    }

    #[test]
    fn one_is_one() {
        assert_eq!(
            (number(1, "incident", "incidents"), number(0, "incident", "incidents")),
            ("1 incident".into(), "0 incidents".into())
        );
    }
}
