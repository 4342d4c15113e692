//! The list of incidents as a table to keep.

mod store;

use super::page;
use crate::{
    domain::{
        error::Result,
        incident::{Incident, IncidentFilter},
        role::allowed,
        status::ServiceStatus,
        time::Time,
    },
    server::{access::Scope, csv::cell, exports, local_time},
};
use axum::body::{Body, Bytes};
use futures_util::{StreamExt, TryStreamExt, stream};

/// Incidents that are read at once. Each may name a thousand services, of which a list has 20,000.
const PART: usize = 20;
const HEAD: &str =
    "id,title,impact,status,started_at,resolved_at,minutes_to_resolve,services,worst_status,updates,page\r\n";

/// The incidents that a filter lets pass as CSV, latest first. They are read while they are sent, part by part.
///
/// # Errors
/// [`AppError::Busy`](crate::domain::error::AppError::Busy) when others export already;
/// [`AppError::Unavailable`](crate::domain::error::AppError::Unavailable) when the database does not answer.
pub async fn csv(scope: Scope<allowed::Read>, filter: IncidentFilter) -> Result<Body> {
    let permit = scope.app().exports.begin(&scope.principal()).await?;
    let (first, next) = part(&scope, filter).await?;
    let rest = stream::try_unfold(next, move |next| {
        let scope = scope.clone();
        async move {
            let Some(filter) = next else { return Ok(None) };
            part(&scope, filter).await.map(Some)
        }
    });
    let rows = stream::iter([Ok(first)]).chain(rest).map_ok(|rows| stream::iter(rows.into_iter().map(Ok)));
    let head = stream::iter([Ok(Bytes::from_static(HEAD.as_bytes()))]);
    Ok(exports::body(permit, head.chain(rows.try_flatten().map_ok(|row: Row| Bytes::from(row.line())))))
}

/// A row that is to be written: with the names of its services it may be long.
struct Row {
    incident: Incident,
    worst: Option<ServiceStatus>,
    updates: i64,
    page: String,
}

/// The next rows, and what to go on with.
async fn part(scope: &Scope<allowed::Read>, filter: IncidentFilter) -> Result<(Vec<Row>, Option<IncidentFilter>)> {
    let mut read = scope.read_long().await?;
    let most = i64::try_from(PART).unwrap_or(i64::MAX);
    let incidents = super::store::list(&mut read, scope.id(), &filter, most).await?;
    let ids: Vec<_> = incidents.iter().map(|incident| incident.id.clone()).collect();
    let worst = store::worst(&mut read, scope.id(), &ids).await?;
    let updates = store::updates(&mut read, scope.id(), &ids).await?;
    drop(read);
    let next = incidents.last().filter(|_| incidents.len() == PART).map(|last| {
        let before = Some((last.started_at, last.id.clone()));
        IncidentFilter { before, ..filter }
    });
    let row = |incident: Incident| Row {
        worst: worst.get(&incident.id).copied(),
        updates: updates.get(&incident.id).copied().unwrap_or_default(),
        page: page(scope, &incident.id),
        incident,
    };
    Ok((incidents.into_iter().map(row).collect(), next))
}

impl Row {
    fn line(self) -> String {
        let Self { incident, worst, updates, page } = self;
        let Incident { id, title, impact, status, started_at, resolved_at, services, .. } = incident;
        let lasted = resolved_at.map(|end| local_time::minutes(end.micros() - started_at.micros()).to_string());
        let services: Vec<String> = services.into_iter().map(|affected| affected.name).collect();
        let fields = [
            id.to_string(),
            cell(&title),
            impact.as_str().to_owned(),
            status.as_str().to_owned(),
            started_at.rfc3339(),
            resolved_at.map(Time::rfc3339).unwrap_or_default(),
            lasted.unwrap_or_default(),
            cell(&services.join("; ")),
            worst.map(ServiceStatus::as_str).unwrap_or_default().to_owned(),
            updates.to_string(),
            cell(&page),
        ];
        fields.join(",") + "\r\n"
    }
}
