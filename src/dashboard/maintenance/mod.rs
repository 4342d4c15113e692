//! The screens of maintenance.

mod calendar;
mod composer;
mod countdown;
mod detail;
mod edit;
mod filter;
mod form;
mod list;
mod marks;

pub use detail::OneMaintenanceScreen;
pub use edit::EditMaintenanceScreen;
pub use form::ScheduleScreen;
pub use list::MaintenanceScreen;

use crate::{
    domain::{
        calendar::LocalWindow,
        error::{AppError, Result},
        ids::MaintenanceId,
        maintenance::{Maintenance, MaintenanceDetail},
        organization::OrganizationFrame,
        role::Action,
    },
    rpc::maintenance::{maintenance_windows, read_maintenance},
};

/// A maintenance, and its window by the clock of the organization.
type MaintenanceWithWindow = (MaintenanceDetail, LocalWindow);

async fn read_one(slug: String, id: String) -> Result<MaintenanceWithWindow> {
    let missing = || AppError::NotFound("maintenance".to_owned());
    let id: MaintenanceId = id.parse().map_err(|_| missing())?;
    let detail = read_maintenance(slug.clone(), id.clone()).await?;
    let window = maintenance_windows(slug, vec![id]).await?.pop();
    Ok((detail, window.ok_or_else(missing)?))
}

/// The windows of these by the clock of the organization, in words and for forms.
pub async fn windows_of(slug: String, maintenance: &[Maintenance]) -> Result<Vec<LocalWindow>> {
    if maintenance.is_empty() {
        return Ok(Vec::new());
    }
    match maintenance_windows(slug, maintenance.iter().map(|maintenance| maintenance.id.clone()).collect()).await {
        // They were deleted in this very moment: whoever shows them is about to read again.
        Err(AppError::NotFound(_)) => Ok(Vec::new()),
        windows => windows,
    }
}

/// Whether somebody may do it to a maintenance: to every service it names, or everywhere if it names none.
fn may_change(frame: &OrganizationFrame, action: Action, maintenance: &Maintenance) -> bool {
    frame.reach(action).is_some_and(|reach| match maintenance.services.as_slice() {
        [] => reach.includes(None),
        services => services.iter().all(|service| reach.includes(service.team_id.as_ref())),
    })
}
