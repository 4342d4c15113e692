//! Bringing in what other programs know.

mod statuspage;

pub use statuspage::{Report, statuspage};
