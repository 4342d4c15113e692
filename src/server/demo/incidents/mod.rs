//! What went wrong at Northwind within a year, in the words of its operations team.

mod past_year;
mod recent;

use super::year::{DemoTime, SampleStatement};
use crate::domain::{incident::IncidentStatus, status::Impact};

/// An incident of the year.
pub(super) struct SampleIncident {
    pub begins: DemoTime,
    pub title: &'static str,
    /// Where it is not what the services say.
    pub impact: Option<Impact>,
    pub updates: Vec<SampleUpdate>,
    /// Empty: nobody wrote one.
    pub postmortem: &'static str,
}

/// One of its updates.
pub(super) struct SampleUpdate {
    /// Minutes after it began.
    pub after: i64,
    pub status: IncidentStatus,
    pub body: &'static str,
    pub services: &'static [SampleStatement],
}

/// Every incident, oldest first.
pub(super) fn incidents() -> Vec<SampleIncident> {
    past_year::incidents().into_iter().chain(recent::incidents()).collect()
}

fn said(after: i64, status: IncidentStatus, body: &'static str, services: &'static [SampleStatement]) -> SampleUpdate {
    SampleUpdate { after, status, body, services }
}

/// An incident whose impact follows from its services, and of which nobody wrote afterwards.
fn told(begins: DemoTime, title: &'static str, updates: Vec<SampleUpdate>) -> SampleIncident {
    SampleIncident { begins, title, impact: None, updates, postmortem: "" }
}

fn learned(incident: SampleIncident, postmortem: &'static str) -> SampleIncident {
    SampleIncident { postmortem, ..incident }
}

fn matters(incident: SampleIncident, impact: Impact) -> SampleIncident {
    SampleIncident { impact: Some(impact), ..incident }
}
