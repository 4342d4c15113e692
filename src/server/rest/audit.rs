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

/// Filters for audit entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// Search text in actor, action or target.
    #[serde(default)]
    #[param(required = false)]
    words: String,
    /// The first part of the action, such as `service`, `incident` or `member`.
    #[serde(default)]
    #[param(required = false, example = "service")]
    noun: String,
    /// `next` from the previous page.
    after: Option<String>,
    /// Maximum number of results per page. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// List audit entries
///
/// Newest first. Requires the Admin role.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/audit",
    tag = "Audit",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), AuditQuery),
    responses((status = 200, description = "A page of audit entries.", body = Page<AuditLine>)),
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

/// Filters for the export.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Search text in actor, action or target.
    #[serde(default)]
    #[param(required = false)]
    words: String,
    /// The first part of the action, such as `service`, `incident` or `member`.
    #[serde(default)]
    #[param(required = false, example = "service")]
    noun: String,
}

/// Export the audit log as CSV
///
/// Newest first, at most 50,000 rows. Requires the Admin role.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/audit.csv",
    tag = "Audit",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), ExportQuery),
    responses((status = 200, description = "The audit log as CSV.", body = String, content_type = "text/csv")),
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
