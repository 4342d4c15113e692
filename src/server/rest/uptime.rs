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
    /// Its first moment; 90 days before its end when left out.
    from: Option<Time>,
    /// The first moment after it; now when left out or in the future.
    to: Option<Time>,
}

impl Period {
    fn ends(&self) -> ApiResult<(Time, Time)> {
        let now = clock::now();
        let to = self.to.unwrap_or(now).min(now);
        let from = self.from.unwrap_or(to.plus_seconds(-PERIOD));
        if from >= to {
            return Err(
                AppError::field("from", "Choose a moment before the end of the period, and in the past.").into()
            );
        }
        Ok((from, to))
    }
}

/// How long services had which status, in seconds, and what that makes.
#[derive(Debug, Serialize, ToSchema)]
struct Figures {
    /// 1 − `down_seconds` / `observed_seconds`; `null` when nothing was observed.
    #[schema(example = 0.9996)]
    uptime: Option<f64>,
    /// The denominator: all time in which there was a service.
    #[schema(example = 7_776_000.0)]
    observed_seconds: f64,
    /// The numerator: `major_outage_seconds` + 0.3 × `partial_outage_seconds`.
    #[schema(example = 3_110.4)]
    down_seconds: f64,
    /// In a major outage.
    major_outage_seconds: f64,
    /// In a partial outage.
    partial_outage_seconds: f64,
    /// With degraded performance, which counts as up.
    degraded_performance_seconds: f64,
    /// Under maintenance, which counts as up.
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
    /// Permanent.
    id: ServiceId,
    /// Its name.
    #[schema(example = "Checkout")]
    name: String,
    /// Its group's name.
    group: Option<String>,
    #[serde(flatten)]
    figures: Figures,
}

/// The uptime of one service in a period.
#[derive(Debug, Serialize, ToSchema)]
struct UptimeOfService {
    /// First moment.
    from: Time,
    /// First moment after it.
    to: Time,
    #[serde(flatten)]
    service: ServiceUptime,
}

/// The uptime of every service in a period.
#[derive(Debug, Serialize, ToSchema)]
struct Uptime {
    /// First moment.
    from: Time,
    /// First moment after it.
    to: Time,
    /// All of them together.
    total: Figures,
    /// In the order of the status page.
    services: Vec<ServiceUptime>,
}

fn service_uptime(observed: reports::ObservedService) -> ServiceUptime {
    let reports::ObservedService { id, name, group, tally } = observed;
    ServiceUptime { id, name, group, figures: tally.into() }
}

/// Read the uptime of every service
///
/// Uptime is 1 − (major seconds + 0.3 × partial seconds) / observed seconds. Time before a service existed is not
/// observed.
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

/// Read the uptime of one service
///
/// As that of all of them.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization}/services/{id}/uptime",
    tag = "Uptime",
    params(
        ("organization" = String, Path, description = "The organization's slug.", example = "acme"),
        ("id" = String, Path, description = "The service's id.", example = "k3f9x0q2m7ab"),
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
