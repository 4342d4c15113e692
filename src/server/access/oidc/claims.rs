//! Who signed in and when, read from claims that were verified.

use super::{CLOCK_TOLERANCE_SECONDS, OidcIdentity};
use crate::domain::time::Time;
use openidconnect::{
    LocalizedClaim,
    core::{CoreIdTokenClaims, CoreUserInfoClaims},
};
use std::ops::Deref;

/// When the person last proved to the provider who they are; one of the future, beyond what clocks differ by, says
/// nothing.
pub(super) fn authenticated_at(claims: &CoreIdTokenClaims, now: Time) -> Option<Time> {
    let at = Time::from(claims.auth_time()?);
    (at - now <= CLOCK_TOLERANCE_SECONDS).then_some(at.min(now))
}

/// The person that verified claims speak of. An address and whether it is verified come from one source.
pub(super) fn identity(claims: &CoreIdTokenClaims, user_info: Option<&CoreUserInfoClaims>) -> OidcIdentity {
    let (email, verified) = match (claims.email(), user_info) {
        (None, Some(details)) => (details.email(), details.email_verified()),
        (email, _) => (email, claims.email_verified()),
    };
    let email = email.and_then(|email| filled(email));
    let name = full_name(claims.name(), claims.given_name(), claims.family_name()).or_else(|| {
        user_info.and_then(|details| full_name(details.name(), details.given_name(), details.family_name()))
    });
    OidcIdentity {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        email_verified: email.is_some() && verified == Some(true),
        email,
        name,
    }
}

fn full_name<N, G, F>(
    name: Option<&LocalizedClaim<N>>,
    given: Option<&LocalizedClaim<G>>,
    family: Option<&LocalizedClaim<F>>,
) -> Option<String>
where
    N: Deref<Target = String>,
    G: Deref<Target = String>,
    F: Deref<Target = String>,
{
    let parts =
        || [in_any_language(given), in_any_language(family)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    in_any_language(name).or_else(|| filled(&parts()))
}

fn in_any_language<T: Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> Option<String> {
    let claim = claim?;
    claim.get(None).or_else(|| claim.iter().map(|(_, text)| text).next()).and_then(|text| filled(text))
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
