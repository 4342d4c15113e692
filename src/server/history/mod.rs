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
        ids::{ClaimId, IncidentId, IntervalId, MaintenanceId, OrganizationId, ServiceId, UserId},
        incident::IncidentClaim,
        service::Interval,
        status::{Cause, ServiceStatus},
        time::Time,
        timeline::{Claim, timeline},
        uptime::Span,
    },
    server::db::{AuditEntry, Read, Write, packed, random_id},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Who made a change, as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The person, if it is one.
    pub user_id: Option<UserId>,
    /// As they were called then.
    pub name: Option<String>,
}

impl Who {
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
struct Kept {
    service_id: ServiceId,
    claim: Claim<Who>,
    ended_by: Option<Who>,
}

/// A row of the history.
struct Row {
    id: IntervalId,
    status: ServiceStatus,
    from: Time,
    to: Option<Time>,
}

/// The first claim and the first interval of a service.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn begin(
    write: &mut Write,
    service: &ServiceId,
    status: ServiceStatus,
    at: Time,
    cause: Cause,
) -> Result<()> {
    let who = Who::of(write);
    let claim = Claim { status, from: at, to: None, cause, who };
    let kept = Kept { service_id: service.clone(), claim, ended_by: None };
    store::insert_claim(write, &ClaimId::from_random(random_id()), &Source::Own, &kept).await?;
    rebuild(write, service, at).await
}

/// Ends what a service said of itself, and begins what it says from now on.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn set_own(write: &mut Write, service: &ServiceId, status: ServiceStatus, cause: Cause) -> Result<()> {
    // A clock that was set back must not make a claim end before it began.
    let at = store::end_own_claim(write, service).await?;
    begin(write, service, status, at, cause).await
}

/// Replaces what an incident claims of services. The services whose history it changed.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn set_incident(
    write: &mut Write,
    incident: &IncidentId,
    claims: Vec<IncidentClaim<Who>>,
) -> Result<BTreeSet<ServiceId>> {
    let claims =
        claims.into_iter().map(|IncidentClaim { service_id, claim, ended_by }| Kept { service_id, claim, ended_by });
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
    let who = Who::of(write);
    let kept = |service: &ServiceId, from: Time, to: Option<Time>| Kept {
        service_id: service.clone(),
        claim: Claim { status: ServiceStatus::UnderMaintenance, from, to, cause: Cause::Maintenance, who: who.clone() },
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

async fn replace(write: &mut Write, source: &Source, new: Vec<Kept>) -> Result<BTreeSet<ServiceId>> {
    let old = store::claims_of(write, source).await?;
    let mut since: BTreeMap<ServiceId, Time> = BTreeMap::new();
    let mut gone = Vec::new();
    for (id, kept) in &old {
        if !new.iter().any(|new| same(new, kept)) {
            gone.push(id.clone());
            note(&mut since, kept);
        }
    }
    for id in gone {
        store::delete_claim(write, &id).await?;
    }
    for kept in &new {
        if !old.iter().any(|(_, old)| same(old, kept)) {
            store::insert_claim(write, &ClaimId::from_random(random_id()), source, kept).await?;
            note(&mut since, kept);
        }
    }
    let mut changed = BTreeSet::new();
    for (service, since) in since {
        rebuild(write, &service, since).await?;
        changed.insert(service);
    }
    Ok(changed)
}

/// Whether two claims say the same; who said it does not matter when nothing else changed.
fn same(one: &Kept, other: &Kept) -> bool {
    one.service_id == other.service_id
        && one.claim.status == other.claim.status
        && (one.claim.from, one.claim.to) == (other.claim.from, other.claim.to)
}

fn note(since: &mut BTreeMap<ServiceId, Time>, kept: &Kept) {
    let first = since.entry(kept.service_id.clone()).or_insert(kept.claim.from);
    *first = (*first).min(kept.claim.from);
}

/// Computes the history of a service again from a moment on; before it no claim has changed.
async fn rebuild(write: &mut Write, service: &ServiceId, since: Time) -> Result<()> {
    // Nothing was observed before the service had a status of its own.
    let since = match store::first_own_claim(write, service).await? {
        Some(born) => since.max(born),
        None => return Ok(()),
    };
    let prior = store::interval_before(write, service, since).await?;
    let begin = prior.as_ref().map_or(since, |row| row.from);
    let kept = store::claims_since(write, service, begin).await?;
    let claims: Vec<Claim<Who>> = kept.iter().map(|kept| kept.claim.clone()).collect();
    let ended = |claim: &Claim<Who>| {
        let by = kept.iter().find(|kept| kept.claim == *claim).and_then(|kept| kept.ended_by.clone());
        by.map(|who| (claim.cause, who))
    };
    let stretches = timeline(&claims, begin, ended);
    let replaced = store::take_intervals(write, service, since).await?;
    let new = match (prior, stretches.split_first()) {
        (Some(prior), Some((first, rest))) if first.status == prior.status => {
            if prior.to != first.to {
                store::end_interval(write, &prior.id, first.to).await?;
            }
            rest
        }
        (Some(prior), _) => {
            store::end_interval(write, &prior.id, Some(since)).await?;
            &stretches[..]
        }
        (None, _) => &stretches[..],
    };
    for stretch in new {
        store::insert_interval(write, &IntervalId::from_random(random_id()), service, stretch).await?;
    }
    if !replaced.is_empty() {
        let name = store::service_name(write, service).await?.unwrap_or_default();
        let before = replaced.iter().map(|row| in_words(row.status, row.from, row.to)).collect::<Vec<_>>().join("; ");
        let after = new.iter().map(|row| in_words(row.status, row.from, row.to)).collect::<Vec<_>>().join("; ");
        if before != after {
            write.audit(AuditEntry::new("service.history_recomputed", service, name).values(Some(before), Some(after)));
        }
    }
    Ok(())
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
    let spans = packed::rows(text.as_deref(), |columns| {
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
