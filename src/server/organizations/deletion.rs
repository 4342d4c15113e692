//! The end of an organization. What it holds may be years of history, and to delete it all in one transaction would
//! keep everybody else from writing. So a large one is first taken away from everybody, with its members, tokens and
//! names, and then deleted in batches.

mod store;

use crate::{
    domain::{
        error::{AppError, Result},
        ids::OrganizationId,
        live::Topic,
    },
    server::{App, access::SystemScope, db::Write},
};

const JOB: SystemScope = SystemScope::job("deletion");
/// Rows that one transaction deletes; an organization with fewer in its large tables goes at once.
const BATCH: i64 = 5_000;

/// Deletes the organization of this write, or hides it for [`go_on_later`]: whether it did that.
pub(super) async fn delete(write: &mut Write) -> Result<bool> {
    if store::rows(write, BATCH).await? < BATCH {
        super::store::delete(write).await?;
        return Ok(false);
    }
    store::hide(write).await?;
    Ok(true)
}

/// Deletes the rest of a hidden organization in the background.
pub(super) fn go_on_later(app: &App, id: &OrganizationId) {
    let (app, id) = (app.clone(), id.clone());
    tokio::spawn(async move { go_on(&app, &id).await });
}

/// Goes on with the deletions that were interrupted when the server stopped.
pub async fn resume(app: App) {
    let hidden = match app.db.read(&JOB).await {
        Ok(mut read) => store::hidden(&mut read).await,
        Err(error) => Err(error),
    };
    match hidden {
        Ok(hidden) => {
            for id in hidden {
                go_on(&app, &id).await;
            }
        }
        Err(error) => tracing::error!(%error, "interrupted deletions will resume when the server restarts"),
    }
}

async fn go_on(app: &App, id: &OrganizationId) {
    match empty(app, id).await {
        // Another process was faster.
        Ok(()) | Err(AppError::NotFound(_)) => {}
        Err(error) => {
            tracing::error!(%error, organization = %id, "deletion of an organization will resume when the server restarts");
        }
    }
}

async fn empty(app: &App, id: &OrganizationId) -> Result<()> {
    for table in store::LARGE {
        loop {
            let mut write = app.db.write_accounts(&JOB).await?;
            let deleted = store::delete_some(&mut write, id, table, BATCH).await?;
            write.commit().await?;
            if i64::try_from(deleted).unwrap_or(i64::MAX) < BATCH {
                break;
            }
        }
    }
    let mut write = JOB.write(app, id).await?;
    super::store::delete(&mut write).await?;
    write.announce().await?;
    write.commit(Topic::ALL).await
}
