//! The server over HTTP, on SQLite and on PostgreSQL. The files mirror the addresses.
//!
//! One binary for all of them, because linking takes longer than running.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

mod support;

mod http {
    mod account;
    mod audit;
    mod calendar;
    mod demo;
    mod errors;
    mod failures;
    mod health;
    mod history_page;
    mod import;
    mod import_incidents;
    mod incidents;
    mod invitations;
    mod live;
    mod mail;
    mod maintenance;
    mod members;
    mod operator;
    mod organizations;
    mod origin;
    mod permissions;
    mod reports;
    mod screens;
    mod services;
    mod settings;
    mod sign_in;
    mod sign_up;
    mod stampede;
    mod status_page;
    mod teams;
    mod tokens;
}
