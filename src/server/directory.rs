//! `/`: the landing page and directory of listed organizations; and the look of errors.

use super::{
    App,
    access::{pages::BrandMark, session},
    document::{self, Head},
    incidents::directory::{self as incidents, ListedIncident},
    organizations::{self, Listed},
    requests::{self, ClientAddress},
};
use crate::{
    dashboard::{page_tone, status_tone},
    domain::{
        error::AppError,
        status::{Impact, Indicator, ServiceStatus},
        time::Time,
    },
    ui::{Button, ButtonVariant, EmptyState, IconName, LinkButton, SelectField, StatusDot, TextField, Tone},
};
use axum::{
    Extension,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use quick_cache::sync::Cache;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tower_sessions::Session;

/// Organizations shown at most; a search narrows them down.
const MAX_LISTED: i64 = 100;
/// Incidents shown at most.
const MAX_INCIDENTS: i64 = 50;

/// Questions whose answers are remembered: all, and those with problems.
const MAX_CACHED: usize = 2;
/// How long an answer is good if nothing changes.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What was found lately, for as long as nothing has changed anywhere.
#[derive(Debug)]
pub struct Directory(Cache<bool, CachedResults>);

#[derive(Debug, Clone)]
struct CachedResults {
    news: u64,
    at: Instant,
    found: Arc<DirectoryResults>,
}

impl Default for Directory {
    fn default() -> Self {
        Self(Cache::new(MAX_CACHED))
    }
}

impl Directory {
    async fn find(&self, app: &App, filter: &Filter) -> Result<Arc<DirectoryResults>, AppError> {
        // Everybody asks for the same two; a search is somebody's own.
        if !filter.q.is_empty() || !filter.organization.is_empty() {
            return find(app, filter).await.map(Arc::new);
        }
        // Before reading: what is published meanwhile makes the answer an old one.
        let news = app.hub.change_count();
        let known =
            self.0.get(&filter.only_unwell()).filter(|answer| answer.news == news && answer.at.elapsed() < GOOD_FOR);
        if let Some(answer) = known {
            return Ok(answer.found);
        }
        let found = Arc::new(find(app, filter).await?);
        self.0.insert(filter.only_unwell(), CachedResults { news, at: Instant::now(), found: found.clone() });
        Ok(found)
    }
}

/// What the directory's form asks for.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Filter {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    organization: String,
}

impl Filter {
    fn only_unwell(&self) -> bool {
        self.state == "unwell"
    }
}

/// What the directory shows.
#[derive(Debug)]
struct DirectoryResults {
    organizations: Vec<Listed>,
    /// Those that are open first.
    incidents: Vec<ListedIncident>,
    /// Slugs and names to choose from.
    names: Vec<(String, String)>,
    search: String,
    only_unwell: bool,
    organization: String,
}

/// `GET /`
pub async fn landing(
    State(app): State<App>,
    session: Session,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    if !filter.q.trim().is_empty()
        && let Err(error) = app.limits.search(client)
    {
        return refusal(&headers, &error);
    }
    let signed_in = matches!(session::user(&session).await, Ok(Some(_)));
    page(&app, &headers, &filter, signed_in).await
}

/// `GET /status`: the page of the only organization that the directory lists, else the directory.
pub async fn status(
    State(app): State<App>,
    session: Session,
    client: Extension<ClientAddress>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    match organizations::only_listed(&app).await {
        Ok(Some(slug)) => Redirect::to(&format!("/status/{slug}")).into_response(),
        _ => landing(State(app), session, client, headers, Query(filter)).await,
    }
}

async fn find(app: &App, filter: &Filter) -> Result<DirectoryResults, AppError> {
    let shortened = |text: &str| text.chars().take(100).collect::<String>();
    let (search, organization) = (shortened(&filter.q), shortened(filter.organization.trim()));
    let only_unwell = filter.only_unwell();
    let one = (!organization.is_empty()).then_some(organization.as_str());
    let mut organizations = organizations::listed(app, &search, MAX_LISTED).await?;
    let mut incidents = incidents::listed(app, one, MAX_INCIDENTS).await?;
    let name = |row: &Listed| (row.organization.slug.clone(), row.organization.name.clone());
    let mut names: Vec<(String, String)> = organizations.iter().map(name).collect();
    names.insert(0, (String::new(), "All organizations".to_owned()));
    if one.is_some_and(|slug| names.iter().all(|(known, _)| known != slug)) {
        names.push((organization.clone(), organization.clone()));
    }
    organizations.retain(|row| {
        let wanted = !only_unwell || row.status.indicator != Indicator::None;
        wanted && one.is_none_or(|slug| row.organization.slug == slug)
    });
    if only_unwell || !search.trim().is_empty() {
        incidents.retain(|incident| organizations.iter().any(|row| row.organization.slug == incident.slug));
    }
    Ok(DirectoryResults { organizations, incidents, names, search, only_unwell, organization })
}

async fn page(app: &App, headers: &HeaderMap, filter: &Filter, signed_in: bool) -> Response {
    let found = match app.directory.find(app, filter).await {
        Ok(found) => found,
        Err(error) => return refusal(headers, &error),
    };
    let mut head = Head::site("Candor: status pages that stay up").themed(headers);
    head.description = "Live status of every organization listed here.".to_owned();
    head.canonical = Some(app.url.join("/"));
    document::private(StatusCode::OK, document::render(head, || view(&found, signed_in)))
}

fn view(found: &DirectoryResults, signed_in: bool) -> AnyView {
    let DirectoryResults { organizations: rows, incidents, names, search, only_unwell, organization } = found;
    let (rows, incidents, names) = (rows.clone(), incidents.clone(), names.clone());
    let (search, only_unwell, organization) = (search.clone(), *only_unwell, organization.clone());
    let filtered = only_unwell || !search.trim().is_empty() || !organization.is_empty();
    let (active, past): (Vec<_>, Vec<_>) = incidents.into_iter().partition(|incident| incident.resolved_at.is_none());
    // With one organization alone there is nothing to choose.
    let choice = (names.len() > 2 || !organization.is_empty()).then(|| {
        view! {
            <div class="min-w-0 basis-48">
                <SelectField label="Organization" name="organization" options=Signal::stored(names) value=Signal::stored(organization) />
            </div>
        }
    });
    let list = if rows.is_empty() && filtered {
        view! {
            <EmptyState icon=IconName::Search title="No results" text="No organization or service matches your search.">
                <LinkButton href="/">"Show all"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else if rows.is_empty() {
        view! {
            <EmptyState icon=IconName::Globe title="No organizations listed yet" text="Create one and list it here. Its status page is ready in two minutes.">
                <LinkButton href="/sign-up" variant=ButtonVariant::Primary>"Sign up"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows: Vec<_> = rows.into_iter().map(row).collect();
        view! { <ul class="divide-y divide-border overflow-hidden rounded-lg border border-border" role="list">{rows}</ul> }.into_any()
    };
    view! {
        <div class="mx-auto flex min-h-dvh w-full max-w-[760px] flex-col gap-8 px-5 py-6">
            <header class="flex items-center justify-between gap-4">
                <a href="/" class="inline-flex items-center gap-2 rounded-md font-semibold">
                    <BrandMark />
                    "Candor"
                </a>
                <nav class="flex items-center gap-2" aria-label="Account">
                    {if signed_in {
                        view! { <LinkButton href="/dashboard" variant=ButtonVariant::Primary>"My dashboard"</LinkButton> }.into_any()
                    } else {
                        view! {
                            <LinkButton href="/sign-in" variant=ButtonVariant::Ghost>"Sign in"</LinkButton>
                            <LinkButton href="/sign-up" variant=ButtonVariant::Primary>"Sign up"</LinkButton>
                        }
                            .into_any()
                    }}
                </nav>
            </header>
            <main class="flex flex-1 flex-col gap-5">
                <div class="flex flex-col gap-1">
                    <h1 class="text-xl font-semibold tracking-tight">"Status pages"</h1>
                    <p class="text-muted-foreground">"Live status of every organization listed here."</p>
                </div>
                <form method="get" action="/" role="search" class="flex flex-wrap items-end gap-2">
                    <div class="min-w-0 flex-1 basis-56">
                        <TextField label="Search organizations and services" name="q" kind="search" maxlength=100_u32 value=Signal::stored(search) />
                    </div>
                    {choice}
                    <label class="flex h-8 items-center gap-2 px-1 text-[13px] pointer-coarse:h-10">
                        <input type="checkbox" name="state" value="unwell" checked=only_unwell class="size-4 accent-primary" />
                        "Only show problems"
                    </label>
                    <Button submit=true icon=IconName::Search>"Search"</Button>
                </form>
                {events("Active incidents", active)}
                {list}
                {events("Incidents in the past 15 days", past)}
            </main>
            <footer class="text-[12px] text-muted-foreground">"Candor, an open-source status page server."</footer>
        </div>
    }
    .into_any()
}

/// Services named in a row of the directory, worst first; the page itself has them all.
const MAX_NAMED: usize = 6;

fn row(listed: Listed) -> impl IntoView + use<> {
    let Listed { organization, status, services } = listed;
    let unwell = services.iter().filter(|(_, status)| *status != ServiceStatus::Operational).count();
    let more = services.len().saturating_sub(MAX_NAMED);
    let count = match (services.len(), unwell) {
        (0, _) => "No services yet".to_owned(),
        (1, 0) => "1 service".to_owned(),
        (all, 0) => format!("{all} services"),
        (all, unwell) => format!("{unwell} of {all} services affected"),
    };
    let named: Vec<_> = services.into_iter().take(MAX_NAMED).map(|(name, status)| view! {
        <li class="inline-flex max-w-full items-center gap-1.5 rounded-full border border-border px-2 py-0.5 text-[12px]">
            <StatusDot tone=status_tone(status) />
            <span class="truncate">{name}</span>
            <span class=if status == ServiceStatus::Operational { "sr-only" } else { "text-muted-foreground" }>{status.label()}</span>
        </li>
    }).collect();
    view! {
        <li class="flex flex-col gap-2 px-4 py-3">
            <a href=format!("/status/{}", organization.slug) class="group flex flex-wrap items-center justify-between gap-x-4 gap-y-1 rounded-md">
                <span class="flex min-w-0 flex-col">
                    <span class="font-medium break-words group-hover:underline">{organization.name}</span>
                    <span class="text-[12px] text-muted-foreground">{count}</span>
                </span>
                <span class=format!("inline-flex items-center gap-2 text-[13px] {}", page_tone(status.indicator).text())>
                    <StatusDot tone=page_tone(status.indicator) />
                    {status.description.as_str()}
                </span>
            </a>
            {(!named.is_empty()).then(|| view! {
                <ul class="flex flex-wrap gap-1.5" role="list">
                    {named}
                    {(more > 0).then(|| view! { <li class="px-1 py-0.5 text-[12px] text-muted-foreground">{format!("and {more} more")}</li> })}
                </ul>
            })}
        </li>
    }
}

/// Incidents under a heading; nothing where there are none.
fn events(title: &'static str, incidents: Vec<ListedIncident>) -> AnyView {
    if incidents.is_empty() {
        return ().into_any();
    }
    let rows: Vec<AnyView> = incidents.into_iter().map(event).collect();
    view! {
        <section class="flex flex-col gap-2">
            <h2 class="text-[13px] font-semibold text-muted-foreground">{title}</h2>
            <ul class="divide-y divide-border overflow-hidden rounded-lg border border-border" role="list">{rows}</ul>
        </section>
    }
    .into_any()
}

const fn impact_tone(impact: Impact) -> Tone {
    match impact {
        Impact::None => Tone::Neutral,
        Impact::Minor => page_tone(Indicator::Minor),
        Impact::Major => page_tone(Indicator::Major),
        Impact::Critical => page_tone(Indicator::Critical),
    }
}

fn event(incident: ListedIncident) -> AnyView {
    let ListedIncident { slug, organization, id, title, status, impact, started_at, resolved_at } = incident;
    let moment = |at: Time| view! { <time datetime=at.rfc3339()>{at.in_words()}</time> };
    let when = match resolved_at {
        Some(end) => view! { <span>{moment(started_at)} " to " {moment(end)}</span> }.into_any(),
        None => view! { <span>{status.label()} ", since " {moment(started_at)}</span> }.into_any(),
    };
    let what = match impact {
        Impact::None => format!("{organization} · "),
        impact => format!("{organization} · {} impact · ", impact.label()),
    };
    view! {
        <li class="flex flex-col px-4 py-3">
            <span class="flex min-w-0 items-baseline gap-2">
                <StatusDot tone=impact_tone(impact) />
                <a href=format!("/status/{slug}/incidents/{id}") class="min-w-0 rounded-md font-medium break-words hover:underline">
                    {title}
                </a>
            </span>
            <span class="text-[12px] text-muted-foreground">
                {what} {when}
            </span>
        </li>
    }
    .into_any()
}

/// An error as a page.
pub fn error_view(status: u16, title: String, text: String) -> AnyView {
    view! {
        <main class="mx-auto flex min-h-dvh w-full max-w-[440px] flex-col items-start justify-center gap-4 px-5 py-10">
            <a href="/" class="inline-flex items-center gap-2 rounded-md font-semibold">
                <BrandMark />
                "Candor"
            </a>
            <p class="text-[13px] text-muted-foreground tabular-nums">{status}</p>
            <h1 class="text-xl font-semibold tracking-tight">{title}</h1>
            <p class="text-muted-foreground">{text}</p>
            <div class="flex flex-wrap gap-2">
                <LinkButton href="/" variant=ButtonVariant::Primary>"All status pages"</LinkButton>
                <LinkButton href="/dashboard">"My dashboard"</LinkButton>
            </div>
        </main>
    }
    .into_any()
}

/// A refusal as a page.
pub fn refusal(headers: &HeaderMap, error: &AppError) -> Response {
    let title = match error {
        AppError::NotFound(_) => "Page not found",
        AppError::Unavailable | AppError::Busy => "Not available right now",
        AppError::TooMany { .. } => "Too many requests",
        _ => "Something went wrong",
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = document::error_page(headers, status, title, &error.to_string());
    requests::set_retry_after(response.headers_mut(), error);
    response
}
