//! Incidents: the open ones above the services, one in the timeline, and the page of each.

use super::{PageContext, heading, icon_of, impact_look, state, way_back};
use crate::{
    domain::{
        ids::ServiceId,
        incident::{Incident, IncidentUpdate, PublishedIncident, ServiceImpact},
        time::Time,
    },
    server::status_page::local_time,
};
use leptos::prelude::*;

/// The permanent address of an incident.
pub(super) fn address(setting: &PageContext<'_>, incident: &Incident) -> String {
    format!("{}/incidents/{}", setting.home(), incident.id)
}

fn named(incident: &Incident) -> impl ExactSizeIterator<Item = (&ServiceId, &str)> {
    incident.services.iter().map(|affected| (&affected.service_id, affected.name.as_str()))
}

/// What is wrong now, each with everything that was said of it.
pub(super) fn open(setting: &PageContext<'_>, all: &[PublishedIncident]) -> AnyView {
    let cards: Vec<AnyView> = all.iter().map(|told| card(setting, told)).collect();
    view! { <section id="incidents" class="cards" aria-label="Open incidents">{cards}</section> }.into_any()
}

fn card(setting: &PageContext<'_>, told: &PublishedIncident) -> AnyView {
    let incident = &told.incident;
    let (class, icon) = impact_look(incident.impact);
    view! {
        <article id=format!("i-{}", incident.id) class="card">
            <header>
                {icon_of(class, icon)}
                <h2><a href=address(setting, incident)>{incident.title.clone()}</a></h2>
                {setting.services(named(incident))}
            </header>
            {updates(setting, &told.updates)}
        </article>
    }
    .into_any()
}

/// Every message of an incident, newest first.
fn updates(setting: &PageContext<'_>, all: &[IncidentUpdate]) -> AnyView {
    let said = |update: &IncidentUpdate| -> Vec<String> {
        let sentence = |(ServiceImpact { status, .. }, name): &(ServiceImpact, String)| match status {
            Some(status) => format!("{name}: {}", setting.label(*status)),
            None => format!("{name}: no longer affected"),
        };
        update.services.iter().map(sentence).collect()
    };
    let each = all.iter().map(|update| message(setting, update.status.label(), update.at, &update.html, &said(update)));
    each.collect::<Vec<AnyView>>().into_any()
}

/// One message: what it made of the matter, when, and what it says.
pub(super) fn message(setting: &PageContext<'_>, label: &str, at: Time, html: &str, said: &[String]) -> AnyView {
    let text = (!html.is_empty()).then(|| view! { <div class="text" inner_html=html.to_owned()></div> });
    let said = (!said.is_empty()).then(|| view! { <p class="said">{said.join(" · ")}</p> });
    view! {
        <div class="update">
            <p class="when"><strong>{label.to_owned()}</strong>{setting.moment(at)}</p>
            <div class="what">{text}{said}</div>
        </div>
    }
    .into_any()
}

/// An incident that is over, in the timeline and in the history; of one that is open only that it is.
pub(super) fn entry(setting: &PageContext<'_>, told: &PublishedIncident) -> AnyView {
    let incident = &told.incident;
    let rest = if incident.is_open() {
        view! { <p class="when">"Ongoing since " {setting.moment(incident.started_at)}</p> }.into_any()
    } else {
        updates(setting, &told.updates)
    };
    view! { <article class="entry">{title(setting, incident, true)}{rest}</article> }.into_any()
}

/// An incident in a list: what it was called and when it was.
pub(super) fn short(setting: &PageContext<'_>, incident: &Incident) -> AnyView {
    view! { <article class="entry">{title(setting, incident, false)}<p class="when">{course(setting, incident)}</p></article> }
        .into_any()
}

/// An incident in the history: what it was called, when it was, and what was said of it last.
pub(super) fn gist(setting: &PageContext<'_>, told: &PublishedIncident) -> AnyView {
    let last = told.updates.iter().find(|update| !update.html.is_empty());
    let last = last.map(|update| view! { <div class="text" inner_html=update.html.clone()></div> });
    view! {
        <article class="entry">
            {title(setting, &told.incident, false)}
            <p class="when">{course(setting, &told.incident)}</p>
            {last}
        </article>
    }
    .into_any()
}

fn title(setting: &PageContext<'_>, incident: &Incident, under_day: bool) -> AnyView {
    let (class, icon) = impact_look(incident.impact);
    view! {
        <header>
            {icon_of(class, icon)}
            {heading(under_day, address(setting, incident), &incident.title)}
            {setting.services(named(incident))}
        </header>
    }
    .into_any()
}

/// From when to when it was.
fn course(setting: &PageContext<'_>, incident: &Incident) -> AnyView {
    let began = setting.moment(incident.started_at);
    match incident.resolved_at {
        Some(end) => {
            let lasted = local_time::minutes(end.micros() - incident.started_at.micros());
            let lasted = format!(" ({})", local_time::minutes_in_words(lasted));
            view! { <span>"Started " {began} " · resolved " {setting.moment(end)} {lasted}</span> }.into_any()
        }
        None => view! { <span>"Ongoing since " {began}</span> }.into_any(),
    }
}

/// The content of an incident's own page.
pub(super) fn page(setting: &PageContext<'_>, told: &PublishedIncident) -> AnyView {
    let PublishedIncident { incident, updates: all, postmortem } = told;
    let (class, icon) = impact_look(incident.impact);
    let rows: String = incident
        .services
        .iter()
        .map(|affected| {
            let name = setting.service(&affected.service_id, &affected.name);
            format!("<li>{}{}</li>", super::html(|| name), state(setting, affected.status))
        })
        .collect();
    let affected = (!rows.is_empty()).then(|| {
        view! {
            <section class="part">
                <h2>"Affected services"</h2>
                <ul class="box plain" role="list" inner_html=rows></ul>
            </section>
        }
    });
    let learned = postmortem.as_ref().filter(|postmortem| postmortem.published_at.is_some()).map(|postmortem| {
        let published = postmortem.published_at.map(|at| setting.moment(at));
        view! {
            <section id="postmortem" class="part">
                <h2>"Postmortem"</h2>
                <div class="card"><div class="text" inner_html=postmortem.html.clone()></div><p class="when">"Published " {published}</p></div>
            </section>
        }
    });
    view! {
        {way_back(setting)}
        <header class="title">
            {icon_of(class, icon)}
            <div>
                <h1>{incident.title.clone()}</h1>
                <p><strong>{incident.status.label()}</strong> " · impact: " {incident.impact.label().to_lowercase()}</p>
                <p>{course(setting, incident)}</p>
            </div>
        </header>
        {learned}
        {affected}
        <section class="part">
            <h2>"Updates"</h2>
            <div class="card">{updates(setting, all)}</div>
        </section>
    }
    .into_any()
}
