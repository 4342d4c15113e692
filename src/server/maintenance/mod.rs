//! Maintenance: the verbs. What the clock does to it is in [`scheduler`], windows that come again in
//! [`series`].

pub mod calendar;
mod import;
pub mod latest;
pub mod scheduler;
pub mod series;
mod store;

pub use import::{ImportedMaintenance, ImportedMaintenanceUpdate, import};
pub use scheduler::run_due;

use super::{
    access::{PublicPage, Scope},
    clock,
    db::{AuditEntry, Read, Write, random_id},
    history::{self, Author},
    local_time,
    markdown::{self, Rendered},
    services,
};
use crate::domain::{
    error::{AppError, FieldErrors, Result},
    ids::{MaintenanceId, OrganizationId, SeriesId, ServiceId, UpdateId},
    incident::{MAX_MESSAGES_BYTES, MAX_UPDATES, body},
    live::Topic,
    maintenance::{
        CheckedMaintenance, Maintenance, MaintenanceDetail, MaintenanceFilter, MaintenanceInput, MaintenancePage,
        MaintenanceStatus, MaintenanceUpdateInput, PublishedMaintenance, may_become, window,
    },
    role::allowed,
    time::Time,
};
use std::slice;

/// Windows on one page of a list.
const PAGE: i64 = 50;
/// Windows that a calendar asks for at once.
const CALENDAR: i64 = 500;
/// How many of an organization may be scheduled or go on; visitors are told of them all.
const OPEN: i64 = 500;

const TOPICS: &[Topic] = &[Topic::Maintenance, Topic::Services];

fn no_maintenance() -> AppError {
    AppError::NotFound("maintenance".to_owned())
}

/// A maintenance that this write may touch: whoever acts by a team's leave only touches what is about
/// services of that team alone.
async fn maintenance_to_change(write: &mut Write, id: &MaintenanceId) -> Result<Maintenance> {
    let maintenance = store::one_in(write, id).await?.ok_or_else(no_maintenance)?;
    if maintenance.services.is_empty() {
        write.require(None)?;
    }
    for service in &maintenance.services {
        write.require(service.team_id.as_ref())?;
    }
    Ok(maintenance)
}

fn unless_changed(maintenance: &Maintenance, seen: Option<i64>) -> Result<()> {
    match seen {
        Some(seen) if seen != maintenance.revision => Err(AppError::Conflict(
            "Someone else changed this maintenance in the meantime. See what changed, then save again. Your changes are still here."
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

async fn require_services(write: &mut Write, all: &[ServiceId]) -> Result<()> {
    services::require(write, all).await.map_err(|error| match error {
        AppError::NotFound(_) => AppError::field("services", "A service was just deleted. Choose again."),
        other => other,
    })
}

/// A maintenance about to be added.
#[derive(Debug, Clone)]
pub struct NewMaintenance {
    /// One line.
    pub title: String,
    /// The first message, Markdown; may be empty.
    pub body: String,
    /// Its HTML; what is not rendered yet is left to the job.
    pub rendered: Rendered,
    /// Its services.
    pub services: Vec<ServiceId>,
    /// The window's beginning.
    pub starts_at: Time,
    /// The window's end.
    pub ends_at: Time,
    /// Whether it starts and completes by itself.
    pub automatic: bool,
    /// The series it belongs to.
    pub series_id: Option<SeriesId>,
}

/// Checks texts, window and rule of a form; the window is typed in the time zone.
fn check(input: &MaintenanceInput, zone: &str) -> Result<(CheckedMaintenance, Time, Time, Option<String>)> {
    let (mut errors, zone) = (FieldErrors::default(), local_time::zone(zone));
    let checked = input.check(&mut errors);
    let starts_at = errors.take("starts_at", local_time::parse_local(zone, &input.starts_at));
    let ends_at = errors.take("ends_at", local_time::parse_local(zone, &input.ends_at));
    let rule = errors.take("repeat", series::rule(&input.repeat)).flatten();
    errors.finish()?;
    let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at) else { return Err(AppError::Internal) };
    let (starts_at, ends_at) = window(starts_at, ends_at)?;
    Ok((checked, starts_at, ends_at, rule))
}

/// Schedules a maintenance, or a series of them. One whose window has begun begins at once.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong, also when the window is over already;
/// [`AppError::Forbidden`].
pub async fn schedule(scope: Scope<allowed::ReportIncidents>, input: MaintenanceInput) -> Result<MaintenanceId> {
    let zone = scope.time_zone().to_owned();
    let (checked, starts_at, ends_at, rule) = check(&input, &zone)?;
    if ends_at <= clock::now() {
        return Err(AppError::field("ends_at", "This window has already ended. Choose a later one."));
    }
    if let Some(rule) = rule.clone() {
        series::has_occurrence(rule, zone.clone(), starts_at).await?;
    }
    let rendered = markdown::render_typed(&checked.body).await?;
    let mut write = scope.write().await?;
    if store::count_open(&mut write).await? >= OPEN {
        return Err(AppError::Conflict(format!(
            "{OPEN} windows are already scheduled. Wait until some of them have ended."
        )));
    }
    require_services(&mut write, &checked.services).await?;
    let series_id = match &rule {
        Some(rule) => Some(series::begin(&mut write, rule, &zone, starts_at).await?),
        None => None,
    };
    let CheckedMaintenance { title, body, services } = checked;
    let automatic = !input.by_hand;
    let new =
        NewMaintenance { title, body, rendered, services, starts_at, ends_at, automatic, series_id: series_id.clone() };
    let id = add(&mut write, &new).await?;
    let more = match &series_id {
        Some(series) => series::extend(&mut write, series).await?,
        None => false,
    };
    let now = write.at;
    run_due(&mut write, &id, now).await?;
    write.commit(TOPICS).await?;
    if let (Some(series), true) = (series_id, more) {
        series::go_on_later(scope.app(), scope.id(), series);
    }
    Ok(id)
}

/// Adds a maintenance within a write: the part that doors share. It is scheduled until
/// [`run_due`] says otherwise.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn add(write: &mut Write, new: &NewMaintenance) -> Result<MaintenanceId> {
    let id = MaintenanceId::from_random(random_id());
    store::insert(write, &id, new).await?;
    store::set_services(write, &id, &new.services).await?;
    if !new.body.is_empty() {
        let (at, who) = (write.at, Author::of(write));
        insert_update(write, &id, MaintenanceStatus::Scheduled, &new.body, &new.rendered, at, &who).await?;
    }
    store::set_search(write, &id).await?;
    let after = format!("{} to {}", new.starts_at.rfc3339(), new.ends_at.rfc3339());
    write.audit(AuditEntry::new("maintenance.scheduled", &id, &new.title).values(None, Some(after)));
    Ok(id)
}

async fn insert_update(
    write: &mut Write,
    id: &MaintenanceId,
    status: MaintenanceStatus,
    body: &str,
    rendered: &Rendered,
    at: Time,
    who: &Author,
) -> Result<()> {
    let update = UpdateId::from_random(random_id());
    store::insert_update(
        write,
        id,
        &store::NewUpdate { id: &update, status, body, format: "markdown", rendered, at, who, source_id: None },
    )
    .await
}

/// Moves a maintenance to a status, with what follows for its services.
async fn become_status(
    write: &mut Write,
    maintenance: &Maintenance,
    status: MaintenanceStatus,
    at: Time,
) -> Result<()> {
    let started_at = match status {
        MaintenanceStatus::InProgress | MaintenanceStatus::Verifying => maintenance.started_at.or(Some(at)),
        _ => maintenance.started_at,
    };
    let completed_at = status.is_over().then_some(at);
    store::set_status(write, &maintenance.id, status, started_at, completed_at).await?;
    let services: Vec<ServiceId> = maintenance.services.iter().map(|service| service.service_id.clone()).collect();
    let claimed = started_at.map(|from| (from, completed_at));
    history::set_maintenance(write, &maintenance.id, &services, claimed).await?;
    Ok(())
}

/// Changes title, services, window and automation of a maintenance that is not over. What has begun
/// keeps its beginning.
///
/// # Errors
/// As [`schedule`]; [`AppError::Conflict`] for one that is over, or that somebody changed meanwhile.
pub async fn edit(scope: Scope<allowed::ReportIncidents>, id: MaintenanceId, input: MaintenanceInput) -> Result<()> {
    let (checked, starts_at, ends_at, _) = check(&input, scope.time_zone())?;
    let rendered = markdown::render_typed(&checked.body).await?;
    let mut write = scope.write().await?;
    let before = maintenance_to_change(&mut write, &id).await?;
    unless_changed(&before, input.seen)?;
    if before.status.is_over() {
        return Err(AppError::Conflict("This maintenance has ended. Past maintenance can’t be changed.".to_owned()));
    }
    require_services(&mut write, &checked.services).await?;
    let starts_at = if before.status == MaintenanceStatus::Scheduled { starts_at } else { before.starts_at };
    let (starts_at, ends_at) = window(starts_at, ends_at)?;
    store::set_texts(&mut write, &id, &checked.title, starts_at, ends_at, !input.by_hand).await?;
    store::set_services(&mut write, &id, &checked.services).await?;
    let said = store::first_message(&mut write, &id).await?;
    if !checked.body.is_empty() && said.is_none_or(|(body, _)| body != checked.body) {
        let (at, who) = (write.at, Author::of(&write));
        insert_update(&mut write, &id, before.status, &checked.body, &rendered, at, &who).await?;
        require_room(&mut write, &id).await?;
    }
    store::set_search(&mut write, &id).await?;
    history::set_maintenance(&mut write, &id, &checked.services, before.started_at.map(|from| (from, None))).await?;
    let words = |title: &str, from: Time, to: Time, services: usize| {
        format!("{title}; {} to {}; {services} services", from.rfc3339(), to.rfc3339())
    };
    let old = words(&before.title, before.starts_at, before.ends_at, before.services.len());
    let new = words(&checked.title, starts_at, ends_at, checked.services.len());
    write.audit(AuditEntry::new("maintenance.edited", &id, &checked.title).values(Some(old), Some(new)));
    let now = write.at;
    run_due(&mut write, &id, now).await?;
    write.commit(TOPICS).await
}

/// Refuses what was written when it is more than a maintenance may have.
async fn require_room(write: &mut Write, id: &MaintenanceId) -> Result<()> {
    let (updates, bytes) = store::size_of_updates(write, id).await?;
    if updates > MAX_UPDATES {
        return Err(AppError::Conflict(format!("A maintenance can have at most {MAX_UPDATES} updates.")));
    }
    if bytes > MAX_MESSAGES_BYTES {
        let words = "The updates of this maintenance are too long in total. Shorten this one.";
        return Err(AppError::field("body", words));
    }
    Ok(())
}

/// Posts an update: starts it now, says that it is verified, completes it early, calls it off, or
/// moves its end.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`], [`AppError::Forbidden`]; [`AppError::Conflict`] when
/// it cannot become that, or somebody changed it meanwhile.
pub async fn update(
    scope: Scope<allowed::ReportIncidents>,
    id: MaintenanceId,
    input: MaintenanceUpdateInput,
) -> Result<()> {
    let rendered = markdown::render_typed(&input.body).await?;
    let mut write = scope.write().await?;
    let before = maintenance_to_change(&mut write, &id).await?;
    let mut errors = FieldErrors::default();
    let body = errors.take("body", body(&input.body)).unwrap_or_default();
    let status = match input.status.as_str() {
        "" => Some(before.status),
        word => errors.take("status", word.parse().map_err(|_| "Choose one of the statuses.".to_owned())),
    };
    let ends_at = match input.ends_at.as_str() {
        "" => None,
        text => errors.take("ends_at", local_time::parse_local(local_time::zone(scope.time_zone()), text)),
    };
    errors.finish()?;
    unless_changed(&before, input.seen)?;
    let status = status.unwrap_or(before.status);
    if !may_become(before.status, status) {
        return Err(AppError::Conflict(format!(
            "A maintenance that is {} can’t become {}.",
            before.status.label().to_lowercase(),
            status.label().to_lowercase()
        )));
    }
    if body.is_empty() && status == before.status && ends_at.is_none() {
        return Err(AppError::field("body", "Write a message, or change the status or the end."));
    }
    if let Some(end) = ends_at {
        if before.status.is_over() {
            return Err(AppError::Conflict(
                "This maintenance has ended. Past maintenance can’t be changed.".to_owned(),
            ));
        }
        let (_, end) = window(before.starts_at, end)?;
        if end <= write.at {
            return Err(AppError::field(
                "ends_at",
                "The new end must be in the future. To end the maintenance now, complete it.",
            ));
        }
        store::set_texts(&mut write, &id, &before.title, before.starts_at, end, before.automatic).await?;
        let (old, new) = (before.ends_at.rfc3339(), end.rfc3339());
        write.audit(AuditEntry::new("maintenance.end_moved", &id, &before.title).values(Some(old), Some(new)));
    }
    let (at, who) = (write.at, Author::of(&write));
    insert_update(&mut write, &id, status, &body, &rendered, at, &who).await?;
    require_room(&mut write, &id).await?;
    if status != before.status {
        become_status(&mut write, &before, status, at).await?;
    } else {
        store::touch(&mut write, &id).await?;
    }
    store::set_search(&mut write, &id).await?;
    let entry = AuditEntry::new("maintenance.updated", &id, &before.title);
    write.audit(entry.values(Some(before.status.as_str().to_owned()), Some(status.as_str().to_owned())));
    write.commit(TOPICS).await
}

/// Calls a scheduled maintenance off within a write.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Conflict`] when it has begun.
pub async fn cancel(write: &mut Write, id: &MaintenanceId) -> Result<()> {
    let before = store::one_in(write, id).await?.ok_or_else(no_maintenance)?;
    if !may_become(before.status, MaintenanceStatus::Cancelled) {
        return Err(AppError::Conflict(
            "A maintenance that has started can’t be cancelled. Complete it instead.".to_owned(),
        ));
    }
    let at = write.at;
    become_status(write, &before, MaintenanceStatus::Cancelled, at).await?;
    let old = before.status.as_str().to_owned();
    write.audit(AuditEntry::new("maintenance.cancelled", id, &before.title).values(Some(old), None));
    Ok(())
}

/// Deletes a maintenance; the history of its services becomes what it would be without it.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`].
pub async fn delete(scope: Scope<allowed::DeleteIncidents>, id: MaintenanceId) -> Result<()> {
    let mut write = scope.write().await?;
    let before = maintenance_to_change(&mut write, &id).await?;
    history::set_maintenance(&mut write, &id, &[], None).await?;
    store::delete(&mut write, &id).await?;
    let old = format!("{}, {} to {}", before.status.as_str(), before.starts_at.rfc3339(), before.ends_at.rfc3339());
    write.audit(AuditEntry::new("maintenance.deleted", &id, before.title).values(Some(old), None));
    write.commit(TOPICS).await
}

/// A page of the list, or what a calendar shows.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::Read>, filter: MaintenanceFilter) -> Result<MaintenancePage> {
    let mut read = scope.read_list(&filter.words).await?;
    let most = if filter.state.is_empty() { CALENDAR } else { PAGE };
    let mut maintenance = store::list(&mut read, scope.id(), &filter, most + 1).await?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = maintenance.len() > most;
    maintenance.truncate(most);
    let (upcoming, past) = store::counts(&mut read, scope.id(), &filter).await?;
    Ok(MaintenancePage { maintenance, more, upcoming, past })
}

/// The first so many of the list.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_first(
    scope: Scope<allowed::Read>,
    filter: MaintenanceFilter,
    most: usize,
) -> Result<Vec<Maintenance>> {
    let most = i64::try_from(most).unwrap_or(PAGE);
    store::list(&mut scope.read_list(&filter.words).await?, scope.id(), &filter, most).await
}

/// One maintenance with everything that belongs to it.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn detail(scope: Scope<allowed::Read>, id: MaintenanceId) -> Result<MaintenanceDetail> {
    let mut read = scope.read().await?;
    let maintenance = store::get(&mut read, scope.id(), &id).await?.ok_or_else(no_maintenance)?;
    let updates = store::updates(&mut read, scope.id(), slice::from_ref(&id)).await?.remove(&id).unwrap_or_default();
    let rule = match &maintenance.series_id {
        Some(series) => series::rule_of(&mut read, scope.id(), series).await?,
        None => None,
    };
    let page = scope.app().url.join(&format!("/status/{}/maintenance/{id}", scope.organization().slug));
    Ok(MaintenanceDetail { maintenance, updates, rule, page })
}

/// What goes on and what comes next, earliest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn upcoming(read: &mut Read, organization: &OrganizationId, most: i64) -> Result<Vec<Maintenance>> {
    let filter = MaintenanceFilter { state: "upcoming".to_owned(), ..MaintenanceFilter::default() };
    store::list(read, organization, &filter, most).await
}

async fn published(
    read: &mut Read,
    organization: &OrganizationId,
    all: Vec<Maintenance>,
) -> Result<Vec<PublishedMaintenance>> {
    let ids: Vec<MaintenanceId> = all.iter().map(|maintenance| maintenance.id.clone()).collect();
    let mut updates = store::updates(read, organization, &ids).await?;
    let told = |maintenance: Maintenance| {
        let updates = updates.remove(&maintenance.id).unwrap_or_default();
        PublishedMaintenance { maintenance, updates }
    };
    Ok(all.into_iter().map(told).collect())
}

/// What goes on and what comes next as visitors read it, earliest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open(page: &PublicPage, read: &mut Read) -> Result<Vec<PublishedMaintenance>> {
    let all = upcoming(read, page.id(), OPEN).await?;
    published(read, page.id(), all).await
}

/// What is over as visitors read it, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn past(page: &PublicPage, read: &mut Read, most: i64) -> Result<Vec<PublishedMaintenance>> {
    let filter = MaintenanceFilter { state: "past".to_owned(), ..MaintenanceFilter::default() };
    let all = store::list(read, page.id(), &filter, most).await?;
    published(read, page.id(), all).await
}

/// What began, or was to begin, between two moments, as visitors read it, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn between(page: &PublicPage, read: &mut Read, from: Time, to: Time) -> Result<Vec<PublishedMaintenance>> {
    let all = store::between(read, page.id(), from, to).await?;
    published(read, page.id(), all).await
}

/// When the earliest window of an organization begins.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn first(read: &mut Read, organization: &OrganizationId) -> Result<Option<Time>> {
    store::first(read, organization).await
}

/// One maintenance as visitors read it.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(page: &PublicPage, read: &mut Read, id: &MaintenanceId) -> Result<PublishedMaintenance> {
    let maintenance = store::get(read, page.id(), id).await?.ok_or_else(no_maintenance)?;
    published(read, page.id(), vec![maintenance]).await?.pop().ok_or_else(no_maintenance)
}
