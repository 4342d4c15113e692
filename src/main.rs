//! The command line.
#![forbid(unsafe_code)]

use candor::server::{command, config::CommandLine, terminal};
use clap::Parser;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = command::read_env_file() {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    match command::run(CommandLine::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", terminal::visible_lines(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}
