//! What the server does by itself.

use super::{
    App,
    access::{accounts::recovery, reauthentication, session},
    clock, hosts, maintenance, markdown, notify, organizations,
    rest::idempotency,
};
use crate::domain::live::Topic;
use std::time::Duration;

/// Starts every job; they end with the process.
pub fn start(app: &App) {
    tokio::spawn(follow_other_processes(app.clone()));
    tokio::spawn(hosts::follow(app.clone()));
    tokio::spawn(sweep(app.clone()));
    tokio::spawn(maintenance::scheduler::follow(app.clone()));
    tokio::spawn(organizations::deletion::resume(app.clone()));
    tokio::spawn(markdown::refresh::follow(app.clone()));
    if app.mailer.is_some() {
        tokio::spawn(notify::deliver(app.clone()));
    }
    if app.oidc.is_some() {
        tokio::spawn(discover(app.clone()));
    }
}

/// A change made by another process (the command line, another server on the same database), a deletion
/// too, becomes known within two seconds.
async fn follow_other_processes(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(2));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut known_until = clock::now();
    loop {
        every.tick().await;
        let now = clock::now();
        // A transaction may be longer on its way than its own moment says, and clocks differ.
        match app.db.changed_since(known_until.min(now).plus_seconds(-120)).await {
            Ok(changed) => {
                changed.iter().for_each(|(organization, version)| app.hub.publish(organization, *version, Topic::ALL));
                known_until = now;
            }
            Err(error) => tracing::warn!(%error, "changes made by other processes could not be read"),
        }
    }
}

/// Forgets sessions, tokens and keys of requests that have ended, old mail, and addresses that have not tried lately.
async fn sweep(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(600));
    loop {
        every.tick().await;
        app.limits.sweep();
        app.pages.sweep();
        if let Err(error) = session::sweep(&app.db).await {
            tracing::warn!(%error, "expired sessions could not be deleted");
        }
        if let Err(error) = recovery::sweep(&app).await {
            tracing::warn!(%error, "expired tokens could not be deleted");
        }
        if let Err(error) = reauthentication::sweep(&app).await {
            tracing::warn!(%error, "expired links could not be deleted");
        }
        if let Err(error) = notify::sweep(&app).await {
            tracing::warn!(%error, "old mail could not be deleted");
        }
        if let Err(error) = idempotency::sweep(&app).await {
            tracing::warn!(%error, "expired idempotency keys could not be deleted");
        }
        if let Err(error) = organizations::sweep(&app).await {
            tracing::warn!(%error, "records of old deletions and imports could not be deleted");
        }
    }
}

/// Asks the OpenID provider for its addresses until it has answered.
async fn discover(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(20));
    while let Some(oidc) = app.oidc.as_ref().filter(|oidc| !oidc.ready()) {
        every.tick().await;
        oidc.discover(clock::now()).await;
        if !oidc.ready() {
            tracing::warn!("OpenID provider is unreachable; retrying");
        }
    }
}
