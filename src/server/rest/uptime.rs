//! Uptime, with numerator and denominator.

use super::{
    extract::{StrictQuery, id, json_ok},
    problem::ApiResult,
};
use crate::{
    domain::{error::AppError, ids::ServiceId, role::allowed, time::Time, uptime::Tally},
    server::{
        App,
        access::{Caller, run},
        clock, reports,
    },
};
use axum::{extract::Path, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The period of whoever names none, in seconds: 90 days.
const PERIOD: i64 = 90 * 86_400;

/// The addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read_uptime)).routes(routes!(read_service_uptime))
}

/// A period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Period {
    /// Start of the period (inclusive). Defaults to 90 days before its end.
    from: Option<Time>,
    /// End of the period (exclusive). Defaults to now, also if it is in the future.
    to: Option<Time>,
}

impl Period {
    fn ends(&self) -> ApiResult<(Time, Time)> {
        let now = clock::now();
        let to = self.to.unwrap_or(now).min(now);
        let from = self.from.unwrap_or(to.plus_seconds(-PERIOD));
        if from >= to {
            return Err(AppError::field("from", "Must be in the past and before the end of the period.").into());
        }
        Ok((from, to))
    }
}

/// Seconds spent in each status, and the resulting uptime.
#[derive(Debug, Serialize, ToSchema)]
struct Figures {
    /// 1 − `down_seconds` / `observed_seconds`. `null` if nothing was observed.
    #[schema(example = 0.9996)]
    uptime: Option<f64>,
    /// The denominator: all the time during which a service existed.
    #[schema(example = 7_776_000.0)]
    observed_seconds: f64,
    /// The numerator: `major_outage_seconds` + 0.3 × `partial_outage_seconds`.
    #[schema(example = 3_110.4)]
    down_seconds: f64,
    /// Seconds in a major outage.
    major_outage_seconds: f64,
    /// Seconds in a partial outage.
    partial_outage_seconds: f64,
    /// Seconds with degraded performance. Counts as up.
    degraded_performance_seconds: f64,
    /// Seconds under maintenance. Counts as up.
    under_maintenance_seconds: f64,
}

impl From<Tally> for Figures {
    fn from(tally: Tally) -> Self {
        let seconds = |micros: i64| micros as f64 / 1e6;
        let (observed, down) = (seconds(tally.observed), tally.down_tenths() as f64 / 1e7);
        Self {
            uptime: (tally.observed > 0).then(|| 1.0 - down / observed),
            observed_seconds: observed,
            down_seconds: down,
            major_outage_seconds: seconds(tally.major),
            partial_outage_seconds: seconds(tally.partial),
            degraded_performance_seconds: seconds(tally.degraded),
            under_maintenance_seconds: seconds(tally.maintenance),
        }
    }
}

/// The uptime of one service.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceUptime {
    /// Unique identifier. Never changes.
    id: ServiceId,
    /// The service's name.
    #[schema(example = "Checkout")]
    name: String,
    /// The name of its group.
    group: Option<String>,
    #[serde(flatten)]
    figures: Figures,
}

/// The uptime of one service in a period.
#[derive(Debug, Serialize, ToSchema)]
struct UptimeOfService {
    /// Start of the period (inclusive).
    from: Time,
    /// End of the period (exclusive).
    to: Time,
    #[serde(flatten)]
    service: ServiceUptime,
}

/// The uptime of every service in a period.
#[derive(Debug, Serialize, ToSchema)]
struct Uptime {
    /// Start of the period (inclusive).
    from: Time,
    /// End of the period (exclusive).
    to: Time,
    /// All services combined.
    total: Figures,
    /// In status page order.
    services: Vec<ServiceUptime>,
}

fn service_uptime(observed: reports::ObservedService) -> ServiceUptime {
    let reports::ObservedService { id, name, group, tally } = observed;
    ServiceUptime { id, name, group, figures: tally.into() }
}

/// Get uptime of all services
///
/// Uptime is 1 − (major seconds + 0.3 × partial seconds) / observed seconds. Time before a service existed isn't
/// counted.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/uptime",
    tag = "Uptime",
    params(("organization" = String, Path, description = "The organization's slug.", example = "acme"), Period),
    responses((status = 200, description = "Uptime with numerator and denominator.", body = Uptime)),
    security(("bearer" = []))
)]
async fn read_uptime(
    caller: Caller,
    Path(organization): Path<String>,
    StrictQuery(period): StrictQuery<Period>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let (from, to) = period.ends()?;
    let observed = run(reports::between(scope, None, from, to)).await?;
    let total = observed.iter().fold(Tally::default(), |total, one| total.and(one.tally)).into();
    Ok(json_ok(&Uptime { from, to, total, services: observed.into_iter().map(service_uptime).collect() }))
}

/// Get a service's uptime
///
/// Calculated the same way as for all services.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}/uptime",
    tag = "Uptime",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's ID.", example = "k3f9x0q2m7ab"),
        Period
    ),
    responses((status = 200, description = "Uptime with numerator and denominator.", body = UptimeOfService)),
    security(("bearer" = []))
)]
async fn read_service_uptime(
    caller: Caller,
    Path((organization, service_id)): Path<(String, String)>,
    StrictQuery(period): StrictQuery<Period>,
) -> ApiResult<Response> {
    let scope = caller.scope::<allowed::Read>(&organization).await?;
    let id: ServiceId = id(&service_id, "service")?;
    let (from, to) = period.ends()?;
    let observed = run(reports::between(scope, Some(id), from, to)).await?;
    let service = observed.into_iter().next().ok_or_else(|| AppError::NotFound("service".to_owned()))?;
    Ok(json_ok(&UptimeOfService { from, to, service: service_uptime(service) }))
}
