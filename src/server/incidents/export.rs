//! The list of incidents as a table to keep.

mod store;

use super::page;
use crate::{
    domain::{
        error::{AppError, Result},
        ids::IncidentId,
        incident::{Incident, IncidentFilter},
        role::allowed,
        status::ServiceStatus,
        time::Time,
    },
    server::{access::Scope, csv::cell, exports, local_time},
};
use std::collections::HashMap;

/// Lines of an export; a table that ends in the middle would be wrong in silence.
const EXPORT: usize = 50_000;

/// The incidents that a filter lets pass as CSV, latest first.
///
/// # Errors
/// [`AppError::Conflict`] when it would be too long; [`AppError::Busy`] when others export already;
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn csv(scope: Scope<allowed::Read>, filter: IncidentFilter) -> Result<String> {
    let _place = scope.app().exports.begin(&scope.principal()).await?;
    let mut read = scope.read().await?;
    let most = i64::try_from(EXPORT).unwrap_or(i64::MAX - 1);
    let incidents = super::store::bare(&mut read, scope.id(), &filter, most + 1).await?;
    if incidents.len() > EXPORT {
        let words = format!("This export would have more than {EXPORT} rows. Filter by service, team or impact.");
        return Err(AppError::Conflict(words));
    }
    let (Some(newest), Some(oldest)) = (incidents.first(), incidents.last()) else { return Ok(HEAD.to_owned()) };
    let (from, to) = (oldest.started_at, newest.started_at);
    let services = store::services(&mut read, scope.id(), from, to).await?;
    let worst = store::worst(&mut read, scope.id(), from, to).await?;
    let updates = store::updates(&mut read, scope.id(), from, to).await?;
    drop(read);
    exports::written(move || table(&scope, incidents, services, &worst, &updates)).await
}

const HEAD: &str =
    "id,title,impact,status,started_at,resolved_at,minutes_to_resolve,services,worst_status,updates,page\r\n";

fn table(
    scope: &Scope<allowed::Read>,
    incidents: Vec<Incident>,
    mut services: HashMap<IncidentId, Vec<String>>,
    worst: &HashMap<IncidentId, ServiceStatus>,
    updates: &HashMap<IncidentId, i64>,
) -> String {
    let mut text = HEAD.to_owned();
    for Incident { id, title, impact, status, started_at, resolved_at, .. } in incidents {
        let lasted = resolved_at.map(|end| local_time::minutes(end.micros() - started_at.micros()).to_string());
        let fields = [
            id.to_string(),
            cell(&title),
            impact.as_str().to_owned(),
            status.as_str().to_owned(),
            started_at.rfc3339(),
            resolved_at.map(Time::rfc3339).unwrap_or_default(),
            lasted.unwrap_or_default(),
            cell(&services.remove(&id).unwrap_or_default().join("; ")),
            worst.get(&id).copied().map(ServiceStatus::as_str).unwrap_or_default().to_owned(),
            updates.get(&id).copied().unwrap_or_default().to_string(),
            cell(&page(scope, &id)),
        ];
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}
