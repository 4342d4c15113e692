//! `/account/tokens`: the keys of one's own programs.

use super::{DoneQuery, confirm_again, confirm_first, notice, page, to};
use crate::{
    domain::{
        audit::Door,
        error::AppError,
        role::Role,
        token::{ApiToken, LIVES, NewToken, TokenInput},
    },
    server::{
        App,
        access::{
            SignedIn,
            pages::{on, status},
            run,
        },
        directory, tokens as verbs,
    },
    ui::{Alert, Button, ButtonSize, ButtonVariant, Card, FormError, IconName, SelectField, TextField, Tone},
};
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use leptos::prelude::*;

/// What the forms of the page send; `what` is `create` or `revoke`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct TokensForm {
    what: String,
    id: String,
    name: String,
    role: String,
    days: String,
}

/// `GET /account/tokens`
pub async fn tokens(State(app): State<App>, parts: Parts, Query(done): Query<DoneQuery>) -> Response {
    match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => {
            let typed =
                TokensForm { role: Role::Owner.as_str().to_owned(), days: "365".to_owned(), ..Default::default() };
            show(&parts, &by, typed, &Ok(None), &done.done).await
        }
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

/// `POST /account/tokens`
pub async fn change_tokens(State(app): State<App>, parts: Parts, Form(form): Form<TokensForm>) -> Response {
    let by = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => by,
        Err(error) => return directory::refusal(&parts.headers, &error),
    };
    if form.what == "revoke" {
        return match revoke(by, &form.id).await {
            Ok(()) => to("/account/tokens", "token"),
            Err(error) => directory::refusal(&parts.headers, &error),
        };
    }
    let input = TokenInput { name: form.name.clone(), role: form.role.clone(), days: form.days.clone() };
    // The one form that does not end in a redirect: no address may carry the token.
    let made = match by.clone().require_recent_authentication() {
        Ok(confirmed) => run(verbs::create_own(confirmed, input)).await.map(Some),
        Err(error) => Err(error),
    };
    show(&parts, &by, form, &made, "").await
}

async fn revoke(by: SignedIn, id: &str) -> Result<(), AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound("token".to_owned()))?;
    run(verbs::revoke_own(by, id)).await
}

async fn show(
    parts: &Parts,
    by: &SignedIn,
    typed: TokensForm,
    made: &Result<Option<NewToken>, AppError>,
    done: &str,
) -> Response {
    let listed = match verbs::list_own(by).await {
        Ok(listed) => listed,
        Err(error) => return directory::refusal(&parts.headers, &error),
    };
    let code = made.as_ref().err().map_or(StatusCode::OK, |error| status(Some(error)));
    page(&parts.headers, code, "Your API tokens", "/account/tokens", || {
        let body = match made.as_ref().err() {
            _ if !verbs::may_have_own(by) => verify_first(),
            None if !by.is_recently_authenticated() => confirm_first(TO_CONFIRM, "/account/tokens"),
            error => form(&typed, error),
        };
        view! {
            {notice(done)} {made.as_ref().ok().cloned().flatten().map(fresh)}
            <Card title="New token" description="Anything using this token acts as you in all your organizations.">
                {body}
            </Card>
            {list(listed)}
        }
        .into_any()
    })
}

/// The token, this once.
fn fresh(made: NewToken) -> AnyView {
    let NewToken { name, token, .. } = made;
    view! {
        <Alert tone=Tone::Green icon=IconName::CheckCircle title=format!("Token “{name}” created")>
            "Copy this token now. You won’t be able to see it again."
            <code class="mt-2 block rounded-md border border-border bg-background p-2 font-mono text-xs break-all text-foreground select-all">
                {token}
            </code>
        </Alert>
    }
    .into_any()
}

/// What the page says until the session is confirmed.
const TO_CONFIRM: &str = "A token gives access without a password, so please confirm it’s you first.";

/// What stands in the place of the form until the address is verified.
fn verify_first() -> AnyView {
    view! {
        <p class="text-13 text-muted-foreground">
            "Verify your email address first, in " <a class="underline underline-offset-4" href="/account">"your profile"</a>
            ". Then you can create API tokens."
        </p>
    }
    .into_any()
}

fn form(typed: &TokensForm, error: Option<&AppError>) -> AnyView {
    let again = matches!(error, Some(AppError::ReauthenticationRequired));
    let error_beside = error.filter(|_| !again);
    let (name_error, role_error, days_error) = (on(error, "name"), on(error, "role"), on(error, "days"));
    let beside = error_beside.and_then(|error| error.beside(&["name", "role", "days"]));
    let roles: Vec<_> = Role::ALL
        .iter()
        .rev()
        .map(|role| {
            let label = if *role == Role::Owner { "Same as mine" } else { role.label() };
            (role.as_str().to_owned(), label.to_owned())
        })
        .collect();
    let lives: Vec<_> = LIVES.iter().map(|(days, label)| ((*days).to_owned(), (*label).to_owned())).collect();
    let name = if error.is_some() { typed.name.clone() } else { String::new() };
    let (role, days) = (typed.role.clone(), typed.days.clone());
    view! {
            <form method="post" action="/account/tokens" class="flex flex-col items-start gap-4">
                <input type="hidden" name="what" value="create" />
                <FormError message=Signal::stored(beside) />
                {again.then(|| confirm_again("/account/tokens"))}
                <div class="flex w-full max-w-sm flex-col gap-4">
                    <TextField label="Name" name="name" required=true maxlength=60_u32 autocomplete="off" placeholder="My laptop" value=Signal::stored(name) error=name_error />
                    <SelectField
                        label="Role"
                        name="role"
                        options=Signal::stored(roles)
                        value=Signal::stored(role)
                        hint=Signal::stored(Some("A token never has more access than you do.".to_owned()))
                        error=role_error
                    />
                    <SelectField label="Expires in" name="days" options=Signal::stored(lives) value=Signal::stored(days) error=days_error />
                </div>
                <Button submit=true variant=ButtonVariant::Primary>"Create token"</Button>
            </form>
    }
    .into_any()
}

fn list(listed: Vec<ApiToken>) -> AnyView {
    if listed.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = listed.into_iter().map(row).collect();
    view! {
        <Card title="Tokens" flush=true>
            <ul class="divide-y divide-border" role="list">
                {rows}
            </ul>
        </Card>
    }
    .into_any()
}

fn row(token: ApiToken) -> impl IntoView + use<> {
    let ApiToken { id, name, role, ending, created_at, expires_at, last_used_at, .. } = token;
    let max_role = if role == Role::Owner { "same role as mine".to_owned() } else { role.label().to_lowercase() };
    let used = last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", at.in_words()));
    let ends = expires_at.map_or_else(|| "no expiration".to_owned(), |at| format!("expires {}", at.in_words()));
    let label = format!("Revoke {name}");
    view! {
        <li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
            <div class="min-w-0 flex-1 basis-56">
                <p class="flex flex-wrap items-center gap-2 text-13 font-medium wrap-anywhere">
                    {name} <code class="text-xs font-normal text-muted-foreground">{format!("cnd_…{ending}")}</code>
                </p>
                <p class="text-xs wrap-anywhere text-muted-foreground">
                    {format!("{max_role} · created {} · {used} · {ends}", created_at.in_words())}
                </p>
            </div>
            <form method="post" action="/account/tokens">
                <input type="hidden" name="what" value="revoke" />
                <input type="hidden" name="id" value=id.to_string() />
                <Button submit=true size=ButtonSize::Small aria_label=label>"Revoke"</Button>
            </form>
        </li>
    }
}
