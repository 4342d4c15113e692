//! Reports of uptime: read from history and incidents, kept nowhere.

mod store;

use super::{access::Scope, clock, csv::cell, exports, history, local_time};
use crate::domain::{
    error::{AppError, Result},
    ids::ServiceId,
    report::{Calendar, IncidentPeriod, Report, ReportFilter, ServicePeriod},
    role::allowed,
    time::Time,
    uptime::{Tally, tallies},
};
use std::collections::HashMap;

/// Months that a report shows, this one included.
const MONTHS: usize = 12;
/// Lines of an export; a table that ends in the middle would be wrong in silence.
const EXPORT: usize = 400_000;

/// What a report is made of.
struct ReportInput {
    days: Calendar,
    months: Calendar,
    services: Vec<ServicePeriod>,
    incidents: Vec<IncidentPeriod>,
}

/// How services fared: each day, each month, each service.
///
/// # Errors
/// [`AppError::Invalid`] for another period, [`AppError::NotFound`] for a service that is not there.
pub async fn uptime(scope: Scope<allowed::Read>, filter: ReportFilter) -> Result<Report> {
    let ReportInput { days, months, services, incidents } = facts(&scope, &filter).await?;
    Ok(Report::of(&days, &months, services, incidents))
}

/// Each day of each service as CSV.
///
/// # Errors
/// As [`uptime`]; [`AppError::Conflict`] when it would be too long, [`AppError::Busy`] when others export already.
pub async fn csv(scope: Scope<allowed::Read>, filter: ReportFilter) -> Result<String> {
    let _place = scope.app().exports.begin(&scope.principal()).await?;
    let ReportInput { days, services, .. } = facts(&scope, &filter).await?;
    if days.names.len() * services.len() > EXPORT {
        let words = format!("This export would have more than {EXPORT} rows. Choose a service or a shorter period.");
        return Err(AppError::Conflict(words));
    }
    exports::written(move || table(&days, services)).await
}

fn table(days: &Calendar, services: Vec<ServicePeriod>) -> String {
    let mut text = "date,group,service,observed_seconds,major_seconds,partial_seconds,degraded_seconds,maintenance_seconds,uptime_percent\r\n".to_owned();
    for ServicePeriod { name, group, spans, .. } in services {
        let (group, name) = (cell(&group.unwrap_or_default()), cell(&name));
        for (date, tally) in days.names.iter().zip(tallies(&spans, &days.bounds)) {
            let lasted = [tally.observed, tally.major, tally.partial, tally.degraded, tally.maintenance];
            let lasted = lasted.map(|micros| (micros / 1_000_000).to_string()).join(",");
            let percent = tally.basis_points().map(|points| format!("{}.{:02}", points / 100, points % 100));
            let percent = percent.unwrap_or_default();
            text.push_str(&format!("{date},{group},{name},{lasted},{percent}\r\n"));
        }
    }
    text
}

async fn facts(scope: &Scope<allowed::Read>, filter: &ReportFilter) -> Result<ReportInput> {
    let chosen = filter.check()?;
    let mut read = scope.read().await?;
    let mut named = store::services(&mut read, scope.id()).await?;
    if let Some(chosen) = &chosen {
        named.retain(|(id, ..)| id == chosen);
        if named.is_empty() {
            return Err(AppError::NotFound("service".to_owned()));
        }
    }
    let now = clock::now();
    let (days, months) = calendars(scope.time_zone(), now, filter.days);
    let since = days.bounds.first().copied().unwrap_or(now).min(months.bounds.first().copied().unwrap_or(now));
    let mut histories = match &chosen {
        Some(id) => {
            let spans = history::spans_of(&mut read, scope.id(), id, since, now).await?;
            HashMap::from([(id.clone(), spans)])
        }
        None => history::spans(&mut read, scope.id(), since, now).await?,
    };
    let incidents = store::incidents(&mut read, scope.id(), chosen.as_ref(), since, now).await?;
    let services = named
        .into_iter()
        .map(|(id, name, group)| {
            let spans = histories.remove(&id).unwrap_or_default();
            ServicePeriod { id, name, group, spans }
        })
        .collect();
    Ok(ReportInput { days, months, services, incidents })
}

/// What a service had between two moments.
#[derive(Debug, Clone)]
pub struct ObservedService {
    /// Permanent.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its group's name.
    pub group: Option<String>,
    /// How long it had which status.
    pub tally: Tally,
}

/// What one service, or every one in the order of the status page, had between two moments. What has not
/// ended lasts until now.
///
/// # Errors
/// [`AppError::NotFound`] for a service that is not there.
pub async fn between(
    scope: Scope<allowed::Read>,
    service: Option<ServiceId>,
    from: Time,
    to: Time,
) -> Result<Vec<ObservedService>> {
    let mut read = scope.read().await?;
    let mut named = store::services(&mut read, scope.id()).await?;
    let now = clock::now();
    let mut histories = match &service {
        Some(id) => {
            named.retain(|(known, ..)| known == id);
            if named.is_empty() {
                return Err(AppError::NotFound("service".to_owned()));
            }
            HashMap::from([(id.clone(), history::spans_of(&mut read, scope.id(), id, from, now).await?)])
        }
        None => history::spans(&mut read, scope.id(), from, now).await?,
    };
    let observed = |(id, name, group)| {
        let tally = Tally::between(histories.remove(&id).unwrap_or_default(), from, to);
        ObservedService { id, name, group, tally }
    };
    Ok(named.into_iter().map(observed).collect())
}

/// The days of the period and the months of the report, up to now.
fn calendars(zone: &str, now: Time, days: u32) -> (Calendar, Calendar) {
    let count = usize::try_from(days).unwrap_or(usize::MAX);
    let until_now = |mut bounds: Vec<Time>| {
        if let Some(last) = bounds.last_mut() {
            *last = now.min(*last);
        }
        bounds
    };
    let zone = local_time::zone(zone);
    let (names, bounds) = local_time::months(zone, now, MONTHS);
    let months = Calendar { names, bounds: until_now(bounds) };
    let bounds = until_now(local_time::bounds(zone, now, count));
    let names = bounds.iter().take(count).map(|midnight| local_time::date(zone, *midnight).to_string()).collect();
    (Calendar { names, bounds }, months)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_end_now() {
        let now: Time = serde_json::from_str("\"2026-03-30T10:00:00Z\"").expect("a time");
        let (days, months) = calendars("Europe/Vienna", now, 30);
        assert_eq!((days.names.len(), days.bounds.len()), (30, 31));
        assert_eq!((days.names[0].as_str(), days.names[29].as_str()), ("2026-03-01", "2026-03-30"));
        assert_eq!((months.names.len(), months.bounds.len()), (12, 13));
        assert_eq!((months.names[0].as_str(), months.names[11].as_str()), ("2025-04", "2026-03"));
        assert_eq!((days.bounds.last(), months.bounds.last()), (Some(&now), Some(&now)));
        // The day and the month begin together, an hour before midnight in UTC.
        assert_eq!(days.bounds[0], months.bounds[11]);
        assert_eq!(days.bounds[0].rfc3339(), "2026-02-28T23:00:00Z");
    }
}
