//! Signing up, in and out: plain pages and plain forms, which work without a script.

use super::{
    account_pages::{self, notice},
    accounts::{self, Authenticated, NewAccount},
    cookies,
    device::Device,
    known_device::KnownDevice,
    oidc::{CallbackQuery, FLOW_SECONDS, OidcError, OidcFlow, OidcSignIn},
    run, secret,
    security_log::{self, Method},
    session,
};
use crate::{
    domain::{error::AppError, ids::UserId, time::Time},
    server::{
        App, clock,
        document::{self, Head},
        form_errors,
        requests::{self, ClientAddress},
    },
    ui::{Alert, Button, ButtonVariant, FormError, IconName, LinkButton, TextField, Tone},
};
use axum::{
    Extension, Form,
    extract::{FromRef, Path, Query, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar, SameSite};
use leptos::prelude::*;
use tower_sessions::Session;

/// The name of the one provider that settings can name.
pub const CONNECTION: &str = "default";
/// Sign-ins through the provider that one browser has under way, in tabs of its own.
const MAX_FLOWS: usize = 5;
/// The longest place to go to after signing in, in bytes: it travels in a cookie, and browsers keep no long ones.
const MAX_DESTINATION_BYTES: usize = 1024;

/// What these handlers work with.
#[derive(Debug, Clone)]
pub struct AccountPages {
    /// The server's parts.
    pub app: App,
    /// Encrypts the cookie of a sign-in that is under way.
    pub key: Key,
}

impl AccountPages {
    /// The cookie that makes a browser one in which this person has signed in.
    pub(super) fn known_device(&self, user: &UserId) -> PrivateCookieJar {
        KnownDevice::fresh(user).into_cookie(&self.key, self.app.url.secure())
    }
}

impl FromRef<AccountPages> for Key {
    fn from_ref(pages: &AccountPages) -> Self {
        pages.key.clone()
    }
}

/// Where somebody wanted to go.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    /// What has just been done, to be said on the page.
    #[serde(default)]
    done: String,
    /// Whether a walk through the provider confirms the session of somebody who is signed in.
    #[serde(default)]
    confirm: bool,
}

/// The place to go to after signing in: a screen of the dashboard, the own account or an invitation,
/// nothing else. Whatever does not look exactly like one becomes `/dashboard`, so that no address
/// can lead to another site, and none brings the error of a form along.
pub fn destination(next: &str) -> &str {
    let next = next.split_once('?').filter(|(_, query)| form_errors::are_in(query)).map_or(next, |(path, _)| path);
    let plain =
        next.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'?' | b'=' | b'&' | b'.'));
    let below = |root| next.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let inside = below("/dashboard") || below("/account") || next.starts_with("/accept-invitation?token=");
    let short = next.len() <= MAX_DESTINATION_BYTES;
    if short && plain && inside && !next.contains("//") && !next.contains("..") { next } else { "/dashboard" }
}

fn with_next(path: &str, next: &str) -> String {
    match destination(next) {
        "/dashboard" => path.to_owned(),
        next => format!("{path}?next={}", in_query(next)),
    }
}

/// A destination as the value of a query.
pub(super) fn in_query(destination: &str) -> String {
    destination.replace('?', "%3F").replace('&', "%26").replace('=', "%3D")
}

async fn signed_in_already(session: &Session) -> bool {
    matches!(session::user(session).await, Ok(Some(_)))
}

pub(super) fn status(error: Option<&AppError>) -> StatusCode {
    error.map_or(StatusCode::OK, |error| {
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    })
}

pub(super) fn refuse(error: &AppError, html: String) -> Response {
    let mut response = document::private(status(Some(error)), html);
    requests::set_retry_after(response.headers_mut(), error);
    response
}

async fn welcome(
    pages: &AccountPages,
    session: &Session,
    authenticated: &Authenticated,
    device: &Device,
    (method, authenticated_at): (Method, Option<Time>),
    next: &str,
) -> Result<Response, AppError> {
    session::begin(&pages.app, session, authenticated, device, method, authenticated_at).await?;
    Ok((pages.known_device(authenticated.user()), Redirect::to(destination(next))).into_response())
}

/// `GET /sign-in`
pub async fn sign_in_page(
    State(pages): State<AccountPages>,
    session: Session,
    headers: HeaderMap,
    Query(next): Query<Next>,
) -> Response {
    if signed_in_already(&session).await {
        return Redirect::to(destination(&next.next)).into_response();
    }
    document::private(StatusCode::OK, sign_in_html(&pages.app, &headers, &next, "", None))
}

/// What a sign-in form sends.
#[derive(Debug, serde::Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`
pub async fn sign_in(
    State(pages): State<AccountPages>,
    Extension(client): Extension<ClientAddress>,
    session: Session,
    device: Device,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    let app = &pages.app;
    let known = KnownDevice::of(&headers, &pages.key, app.url.secure());
    let checked = run(accounts::check_password(app.clone(), client.0, known, form.email.clone(), form.password)).await;
    let done = match checked {
        Ok(authenticated) => {
            let proof = (Method::Password, Some(clock::now()));
            welcome(&pages, &session, &authenticated, &device, proof, &form.next).await
        }
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| {
        let next = Next { next: form.next, ..Next::default() };
        refuse(&error, sign_in_html(app, &headers, &next, &form.email, Some(&error)))
    })
}

/// `GET /sign-up`
pub async fn sign_up_page(
    State(pages): State<AccountPages>,
    session: Session,
    headers: HeaderMap,
    Query(next): Query<Next>,
) -> Response {
    if signed_in_already(&session).await {
        return Redirect::to(destination(&next.next)).into_response();
    }
    document::private(StatusCode::OK, sign_up_html(&pages.app, &headers, &next.next, &NewAccount::default(), None))
}

/// What a sign-up form sends.
#[derive(Debug, serde::Deserialize)]
pub struct SignUpForm {
    #[serde(flatten)]
    account: NewAccount,
    #[serde(default)]
    next: String,
}

/// `POST /sign-up`
pub async fn sign_up(
    State(pages): State<AccountPages>,
    Extension(client): Extension<ClientAddress>,
    session: Session,
    device: Device,
    headers: HeaderMap,
    Form(form): Form<SignUpForm>,
) -> Response {
    let app = &pages.app;
    let done = match run(accounts::sign_up(app.clone(), client.0, form.account.clone())).await {
        Ok(authenticated) => {
            let proof = (Method::Password, Some(clock::now()));
            welcome(&pages, &session, &authenticated, &device, proof, &form.next).await
        }
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| refuse(&error, sign_up_html(app, &headers, &form.next, &form.account, Some(&error))))
}

/// `POST /sign-out`
pub async fn sign_out(
    State(pages): State<AccountPages>,
    Extension(client): Extension<ClientAddress>,
    session: Session,
) -> Response {
    let done = async {
        let user = session::user(&session).await?;
        session::end(&session).await?;
        Ok::<_, AppError>(user)
    };
    match done.await {
        Ok(user) => {
            if let Some(user) = user {
                // The dashboard's sockets of this session close at once.
                pages.app.hub.revalidate_sessions(&user);
                security_log::sessions_ended(&user, "this", &client.0.to_string());
            }
            Redirect::to("/sign-in").into_response()
        }
        Err(error) => (status(Some(&error)), error.to_string()).into_response(),
    }
}

/// `GET /auth/oidc/{connection}/start`
pub async fn oidc_start(
    State(pages): State<AccountPages>,
    Path(connection): Path<String>,
    headers: HeaderMap,
    jar: PrivateCookieJar,
    Query(next): Query<Next>,
    parts: Parts,
) -> Response {
    let app = &pages.app;
    let Some(oidc) = app.oidc.as_ref().filter(|_| connection == CONNECTION) else {
        return document::error_page(
            &headers,
            StatusCode::NOT_FOUND,
            "Page not found",
            "This server doesn’t have this sign-in provider.",
        );
    };
    let (to, now) = (destination(&next.next).to_owned(), clock::now());
    let started = match next.confirm {
        true => oidc.start_reauthentication(to, now).await,
        false => oidc.start(to, now).await,
    };
    match started {
        Ok((address, flow)) => {
            let Ok(value) = serde_json::to_string(&flow) else {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            };
            let mut cookie = flow_cookie(app, &secret::hash(&flow.state), value);
            cookie.set_max_age(time::Duration::seconds(FLOW_SECONDS));
            (without_oldest(app, jar).add(cookie), Redirect::to(&address)).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "OIDC sign-in could not be started");
            let error = AppError::Conflict(error.to_string());
            if next.confirm {
                return account_pages::confirm_refused(app, &parts, &next.next, error).await;
            }
            refuse(&error, sign_in_html(app, &headers, &next, "", Some(&error)))
        }
    }
}

/// The cookie of one sign-in that is under way: each tab has its own, so that none ends another's.
fn flow_cookie(app: &App, state_hash: &str, value: String) -> Cookie<'static> {
    let secure = app.url.secure();
    Cookie::build((cookies::flow_name(state_hash, secure), value))
        .path("/")
        .secure(secure)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

/// Removes the oldest sign-ins that are under way, so that there is room for one more.
fn without_oldest(app: &App, jar: PrivateCookieJar) -> PrivateCookieJar {
    let mut flows: Vec<OidcFlow> = jar.iter().filter_map(|cookie| serde_json::from_str(cookie.value()).ok()).collect();
    flows.sort_by_key(|flow| std::cmp::Reverse(flow.started_at));
    flows
        .iter()
        .skip(MAX_FLOWS - 1)
        .fold(jar, |jar, flow| jar.remove(flow_cookie(app, &secret::hash(&flow.state), String::new())))
}

/// `GET /auth/oidc/{connection}/callback`
pub async fn oidc_callback(
    State(pages): State<AccountPages>,
    session: Session,
    device: Device,
    headers: HeaderMap,
    jar: PrivateCookieJar,
    Query(query): Query<CallbackQuery>,
    parts: Parts,
) -> Response {
    let app = &pages.app;
    // Whatever comes of it, this sign-in ends here; those of other tabs go on.
    let ended = flow_cookie(app, &secret::hash(query.state.as_deref().unwrap_or_default()), String::new());
    let flow: Option<OidcFlow> = jar.get(ended.name()).and_then(|cookie| serde_json::from_str(cookie.value()).ok());
    let jar = jar.remove(ended);
    let done = match flow {
        Some(flow) if flow.reauthenticates => {
            let next = flow.next.clone();
            let sign_in = finish_flow(app, flow, query).await;
            return (jar, account_pages::confirm_by_provider(app, &session, &parts, &next, sign_in).await)
                .into_response();
        }
        Some(flow) => {
            let next = flow.next.clone();
            let signed_in = match finish_flow(app, flow, query).await {
                Ok(OidcSignIn { identity, authenticated_at, started_at, .. }) => {
                    run(accounts::sign_in_oidc(app.clone(), identity, started_at))
                        .await
                        .map(|authenticated| (authenticated, authenticated_at))
                }
                Err(error) => Err(error),
            };
            match signed_in {
                Ok((authenticated, authenticated_at)) => {
                    let proof = (Method::Oidc, authenticated_at);
                    welcome(&pages, &session, &authenticated, &device, proof, &next).await
                }
                Err(error) => Err(error),
            }
        }
        // Loaded again, or gone back to.
        None if signed_in_already(&session).await => Ok(Redirect::to("/dashboard").into_response()),
        None => Err(AppError::Conflict(OidcError::StateMismatch.to_string())),
    };
    let response = done.unwrap_or_else(|error| {
        security_log::sign_in_failed(Method::Oidc, &device.address, "", None, &error.to_string());
        refuse(&error, sign_in_html(app, &headers, &Next::default(), "", Some(&error)))
    });
    (jar, response).into_response()
}

/// Who has come back from the provider: each start serves one callback, whatever cookies come again.
async fn finish_flow(app: &App, flow: OidcFlow, query: CallbackQuery) -> Result<OidcSignIn, AppError> {
    let oidc = app.oidc.as_ref().ok_or(AppError::Internal)?;
    let state_hash = secret::hash(&flow.state);
    let finished = oidc.finish(flow, query, clock::now()).await;
    let identity = finished.map_err(|error| AppError::Conflict(error.to_string()))?;
    if session::use_flow(&app.db, &state_hash).await? {
        Ok(identity)
    } else {
        Err(AppError::Conflict("This sign-in was already used. Start again from here.".to_owned()))
    }
}

/// The frame of the pages of accounts.
pub fn frame(title: impl Into<String>, lead: impl Into<String>, form: AnyView, foot: AnyView) -> AnyView {
    let (title, lead) = (title.into(), lead.into());
    view! {
        <main class="mx-auto flex min-h-dvh w-full max-w-[380px] flex-col justify-center gap-6 px-5 py-10">
            <header class="flex flex-col items-center gap-3 text-center">
                <a href="/" class="inline-flex items-center gap-2 rounded-md font-semibold">
                    <BrandMark />
                    "Candor"
                </a>
                <h1 class="text-xl font-semibold tracking-tight">{title}</h1>
                <p class="text-[13px] text-muted-foreground">{lead}</p>
            </header>
            {form}
            <footer class="text-center text-[13px] text-muted-foreground">{foot}</footer>
        </main>
    }
    .into_any()
}

/// The product's mark.
#[component]
pub fn BrandMark() -> impl IntoView {
    view! {
        <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true" class="fill-primary">
            <rect width="22" height="22" rx="6" />
            <path d="M6.5 11.5l3 3 6-7" class="fill-none stroke-primary-foreground" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    }
}

fn provider(app: &App, next: &str) -> Option<AnyView> {
    let oidc = app.oidc.as_ref()?;
    let address = with_next(&format!("/auth/oidc/{CONNECTION}/start"), next);
    let label = format!("Continue with {}", oidc.label());
    let problem = oidc.problem();
    Some(
        view! {
            <div class="flex flex-col gap-4">
                <LinkButton href=address icon=IconName::KeyRound class="w-full">
                    {label}
                </LinkButton>
                {problem.map(|problem| view! { <p class="text-center text-[13px] text-status-orange-text">{problem}</p> })}
                <p class="text-center text-[12px] text-muted-foreground">"or with a password"</p>
            </div>
        }
        .into_any(),
    )
}

pub(super) fn on(error: Option<&AppError>, field: &str) -> Signal<Option<String>> {
    Signal::stored(error.and_then(|error| error.on(field)))
}

fn sign_in_html(app: &App, headers: &HeaderMap, next: &Next, email: &str, error: Option<&AppError>) -> String {
    let (email, done, next) = (email.to_owned(), next.done.clone(), destination(&next.next).to_owned());
    let forgot = app.sends_mail();
    document::render(Head::site("Sign in · Candor").themed(headers), || {
        let (email_error, password_error) = (on(error, "email"), on(error, "password"));
        let beside = Signal::stored(error.and_then(|error| error.beside(&["email", "password"])));
        let demo = app.demo.clone().map(|demo| {
            view! {
                <Alert tone=Tone::Accent icon=IconName::Info title="This is a demo">
                    "Sign in as " <strong class="font-medium">{demo.email}</strong> " with the password "
                    <code class="font-mono">{demo.password}</code>
                </Alert>
            }
        });
        let form = view! {
            <div class="flex flex-col gap-4">
                {notice(&done)} {demo} <FormError message=beside /> {provider(app, &next)}
                <form method="post" action="/sign-in" class="flex flex-col gap-4">
                    <input type="hidden" name="next" value=next.clone() />
                    <TextField label="Email" name="email" kind="email" autocomplete="username" required=true spellcheck=false value=Signal::stored(email) error=email_error />
                    <TextField label="Password" name="password" kind="password" autocomplete="current-password" required=true error=password_error />
                    {forgot.then(|| view! { <a class="-mt-2 self-start text-[13px] text-muted-foreground underline underline-offset-4" href="/forgot-password">"Forgot your password?"</a> })}
                    <Button variant=ButtonVariant::Primary submit=true class="w-full">"Sign in"</Button>
                </form>
            </div>
        };
        let foot = view! {
            "New here? " <a class="font-medium text-foreground underline underline-offset-4" href=with_next("/sign-up", &next)>"Create an account"</a>
        };
        frame("Sign in", "Manage your organization’s status page.", form.into_any(), foot.into_any())
    })
}

fn sign_up_html(app: &App, headers: &HeaderMap, next: &str, account: &NewAccount, error: Option<&AppError>) -> String {
    let (account, next) = (account.clone(), destination(next).to_owned());
    document::render(Head::site("Sign up · Candor").themed(headers), || {
        let beside = Signal::stored(error.and_then(|error| error.beside(&["name", "email", "password"])));
        let form = view! {
            <div class="flex flex-col gap-4">
                <FormError message=beside /> {provider(app, &next)}
                <form method="post" action="/sign-up" class="flex flex-col gap-4">
                    <input type="hidden" name="next" value=next.clone() />
                    <TextField label="Name" name="name" autocomplete="name" required=true maxlength=80_u32 value=Signal::stored(account.name) error=on(error, "name") />
                    <TextField label="Email" name="email" kind="email" autocomplete="username" required=true spellcheck=false value=Signal::stored(account.email) error=on(error, "email") />
                    <TextField
                        label="Password"
                        name="password"
                        kind="password"
                        autocomplete="new-password"
                        required=true
                        minlength=12_u32
                        maxlength=256_u32
                        hint=Signal::stored(Some("At least 12 characters. A few unrelated words work well.".to_owned()))
                        error=on(error, "password")
                    />
                    <Button variant=ButtonVariant::Primary submit=true class="w-full">"Create account"</Button>
                </form>
            </div>
        };
        let foot = view! {
            "Already have an account? " <a class="font-medium text-foreground underline underline-offset-4" href=with_next("/sign-in", &next)>"Sign in"</a>
        };
        frame(
            "Create your account",
            "Next you’ll set up your organization. It takes two minutes.",
            form.into_any(),
            foot.into_any(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn screens_of_the_dashboard_are_remembered() {
        for next in [
            "/dashboard",
            "/dashboard/northwind/services",
            "/dashboard/northwind/services?status=major_outage",
            "/account",
            "/account/sessions",
            "/accept-invitation?token=0123",
        ] {
            assert_eq!(destination(next), next);
        }
    }

    #[test]
    fn no_error_of_a_form_is_remembered() {
        for query in ["__path=/rpc/create_organization&__err=e30=", "status=x&__err=e30", "__path=/rpc/x"] {
            assert_eq!(destination(&format!("/dashboard/new?{query}")), "/dashboard/new", "{query}");
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for next in [
            "",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "/dashboard//evil.test",
            "/dashboard/../../evil",
            "/dashboard\r\nx: y",
            "/dashboard@evil.test",
            "javascript:alert(1)",
            "/dashboardevil",
            "/sign-out",
            "/accounting",
            "/accept-invitation",
            "/dashboard/%0d%0a",
            "\t/dashboard",
        ] {
            assert_eq!(destination(next), "/dashboard", "{next:?}");
        }
    }

    proptest! {
        #[test]
        fn a_destination_stays_here(next in "\\PC*") {
            let place = destination(&next);
            prop_assert!(["/dashboard", "/acc"].iter().any(|root| place.starts_with(root)));
        }
    }
}
