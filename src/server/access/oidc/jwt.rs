//! JSON Web Tokens that the provider gave to programs: whom one of them speaks of.
//!
//! Everything that a token says is looked at before its signature, and the provider is asked for newer keys
//! only on behalf of a token that is right in all but the signature.

use super::{ALGORITHMS, FRESH_SECONDS, LONGEST_SUBJECT, Oidc, Provider};
use crate::domain::time::Time;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use openidconnect::{
    JsonWebKey, SignatureVerificationError,
    core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use std::{str::FromStr, sync::Arc, time::Duration};

/// How long a token waits for keys that are being read.
const TIMEOUT: Duration = Duration::from_millis(500);
/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Seconds by which the provider's clock may differ from ours.
const TOLERANCE: f64 = 60.0;

/// Seconds between two questions for newer keys that tokens give rise to.
const KEYS_SECONDS: f64 = 60.0;

/// What `typ` may say. A token of another type (of a logout, of a proof) is never one to act with.
const TYPES: [&str; 4] = ["jwt", "application/jwt", "at+jwt", "application/at+jwt"];

/// What Keycloak calls its other tokens, in lower case.
const OTHER_KINDS: [&str; 4] = ["id", "refresh", "offline", "logout"];

/// Whom the tokens of programs must be meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Nobody looks at it: some providers' tokens carry none.
    Any,
    /// One that the token has to name.
    Only(String),
}

impl Audience {
    /// Whether tokens that are meant for this one are taken.
    pub fn accepts(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(only) => only == name,
        }
    }
}

impl FromStr for Audience {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("must be the audience of the provider's tokens, or * for any audience".to_owned()),
            "*" => Ok(Self::Any),
            name => Ok(Self::Only(name.to_owned())),
        }
    }
}

/// Why a token of the provider is not taken; ends a sentence for the program's maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtFault {
    /// The operator has not said which are.
    #[error("this server doesn’t accept tokens from the sign-in provider because no audience is configured")]
    Off,
    /// Longer than any real one.
    #[error("it is longer than {LONGEST_TOKEN} bytes")]
    TooLong,
    /// It cannot be read, or lacks what it has to say.
    #[error("it is not a JSON Web Token with iss, sub and exp")]
    Form,
    /// Not signed, with a shared secret, or in a way that is not supported.
    #[error("it is not signed with an accepted algorithm (RS, PS, ES256, ES384 or EdDSA)")]
    Algorithm,
    /// Its sender would have to prove to hold a key.
    #[error("it is bound to a key (cnf), which this server doesn’t support")]
    Bound,
    /// An ID token or another that is not meant to open an API (RFC 9068, section 5).
    #[error("it is an ID, refresh or logout token; send the sign-in provider’s access token instead")]
    NotAccess,
    /// Another issuer.
    #[error("its issuer (iss) is not this server’s sign-in provider")]
    Issuer,
    /// Not for this server.
    #[error("its audience (aud) is not the one configured on this server")]
    Audience,
    /// Past its time.
    #[error("it has expired (exp)")]
    Expired,
    /// Before its time.
    #[error("it is not valid yet (nbf)")]
    NotYet,
    /// It names nobody.
    #[error("its subject (sub) is empty, too long or contains control characters")]
    Subject,
    /// Signed by a key that the provider does not publish.
    #[error("it is signed with a key that the sign-in provider doesn’t publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is invalid")]
    Signature,
    /// No key could be read from the provider yet.
    #[error("the sign-in provider’s keys can’t be loaded right now; try again in a minute")]
    NoKeys,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<IgnoredAny>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    aud: Option<Named>,
    cnf: Option<IgnoredAny>,
    /// What Keycloak calls its kind.
    typ: Option<String>,
    /// Only ID tokens have these hashes (OpenID Connect Core 1.0, section 3.1.3.6 and 3.3.2.11).
    at_hash: Option<IgnoredAny>,
    c_hash: Option<IgnoredAny>,
    /// Only logout and security event tokens have events (RFC 8417).
    events: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    fn check(&self, issuer: &str, audience: &Audience, now: Time) -> Result<(), JwtFault> {
        if self.iss != issuer {
            return Err(JwtFault::Issuer);
        }
        let other = self.typ.as_deref().is_some_and(|typ| OTHER_KINDS.contains(&typ.to_ascii_lowercase().as_str()));
        if other || self.at_hash.is_some() || self.c_hash.is_some() || self.events.is_some() {
            return Err(JwtFault::NotAccess);
        }
        let meant = match &self.aud {
            None => *audience == Audience::Any,
            Some(Named::One(one)) => audience.accepts(one),
            Some(Named::Several(all)) => *audience == Audience::Any || all.iter().any(|one| audience.accepts(one)),
        };
        if !meant {
            return Err(JwtFault::Audience);
        }
        let now = now.micros() as f64 / 1e6;
        if now >= self.exp + TOLERANCE {
            return Err(JwtFault::Expired);
        }
        if self.nbf.is_some_and(|begin| now < begin - TOLERANCE) {
            return Err(JwtFault::NotYet);
        }
        if self.cnf.is_some() {
            return Err(JwtFault::Bound);
        }
        if self.sub.is_empty() || self.sub.len() > LONGEST_SUBJECT || self.sub.chars().any(char::is_control) {
            return Err(JwtFault::Subject);
        }
        Ok(())
    }
}

/// A token as it can be read without any key.
struct Jwt<'t> {
    algorithm: CoreJwsSigningAlgorithm,
    key: Option<String>,
    claims: Claims,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Jwt<'t> {
    fn read(token: &'t str) -> Result<Self, JwtFault> {
        if token.len() > LONGEST_TOKEN {
            return Err(JwtFault::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwtFault::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(JwtFault::Form)?;
        let header: Header = decoded(header)?;
        let of_a_kind = header.typ.is_none_or(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
        if !of_a_kind || header.cty.is_some() || header.crit.is_some() {
            return Err(JwtFault::Form);
        }
        let algorithm = serde_json::from_value(header.alg.into()).ok().filter(|one| ALGORITHMS.contains(one));
        Ok(Self {
            algorithm: algorithm.ok_or(JwtFault::Algorithm)?,
            key: header.kid,
            claims: decoded(claims)?,
            signed,
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtFault::Form)?,
        })
    }

    /// Whether one of these keys made the signature; which may be used for what, the keys say themselves.
    fn signed_by(&self, keys: &CoreJsonWebKeySet) -> Result<(), JwtFault> {
        let mut fault = JwtFault::UnknownKey;
        for key in keys.keys() {
            let named = key.key_id().map(|id| id.as_str());
            if self.key.is_some() && self.key.as_deref() != named {
                continue;
            }
            match key.verify_signature(&self.algorithm, self.signed.as_bytes(), &self.signature) {
                Ok(()) => return Ok(()),
                Err(SignatureVerificationError::CryptoError(_)) => fault = JwtFault::Signature,
                // Of another type, for another algorithm, or to encrypt with.
                Err(_) => {}
            }
        }
        Err(fault)
    }
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, JwtFault> {
    let json = BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtFault::Form)?;
    serde_json::from_slice(&json).map_err(|_| JwtFault::Form)
}

/// What a token of a program says, after everything about it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramToken {
    /// Whom it speaks of.
    pub subject: String,
    /// When it ends.
    pub expires_at: Time,
}

impl From<Claims> for ProgramToken {
    fn from(claims: Claims) -> Self {
        Self { subject: claims.sub, expires_at: Time::from_micros((claims.exp * 1e6) as i64) }
    }
}

impl Oidc {
    /// The provider, as the identities of its people name it.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Whom a token speaks of that a program sent, and until when, after everything about it was checked.
    ///
    /// # Errors
    /// [`JwtFault`] for everything that is not exactly as it has to be.
    pub async fn program_token(&self, token: &str, now: Time) -> Result<ProgramToken, JwtFault> {
        let audience = self.settings.api_audience.as_ref().ok_or(JwtFault::Off)?;
        let jwt = Jwt::read(token)?;
        jwt.claims.check(&self.settings.issuer, audience, now)?;
        let provider = match self.current() {
            Some(provider) => provider,
            None => self.newer(now).await.ok_or(JwtFault::NoKeys)?,
        };
        let mut signature = jwt.signed_by(&provider.keys);
        // A key that the provider has withdrawn ends to count within the hour.
        let old = now - provider.read_at > FRESH_SECONDS && !self.read_recently(now);
        if (old || signature == Err(JwtFault::UnknownKey))
            && let Some(newer) = self.newer(now).await
        {
            signature = jwt.signed_by(&newer.keys);
        }
        signature.map(|()| jwt.claims.into())
    }

    fn read_recently(&self, now: Time) -> bool {
        self.known(|known| known.tried_at.is_some_and(|tried| (0.0..KEYS_SECONDS).contains(&(now - tried))))
    }

    /// The provider as it is known after a question that is at most [`KEYS_SECONDS`] old.
    async fn newer(&self, now: Time) -> Option<Arc<Provider>> {
        if self.read_recently(now) {
            // The question may be under way; whoever asks with an unknown key does not wait for long.
            let _ = tokio::time::timeout(TIMEOUT, self.reading.lock()).await;
            return self.current();
        }
        self.read_again(now).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://id.example.com/realms/acme";
    const NOW: Time = Time::from_micros(1_793_000_010_000_000);

    fn fixture() -> Value {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/oidc/tokens.json"));
        serde_json::from_str(text).expect("JSON")
    }

    fn part(value: &Value) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn unsigned(header: &Value, claims: &Value) -> String {
        format!("{}.{}.AAAA", part(header), part(claims))
    }

    fn right() -> Value {
        json!({ "iss": ISSUER, "sub": "1", "aud": "candor", "exp": NOW.seconds() + 300 })
    }

    #[test]
    fn an_audience_is_a_name_or_a_star() {
        assert_eq!("*".parse(), Ok(Audience::Any));
        assert_eq!(" candor ".parse(), Ok(Audience::Only("candor".to_owned())));
        assert!("".parse::<Audience>().is_err());
    }

    #[test]
    fn only_signatures_by_published_keys_are_taken() {
        let fixture = fixture();
        let keys: CoreJsonWebKeySet = serde_json::from_value(fixture["keys"].clone()).expect("keys");
        for (way, token) in fixture["accepted"].as_object().expect("tokens") {
            let token = token.as_str().expect("a token");
            let jwt = Jwt::read(token).unwrap_or_else(|fault| panic!("{way}: {fault}"));
            assert_eq!(jwt.signed_by(&keys), Ok(()), "{way}");
            assert_eq!(jwt.claims.check(ISSUER, &Audience::Only("candor".to_owned()), NOW), Ok(()), "{way}");
            assert_eq!(jwt.signed_by(&CoreJsonWebKeySet::default()), Err(JwtFault::UnknownKey), "{way}");

            // The same signature under other claims.
            let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
            parts[1] = part(&right());
            let forged = parts.join(".");
            assert_eq!(
                Jwt::read(&forged).ok().map(|jwt| jwt.signed_by(&keys)),
                Some(Err(JwtFault::Signature)),
                "{way}"
            );
        }
        for (way, token) in fixture["refused"].as_object().expect("tokens") {
            let refused = Jwt::read(token.as_str().expect("a token")).err();
            assert_eq!(refused, Some(JwtFault::Algorithm), "{way}");
        }
    }

    #[test]
    fn a_key_counts_only_for_what_it_is_published_for() {
        let fixture = fixture();
        let token = fixture["accepted"]["RS256"].as_str().expect("a token");
        let jwt = Jwt::read(token).expect("a token");
        let mut key = fixture["keys"]["keys"][0].clone();
        let checked = |key: &Value| {
            let keys: CoreJsonWebKeySet = serde_json::from_value(json!({ "keys": [key] })).expect("keys");
            jwt.signed_by(&keys)
        };
        assert_eq!(checked(&key), Ok(()));
        key["alg"] = json!("RS512");
        assert_eq!(checked(&key), Err(JwtFault::UnknownKey));
        key["alg"] = json!("RS256");
        key["use"] = json!("enc");
        assert_eq!(checked(&key), Err(JwtFault::UnknownKey));
        key["use"] = json!("sig");
        key["kid"] = json!("another");
        assert_eq!(checked(&key), Err(JwtFault::UnknownKey));
    }

    #[test]
    fn claims_are_checked_one_by_one() {
        let only = Audience::Only("candor".to_owned());
        let checked = |audience: &Audience, more: Value| {
            let mut claims = right();
            claims.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            let token = unsigned(&json!({ "alg": "ES256" }), &claims);
            Jwt::read(&token).and_then(|jwt| jwt.claims.check(ISSUER, audience, NOW))
        };
        let now = NOW.seconds();
        assert_eq!(checked(&only, json!({})), Ok(()));
        assert_eq!(checked(&only, json!({ "aud": ["else", "candor"], "exp": now as f64 + 0.5, "nbf": now })), Ok(()));
        assert_eq!(checked(&only, json!({ "exp": now - 59, "nbf": now + 60 })), Ok(()), "a minute's tolerance");
        for (more, fault) in [
            (json!({ "iss": format!("{ISSUER}/") }), JwtFault::Issuer),
            (json!({ "aud": "another" }), JwtFault::Audience),
            (json!({ "aud": [] }), JwtFault::Audience),
            (json!({ "aud": null }), JwtFault::Audience),
            (json!({ "exp": now - 60 }), JwtFault::Expired),
            (json!({ "nbf": now + 61 }), JwtFault::NotYet),
            (json!({ "cnf": { "jkt": "x" } }), JwtFault::Bound),
            (json!({ "at_hash": "x" }), JwtFault::NotAccess),
            (json!({ "c_hash": "x" }), JwtFault::NotAccess),
            (json!({ "events": {} }), JwtFault::NotAccess),
            (json!({ "typ": "Logout" }), JwtFault::NotAccess),
            (json!({ "sub": "" }), JwtFault::Subject),
            (json!({ "sub": "x".repeat(256) }), JwtFault::Subject),
            (json!({ "sub": "a\nb" }), JwtFault::Subject),
            (json!({ "sub": 1 }), JwtFault::Form),
            (json!({ "exp": "tomorrow" }), JwtFault::Form),
            (json!({ "exp": null }), JwtFault::Form),
            (json!({ "aud": { "a": 1 } }), JwtFault::Form),
        ] {
            assert_eq!(checked(&only, more.clone()), Err(fault), "{more}");
        }
        assert_eq!(checked(&Audience::Any, json!({ "aud": null })), Ok(()));
        assert_eq!(checked(&Audience::Any, json!({ "aud": "another" })), Ok(()));
    }

    #[test]
    fn what_is_no_such_token_is_refused_without_asking_anybody() {
        let header = |header: Value| Jwt::read(&unsigned(&header, &right())).err();
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
            assert_eq!(header(json!({ "alg": "EdDSA", "typ": typ })), None, "{typ}");
        }
        for (wrong, fault) in [
            (json!({}), JwtFault::Form),
            (json!({ "alg": "EdDSA", "typ": "logout+jwt" }), JwtFault::Form),
            (json!({ "alg": "EdDSA", "cty": "JWT" }), JwtFault::Form),
            (json!({ "alg": "EdDSA", "crit": ["b64"], "b64": false }), JwtFault::Form),
            (json!({ "alg": "none" }), JwtFault::Algorithm),
            (json!({ "alg": "None" }), JwtFault::Algorithm),
            (json!({ "alg": "HS256" }), JwtFault::Algorithm),
            (json!({ "alg": "ES512" }), JwtFault::Algorithm),
            (json!({ "alg": "made up" }), JwtFault::Algorithm),
        ] {
            assert_eq!(header(wrong.clone()), Some(fault), "{wrong}");
        }
        for garbage in ["", ".", "..", "...", "e30.e30.", "e30.e30.e30", "a.b.c", "ÿ.ÿ.ÿ", "e30.e30.e30.e30"] {
            assert_eq!(Jwt::read(garbage).err(), Some(JwtFault::Form), "{garbage}");
        }
        assert_eq!(Jwt::read(&"a".repeat(LONGEST_TOKEN + 1)).err(), Some(JwtFault::TooLong));
    }
}
