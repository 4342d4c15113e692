//! The audit log.

use super::{
    exports::table,
    extract::{Page, StrictQuery, json_ok, limit, position},
    problem::ApiResult,
};
use crate::{
    domain::{
        audit::{AuditFilter, AuditLine},
        ids::AuditId,
        role::allowed,
        time::Time,
    },
    server::{
        App,
        access::{Caller, run},
        audit,
    },
};
use axum::{extract::Path, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(export_audit))
}

/// Which lines to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Words in who did it, what was done or to what.
    #[serde(default)]
    #[param(required = false)]
    words: String,
    /// The first part of the action: `service`, `incident`, `member`.
    #[serde(default)]
    #[param(required = false, example = "service")]
    noun: String,
    /// `next` of the page before.
    after: Option<String>,
    /// Entries on a page, 50 unless you say otherwise.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List the audit log
///
/// Newest first. Needs the role Admin.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/audit",
    tag = "Audit",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), AuditQuery),
    responses((status = 200, description = "A page of the log.", body = Page<AuditLine>)),
    security(("bearer" = []))
)]
async fn list_audit(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(AuditQuery { words, noun, after, limit: wanted }): StrictQuery<AuditQuery>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&organization).await?;
    let most = limit(wanted)?;
    let before: Option<(Time, AuditId)> = after.as_deref().map(position).transpose()?;
    let lines = run(audit::page(scope, AuditFilter { words, noun, before }, most)).await?;
    Ok(json_ok(&Page::of(lines, most, |line| (line.at, line.id.clone()))))
}

/// Which lines to export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Words in who did it, what was done or to what.
    #[serde(default)]
    #[param(required = false)]
    words: String,
    /// The first part of the action: `service`, `incident`, `member`.
    #[serde(default)]
    #[param(required = false, example = "service")]
    noun: String,
}

/// Export the audit log as CSV
///
/// Newest first, at most 50,000 lines. Needs the role Admin.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/audit.csv",
    tag = "Audit",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), ExportQuery),
    responses((status = 200, description = "The log.", body = String, content_type = "text/csv")),
    security(("bearer" = []))
)]
async fn export_audit(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(ExportQuery { words, noun }): StrictQuery<ExportQuery>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::EditOrganization>(&organization).await?;
    Ok(table(run(audit::csv(scope, AuditFilter { words, noun, before: None })).await?))
}
