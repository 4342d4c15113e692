//! Browsers in which somebody has signed in before, by a cookie that outlives the session. It opens nothing:
//! with it, attempts to sign in to the same account count by themselves, so that strangers who guess the
//! password cannot lock the owner out ("device cookies", OWASP).

use super::cookies;
use crate::{
    domain::ids::{UserId, id_text},
    server::clock,
};
use axum::http::HeaderMap;
use axum_extra::extract::cookie::{Cookie, Key, PrivateCookieJar, SameSite};

/// How long a browser stays known after a sign-in, in seconds: 180 days.
const KNOWN_SECONDS: i64 = 180 * 86_400;

/// A browser in which this person has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownDevice {
    user: UserId,
    /// Tells devices of one person apart.
    id: String,
}

impl KnownDevice {
    /// One that nobody has signed in with before.
    pub(super) fn fresh(user: &UserId) -> Self {
        Self { user: user.clone(), id: id_text(rand::random()) }
    }

    /// The device that these headers come from, if it is known still.
    pub fn of(headers: &HeaderMap, key: &Key, secure: bool) -> Option<Self> {
        let jar = PrivateCookieJar::from_headers(headers, key.clone());
        let cookie = jar.get(cookies::device_name(secure))?;
        let (user, rest) = cookie.value().split_once('.')?;
        let (id, ends) = rest.split_once('.')?;
        let known = Self { user: user.parse().ok()?, id: id.to_owned() };
        (ends.parse::<i64>().ok()? > clock::now().seconds()).then_some(known)
    }

    /// Whose device it is.
    pub const fn user(&self) -> &UserId {
        &self.user
    }

    /// The cookie that makes this browser known, encrypted and authenticated with the server's key.
    pub fn into_cookie(self, key: &Key, secure: bool) -> PrivateCookieJar {
        let ends = clock::now().plus_seconds(KNOWN_SECONDS).seconds();
        let cookie = Cookie::build((cookies::device_name(secure), format!("{}.{}.{ends}", self.user, self.id)))
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax)
            .max_age(time::Duration::seconds(KNOWN_SECONDS));
        PrivateCookieJar::new(key.clone()).add(cookie)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{
        http::header,
        response::{IntoResponse, Response},
    };

    fn headers(jar: PrivateCookieJar) -> HeaderMap {
        let response: Response = jar.into_response();
        let set = response.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
        let pair = set.split(';').next().expect("a pair").to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().expect("a header"))])
    }

    #[test]
    fn a_device_cookie_is_read_with_the_key_that_made_it() {
        let (key, other) = (Key::generate(), Key::generate());
        let device = KnownDevice::fresh(&UserId::from_random([7; 12]));
        for secure in [true, false] {
            let headers = headers(device.clone().into_cookie(&key, secure));
            assert_eq!(KnownDevice::of(&headers, &key, secure).as_ref(), Some(&device));
            assert_eq!(KnownDevice::of(&headers, &other, secure), None, "made with another key");
            assert_eq!(KnownDevice::of(&headers, &key, !secure), None, "another name");
        }
        for value in ["", "x", "aaaaaaaaaaaa.b.9999999999"] {
            let pair = format!("candor-device={value}").parse().expect("a header");
            assert_eq!(KnownDevice::of(&HeaderMap::from_iter([(header::COOKIE, pair)]), &key, false), None, "{value}");
        }
    }
}
