//! Rate limits of sign-in, account mail and the dashboard, in memory. docs/OPERATING.md lists them.

use super::known_device::KnownDevice;
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{OrganizationId, UserId},
    },
    server::rest::limits::ApiLimits,
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use std::{hash::Hash, net::IpAddr, num::NonZeroU32, time::Duration};

type Limiter<K> = DefaultKeyedRateLimiter<K>;

/// The limiters of the server. "Network" is the key of [`subnet_key`].
#[derive(Debug)]
pub struct Limits {
    sign_in_network: Limiter<IpAddr>,
    sign_in_network_account: Limiter<(IpAddr, String)>,
    sign_in_account: Limiter<String>,
    sign_in_device: Limiter<KnownDevice>,
    sign_in_devices: Limiter<UserId>,
    confirmation: Limiter<UserId>,
    sign_up: Limiter<IpAddr>,
    mail_network: Limiter<IpAddr>,
    mail_person: Limiter<UserId>,
    verification: Limiter<String>,
    links: Limiter<IpAddr>,
    dashboard: Limiter<UserId>,
    slugs: Limiter<OrganizationId>,
    preview: Limiter<String>,
    search: Limiter<IpAddr>,
    /// Those of the API.
    pub api: ApiLimits,
    clock: DefaultClock,
}

fn limiter<K: Hash + Eq + Clone>(burst: u32, one_per: Duration) -> Limiter<K> {
    let quota = Quota::with_period(one_per).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
    RateLimiter::keyed(quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN)))
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            sign_in_network: limiter(30, seconds(6)),
            sign_in_network_account: limiter(10, seconds(30)),
            // Faster than what one network may try, so that a single stranger never spends it.
            sign_in_account: limiter(300, seconds(12)),
            sign_in_device: limiter(10, seconds(30)),
            sign_in_devices: limiter(30, seconds(6)),
            confirmation: limiter(10, seconds(30)),
            sign_up: limiter(20, seconds(30)),
            mail_network: limiter(10, seconds(60)),
            mail_person: limiter(3, seconds(300)),
            verification: limiter(5, seconds(2 * 3_600)),
            links: limiter(60, seconds(2)),
            dashboard: limiter(600, Duration::from_millis(50)),
            slugs: limiter(10, seconds(86_400 / 10)),
            preview: limiter(60, seconds(1)),
            search: limiter(30, seconds(2)),
            api: ApiLimits::default(),
            clock: DefaultClock::default(),
        }
    }
}

/// Whoever has one IPv6 address has the whole /64 it is in.
pub fn subnet_key(address: IpAddr) -> IpAddr {
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
    fn check<K: Hash + Eq + Clone>(&self, limiter: &Limiter<K>, key: &K) -> Result<()> {
        limiter
            .check_key(key)
            .map_err(|until| AppError::TooMany { retry_after: until.wait_time_from(self.clock.now()).as_secs() + 1 })
    }
    /// One attempt to sign in to an account from a browser that is not known. Attempts count by network, by
    /// network and account, and of all networks together by account. Only the last can be spent by others
    /// than the owner, and only by several networks together.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn sign_in(&self, address: IpAddr, account: &str) -> Result<()> {
        let network = subnet_key(address);
        self.check(&self.sign_in_network, &network)?;
        self.check(&self.sign_in_network_account, &(network, account.to_owned()))?;
        self.check(&self.sign_in_account, &account.to_owned())
    }
    /// One attempt to sign in from a browser in which somebody signed in to this account before. It does not
    /// count with attempts of others, so that they cannot lock its owner out.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn sign_in_known(&self, device: &KnownDevice) -> Result<()> {
        self.check(&self.sign_in_device, device)?;
        // A device is known after each sign-in: all of an account together are bounded too.
        self.check(&self.sign_in_devices, device.user())
    }
    /// One attempt of a signed-in person to confirm something with the password.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn confirm(&self, user: &UserId) -> Result<()> {
        self.check(&self.confirmation, user)
    }
    /// One attempt to sign up.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn sign_up(&self, address: IpAddr) -> Result<()> {
        self.check(&self.sign_up, &subnet_key(address))
    }
    /// One request to mail a link to somebody who is not signed in. How many links an account is sent is not
    /// limited here but by those that still work.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn forgotten_password(&self, address: IpAddr) -> Result<()> {
        self.check(&self.mail_network, &subnet_key(address))
    }
    /// One request of a signed-in person to mail a link to verify an address.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn mail(&self, address: IpAddr, user: &UserId) -> Result<()> {
        self.check(&self.mail_network, &subnet_key(address))?;
        self.check(&self.mail_person, user)
    }
    /// One mail with a link to verify an address, to whoever reads this mailbox: accounts of many people may
    /// claim the address.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn verification(&self, mailbox: &str) -> Result<()> {
        self.check(&self.verification, &mailbox.to_owned())
    }
    /// One use of a link that came by mail.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn link(&self, address: IpAddr) -> Result<()> {
        self.check(&self.links, &subnet_key(address))
    }
    /// One request of a signed-in person to the dashboard.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn dashboard(&self, user: &UserId) -> Result<()> {
        self.check(&self.dashboard, user)
    }
    /// One change of an organization's slug.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn change_slug(&self, organization: &OrganizationId) -> Result<()> {
        self.check(&self.slugs, organization)
    }
    /// One preview of a message: 60 at once and 60 a minute for a person, or for all programs of an organization.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn preview(&self, asker: &str) -> Result<()> {
        self.check(&self.preview, &asker.to_owned())
    }
    /// One search of the directory, which needs no account: 30 at once and 30 a minute from one network.
    ///
    /// # Errors
    /// [`AppError::TooMany`] with the time to wait.
    pub fn search(&self, address: IpAddr) -> Result<()> {
        self.check(&self.search, &subnet_key(address))
    }
    /// Forgets whoever has not tried lately, so that memory stays bounded.
    pub fn sweep(&self) {
        self.sign_in_network.retain_recent();
        self.sign_in_network_account.retain_recent();
        self.sign_in_account.retain_recent();
        self.sign_in_device.retain_recent();
        self.sign_in_devices.retain_recent();
        self.confirmation.retain_recent();
        self.sign_up.retain_recent();
        self.mail_network.retain_recent();
        self.mail_person.retain_recent();
        self.verification.retain_recent();
        self.links.retain_recent();
        self.dashboard.retain_recent();
        self.slugs.retain_recent();
        self.preview.retain_recent();
        self.search.retain_recent();
        self.api.sweep();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: &str = "ana@example.com";

    fn network(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn attempts(limits: &Limits, address: IpAddr, account: &str, most: usize) -> usize {
        (0..most).take_while(|_| limits.sign_in(address, account).is_ok()).count()
    }

    #[test]
    fn sign_in_attempts_of_one_network_on_one_account_end() {
        let limits = Limits::default();
        assert_eq!(attempts(&limits, network(1), ANA, 50), 10);
        assert!(matches!(limits.sign_in(network(1), ANA), Err(AppError::TooMany { retry_after: 1..=31 })));
        assert!(limits.sign_in(network(1), "bob@example.com").is_ok(), "another account");
        assert!(limits.sign_in(network(2), ANA).is_ok(), "another network");
    }

    /// Guessing from many networks is bounded by account, and a known device passes all the same.
    #[test]
    fn distributed_sign_in_attempts_end_but_for_known_devices() {
        let limits = Limits::default();
        let all: usize = (0..100).map(|number| attempts(&limits, network(number), ANA, 10)).sum();
        assert!((300..310).contains(&all), "{all}");
        let ana = UserId::from_random([1; 12]);
        let device = KnownDevice::fresh(&ana);
        let tries = (0..50).take_while(|_| limits.sign_in_known(&device).is_ok()).count();
        assert_eq!(tries, 10);
        assert!(limits.sign_in_known(&KnownDevice::fresh(&ana)).is_ok(), "another device");
        let more = (0..100).filter(|_| limits.sign_in_known(&KnownDevice::fresh(&ana)).is_ok()).count();
        assert!((19..23).contains(&more), "all devices of the account together: {more}");
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
