//! What was wrong with a form that was sent without a script.
//!
//! Leptos answers such a form with a redirect to the page that it stands on, and writes the error into the address
//! (`__path` and `__err`). A screen shows what it finds there as an error of ours, and anybody can write a link. So
//! such an address is taken only from a browser that was sent there by this server a moment ago: a cookie holds a
//! hash of the error, for one page. From everybody else the browser is sent to the address without the error, which
//! leaves nothing to show for the program in the browser either.

use super::{App, access::cookies::form_error_name, config::BaseUrl};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

const PATH: &str = "__path";
const ERROR: &str = "__err";
/// How long a browser may take to follow the redirect.
const COOKIE_MAX_AGE: time::Duration = time::Duration::minutes(1);

/// The error of a server function as it stands in a query.
#[derive(Debug, PartialEq, Eq)]
struct FormError {
    path: String,
    error: String,
}

impl FormError {
    /// The query without the parameters of an error, and the error if there is a whole one. As in Leptos the last
    /// of several counts.
    fn take_from(query: &str) -> (String, Option<Self>) {
        let (mut rest, mut path, mut error) = (Vec::new(), None, None);
        for pair in query.split('&') {
            match form_urlencoded::parse(pair.as_bytes()).next() {
                Some((name, value)) if name == PATH => path = Some(value.into_owned()),
                Some((name, value)) if name == ERROR => error = Some(value.into_owned()),
                _ => rest.push(pair),
            }
        }
        let found = path.zip(error).map(|(path, error)| Self { path, error });
        (rest.join("&"), found)
    }

    fn add_to(&self, query: String) -> String {
        form_urlencoded::Serializer::new(query).append_pair(PATH, &self.path).append_pair(ERROR, &self.error).finish()
    }

    fn hash(&self) -> String {
        let hash = Sha256::new().chain_update(&self.path).chain_update([0]).chain_update(&self.error).finalize();
        BASE64_URL_SAFE_NO_PAD.encode(hash)
    }

    /// The cookie that proves it, or is removed.
    fn cookie(url: &BaseUrl, hash: String) -> Cookie<'static> {
        Cookie::build((form_error_name(url.secure()), hash))
            .path("/")
            .secure(url.secure())
            .http_only(true)
            .same_site(SameSite::Strict)
            .max_age(COOKIE_MAX_AGE)
            .build()
    }
}

/// Whether an address with this query would show an error.
pub fn are_in(query: &str) -> bool {
    FormError::take_from(query).0 != query
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Lets a screen show the error of a form only when this server has just sent the browser there.
pub async fn only_ours(State(app): State<App>, request: Request, next: Next) -> Response {
    let jar = CookieJar::from_headers(request.headers());
    let query = request.uri().query().unwrap_or_default();
    if matches!(*request.method(), Method::GET | Method::HEAD) && are_in(query) {
        let (rest, error) = FormError::take_from(query);
        let cookie = FormError::cookie(&app.url, error.map(|error| error.hash()).unwrap_or_default());
        let ours = jar.get(cookie.name()).is_some_and(|proof| proof.value() == cookie.value());
        let response = if ours {
            next.run(request).await
        } else {
            Redirect::to(&with_query(request.uri().path(), &rest)).into_response()
        };
        return (jar.remove(cookie), response).into_response();
    }
    let mut response = next.run(request).await;
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let there = response.headers().get(header::LOCATION).and_then(|there| there.to_str().ok());
    let Some((page, query)) = there.and_then(|there| there.split_once('?')) else { return response };
    // The page itself may stand at an address with an error.
    let (rest, Some(error)) = FormError::take_from(query) else { return response };
    let Ok(there) = HeaderValue::from_str(&with_query(page, &error.add_to(rest))) else { return response };
    response.headers_mut().insert(header::LOCATION, there);
    (jar.add(FormError::cookie(&app.url, error.hash())), response).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_taken_out_of_a_query() {
        let error = |path: &str, error: &str| Some(FormError { path: path.into(), error: error.into() });
        for (query, rest, found) in [
            ("", "", None),
            ("month=2026-01&a=%26", "month=2026-01&a=%26", None),
            ("__path=%2Frpc%2Fx&__err=e30%3D", "", error("/rpc/x", "e30=")),
            ("a=1&__err=old&__path=/rpc/x&__err=new&b", "a=1&b", error("/rpc/x", "new")),
            ("%5F_err=e30&a=%5F_path", "a=%5F_path", None),
            ("__path=x", "", None),
        ] {
            assert_eq!(FormError::take_from(query), (rest.to_owned(), found), "{query}");
            assert_eq!(are_in(query), query != rest, "{query}");
        }
        let error = error("/rpc/x", "e30=").expect("one");
        assert_eq!(FormError::take_from(&error.add_to("a=1".into())), ("a=1".to_owned(), Some(error)));
    }
}
