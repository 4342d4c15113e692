//! The numbers behind the bars, and the services one below the other.

use crate::{
    dashboard::{frame::Organization, time::length},
    domain::{
        ids::IncidentId,
        report::{
            DayBar, IncidentTotals, MonthBar, Report, ReportIncident, ServiceLine, day_in_words, down_seconds,
            month_in_words,
        },
        status::ServiceStatus,
        uptime::Tally,
    },
    ui::*,
};
use leptos::prelude::*;
use leptos_router::components::A;
use std::collections::HashMap;

/// Incidents that are listed below the bars; the table names the others too.
const LISTED: usize = 20;

/// What stands where there is no number.
const NOTHING: &str = "–";

const LINK: &str = "wrap-anywhere hover:underline";

fn lasted(micros: i64) -> String {
    if micros > 0 { length(micros as f64 / 1e6) } else { NOTHING.to_owned() }
}

/// The mean time to resolve, in words.
pub fn mean(sum: IncidentTotals) -> String {
    sum.mean_seconds().map_or_else(|| NOTHING.to_owned(), |seconds| length(seconds as f64))
}

/// The time that counts as down, in words.
pub fn downtime(tally: &Tally) -> String {
    if tally.observed > 0 { length(down_seconds(tally) as f64) } else { NOTHING.to_owned() }
}

/// A table that is shown when somebody wants it.
#[component]
fn Behind(children: Children) -> impl IntoView {
    view! {
        <details class="border-t border-border">
            <summary class="cursor-pointer px-4 py-2.5 text-13 font-medium text-muted-foreground hover:text-foreground pointer-coarse:py-3">
                "Show as table"
            </summary>
            <div class="border-t border-border">{children()}</div>
        </details>
    }
}

/// Every day, the latest first.
#[component]
pub fn DaysTable(
    /// What it shows.
    report: Signal<Report>,
) -> impl IntoView {
    let organization = Organization::get();
    let rows = move || {
        let report = report.read();
        let titles: HashMap<IncidentId, String> =
            report.incidents.iter().map(|incident| (incident.id.clone(), incident.title.clone())).collect();
        report.days.iter().rev().map(|day| day_row(organization, day, &titles)).collect_view()
    };
    view! {
        <Behind>
            <Table
                label="Uptime by day"
                read_only=true
                head=move || view! {
                    <th scope="col" class=HEAD_CELL>"Day"</th>
                    <th scope="col" class=HEAD_NUMBER>"Uptime"</th>
                    {WORST.into_iter().map(|status| view! { <th scope="col" class=HEAD_NUMBER>{move || organization.label(status)}</th> }).collect_view()}
                    <th scope="col" class=HEAD_CELL>"Incidents"</th>
                }
            >
                {rows}
            </Table>
        </Behind>
    }
}

/// The statuses that are told apart in the table of days.
const WORST: [ServiceStatus; 4] = [
    ServiceStatus::MajorOutage,
    ServiceStatus::PartialOutage,
    ServiceStatus::DegradedPerformance,
    ServiceStatus::UnderMaintenance,
];

fn day_row(organization: Organization, day: &DayBar, titles: &HashMap<IncidentId, String>) -> impl IntoView + use<> {
    let tally = day.tally;
    let named: Vec<_> = day
        .incidents
        .iter()
        .map(|id| {
            let address = format!("/incidents/{id}");
            let title = titles.get(id).cloned().unwrap_or_default();
            view! { <li><A href=move || organization.address(&address) attr:class=LINK>{title}</A></li> }
        })
        .collect();
    let incidents = (!named.is_empty()).then(|| view! { <ul role="list">{named}</ul> });
    view! {
        <tr class=ROW>
            <td class=format!("{CELL} whitespace-nowrap tabular-nums")>{day_in_words(&day.date)}</td>
            <td class=CELL_NUMBER>{tally.in_words()}</td>
            {WORST.into_iter().map(|status| view! { <td class=CELL_NUMBER>{lasted(tally.of(status))}</td> }).collect_view()}
            <td class=format!("{CELL} min-w-40")>{incidents}</td>
        </tr>
    }
}

/// Every month, the latest first.
#[component]
pub fn MonthsTable(
    /// What it shows.
    report: Signal<Report>,
) -> impl IntoView {
    let rows = move || report.read().months.iter().rev().map(month_row).collect_view();
    view! {
        <Behind>
            <Table
                label="Uptime by month"
                read_only=true
                head=|| view! {
                    <th scope="col" class=HEAD_CELL>"Month"</th>
                    <th scope="col" class=HEAD_NUMBER>"Uptime"</th>
                    <th scope="col" class=HEAD_NUMBER>"Downtime"</th>
                    <th scope="col" class=HEAD_NUMBER>"Incidents"</th>
                    <th scope="col" class=HEAD_NUMBER>"Mean time to resolve"</th>
                }
            >
                {rows}
            </Table>
        </Behind>
    }
}

fn month_row(month: &MonthBar) -> impl IntoView + use<> {
    let MonthBar { month, tally, incidents } = month;
    view! {
        <tr class=ROW>
            <td class=format!("{CELL} whitespace-nowrap")>{month_in_words(month)}</td>
            <td class=CELL_NUMBER>{tally.in_words()}</td>
            <td class=CELL_NUMBER>{downtime(tally)}</td>
            <td class=CELL_NUMBER>{incidents.count}</td>
            <td class=CELL_NUMBER>{mean(*incidents)}</td>
        </tr>
    }
}

/// The services of the period, in the order of the status page.
#[component]
pub fn ServicesTable(
    /// What it shows.
    report: Signal<Report>,
) -> impl IntoView {
    let organization = Organization::get();
    let rows = move || report.read().services.iter().map(|line| service_row(organization, line)).collect_view();
    view! {
        <Table
            label="Uptime by service"
            head=|| view! {
                <th scope="col" class=HEAD_CELL>"Service"</th>
                <th scope="col" class=HEAD_NUMBER>"Uptime"</th>
                <th scope="col" class=HEAD_NUMBER>"Downtime"</th>
                <th scope="col" class=HEAD_NUMBER>"Incidents"</th>
                <th scope="col" class=HEAD_NUMBER>"Mean time to resolve"</th>
            }
        >
            {rows}
        </Table>
    }
}

fn service_row(organization: Organization, line: &ServiceLine) -> impl IntoView + use<> {
    let ServiceLine { id, name, group, tally, incidents } = line;
    let name = name.clone();
    let address = format!("/services/{id}");
    let group = group.clone().map(|group| view! { <span class="block text-xs text-muted-foreground">{group}</span> });
    view! {
        <tr class=ROW>
            <td class=format!("{CELL} min-w-32")>
                <A href=move || organization.address(&address) attr:class="font-medium wrap-anywhere hover:underline">{name}</A>
                {group}
            </td>
            <td class=CELL_NUMBER>{tally.in_words()}</td>
            <td class=CELL_NUMBER>{downtime(tally)}</td>
            <td class=CELL_NUMBER>{incidents.count}</td>
            <td class=CELL_NUMBER>{mean(*incidents)}</td>
        </tr>
    }
}

/// What was open in the period, the latest first.
#[component]
pub fn IncidentList(
    /// What it shows.
    report: Signal<Report>,
) -> impl IntoView {
    let organization = Organization::get();
    move || {
        let report = report.read();
        let more = report.incidents.len().saturating_sub(LISTED);
        if report.incidents.is_empty() {
            return view! { <p class="px-4 pb-4 text-13 text-muted-foreground">"No incidents in this period"</p> }
                .into_any();
        }
        let listed: Vec<_> =
            report.incidents.iter().take(LISTED).map(|incident| incident_line(organization, incident)).collect();
        view! {
            <ol class="divide-y divide-border border-t border-border text-13" role="list" aria-label="Incidents">{listed}</ol>
            {(more > 0).then(|| view! { <p class="px-4 py-2 text-xs text-muted-foreground">{format!("and {more} more in the table")}</p> })}
        }
        .into_any()
    }
}

fn incident_line(organization: Organization, incident: &ReportIncident) -> impl IntoView + use<> {
    let ReportIncident { id, title, started_at, .. } = incident;
    let title = title.clone();
    let address = format!("/incidents/{id}");
    let took = match incident.seconds_to_resolve() {
        Some(seconds) => format!("resolved in {}", length(seconds as f64)),
        None => "ongoing".to_owned(),
    };
    let (at, words) = (started_at.rfc3339(), started_at.in_words());
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-0.5 px-4 py-2">
            <A href=move || organization.address(&address) attr:class="min-w-0 font-medium wrap-anywhere hover:underline">{title}</A>
            <span class="text-xs text-muted-foreground"><time datetime=at>{words}</time> ", " {took}</span>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_a_dash() {
        assert_eq!((lasted(0), lasted(3_600_000_000)), (NOTHING.to_owned(), "1 h 0 min".to_owned()));
        assert_eq!(mean(IncidentTotals { count: 1, ..IncidentTotals::default() }), NOTHING);
        assert_eq!(mean(IncidentTotals { count: 3, resolved: 2, resolve_seconds: 7_200 }), "1 h 0 min");
        assert_eq!(downtime(&Tally::default()), NOTHING);
        assert_eq!(downtime(&Tally { observed: 1, ..Tally::default() }), "0 s");
    }
}
