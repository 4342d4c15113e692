//! `/forgot-password`, `/reset-password` and `/verify-email`: what links in mail lead to. Looking at
//! a link uses nothing up, because programs that check mail look at every link.

use super::{DoneQuery, notice, to};
use crate::{
    domain::{audit::Door, error::AppError},
    server::{
        App,
        access::{
            SignedIn,
            accounts::recovery::{self, Confirmation, MailedLink},
            pages::{AccountPages, frame, on, refuse},
            run,
        },
        directory,
        document::{self, Head},
        requests::ClientAddress,
    },
    ui::{Alert, Button, ButtonVariant, FormError, IconName, LinkButton, TextField, Tone},
};
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;

fn render(headers: &HeaderMap, title: &'static str, lead: String, body: impl FnOnce() -> AnyView) -> String {
    document::render(Head::site(format!("{title} · Candor")).themed(headers), || {
        let foot = view! {
            <a class="font-medium text-foreground underline underline-offset-4" href="/sign-in">
                "Back to sign in"
            </a>
        };
        frame(title, lead, body(), foot.into_any())
    })
}

/// What to say above a form. A signal can only be made while a page is rendered.
fn beside(error: Option<&AppError>, fields: &[&str]) -> Signal<Option<String>> {
    Signal::stored(error.and_then(|error| error.beside(fields)))
}

/// `GET /forgot-password`
pub async fn forgot_password(State(app): State<App>, headers: HeaderMap, Query(done): Query<DoneQuery>) -> Response {
    document::private(StatusCode::OK, forgot_html(&app, &headers, "", None, done.done == "password-link"))
}

/// What the form for a link sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ForgotForm {
    email: String,
}

/// `POST /forgot-password`
pub async fn ask_for_link(
    State(app): State<App>,
    Extension(client): Extension<ClientAddress>,
    headers: HeaderMap,
    Form(form): Form<ForgotForm>,
) -> Response {
    match run(recovery::forgot(app.clone(), client.0, form.email.clone())).await {
        Ok(()) => to("/forgot-password", "password-link"),
        Err(error) => refuse(&error, forgot_html(&app, &headers, &form.email, Some(&error), false)),
    }
}

fn forgot_html(app: &App, headers: &HeaderMap, typed: &str, error: Option<&AppError>, sent: bool) -> String {
    if !app.sends_mail() {
        let lead = "Email isn’t set up on this server, so it can’t send you a link. Ask the server’s administrator to set a new password for you.";
        return render(headers, "Forgot your password?", lead.to_owned(), || ().into_any());
    }
    let typed = typed.to_owned();
    let lead = "Enter your email address and we’ll send you a link to set a new password.";
    render(headers, "Forgot your password?", lead.to_owned(), || {
        let (beside, email_error) = (beside(error, &["email"]), on(error, "email"));
        let sent = sent.then(|| {
            view! {
                <div role="status">
                    <Alert tone=Tone::Green icon=IconName::Mail>
                        "If an account uses this address, we’ve sent a link, unless one was sent moments ago. It can be used once and expires in an hour. Check your spam folder too."
                    </Alert>
                </div>
            }
        });
        view! {
            <div class="flex flex-col gap-4">
                {sent} <FormError message=beside />
                <form method="post" action="/forgot-password" class="flex flex-col gap-4">
                    <TextField label="Email" name="email" kind="email" autocomplete="username" required=true spellcheck=false value=Signal::stored(typed) error=email_error />
                    <Button variant=ButtonVariant::Primary submit=true class="w-full">
                        "Send link"
                    </Button>
                </form>
            </div>
        }
        .into_any()
    })
}

/// The token of a link.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Token {
    token: String,
    done: String,
}

/// A link that opens nothing, and how to get one that does.
fn unusable(headers: &HeaderMap, error: &AppError, again: (&'static str, &'static str)) -> Response {
    if !matches!(error, AppError::NotFound(_)) {
        return directory::refusal(headers, error);
    }
    let lead = "It may have expired, already been used, been cancelled, or be incomplete.";
    let html = render(headers, "This link isn’t valid", lead.to_owned(), || {
        let (address, words) = again;
        view! {
            <LinkButton href=address variant=ButtonVariant::Primary class="w-full">
                {words}
            </LinkButton>
        }
        .into_any()
    });
    document::private(StatusCode::NOT_FOUND, html)
}

/// `GET /reset-password`
pub async fn reset_password(
    State(pages): State<AccountPages>,
    headers: HeaderMap,
    Query(link): Query<Token>,
) -> Response {
    match recovery::resetting(&pages.app, &link.token).await {
        Ok(about) => document::private(StatusCode::OK, reset_html(&headers, &link.token, about, None)),
        Err(error) => unusable(&headers, &error, ("/forgot-password", "Request a new link")),
    }
}

/// What the form for a new password sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ResetForm {
    token: String,
    password: String,
}

/// `POST /reset-password`
pub async fn reset(State(pages): State<AccountPages>, headers: HeaderMap, Form(form): Form<ResetForm>) -> Response {
    let error = match run(recovery::reset(pages.app.clone(), form.token.clone(), form.password)).await {
        // Signing in with the new password then works from here, whatever strangers try meanwhile.
        Ok(user) => return (pages.known_device(&user), to("/sign-in", "reset")).into_response(),
        Err(error) => error,
    };
    match recovery::resetting(&pages.app, &form.token).await {
        Ok(about) => refuse(&error, reset_html(&headers, &form.token, about, Some(&error))),
        Err(error) => unusable(&headers, &error, ("/forgot-password", "Request a new link")),
    }
}

fn reset_html(headers: &HeaderMap, token: &str, about: MailedLink, error: Option<&AppError>) -> String {
    let token = token.to_owned();
    let lead = format!("For {}. This signs you out everywhere and revokes your personal API tokens.", about.email);
    render(headers, "Choose a new password", lead, || {
        let (beside, password_error) = (beside(error, &["password"]), on(error, "password"));
        view! {
            <form method="post" action="/reset-password" class="flex flex-col gap-4">
                <FormError message=beside />
                <input type="hidden" name="token" value=token />
                // For password managers.
                <input type="email" name="username" autocomplete="username" value=about.email hidden readonly />
                <TextField
                    label="New password"
                    name="password"
                    kind="password"
                    autocomplete="new-password"
                    required=true
                    minlength=12_u32
                    maxlength=256_u32
                    hint=Signal::stored(Some("At least 12 characters. A few unrelated words work well.".to_owned()))
                    error=password_error
                />
                <Button variant=ButtonVariant::Primary submit=true class="w-full">
                    "Set password"
                </Button>
            </form>
        }
        .into_any()
    })
}

/// `GET /verify-email`
pub async fn verify_email(State(app): State<App>, parts: Parts, Query(link): Query<Token>) -> Response {
    let headers = &parts.headers;
    if link.done == "verified" {
        let html = render(headers, "Email verified", String::new(), || {
            view! {
                <div class="flex flex-col gap-4">
                    {notice("verified")} <LinkButton href="/dashboard" variant=ButtonVariant::Primary class="w-full">
                        "Continue to the dashboard"
                    </LinkButton>
                </div>
            }
            .into_any()
        });
        return document::private(StatusCode::OK, html);
    }
    let by = SignedIn::from_request(&app, &parts, Door::Account).await.ok();
    match recovery::verification(&app, &link.token, by.as_ref()).await {
        Ok(about) => document::private(StatusCode::OK, verify_html(headers, &link.token, about, None)),
        Err(error) => unusable(headers, &error, ("/account", "Go to your account")),
    }
}

/// What the button sends.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct VerifyForm {
    token: String,
    password: String,
}

/// `POST /verify-email`
pub async fn verify(
    State(app): State<App>,
    Extension(client): Extension<ClientAddress>,
    parts: Parts,
    Form(form): Form<VerifyForm>,
) -> Response {
    let by = SignedIn::from_request(&app, &parts, Door::Account).await.ok();
    let verified = recovery::verify(app.clone(), client.0, by.clone(), form.token.clone(), form.password);
    let error = match run(verified).await {
        Ok(()) => return to("/verify-email", "verified"),
        Err(error) => error,
    };
    match recovery::verification(&app, &form.token, by.as_ref()).await {
        Ok(about) => refuse(&error, verify_html(&parts.headers, &form.token, about, Some(&error))),
        Err(error) => unusable(&parts.headers, &error, ("/account", "Go to your account")),
    }
}

fn verify_html(headers: &HeaderMap, token: &str, about: MailedLink, error: Option<&AppError>) -> String {
    let (token, MailedLink { name, email, is_new, is_first, confirmation }) = (token.to_owned(), about);
    let lead = if is_new {
        format!("{email} will become the email address of {name}’s account.")
    } else {
        format!("Confirm that {email} is your address.")
    };
    let note = |words: &'static str| view! { <p class="text-center text-13 text-muted-foreground">{words}</p> };
    let yes = || {
        view! {
            <Button variant=ButtonVariant::Primary submit=true class="w-full">
                "Yes, this is my address"
            </Button>
        }
    };
    render(headers, "Verify your email address", lead, || {
        let (beside, password_error) = (beside(error, &["password"]), on(error, "password"));
        let ends = is_first.then(|| {
            note("To make sure nobody else has access, this signs out all other sessions and revokes the account’s personal API tokens.")
        });
        let confirm = match confirmation {
            Confirmation::Session => yes().into_any(),
            Confirmation::Password => view! {
                <TextField
                    label="Account password"
                    name="password"
                    kind="password"
                    autocomplete="current-password"
                    required=true
                    error=password_error
                />
                {yes()}
            }
            .into_any(),
            Confirmation::SignIn => view! {
                {note("Sign in to this account in this browser, the way you usually do, then open the link again.")}
                <LinkButton href="/sign-in" variant=ButtonVariant::Primary class="w-full">
                    "Sign in"
                </LinkButton>
            }
            .into_any(),
        };
        // A link to reset the password goes to the account's present address.
        let another_way = (confirmation != Confirmation::Session && !is_new).then(|| {
            view! {
                <form method="post" action="/forgot-password" class="mt-2 flex flex-col gap-2">
                    <input type="hidden" name="email" value=email />
                    {note("Forgot the password, or did someone else sign up with your address?")}
                    <Button submit=true class="w-full">
                        "Set a new password instead"
                    </Button>
                </form>
            }
        });
        view! {
            <div>
                <form method="post" action="/verify-email" class="flex flex-col gap-4">
                    <FormError message=beside />
                    <input type="hidden" name="token" value=token />
                    {note("If this isn’t your account, close this page. Nothing will change.")} {ends} {confirm}
                </form>
                {another_way}
            </div>
        }
        .into_any()
    })
}
