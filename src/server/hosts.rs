//! Hosts of organizations: where the tree of one status page hangs from `/`.
//!
//! The operator binds a host, because DNS and TLS are the operator's. On it there is nothing but that
//! page: what is asked for is looked up below `/status/{organization}`, so that neither the dashboard nor
//! another organization can be reached there, and no cookie of theirs is ever set or read.

mod store;

use super::{
    App,
    access::SystemScope,
    config::BaseUrl,
    db::{AuditEntry, Read},
    operator::{self, OrganizationDetail},
};
use crate::domain::{
    error::{AppError, Result},
    ids::OrganizationId,
    live::Topic,
};
use axum::http::{Request, Uri, header, uri::PathAndQuery};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

const OPERATOR: SystemScope = SystemScope::command("operator");
/// How often the server looks whether something has changed.
const LOOK: Duration = Duration::from_secs(1);
/// Most characters of a host name.
const MAX_HOST_LENGTH: usize = 253;
/// Most characters between two dots.
const MAX_LABEL_LENGTH: usize = 63;

/// Which organization has which host, as far as this process knows.
#[derive(Debug, Default)]
pub struct Hosts {
    /// Whether there is any, so that servers without one ask nothing more.
    any: AtomicBool,
    /// Slugs by host.
    bound: RwLock<HashMap<String, String>>,
}

impl Hosts {
    /// The slug of the organization that has this host; a port does not matter.
    fn slug(&self, host: &str) -> Option<String> {
        let name = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        self.bound.read().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }

    /// A request to an organization's own host asks for what is at the same place below its status page.
    pub fn place<B>(&self, request: &mut Request<B>) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let host = request.uri().host().or(named);
        let Some(slug) = host.and_then(|host| self.slug(host)) else { return };
        if !stays(&slug, request.uri()) {
            // What is no address below the page is none at all.
            *request.uri_mut() = below(&slug, request.uri()).unwrap_or_else(|| Uri::from_static("/status/-/-"));
        }
    }

    fn replace(&self, bound: HashMap<String, String>) {
        let any = !bound.is_empty();
        *self.bound.write().unwrap_or_else(PoisonError::into_inner) = bound;
        self.any.store(any, Ordering::Release);
    }
}

/// Whether a request to an organization's own host is answered at the place that it names.
fn stays(slug: &str, uri: &Uri) -> bool {
    let path = uri.path();
    let home = format!("/status/{slug}");
    let within = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let everywhere = ["/health", "/favicon.ico", "/robots.txt", "/api/v1/live"].contains(&path);
    everywhere || path.starts_with("/assets/") || within(&home) || within(&format!("/api/v1{home}"))
}

/// Where the page's tree has what a request to its own host asks for.
fn below(slug: &str, uri: &Uri) -> Option<Uri> {
    let (path, home) = (uri.path(), format!("/status/{slug}"));
    let rest = if path == "/" { "" } else { path };
    // What does not begin with a slash (`OPTIONS *`) is no place of a tree.
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{home}{rest}{query}")).ok()?);
    Uri::from_parts(parts).ok()
}

/// Checks a host name and writes it in lower case.
///
/// # Errors
/// In words for the operator.
fn host_name(text: &str, own: &BaseUrl) -> Result<String, String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let example = "for example status.example.com, without https://, port or path";
    let label = |label: &str| {
        (1..=MAX_LABEL_LENGTH).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if name.len() > MAX_HOST_LENGTH || !name.contains('.') || !name.split('.').all(label) {
        return Err(format!("“{text}” is not a valid host name. Enter one, {example}; write non-ASCII names as xn--…"));
    }
    if name.parse::<IpAddr>().is_ok() {
        return Err(format!("“{text}” is an IP address. Enter a host name, {example}."));
    }
    if name == own.host().split(':').next().unwrap_or_default() {
        return Err(format!("“{name}” is this server’s own host, which serves the dashboard. Choose another one."));
    }
    Ok(name)
}

/// Binds a host to an organization, or takes its host away. `own` is the address of the server itself.
///
/// # Errors
/// [`AppError::Invalid`] for what is no host name, or another organization's;
/// [`AppError::NotFound`] when there is no organization of this slug.
pub async fn set(app: &App, own: &BaseUrl, slug: &str, host: Option<&str>) -> Result<OrganizationDetail> {
    let host = match host {
        Some(text) => Some(host_name(text, own).map_err(|words| AppError::field("host", words))?),
        None => None,
    };
    let before = operator::organization(app, slug).await?;
    if before.host == host {
        return Ok(before);
    }
    let found = before.organization;
    let mut write = OPERATOR.write(app, &found.id).await?;
    store::set(&mut write, host.as_deref()).await?;
    write.audit(AuditEntry::new("organization.host_set", &found.id, found.name).values(before.host, host));
    write.commit(&[Topic::Organization]).await?;
    operator::organization(app, slug).await
}

/// The host of an organization, if it has one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn of(read: &mut Read, organization: &OrganizationId) -> Result<Option<String>> {
    store::of(read, organization).await
}

/// Learns which hosts are bound. The server's own stays its own, whatever is bound to it.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn load(app: &App) -> Result<()> {
    let all = store::all(&mut app.db.read(&SystemScope::job("hosts")).await?).await?;
    let own = app.url.host().split(':').next().unwrap_or_default();
    app.hosts.replace(all.into_iter().filter(|(host, _)| host != own).collect());
    Ok(())
}

/// Learns of every change: hosts are bound and taken away, and slugs change.
pub async fn follow(app: App) {
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut known = None;
    loop {
        every.tick().await;
        let news = app.hub.change_count();
        if known == Some(news) {
            continue;
        }
        match load(&app).await {
            Ok(()) => known = Some(news),
            Err(error) => tracing::warn!(%error, "custom hosts could not be reloaded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> BaseUrl {
        "https://candor.example.com:8443".parse().expect("an address")
    }

    #[test]
    fn host_names_and_nothing_else() {
        for (text, name) in [
            ("status.example.com", "status.example.com"),
            (" Status.Example.COM. ", "status.example.com"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a-b.c1", "a-b.c1"),
        ] {
            assert_eq!(host_name(text, &own()).as_deref(), Ok(name), "{text}");
        }
        let long = format!("{}.example.com", "x".repeat(64));
        let longer = "abcdefgh.".repeat(30);
        for nonsense in [
            "",
            "localhost",
            "https://status.example.com",
            "status.example.com/x",
            "status.example.com:443",
            "status..example.com",
            "-status.example.com",
            "status_.example.com",
            "bücher.example",
            "127.0.0.1",
            "[::1]",
            "*.example.com",
            "candor.example.com",
            "CANDOR.example.com",
            &long,
            &longer,
        ] {
            assert!(host_name(nonsense, &own()).is_err(), "{nonsense}");
        }
    }

    fn placed(host: &str, uri: &str) -> String {
        let hosts = Hosts::default();
        hosts.replace(HashMap::from([("status.acme.example".to_owned(), "acme".to_owned())]));
        let mut request = Request::builder().uri(uri).header("host", host).body(()).expect("a request");
        hosts.place(&mut request);
        request.uri().to_string()
    }

    #[test]
    fn everything_is_below_the_page() {
        for (asked, there) in [
            ("/", "/status/acme"),
            ("/?x=1", "/status/acme?x=1"),
            ("/history?month=2026-10", "/status/acme/history?month=2026-10"),
            ("/api/v2/summary.json", "/status/acme/api/v2/summary.json"),
            ("/live?version=3", "/status/acme/live?version=3"),
            ("/status/acme", "/status/acme"),
            ("/status/acme/services/x", "/status/acme/services/x"),
            ("/api/v1/status/acme", "/api/v1/status/acme"),
            ("/api/v1/status/acme/incidents", "/api/v1/status/acme/incidents"),
            ("/api/v1/live", "/api/v1/live"),
            ("/assets/1/live.js", "/assets/1/live.js"),
            ("/robots.txt", "/robots.txt"),
            ("/status/acmes", "/status/acme/status/acmes"),
            ("/status/other", "/status/acme/status/other"),
            ("/api/v1/status/other", "/status/acme/api/v1/status/other"),
            ("/api/v1/me", "/status/acme/api/v1/me"),
            ("/sign-in", "/status/acme/sign-in"),
            ("/dashboard", "/status/acme/dashboard"),
            ("//dashboard", "/status/acme//dashboard"),
            ("/rpc/who_am_i", "/status/acme/rpc/who_am_i"),
            // No place of a tree.
            ("*", "/status/-/-"),
        ] {
            assert_eq!(placed("Status.Acme.example:8080", asked), there, "{asked}");
        }
    }

    #[test]
    fn other_hosts_are_untouched() {
        for host in ["candor.example.com", "acme.example", "x.status.acme.example", "status.acme.example.evil.test", ""]
        {
            assert_eq!(placed(host, "/dashboard"), "/dashboard", "{host}");
        }
        // HTTP/2 and proxies name the host in the address, which goes before.
        assert_eq!(
            placed("candor.example.com", "http://status.acme.example/x"),
            "http://status.acme.example/status/acme/x"
        );
    }
}
