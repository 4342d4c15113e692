//! Bringing in what other programs know.

pub mod facts;
mod statuspage;

pub use statuspage::{Counts, Report, statuspage};
