//! `Idempotency-Key`: a request that comes again, because nobody knows whether its answer was lost, is done
//! once. As the IETF's draft `idempotency-key-header` has it.
//!
//! The key is taken in the database before the request is carried out, and its first answer is kept for a day.

use super::{
    extract::{OneTimeSecret, etag},
    problem::ApiError,
    store,
};
use crate::{
    domain::{
        error::{AppError, Result},
        role::allowed,
        time::Time,
    },
    server::{
        App,
        access::{Caller, SystemScope},
        clock,
        db::SWEEP_ROWS,
        requests::MAX_BODY_BYTES,
    },
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;

const KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const MAX_KEY_LENGTH: usize = 255;
/// The longest answer that is given again.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// How long an answer is kept, in seconds.
const KEPT_SECONDS: i64 = 24 * 3_600;
/// After how many seconds a request without an answer is given up: the server that did it is gone.
const STALE_SECONDS: i64 = 60;
/// Keys of a person's tokens, or of an organization's; the oldest go.
const MAX_KEYS: i64 = 5_000;
/// Bytes of the answers kept for a person's tokens, or for an organization's. What goes beyond is not given again.
const MAX_KEPT_BYTES: i64 = 2 * 1024 * 1024;

/// A request that wants to be the one of its key.
#[derive(Debug, Clone)]
pub(super) struct IdempotencyKey {
    /// Hash of the credential.
    pub owner: String,
    /// Whose credential it is.
    pub principal: String,
    /// The caller's key.
    pub key: String,
    /// Of address and body; the method is POST.
    pub fingerprint: String,
    /// When it came.
    pub at: Time,
}

/// What is known of the request that has the key.
#[derive(Debug)]
pub(super) struct StoredResponse {
    /// Of address and body.
    pub fingerprint: String,
    /// The status of its answer; none while it is under way.
    pub status: Option<u16>,
    /// Of its answer.
    pub content_type: Option<String>,
    /// Of its answer.
    pub location: Option<String>,
    /// Of its answer.
    pub etag: Option<String>,
    /// Its answer, unless that is not to be given again.
    pub body: Option<String>,
}

/// Carries a request out, or gives the answer again that its key had.
pub(super) async fn once(app: &App, caller: &Caller, owner: String, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let key = match key(&parts) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(Request::from_parts(parts, body)).await,
        Err(refused) => return refused.into_response(),
    };
    let Ok(bytes) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large.").into_response();
    };
    let address = parts.uri.path_and_query().map_or("", |address| address.as_str());
    let fingerprint = etag(&[address.as_bytes(), b"\n".as_slice(), &bytes[..]].concat());
    let principal = caller.principal().to_string();
    let claim = IdempotencyKey { owner, principal, key, fingerprint, at: clock::now() };
    let request = Request::from_parts(parts, Body::from(bytes));
    // In a task of its own: whoever hangs up comes again, and then the answer has to be there.
    let work = execute(app.clone(), caller.clone(), claim, request, next).in_current_span();
    match tokio::spawn(work).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "idempotent request panicked");
            ApiError::from(AppError::Internal).into_response()
        }
    }
}

/// The key of a request that may have one.
fn key(parts: &Parts) -> Result<Option<String>, ApiError> {
    // A preview changes nothing.
    if parts.method != Method::POST || parts.uri.path().ends_with("/preview") {
        return Ok(None);
    }
    let mut values = parts.headers.get_all(KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()));
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => {
            let words = format!(
                "An Idempotency-Key must be 1 to {MAX_KEY_LENGTH} visible ASCII characters without spaces, sent once."
            );
            Err(ApiError::new(StatusCode::BAD_REQUEST, words))
        }
    }
}

async fn execute(app: App, caller: Caller, claim: IdempotencyKey, request: Request, next: Next) -> Response {
    match begin(&app, &caller, &claim).await {
        Ok(None) => {}
        Ok(Some(kept)) => {
            return match may_still_read(&caller, request.uri().path()).await {
                Ok(()) => again(&claim, kept),
                Err(error) => ApiError::from(error).into_response(),
            };
        }
        Err(error) => return ApiError::from(error).into_response(),
    }
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return ApiError::from(AppError::Internal).into_response();
    };
    let text = |name: &HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let once = parts.extensions.get::<OneTimeSecret>().is_some() || bytes.len() > MAX_RESPONSE_BYTES;
    let mut answer = StoredResponse {
        fingerprint: claim.fingerprint.clone(),
        status: Some(parts.status.as_u16()),
        content_type: text(&header::CONTENT_TYPE),
        location: text(&header::LOCATION),
        etag: text(&header::ETAG),
        body: String::from_utf8(bytes.to_vec()).ok().filter(|_| !once),
    };
    let passing = parts.status.is_server_error() || parts.status == StatusCode::TOO_MANY_REQUESTS;
    let ended = async {
        let mut write = app.db.write_accounts(&caller).await?;
        match passing {
            true => store::release(&mut write, &claim).await?,
            false => {
                let more = answer.body.as_ref().map_or(0, |body| i64::try_from(body.len()).unwrap_or(i64::MAX));
                if store::kept_bytes(&mut write, &claim.principal).await? + more > MAX_KEPT_BYTES {
                    answer.body = None;
                }
                store::keep(&mut write, &claim, &answer).await?;
            }
        }
        write.commit().await
    };
    if let Err(error) = ended.await {
        tracing::warn!(%error, "response of an idempotent request could not be saved");
    }
    Response::from_parts(parts, bytes.into())
}

/// Whoever may not read of the organization any more is not told what was done there either.
async fn may_still_read(caller: &Caller, path: &str) -> Result<()> {
    let below = path.strip_prefix("/api/v1/organizations/").unwrap_or_default();
    match below.split('/').next() {
        Some("") | None => Ok(()),
        Some(slug) => caller.scope::<allowed::Read>(slug).await.map(drop),
    }
}

/// Takes the key, or tells who has it.
async fn begin(app: &App, caller: &Caller, claim: &IdempotencyKey) -> Result<Option<StoredResponse>> {
    let mut write = app.db.write_accounts(caller).await?;
    let (stale, expired) = (claim.at.plus_seconds(-STALE_SECONDS), claim.at.plus_seconds(-KEPT_SECONDS));
    if store::claim(&mut write, claim, stale, expired).await? {
        store::forget_oldest(&mut write, &claim.principal, MAX_KEYS).await?;
        write.commit().await?;
        return Ok(None);
    }
    store::find(&mut write, claim).await?.map(Some).ok_or(AppError::Unavailable)
}

/// The answer to a request whose key another has.
fn again(claim: &IdempotencyKey, kept: StoredResponse) -> Response {
    if kept.fingerprint != claim.fingerprint {
        let words = "This key was already used for a different request. Use a new key for each request.";
        return ApiError::from(AppError::field("Idempotency-Key", words)).into_response();
    }
    let Some(status) = kept.status.and_then(|status| StatusCode::from_u16(status).ok()) else {
        let words = "A request with this Idempotency-Key is still in progress. Try again in a moment.";
        return ApiError::new(StatusCode::CONFLICT, words).after(1).into_response();
    };
    let mut response = match kept.body {
        Some(body) => (status, body).into_response(),
        None => {
            let words =
                "The request with this Idempotency-Key was already completed. Its response isn’t available again.";
            let mut response = ApiError::new(StatusCode::CONFLICT, words).into_response();
            set(&mut response, header::LOCATION, kept.location);
            return replayed(response);
        }
    };
    response.headers_mut().remove(header::CONTENT_TYPE);
    set(&mut response, header::CONTENT_TYPE, kept.content_type);
    set(&mut response, header::LOCATION, kept.location);
    set(&mut response, header::ETAG, kept.etag);
    set(&mut response, header::CACHE_CONTROL, Some("no-store".to_owned()));
    replayed(response)
}

fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn set(response: &mut Response, name: HeaderName, value: Option<String>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
        response.headers_mut().insert(name, value);
    }
}

/// Forgets the keys whose time is over.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    loop {
        let mut write = app.db.write_accounts(&SystemScope::job("keys of requests")).await?;
        let some = store::forget(&mut write, clock::now().plus_seconds(-KEPT_SECONDS)).await?;
        write.commit().await?;
        if some < SWEEP_ROWS {
            return Ok(());
        }
    }
}
