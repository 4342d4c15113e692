//! The screens of services.

mod detail;
mod filter;
mod form;
mod groups;
mod list;
mod open_incidents;
mod row;
mod status;

pub use detail::{ServiceScreen, cause_label};
pub use form::{EditServiceScreen, NewServiceScreen};
pub use list::ServicesScreen;
pub use status::{StatusMark, status_tone};
