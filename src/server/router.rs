//! Every address, and what stands before it.
//!
//! Default deny: what is not built by [`public`] or [`account`] needs a living session, or in
//! [`rest`] a bearer token.

use super::{
    App, access,
    access::{
        Scope, SignedIn, account_pages, cookies, csrf,
        pages::{self, AccountPages},
        session,
    },
    assets, audit, directory, document, form_errors, incidents, invitations,
    live::{self},
    reports,
    requests::{self, Admission, ClientAddress, MAX_BODY_BYTES, refusal},
    rest,
    status_page::{absent, badge, calendar, diagnostics, embed, feeds, handlers, statuspage_v2},
    test_hooks, transfer,
};
use crate::{
    dashboard,
    domain::{
        audit::{AuditFilter, Door},
        error::AppError,
        incident::IncidentFilter,
        report::ReportFilter,
        role::{Allowed, allowed},
    },
};
use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Path, Query, Request, State, ws::WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::Key;
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use std::time::Duration;
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer};
use tower_sessions::Session;

/// How long a screen may take to render, at the first try and at the second. A debug build needs ten times as long: five
/// seconds for a thousand services.
const SCREEN_TIMEOUTS: [Duration; 2] = if cfg!(debug_assertions) {
    [Duration::from_secs(20), Duration::from_secs(20)]
} else {
    [Duration::from_secs(5), Duration::from_secs(10)]
};
/// The largest screen, in bytes.
const MAX_SCREEN_BYTES: usize = 16 * 1024 * 1024;

/// The whole server.
pub fn router(app: App, key: Key) -> Router {
    let sessions = session::layer(&app.db, &app.url);
    let costly = Admission::default();
    let with_session = account(&app, key)
        .merge(private(&app))
        .layer(sessions)
        .layer(middleware::from_fn_with_state(costly.clone(), requests::admit));
    public(&app)
        .merge(rest::routes(&app).layer(middleware::from_fn_with_state(costly, requests::admit)))
        .merge(rest::public(&app))
        .merge(test_hooks::routes())
        .merge(with_session)
        .fallback(not_found)
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), csrf::guard))
        // Before everything that reads a cookie.
        .layer(middleware::from_fn_with_state(app.clone(), cookies::only_ours))
        .layer(middleware::from_fn(requests::refuse_nul))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(rest::refusals_are_problems))
        .layer(middleware::from_fn_with_state(app.clone(), requests::protect))
        .layer(middleware::from_fn_with_state(app, requests::observe))
}

/// For everybody, without a session.
fn public(app: &App) -> Router {
    let documents = Router::new()
        .route("/status/{organization}", get(handlers::status_page))
        .route("/status/{organization}/live", get(status_live))
        .route("/status/{organization}/history", get(handlers::history))
        .route("/status/{organization}/incidents/{id}", get(handlers::incident))
        .route("/status/{organization}/maintenance/{id}", get(handlers::maintenance))
        .route("/status/{organization}/services/{id}", get(handlers::service))
        .merge(for_all_sites())
        .merge(diagnostics::routes())
        .layer(middleware::from_fn_with_state(app.clone(), absent::limit_misses));
    Router::new()
        .route("/health", get(health))
        .route("/robots.txt", get(robots))
        .route("/favicon.ico", get(|| async { Redirect::permanent(&document::favicon(None)) }))
        .route("/assets/{build}/{*file}", get(assets::serve))
        .merge(documents)
        .merge(live::api_stream::routes())
        .with_state(app.clone())
}

/// What pages of other sites may read as well.
fn for_all_sites() -> Router<App> {
    statuspage_v2::routes()
        .merge(feeds::routes())
        .merge(calendar::routes())
        .merge(badge::routes())
        .merge(embed::routes())
        .layer(middleware::from_fn(handlers::preflight))
}

/// For everybody; knows who is signed in.
fn account(app: &App, key: Key) -> Router {
    let pages = AccountPages { app: app.clone(), key };
    let links = middleware::from_fn_with_state(app.clone(), limit_links);
    let accounts = Router::new()
        .route("/sign-in", get(pages::sign_in_page).post(pages::sign_in))
        .route("/sign-up", get(pages::sign_up_page).post(pages::sign_up))
        .route("/sign-out", post(pages::sign_out))
        .route("/accept-invitation", get(invitations::page::show).post(invitations::page::act).layer(links.clone()))
        .route("/reset-password", get(account_pages::reset_password).post(account_pages::reset).layer(links.clone()))
        .route("/auth/oidc/{connection}/start", get(pages::oidc_start))
        .route("/auth/oidc/{connection}/callback", get(pages::oidc_callback))
        .with_state(pages);
    let listing = Router::new()
        .route("/", get(directory::landing))
        .route("/status", get(directory::status))
        .route("/forgot-password", get(account_pages::forgot_password).post(account_pages::ask_for_link))
        .route("/verify-email", get(account_pages::verify_email).post(account_pages::verify).layer(links))
        .with_state(app.clone());
    accounts.merge(listing)
}

/// Links that came by mail: limited by network, so that nobody tries tokens without end.
async fn limit_links(
    State(app): State<App>,
    Extension(client): Extension<ClientAddress>,
    request: Request,
    next: Next,
) -> Response {
    match app.limits.link(client.0) {
        Ok(()) => next.run(request).await,
        Err(error) => directory::refusal(request.headers(), &error),
    }
}

/// The dashboard: its screens, its server functions, its socket. Only with a living session.
fn private(app: &App) -> Router {
    let options = LeptosOptions::builder().output_name("candor").site_pkg_dir("pkg").build();
    let routes = generate_route_list(dashboard::App);
    let context = {
        let app = app.clone();
        move || provide_context(app.clone())
    };
    let shell = {
        let (app, options) = (app.clone(), options.clone());
        move || shell(&app, options.clone())
    };
    let screens = Router::new().leptos_routes_with_context(&options, routes, context, shell).with_state(options);
    let screens = screens
        .layer(middleware::from_fn(whole_screens))
        .layer(middleware::from_fn_with_state(app.clone(), form_errors::only_ours));
    Router::new()
        .route("/rpc/live", get(dashboard_live))
        .route("/dashboard/{organization}/audit.csv", get(audit_csv))
        .route("/dashboard/{organization}/settings/export.json", get(organization_export))
        .route("/dashboard/{organization}/uptime.csv", get(uptime_csv))
        .route("/dashboard/{organization}/incidents.csv", get(incidents_csv))
        .route("/account", get(account_pages::account).post(account_pages::change_account))
        .route("/account/confirm", get(account_pages::confirm).post(account_pages::confirm_session))
        .route("/account/sessions", get(account_pages::sessions).post(account_pages::end_sessions))
        .route("/account/tokens", get(account_pages::tokens).post(account_pages::change_tokens))
        .with_state(app.clone())
        .merge(screens)
        .layer(middleware::from_fn(refusals_have_their_status))
        .layer(middleware::from_fn_with_state(app.clone(), require_session))
}

fn shell(app: &App, options: LeptosOptions) -> impl IntoView + use<> {
    if let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), leptos::nonce::use_nonce()) {
        if let Ok(policy) = HeaderValue::from_str(&requests::dashboard_policy(app, &nonce)) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
        response.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let theme = use_context::<Parts>().and_then(|parts| cookies::theme(&parts.headers));
    dashboard::shell(options, assets::root(), theme)
}

/// Sends a screen when it is whole. Once in thousands of renderings on busy threads, what a screen waits
/// for has come and the renderer is not told (of this kind: <https://github.com/leptos-rs/leptos/issues/4578>);
/// such a screen is rendered again.
async fn whole_screens(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    for patience in SCREEN_TIMEOUTS {
        let request = Request::from_parts(parts.clone(), Body::empty());
        let mut begun = false;
        let rendering = async {
            let (head, body) = next.clone().run(request).await.into_parts();
            begun = true;
            Ok::<_, axum::Error>(Response::from_parts(head, axum::body::to_bytes(body, MAX_SCREEN_BYTES).await?.into()))
        };
        match tokio::time::timeout(patience, rendering).await {
            Ok(Ok(screen)) => return screen,
            Ok(Err(error)) => {
                tracing::error!(%error, path = parts.uri.path(), "rendered page is too long");
                return directory::refusal(&parts.headers, &AppError::Internal);
            }
            Err(_) => tracing::warn!(path = parts.uri.path(), begun, "page rendering timed out"),
        }
    }
    directory::refusal(&parts.headers, &AppError::Busy)
}

/// Whoever is signed out goes to sign in and comes back; a program is told so.
async fn require_session(State(app): State<App>, session: Session, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let refused = match SignedIn::from_request(&app, &parts, Door::Dashboard).await {
        Ok(person) => {
            let allowed = async {
                app.limits.dashboard(&person.user().id)?;
                session::touch(&session).await
            };
            match allowed.await {
                Ok(()) => return next.run(Request::from_parts(parts, body)).await,
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    let path = parts.uri.path();
    let form = path == "/account" || path.starts_with("/account/");
    let page = form || (parts.method == Method::GET && !path.starts_with("/rpc"));
    match refused {
        AppError::Unauthenticated if page => {
            let wanted = parts.uri.path_and_query().map_or("/dashboard", |path| path.as_str());
            let next: String = access::pages::destination(wanted).to_owned();
            let query = if next == "/dashboard" {
                String::new()
            } else {
                format!("?next={}", next.replace('?', "%3F").replace('=', "%3D").replace('&', "%26"))
            };
            Redirect::to(&format!("/sign-in{query}")).into_response()
        }
        error if page => directory::refusal(&parts.headers, &error),
        error => refusal(&error),
    }
}

/// Server functions answer every refusal with 500; here it gets the status that its kind has.
async fn refusals_have_their_status(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let refused =
        response.status() == StatusCode::INTERNAL_SERVER_ERROR && response.headers().contains_key("serverfnerror");
    if !refused {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&bytes) {
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(parts.status);
        requests::set_retry_after(&mut parts.headers, &error);
    }
    Response::from_parts(parts, Body::from(bytes))
}

async fn not_found(headers: HeaderMap) -> Response {
    document::error_page(
        &headers,
        StatusCode::NOT_FOUND,
        "Page not found",
        "There’s nothing at this address. It may be mistyped, or the page may have been deleted.",
    )
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(panic = words, "request handler panicked");
    directory::refusal(&HeaderMap::new(), &AppError::Internal)
}

/// `GET /health`
async fn health(State(app): State<App>) -> Response {
    let database = app.db.ping().await;
    let status = if database.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let words = if database.is_ok() { ("ok", "ok") } else { ("degraded", "unreachable") };
    let body = serde_json::json!({
        "status": words.0,
        "database": { "engine": format!("{:?}", app.db.engine()).to_lowercase(), "state": words.1 },
        "version": env!("CARGO_PKG_VERSION"),
    });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// `GET /robots.txt`
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /dashboard\nDisallow: /rpc\n"
}

/// The version that a socket's page has.
#[derive(Debug, serde::Deserialize)]
struct VersionQuery {
    #[serde(default)]
    version: i64,
}

/// `GET /status/{organization}/live`
async fn status_live(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(seen): Query<VersionQuery>,
    Extension(client): Extension<ClientAddress>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let page = match app.pages.find(&app, &slug).await {
        Ok(page) => page,
        Err(error) => return refusal(&error),
    };
    live::public(app, page, seen.version, client, upgrade).unwrap_or_else(|error| refusal(&error))
}

/// `GET /dashboard/{organization}/audit.csv`
async fn audit_csv(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(filter): Query<AuditWords>,
    request: Request,
) -> Response {
    let filter = AuditFilter { words: filter.words, noun: filter.noun, before: None };
    let (parts, _) = request.into_parts();
    let text = match scope_of(&app, &parts, &slug).await {
        Ok(scope) => access::run(audit::csv(scope, filter)).await,
        Err(error) => Err(error),
    };
    table(&format!("{slug}-audit"), text, &parts.headers)
}

/// `GET /dashboard/{organization}/uptime.csv`
async fn uptime_csv(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(filter): Query<ReportFilter>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let text = match scope_of(&app, &parts, &slug).await {
        Ok(scope) => access::run(reports::csv(scope, filter)).await,
        Err(error) => Err(error),
    };
    table(&format!("{slug}-uptime"), text, &parts.headers)
}

/// `GET /dashboard/{organization}/incidents.csv`
async fn incidents_csv(
    State(app): State<App>,
    Path(slug): Path<String>,
    Query(filter): Query<IncidentFilter>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let text = match scope_of(&app, &parts, &slug).await {
        Ok(scope) => access::run(incidents::export::csv(scope, filter)).await,
        Err(error) => Err(error),
    };
    table(&format!("{slug}-incidents"), text, &parts.headers)
}

/// `GET /dashboard/{organization}/settings/export.json`
async fn organization_export(State(app): State<App>, Path(slug): Path<String>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let packed = match scope_of(&app, &parts, &slug).await {
        Ok(scope) => access::run(transfer::download(scope)).await,
        Err(error) => Err(error),
    };
    match packed {
        Ok(packed) => {
            let gzip = requests::accepts_encoding(&parts.headers, "gzip");
            let name = format!("attachment; filename=\"{slug}.candor.json\"");
            let kind = [(header::CONTENT_TYPE, "application/json".to_owned()), (header::CONTENT_DISPOSITION, name)];
            let always = [(header::CACHE_CONTROL, "no-store"), (header::VARY, "accept-encoding")];
            let mut response = (kind, always, packed.body(gzip)).into_response();
            if gzip {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        }
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

async fn scope_of<A: Allowed>(app: &App, parts: &Parts, slug: &str) -> Result<Scope<A>, AppError> {
    SignedIn::from_request(app, parts, Door::Dashboard).await?.scope(slug).await
}

/// A table as a file to keep.
fn table(name: &str, text: Result<impl Into<Body>, AppError>, headers: &HeaderMap) -> Response {
    match text {
        Ok(text) => {
            let name = format!("attachment; filename=\"{name}.csv\"");
            let kind =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (kind, [(header::CACHE_CONTROL, "no-store")], text.into()).into_response()
        }
        Err(error) => directory::refusal(headers, &error),
    }
}

/// Which lines to export.
#[derive(Debug, serde::Deserialize)]
struct AuditWords {
    #[serde(default)]
    words: String,
    #[serde(default)]
    noun: String,
}

/// Whose changes a socket wants to hear of.
#[derive(Debug, serde::Deserialize)]
struct LiveQuery {
    organization: String,
}

/// `GET /rpc/live`
async fn dashboard_live(
    State(app): State<App>,
    Query(watched): Query<LiveQuery>,
    Extension(client): Extension<ClientAddress>,
    upgrade: WebSocketUpgrade,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let scope = match SignedIn::from_request(&app, &parts, Door::Dashboard).await {
        Ok(signed_in) => signed_in.scope::<allowed::Read>(&watched.organization).await,
        Err(error) => Err(error),
    };
    scope.and_then(|scope| live::dashboard(scope, client, upgrade)).unwrap_or_else(|error| refusal(&error))
}
