//! The pages of one's own account: plain pages and plain forms, which work without a script. Every
//! change ends in a redirect, so that loading the page again repeats nothing.

mod confirm;
mod profile;
mod recovery;
mod sessions;
mod tokens;

pub use confirm::{by_provider as confirm_by_provider, confirm, confirm_session, refused as confirm_refused};
pub use profile::{account, change_account};
pub use recovery::{ask_for_link, forgot_password, reset, reset_password, verify, verify_email};
pub use sessions::{end_sessions, sessions};
pub use tokens::{change_tokens, tokens};

use super::pages::BrandMark;
use crate::{
    domain::error::AppError,
    server::{document, document::Head},
    ui::{Alert, IconName, LinkButton, Tone},
};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;

/// What can have been done, by the word that the address carries: nobody can make a page of ours
/// say anything else.
const NOTICES: &[(&str, &str)] = &[
    ("name", "Name updated."),
    ("address", "Email address updated. Use it to sign in from now on."),
    ("address-waits", "We sent a link to the new address. Open it to complete the change."),
    ("address-kept", "Your address was not changed. The link we sent no longer works."),
    ("verification", "We sent you a link. Open it within 24 hours to verify your address."),
    ("verified", "Your email address is verified."),
    (
        "password",
        "Password changed. You’ve been signed out everywhere else. Your API tokens still work; revoke any that someone else might have.",
    ),
    ("password-link", "We sent you a link to set a password. It can be used once and expires in an hour."),
    ("reset", "Password set. All sessions and personal API tokens were revoked. Sign in with your new password."),
    ("session", "Session signed out."),
    ("others", "You’ve been signed out everywhere else."),
    ("everywhere", "You’ve been signed out everywhere."),
    ("token", "Token revoked. Anything using it stops working immediately."),
    ("deleted", "Your account has been deleted."),
];

/// What has just been done, as an address carries it.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct DoneQuery {
    #[serde(default)]
    done: String,
}

/// The strip that says what has just been done, if anything.
pub(super) fn notice(done: &str) -> Option<AnyView> {
    let (_, words) = NOTICES.iter().find(|(word, _)| *word == done)?;
    Some(
        view! {
            <div role="status">
                <Alert tone=Tone::Green icon=IconName::Check>
                    {*words}
                </Alert>
            </div>
        }
        .into_any(),
    )
}

/// To this page, which says what has been done.
fn to(path: &str, done: &str) -> Response {
    debug_assert!(NOTICES.iter().any(|(word, _)| *word == done), "no words for {done}");
    Redirect::to(&format!("{path}?done={done}")).into_response()
}

/// What stands in the place of a form until the session is confirmed; then the person comes back.
fn confirm_first(words: &'static str, next: &'static str) -> AnyView {
    view! {
        <div class="flex flex-col items-start gap-3">
            <p class="text-13 text-muted-foreground">{words}</p>
            <LinkButton href=confirm::address(next) icon=IconName::Shield>
                "Confirm it’s you"
            </LinkButton>
        </div>
    }
    .into_any()
}

/// What stands above a form that was sent when the session had to be confirmed again. The link opens another tab, so
/// that what was typed stays.
fn confirm_again(next: &'static str) -> AnyView {
    view! {
        <Alert
            tone=Tone::Red
            icon=IconName::AlertTriangle
            urgent=true
            actions=move || {
                view! {
                    <LinkButton href=confirm::address(next) external=true>
                        "Confirm it’s you"
                    </LinkButton>
                }
            }
        >
            {AppError::ReauthenticationRequired.to_string()}
            " Then submit this form again."
        </Alert>
    }
    .into_any()
}

/// A page of the account, for somebody signed in.
fn page(
    headers: &HeaderMap,
    status: StatusCode,
    title: &'static str,
    path: &'static str,
    body: impl FnOnce() -> AnyView,
) -> Response {
    let places = [("/account", "Profile"), ("/account/sessions", "Sessions"), ("/account/tokens", "API tokens")];
    let html = document::render(Head::site(format!("{title} · Candor")).themed(headers), || {
        let links: Vec<_> = places
            .into_iter()
            .map(|(address, name)| {
                let here = address == path;
                view! {
                    <a
                        href=address
                        aria-current=here.then_some("page")
                        class="inline-flex h-8 items-center rounded-md px-2.5 text-13 font-medium text-muted-foreground hover:bg-accent hover:text-foreground aria-[current=page]:bg-accent aria-[current=page]:text-foreground pointer-coarse:h-10"
                    >
                        {name}
                    </a>
                }
            })
            .collect();
        view! {
            <div class="mx-auto flex min-h-dvh w-full max-w-[640px] flex-col gap-6 px-5 py-6">
                <header class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                    <a href="/" class="inline-flex items-center gap-2 rounded-md font-semibold">
                        <BrandMark />
                        "Candor"
                    </a>
                    <LinkButton href="/dashboard" icon=IconName::ArrowLeft>
                        "Dashboard"
                    </LinkButton>
                </header>
                <main class="flex flex-1 flex-col gap-5">
                    <div class="flex flex-col gap-3">
                        <h1 class="text-xl font-semibold tracking-tight">{title}</h1>
                        <nav class="-mx-2.5 flex flex-wrap gap-1" aria-label="Account">
                            {links}
                        </nav>
                    </div>
                    {body()}
                </main>
            </div>
        }
        .into_any()
    });
    document::private(status, html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_put_words_into_our_mouth() {
        Owner::new().with(|| {
            assert!(notice("name").is_some());
            for word in ["", "Your account is blocked, call 555", "<b>name</b>", "NAME"] {
                assert!(notice(word).is_none(), "{word:?}");
            }
        });
    }
}
