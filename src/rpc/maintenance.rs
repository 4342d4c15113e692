//! Maintenance windows.

use crate::domain::{
    calendar::{CalendarMonth, LocalWindow},
    error::AppError,
    ids::MaintenanceId,
    maintenance::{MaintenanceDetail, MaintenanceFilter, MaintenanceInput, MaintenancePage, MaintenanceUpdateInput},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{run, scope},
        maintenance::{self, calendar as by_clock, series},
    },
};

/// A page of the list, or what a calendar shows.
#[server(prefix = "/rpc", endpoint = "list_maintenance", input = Json)]
pub async fn list_maintenance(organization: String, filter: MaintenanceFilter) -> Result<MaintenancePage, AppError> {
    run(maintenance::list(scope::<allowed::Read>(&organization).await?, filter)).await
}

/// One maintenance with everything that belongs to it.
#[server(prefix = "/rpc", endpoint = "read_maintenance")]
pub async fn read_maintenance(organization: String, id: MaintenanceId) -> Result<MaintenanceDetail, AppError> {
    run(maintenance::detail(scope::<allowed::Read>(&organization).await?, id)).await
}

/// Schedules a maintenance, or a series of them.
#[server(prefix = "/rpc", endpoint = "schedule_maintenance", input = Json)]
pub async fn schedule_maintenance(organization: String, input: MaintenanceInput) -> Result<MaintenanceId, AppError> {
    run(maintenance::schedule(scope::<allowed::ReportIncidents>(&organization).await?, input)).await
}

/// Changes a maintenance that is not over.
#[server(prefix = "/rpc", endpoint = "edit_maintenance", input = Json)]
pub async fn edit_maintenance(
    organization: String,
    id: MaintenanceId,
    input: MaintenanceInput,
) -> Result<(), AppError> {
    run(maintenance::edit(scope::<allowed::ReportIncidents>(&organization).await?, id, input)).await
}

/// Posts an update: starts, verifies, completes, cancels, or moves the end.
#[server(prefix = "/rpc", endpoint = "update_maintenance", input = Json)]
pub async fn update_maintenance(
    organization: String,
    id: MaintenanceId,
    input: MaintenanceUpdateInput,
) -> Result<(), AppError> {
    run(maintenance::update(scope::<allowed::ReportIncidents>(&organization).await?, id, input)).await
}

/// Ends the series of a maintenance.
#[server(prefix = "/rpc", endpoint = "end_maintenance_series", input = Json)]
pub async fn end_maintenance_series(organization: String, id: MaintenanceId) -> Result<(), AppError> {
    run(series::end(scope::<allowed::DeleteIncidents>(&organization).await?, id)).await
}

/// Deletes a maintenance.
#[server(prefix = "/rpc", endpoint = "delete_maintenance", input = Json)]
pub async fn delete_maintenance(organization: String, id: MaintenanceId) -> Result<(), AppError> {
    run(maintenance::delete(scope::<allowed::DeleteIncidents>(&organization).await?, id)).await
}

/// A month as a calendar shows it, by the clock of the organization: `2026-11`, or empty for the present one.
#[server(prefix = "/rpc", endpoint = "calendar")]
pub async fn calendar(organization: String, month: String) -> Result<CalendarMonth, AppError> {
    run(by_clock::month(scope::<allowed::Read>(&organization).await?, month)).await
}

/// The windows of these maintenances by the clock of the organization, without those that are gone.
#[server(prefix = "/rpc", endpoint = "maintenance_windows", input = Json)]
pub async fn maintenance_windows(organization: String, ids: Vec<MaintenanceId>) -> Result<Vec<LocalWindow>, AppError> {
    run(by_clock::windows(scope::<allowed::Read>(&organization).await?, ids)).await
}

/// The end of a window that begins at a local time and lasts so many minutes.
#[server(prefix = "/rpc", endpoint = "window_end")]
pub async fn window_end(organization: String, starts_at: String, minutes: i64) -> Result<String, AppError> {
    by_clock::end(&scope::<allowed::Read>(&organization).await?, &starts_at, minutes)
}
