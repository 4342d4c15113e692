//! The screens of incidents.

mod composer;
mod detail;
mod edit;
mod filter;
mod links;
mod list;
mod marks;
mod message;
mod postmortem;
mod report;
mod services;
mod templates;
mod timeline;

pub use detail::IncidentScreen;
pub use list::IncidentsScreen;
pub use marks::{ImpactMark, IncidentBadge, Prose, impact_icon, impact_tone};
pub use message::{MessageField, sends, waits};
pub use report::ReportScreen;
pub use services::{ServiceSearch, name_of};
pub use templates::TemplatesScreen;

use crate::domain::{
    error::{AppError, Result},
    incident::Incident,
    organization::OrganizationFrame,
    role::Action,
};
use leptos::prelude::*;

/// Keeps the last good answer while the server cannot be reached for a moment, as long as it fits what
/// is asked for: what somebody is typing stays where it is.
pub fn keep_last_value<T: Clone + Send + Sync + 'static>(
    answer: impl Fn() -> Option<Result<T>> + Copy + Send + Sync + 'static,
    fits: impl Fn(&T) -> bool + Copy + Send + Sync + 'static,
) -> impl Fn() -> Option<Result<T>> + Copy + Send + Sync + 'static {
    let last = StoredValue::new(None::<T>);
    move || {
        let new = answer()?;
        if let Err(AppError::Offline | AppError::Unavailable | AppError::Busy | AppError::Internal) = &new
            && let Some(old) = last.get_value().filter(|old| fits(old))
        {
            return Some(Ok(old));
        }
        if let Ok(new) = &new {
            last.set_value(Some(new.clone()));
        }
        Some(new)
    }
}

/// Whether somebody may do it to an incident: to every service it names, or everywhere if it names none.
pub fn may_change(frame: &OrganizationFrame, action: Action, incident: &Incident) -> bool {
    frame.reach(action).is_some_and(|reach| match incident.services.as_slice() {
        [] => reach.includes(None),
        services => services.iter().all(|service| reach.includes(service.team_id.as_ref())),
    })
}
