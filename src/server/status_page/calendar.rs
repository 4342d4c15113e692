//! Maintenance as a calendar file of [RFC 5545](https://www.rfc-editor.org/rfc/rfc5545): to subscribe to.
//!
//! Whoever subscribed reads the whole file again and again. An event keeps its id while it is moved or called
//! off, and its sequence grows with every change, so that calendars move it instead of adding another.

use super::{
    Document,
    feeds::{address, requested_service},
    handlers, local_time,
    prepared_response::{DocumentMeta, Kind, RenderedDocument},
    rendered,
};
use crate::{
    domain::{
        error::Result,
        ids::ServiceId,
        maintenance::{LONGEST, Maintenance, MaintenanceStatus, PublishedMaintenance},
        time::Time,
    },
    server::{
        App,
        access::PublicPage,
        clock,
        config::BaseUrl,
        maintenance, markdown,
        organizations::{self, PublicOrganization},
        services,
    },
};
use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
    routing::get,
};

/// Days for which what is over stays in it.
const DAYS: i64 = 90;
/// Most events.
const MAX_EVENTS: usize = 1_000;
/// Most characters of an event's text.
const MAX_TEXT_LENGTH: usize = 4_000;
/// Most octets of a line, without its end.
const MAX_LINE_BYTES: usize = 75;
/// How often calendars are to look again.
const REFRESH: &str = "PT15M";

/// Which calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Calendar {
    /// Only what is about this service.
    pub service: Option<ServiceId>,
}

impl Calendar {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        address(slug, "calendar.ics", self.service.iter().map(|id| format!("service={id}")))
    }
}

/// Reads and writes a calendar; `None` when there is no such service.
pub(super) async fn render_document(
    app: &App,
    page: &PublicPage,
    which: &Calendar,
) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let mut name = format!("{} maintenance", organization.name);
    if let Some(id) = &which.service {
        let all = services::list_public(page, &mut read).await?.services;
        let Some(service) = all.into_iter().find(|service| service.id == *id) else { return Ok(None) };
        name = format!("{name}: {}", service.name);
    }
    let (zone, now) = (local_time::zone(&organization.time_zone), clock::now().max(organization.changed_at));
    let today = local_time::date(zone, now);
    let (since, midnight) =
        (local_time::start(zone, local_time::plus(today, -DAYS)), local_time::start(zone, local_time::plus(today, 1)));
    let ever = Time::from_micros(i64::MAX);
    let mut all = maintenance::between(page, &mut read, since.plus_seconds(-LONGEST), ever).await?;
    // What a person ends may go on since before.
    let open = maintenance::open(page, &mut read).await?;
    drop(read);
    let is_there = |one: &PublishedMaintenance| all.iter().any(|other| other.maintenance.id == one.maintenance.id);
    let more: Vec<PublishedMaintenance> = open.into_iter().filter(|one| !is_there(one)).collect();
    all.extend(more);
    all.retain(|told| {
        let maintenance = &told.maintenance;
        let of_service = |id: &ServiceId| maintenance.services.iter().any(|service| service.service_id == *id);
        (maintenance.ends_at >= since || !maintenance.status.is_over()) && which.service.as_ref().is_none_or(of_service)
    });
    // What is nearest stays.
    all.sort_by_key(|told| (told.maintenance.starts_at.micros() - now.micros()).abs());
    all.truncate(MAX_EVENTS);
    all.sort_by_key(|told| told.maintenance.starts_at);
    let (app, path) = (app.clone(), which.path(&organization.slug));
    rendered(move || {
        let text = write(&app.url, &organization, &name, &path, &all);
        let meta = DocumentMeta { version: organization.version, address: path, made_at: now, good_until: midnight };
        Some(RenderedDocument { kind: Kind::Calendar, text, meta })
    })
    .await
}

fn write(
    url: &BaseUrl,
    organization: &PublicOrganization,
    name: &str,
    path: &str,
    all: &[PublishedMaintenance],
) -> String {
    let home = url.join(&format!("/status/{}", organization.slug));
    let mut file = File::default();
    file.line("BEGIN", "VCALENDAR");
    file.line("VERSION", "2.0");
    file.line("PRODID", "-//Candor//Status page//EN");
    file.line("CALSCALE", "GREGORIAN");
    file.text("NAME", name);
    file.text("X-WR-CALNAME", name);
    file.line("URL", &home);
    file.line("SOURCE;VALUE=URI", &url.join(path));
    file.line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
    file.line("X-PUBLISHED-TTL", REFRESH);
    for told in all {
        event(&mut file, &home, told);
    }
    file.line("END", "VCALENDAR");
    file.0
}

fn event(file: &mut File, home: &str, told: &PublishedMaintenance) {
    let maintenance = &told.maintenance;
    let page = format!("{home}/maintenance/{}", maintenance.id);
    let changed = moment(maintenance.updated_at);
    let cancelled = maintenance.status == MaintenanceStatus::Cancelled;
    file.line("BEGIN", "VEVENT");
    // Random, and the same wherever the organization moves.
    file.line("UID", &format!("{}@candor", maintenance.id));
    file.line("DTSTAMP", &changed);
    file.line("LAST-MODIFIED", &changed);
    file.line("DTSTART", &moment(maintenance.starts_at));
    file.line("DTEND", &moment(maintenance.ends_at));
    // Revisions count from one, sequences from zero.
    file.line("SEQUENCE", &maintenance.revision.saturating_sub(1).max(0).to_string());
    file.line("STATUS", if cancelled { "CANCELLED" } else { "CONFIRMED" });
    // It takes nobody's time.
    file.line("TRANSP", "TRANSPARENT");
    file.text("SUMMARY", &maintenance.title);
    file.text("DESCRIPTION", &description(told, &page));
    file.line("URL", &page);
    let names = maintenance.services.iter().map(|service| escaped(&service.name));
    let categories: Vec<String> = std::iter::once("Maintenance".to_owned()).chain(names).collect();
    file.line("CATEGORIES", &categories.join(","));
    file.line("END", "VEVENT");
}

/// How far it has come, what it is about and what was said, newest first.
fn description(told: &PublishedMaintenance, page: &str) -> String {
    let status = told.maintenance.status.label();
    let services = services_in_words(&told.maintenance);
    let said = told.updates.iter().map(|update| markdown::to_text(&update.html)).filter(|text| !text.is_empty());
    let text: Vec<String> = std::iter::once(format!("{status}{services}")).chain(said).collect();
    let text = text.join("\n\n");
    let cut: String = text.chars().take(MAX_TEXT_LENGTH).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut}{more}\n\n{page}")
}

fn services_in_words(maintenance: &Maintenance) -> String {
    let names: Vec<&str> = maintenance.services.iter().map(|service| service.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

/// In UTC, so that no calendar needs to know the organization's zone.
fn moment(at: Time) -> String {
    at.utc().format("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of the type TEXT.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push(' '),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Lines as they are written into the file.
#[derive(Default)]
struct File(String);

impl File {
    /// A property; what is too long for a line goes on in the next.
    fn line(&mut self, name: &str, value: &str) {
        let mut room = MAX_LINE_BYTES;
        for letter in name.chars().chain(std::iter::once(':')).chain(value.chars()) {
            if letter.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = MAX_LINE_BYTES - 1;
            }
            room -= letter.len_utf8();
            self.0.push(letter);
        }
        self.0.push_str("\r\n");
    }

    /// A property whose value is a text.
    fn text(&mut self, name: &str, text: &str) {
        self.line(name, &escaped(text));
    }
}

/// Which calendar is asked for.
#[derive(Debug, serde::Deserialize)]
struct CalendarQuery {
    #[serde(default)]
    service: String,
}

/// `GET /status/{organization}/calendar.ics`
async fn calendar(
    State(app): State<App>,
    Path(slug): Path<String>,
    asked: Result<Query<CalendarQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let service = asked.ok().and_then(|Query(asked)| requested_service(&asked.service));
    let which = service.map(|service| Document::Calendar(Calendar { service }));
    handlers::program(&app, &slug, which, &headers).await
}

/// The address of all calendars.
pub fn routes() -> Router<App> {
    Router::new().route("/status/{organization}/calendar.ics", get(calendar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_hold_no_sign_of_the_format() {
        assert_eq!(escaped("a, b; c\\d\r\ne\tf\u{7}g"), "a\\, b\\; c\\\\d\\ne fg");
    }

    #[test]
    fn moments_are_utc() {
        assert_eq!(moment(Time::from_micros(1_793_000_005_999_999)), "20261026T073325Z");
    }

    fn unfolded(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    proptest! {
        #[test]
        fn a_line_is_short_and_unfolds_to_what_it_was(value in "\\PC{0,200}") {
            let mut file = File::default();
            file.text("SUMMARY", &value);
            prop_assert!(file.0.ends_with("\r\n"));
            for line in file.0.split("\r\n") {
                prop_assert!(line.len() <= MAX_LINE_BYTES, "{} octets: {line}", line.len());
            }
            prop_assert_eq!(unfolded(&file.0), format!("SUMMARY:{}\r\n", escaped(&value)));
        }
    }
}
