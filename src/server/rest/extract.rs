//! What every route shares: how a request is read and how an answer is written.

use super::problem::{ApiError, ApiResult};
use crate::{
    domain::{error::AppError, role::Allowed},
    server::{
        App,
        access::{Caller, Scope},
    },
};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, future::Future, str::FromStr};
use utoipa::ToSchema;

/// Entries on one page of a list, unless the caller wants another number.
pub const PAGE: usize = 50;
/// Most entries on one page of a list.
pub const MAX_PAGE_SIZE: usize = 200;

impl FromRequestParts<App> for Caller {
    type Rejection = Response;

    /// Whoever the gate let in.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        Self::from_bearer(app, parts).await.map_err(|error| ApiError::from(error).into_response())
    }
}

/// The body of a request: JSON whose fields are all known.
#[derive(Debug)]
pub struct StrictJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let words = "Send the body as JSON, with Content-Type: application/json.";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        let Json(body) = Json::<T>::from_bytes(&bytes)?;
        Ok(Self(body))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The query of a request, whose parameters are all known.
#[derive(Debug)]
pub struct StrictQuery<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for StrictQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::try_from_uri(&parts.uri)?;
        Ok(Self(query))
    }
}

/// Reads a field of a change that may be left out (`None`), be `null` (`Some(None)`) or have a value: for
/// `#[serde(default, deserialize_with = "extract::double_option")]`.
///
/// # Errors
/// Those of the value.
pub fn double_option<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The id in an address.
///
/// # Errors
/// 404 when it is none.
pub fn id<T: FromStr>(text: &str, noun: &str) -> ApiResult<T> {
    text.parse().map_err(|_| AppError::NotFound(noun.to_owned()).into())
}

/// The versions that a caller wants to change: the header `If-Match`.
#[derive(Debug)]
pub struct IfMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(all(&parts.headers, &header::IF_MATCH)))
    }
}

/// All values of a header that is a list.
fn all(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    headers.contains_key(name).then(|| values.join(","))
}

/// Whether a list of tags holds this one, or all.
fn etag_matches(list: &str, tag: &str) -> bool {
    list.split(',').map(str::trim).any(|item| item == "*" || item == tag)
}

/// Refuses with 412 unless what `read` finds now is what the caller saw; the scope then writes only while
/// the organization stays as it was read. Without an If-Match header `read` is not awaited.
///
/// # Errors
/// [`AppError::Changed`], and those of `read`.
pub async fn check_if_match<A: Allowed, T: Serialize>(
    seen: &IfMatch,
    scope: Scope<A>,
    read: impl Future<Output = ApiResult<T>>,
) -> ApiResult<Scope<A>> {
    let Some(wanted) = &seen.0 else { return Ok(scope) };
    // Before the reading: what is written in between is noticed when it comes to writing.
    let version = scope.version().await?;
    let now = read.await?;
    let (_, tag) = json_with_etag(&now)?;
    if !etag_matches(wanted, &tag) {
        return Err(AppError::Changed.into());
    }
    Ok(scope.if_version(version))
}

/// The JSON of an answer and its tag, which is strong: the same bytes, the same tag.
fn json_with_etag<T: Serialize>(body: &T) -> ApiResult<(Vec<u8>, String)> {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        tracing::error!(%error, "response could not be serialized as JSON");
        AppError::Internal
    })?;
    let tag = etag(&bytes);
    Ok((bytes, tag))
}

/// The tag of these bytes.
pub fn etag(bytes: &[u8]) -> String {
    let hash: String = Sha256::digest(bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hash}\"")
}

fn json_response<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let (bytes, tag) = match json_with_etag(body) {
        Ok(text) => text,
        Err(refused) => return refused.into_response(),
    };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, [(header::ETAG, tag)], bytes).into_response()
}

/// 200, with the tag of what is shown. Answers are of one caller: nobody keeps them.
pub fn json_ok<T: Serialize>(body: &T) -> Response {
    json_response(StatusCode::OK, body)
}

/// 201: what was made, and its address.
pub fn created<T: Serialize>(address: &str, body: &T) -> Response {
    let mut response = json_response(StatusCode::CREATED, body);
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// Marks an answer that holds a secret, which is shown once: it is not kept for a request that comes again.
#[derive(Debug, Clone, Copy)]
pub struct OneTimeSecret;

/// The same, never to be shown again.
#[must_use]
pub fn no_replay(mut response: Response) -> Response {
    response.extensions_mut().insert(OneTimeSecret);
    response
}

/// 204.
pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A page of a list. Send `next` as `?after=` to get the next page.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The results on this page.
    pub data: Vec<T>,
    /// Cursor of the next page. `null` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that has one page.
    pub const fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }

    /// The first `most` of a list that was read one further, with the position of the last of them.
    pub fn of<P: Serialize>(mut data: Vec<T>, most: usize, position: impl Fn(&T) -> P) -> Self {
        let more = data.len() > most;
        data.truncate(most);
        let next = data.last().filter(|_| more).map(|last| cursor(&position(last)));
        Self { data, next }
    }
}

/// The number of entries that a caller wants on a page.
///
/// # Errors
/// 422 on the field `limit`.
pub fn limit(wanted: Option<u32>) -> ApiResult<usize> {
    let most = usize::try_from(wanted.unwrap_or_default()).unwrap_or(usize::MAX);
    match wanted {
        None => Ok(PAGE),
        Some(_) if (1..=MAX_PAGE_SIZE).contains(&most) => Ok(most),
        Some(_) => Err(AppError::field("limit", format!("Must be a number from 1 to {MAX_PAGE_SIZE}.")).into()),
    }
}

/// A position in a list, as callers send it back.
pub fn cursor<T: Serialize>(position: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// The position that a cursor stands for.
///
/// # Errors
/// 422 on the field `after`.
pub fn position<T: DeserializeOwned>(cursor: &str) -> ApiResult<T> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let position = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    position.ok_or_else(|| {
        AppError::field("after", "This cursor isn’t valid for this list. Send `next` from a previous page.").into()
    })
}

/// Answers 304 to whoever has what is shown.
pub async fn etag_layer(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = all(request.headers(), &header::IF_NONE_MATCH).filter(|_| reads);
    let response = next.run(request).await;
    let Some(known) = known.filter(|_| response.status() == StatusCode::OK) else { return response };
    let tag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    // Compared weakly: a proxy that compresses makes tags weak.
    if tag.is_empty() || !etag_matches(&known.replace("W/", ""), tag) {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, axum::body::Body::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nothing_else_does() {
        assert_eq!(position::<(i64, String)>(&cursor(&(7, "x"))).expect("a cursor"), (7, "x".to_owned()));
        for wrong in ["", "x", "bnVsbA", "!", "e30"] {
            assert!(position::<(i64, String)>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pages_say_whether_more_follows() {
        let page = |count: usize| Page::of((0..count).collect(), 3, |last| *last);
        assert_eq!((page(3).data.len(), page(3).next), (3, None));
        assert_eq!((page(4).data.len(), page(4).next), (3, Some(cursor(&2))));
        assert_eq!(page(0).next, None);
        assert!(limit(None).is_ok() && limit(Some(200)).is_ok());
        assert!(limit(Some(0)).is_err() && limit(Some(201)).is_err());
    }

    #[test]
    fn tags_are_found_in_lists() {
        assert!(
            etag_matches("\"a\", \"b\"", "\"b\"") && etag_matches("*", "\"b\"") && !etag_matches("W/\"b\"", "\"b\"")
        );
    }
}
