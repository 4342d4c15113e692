//! Reports of uptime.

use crate::domain::{
    error::AppError,
    report::{Report, ReportFilter},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{run, scope},
        reports,
    },
};

/// How services fared: each day, each month, each service.
#[server(prefix = "/rpc", endpoint = "read_uptime", input = Json)]
pub async fn read_uptime(organization: String, filter: ReportFilter) -> Result<Report, AppError> {
    run(reports::uptime(scope::<allowed::Read>(&organization).await?, filter)).await
}
