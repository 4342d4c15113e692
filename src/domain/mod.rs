//! Pure types and rules, compiled for the server and for the browser.
//!
//! Nothing here reads a clock, a database or the network: what a rule needs is an argument.

pub mod account;
pub mod audit;
pub mod calendar;
pub mod error;
pub mod ids;
pub mod incident;
pub mod live;
pub mod maintenance;
pub mod member;
pub mod organization;
pub mod position;
pub mod report;
pub mod role;
pub mod service;
pub mod status;
pub mod time;
pub mod timeline;
pub mod token;
pub mod uptime;
