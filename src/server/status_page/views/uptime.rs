//! What the bars are made of in words: for the script, and as the page of a service.

use super::{PageContext, incidents::short, state, way_back};
use crate::{
    domain::{ids::ServiceId, incident::Incident, service::Service, status::ServiceStatus, time::Time, uptime::Tally},
    server::status_page::{
        local_time::{self, Month},
        snapshot::Snapshot,
        uptime_bars::{Bars, letter},
    },
};
use leptos::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// The id of the element that holds what the script needs.
pub(super) const FACTS: &str = "facts";

/// What the script needs to tell of any day of any bar.
#[derive(Serialize)]
struct UptimeFigures<'a> {
    /// The last day of the bars.
    today: String,
    /// When to read the page again.
    until: String,
    /// What each status is called.
    labels: BTreeMap<char, &'a str>,
    /// Title, first day, last day, and services: their ids, or `*` for all.
    incidents: Vec<(&'a str, String, String, String)>,
}

/// The facts of the status page.
pub(super) fn facts(snapshot: &Snapshot) -> String {
    let setting = snapshot.setting();
    incident_summaries(&setting, snapshot.turns_at, &snapshot.overlapping, &setting.there)
}

fn incident_summaries(
    setting: &PageContext<'_>,
    until: Time,
    incidents: &[Incident],
    all: &HashSet<&ServiceId>,
) -> String {
    let day = |at: Time| local_time::date(setting.zone, at).to_string();
    let incidents = incidents
        .iter()
        .filter_map(|incident| {
            let named = incident.services.iter().map(|affected| &affected.service_id);
            let named: Vec<&str> = named.filter(|id| all.contains(*id)).map(ServiceId::as_str).collect();
            let services = if named.len() == all.len() { "*".to_owned() } else { named.join(" ") };
            let end = incident.resolved_at.unwrap_or(setting.now);
            let fact = (incident.title.as_str(), day(incident.started_at), day(end), services);
            (!named.is_empty()).then_some(fact)
        })
        .collect();
    let labels = ServiceStatus::ALL.iter().map(|status| (letter(*status), setting.label(*status))).collect();
    let facts = UptimeFigures { today: day(setting.now), until: until.rfc3339(), labels, incidents };
    let json = serde_json::to_string(&facts).unwrap_or_default();
    format!("<template id=\"{FACTS}\">{}</template>", json.replace('&', "&amp;").replace('<', "&lt;"))
}

/// What the page of a service shows.
#[derive(Debug)]
pub struct DayRecord {
    /// The service.
    pub service: Service,
    /// Its days up to today.
    pub bars: Bars,
    /// Midnights of these days, and the next one.
    pub bounds: Vec<Time>,
    /// The latest months, newest first.
    pub months: Vec<(Month, Bars)>,
    /// Incidents of these months that say something of it, latest first.
    pub incidents: Vec<Incident>,
}

/// The content of a service's own page.
pub(super) fn page(setting: &PageContext<'_>, record: &DayRecord) -> AnyView {
    let DayRecord { service, bars, bounds, incidents, .. } = record;
    let until = bounds.last().copied().unwrap_or(setting.now);
    let facts = incident_summaries(setting, until, incidents, &HashSet::from([&service.id]));
    let bar = format!("{}<p>{}</p>{facts}", bars.drawing("bar", service.status), bars.in_words(setting.zone));
    let description = service.description.clone();
    let entries: Vec<AnyView> = incidents.iter().map(|incident| short(setting, incident)).collect();
    let none = entries.is_empty().then(|| view! { <p class="quiet">"No incidents in the past twelve months"</p> });
    view! {
        {way_back(setting)}
        <header class="title">
            <div>
                <h1>{service.name.clone()}</h1>
                {(!description.is_empty()).then(|| view! { <p>{description}</p> })}
                <p><span inner_html=state(setting, service.status)></span>" since "{setting.moment(service.since)}</p>
            </div>
        </header>
        <div id=format!("s-{}", service.id) class="box big" inner_html=bar></div>
        {exceptional_days(setting, record)}
        {by_month(setting, record)}
        <section class="part">
            <h2>"Incidents"</h2>
            {entries}
            {none}
        </section>
    }
    .into_any()
}

/// What was in a day or a month besides being operational, worst first.
fn course(setting: &PageContext<'_>, tally: &Tally) -> String {
    let bad = ServiceStatus::ALL.iter().rev().filter(|status| **status != ServiceStatus::Operational);
    let parts = bad.filter(|status| tally.of(**status) > 0).map(|status| {
        format!("{} {}", setting.label(*status), local_time::minutes_in_words(local_time::minutes(tally.of(*status))))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The days of the bar that were not operational, newest first.
fn exceptional_days(setting: &PageContext<'_>, record: &DayRecord) -> AnyView {
    let DayRecord { service, bars, bounds, incidents, .. } = record;
    let rows: Vec<AnyView> = bars
        .exceptions(service.status)
        .into_iter()
        .rev()
        .filter_map(|exception| {
            let (from, to) = (*bounds.get(exception.day)?, *bounds.get(exception.day + 1)?);
            let mut what = course(setting, bars.days.get(exception.day)?);
            if what.is_empty() {
                what = setting.label(exception.status).to_owned();
            }
            let then =
                |incident: &&Incident| incident.started_at < to && incident.resolved_at.is_none_or(|end| end > from);
            let links: Vec<AnyView> = incidents
                .iter()
                .filter(then)
                .map(|incident| {
                    let address = super::incidents::address(setting, incident);
                    view! { <a href=address>{incident.title.clone()}</a> }.into_any()
                })
                .collect();
            let day = local_time::day_in_words(local_time::date(setting.zone, from));
            let links = (!links.is_empty()).then(|| view! { <p>{links}</p> });
            Some(view! { <tr><th scope="row">{day}</th><td>{what}{links}</td></tr> }.into_any())
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="part">
            <h2>"Days with problems"</h2>
            <div class="box">
                <table>
                    <thead><tr><th scope="col">"Day"</th><th scope="col">"Status"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// The uptime of each month, newest first.
fn by_month(setting: &PageContext<'_>, record: &DayRecord) -> AnyView {
    let this_month = Month::of(local_time::date(setting.zone, setting.now));
    let rows: Vec<AnyView> = record
        .months
        .iter()
        .filter(|(_, bars)| bars.whole.observed > 0)
        .map(|(month, bars)| {
            let now = if *month == this_month { record.service.status } else { ServiceStatus::Operational };
            let (bar, figure, what) = (bars.drawing("strip", now), bars.whole.in_words(), course(setting, &bars.whole));
            let what = (!what.is_empty()).then(|| view! { <p>{what}</p> });
            view! {
                <tr>
                    <th scope="row">{month.to_string()}</th>
                    <td>{figure}{what}</td>
                    <td class="days" inner_html=bar></td>
                </tr>
            }
            .into_any()
        })
        .collect();
    if rows.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="part">
            <h2>"Uptime by month"</h2>
            <div class="box">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Month"</th>
                            <th scope="col">"Uptime"</th>
                            <th scope="col">"Days"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
