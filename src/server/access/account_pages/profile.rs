//! `/account`: name, address, password, and the end of the account.

use super::{DoneQuery, confirm_again, confirm_first, notice, page, to};
use crate::{
    domain::{audit::Door, error::AppError},
    server::{
        App,
        access::{
            SignedIn,
            accounts::{
                profile::{self, AddressChange, Profile},
                recovery,
            },
            pages::{on, status},
            reauthentication, run, session,
        },
        directory,
        requests::{self, ClientAddress},
    },
    ui::{Alert, Badge, Button, ButtonVariant, Card, FormError, IconName, TextField, Tone},
};
use axum::{
    Extension, Form,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::Response,
};
use leptos::prelude::*;
use tower_sessions::Session;

/// What the forms of the page send; `what` names the form.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AccountForm {
    what: String,
    name: String,
    email: String,
    address_password: String,
    current_password: String,
    password: String,
    delete_password: String,
    delete_address: String,
}

/// `GET /account`
pub async fn account(State(app): State<App>, parts: Parts, Query(done): Query<DoneQuery>) -> Response {
    let found = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => profile::profile(&by).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(profile) => show(&app, &parts.headers, StatusCode::OK, profile, AccountForm::default(), None, &done.done),
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

/// `POST /account`
pub async fn change_account(
    State(app): State<App>,
    Extension(client): Extension<ClientAddress>,
    session: Session,
    parts: Parts,
    Form(form): Form<AccountForm>,
) -> Response {
    let by = match SignedIn::from_request(&app, &parts, Door::Account).await {
        Ok(by) => by,
        Err(error) => return directory::refusal(&parts.headers, &error),
    };
    let done = act(&app, client, &session, by.clone(), form.clone()).await;
    let error = match done {
        Ok(response) => return response,
        Err(error) => error,
    };
    match profile::profile(&by).await {
        Ok(profile) => {
            let mut response = show(&app, &parts.headers, status(Some(&error)), profile, form, Some(&error), "");
            requests::set_retry_after(response.headers_mut(), &error);
            response
        }
        Err(error) => directory::refusal(&parts.headers, &error),
    }
}

async fn act(
    app: &App,
    client: ClientAddress,
    session: &Session,
    by: SignedIn,
    form: AccountForm,
) -> Result<Response, AppError> {
    let done = match form.what.as_str() {
        "name" => run(profile::rename(by, form.name)).await.map(|()| "name")?,
        "address" => {
            let by = reauthentication::by_form(by, session, "address_password", form.address_password).await?;
            match run(profile::change_address(by, form.email)).await? {
                AddressChange::Done => "address",
                AddressChange::Waits => "address-waits",
            }
        }
        "verification" => run(recovery::send_verification(by)).await.map(|()| "verification")?,
        "keep-address" => run(profile::keep_address(by)).await.map(|()| "address-kept")?,
        "password" => {
            let by = reauthentication::by_form(by, session, "current_password", form.current_password).await?;
            run(profile::change_password(by, form.password)).await.map(|()| "password")?
        }
        "password-link" => {
            let address = by.user().email.clone();
            run(recovery::forgot(app.clone(), client.0, address)).await.map(|()| "password-link")?
        }
        "delete" => {
            let by = reauthentication::by_form(by, session, "delete_password", form.delete_password).await?;
            run(profile::delete(by, form.delete_address)).await?;
            session::end(session).await?;
            return Ok(to("/sign-in", "deleted"));
        }
        _ => return Err(AppError::BadRequest("the form doesn’t say what to change".to_owned())),
    };
    Ok(to("/account", done))
}

/// Fields of all forms of the page: what is wrong with one is said beside it.
const FIELDS: &[&str] =
    &["name", "email", "address_password", "current_password", "password", "delete_password", "delete_address"];

/// What is wrong with a form as a whole, and which form it is.
#[derive(Debug, Clone)]
struct AccountErrors {
    form: String,
    message: Option<String>,
    /// The session has to be confirmed first.
    confirm: bool,
}

/// A form of the page: its name, and what is wrong with it as a whole.
#[component]
fn PlainForm(what: &'static str, trouble: Option<AccountErrors>, children: Children) -> impl IntoView {
    let trouble = trouble.filter(|trouble| trouble.form == what);
    let confirm = trouble.as_ref().is_some_and(|trouble| trouble.confirm);
    let beside = trouble.filter(|_| !confirm).and_then(|trouble| trouble.message);
    view! {
        <form method="post" action="/account" class="flex flex-col items-start gap-4">
            <input type="hidden" name="what" value=what />
            <FormError message=Signal::stored(beside) />
            {confirm.then(|| confirm_again("/account"))}
            {children()}
        </form>
    }
}

fn show(
    app: &App,
    headers: &HeaderMap,
    status: StatusCode,
    profile: Profile,
    typed: AccountForm,
    error: Option<&AppError>,
    done: &str,
) -> Response {
    let trouble = error.map(|error| AccountErrors {
        form: typed.what.clone(),
        message: error.beside(FIELDS),
        confirm: *error == AppError::ReauthenticationRequired,
    });
    let mail = app.sends_mail();
    page(headers, status, "Your account", "/account", || {
        view! {
            {notice(done)} {name_card(&profile, &typed, error, trouble.clone())}
            {address_card(&profile, &typed, error, trouble.clone(), mail)}
            {password_card(&profile, &typed, error, trouble.clone(), mail)} {delete_card(profile, &typed, error, trouble)}
        }
        .into_any()
    })
}

/// Whether a form that needs the proof of the session can be shown: where the form itself asks for the password, when
/// the session is confirmed, or with what was typed into it.
fn is_open(profile: &Profile, typed: &AccountForm, form: &str) -> bool {
    profile.has_password || profile.recently_authenticated || typed.what == form
}

fn name_card(
    profile: &Profile,
    typed: &AccountForm,
    error: Option<&AppError>,
    trouble: Option<AccountErrors>,
) -> AnyView {
    let name_error = on(error, "name");
    let name = if typed.what == "name" { typed.name.clone() } else { profile.name.clone() };
    view! {
        <Card title="Name" description="Shown to members of your organizations, in history and in the audit log.">
            <PlainForm what="name" trouble>
                <div class="w-full max-w-sm">
                    <TextField label="Name" name="name" autocomplete="name" required=true maxlength=80_u32 value=Signal::stored(name) error=name_error />
                </div>
                <Button submit=true>"Save name"</Button>
            </PlainForm>
        </Card>
    }
    .into_any()
}

fn address_card(
    profile: &Profile,
    typed: &AccountForm,
    error: Option<&AppError>,
    trouble: Option<AccountErrors>,
    mail: bool,
) -> AnyView {
    let (new_error, password_error) = (on(error, "email"), on(error, "address_password"));
    let Profile { email, verified, waiting, has_password, .. } = profile.clone();
    let new = if typed.what == "address" { typed.email.clone() } else { String::new() };
    let state = match (verified, mail) {
        (true, _) => view! { <Badge tone=Tone::Green>"Verified"</Badge> }.into_any(),
        (false, true) => view! { <Badge tone=Tone::Yellow>"Not verified"</Badge> }.into_any(),
        // Nobody can do anything about it.
        (false, false) => ().into_any(),
    };
    let again = trouble.clone();
    let pending = match waiting {
        Some(waiting) => {
            let keep = trouble.clone();
            view! {
                <Alert tone=Tone::Blue icon=IconName::Mail title="Address change pending">
                    "Open the link we sent to " <strong class="font-medium">{waiting}</strong>
                    ". Until then, your current address stays in use."
                </Alert>
                <div class="flex flex-wrap gap-2">
                    <PlainForm what="verification" trouble=again>
                        <Button submit=true>"Resend link"</Button>
                    </PlainForm>
                    <PlainForm what="keep-address" trouble=keep>
                        <Button submit=true variant=ButtonVariant::Ghost>
                            "Keep my current address"
                        </Button>
                    </PlainForm>
                </div>
            }
            .into_any()
        }
        None if !verified && mail => view! {
            <p class="text-13 text-muted-foreground">
                "To verify this address, open the link we sent to it when you signed up. The link expires after 24 hours."
            </p>
            <PlainForm what="verification" trouble=again>
                <Button submit=true>"Resend link"</Button>
            </PlainForm>
        }
        .into_any(),
        None => ().into_any(),
    };
    let hint = mail.then(|| {
        "The change takes effect when you open the link we send there. Your current address is notified.".to_owned()
    });
    let password = has_password.then(|| {
        view! {
            <TextField label="Current password" name="address_password" kind="password" autocomplete="current-password" required=true error=password_error />
        }
    });
    let form = if is_open(profile, typed, "address") {
        view! {
                <PlainForm what="address" trouble>
                    <div class="flex w-full max-w-sm flex-col gap-4">
                        <TextField
                            label="New address"
                            name="email"
                            kind="email"
                            autocomplete="email"
                            required=true
                            spellcheck=false
                            maxlength=254_u32
                            value=Signal::stored(new)
                            hint=Signal::stored(hint)
                            error=new_error
                        />
                        {password}
                    </div>
                    <Button submit=true>"Change address"</Button>
                </PlainForm>
        }
        .into_any()
    } else {
        confirm_first("To change your address, first confirm it’s you.", "/account")
    };
    view! {
        <Card title="Email address" description="Used to sign in and to contact you about your account.">
            <div class="flex flex-col gap-4">
                <p class="flex flex-wrap items-center gap-2 text-13">
                    <span class="min-w-0 font-medium break-all">{email}</span>
                    {state}
                </p>
                {pending} {form}
            </div>
        </Card>
    }
    .into_any()
}

fn password_card(
    profile: &Profile,
    typed: &AccountForm,
    error: Option<&AppError>,
    trouble: Option<AccountErrors>,
    mail: bool,
) -> AnyView {
    let email = profile.email.clone();
    let (current_error, new_error) = (on(error, "current_password"), on(error, "password"));
    let body = match (profile.has_password, mail) {
        (true, _) => view! {
            <PlainForm what="password" trouble>
                // For password managers.
                <input type="email" name="username" autocomplete="username" value=email hidden readonly />
                <div class="flex w-full max-w-sm flex-col gap-4">
                    <TextField label="Current password" name="current_password" kind="password" autocomplete="current-password" required=true error=current_error />
                    <TextField
                        label="New password"
                        name="password"
                        kind="password"
                        autocomplete="new-password"
                        required=true
                        minlength=12_u32
                        maxlength=256_u32
                        hint=Signal::stored(Some("At least 12 characters. A few unrelated words work well.".to_owned()))
                        error=new_error
                    />
                </div>
                <Button submit=true>"Change password"</Button>
            </PlainForm>
        }
        .into_any(),
        (false, true) => view! {
            <PlainForm what="password-link" trouble>
                <p class="text-13 text-muted-foreground">
                    "You sign in through the provider and don’t have a password. To set one, request a link by email."
                </p>
                <Button submit=true>"Email me a link"</Button>
            </PlainForm>
        }
        .into_any(),
        (false, false) if is_open(profile, typed, "password") => view! {
            <PlainForm what="password" trouble>
                <p class="text-13 text-muted-foreground">"You sign in through the provider and don’t have a password yet."</p>
                // For password managers.
                <input type="email" name="username" autocomplete="username" value=email hidden readonly />
                <div class="w-full max-w-sm">
                    <TextField
                        label="New password"
                        name="password"
                        kind="password"
                        autocomplete="new-password"
                        required=true
                        minlength=12_u32
                        maxlength=256_u32
                        hint=Signal::stored(Some("At least 12 characters. A few unrelated words work well.".to_owned()))
                        error=new_error
                    />
                </div>
                <Button submit=true>"Set password"</Button>
            </PlainForm>
        }
        .into_any(),
        (false, false) => confirm_first(
            "You sign in through the provider and don’t have a password. To set one, first confirm it’s you.",
            "/account",
        ),
    };
    view! { <Card title="Password" description="Changing it signs you out everywhere else.">{body}</Card> }.into_any()
}

fn delete_card(
    profile: Profile,
    typed: &AccountForm,
    error: Option<&AppError>,
    trouble: Option<AccountErrors>,
) -> AnyView {
    let open = is_open(&profile, typed, "delete");
    let Profile { email, has_password, owned_alone, created_tokens, .. } = profile;
    let (password_error, address_error) = (on(error, "delete_password"), on(error, "delete_address"));
    let body = if owned_alone.is_empty() && !open {
        confirm_first("To delete your account, first confirm it’s you.", "/account")
    } else if owned_alone.is_empty() {
        let tokens: Vec<_> = created_tokens
            .into_iter()
            .map(|(organization, token)| view! { <li class="wrap-anywhere">{format!("{token} ({organization})")}</li> })
            .collect();
        let tokens = (!tokens.is_empty()).then(|| {
            view! {
                <div class="text-13">
                    <p class="text-muted-foreground">"These API tokens that you created for organizations will be revoked, and anything using them will stop working:"</p>
                    <ul class="list-disc pl-5" role="list">
                        {tokens}
                    </ul>
                </div>
            }
        });
        let proof = if has_password {
            view! {
                <TextField label="Current password" name="delete_password" kind="password" autocomplete="current-password" required=true error=password_error />
            }
            .into_any()
        } else {
            view! {
                <TextField
                    label=format!("Type {email} to confirm")
                    name="delete_address"
                    autocomplete="off"
                    required=true
                    spellcheck=false
                    value=Signal::stored(typed.delete_address.clone())
                    error=address_error
                />
            }
            .into_any()
        };
        view! {
            <PlainForm what="delete" trouble>
                <p class="text-13 text-muted-foreground">
                    "You will leave all your organizations and no longer be able to sign in. Your activity stays in their history under your name. This can’t be undone."
                </p>
                {tokens}
                <div class="w-full max-w-sm">{proof}</div>
                <Button submit=true variant=ButtonVariant::Destructive>
                    "Delete my account"
                </Button>
            </PlainForm>
        }
        .into_any()
    } else {
        let organizations: Vec<_> = owned_alone
            .into_iter()
            .map(|(name, slug)| {
                view! {
                    <li>
                        <a class="font-medium underline underline-offset-4" href=format!("/dashboard/{slug}/team")>
                            {name}
                        </a>
                    </li>
                }
            })
            .collect();
        let beside = trouble.filter(|trouble| trouble.form == "delete").and_then(|trouble| trouble.message);
        view! {
            <div class="flex flex-col gap-3 text-13">
                <FormError message=Signal::stored(beside) />
                <p class="text-muted-foreground">
                    "You are the only owner of these organizations. Before you can delete your account, make someone else an owner or delete the organization in its settings."
                </p>
                <ul class="list-disc pl-5" role="list">
                    {organizations}
                </ul>
            </div>
        }
        .into_any()
    };
    view! { <Card title="Delete account">{body}</Card> }.into_any()
}
