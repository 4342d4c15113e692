//! Bringing in what other programs know.

mod statuspage;

pub use statuspage::{Counts, Report, statuspage};
