//! `/account/confirm`: where somebody who is signed in proves that the session is theirs, before something that
//! protects the account is changed. Looking at a mailed link uses nothing up.

use crate::{
    domain::{audit::Door, error::AppError},
    server::{
        App,
        access::{
            SignedIn,
            oidc::OidcSignIn,
            pages::{CONNECTION, destination, frame, in_query, on, refuse},
            reauthentication::{self, Methods},
        },
        directory,
        document::{self, Head},
    },
    ui::{Alert, Button, ButtonVariant, FormError, IconName, LinkButton, TextField, Tone},
};
use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// What was sent, by the word that the address carries.
const LINK_SENT: &str = "link";

/// The address of the page, from where it leads on to this place.
pub(super) fn address(next: &str) -> String {
    format!("/account/confirm?next={}", in_query(destination(next)))
}

/// To this page, and from there back to the place.
pub(super) fn first(next: &str) -> Response {
    Redirect::to(&address(next)).into_response()
}

/// Where to go on to, and what was mailed.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ConfirmQuery {
    next: String,
    token: String,
    done: String,
}

/// `GET /account/confirm`
pub async fn confirm(State(app): State<App>, parts: Parts, Query(wanted): Query<ConfirmQuery>) -> Response {
    let by = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => by,
        Err(error) => return directory::refusal(&parts.headers, &error),
    };
    if !wanted.token.is_empty() {
        return match reauthentication::check_link(&by, &wanted.token).await {
            Ok(()) => document::private(StatusCode::OK, link_html(&parts.headers, &by, &wanted.next, &wanted.token)),
            Err(error) => unusable(&parts.headers, &error, &wanted.next),
        };
    }
    if by.is_recently_authenticated() {
        return Redirect::to(destination(&wanted.next)).into_response();
    }
    let sent = wanted.done == LINK_SENT;
    match reauthentication::methods(&by).await {
        Ok(methods) => document::private(StatusCode::OK, html(&parts.headers, methods, &wanted.next, None, sent)),
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

/// What the forms of the page send; `what` is `password`, `mail` or `link`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ConfirmForm {
    what: String,
    next: String,
    password: String,
    token: String,
}

/// `POST /account/confirm`
pub async fn confirm_session(
    State(app): State<App>,
    session: Session,
    parts: Parts,
    Form(form): Form<ConfirmForm>,
) -> Response {
    let by = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => by,
        Err(error) => return directory::refusal(&parts.headers, &error),
    };
    let next = destination(&form.next);
    let done = match form.what.as_str() {
        "password" => reauthentication::by_password(by, &session, "password", form.password).await.map(|_| ()),
        "link" => match reauthentication::by_link(by, &session, &form.token).await {
            Err(error @ AppError::NotFound(_)) => return unusable(&parts.headers, &error, next),
            done => done.map(|_| ()),
        },
        "mail" => match reauthentication::send_link(by, &in_query(next)).await {
            Ok(()) => return Redirect::to(&format!("{}&done={LINK_SENT}", address(next))).into_response(),
            Err(error) => Err(error),
        },
        _ => Err(AppError::BadRequest("the form doesn’t say how to confirm".to_owned())),
    };
    match done {
        Ok(()) => Redirect::to(next).into_response(),
        Err(error) => refused(&app, &parts, next, error).await,
    }
}

/// The end of a walk through the provider that was started from this page.
pub async fn by_provider(
    app: &App,
    session: &Session,
    parts: &Parts,
    next: &str,
    sign_in: Result<OidcSignIn, AppError>,
) -> Response {
    let done = async {
        let by = SignedIn::from_request(app, parts, Door::Account).await?;
        reauthentication::by_provider(by, session, sign_in?).await
    };
    match done.await {
        Ok(_) => Redirect::to(destination(next)).into_response(),
        Err(error) => refused(app, parts, next, error).await,
    }
}

/// The page again, with why nothing was confirmed.
pub async fn refused(app: &App, parts: &Parts, next: &str, error: AppError) -> Response {
    let methods = match SignedIn::from_request(app, parts, Door::Account).await {
        Ok(by) => reauthentication::methods(&by).await,
        Err(error) => Err(error),
    };
    match methods {
        Ok(methods) => refuse(&error, html(&parts.headers, methods, next, Some(&error), false)),
        Err(AppError::Unauthenticated) => Redirect::to("/sign-in").into_response(),
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

fn render(headers: &HeaderMap, lead: String, next: &str, body: impl FnOnce() -> AnyView) -> String {
    let back = destination(next).to_owned();
    document::render(Head::site("Confirm it’s you · Candor").themed(headers), || {
        let foot = view! {
            <a class="font-medium text-foreground underline underline-offset-4" href=back>
                "Go back"
            </a>
        };
        frame("Confirm it’s you", lead, body(), foot.into_any())
    })
}

fn html(headers: &HeaderMap, methods: Methods, next: &str, error: Option<&AppError>, sent: bool) -> String {
    let Methods { password, provider, mail } = methods;
    let place = destination(next).to_owned();
    let lead = "This is a sensitive action, so please confirm it’s you. We won’t ask again for ten minutes.";
    render(headers, lead.to_owned(), next, || {
        let (beside, password_error) =
            (Signal::stored(error.and_then(|error| error.beside(&["password"]))), on(error, "password"));
        let none = password.is_none() && provider.is_none() && mail.is_none();
        let sent = sent.then(|| {
            view! {
                <div role="status">
                    <Alert tone=Tone::Green icon=IconName::Mail>
                        "We sent you a link. Open it in this browser within 15 minutes."
                    </Alert>
                </div>
            }
        });
        let password = password.map(|email| {
            view! {
                <form method="post" action="/account/confirm" class="flex flex-col gap-4">
                    <input type="hidden" name="what" value="password" />
                    <input type="hidden" name="next" value=place.clone() />
                    // For password managers.
                    <input type="email" name="username" autocomplete="username" value=email hidden readonly />
                    <TextField label="Password" name="password" kind="password" autocomplete="current-password" required=true error=password_error />
                    <Button variant=ButtonVariant::Primary submit=true class="w-full">
                        "Confirm"
                    </Button>
                </form>
            }
        });
        let provider = provider.map(|label| {
            let start = format!("/auth/oidc/{CONNECTION}/start?confirm=true&next={}", in_query(&place));
            view! {
                <LinkButton href=start icon=IconName::KeyRound class="w-full">
                    {format!("Continue with {label}")}
                </LinkButton>
            }
        });
        let mail = mail.map(|email| {
            view! {
                <form method="post" action="/account/confirm" class="flex flex-col gap-2">
                    <input type="hidden" name="what" value="mail" />
                    <input type="hidden" name="next" value=place.clone() />
                    <Button submit=true class="w-full">"Email me a link"</Button>
                    <p class="text-center text-xs break-all text-muted-foreground">{format!("We’ll send it to {email}.")}</p>
                </form>
            }
        });
        let none = none.then(|| {
            view! {
                <p class="text-13 text-muted-foreground">
                    "Your account has no password and no verified email address that this server can send a link to. Ask the server’s administrator to set a password for you."
                </p>
            }
        });
        view! { <div class="flex flex-col gap-4">{sent} <FormError message=beside /> {password} {provider} {mail} {none}</div> }
            .into_any()
    })
}

fn link_html(headers: &HeaderMap, by: &SignedIn, next: &str, token: &str) -> String {
    let (place, token) = (destination(next).to_owned(), token.to_owned());
    let lead = format!("You’re signed in as {}.", by.user().email);
    render(headers, lead, next, || {
        view! {
            <form method="post" action="/account/confirm" class="flex flex-col gap-4">
                <input type="hidden" name="what" value="link" />
                <input type="hidden" name="next" value=place />
                <input type="hidden" name="token" value=token />
                <Button variant=ButtonVariant::Primary submit=true class="w-full">
                    "Yes, it’s me"
                </Button>
            </form>
        }
        .into_any()
    })
}

/// A link that confirms nothing here.
fn unusable(headers: &HeaderMap, error: &AppError, next: &str) -> Response {
    if !matches!(error, AppError::NotFound(_)) {
        return directory::refusal(headers, error);
    }
    let lead = "This link may have expired, already been used, or been requested in another browser. Open it in the browser where you requested it.";
    let again = address(next);
    let html = render(headers, lead.to_owned(), next, || {
        view! {
            <LinkButton href=again variant=ButtonVariant::Primary class="w-full">
                "Confirm another way"
            </LinkButton>
        }
        .into_any()
    });
    document::private(StatusCode::NOT_FOUND, html)
}
