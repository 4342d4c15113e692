//! What the clock does to maintenance: it starts and completes by itself, windows of a series are
//! made ahead.
//!
//! The job looks every second at what is due. How late it looks does not matter: every step is taken
//! with the moment at which it was due, and in a transaction that looks again first, so that no step
//! is taken twice, whoever else takes it.

use super::{TOPICS, become_status, insert_update, series, store};
use crate::{
    domain::{
        error::Result,
        ids::{MaintenanceId, OrganizationId},
        maintenance::{MaintenanceStatus, due},
        time::Time,
    },
    server::{
        App,
        access::SystemScope,
        clock,
        db::{AuditEntry, Write},
        history::Author,
        markdown::Rendered,
    },
};
use std::time::Duration;

pub(super) const JOB: SystemScope = SystemScope::job("maintenance");

/// Takes a maintenance through the steps that are due; whether there was one.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn run_due(write: &mut Write, id: &MaintenanceId, now: Time) -> Result<bool> {
    let mut any = false;
    while let Some(maintenance) = store::one_in(write, id).await? {
        let Some((status, at)) = due(&maintenance, now).into_iter().next() else { break };
        let who = Author { user_id: None, name: None };
        insert_update(write, id, status, "", &Rendered::default(), at, &who).await?;
        become_status(write, &maintenance, status, at).await?;
        let action =
            if status == MaintenanceStatus::Completed { "maintenance.completed" } else { "maintenance.started" };
        let after = Some(at.rfc3339());
        write.audit(AuditEntry::new(action, id, maintenance.title).values(None, after));
        any = true;
    }
    Ok(any)
}

/// Looks at the clock for as long as the server runs.
pub async fn follow(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut looked_ahead = None::<Time>;
    loop {
        every.tick().await;
        let now = clock::now();
        if let Err(error) = run_all_due(&app, now).await {
            tracing::warn!(%error, "scheduled maintenance could not be started or completed");
        }
        // Once an hour, or when the clock has jumped.
        if looked_ahead.is_none_or(|last| (now - last).abs() > 3_600.0) {
            match series::generate_occurrences(&app, now).await {
                Ok(()) => looked_ahead = Some(now),
                Err(error) => tracing::warn!(%error, "windows of recurring maintenance could not be created"),
            }
        }
    }
}

/// Takes every maintenance through the steps that are due.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn run_all_due(app: &App, now: Time) -> Result<()> {
    let due = store::due(&mut app.db.read(&JOB).await?, now).await?;
    for (organization, id) in due {
        // One that cannot be moved holds up none of the others.
        if let Err(error) = step(app, &organization, &id, now).await {
            tracing::error!(%error, %organization, maintenance = %id, "a maintenance could not be started or completed");
        }
    }
    Ok(())
}

async fn step(app: &App, organization: &OrganizationId, id: &MaintenanceId, now: Time) -> Result<()> {
    let mut write = JOB.write(app, organization).await?;
    if run_due(&mut write, id, now).await? { write.commit(TOPICS).await } else { Ok(()) }
}
