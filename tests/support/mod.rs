//! What every test of the server stands on: the real server on a port of its own with a fresh
//! database, and browsers that talk to it over HTTP.
//!
//! A test is an `async fn name(server: TestServer)`; listed in [`both_engines!`] it runs as
//! `name::sqlite` and as `name::postgres`. PostgreSQL is the server that the variable
//! `CANDOR_TEST_POSTGRES` names, for example `postgres://postgres@127.0.0.1:5433/postgres`; each test
//! gets a database of its own in it. Without the variable those tests say that they are skipped.
#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]

mod browser;
mod database;
mod log;
mod mail_server;
mod page;
mod program;
mod rest;
mod socket;
mod xml;

pub use browser::{Answer, Browser, PASSWORD, encode, token};
pub use database::Engine;
pub use log::{keep_security_log, security_log};
pub use mail_server::MailServer;
pub use page::{Section, banner, sections, unescape};
pub use program::Program;
pub use rest::{Bearer, problem_fields};
pub use socket::{Refused, Socket};
pub use xml::Element;

use candor::domain::{
    ids::{OrganizationId, UserId},
    role::Role,
};
use candor::server::{
    App,
    access::SystemScope,
    command::assemble,
    config::{Command, CommandLine},
    jobs, listen, organizations,
};
use clap::Parser;
use database::Database;
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};

/// The proof with which tests prepare what cannot be prepared over HTTP yet.
pub const TESTS: SystemScope = SystemScope::command("tests");

/// Makes `name::sqlite` and `name::postgres` of each function named.
macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(server) = crate::support::TestServer::start(crate::support::Engine::Sqlite).await {
                    super::$name(server).await;
                }
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(server) = crate::support::TestServer::start(crate::support::Engine::Postgres).await {
                    super::$name(server).await;
                }
            }
        }
    )+};
}
pub(crate) use both_engines;

/// The real server, on a port of its own, with a database of its own.
pub struct TestServer {
    /// The parts of the server that runs.
    pub app: App,
    /// Where it is: `http://127.0.0.1:…`.
    pub url: String,
    address: SocketAddr,
    client: reqwest::Client,
    serving: JoinHandle<()>,
    // Dropped last: it takes the database away.
    database: Option<Database>,
}

impl TestServer {
    /// Starts it; `None` when this machine has no such engine, which is said aloud.
    pub async fn start(engine: Engine) -> Option<Self> {
        Self::start_with(engine, &[]).await
    }

    /// Starts it with more words on its command line.
    pub async fn start_with(engine: Engine, more: &[&str]) -> Option<Self> {
        let database = Database::create(engine).await?;
        Some(Self::serve(database, more).await)
    }

    async fn serve(database: Database, more: &[&str]) -> Self {
        let mut server = Self::serve_url(database.url(), more).await;
        server.database = Some(database);
        server
    }

    /// Another process on the same database, which looks what this one does. It has to end first.
    pub async fn another(&self) -> Self {
        let other = Self::serve_url(self.database_url(), &[]).await;
        jobs::start(&other.app);
        other
    }

    async fn serve_url(database_url: &str, more: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let (app, router) = assembled(database_url, &url, more).await;
        let serving = tokio::spawn({
            let app = app.clone();
            async move { listen::serve(listener, app, router, std::future::pending()).await.unwrap() }
        });
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // The server ends a connection whose body it refused; nothing is sent on one that may be ending.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        Self { app, url, address, client, serving, database: None }
    }

    /// Stops it and starts another on the same database, at another port.
    pub async fn restart(self) -> Self {
        self.restart_with(&[]).await
    }

    /// The same with more words on its command line.
    pub async fn restart_with(mut self, more: &[&str]) -> Self {
        let database = self.database.take().unwrap();
        self.serving.abort();
        Self::serve(database, more).await
    }

    /// The same with a mail server set that nobody reaches: what is queued stays in the queue.
    pub async fn with_mail(self) -> Self {
        self.restart_with(&["--smtp-url", "smtp://127.0.0.1:9", "--mail-from", "Candor <candor@example.com>"]).await
    }

    /// The parts of another process on the same database, which serves nobody.
    pub async fn second(&self) -> App {
        assembled(self.database_url(), &self.url, &[]).await.0
    }

    fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// A browser without any cookie.
    pub fn browser(&self) -> Browser {
        Browser::new(self.client.clone(), self.url.clone(), self.address)
    }

    /// Somebody new, signed up and signed in: `name` is the part before the `@`.
    pub async fn person(&self, name: &str) -> Browser {
        let browser = self.browser();
        browser.sign_up(name).await;
        browser
    }

    /// Somebody new who owns a new organization of this slug.
    pub async fn owner(&self, slug: &str) -> Browser {
        let browser = self.person(&format!("owner-{slug}")).await;
        browser.create_organization(slug).await;
        browser
    }

    /// Somebody new who has this role in an organization that is there.
    pub async fn member(&self, slug: &str, role: Role) -> Browser {
        let browser = self.person(&format!("member-{}-{slug}", role.as_str())).await;
        let me = browser.rpc("who_am_i", serde_json::json!({})).await.right();
        let user: UserId = me["id"].as_str().unwrap().parse().unwrap();
        organizations::add_member(&self.app, TESTS, &self.organization_id(slug).await, &user, role).await.unwrap();
        browser
    }

    /// Somebody new who accepted a real invitation of `owner` to this role.
    pub async fn joined(&self, owner: &Browser, slug: &str, name: &str, role: &str) -> Browser {
        self.joined_team(owner, slug, name, role, "", "").await
    }

    /// Somebody new who accepted a real invitation into a team as well.
    pub async fn joined_team(
        &self,
        owner: &Browser,
        slug: &str,
        name: &str,
        role: &str,
        team: &str,
        team_role: &str,
    ) -> Browser {
        let token = owner.invite_into(slug, name, role, team, team_role).await;
        let browser = self.browser();
        let answer = browser.accept(&token, name).await;
        let there = format!("/dashboard/{slug}");
        assert_eq!((answer.status, answer.location()), (303, there.as_str()), "{}", answer.text());
        browser
    }

    /// The id of the organization of this slug.
    pub async fn organization_id(&self, slug: &str) -> OrganizationId {
        let rows = self.texts(&format!("select id from organizations where slug = '{slug}'")).await;
        rows.first().unwrap_or_else(|| panic!("no organization {slug}")).parse().unwrap()
    }

    /// The first column of what a query finds, as text, read past the server.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.database().texts(query).await
    }

    /// The one number that a query finds.
    pub async fn number(&self, query: &str) -> i64 {
        let rows = self.texts(&query.replacen("count(*)", "cast(count(*) as text)", 1)).await;
        rows[0].parse().unwrap()
    }

    /// Runs one statement past the server.
    pub async fn execute(&self, statement: &str) {
        self.database().execute(statement).await;
    }

    /// Takes the database away under the server's feet; PostgreSQL only.
    pub async fn lose_database(&self) {
        self.database().lose().await;
    }

    /// The address of the database, for a second server on it.
    pub fn database_url(&self) -> &str {
        self.database().url()
    }
}

/// What `candor serve` would serve with these settings, whatever the environment says.
async fn assembled(database_url: &str, url: &str, more: &[&str]) -> (App, axum::Router) {
    let key = "0123456789abcdef".repeat(8);
    let usual =
        ["--database-url", database_url, "--url", url, "--secret-key", &key, "--env", "production", "--log", "error"];
    // A setting named twice is refused, so what a test says takes the place of what is usual.
    let usual = usual.chunks(2).filter(|pair| !more.contains(&pair[0])).flatten();
    let line = CommandLine::try_parse_from(["candor", "serve"].iter().chain(usual).chain(more))
        .unwrap_or_else(|error| panic!("{error}"));
    let Command::Serve(args) = line.command else { panic!("not serve") };
    assemble(&args).await.unwrap_or_else(|error| panic!("{error}"))
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Waits until something is so, at most ten seconds: instead of sleeping for as long as it may take.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let mut every = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        every.tick().await;
        if let Some(found) = look().await {
            return found;
        }
    }
    panic!("waited ten seconds in vain: {what}");
}

/// Says something that is read even when the test passes, which `eprintln!` is not.
pub fn aloud(words: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{words}\n").as_bytes());
}

/// Numbers that look random and are the same in every run (xorshift).
pub struct Dice(u64);

impl Dice {
    /// The numbers that follow from this one.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// A number below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}
