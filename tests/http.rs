//! The server over HTTP, on SQLite and on PostgreSQL. The files mirror the addresses.
//!
//! One binary for all of them, because linking takes longer than running.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

mod support;

mod http {
    mod absent;
    mod account;
    mod address_proof;
    mod audit;
    mod badges;
    mod calendar;
    mod calendar_file;
    mod cookies;
    mod demo;
    mod embed;
    mod errors;
    mod failures;
    mod feeds;
    mod files;
    mod form_errors;
    mod health;
    mod history_page;
    mod hosts;
    mod import;
    mod import_incidents;
    mod incidents;
    mod invitations;
    mod live;
    mod live_programs;
    mod long_reads;
    mod mail;
    mod maintenance;
    mod members;
    mod messages;
    mod names;
    mod operator;
    mod organizations;
    mod origin;
    mod permissions;
    mod processes;
    mod reauthentication;
    mod reports;
    mod rest;
    mod rest_incidents;
    mod rest_jwt;
    mod rest_maintenance;
    mod rest_people;
    mod rest_services;
    mod rest_status;
    mod screens;
    mod security_log;
    mod services;
    mod sessions;
    mod settings;
    mod sign_in;
    mod sign_in_oidc;
    mod sign_up;
    mod stampede;
    mod status_page;
    mod statuspage_v2;
    mod statuspage_v2_captures;
    mod teams;
    mod tokens;
    mod transfer;
    mod writes;
}
