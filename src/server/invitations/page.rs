//! `/accept-invitation?token=`: a plain page that works for everybody, signed in or not.

use super::{InvitationOffer, accept, find};
use crate::{
    domain::{
        audit::Door,
        error::{AppError, Result},
    },
    server::{
        App,
        access::{
            SignedIn,
            accounts::{self, NewAccount},
            device::Device,
            pages::{AccountPages, frame},
            run,
            security_log::Method,
            session,
        },
        clock, directory,
        document::{self, Head},
        requests::ClientAddress,
    },
    ui::{Button, ButtonVariant, FormError, LinkButton, TextField},
};
use axum::{
    Extension, Form,
    extract::{FromRequest, Query, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use leptos::prelude::*;
use tower_sessions::Session;

/// The link's token.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// What the page's form sends.
#[derive(Debug, Default, serde::Deserialize)]
pub struct AcceptForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

/// `GET /accept-invitation`
pub async fn show(State(pages): State<AccountPages>, Query(token): Query<Token>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let app = &pages.app;
    let signed_in = SignedIn::from_request(app, &parts, Door::Account).await.ok();
    match find(app, &token.token).await {
        Ok(offer) => {
            let html = page(&parts.headers, &offer, &token.token, signed_in.as_ref(), &AcceptForm::default(), None);
            document::private(StatusCode::OK, html)
        }
        Err(error) => gone(&parts.headers, &error),
    }
}

fn gone(headers: &HeaderMap, error: &AppError) -> Response {
    match error {
        AppError::NotFound(_) => document::error_page(
            headers,
            StatusCode::NOT_FOUND,
            "This invitation isn’t valid",
            "It may have been accepted or revoked, have expired, or the link is incomplete. Ask the person who invited you to send it again.",
        ),
        error => directory::refusal(headers, error),
    }
}

/// `POST /accept-invitation`
pub async fn act(
    State(pages): State<AccountPages>,
    Extension(client): Extension<ClientAddress>,
    session: Session,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let form = Request::from_parts(parts.clone(), body);
    let form: AcceptForm = match <Form<AcceptForm> as FromRequest<()>>::from_request(form, &()).await {
        Ok(Form(form)) => form,
        Err(rejection) => return IntoResponse::into_response(rejection),
    };
    let app = &pages.app;
    let offer = match find(app, &form.token).await {
        Ok(offer) => offer,
        Err(error) => return gone(&headers, &error),
    };
    let signed_in = SignedIn::from_request(app, &parts, Door::Account).await.ok();
    match take(app, client, &session, &Device::of(&parts), signed_in.clone(), &offer, &form).await {
        Ok(slug) => Redirect::to(&format!("/dashboard/{slug}")).into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let html = page(&headers, &offer, &form.token, signed_in.as_ref(), &form, Some(&error));
            document::private(status, html)
        }
    }
}

async fn take(
    app: &App,
    client: ClientAddress,
    session: &Session,
    device: &Device,
    signed_in: Option<SignedIn>,
    offer: &InvitationOffer,
    form: &AcceptForm,
) -> Result<String> {
    let person = match signed_in {
        Some(person) => person,
        None => {
            let account =
                NewAccount { name: form.name.clone(), email: offer.email.clone(), password: form.password.clone() };
            let authenticated = run(accounts::sign_up_invited(app.clone(), client.0, account, offer.proof())).await?;
            session::begin(app, session, &authenticated, device, Method::Password, Some(clock::now())).await?;
            SignedIn::of_user(app, authenticated.user(), &device.address, Door::Account).await?
        }
    };
    run(accept(person, offer.clone())).await
}

fn page(
    headers: &HeaderMap,
    offer: &InvitationOffer,
    token: &str,
    signed_in: Option<&SignedIn>,
    typed: &AcceptForm,
    error: Option<&AppError>,
) -> String {
    let title = format!("Join {} · Candor", offer.name);
    let (offer, token, name) = (offer.clone(), token.to_owned(), typed.name.clone());
    let me = signed_in.map(|person| person.user().email.clone());
    document::render(Head::site(title).themed(headers), || {
        // A signal can only be made while a page is rendered.
        let on = |field: &'static str| Signal::stored(error.and_then(|error| error.on(field)));
        let (name_error, password_error) = (on("name"), on("password"));
        // An address that has an account is said beside the form: one signs in first.
        let beside = Signal::stored(error.and_then(|error| error.beside(&["name", "password"])));
        let lead = format!("{} invited {} as {}.", offer.invited_by, offer.email, offer.role.label().to_lowercase());
        let next = format!("/accept-invitation?token={token}");
        let sign_in = format!("/sign-in?next={}", next.replace('?', "%3F").replace('=', "%3D"));
        let hidden = view! { <input type="hidden" name="token" value=token /> };
        let form = match me {
            Some(me) => {
                let other = (me.to_lowercase() != offer.email.to_lowercase()).then(|| {
                    view! {
                        <p class="text-13 text-muted-foreground">
                            "You’re signed in as " <strong class="font-medium text-foreground">{me.clone()}</strong>
                            ", which isn’t the address that was invited. Accept with this account, or sign out and open the link again."
                        </p>
                    }
                });
                view! {
                    <form method="post" action="/accept-invitation" class="flex flex-col gap-4">
                        <FormError message=beside /> {hidden} {other}
                        <Button variant=ButtonVariant::Primary submit=true class="w-full">
                            {format!("Join as {me}")}
                        </Button>
                    </form>
                    <form method="post" action="/sign-out" class="mt-2 flex">
                        <Button submit=true class="w-full">
                            "Sign out"
                        </Button>
                    </form>
                }
                .into_any()
            }
            None => view! {
                <form method="post" action="/accept-invitation" class="flex flex-col gap-4">
                    <FormError message=beside /> {hidden}
                    <TextField label="Name" name="name" autocomplete="name" required=true maxlength=80_u32 value=Signal::stored(name) error=name_error />
                    <TextField
                        label="Password"
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
                        "Create account and join"
                    </Button>
                </form>
                <div class="mt-2 flex flex-col gap-2">
                    <p class="text-center text-[12px] text-muted-foreground">"or, if you already have an account"</p>
                    <LinkButton href=sign_in class="w-full">
                        "Sign in and join"
                    </LinkButton>
                </div>
            }
            .into_any(),
        };
        frame(format!("Join {}", offer.name), lead, view! { <div>{form}</div> }.into_any(), ().into_any())
    })
}
