//! The status history of services, computed from what is claimed of them.
//!
//! Every change of a status is a change of claims ([`crate::domain::timeline`]): the service's own, an
//! incident's, a maintenance's. Whoever changes claims has the history computed again from the first
//! moment that changed, in the same transaction; so intervals never overlap and never leave a hole,
//! and an incident that is backfilled, edited or deleted leaves the history true.

mod store;

use crate::{
    domain::{
        error::{AppError, Result},
        ids::{IncidentId, IntervalId, MaintenanceId, OrganizationId, ServiceId, UserId},
        incident::IncidentClaim,
        service::Interval,
        status::{Cause, ServiceStatus},
        time::Time,
        timeline::{StatusClaim, StatusInterval, timeline},
        uptime::Span,
    },
    server::db::{AuditEntry, Read, Write, row_packing},
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Claims from which one change computes history at most: reading and rewriting them holds the only writer.
const MAX_CLAIMS: usize = 10_000;

/// Who made a change, as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The person, if it is one.
    pub user_id: Option<UserId>,
    /// As they were called then.
    pub name: Option<String>,
}

impl Author {
    /// Whoever makes this write.
    pub fn of(write: &Write) -> Self {
        Self { user_id: write.actor.user_id.clone(), name: Some(write.actor.name.clone()) }
    }
}

/// What a claim belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The service itself.
    Own,
    /// An incident.
    Incident(IncidentId),
    /// A maintenance.
    Maintenance(MaintenanceId),
}

/// A claim as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct StoredClaim {
    service_id: ServiceId,
    claim: StatusClaim<Author>,
    ended_by: Option<Author>,
}

/// A row of the history.
struct Row {
    id: IntervalId,
    status: ServiceStatus,
    from: Time,
    to: Option<Time>,
}

fn too_much_history() -> AppError {
    AppError::Conflict(
        "This would rewrite too much status history at once. Change fewer services or a shorter period at a time."
            .to_owned(),
    )
}

/// A service that begins, or whose own status becomes another.
#[derive(Debug, Clone)]
pub struct IntervalStart {
    /// The service.
    pub service_id: ServiceId,
    /// What it says of itself.
    pub status: ServiceStatus,
    /// Since when.
    pub at: Time,
}

/// The first claims and the first intervals of services that are new.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn begin(write: &mut Write, services: &[IntervalStart], cause: Cause) -> Result<()> {
    insert_own(write, services, cause).await?;
    let who = Author::of(write);
    let first = |IntervalStart { service_id, status, at }: &IntervalStart| {
        (service_id.clone(), StatusInterval { status: *status, from: *at, to: None, cause, who: who.clone() })
    };
    let first: Vec<_> = services.iter().map(first).collect();
    store::insert_intervals(write, &first).await
}

/// Ends what services said of themselves, and begins what they say from now on.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn set_own(write: &mut Write, services: &[ServiceId], status: ServiceStatus, cause: Cause) -> Result<()> {
    // A clock that was set back must not make a claim end before it began.
    let ended = store::end_own_claims(write, services).await?;
    if ended.len() != services.len() {
        return Err(AppError::NotFound("service".to_owned()));
    }
    let begin = |(service_id, at)| IntervalStart { service_id, status, at };
    let begins: Vec<_> = ended.into_iter().map(begin).collect();
    insert_own(write, &begins, cause).await?;
    let since = begins.into_iter().map(|IntervalStart { service_id, at, .. }| (service_id, at));
    rebuild(write, since.collect()).await
}

async fn insert_own(write: &mut Write, services: &[IntervalStart], cause: Cause) -> Result<()> {
    let who = Author::of(write);
    let claim = |IntervalStart { service_id, status, at }: &IntervalStart| {
        let claim = StatusClaim { status: *status, from: *at, to: None, cause, who: who.clone() };
        StoredClaim { service_id: service_id.clone(), claim, ended_by: None }
    };
    let claims: Vec<_> = services.iter().map(claim).collect();
    store::insert_claims(write, &Source::Own, &claims).await
}

/// Replaces what an incident claims of services. The services whose history it changed.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn set_incident(
    write: &mut Write,
    incident: &IncidentId,
    claims: Vec<IncidentClaim<Author>>,
) -> Result<BTreeSet<ServiceId>> {
    let claims = claims.into_iter().map(|IncidentClaim { service_id, claim, ended_by }| StoredClaim {
        service_id,
        claim,
        ended_by,
    });
    replace(write, &Source::Incident(incident.clone()), claims.collect()).await
}

/// Replaces what a maintenance claims: its services are under maintenance between two moments.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn set_maintenance(
    write: &mut Write,
    maintenance: &MaintenanceId,
    services: &[ServiceId],
    window: Option<(Time, Option<Time>)>,
) -> Result<BTreeSet<ServiceId>> {
    let who = Author::of(write);
    let kept = |service: &ServiceId, from: Time, to: Option<Time>| StoredClaim {
        service_id: service.clone(),
        claim: StatusClaim {
            status: ServiceStatus::UnderMaintenance,
            from,
            to,
            cause: Cause::Maintenance,
            who: who.clone(),
        },
        ended_by: to.map(|_| who.clone()),
    };
    let claims = match window {
        Some((from, to)) if to.is_none_or(|to| to > from) => {
            services.iter().map(|service| kept(service, from, to)).collect()
        }
        _ => Vec::new(),
    };
    replace(write, &Source::Maintenance(maintenance.clone()), claims).await
}

async fn replace(write: &mut Write, source: &Source, new: Vec<StoredClaim>) -> Result<BTreeSet<ServiceId>> {
    let old = store::claims_of(write, source).await?;
    let (before, after): (HashSet<ServiceStatement>, HashSet<ServiceStatement>) =
        (old.iter().map(|(_, kept)| said(kept)).collect(), new.iter().map(said).collect());
    let gone: Vec<_> = old.iter().filter(|(_, kept)| !after.contains(&said(kept))).collect();
    let come: Vec<StoredClaim> = new.iter().filter(|kept| !before.contains(&said(kept))).cloned().collect();
    let mut since: BTreeMap<ServiceId, Time> = BTreeMap::new();
    for kept in gone.iter().map(|(_, kept)| kept).chain(&come) {
        let first = since.entry(kept.service_id.clone()).or_insert(kept.claim.from);
        *first = (*first).min(kept.claim.from);
    }
    let ids: Vec<_> = gone.iter().map(|(id, _)| (id,)).collect();
    store::delete_claims(write, &ids).await?;
    store::insert_claims(write, source, &come).await?;
    let changed = since.keys().cloned().collect();
    rebuild(write, since).await?;
    Ok(changed)
}

/// What a claim says; who said it does not matter when nothing else changed.
type ServiceStatement = (ServiceId, ServiceStatus, Time, Option<Time>);

fn said(kept: &StoredClaim) -> ServiceStatement {
    (kept.service_id.clone(), kept.claim.status, kept.claim.from, kept.claim.to)
}

/// Computes the history of services again, of each from a moment on; before it none of its claims has changed.
async fn rebuild(write: &mut Write, mut since: BTreeMap<ServiceId, Time>) -> Result<()> {
    // Nothing was observed before a service had a status of its own.
    let born = store::first_own_claims(write, &since.keys().map(|service| (service,)).collect::<Vec<_>>()).await?;
    since.retain(|service, since| {
        let born = born.get(service);
        *since = born.map_or(*since, |born| (*since).max(*born));
        born.is_some()
    });
    let moments: Vec<(&ServiceId, i64)> = since.iter().map(|(service, since)| (service, since.micros())).collect();
    let mut priors = store::intervals_before(write, &moments).await?;
    let begin = |(service, since): (&ServiceId, &Time)| priors.get(service).map_or(*since, |prior| prior.from);
    let begins: Vec<Time> = since.iter().map(begin).collect();
    let from: Vec<(&ServiceId, i64)> =
        since.keys().zip(&begins).map(|(service, begin)| (service, begin.micros())).collect();
    let mut claims = store::claims_since(write, &from).await?;
    let mut taken = store::take_intervals(write, &moments).await?;
    let (mut ended, mut new, mut rewritten) = (Vec::new(), Vec::new(), Vec::new());
    for ((service, since), begin) in since.iter().zip(begins) {
        let stretches = stretches(claims.remove(service).unwrap_or_default(), begin);
        let mut rest = stretches.as_slice();
        if let Some(prior) = priors.remove(service) {
            let end = match stretches.split_first() {
                Some((first, others)) if first.status == prior.status => {
                    rest = others;
                    first.to
                }
                _ => Some(*since),
            };
            if prior.to != end {
                ended.push((prior.id, end.map(Time::micros)));
            }
        }
        if let Some(replaced) = taken.remove(service) {
            let before = replaced.iter().map(|row| in_words(row.status, row.from, row.to)).collect::<Vec<_>>();
            let after = rest.iter().map(|row| in_words(row.status, row.from, row.to)).collect::<Vec<_>>();
            if before != after {
                rewritten.push((service, before.join("; "), after.join("; ")));
            }
        }
        new.extend(rest.iter().map(|stretch| (service.clone(), stretch.clone())));
    }
    store::end_intervals(write, &ended).await?;
    store::insert_intervals(write, &new).await?;
    let names: Vec<_> = rewritten.iter().map(|(service, ..)| (*service,)).collect();
    let names = store::service_names(write, &names).await?;
    for (service, before, after) in rewritten {
        let name = names.get(service).cloned().unwrap_or_default();
        write.audit(AuditEntry::new("service.history_recomputed", service, name).values(Some(before), Some(after)));
    }
    Ok(())
}

/// The history that the claims of one service make from a moment on.
fn stretches(kept: Vec<StoredClaim>, begin: Time) -> Vec<StatusInterval<Author>> {
    // Each claim carries who ended it, for the stretch that begins at its end.
    let claim = |StoredClaim { claim: StatusClaim { status, from, to, cause, who }, ended_by, .. }| StatusClaim {
        status,
        from,
        to,
        cause,
        who: (who, ended_by),
    };
    let claims: Vec<StatusClaim<(Author, Option<Author>)>> = kept.into_iter().map(claim).collect();
    let ended =
        |claim: &StatusClaim<(Author, Option<Author>)>| claim.who.1.clone().map(|who| (claim.cause, (who, None)));
    let stretches = timeline(&claims, begin, ended).into_iter();
    stretches
        .map(|StatusInterval { status, from, to, cause, who: (who, _) }| StatusInterval {
            status,
            from,
            to,
            cause,
            who,
        })
        .collect()
}

fn in_words(status: ServiceStatus, from: Time, to: Option<Time>) -> String {
    format!("{} {} to {}", status.as_str(), from.rfc3339(), to.map_or_else(|| "now".to_owned(), Time::rfc3339))
}

/// The latest intervals of a service, newest first.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn latest(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    most: i64,
) -> Result<Vec<Interval>> {
    store::latest(read, organization, service, most).await
}

/// Which intervals of a service to read.
#[derive(Debug, Clone)]
pub struct IntervalFilter {
    /// Only those that reach past this moment.
    pub from: Option<Time>,
    /// Only those that began before this moment.
    pub to: Option<Time>,
    /// Only those that stand behind this one.
    pub before: Option<(Time, IntervalId)>,
    /// At most so many.
    pub most: usize,
}

/// Intervals of a service, newest first.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn page(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    filter: &IntervalFilter,
) -> Result<Vec<(IntervalId, Interval)>> {
    store::page(read, organization, service, filter).await
}

/// What every service of an organization was since a moment, each in order; what has not ended lasts
/// until `now`.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn spans(
    read: &mut Read,
    organization: &OrganizationId,
    since: Time,
    now: Time,
) -> Result<HashMap<ServiceId, Vec<Span>>> {
    let text = store::intervals(read, organization, since).await?;
    let spans = row_packing::rows(text.as_deref(), |columns| {
        let (service, status, from) = (columns.text()?, columns.value()?, Time::from_micros(columns.value()?));
        let to = columns.optional()?.map_or(now, Time::from_micros);
        Some((service, Span { status, from, to: to.max(from) }))
    })?;
    let mut all: HashMap<&str, (Option<Time>, Vec<Span>)> = HashMap::new();
    for (service, span) in spans {
        let (observed, other) = all.entry(service).or_default();
        match span.status {
            ServiceStatus::Operational => *observed = Some(span.from),
            _ => other.push(span),
        }
    }
    let whole = |(service, (observed, other)): (&str, (Option<Time>, Vec<Span>))| {
        let service = service.parse().map_err(|_| AppError::Internal)?;
        Ok((service, observed.map_or_else(Vec::new, |observed| without_holes(observed.max(since), now, other))))
    };
    all.into_iter().map(whole).collect()
}

/// What a service was from one moment to another, when it was operational but for these spans. "Intervals
/// of one service never overlap and never leave a hole" (product).
fn without_holes(from: Time, to: Time, mut other: Vec<Span>) -> Vec<Span> {
    other.sort_unstable_by_key(|span| span.from);
    let mut spans = Vec::with_capacity(2 * other.len() + 1);
    let operational = |from, to| Some(Span { status: ServiceStatus::Operational, from, to }).filter(|_| from < to);
    let mut until = from;
    for span in other {
        spans.extend(operational(until, span.from));
        until = span.to;
        spans.push(span);
    }
    spans.extend(operational(until, to));
    spans
}

/// The history of one service that reaches past a moment, in order.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn spans_of(
    read: &mut Read,
    organization: &OrganizationId,
    service: &ServiceId,
    since: Time,
    now: Time,
) -> Result<Vec<Span>> {
    let rows = store::intervals_of(read, organization, service, since).await?;
    Ok(rows.into_iter().map(|(status, from, to)| Span { status, from, to: to.unwrap_or(now).max(from) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_what_it_was_else_a_service_was_operational() {
        let span = |status, from, to| Span { status, from: Time::from_micros(from), to: Time::from_micros(to) };
        let (up, down) = (ServiceStatus::Operational, ServiceStatus::MajorOutage);
        let history = |other: &[Span]| without_holes(Time::from_micros(10), Time::from_micros(100), other.to_vec());
        assert_eq!(history(&[]), [span(up, 10, 100)]);
        let (first, second) = (span(down, 20, 30), span(ServiceStatus::PartialOutage, 30, 40));
        let all = [span(up, 10, 20), first, second, span(up, 40, 100)];
        assert_eq!(history(&[second, first]), all, "in order, with nothing between neighbours");
        assert_eq!(history(&[span(down, 5, 100)]), [span(down, 5, 100)], "from before until now");
    }
}
