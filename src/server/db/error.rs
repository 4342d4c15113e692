//! What the database refused, as an error for the person: the one place that reads constraints.

use crate::{domain::error::AppError, server::requests::no_nul};

/// A unique rule of the schema: its name on PostgreSQL, its columns as SQLite names them, the
/// field it belongs to and what to say there.
const UNIQUE: &[(&str, &str, &str, &str)] = &[
    ("users_email_key", "users.email_key", "email", "An account with this address already exists. Sign in instead."),
    ("organizations_slug", "organizations.slug", "slug", "This URL is already taken. Choose another one."),
    (
        "organizations_host",
        "organizations.host",
        "host",
        "Another organization uses this host. Remove it there first: candor organizations set-host SLUG --none",
    ),
    ("teams_name", "teams.name_key", "name", "A team with this name already exists."),
    (
        "invitations_open",
        "invitations.email_key",
        "email",
        "This person has already been invited. Resend the invitation instead.",
    ),
    ("service_groups_name", "service_groups.name_key", "name", "A group with this name already exists."),
    ("incident_templates_name", "incident_templates.name_key", "name", "A template with this name already exists."),
    ("maintenances_series", "maintenances.series_id", "starts_at", "The series already has a window at this time."),
    ("services_source", "services.source_id", "name", "This service was imported again in the meantime."),
    ("services_name", "services_name", "name", "A service with this name already exists in this group."),
];

/// Turns a refusal of the database into an error for the person; what is nobody's fault is logged.
pub fn refused(error: sqlx::Error) -> AppError {
    match &error {
        sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
            let (constraint, message) = (refusal.constraint().unwrap_or_default(), refusal.message());
            let rule = UNIQUE.iter().find(|(name, columns, ..)| constraint == *name || message.contains(columns));
            if let Some((_, _, field, words)) = rule {
                return AppError::field(field, *words);
            }
        }
        sqlx::Error::Database(refusal) if refusal.is_foreign_key_violation() => {
            return AppError::Conflict(
                "Something this refers to was just deleted or changed. Reload and try again.".to_owned(),
            );
        }
        // PostgreSQL's character_not_in_repertoire: a text with U+0000 that no door refused.
        sqlx::Error::Database(refusal) if refusal.code().as_deref() == Some("22021") => return no_nul(),
        sqlx::Error::RowNotFound => return AppError::NotFound("record".to_owned()),
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            tracing::error!(%error, "database is not responding");
            return AppError::Unavailable;
        }
        sqlx::Error::Database(refusal) if is_busy(refusal.message()) || is_down(refusal.code().as_deref()) => {
            tracing::warn!(%error, "database is busy");
            return AppError::Unavailable;
        }
        _ => {}
    }
    tracing::error!(%error, "database statement failed");
    AppError::Internal
}

/// PostgreSQL is starting, stopping, out of resources, without this database, or a lock is not free:
/// codes and classes of codes, which have five characters (those of SQLite have fewer).
fn is_down(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        code.len() == 5
            && (["3D000", "55P03"].contains(&code)
                || ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)))
    })
}

/// Locked, full, read-only or failing storage: SQLite says so only in words.
fn is_busy(message: &str) -> bool {
    ["database is locked", "database or disk is full", "disk I/O error", "readonly database", "unable to open database"]
        .iter()
        .any(|words| message.contains(words))
}
