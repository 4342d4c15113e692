//! Who may try how often: per address and per account, in memory.

use crate::{
    domain::error::{AppError, Result},
    server::rest::limits::ApiLimits,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

/// The limiters of the server.
#[derive(Debug)]
pub struct Limits {
    sign_in_address: DefaultKeyedRateLimiter<IpAddr>,
    sign_in_account: DefaultKeyedRateLimiter<String>,
    sign_up: DefaultKeyedRateLimiter<IpAddr>,
    mail_address: DefaultKeyedRateLimiter<IpAddr>,
    mail_account: DefaultKeyedRateLimiter<String>,
    /// Those of the API.
    pub api: ApiLimits,
    clock: DefaultClock,
}

fn limiter<K: Hash + Eq + Clone>(burst: u32, one_per: Duration) -> DefaultKeyedRateLimiter<K> {
    let quota = Quota::with_period(one_per).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::keyed(quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in_address: limiter(30, Duration::from_secs(6)),
            sign_in_account: limiter(10, Duration::from_secs(30)),
            sign_up: limiter(20, Duration::from_secs(30)),
            mail_address: limiter(10, Duration::from_secs(60)),
            mail_account: limiter(3, Duration::from_secs(300)),
            api: ApiLimits::default(),
            clock: DefaultClock::default(),
        }
    }
}

/// Whoever has one IPv6 address has the whole /64 it is in.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let bits = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(bits.into())
        }
        other => other.to_canonical(),
    }
}

impl Limits {
    /// The same with so many requests of the API in a minute for each token.
    #[must_use]
    pub fn with_api(self, per_minute: u32) -> Self {
        Self { api: ApiLimits::per_minute(per_minute), ..self }
    }
    fn check<K: Hash + Eq + Clone>(&self, limiter: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<()> {
        limiter
            .check_key(key)
            .map_err(|until| AppError::TooMany { retry_after: until.wait_time_from(self.clock.now()).as_secs() + 1 })
    }
    /// One attempt to sign in: 30 at once and ten a minute for an address, ten at once and two a
    /// minute for an account.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn sign_in(&self, address: IpAddr, account: &str) -> Result<()> {
        self.check(&self.sign_in_address, &neighbourhood(address))?;
        self.check(&self.sign_in_account, &account.to_owned())
    }
    /// One attempt to sign up: 20 at once and two a minute for an address.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn sign_up(&self, address: IpAddr) -> Result<()> {
        self.check(&self.sign_up, &neighbourhood(address))
    }
    /// One wish that makes this server send mail about an account: ten at once and one a minute for
    /// an address, three at once and one in five minutes for an account.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn mail(&self, address: IpAddr, account: &str) -> Result<()> {
        self.check(&self.mail_address, &neighbourhood(address))?;
        self.check(&self.mail_account, &account.to_owned())
    }
    /// Forgets whoever has not tried lately, so that memory stays bounded.
    pub fn sweep(&self) {
        self.sign_in_address.retain_recent();
        self.sign_in_account.retain_recent();
        self.sign_up.retain_recent();
        self.mail_address.retain_recent();
        self.mail_account.retain_recent();
        self.api.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_end() {
        let limits = Limits::default();
        let address: IpAddr = "192.0.2.1".parse().expect("an address");
        let tries = (0..50).take_while(|_| limits.sign_in(address, "ana@example.com").is_ok()).count();
        assert_eq!(tries, 10);
        assert!(matches!(limits.sign_in(address, "ana@example.com"), Err(AppError::TooMany { retry_after: 1..=31 })));
        assert!(limits.sign_in(address, "bob@example.com").is_ok(), "another account");
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        let limits = Limits::default();
        let tries = (0..100_u16)
            .take_while(|n| limits.sign_up(IpAddr::V6([0x2001, 0xdb8, 0, 0, 0, 0, 0, *n].into())).is_ok())
            .count();
        assert_eq!(tries, 20);
    }
}
