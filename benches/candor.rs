//! The server that is measured: assembled as `candor serve` does it, on a real file with
//! `synchronous=FULL`, with the log at its usual level. It has the demo organization, a large one
//! with ten years of history, and one that is as large and has a single year.

use crate::{
    large::{Organization, fill},
    machine::{self, Folder},
    visitors::{ask, request},
};
use candor::{
    domain::{ids::IncidentId, incident::IncidentStatus, live::Topic, role::Role, status::Cause},
    server::{
        App,
        access::{SystemScope, accounts},
        command::assemble,
        config::{Command, CommandLine},
        db::AuditEntry,
        incidents, listen, organizations, services,
    },
};
use clap::Parser;
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::runtime::Runtime;

/// The organization of `candor serve --demo`.
pub const DEMO: &str = "northwind";
/// The organization with many services and ten years.
pub const LARGE: &str = "large";
/// The organization with as many services and one year.
pub const YOUNG: &str = "young";

/// The threads on which the server works: its own and those of its database.
pub const THREADS: &[&str] = &["candor", "sqlx"];

pub const BENCH: SystemScope = SystemScope::command("bench");
pub const EMAIL: &str = "member@example.com";
pub const PASSWORD: &str = "copper lantern walks north";

/// Owners of the large and the young organization. What one person may ask of the dashboard is limited.
const MEMBERS: usize = 16;

/// Their sessions, which take turns.
pub struct Members {
    cookies: Vec<String>,
    next: AtomicUsize,
}

impl Members {
    /// The cookies of whoever is next.
    pub fn next(&self) -> &str {
        &self.cookies[self.next.fetch_add(1, Ordering::Relaxed) % self.cookies.len()]
    }
}

/// The server, running.
pub struct Candor {
    pub app: App,
    pub address: SocketAddr,
    pub large: Organization,
    pub young: Organization,
    pub demo: Organization,
    pub members: Members,
    pub folder: Folder,
    pub runtime: Runtime,
    /// Another process on the same database, as far as the server can tell.
    elsewhere: App,
}

impl Candor {
    pub fn start() -> Self {
        // Spans and events cost what they cost in a server that logs; the lines go nowhere.
        tracing_subscriber::fmt().with_env_filter("info").with_writer(std::io::sink).init();
        let (folder, runtime) = (Folder::new(), machine::threads("candor"));
        let handle = runtime.handle().clone();
        handle.block_on(async move {
            let listener = listen::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
            let address = listener.local_addr().unwrap();
            let (app, router) = assembled(&folder, address, &["--demo"]).await;
            let (elsewhere, _) = assembled(&folder, address, &[]).await;
            let serving = app.clone();
            tokio::spawn(async move {
                listen::serve(listener, serving, router, std::future::pending()).await.unwrap();
            });
            let owner = accounts::set_password(&app, BENCH, EMAIL, "Member", PASSWORD.to_owned()).await.unwrap();
            let large = fill(&app, &folder, &owner, LARGE, 120).await;
            let young = fill(&app, &folder, &owner, YOUNG, 12).await;
            let demo = Organization::find(&app, DEMO, 1).await;
            let mut cookies = vec![sign_in(address).await];
            for number in 1..MEMBERS {
                let email = format!("member-{number}@example.com");
                let member = accounts::set_password(&app, BENCH, &email, "Member", PASSWORD.to_owned()).await.unwrap();
                for of in [&large, &young] {
                    organizations::add_member(&app, BENCH, of.page.id(), &member, Role::Owner).await.unwrap();
                }
                cookies.push(sign_in_as(address, &email).await);
            }
            let members = Members { cookies, next: AtomicUsize::new(0) };
            Self { app, address, large, young, demo, members, folder, runtime, elsewhere }
        })
    }

    /// A request for the public page of this organization.
    pub fn page_request(&self, slug: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        request("GET", &format!("/status/{slug}"), self.address, headers, "")
    }

    /// The request with which an owner changes one service of this organization, for the server at
    /// this address.
    pub fn change_request(&self, of: &Organization, address: SocketAddr) -> Vec<u8> {
        let (service, status) = of.next_change();
        let body = serde_json::json!({ "organization": of.slug, "ids": [service], "status": status }).to_string();
        let headers =
            [("cookie", self.members.next()), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        request("POST", "/rpc/set_status", address, &headers, &body)
    }

    /// Changes one service of this organization; returns when it is durable and everybody is told.
    pub async fn change(&self, of: &Organization) -> i64 {
        save(&self.app, of).await
    }

    /// The same in the large organization as another process would do it: durable, and nobody here is
    /// told. [`Self::tell`] is what follows in the process that saves.
    pub async fn change_unheard(&self) -> i64 {
        save(&self.elsewhere, &self.large).await
    }

    /// Tells the sockets of the large organization of a version that is durable.
    pub fn tell(&self, version: i64) {
        self.app.hub.publish(self.large.page.id(), version, &[Topic::Services]);
    }

    /// Posts a message on an incident of the large organization that has been resolved.
    pub async fn post(&self, incident: &IncidentId, body: &str) {
        let mut write = BENCH.write(&self.app, self.large.page.id()).await.unwrap();
        let at = write.at;
        incidents::add_update(&mut write, incident, IncidentStatus::Resolved, body, at, Vec::new()).await.unwrap();
        write.audit(AuditEntry::new("incident.updated", incident, "Requests fail"));
        write.commit(&[Topic::Incidents]).await.unwrap();
    }
}

async fn save(app: &App, of: &Organization) -> i64 {
    let (service, status) = of.next_change();
    let mut write = BENCH.write(app, of.page.id()).await.unwrap();
    assert!(services::set_own_status(&mut write, &service, status, Cause::Manual).await.unwrap());
    let version = write.version;
    write.commit(&[Topic::Services]).await.unwrap();
    version
}

/// The address of the database in this folder, as `DATABASE_URL` spells it.
pub fn database_url(folder: &Folder) -> String {
    format!("sqlite:{}", folder.0.join("candor.db").display())
}

/// What `candor serve` is told here.
pub fn settings(database_url: &str, address: SocketAddr) -> Vec<String> {
    let (url, key) = (format!("http://{address}"), "0123456789abcdef".repeat(4));
    let address = address.to_string();
    let all = ["serve", "--database-url", database_url, "--addr", &address, "--url", &url, "--secret-key", &key];
    all.map(str::to_owned).to_vec()
}

pub async fn assembled(folder: &Folder, address: SocketAddr, more: &[&str]) -> (App, axum::Router) {
    assembled_on(&database_url(folder), address, more).await
}

/// The same on the database at this address.
pub async fn assembled_on(url: &str, address: SocketAddr, more: &[&str]) -> (App, axum::Router) {
    let settings = settings(url, address);
    let words = ["candor"].into_iter().chain(settings.iter().map(String::as_str)).chain(more.iter().copied());
    let Command::Serve(args) = CommandLine::parse_from(words).command else { panic!("not serve") };
    assemble(&args).await.unwrap()
}

pub async fn sign_in(address: SocketAddr) -> String {
    sign_in_as(address, EMAIL).await
}

/// The cookies of whoever has this address and [`PASSWORD`].
pub async fn sign_in_as(address: SocketAddr, email: &str) -> String {
    let form = format!("email={}&password={}", email.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let (status, head, _) = ask(address, &request("POST", "/sign-in", address, &headers, &form)).await;
    let cookies = head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    assert_eq!(status, 303, "{head}");
    cookies.collect::<Vec<_>>().join("; ")
}
