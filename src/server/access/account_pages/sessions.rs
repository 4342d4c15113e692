//! `/account/sessions`: where somebody is signed in.

use super::{DoneQuery, confirm, notice, page, to};
use crate::{
    domain::{audit::Door, error::AppError, time::Time},
    server::{
        App,
        access::{
            SignedIn,
            accounts::profile::{self, ListedSession, SessionsToEnd},
            run, session,
        },
        directory,
    },
    ui::{Badge, Button, ButtonSize, ButtonVariant, Card, Tone},
};
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use leptos::prelude::*;
use tower_sessions::Session;

/// What the forms of the page send; `what` is `one`, `others` or `all`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct SessionsForm {
    what: String,
    session: String,
}

/// `GET /account/sessions`
pub async fn sessions(State(app): State<App>, parts: Parts, Query(done): Query<DoneQuery>) -> Response {
    let found = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => profile::list_sessions(&by).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(listed) => {
            page(&parts.headers, StatusCode::OK, "Your sessions", "/account/sessions", || list(listed, &done.done))
        }
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

/// `POST /account/sessions`
pub async fn end_sessions(
    State(app): State<App>,
    session: Session,
    parts: Parts,
    Form(form): Form<SessionsForm>,
) -> Response {
    act(&app, &session, &parts, form).await.unwrap_or_else(|error| match error {
        AppError::ReauthenticationRequired => confirm::first("/account/sessions"),
        error => directory::refusal(&parts.headers, &error),
    })
}

async fn act(app: &App, session: &Session, parts: &Parts, form: SessionsForm) -> Result<Response, AppError> {
    let by = SignedIn::from_request(app, parts, Door::Account).await?;
    let (which, done) = match form.what.as_str() {
        "one" => (SessionsToEnd::One(form.session), "session"),
        "others" => (SessionsToEnd::Others, "others"),
        "all" => (SessionsToEnd::All, "everywhere"),
        _ => return Err(AppError::BadRequest("the form doesn’t say which session to end".to_owned())),
    };
    if run(profile::end_sessions(by, which)).await? {
        // The cookie goes too.
        session::end(session).await?;
        return Ok(to("/sign-in", done));
    }
    Ok(to("/account/sessions", done))
}

fn moment(at: Time) -> AnyView {
    view! { <time datetime=at.rfc3339()>{at.in_words()}</time> }.into_any()
}

fn list(listed: Vec<ListedSession>, done: &str) -> AnyView {
    let others = listed.len() > 1;
    let rows: Vec<_> = listed.into_iter().map(row).collect();
    view! {
        {notice(done)}
        <Card
            title="Where you’re signed in"
            description="Sessions expire after 14 days of inactivity, or 30 days at most."
            flush=true
        >
            <ul class="divide-y divide-border" role="list">
                {rows}
            </ul>
        </Card>
        <form method="post" action="/account/sessions" class="flex flex-wrap gap-2">
            {others
                .then(|| {
                    view! {
                        <button
                            type="submit"
                            name="what"
                            value="others"
                            class="inline-flex h-8 shrink-0 cursor-pointer items-center rounded-md border border-border bg-card px-3 text-13 font-medium text-foreground hover:bg-accent pointer-coarse:h-10"
                        >
                            "Sign out everywhere else"
                        </button>
                    }
                })}
            <button
                type="submit"
                name="what"
                value="all"
                class="inline-flex h-8 shrink-0 cursor-pointer items-center rounded-md border border-border bg-card px-3 text-13 font-medium text-foreground hover:bg-accent pointer-coarse:h-10"
            >
                "Sign out everywhere"
            </button>
        </form>
    }
    .into_any()
}

fn row(session: ListedSession) -> impl IntoView + use<> {
    let ListedSession { id, browser, address, created_at, seen_at, is_this } = session;
    let browser = if browser.is_empty() { "Unknown browser".to_owned() } else { browser };
    let name = format!("Sign out: {browser}, signed in {}", created_at.in_words());
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
            <div class="min-w-0 flex-1 basis-56">
                <p class="flex flex-wrap items-center gap-2 text-13 font-medium">
                    {browser} {is_this.then(|| view! { <Badge tone=Tone::Accent>"This session"</Badge> })}
                </p>
                <p class="text-xs break-words text-muted-foreground">
                    {(!address.is_empty()).then(|| format!("{address} · "))} "signed in " {moment(created_at)}
                    " · last seen " {moment(seen_at)}
                </p>
            </div>
            <form method="post" action="/account/sessions">
                <input type="hidden" name="what" value="one" />
                <input type="hidden" name="session" value=id />
                <Button submit=true size=ButtonSize::Small variant=ButtonVariant::Secondary aria_label=name>
                    "Sign out"
                </Button>
            </form>
        </li>
    }
}
