//! The hydrated admin application.

mod account;
mod app;
mod audit;
mod create_organization;
mod frame;
mod incidents;
mod live;
mod maintenance;
mod overview;
mod palette;
mod query;
mod services;
mod settings;
mod shortcuts;
mod states;
mod team;
mod time;
mod uptime;

pub use app::{App, shell};
pub use overview::page_tone;
pub use services::status_tone;
