//! What a visitor sees.

mod incidents;
mod maintenance;
mod services;
mod symbols;
mod timeline;
mod uptime;

pub use timeline::PastEvents;
pub use uptime::DayRecord;

use super::{local_time, local_time::Month, page::Region, snapshot::Snapshot, uptime_bars::Bars, xml::escape};
use crate::{
    domain::{
        ids::ServiceId,
        incident::PublishedIncident,
        maintenance::PublishedMaintenance,
        service::{Section, Service, ServiceList},
        status::{Impact, Indicator, PageStatus, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        document::{self, Head, Style},
        organizations::PublicOrganization,
    },
};
use chrono_tz::Tz;
use leptos::prelude::*;
use std::collections::HashSet;
use symbols::Symbols;

/// What every part of a page needs to know.
#[derive(Debug)]
pub struct PageContext<'a> {
    /// Whose page it is.
    pub organization: &'a PublicOrganization,
    /// Its time zone.
    pub zone: Tz,
    /// When the page is made.
    pub now: Time,
    /// Services that have a page of their own; what was deleted has none.
    there: HashSet<&'a ServiceId>,
}

impl<'a> PageContext<'a> {
    /// The setting of an organization with these services.
    pub fn new(organization: &'a PublicOrganization, services: &'a ServiceList, now: Time) -> Self {
        let there = services.services.iter().map(|service| &service.id).collect();
        Self { organization, zone: local_time::zone(&organization.time_zone), now, there }
    }

    /// The address of the status page.
    pub fn home(&self) -> String {
        format!("/status/{}", self.organization.slug)
    }

    fn label(&self, status: ServiceStatus) -> &str {
        self.organization.labels.label(status)
    }

    /// A moment as the organization's clocks show it; the script adds the visitor's.
    fn moment(&self, at: Time) -> AnyView {
        view! { <time datetime=at.rfc3339()>{local_time::in_words(self.zone, at)}</time> }.into_any()
    }

    /// A moment that the script tells as “in 3 hours” or “2 minutes ago”.
    fn relative(&self, at: Time) -> AnyView {
        view! { <time datetime=at.rfc3339() data-relative>{local_time::in_words(self.zone, at)}</time> }.into_any()
    }

    /// A service by its name, with the way to its page.
    fn service(&self, id: &ServiceId, name: &str) -> AnyView {
        let name = name.to_owned();
        if self.there.contains(id) {
            view! { <a class="chip" href=format!("{}/services/{id}", self.home())>{name}</a> }.into_any()
        } else {
            view! { <span class="chip">{name}</span> }.into_any()
        }
    }

    /// Some services by their names; of many only the first.
    fn services<'b>(&self, all: impl ExactSizeIterator<Item = (&'b ServiceId, &'b str)>) -> AnyView {
        let more = all.len().saturating_sub(MAX_NAMED);
        let named: Vec<AnyView> = all.take(MAX_NAMED).map(|(id, name)| self.service(id, name)).collect();
        if named.is_empty() {
            return ().into_any();
        }
        let more = (more > 0).then(|| view! { <span class="more">{format!("and {more} more")}</span> });
        view! { <p class="chips">{named}{more}</p> }.into_any()
    }
}

/// Services that a heading names at most.
const MAX_NAMED: usize = 8;

/// Title, description, address, icon of the status page.
pub fn head(app: &App, snapshot: &Snapshot) -> Head {
    let name = &snapshot.organization.name;
    Head {
        title: format!("{} · {name} status", snapshot.status.description),
        description: format!(
            "{}. {name}: live status of {} services.",
            snapshot.status.description,
            snapshot.services.services.len()
        ),
        canonical: Some(app.url.join(&format!("/status/{}", snapshot.organization.slug))),
        indicator: Some(snapshot.status.indicator),
        style: Style::StatusPage,
        script: Some("live.js"),
        theme: None,
        feeds: Some(format!("/status/{}", snapshot.organization.slug)),
    }
}

/// The same of a page below it.
pub fn head_below(app: &App, setting: &PageContext<'_>, path: &str, title: &str, description: String) -> Head {
    Head {
        title: format!("{title} · {} status", setting.organization.name),
        description,
        canonical: Some(app.url.join(path)),
        indicator: None,
        style: Style::StatusPage,
        script: Some("live.js"),
        theme: None,
        feeds: Some(setting.home()),
    }
}

/// Everything between the body's tags.
pub fn body(snapshot: &Snapshot, regions: &[Region]) -> AnyView {
    let main = regions.iter().map(|region| region.html.as_str()).collect();
    frame(&snapshot.setting(), main, true)
}

/// The same of a page below it.
pub fn body_below(setting: &PageContext<'_>, main: impl FnOnce() -> AnyView) -> AnyView {
    frame(setting, html(main), false)
}

/// What stands around the content. Of the status page itself the parts that change are sent to
/// whoever reads it; the pages below it are read again.
fn frame(setting: &PageContext<'_>, main: String, in_parts: bool) -> AnyView {
    let organization = setting.organization;
    let home = setting.home();
    let zone = format!(" · All times in {}", organization.time_zone.replace('_', " "));
    let lead = (in_parts && !organization.description.is_empty()).then(|| organization.description.clone());
    view! {
        <a class="skip" href="#main">{if in_parts { "Skip to services" } else { "Skip to content" }}</a>
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
            {lead.map(|text| view! { <p class="lead">{text}</p> })}
            <main
                id="main"
                data-version=organization.version.to_string()
                data-live=format!("{home}/live")
                data-whole=(!in_parts).then_some("")
                inner_html=main
            ></main>
            <footer class="foot">
                <p>"Page updated " {setting.moment(setting.now)} {zone}</p>
                <p>
                    <a href=format!("{home}/feed.atom")>"Atom"</a> " · "
                    <a href=format!("{home}/feed.rss")>"RSS"</a> " · "
                    <a href=format!("{home}/feed.json")>"JSON"</a> " · "
                    <a href=format!("{home}/calendar.ics")>"Calendar"</a>
                </p>
                <p>"Powered by " <a href="/">"Candor"</a></p>
            </footer>
        </div>
    }
    .into_any()
}

fn html(view: impl FnOnce() -> AnyView) -> String {
    document::plain(Owner::new().with(|| view().to_html()))
}

/// The parts of the page, in order.
pub fn regions(snapshot: &Snapshot) -> Vec<Region> {
    let setting = snapshot.setting();
    let sections = snapshot.services.sections();
    let region = |id: &str, view: &dyn Fn() -> AnyView| Region { id: id.to_owned(), html: html(view) };
    let mut regions = vec![
        region("banner", &|| banner(&setting, snapshot)),
        region("incidents", &|| incidents::open(&setting, &snapshot.open)),
        region("maintenance", &|| maintenance::open(&setting, &snapshot.maintenance)),
    ];
    if sections.is_empty() {
        regions.push(region("none", &|| nothing_yet(&snapshot.organization.name)));
    }
    let long = snapshot.services.services.len() > 2 * services::MAX_OPEN;
    for section in &sections {
        let with_bars =
            |all: &[&Service]| -> Vec<Bars> { all.iter().map(|service| snapshot.bars(&service.id)).collect() };
        regions.push(match section {
            Section::Group(group, all) => {
                let bars = with_bars(all);
                region(&format!("g-{}", group.id), &|| services::grouped(&setting, group, all, &bars, long))
            }
            Section::Loose(all) => {
                let (id, bars) =
                    (all.first().map(|first| format!("l-{}", first.id)).unwrap_or_default(), with_bars(all));
                region(&id, &|| services::loose(&setting, &id, all, &bars))
            }
        });
    }
    regions.push(region("timeline", &|| timeline::recent(&setting, snapshot)));
    regions.push(Region { id: uptime::FACTS.to_owned(), html: uptime::facts(snapshot) });
    regions
}

/// The content of an incident's page.
pub fn incident(setting: &PageContext<'_>, told: &PublishedIncident) -> AnyView {
    incidents::page(setting, told)
}

/// The content of a maintenance's page.
pub fn planned(setting: &PageContext<'_>, told: &PublishedMaintenance) -> AnyView {
    maintenance::page(setting, told)
}

/// The content of the history.
pub fn history(setting: &PageContext<'_>, past: &PastEvents, asked: Option<Month>) -> AnyView {
    timeline::history(setting, past, asked)
}

/// The content of a service's page.
pub fn service(setting: &PageContext<'_>, record: &DayRecord) -> AnyView {
    uptime::page(setting, record)
}

fn banner(setting: &PageContext<'_>, snapshot: &Snapshot) -> AnyView {
    let PageStatus { indicator, description } = snapshot.status;
    let total = snapshot.services.services.len();
    let affected = match (snapshot.affected(), total) {
        (_, 0) => String::new(),
        (0, 1) => "1 service · ".to_owned(),
        (0, _) => format!("{total} services · "),
        (affected, 1) => format!("{affected} of 1 service affected · "),
        (affected, _) => format!("{affected} of {total} services affected · "),
    };
    let changed = setting.relative(snapshot.organization.changed_at);
    view! {
        <section id="banner" class=format!("banner {}", indicator.as_str())>
            <svg class="icon" aria-hidden="true"><use href=format!("#{}", indicator_icon(indicator))></use></svg>
            <div>
                <h1>{description.as_str()}</h1>
                <p>{affected} "updated " {changed}</p>
            </div>
        </section>
    }
    .into_any()
}

fn nothing_yet(name: &str) -> AnyView {
    view! {
        <section id="none" class="box empty">
            <h2>"No services yet"</h2>
            <p>{format!("{name} hasn’t added any services yet. They’ll appear here once it does.")}</p>
        </section>
    }
    .into_any()
}

/// The way back to the status page, above the title of every page below it.
fn way_back(setting: &PageContext<'_>) -> AnyView {
    view! { <p class="back"><a href=setting.home()>"Back to status"</a></p> }.into_any()
}

/// A title with an icon in the colour of what it is about.
fn icon_of(class: &str, icon: &str) -> AnyView {
    view! { <svg class=format!("icon {class}") aria-hidden="true"><use href=format!("#{icon}")></use></svg> }.into_any()
}

/// The title of an entry that leads to its own page: under a month, or one deeper under a day.
fn heading(under_day: bool, address: String, title: &str) -> AnyView {
    let link = view! { <a href=address>{title.to_owned()}</a> };
    if under_day { view! { <h4>{link}</h4> }.into_any() } else { view! { <h3>{link}</h3> }.into_any() }
}

/// A service's status in words, with its icon.
fn state(setting: &PageContext<'_>, status: ServiceStatus) -> String {
    let label = escape(setting.label(status));
    let (class, icon) = (status.as_str(), icon(status));
    format!(
        "<span class=\"state {class}\"><svg class=\"icon\" aria-hidden=\"true\"><use href=\"#{icon}\"></use></svg>{label}</span>"
    )
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

/// Colour and icon of an incident's impact.
const fn impact_look(impact: Impact) -> (&'static str, &'static str) {
    match impact {
        Impact::None => ("neutral", "minus"),
        Impact::Minor => ("minor", "minus"),
        Impact::Major => ("major", "alert"),
        Impact::Critical => ("critical", "cross"),
    }
}
