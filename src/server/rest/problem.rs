//! Refusals, as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) writes them: every refusal below
//! `/api/` is one, whoever refuses.

use crate::{
    domain::error::{AppError, FieldError},
    server::requests::MAX_BODY_BYTES,
};
use axum::{
    Json,
    extract::{
        Request,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The content type of a refusal.
pub const PROBLEM: &str = "application/problem+json";

/// An error ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`. The status identifies the kind of error.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: String,
    /// The reason phrase of the status.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What went wrong and what to do, in plain language.
    #[schema(example = "Enter the service's name.")]
    pub detail: String,
    /// Field errors, if any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A refusal on its way to a program.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// What a route answers.
pub type ApiResult<T> = Result<T, ApiError>;

const NO_TOKEN: &str = "Provide a valid token: Authorization: Bearer cnd_…. Create one in the organization’s settings or at /account/tokens.";

impl ApiError {
    /// A refusal that no verb makes.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The same, with the seconds after which it is worth trying again.
    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = error.retry_after();
        let detail = match &error {
            AppError::Unauthenticated => NO_TOKEN.to_owned(),
            error => error.to_string(),
        };
        let errors = match error {
            AppError::Invalid(fields) => fields.0,
            _ => Vec::new(),
        };
        Self { status, detail, errors, retry_after }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let text = rejection.body_text();
        match rejection {
            JsonRejection::JsonDataError(_) => wrong_field(&text),
            JsonRejection::MissingJsonContentType(_) => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the body with Content-Type: application/json.")
            }
            other => Self::new(other.status(), sentence(&text)),
        }
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        wrong_field(&rejection.body_text())
    }
}

/// How what serde says begins, after the path.
const SAID: &[&str] = &[
    "unknown field `",
    "missing field `",
    "duplicate field `",
    "unknown variant `",
    "invalid type: ",
    "invalid value: ",
];

/// What serde says of a field, with its path: `group.colour: unknown field `colour`, expected …`.
fn wrong_field(text: &str) -> ApiError {
    let text = text.split_once(": ").map_or(text, |(_, text)| text);
    // Where in the text it is helps nobody who did not write it by hand.
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    let (path, said) = match SAID.iter().filter_map(|words| text.find(words)).min() {
        Some(at) => text.split_at(at),
        // A path has no spaces, a sentence has.
        None => match text.split_once(": ") {
            Some((path, said)) if !path.contains(' ') => (path, said),
            _ => ("", text),
        },
    };
    let path = path.trim_end_matches([':', ' ', '?', '.']);
    let named = said.split('`').nth(1).unwrap_or_default();
    let below = |named: &str| match path {
        "" => named.to_owned(),
        path if path == named || path.ends_with(&format!(".{named}")) => path.to_owned(),
        path => format!("{path}.{named}"),
    };
    let known = |after: &str| said.split_once(after).map(|(_, known)| known.replace('`', ""));
    let (field, message) = if said.starts_with("unknown field") {
        let words = match known("expected one of ").or_else(|| known("expected ")) {
            Some(known) => format!("Unknown field. Must be one of: {known}."),
            None => "Unknown field.".to_owned(),
        };
        (below(named), words)
    } else if said.starts_with("missing field") {
        (below(named), "This field is required.".to_owned())
    } else if said.starts_with("duplicate field") {
        (below(named), "This field appears more than once.".to_owned())
    } else if said.starts_with("unknown variant") {
        let known = known("expected one of ").or_else(|| known("expected ")).unwrap_or_default();
        // The path goes down to the value.
        let field = path.strip_suffix(named).unwrap_or(path).trim_end_matches('.');
        (field.to_owned(), format!("Must be one of: {known}."))
    } else {
        (path.to_owned(), sentence(said))
    };
    AppError::field(&field, message).into()
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim().trim_end_matches('.').chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, detail, errors, retry_after } = self;
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        let problem = Problem { kind: "about:blank".to_owned(), title, status: status.as_u16(), detail, errors };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"Candor\""));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The longest text of a refusal that is taken over.
const MAX_TEXT_LENGTH: usize = 4 * 1024;

/// Below `/api/` every refusal is a problem, also those of layers and of the framework: what the answer
/// says beside its text (which methods are allowed) stays.
pub async fn refusals_are_problems(request: Request, next: Next) -> Response {
    let ours = request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let refusal = response.status().is_client_error() || response.status().is_server_error();
    if !ours || !refusal || kind.starts_with(PROBLEM) {
        return response;
    }
    let readable = kind.starts_with("text/plain") || kind.starts_with("application/json");
    let (mut parts, body) = response.into_parts();
    let text = match readable {
        true => axum::body::to_bytes(body, MAX_TEXT_LENGTH).await.unwrap_or_default(),
        false => Default::default(),
    };
    let refused = match serde_json::from_slice::<AppError>(&text) {
        Ok(error) if error.status() == parts.status.as_u16() => ApiError::from(error),
        _ => ApiError::new(parts.status, detail(parts.status, &String::from_utf8_lossy(&text))),
    };
    let (problem, body) = refused.into_response().into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::ETAG, header::LAST_MODIFIED] {
        parts.headers.remove(name);
    }
    parts.headers.extend(problem.headers);
    Response::from_parts(parts, body)
}

fn detail(status: StatusCode, text: &str) -> String {
    match status {
        StatusCode::NOT_FOUND => "There’s nothing at this URL. See /docs for all endpoints.".to_owned(),
        StatusCode::METHOD_NOT_ALLOWED => {
            "This method isn’t allowed here. See the Allow header for the methods that are.".to_owned()
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            format!("The request body is too large. The limit is {} KiB.", MAX_BODY_BYTES / 1024)
        }
        StatusCode::INTERNAL_SERVER_ERROR => AppError::Internal.to_string(),
        other if text.trim().is_empty() => format!("{}.", other.canonical_reason().unwrap_or("Rejected")),
        _ => sentence(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Outer {
        name: String,
        #[serde(default)]
        count: u32,
        #[serde(default)]
        status: Option<crate::domain::status::ServiceStatus>,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Inner {
        from: crate::domain::time::Time,
    }

    fn refused(text: &str) -> ApiError {
        Json::<Outer>::from_bytes(text.as_bytes()).expect_err("is refused").into()
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        for (text, field, words) in [
            (r#"{"name":"x","colour":"red"}"#, "colour", "Unknown field. Must be one of: name, "),
            (r#"{"name":"x","inner":[{"colour":1}]}"#, "inner[0].colour", "Unknown field. Must be one of: from."),
            (r#"{}"#, "name", "This field is required."),
            (r#"{"name":"x","inner":[{}]}"#, "inner[0].from", "This field is required."),
            (r#"{"name":"x","count":"many"}"#, "count", "Invalid type: string \"many\", expected u32."),
            (r#"{"name":"x","status":"fine"}"#, "status", "Must be one of: operational, under_maintenance, "),
            (r#"{"name":"x","status":"not so well"}"#, "status", "Must be one of: operational, under_maintenance, "),
            (r#"{"name":"x","inner":[{"from":"now"}]}"#, "inner[0].from", "A time is written as RFC 3339, "),
        ] {
            let refused = refused(text);
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
            let [error] = refused.errors.as_slice() else { panic!("one field: {refused:?}") };
            assert_eq!(error.field, field, "{text}");
            assert!(error.message.starts_with(words) && error.message.ends_with('.'), "{text}: {}", error.message);
        }
    }

    #[test]
    fn what_is_no_json_is_no_wrong_field() {
        for text in ["", "{", "name=x", r#"{"name":"x"} more"#] {
            let refused = refused(text);
            assert_eq!((refused.status, refused.errors.len()), (StatusCode::BAD_REQUEST, 0), "{text:?}");
        }
    }
}
