//! Maintenance: what goes on and comes above the services, one in the timeline, and the page of each.

use super::{PageContext, heading, icon_of, incidents::message, way_back};
use crate::{
    domain::{
        ids::ServiceId,
        maintenance::{Maintenance, MaintenanceStatus, MaintenanceUpdate, PublishedMaintenance},
    },
    server::status_page::local_time,
};
use leptos::prelude::*;

fn address(setting: &PageContext<'_>, maintenance: &Maintenance) -> String {
    format!("{}/maintenance/{}", setting.home(), maintenance.id)
}

fn named(maintenance: &Maintenance) -> impl ExactSizeIterator<Item = (&ServiceId, &str)> {
    maintenance.services.iter().map(|service| (&service.service_id, service.name.as_str()))
}

/// What goes on, and what comes.
pub(super) fn open(setting: &PageContext<'_>, all: &[PublishedMaintenance]) -> AnyView {
    let (going_on, coming): (Vec<_>, Vec<_>) = all.iter().partition(|told| told.maintenance.status.is_going_on());
    let cards: Vec<AnyView> = going_on.into_iter().chain(coming).map(|told| card(setting, told)).collect();
    view! { <section id="maintenance" class="cards" aria-label="Maintenance">{cards}</section> }.into_any()
}

fn card(setting: &PageContext<'_>, told: &PublishedMaintenance) -> AnyView {
    let maintenance = &told.maintenance;
    view! {
        <article id=format!("m-{}", maintenance.id) class="card">
            <header>
                {icon_of("maintenance", "wrench")}
                <h2><a href=address(setting, maintenance)>{maintenance.title.clone()}</a></h2>
                {setting.services(named(maintenance))}
                <p class="window">{countdown(setting, maintenance)} " · " {window(setting, maintenance)}</p>
            </header>
            {updates(setting, &told.updates)}
        </article>
    }
    .into_any()
}

/// Its window as the organization's clocks show it.
fn window(setting: &PageContext<'_>, maintenance: &Maintenance) -> AnyView {
    let Maintenance { starts_at, ends_at, .. } = maintenance;
    let (from, to) = local_time::window_in_words(setting.zone, *starts_at, *ends_at);
    view! { <time datetime=starts_at.rfc3339()>{from}</time> " to " <time datetime=ends_at.rfc3339()>{to}</time> }
        .into_any()
}

/// What comes next, and when; how long until then is the script's word.
fn countdown(setting: &PageContext<'_>, maintenance: &Maintenance) -> AnyView {
    let Maintenance { status, starts_at, ends_at, .. } = maintenance;
    match status {
        MaintenanceStatus::Scheduled => view! { <span>"Starts " {setting.relative(*starts_at)}</span> }.into_any(),
        MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => {
            let end = setting.relative(*ends_at);
            view! { <span><strong>{status.label()}</strong> ", ends " {end}</span> }.into_any()
        }
        MaintenanceStatus::Completed | MaintenanceStatus::Cancelled => {
            view! { <strong>{status.label()}</strong> }.into_any()
        }
    }
}

fn updates(setting: &PageContext<'_>, all: &[MaintenanceUpdate]) -> AnyView {
    let each = all.iter().map(|update| message(setting, update.status.label(), update.at, &update.html, &[]));
    each.collect::<Vec<AnyView>>().into_any()
}

/// A maintenance in the timeline.
pub(super) fn entry(setting: &PageContext<'_>, told: &PublishedMaintenance) -> AnyView {
    with_rest(setting, &told.maintenance, true, updates(setting, &told.updates))
}

/// A maintenance in the history: what was said of it last.
pub(super) fn gist(setting: &PageContext<'_>, told: &PublishedMaintenance) -> AnyView {
    let last = told.updates.iter().find(|update| !update.html.is_empty());
    let last = last.map(|update| view! { <div class="text" inner_html=update.html.clone()></div> });
    with_rest(setting, &told.maintenance, false, last.into_any())
}

fn with_rest(setting: &PageContext<'_>, maintenance: &Maintenance, under_day: bool, rest: AnyView) -> AnyView {
    view! {
        <article class="entry">
            <header>
                {icon_of("maintenance", "wrench")}
                {heading(under_day, address(setting, maintenance), &maintenance.title)}
                {setting.services(named(maintenance))}
            </header>
            <p class="when">{countdown(setting, maintenance)} " · " {window(setting, maintenance)}</p>
            {rest}
        </article>
    }
    .into_any()
}

/// The content of a maintenance's own page.
pub(super) fn page(setting: &PageContext<'_>, told: &PublishedMaintenance) -> AnyView {
    let maintenance = &told.maintenance;
    let services: Vec<AnyView> =
        named(maintenance).map(|(id, name)| view! { <li>{setting.service(id, name)}</li> }.into_any()).collect();
    let really = maintenance.started_at.map(|began| {
        let end = maintenance.completed_at.map(|end| view! { " · ended " {setting.moment(end)} });
        view! { <p>"Started " {setting.moment(began)} {end}</p> }
    });
    let said = (!told.updates.is_empty()).then(|| {
        view! {
            <section class="part">
                <h2>"Updates"</h2>
                <div class="card">{updates(setting, &told.updates)}</div>
            </section>
        }
    });
    view! {
        {way_back(setting)}
        <header class="title">
            {icon_of("maintenance", "wrench")}
            <div>
                <h1>{maintenance.title.clone()}</h1>
                <p>{countdown(setting, maintenance)}</p>
                <p>{window(setting, maintenance)}</p>
                {really}
            </div>
        </header>
        <section class="part">
            <h2>"Affected services"</h2>
            <ul class="box plain" role="list">{services}</ul>
        </section>
        {said}
    }
    .into_any()
}
