//! Everything that runs on the server only.

pub mod access;
pub mod assets;
pub mod audit;
pub mod clock;
pub mod command;
pub mod config;
mod connections;
pub mod csv;
pub mod db;
pub mod demo;
pub mod directory;
pub mod document;
pub mod exports;
pub mod files;
pub mod form_errors;
pub mod history;
pub mod hosts;
pub mod import;
pub mod incidents;
pub mod invitations;
pub mod jobs;
mod keyed_queue;
pub mod listen;
pub mod live;
pub mod local_time;
pub mod maintenance;
pub mod markdown;
pub mod markup;
pub mod members;
pub mod notify;
pub mod operator;
pub mod organizations;
pub mod reports;
pub mod requests;
pub mod rest;
pub mod router;
pub mod services;
pub mod status_page;
pub mod teams;
pub mod terminal;
pub mod test_hooks;
pub mod tokens;
pub mod transfer;

use access::{limits::Limits, oidc::Oidc};
use config::{BaseUrl, Environment};
use std::{ops::Deref, sync::Arc};

/// What every door and verb works with: one for the whole server, cheap to clone.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct Parts {
    /// The database.
    pub db: db::Db,
    /// Who is told of changes.
    pub hub: live::Hub,
    /// How many sockets each address holds.
    pub sockets: live::ConnectionLimits,
    /// What the directory found lately.
    pub directory: directory::Directory,
    /// Finished public pages.
    pub pages: status_page::Pages,
    /// Which organization has which host.
    pub hosts: hosts::Hosts,
    /// Exports that are made now.
    pub exports: exports::Exports,
    /// Who may try how often.
    pub limits: Limits,
    /// The OpenID provider, if one is set.
    pub oidc: Option<Oidc>,
    /// How long a session lasts at most that began through the provider.
    pub oidc_session_seconds: i64,
    /// How mail leaves this server, if it does.
    pub mailer: Option<notify::Mailer>,
    /// The address that visitors use.
    pub url: BaseUrl,
    /// Proxies whose word on a client's address counts.
    pub trusted_proxies: requests::TrustedProxies,
    /// What this server is for.
    pub environment: Environment,
    /// Headers that every answer carries.
    pub protection: axum::http::HeaderMap,
    /// The demo's sign-in, shown on the sign-in page of `serve --demo` only.
    pub demo: Option<demo::SignIn>,
}

impl App {
    /// Shares the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether mail can be queued; where it cannot, links are shown to copy.
    pub fn sends_mail(&self) -> bool {
        self.mailer.is_some()
    }

    /// To be said after a commit that queued mail: it leaves at once instead of within 30 seconds.
    pub fn mail_is_waiting(&self) {
        if let Some(mailer) = &self.mailer {
            mailer.wake();
        }
    }

    /// The parts again, when nobody else holds them.
    pub fn into_parts(self) -> Option<Parts> {
        Arc::into_inner(self.0)
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
