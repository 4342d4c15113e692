//! Incidents: the verbs.
//!
//! What an incident is follows from its updates ([`crate::domain::incident`]). So every verb changes
//! updates and then lets [`recompute`] derive the rest, in the same transaction: status, times,
//! impact, affected services, and through their claims the history of those services.

pub mod directory;
pub mod export;
pub mod latest;
pub mod links;
mod messages;
pub mod postmortem;
mod store;
pub mod templates;

use super::{
    access::{PublicPage, Scope},
    clock,
    db::{AuditEntry, Read, Write, random_id},
    history::{self, Author},
    local_time,
    markdown::{self, Rendered, Source},
    services,
};
use crate::domain::{
    account::single_line,
    error::{AppError, FieldErrors, Result},
    ids::{IncidentId, OrganizationId, TeamId, UpdateId},
    incident::{
        CheckedIncident, Incident, IncidentDetail, IncidentEdit, IncidentFilter, IncidentPage, IncidentStatus,
        MAX_MESSAGES_BYTES, MAX_STATEMENTS, MAX_TITLE_LENGTH, MAX_UPDATES, NewIncident, PublishedIncident,
        ServiceImpact, UpdateEvent, UpdateInput, body, claims, impact, last_impacts, moment, statements, status,
        summarize_updates,
    },
    live::Topic,
    role::allowed,
    status::ServiceStatus,
    time::Time,
};
use chrono_tz::Tz;

/// Incidents on one page of a list.
const PAGE: i64 = 50;

const TOPICS: &[Topic] = &[Topic::Incidents, Topic::Services];

fn no_incident() -> AppError {
    AppError::NotFound("incident".to_owned())
}

fn no_update() -> AppError {
    AppError::NotFound("update".to_owned())
}

/// An incident that this write may change: whoever acts by a team's leave only changes incidents that never said
/// anything of another team's services, for its past is their history.
async fn incident_to_change(write: &mut Write, id: &IncidentId) -> Result<store::Head> {
    let teams = store::teams_ever(write, id).await?;
    require_teams(write, &teams)?;
    incident_to_update(write, id).await
}

/// An incident that this write may go on with: what was said of services that are no longer part of it stays as it is.
async fn incident_to_update(write: &mut Write, id: &IncidentId) -> Result<store::Head> {
    let head = store::head(write, id).await?.ok_or_else(no_incident)?;
    let teams = store::teams_of(write, id).await?;
    if teams.is_empty() {
        write.require(None)?;
    }
    require_teams(write, &teams)?;
    Ok(head)
}

fn require_teams(write: &Write, teams: &[Option<TeamId>]) -> Result<()> {
    teams.iter().try_for_each(|team| write.require(team.as_ref()))
}

/// Refuses what was written when it is more than an incident may have; `steps` are its updates by now.
async fn require_room(write: &mut Write, id: &IncidentId, steps: &[UpdateEvent<Author>]) -> Result<()> {
    if steps.len() > MAX_UPDATES {
        let words =
            format!("An incident can have at most {MAX_UPDATES} updates. Create another incident and link the two.");
        return Err(AppError::Conflict(words));
    }
    if steps.iter().map(|step| step.statements.len()).sum::<usize>() > MAX_STATEMENTS {
        let words =
            "The updates of this incident list too many services in total. Include only services whose status changes.";
        return Err(AppError::field("services", words));
    }
    if messages::length(write, id).await? > MAX_MESSAGES_BYTES {
        let words = "The updates of this incident are too long in total. Shorten this one, or create another incident and link the two.";
        return Err(AppError::field("body", words));
    }
    Ok(())
}

fn unless_changed(head: &store::Head, seen: Option<i64>) -> Result<()> {
    match seen {
        Some(seen) if seen != head.revision => Err(AppError::Conflict(
            "Someone else changed this incident in the meantime. See what changed, then post again. Your draft is safe."
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The services that an update names exist, and this write may speak for them.
async fn require_services(write: &mut Write, all: &[ServiceImpact]) -> Result<()> {
    let named = all.iter().map(|statement| &statement.service_id);
    services::require(write, named).await.map_err(|error| match error {
        AppError::NotFound(_) => AppError::field("services", "A service was just deleted. Choose again."),
        other => other,
    })
}

/// Reports an incident.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong; [`AppError::Forbidden`] when it names services
/// that the person may not speak for, or none by a team's leave.
pub async fn report(scope: Scope<allowed::ReportIncidents>, input: NewIncident) -> Result<IncidentId> {
    let zone = local_time::zone(scope.time_zone());
    let checked = input.check(clock::now(), |text| local_time::parse_local(zone, text))?;
    if checked.services.is_empty() {
        scope.require(None)?;
    }
    let rendered = markdown::render_typed(&checked.body).await?;
    let mut write = scope.write().await?;
    require_services(&mut write, &checked.services).await?;
    let id = add(&mut write, &checked, &rendered, None).await?;
    write.commit(TOPICS).await?;
    Ok(id)
}

/// Adds an incident within a write: the part that doors share. The HTML of its message that is not rendered yet is
/// left to the job.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn add(
    write: &mut Write,
    new: &CheckedIncident,
    rendered: &Rendered,
    source_id: Option<&str>,
) -> Result<IncidentId> {
    let id = IncidentId::from_random(random_id());
    let at = new.started_at.unwrap_or(write.at);
    let who = Author::of(write);
    store::insert(write, &id, &new.title, new.impact, at, source_id).await?;
    let first = match (new.status, new.resolved_at) {
        (IncidentStatus::Resolved, Some(_)) => IncidentStatus::Investigating,
        (status, _) => status,
    };
    let update = UpdateId::from_random(random_id());
    store::insert_update(write, &id, &store::NewUpdate::typed(&update, first, &new.body, rendered, at, &who)).await?;
    store::set_statements(write, &update, &new.services).await?;
    if let Some(end) = new.resolved_at {
        let update = UpdateId::from_random(random_id());
        let nothing = Rendered::default();
        let resolved = store::NewUpdate::typed(&update, IncidentStatus::Resolved, "", &nothing, end, &who);
        store::insert_update(write, &id, &resolved).await?;
    }
    recompute(write, &id).await?;
    let after = format!("{} since {}", first.as_str(), at.rfc3339());
    write.audit(AuditEntry::new("incident.reported", &id, &new.title).values(None, Some(after)));
    Ok(id)
}

/// Adds an update within a write: the part that doors share. Its HTML is left to the job.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn add_update(
    write: &mut Write,
    id: &IncidentId,
    status: IncidentStatus,
    body: &str,
    at: Time,
    said: Vec<ServiceImpact>,
) -> Result<()> {
    let (update, who) = (UpdateId::from_random(random_id()), Author::of(write));
    store::insert_update(write, id, &store::NewUpdate::typed(&update, status, body, &Rendered::default(), at, &who))
        .await?;
    store::set_statements(write, &update, &said).await?;
    recompute(write, id).await?;
    Ok(())
}

/// An update of an incident of another program's file.
#[derive(Debug, Clone)]
pub struct ImportedUpdate {
    /// Its id in that file.
    pub source_id: String,
    /// The incident's status from then on.
    pub status: IncidentStatus,
    /// HTML, made safe when it is shown.
    pub html: String,
    /// Its own time.
    pub at: Time,
}

/// An incident of another program's file.
#[derive(Debug, Clone)]
pub struct ImportedIncident {
    /// Its id in that file.
    pub source_id: String,
    /// One line.
    pub title: String,
    /// The impact that the file says.
    pub impact: crate::domain::status::Impact,
    /// In order, at least one.
    pub updates: Vec<ImportedUpdate>,
    /// Services it names; they are shown with it, and it claims nothing of them.
    pub services: Vec<crate::domain::ids::ServiceId>,
}

/// What became of an imported incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It was not there.
    Added,
    /// It was there, and is otherwise now.
    Updated,
    /// It was there as it is.
    Unchanged,
}

/// Imports an incident within a write. One that is there already (by its source's id) becomes what
/// the file says; what was written here about it stays.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn import(write: &mut Write, new: &ImportedIncident) -> Result<Imported> {
    let Some(first) = new.updates.first() else { return Ok(Imported::Unchanged) };
    let (id, mut what) = match store::by_source(write, &new.source_id).await? {
        Some(id) => (id, Imported::Unchanged),
        None => {
            let id = IncidentId::from_random(random_id());
            store::insert(write, &id, &new.title, Some(new.impact), first.at, Some(&new.source_id)).await?;
            (id, Imported::Added)
        }
    };
    let changed = store::set_head(write, &id, &new.title, Some(new.impact)).await?;
    let known = store::imported_updates(write, &id).await?;
    let (nobody, later) = (Author { user_id: None, name: None }, Rendered::default());
    let mut other = changed;
    for (number, update) in new.updates.iter().enumerate() {
        // What a file names without a status it claims nothing of.
        let said: Vec<ServiceImpact> = if number == 0 {
            let say = |service: &crate::domain::ids::ServiceId| ServiceImpact {
                service_id: service.clone(),
                status: Some(ServiceStatus::Operational),
            };
            new.services.iter().map(say).collect()
        } else {
            Vec::new()
        };
        match known.iter().find(|known| known.source_id == update.source_id) {
            Some(known) => {
                other |= store::set_imported(write, known, update).await?;
                if number == 0 {
                    other |= store::set_statements(write, &known.id, &said).await?;
                }
            }
            None => {
                let id_of_update = UpdateId::from_random(random_id());
                let row = store::NewUpdate {
                    source_id: Some(&update.source_id),
                    format: "html",
                    ..store::NewUpdate::typed(&id_of_update, update.status, &update.html, &later, update.at, &nobody)
                };
                store::insert_update(write, &id, &row).await?;
                store::set_statements(write, &id_of_update, &said).await?;
                other = true;
            }
        }
    }
    if what == Imported::Unchanged && other {
        what = Imported::Updated;
    }
    if what != Imported::Unchanged {
        recompute(write, &id).await?;
        let action = if what == Imported::Added { "incident.imported" } else { "incident.import_updated" };
        write.audit(AuditEntry::new(action, &id, &new.title));
    }
    Ok(what)
}

/// Derives from an incident's updates everything that follows from them. Returns the updates.
async fn recompute(write: &mut Write, id: &IncidentId) -> Result<Vec<UpdateEvent<Author>>> {
    let steps = store::steps(write, id).await?;
    let Some(course) = summarize_updates(&steps) else { return Ok(steps) };
    store::set_summary(write, id, &course).await?;
    store::set_services(write, id, &last_impacts(&steps)).await?;
    store::set_search(write, id).await?;
    history::set_incident(write, id, claims(&steps)).await?;
    Ok(steps)
}

/// Posts an update.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`], [`AppError::Forbidden`]; [`AppError::Conflict`] when
/// somebody changed the incident since the person saw it.
pub async fn post_update(
    scope: Scope<allowed::ReportIncidents>,
    id: IncidentId,
    input: UpdateInput,
) -> Result<UpdateId> {
    let (now, zone) = (clock::now(), local_time::zone(scope.time_zone()));
    let rendered = markdown::render_typed(&input.body).await?;
    let mut write = scope.write().await?;
    // With a time of its own it stands among those that are there.
    let head = match input.at.trim() {
        "" => incident_to_update(&mut write, &id).await?,
        _ => incident_to_change(&mut write, &id).await?,
    };
    let Checked { status: new_status, body, mut said, at } = checked(&input, head.status, now, zone)?;
    unless_changed(&head, input.seen)?;
    require_services(&mut write, &said).await?;
    if body.is_empty() && new_status == head.status && said.is_empty() {
        return Err(AppError::field("body", "Write a message, or change the status or a service."));
    }
    let steps = store::steps(&mut write, &id).await?;
    if head.status == IncidentStatus::Resolved && new_status != IncidentStatus::Resolved && said.is_empty() {
        // It goes on where it was.
        let again = last_impacts(&steps).into_iter();
        said = again.map(|(service_id, status)| ServiceImpact { service_id, status: Some(status) }).collect();
    }
    let at = at.unwrap_or(write.at);
    let (update, who) = (UpdateId::from_random(random_id()), Author::of(&write));
    let new = store::NewUpdate::typed(&update, new_status, &body, &rendered, at, &who);
    store::insert_update(&mut write, &id, &new).await?;
    store::set_statements(&mut write, &update, &said).await?;
    let steps = recompute(&mut write, &id).await?;
    require_room(&mut write, &id, &steps).await?;
    let entry = AuditEntry::new("incident.updated", &id, &head.title);
    write.audit(entry.values(Some(head.status.as_str().to_owned()), Some(new_status.as_str().to_owned())));
    write.commit(TOPICS).await?;
    Ok(update)
}

/// What a person typed about an update, checked.
struct Checked {
    status: IncidentStatus,
    body: String,
    said: Vec<ServiceImpact>,
    at: Option<Time>,
}

fn checked(input: &UpdateInput, otherwise: IncidentStatus, now: Time, zone: Tz) -> Result<Checked> {
    let mut errors = FieldErrors::default();
    let status = errors.take("status", status(&input.status, otherwise)).unwrap_or(otherwise);
    let body = errors.take("body", body(&input.body)).unwrap_or_default();
    let said = errors.take("services", statements(&input.services)).unwrap_or_default();
    let at = errors.take("at", moment(&input.at, |text| local_time::parse_local(zone, text))).flatten();
    if at.is_some_and(|at| at > now) {
        errors.add("at", "An update can’t be in the future.");
    }
    errors.finish()?;
    Ok(Checked { status, body, said, at })
}

/// Changes an update that was posted: its text, time and status, and what it says of services.
///
/// # Errors
/// As [`post_update`].
pub async fn edit_update(
    scope: Scope<allowed::ReportIncidents>,
    id: IncidentId,
    update: UpdateId,
    input: UpdateInput,
) -> Result<()> {
    let (now, zone) = (clock::now(), local_time::zone(scope.time_zone()));
    let rendered = markdown::render_typed(&input.body).await?;
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    let before = store::update(&mut write, &id, &update).await?.ok_or_else(no_update)?;
    let Checked { status, body, said, at } = checked(&input, before.status, now, zone)?;
    unless_changed(&head, input.seen)?;
    require_services(&mut write, &said).await?;
    let at = at.unwrap_or(before.at);
    store::set_update(&mut write, &update, status, &body, &rendered, at).await?;
    store::set_statements(&mut write, &update, &said).await?;
    let steps = recompute(&mut write, &id).await?;
    require_room(&mut write, &id, &steps).await?;
    let words = |status: IncidentStatus, at: Time, body: &str| format!("{}, {}: {body}", status.as_str(), at.rfc3339());
    let (old, new) = (words(before.status, before.at, &before.body), words(status, at, &body));
    write.audit(AuditEntry::new("incident.update_edited", &id, &head.title).values(Some(old), Some(new)));
    write.commit(TOPICS).await
}

/// Takes an update back; the last one cannot be.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`], [`AppError::Conflict`] for the only one.
pub async fn delete_update(scope: Scope<allowed::DeleteIncidents>, id: IncidentId, update: UpdateId) -> Result<()> {
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    let before = store::update(&mut write, &id, &update).await?.ok_or_else(no_update)?;
    if store::steps(&mut write, &id).await?.len() < 2 {
        return Err(AppError::Conflict(
            "An incident must have at least one update. Delete the incident instead.".to_owned(),
        ));
    }
    store::delete_update(&mut write, &update).await?;
    recompute(&mut write, &id).await?;
    let old = format!("{}, {}: {}", before.status.as_str(), before.at.rfc3339(), before.body);
    write.audit(AuditEntry::new("incident.update_deleted", &id, &head.title).values(Some(old), None));
    write.commit(TOPICS).await
}

/// Changes what an incident is called and how much it matters.
///
/// # Errors
/// As [`post_update`].
pub async fn edit(scope: Scope<allowed::ReportIncidents>, id: IncidentId, input: IncidentEdit) -> Result<()> {
    let mut errors = FieldErrors::default();
    let title =
        errors.take("title", single_line("the incident’s title", &input.title, MAX_TITLE_LENGTH)).unwrap_or_default();
    let set = errors.take("impact", impact(&input.impact)).unwrap_or_default();
    errors.finish()?;
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    unless_changed(&head, input.seen)?;
    if !store::set_head(&mut write, &id, &title, set).await? {
        return Ok(());
    }
    recompute(&mut write, &id).await?;
    let words = |title: &str, impact: Option<crate::domain::status::Impact>| {
        format!("{title}; impact: {}", impact.map_or("derived", crate::domain::status::Impact::as_str))
    };
    let (old, new) = (words(&head.title, head.impact_set), words(&title, set));
    write.audit(AuditEntry::new("incident.edited", &id, &title).values(Some(old), Some(new)));
    write.commit(TOPICS).await
}

/// Deletes an incident; the history of its services becomes what it would be without it, and what
/// it replaced stays in the audit log.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`].
pub async fn delete(scope: Scope<allowed::DeleteIncidents>, id: IncidentId) -> Result<()> {
    let mut write = scope.write().await?;
    let head = incident_to_change(&mut write, &id).await?;
    history::set_incident(&mut write, &id, Vec::new()).await?;
    store::delete(&mut write, &id).await?;
    let old = format!("{} since {}", head.status.as_str(), head.started_at.rfc3339());
    write.audit(AuditEntry::new("incident.deleted", &id, head.title).values(Some(old), None));
    write.commit(TOPICS).await
}

/// A page of the list, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::Read>, filter: IncidentFilter) -> Result<IncidentPage> {
    let mut read = scope.read_list(&filter.words).await?;
    let mut incidents = store::list(&mut read, scope.id(), &filter, PAGE + 1).await?;
    let more = incidents.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    incidents.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let (active, resolved) = store::counts(&mut read, scope.id(), &filter).await?;
    Ok(IncidentPage { incidents, more, active, resolved })
}

/// The first so many of the list, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_first(scope: Scope<allowed::Read>, filter: IncidentFilter, most: usize) -> Result<Vec<Incident>> {
    let most = i64::try_from(most).unwrap_or(PAGE);
    store::list(&mut scope.read_list(&filter.words).await?, scope.id(), &filter, most).await
}

/// One incident with everything that belongs to it.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn detail(scope: Scope<allowed::Read>, id: IncidentId) -> Result<IncidentDetail> {
    let mut read = scope.read().await?;
    let (incident, impact_set) = store::get(&mut read, scope.id(), &id).await?.ok_or_else(no_incident)?;
    let (updates, postmortem) = messages::of(&mut read, scope.id(), &id).await?;
    let links = links::of(&mut read, scope.id(), &id).await?;
    let zone = local_time::zone(scope.time_zone());
    let local_times =
        updates.iter().map(|update| (update.id.clone(), local_time::format_input(zone, whole_minute(update.at))));
    let local_times = local_times.collect();
    let page = page(&scope, &id);
    Ok(IncidentDetail { incident, impact_set, updates, local_times, postmortem, links, page })
}

/// Nobody types the second at which something was.
const fn whole_minute(at: Time) -> Time {
    Time::from_micros(at.micros() - at.micros().rem_euclid(60_000_000))
}

/// The permanent address of an incident for visitors.
fn page(scope: &Scope<allowed::Read>, id: &IncidentId) -> String {
    scope.app().url.join(&format!("/status/{}/incidents/{id}", scope.organization().slug))
}

/// How a message will look.
///
/// # Errors
/// [`AppError::Invalid`] when it is too long, [`AppError::TooMany`] for whoever asks all the time.
pub async fn preview(scope: &Scope<allowed::Read>, text: &str) -> Result<String> {
    let text = body(text).map_err(|message| AppError::field("body", message))?;
    let asker = scope.person().map_or_else(|| scope.id().to_string(), |person| person.user().id.to_string());
    scope.app().limits.preview(&asker)?;
    Ok(markdown::render(Source::Markdown(text)).await?.html)
}

/// How many incidents are open.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn count_open(read: &mut Read, organization: &OrganizationId) -> Result<usize> {
    store::count_open(read, organization).await
}

/// Open incidents, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open_now(read: &mut Read, organization: &OrganizationId, most: i64) -> Result<Vec<Incident>> {
    let filter = IncidentFilter { state: "active".to_owned(), ..IncidentFilter::default() };
    store::list(read, organization, &filter, most).await
}

/// Which incidents hold a service now: what keeps it from being as well as it says.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn affecting(
    read: &mut Read,
    organization: &OrganizationId,
    service: &crate::domain::ids::ServiceId,
) -> Result<Vec<Incident>> {
    let filter =
        IncidentFilter { state: "active".to_owned(), service: service.to_string(), ..IncidentFilter::default() };
    store::list(read, organization, &filter, 20).await
}

/// These incidents with their messages, as visitors read them, in their order.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn published(page: &PublicPage, read: &mut Read, incidents: Vec<Incident>) -> Result<Vec<PublishedIncident>> {
    messages::published(read, page.id(), incidents).await
}

/// Open incidents as visitors read them, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open(page: &PublicPage, read: &mut Read) -> Result<Vec<PublishedIncident>> {
    let filter = IncidentFilter { state: "active".to_owned(), ..IncidentFilter::default() };
    let incidents = store::list(read, page.id(), &filter, 100).await?;
    published(page, read, incidents).await
}

/// The latest incidents as visitors read them, open or over, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn latest(page: &PublicPage, read: &mut Read, most: i64) -> Result<Vec<PublishedIncident>> {
    let incidents = store::list(read, page.id(), &IncidentFilter::default(), most).await?;
    published(page, read, incidents).await
}

/// Incidents that began between two moments, as visitors read them, latest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn between(page: &PublicPage, read: &mut Read, from: Time, to: Time) -> Result<Vec<PublishedIncident>> {
    let incidents = store::between(read, page.id(), from, to).await?;
    published(page, read, incidents).await
}

/// Incidents that were open at some time between two moments and say something of a service: title,
/// beginning, end and services, without their messages.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn overlapping(page: &PublicPage, read: &mut Read, from: Time, to: Time) -> Result<Vec<Incident>> {
    store::overlapping(read, page.id(), from, to).await
}

/// One incident as visitors read it.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn get(page: &PublicPage, read: &mut Read, id: &IncidentId) -> Result<PublishedIncident> {
    let (incident, _) = store::get(read, page.id(), id).await?.ok_or_else(no_incident)?;
    published(page, read, vec![incident]).await?.pop().ok_or_else(no_incident)
}

/// The impacts of open incidents that are not yet monitored: they count for the page's indicator.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn open_impacts(
    read: &mut Read,
    organization: &OrganizationId,
) -> Result<Vec<crate::domain::status::Impact>> {
    store::open_impacts(read, organization).await
}
