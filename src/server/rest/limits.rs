//! How much programs may ask: by token, by whose token it is, and without one by address. In memory.

use super::problem::ApiError;
use crate::{
    domain::error::AppError,
    server::{
        App,
        access::{Principal, limits::subnet_key},
        requests::ClientAddress,
    },
};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::{StateInformationMiddleware, StateSnapshot},
};
use std::{
    hash::Hash,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Requests in a minute with one token, unless the operator says otherwise.
pub const PER_MINUTE: u32 = 600;
/// Times what one token may ask, that all tokens of a person may ask together.
const PERSON_TOKENS: u32 = 2;
/// The same of an organization, whose programs are many.
const ORGANIZATION_TOKENS: u32 = 5;
/// Requests in a minute from one address that carry no token that lives.
const STRANGERS_PER_MINUTE: u32 = 120;
/// Requests in a minute from one address that read what is public.
const READERS_PER_MINUTE: u32 = 3_000;

type Limiter<K> = DefaultKeyedRateLimiter<K, StateInformationMiddleware>;

/// The limits of the API. A fifth of what is allowed in a minute may come at once.
#[derive(Debug)]
pub struct ApiLimits {
    tokens: Limiter<String>,
    persons: Limiter<Principal>,
    organizations: Limiter<Principal>,
    strangers: Limiter<IpAddr>,
    readers: Limiter<IpAddr>,
    clock: DefaultClock,
}

fn limiter<K: Hash + Eq + Clone>(per_minute: u32) -> Limiter<K> {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_minute(number(per_minute)).allow_burst(number(per_minute.div_ceil(5)));
    RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self::per_minute(PER_MINUTE)
    }
}

impl ApiLimits {
    /// So many requests in a minute with one token.
    pub fn per_minute(number: u32) -> Self {
        Self {
            tokens: limiter(number),
            persons: limiter(number.saturating_mul(PERSON_TOKENS)),
            organizations: limiter(number.saturating_mul(ORGANIZATION_TOKENS)),
            strangers: limiter(STRANGERS_PER_MINUTE),
            readers: limiter(READERS_PER_MINUTE),
            clock: DefaultClock::default(),
        }
    }

    /// One request with a token that lives. It counts for the token and for whose it is; what is told is what is spent
    /// first.
    pub(super) fn token(&self, owner: &str, principal: &Principal) -> Result<Allowance, Allowance> {
        let of_token = self.check(&self.tokens, &owner.to_owned())?;
        let shared = match principal {
            Principal::Person(_) => &self.persons,
            Principal::Organization(_) => &self.organizations,
        };
        let of_all = self.check(shared, principal)?;
        Ok(if of_all.left < of_token.left { of_all } else { of_token })
    }

    /// One request without.
    pub(super) fn unauthenticated(&self, address: IpAddr) -> Result<Allowance, Allowance> {
        self.check(&self.strangers, &subnet_key(address))
    }

    fn reader(&self, address: IpAddr) -> Result<Allowance, Allowance> {
        self.check(&self.readers, &subnet_key(address))
    }

    fn check<K: Hash + Eq + Clone>(&self, limiter: &Limiter<K>, key: &K) -> Result<Allowance, Allowance> {
        match limiter.check_key(key) {
            Ok(state) => Ok(Allowance::left(&state)),
            Err(until) => Err(Allowance::spent(&until, self.clock.now())),
        }
    }

    /// Forgets whoever has not asked lately, so that memory stays bounded.
    pub fn sweep(&self) {
        self.tokens.retain_recent();
        self.persons.retain_recent();
        self.organizations.retain_recent();
        self.strangers.retain_recent();
        self.readers.retain_recent();
    }
}

/// What somebody may ask still.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    per_minute: u64,
    at_once: u32,
    left: u32,
    /// Seconds until it is whole again, or until the next request when nothing is left.
    reset: u64,
}

impl Allowance {
    fn of(quota: Quota, left: u32, reset: u64) -> Self {
        let every = quota.replenish_interval().as_nanos().max(1);
        let per_minute = u64::try_from(60_000_000_000 / every).unwrap_or(u64::MAX);
        Self { per_minute, at_once: quota.burst_size().get(), left, reset }
    }

    fn left(state: &StateSnapshot) -> Self {
        let (quota, left) = (state.quota(), state.remaining_burst_capacity());
        let missing = quota.burst_size().get().saturating_sub(left);
        let reset = (quota.replenish_interval() * missing).as_secs_f64().ceil();
        Self::of(quota, left, reset as u64)
    }

    fn spent<P: Reference>(until: &NotUntil<P>, now: P) -> Self {
        Self::of(until.quota(), 0, until.wait_time_from(now).as_secs() + 1)
    }

    /// Says it in an answer.
    pub fn note(self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, self.at_once.into());
        headers.insert(REMAINING, self.left.into());
        headers.insert(RESET, self.reset.into());
        if let Ok(policy) = HeaderValue::from_str(&format!("{};w=60", self.per_minute)) {
            headers.insert(POLICY, policy);
        }
    }

    /// The refusal of whoever has spent it.
    pub fn refused(self) -> Response {
        let mut response = ApiError::from(AppError::TooMany { retry_after: self.reset }).into_response();
        self.note(response.headers_mut());
        response
    }
}

/// The address that a request comes from.
pub(super) fn address(request: &axum::http::Extensions) -> IpAddr {
    request.get::<ClientAddress>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |client| client.0)
}

/// For what is public: limits by address.
pub(super) async fn readers(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.limits.api.reader(address(request.extensions())) {
        Ok(allowance) => {
            let mut response = next.run(request).await;
            allowance.note(response.headers_mut());
            response
        }
        Err(spent) => spent.refused(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::ids::{OrganizationId, UserId},
        server::db::random_id,
    };

    fn person() -> Principal {
        Principal::Person(UserId::from_random(random_id()))
    }

    #[test]
    fn a_token_is_told_what_is_left() {
        let (limits, person) = (ApiLimits::per_minute(50), person());
        let left = (0..10).filter_map(|_| limits.token("a", &person).ok()).map(|allowance| allowance.left);
        assert_eq!(left.collect::<Vec<u32>>(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        let spent = limits.token("a", &person).expect_err("is refused");
        assert_eq!((spent.per_minute, spent.at_once, spent.left), (50, 10, 0));
        assert!((1..=2).contains(&spent.reset), "{spent:?}");
        let other = limits.token("b", &person).expect("another token");
        assert_eq!((other.left, other.reset), (9, 2));
    }

    /// However many tokens somebody makes, they are not served more.
    #[test]
    fn tokens_of_a_person_or_an_organization_share_a_limit() {
        let organization = Principal::Organization(OrganizationId::from_random(random_id()));
        for (principal, times) in [(person(), PERSON_TOKENS), (organization, ORGANIZATION_TOKENS)] {
            let limits = ApiLimits::per_minute(50);
            let served = (0..100).filter(|number| limits.token(&format!("token {number}"), &principal).is_ok()).count();
            assert_eq!(served, 10 * times as usize, "{principal:?}");
            let spent = limits.token("another token", &principal).expect_err("is refused");
            assert_eq!(spent.per_minute, u64::from(50 * times));
            assert!(limits.token("another token", &person()).is_ok(), "somebody else's");
        }
    }
}
