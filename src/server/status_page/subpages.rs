//! The pages below the status page: the history, and one page for each incident, maintenance and
//! service.

use super::{
    local_time::{self, Month},
    prepared_response::{DocumentMeta, Kind, RenderedDocument},
    rendered,
    uptime_bars::{Bars, DAYS},
    views::{self, DayRecord, PageContext, PastEvents},
};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{IncidentId, MaintenanceId, ServiceId},
        incident::PublishedIncident,
        maintenance::PublishedMaintenance,
        service::{Service, ServiceList},
        status::ServiceStatus,
        time::Time,
    },
    server::{
        App,
        access::PublicPage,
        clock,
        db::Read,
        document, history, incidents, maintenance,
        organizations::{self, PublicOrganization},
        services,
    },
};
use chrono_tz::Tz;

/// Months that the history shows when none is asked for.
const HISTORY_MONTHS: usize = 3;
/// Months whose uptime a service's page shows.
const RECORD_MONTHS: usize = 12;
/// While a service is not operational its minutes count on, so its page is made anew after so many seconds.
const REFRESH_SECONDS: i64 = 60;

/// Which page below the status page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SubPage {
    /// What has been: the latest months, or one of them.
    History(Option<Month>),
    /// An incident.
    Incident(IncidentId),
    /// A maintenance.
    Maintenance(MaintenanceId),
    /// A service.
    Service(ServiceId),
}

impl SubPage {
    /// Its address.
    pub fn path(&self, slug: &str) -> String {
        match self {
            Self::History(None) => format!("/status/{slug}/history"),
            Self::History(Some(month)) => format!("/status/{slug}/history?month={}", month.key()),
            Self::Incident(id) => format!("/status/{slug}/incidents/{id}"),
            Self::Maintenance(id) => format!("/status/{slug}/maintenance/{id}"),
            Self::Service(id) => format!("/status/{slug}/services/{id}"),
        }
    }
}

/// What such a page shows.
enum Content {
    History(PastEvents, Option<Month>),
    Incident(Box<PublishedIncident>),
    Maintenance(Box<PublishedMaintenance>),
    Service(Box<DayRecord>),
}

/// Whose page is read, and when.
struct Reader<'a> {
    page: &'a PublicPage,
    read: Read,
    zone: Tz,
    now: Time,
}

/// Reads and renders it; `None` when there is nothing at this address.
///
/// # Errors
/// [`AppError::NotFound`] when the organization has gone; [`AppError::Unavailable`] when the database
/// does not answer.
pub(super) async fn render_document(app: &App, page: &PublicPage, which: &SubPage) -> Result<Option<RenderedDocument>> {
    let mut read = app.db.read(page).await?;
    let organization = organizations::public(&mut read, page.id()).await?;
    let services = services::list_public(page, &mut read).await?;
    let zone = local_time::zone(&organization.time_zone);
    let now = clock::now().max(organization.changed_at);
    let mut reader = Reader { page, read, zone, now };
    let content = match which {
        SubPage::History(asked) => reader.history(&services, *asked).await?,
        SubPage::Incident(id) => {
            optional(incidents::get(page, &mut reader.read, id).await)?.map(Box::new).map(Content::Incident)
        }
        SubPage::Maintenance(id) => {
            optional(maintenance::get(page, &mut reader.read, id).await)?.map(Box::new).map(Content::Maintenance)
        }
        SubPage::Service(id) => match services.services.iter().find(|service| service.id == *id) {
            Some(service) => Some(reader.service(service.clone()).await?),
            None => None,
        },
    };
    drop(reader);
    let Some(content) = content else { return Ok(None) };
    let (app, path) = (app.clone(), which.path(&organization.slug));
    rendered(move || Some(render(&app, &organization, &services, &path, now, &content))).await
}

/// What is not there is no failure.
fn optional<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(AppError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Reader<'_> {
    async fn history(&mut self, services: &ServiceList, asked: Option<Month>) -> Result<Option<Content>> {
        let zone = self.zone;
        let month_of = |at: Time| Month::of(local_time::date(zone, at));
        let this_month = month_of(self.now);
        let born = services.services.iter().map(|service| service.created_at);
        let incident = incidents::directory::first(&mut self.read, self.page.id()).await?;
        let window = maintenance::first(&mut self.read, self.page.id()).await?;
        let first = incident.into_iter().chain(window).chain(born).min();
        let first = first.map_or(this_month, month_of).min(this_month);
        let shown: Vec<Month> = match asked {
            Some(month) if month > this_month || month < first => return Ok(None),
            Some(month) => vec![month],
            None => {
                std::iter::successors(Some(this_month), |month| Some(month.before()).filter(|month| *month >= first))
                    .take(HISTORY_MONTHS)
                    .collect()
            }
        };
        let bounds: Vec<(Time, Time)> = shown.iter().map(|month| month.bounds(zone)).collect();
        let from = bounds.last().map_or(self.now, |(from, _)| *from);
        let to = bounds.first().map_or(self.now, |(_, to)| *to);
        let mut incidents = incidents::between(self.page, &mut self.read, from, to).await?;
        let mut maintenance = maintenance::between(self.page, &mut self.read, from, to).await?;
        let mut months = Vec::with_capacity(shown.len());
        // Months and what happened in them alike stand latest first.
        for (month, (from, _)) in shown.into_iter().zip(bounds) {
            let count = incidents.partition_point(|told| told.incident.started_at >= from);
            let incidents = incidents.drain(..count).collect();
            let count = maintenance.partition_point(|told| told.maintenance.starts_at >= from);
            let maintenance = maintenance.drain(..count).collect();
            months.push((month, incidents, maintenance));
        }
        Ok(Some(Content::History(PastEvents { months, this_month, first }, asked)))
    }

    async fn service(&mut self, service: Service) -> Result<Content> {
        let (zone, now) = (self.zone, self.now);
        let bounds = local_time::bounds(zone, now, DAYS);
        let this_month = Month::of(local_time::date(zone, now));
        let months: Vec<Month> =
            std::iter::successors(Some(this_month), |month| Some(month.before())).take(RECORD_MONTHS).collect();
        let since = months.last().map_or(now, |month| month.bounds(zone).0).min(bounds[0]);
        let spans = history::spans_of(&mut self.read, self.page.id(), &service.id, since, now).await?;
        let until = Time::from_micros(now.micros() + 1);
        let mut incidents = incidents::overlapping(self.page, &mut self.read, since, until).await?;
        incidents.retain(|incident| incident.services.iter().any(|affected| affected.service_id == service.id));
        let record_of = |month: Month| {
            // Of this month the days up to today.
            let days = month.days(zone).into_iter().filter(|midnight| *midnight <= bounds[DAYS]).collect::<Vec<_>>();
            (month, Bars::of(&spans, &days))
        };
        let months = months.into_iter().map(record_of).collect();
        let bars = Bars::of(&spans, &bounds);
        Ok(Content::Service(Box::new(DayRecord { service, bars, bounds, months, incidents })))
    }
}

fn render(
    app: &App,
    organization: &PublicOrganization,
    services: &ServiceList,
    path: &str,
    now: Time,
    content: &Content,
) -> RenderedDocument {
    let setting = PageContext::new(organization, services, now);
    let name = &organization.name;
    let (title, description) = match content {
        Content::History(_, None) => ("History".to_owned(), format!("Incidents and maintenance at {name} by month.")),
        Content::History(_, Some(month)) => {
            (format!("History: {month}"), format!("Incidents and maintenance at {name} in {month}."))
        }
        Content::Incident(told) => {
            let status = told.incident.status.label();
            (told.incident.title.clone(), format!("{status}. Incident at {name}, with all updates."))
        }
        Content::Maintenance(told) => {
            let (from, to) =
                local_time::window_in_words(setting.zone, told.maintenance.starts_at, told.maintenance.ends_at);
            (told.maintenance.title.clone(), format!("Maintenance at {name}, {from} to {to}."))
        }
        Content::Service(record) => {
            let label = organization.labels.label(record.service.status);
            (record.service.name.clone(), format!("{label}. {}.", record.bars.in_words(setting.zone)))
        }
    };
    let counting = matches!(content, Content::Service(record) if record.service.status != ServiceStatus::Operational);
    let midnight = local_time::start(setting.zone, local_time::plus(local_time::date(setting.zone, now), 1));
    let good_until = if counting { midnight.min(now.plus_seconds(REFRESH_SECONDS)) } else { midnight };
    let main = || match content {
        Content::History(past, asked) => views::history(&setting, past, *asked),
        Content::Incident(told) => views::incident(&setting, told),
        Content::Maintenance(told) => views::planned(&setting, told),
        Content::Service(record) => views::service(&setting, record),
    };
    let head = views::head_below(app, &setting, path, &title, description);
    let text = document::render(head, || views::body_below(&setting, main));
    let meta = DocumentMeta { version: organization.version, address: path.to_owned(), made_at: now, good_until };
    RenderedDocument { kind: Kind::Page, text, meta }
}
