//! What a visitor sees.

use super::{page::Region, snapshot::Snapshot};
use crate::{
    domain::{
        service::{Group, Section, Service},
        status::{Indicator, PageStatus, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        document::{self, Head, Style},
    },
};
use leptos::prelude::*;

/// A group with more services than this is closed while all is well in a long page.
const OPEN_MOST: usize = 12;

/// Title, description, address, icon.
pub fn head(app: &App, snapshot: &Snapshot) -> Head {
    let name = &snapshot.organization.name;
    Head {
        title: format!("{} · {name} status", snapshot.status.description),
        description: format!(
            "{}. {name}: the state of {} services, live.",
            snapshot.status.description,
            snapshot.services.services.len()
        ),
        canonical: Some(app.url.join(&format!("/status/{}", snapshot.organization.slug))),
        indicator: Some(snapshot.status.indicator),
        style: Style::StatusPage,
        script: Some("live.js"),
        theme: None,
    }
}

/// Everything between the body's tags.
pub fn body(snapshot: &Snapshot, regions: &[Region]) -> AnyView {
    let organization = &snapshot.organization;
    let home = format!("/status/{}", organization.slug);
    let main: String = regions.iter().map(|region| region.html.as_str()).collect();
    view! {
        <a class="skip" href="#main">"Skip to the services"</a>
        <Symbols />
        <div class="page">
            <header class="top">
                <a class="brand" href=home.clone()>
                    <svg class="mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                        <rect width="22" height="22" rx="6" />
                        <path d="M6.5 11.5l3 3 6-7" />
                    </svg>
                    <span>{organization.name.clone()}</span>
                </a>
                {(!organization.support_url.is_empty())
                    .then(|| view! { <a class="support" rel="nofollow noopener" href=organization.support_url.clone()>"Get help"</a> })}
                <p id="live" class="live" role="status" hidden></p>
            </header>
            {(!organization.description.is_empty()).then(|| view! { <p class="lead">{organization.description.clone()}</p> })}
            <main id="main" data-version=organization.version.to_string() data-live=format!("{home}/live") inner_html=main></main>
            <footer class="foot">
                <p>"Page made " {moment(snapshot.made_at)} ". Times are UTC."</p>
                <p>"Powered by " <a href="/">"Candor"</a></p>
            </footer>
        </div>
    }
    .into_any()
}

fn moment(time: Time) -> impl IntoView {
    view! { <time datetime=time.rfc3339()>{time.in_words()}</time> }
}

fn html(view: impl FnOnce() -> AnyView) -> String {
    document::plain(Owner::new().with(|| view().to_html()))
}

/// The parts of the page, in order.
pub fn regions(snapshot: &Snapshot) -> Vec<Region> {
    let sections = snapshot.services.sections();
    let long = snapshot.services.services.len() > 2 * OPEN_MOST;
    let mut regions = vec![Region { id: "banner".to_owned(), html: html(|| banner(snapshot)) }];
    if sections.is_empty() {
        regions.push(Region { id: "none".to_owned(), html: html(|| nothing_yet(&snapshot.organization.name)) });
    }
    for section in &sections {
        regions.push(match section {
            Section::Group(group, services) => {
                Region { id: format!("g-{}", group.id), html: html(|| grouped(group, services, long)) }
            }
            Section::Loose(services) => {
                let id = services.first().map(|service| format!("l-{}", service.id)).unwrap_or_default();
                Region { html: html(|| loose(&id, services)), id }
            }
        });
    }
    regions
}

fn banner(snapshot: &Snapshot) -> AnyView {
    let PageStatus { indicator, description } = snapshot.status;
    let total = snapshot.services.services.len();
    let affected = match (snapshot.affected(), total) {
        (_, 0) => String::new(),
        (0, 1) => "1 service · ".to_owned(),
        (0, _) => format!("{total} services · "),
        (affected, 1) => format!("{affected} of 1 service affected · "),
        (affected, _) => format!("{affected} of {total} services affected · "),
    };
    let changed = snapshot.organization.changed_at;
    view! {
        <section id="banner" class=format!("banner {}", indicator.as_str())>
            <svg class="icon" aria-hidden="true"><use href=format!("#{}", indicator_icon(indicator))></use></svg>
            <div>
                <h1>{description.as_str()}</h1>
                <p>{affected} "updated " <time datetime=changed.rfc3339() data-relative>{changed.in_words()}</time></p>
            </div>
        </section>
    }
    .into_any()
}

fn nothing_yet(name: &str) -> AnyView {
    view! {
        <section id="none" class="box empty">
            <h2>"No services yet"</h2>
            <p>{format!("{name} has not listed its services here. They appear as soon as they are added.")}</p>
        </section>
    }
    .into_any()
}

fn grouped(group: &Group, services: &[&Service], long: bool) -> AnyView {
    let worst = services.iter().map(|service| service.status).max().unwrap_or(ServiceStatus::Operational);
    let open = worst != ServiceStatus::Operational || !long || services.len() <= OPEN_MOST / 2;
    let count = services.len();
    let description = group.description.clone();
    view! {
        <details id=format!("g-{}", group.id) class="group" open=open>
            <summary>
                <svg class="icon chevron" aria-hidden="true"><use href="#chevron"></use></svg>
                <h2>{group.name.clone()}</h2>
                <span class="count">{if count == 1 { "1 service".to_owned() } else { format!("{count} services") }}</span>
                {state(worst)}
            </summary>
            {(!description.is_empty()).then(|| view! { <p class="about">{description}</p> })}
            {list(services)}
        </details>
    }
    .into_any()
}

fn loose(id: &str, services: &[&Service]) -> AnyView {
    view! { <section id=id.to_owned() class="group" aria-label="Services">{list(services)}</section> }.into_any()
}

fn list(services: &[&Service]) -> impl IntoView + use<> {
    let rows: Vec<_> = services
        .iter()
        .map(|service| {
            let description = service.description.clone();
            view! {
                <li id=format!("s-{}", service.id)>
                    <div class="name">
                        {service.name.clone()} {(!description.is_empty()).then(|| view! { <span class="note">{description}</span> })}
                    </div>
                    {state(service.status)}
                </li>
            }
        })
        .collect();
    if rows.is_empty() {
        view! { <p class="box empty">"No services in this group yet."</p> }.into_any()
    } else {
        view! { <ul class="box" role="list">{rows}</ul> }.into_any()
    }
}

fn state(status: ServiceStatus) -> impl IntoView + use<> {
    view! {
        <span class=format!("state {}", status.as_str())>
            <svg class="icon" aria-hidden="true"><use href=format!("#{}", icon(status))></use></svg>
            {status.label()}
        </span>
    }
}

const fn icon(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::Operational => "check",
        ServiceStatus::UnderMaintenance => "wrench",
        ServiceStatus::DegradedPerformance => "minus",
        ServiceStatus::PartialOutage => "alert",
        ServiceStatus::MajorOutage => "cross",
    }
}

const fn indicator_icon(indicator: Indicator) -> &'static str {
    match indicator {
        Indicator::None => "check",
        Indicator::Maintenance => "wrench",
        Indicator::Minor => "minus",
        Indicator::Major => "alert",
        Indicator::Critical => "cross",
    }
}

/// Every icon once; rows refer to them. Paths from Lucide (ISC licence).
#[component]
fn Symbols() -> impl IntoView {
    view! {
        <svg hidden="" width="0" height="0" aria-hidden="true">
            <symbol id="check" viewBox="0 0 24 24"><path d="M20 6 9 17l-5-5" /></symbol>
            <symbol id="wrench" viewBox="0 0 24 24">
                <path d="M14.7 6.3a1 1 0 0 0 0 1.4l1.6 1.6a1 1 0 0 0 1.4 0l3.77-3.77a6 6 0 0 1-7.94 7.94l-6.91 6.91a2.12 2.12 0 0 1-3-3l6.91-6.91a6 6 0 0 1 7.94-7.94l-3.76 3.76z" />
            </symbol>
            <symbol id="minus" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" /><path d="M8 12h8" /></symbol>
            <symbol id="alert" viewBox="0 0 24 24">
                <path d="m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3" /><path d="M12 9v4" /><path d="M12 17h.01" />
            </symbol>
            <symbol id="cross" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" /><path d="m15 9-6 6" /><path d="m9 9 6 6" /></symbol>
            <symbol id="chevron" viewBox="0 0 24 24"><path d="m9 18 6-6-6-6" /></symbol>
        </svg>
    }
}
