//! The server that is measured: assembled as `candor serve` does it, on a real file with
//! `synchronous=FULL`, with the log at its usual level. It has the demo organization and a large one
//! with ten years of history.

use crate::{
    machine::{self, Folder},
    visitors::{ask, request},
};
use candor::{
    domain::{
        ids::{OrganizationId, ServiceId},
        live::Topic,
        organization::NewOrganization,
        role::Role,
        service::GroupInput,
        status::{Cause, ServiceStatus},
    },
    server::{
        App,
        access::{PublicPage, SystemScope, accounts},
        command::assemble,
        config::{Command, CommandLine},
        organizations,
        services::{self, Mark, NewService},
    },
};
use clap::Parser;
use sqlx::{Connection, SqliteConnection};
use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::{net::TcpListener, runtime::Runtime};

/// The organization of `candor serve --demo`.
pub const DEMO: &str = "northwind";
/// The organization with many services.
pub const LARGE: &str = "large";
/// Services of the large organization, in groups of twenty.
pub const SERVICES: usize = 400;
/// Months of its history, each with an outage of every service.
const MONTHS: i64 = 120;

/// The threads on which the server works: its own and those of its database.
pub const THREADS: &[&str] = &["candor", "sqlx"];

pub const BENCH: SystemScope = SystemScope::command("bench");
pub const EMAIL: &str = "member@example.com";
pub const PASSWORD: &str = "copper lantern walks north";

/// The server, running.
pub struct Candor {
    pub app: App,
    pub address: SocketAddr,
    pub large: PublicPage,
    services: Vec<ServiceId>,
    demo: PublicPage,
    demo_service: ServiceId,
    /// The session of a member of the large organization.
    pub cookie: String,
    pub folder: Folder,
    pub runtime: Runtime,
    /// Another process on the same database, as far as the server can tell.
    elsewhere: App,
    changes: AtomicUsize,
    demo_changes: AtomicUsize,
}

impl Candor {
    pub fn start() -> Self {
        // Spans and events cost what they cost in a server that logs; the lines go nowhere.
        tracing_subscriber::fmt().with_env_filter("info").with_writer(std::io::sink).init();
        let (folder, runtime) = (Folder::new(), machine::threads("candor"));
        let handle = runtime.handle().clone();
        handle.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (app, router) = assembled(&folder, address, &["--demo"]).await;
            let (elsewhere, _) = assembled(&folder, address, &[]).await;
            tokio::spawn(async move {
                axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
            });
            let large = fill(&app, &folder).await;
            let demo = PublicPage::find(&app, DEMO).await.unwrap();
            let listed = |page: PublicPage| {
                let app = app.clone();
                async move { services::list_public(&page, &mut app.db.read(&page).await.unwrap()).await.unwrap() }
            };
            let services = listed(large.clone()).await.services.into_iter().map(|service| service.id).collect();
            let demo_service = listed(demo.clone()).await.services[0].id.clone();
            let cookie = sign_in(address).await;
            Self {
                app,
                address,
                large,
                demo,
                services,
                demo_service,
                cookie,
                folder,
                runtime,
                elsewhere,
                changes: AtomicUsize::new(0),
                demo_changes: AtomicUsize::new(0),
            }
        })
    }

    /// A request for the public page of this organization.
    pub fn page_request(&self, slug: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        request("GET", &format!("/status/{slug}"), self.address, headers, "")
    }

    /// The service to change next and its new status: never the one that it has.
    fn next_change(&self) -> (ServiceId, ServiceStatus) {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        let status = if (number / SERVICES).is_multiple_of(2) {
            ServiceStatus::DegradedPerformance
        } else {
            ServiceStatus::Operational
        };
        (self.services[number % SERVICES].clone(), status)
    }

    /// The request with which a member changes one service of the large organization, for the server
    /// at this address.
    pub fn change_request(&self, address: SocketAddr) -> Vec<u8> {
        let (service, status) = self.next_change();
        let body = serde_json::json!({ "organization": LARGE, "ids": [service], "status": status }).to_string();
        let headers =
            [("cookie", self.cookie.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
        request("POST", "/rpc/set_status", address, &headers, &body)
    }

    /// Changes one service of the large organization; returns when it is durable and everybody is told.
    pub async fn change(&self) -> i64 {
        let (service, status) = self.next_change();
        save(&self.app, &self.large.id, &service, status).await
    }

    /// The same as another process would do it: durable, and nobody here is told. [`Self::tell`]
    /// is what follows in the process that saves.
    pub async fn change_unheard(&self) -> i64 {
        let (service, status) = self.next_change();
        save(&self.elsewhere, &self.large.id, &service, status).await
    }

    /// Tells the sockets of the large organization of a version that is durable.
    pub fn tell(&self, version: i64) {
        self.app.hub.publish(&self.large.id, version, &[Topic::Services]);
    }

    /// Changes a service of the demo organization.
    pub async fn change_demo(&self) -> i64 {
        let first = self.demo_changes.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let status = if first { ServiceStatus::DegradedPerformance } else { ServiceStatus::Operational };
        save(&self.app, &self.demo.id, &self.demo_service, status).await
    }
}

async fn save(app: &App, organization: &OrganizationId, service: &ServiceId, status: ServiceStatus) -> i64 {
    let mut write = BENCH.write(app, organization).await.unwrap();
    assert!(services::set_own_status(&mut write, service, status, &Mark::by(Cause::Manual)).await.unwrap());
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
    let settings = settings(&database_url(folder), address);
    let words = ["candor"].into_iter().chain(settings.iter().map(String::as_str)).chain(more.iter().copied());
    let Command::Serve(args) = CommandLine::parse_from(words).command else { panic!("not serve") };
    assemble(&args).await.unwrap()
}

async fn fill(app: &App, folder: &Folder) -> PublicPage {
    let user = accounts::set_password(app, BENCH, EMAIL, "Member", PASSWORD.to_owned()).await.unwrap();
    let new = NewOrganization {
        name: "Large".to_owned(),
        slug: LARGE.to_owned(),
        time_zone: "Europe/Vienna".to_owned(),
        listed: true,
    };
    let (id, _) = organizations::find_or_create(app, BENCH, new).await.unwrap();
    organizations::add_member(app, BENCH, &id, &user, Role::Owner).await.unwrap();
    let mut write = BENCH.write(app, &id).await.unwrap();
    let texts = |name: String| GroupInput { name, description: String::new() };
    for group in 0..SERVICES / 20 {
        let group_id = services::add_group(&mut write, &texts(format!("Region {group}")), None).await.unwrap();
        for number in 0..20 {
            let new = NewService {
                texts: texts(format!("Service {number} in region {group}")),
                group_id: Some(group_id.clone()),
                team_id: None,
                status: ServiceStatus::Operational,
                source_id: None,
                mark: Mark::by(Cause::Manual),
                created_at: None,
                observed_since: None,
            };
            services::add(&mut write, new).await.unwrap();
        }
    }
    write.commit(&[Topic::Services]).await.unwrap();
    remember(folder, &id).await;
    PublicPage { id }
}

/// Ten years of history before the present intervals: every month an hour of outage, every service.
async fn remember(folder: &Folder, organization: &OrganizationId) {
    let mut database = SqliteConnection::connect(&database_url(folder)).await.unwrap();
    sqlx::raw_sql("pragma busy_timeout = 5000").execute(&mut database).await.unwrap();
    let statement = "with recursive month (n) as (select 0 union all select n + 1 from month where n + 1 < $1),
        part (status, from_end, to_end) as (values ('operational', 2592000000000, 3600000000), ('major_outage', 3600000000, 0))
        insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause, user_name)
        select lower(hex(randomblob(6))), h.organization_id, h.service_id, part.status,
               h.started_at - n * 2592000000000 - from_end, h.started_at - n * 2592000000000 - to_end, 'manual', 'bench'
        from status_history h cross join month cross join part
        where h.organization_id = $2 and h.ended_at is null";
    let written = sqlx::query(statement).bind(MONTHS).bind(organization.as_str()).execute(&mut database).await.unwrap();
    assert_eq!(written.rows_affected(), SERVICES as u64 * MONTHS as u64 * 2);
    database.close().await.unwrap();
}

pub async fn sign_in(address: SocketAddr) -> String {
    let form = format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let (status, head, _) = ask(address, &request("POST", "/sign-in", address, &headers, &form)).await;
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next());
    assert_eq!(status, 303, "{head}");
    cookie.expect("a session").to_owned()
}
