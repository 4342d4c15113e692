//! The job that renders stored messages anew whose HTML is of older rules: after an update of the server, and after an
//! import, which leaves rendering to it.

use super::{
    Source, render_all,
    store::{self, Stale, Table},
};
use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::{App, access::SystemScope},
};
use std::{collections::BTreeMap, time::Duration};

const JOB: SystemScope = SystemScope::job("markdown");
/// Messages that are rendered together, and written in one transaction for each organization.
const BATCH: i64 = 50;
/// Between two looks at what was imported.
const PAUSE: Duration = Duration::from_secs(60);

/// Looks for such messages for as long as the server runs.
pub async fn follow(app: App) {
    let mut every = tokio::time::interval(PAUSE);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match run(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "messages rendered with this version’s rules"),
            Err(error) => {
                tracing::warn!(%error, "messages could not be rendered ahead of time; rendering them on read")
            }
        }
    }
}

/// Renders until none is left; how many it were.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn run(app: &App) -> Result<usize> {
    let mut count = 0;
    for table in [Table::IncidentUpdates, Table::Postmortems, Table::MaintenanceUpdates] {
        loop {
            let rows = store::stale(&mut app.db.read(&JOB).await?, table, BATCH).await?;
            let done = batch(app, table, rows).await?;
            count += done;
            // None is left, or somebody else changes each of them just now.
            if done == 0 {
                break;
            }
        }
    }
    Ok(count)
}

async fn batch(app: &App, table: Table, rows: Vec<Stale>) -> Result<usize> {
    if rows.is_empty() {
        return Ok(0);
    }
    let sources = rows.iter().map(|row| Source::stored(&row.body, &row.format)).collect();
    let mut by_organization: BTreeMap<OrganizationId, Vec<(Stale, String)>> = BTreeMap::new();
    for (row, html) in rows.into_iter().zip(render_all(sources).await?) {
        by_organization.entry(row.organization.clone()).or_default().push((row, html));
    }
    let mut done = 0;
    for (organization, messages) in by_organization {
        let mut write = app.db.write_derived(&JOB, &organization).await?;
        for (row, html) in messages {
            done += usize::from(store::set_html(&mut write, table, &row, &html).await?);
        }
        write.commit().await?;
    }
    Ok(done)
}
