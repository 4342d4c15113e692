//! Signing in through an OpenID Connect provider: authorization code with PKCE, and nothing taken on trust.
//!
//! A sign-in is [`Oidc::start`], a walk through the provider's pages, and [`Oidc::finish`]. What connects
//! the two is an [`OidcFlow`], which the caller keeps in an encrypted cookie of the same browser.
//! Who somebody is, is the pair of issuer and subject; the address is only something that the provider says.

mod claims;
mod error;
mod flow;
mod http_client;
mod jwt;
#[cfg(test)]
mod tests;

use claims::{authenticated_at, identity};
pub use error::{IdTokenFault, OidcError};
pub use flow::{CallbackQuery, OidcFlow, OidcIdentity, OidcSignIn};
use http_client::{Http, HttpError};
pub use jwt::{Audience, JwtFault, ProgramToken};

use crate::domain::time::Time;
use openidconnect::{
    AccessTokenHash, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, TokenResponse, UserInfoError,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient,
        CoreClientAuthMethod, CoreErrorResponseType, CoreGrantType, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKey,
        CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType, CoreTokenResponse, CoreUserInfoClaims,
    },
    url::{Host, Url},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    error::Error,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// Seconds in which somebody has to come back from the provider.
pub const FLOW_SECONDS: i64 = 600;

/// Seconds between two attempts to read the provider's metadata and keys.
const ATTEMPT_SECONDS: f64 = 15.0;

/// Seconds after which metadata and keys are read again although nothing is wrong.
const FRESH_SECONDS: f64 = 3600.0;

/// Seconds by which the provider's clock may differ from ours where it says when somebody signed in.
const CLOCK_TOLERANCE_SECONDS: f64 = 60.0;

/// The longest answer that is read from a provider, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// The longest subject that the specification allows.
const LONGEST_SUBJECT: usize = 255;

/// Signatures with a public key, as far as they can be checked. Those with a shared secret are left out:
/// whoever learns the client secret could sign in as anybody.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How this server is known to a provider.
#[derive(Clone)]
pub struct OidcSettings {
    /// The provider, exactly as it spells itself.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// The secret that the provider gave; none for a public client.
    pub client_secret: Option<String>,
    /// What the sign-in button calls the provider.
    pub label: String,
    /// Whom its tokens for programs must be meant for; none are taken without it.
    pub api_audience: Option<Audience>,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct OidcSettingError {
    /// The setting's name in the environment.
    pub name: &'static str,
    /// What is wrong and what is allowed.
    pub problem: String,
}

/// What RFC 9207 adds to a provider's metadata.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct IssuerInAnswers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for IssuerInAnswers {}

type Metadata = ProviderMetadata<
    IssuerInAnswers,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// What is known about the provider, at one moment.
struct Provider {
    client: Client,
    keys: CoreJsonWebKeySet,
    issuer: String,
    client_id: ClientId,
    names_itself: bool,
    read_at: Time,
}

impl Provider {
    /// # Errors
    /// A sentence for the log when this metadata cannot be used.
    fn new(
        metadata: Metadata,
        settings: &OidcSettings,
        issuer: &IssuerUrl,
        redirect: &RedirectUrl,
        now: Time,
    ) -> Result<Self, String> {
        if metadata.issuer() != issuer {
            return Err(wrong_issuer(metadata.issuer(), issuer));
        }
        let Some(token_endpoint) = metadata.token_endpoint().cloned() else {
            return Err("the provider has no token endpoint, so it can't use the authorization code flow".to_owned());
        };
        let addresses = [
            Some(metadata.authorization_endpoint().url()),
            Some(token_endpoint.url()),
            Some(metadata.jwks_uri().url()),
        ];
        let user_info = metadata.userinfo_endpoint().map(|endpoint| endpoint.url());
        if let Some(plain) = addresses
            .into_iter()
            .chain([user_info])
            .flatten()
            .find(|url| url.scheme() != "https" && url.scheme() != issuer.url().scheme())
        {
            return Err(format!("the provider's URL `{plain}` must use https, like its issuer"));
        }
        // Basic is what every provider must understand when it does not say anything.
        let authentication = match metadata.token_endpoint_auth_methods_supported() {
            Some(methods)
                if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                    && methods.contains(&CoreClientAuthMethod::ClientSecretPost) =>
            {
                AuthType::RequestBody
            }
            _ => AuthType::BasicAuth,
        };
        let names_itself =
            metadata.additional_metadata().authorization_response_iss_parameter_supported.unwrap_or_default();
        let (client_id, keys) = (ClientId::new(settings.client_id.clone()), metadata.jwks().clone());
        let client_secret = settings.client_secret.clone().map(ClientSecret::new);
        let client = CoreClient::from_provider_metadata(metadata, client_id.clone(), client_secret)
            .set_token_uri(token_endpoint)
            .set_redirect_uri(redirect.clone())
            .set_auth_type(authentication);
        Ok(Self { client, keys, issuer: issuer.to_string(), client_id, names_itself, read_at: now })
    }

    /// RFC 9207: an answer that names its sender cannot be another provider's answer.
    fn check_sender(&self, iss: Option<&str>) -> Result<(), OidcError> {
        match iss {
            Some(iss) if iss == self.issuer => Ok(()),
            None if !self.names_itself => Ok(()),
            _ => Err(OidcError::IssuerMismatch),
        }
    }

    /// The claims of an ID token, after everything about it was checked but the access token beside it.
    fn verified<'t>(
        &self,
        id_token: &'t CoreIdToken,
        nonce: &Nonce,
        now: Time,
    ) -> Result<&'t CoreIdTokenClaims, (IdTokenFault, String)> {
        let moment = now.utc();
        let verifier = self.client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || moment);
        let claims = id_token.claims(&verifier, nonce).map_err(|error| (fault(&error), with_causes(&error)))?;
        if let Some(party) = claims.authorized_party()
            && *party != self.client_id
        {
            return Err((IdTokenFault::Audience, format!("the authorized party is `{}`", party.as_str())));
        }
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return Err((
                IdTokenFault::Subject,
                "the subject is empty, too long or contains control characters".to_owned(),
            ));
        }
        Ok(claims)
    }

    /// Whether the access token is the one that the ID token was issued with, where it says so.
    fn belongs_together(
        &self,
        id_token: &CoreIdToken,
        claims: &CoreIdTokenClaims,
        answer: &CoreTokenResponse,
    ) -> Result<(), (IdTokenFault, String)> {
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let form = |error: String| (IdTokenFault::Form, error);
        let verifier = self.client.id_token_verifier();
        let algorithm = id_token.signing_alg().map_err(|error| form(error.to_string()))?;
        let key = id_token.signing_key(&verifier).map_err(|error| form(error.to_string()))?;
        let found = AccessTokenHash::from_token(answer.access_token(), algorithm, key)
            .map_err(|error| form(error.to_string()))?;
        if found == *expected {
            Ok(())
        } else {
            Err((IdTokenFault::AccessToken, "at_hash belongs to a different access token".to_owned()))
        }
    }
}

/// What is known, and how the last attempt to know more went.
#[derive(Default)]
struct CachedProvider {
    provider: Option<Arc<Provider>>,
    failure: Option<(OidcError, String)>,
    tried_at: Option<Time>,
}

/// One provider to sign in with.
pub struct Oidc {
    settings: OidcSettings,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    http: Http,
    known: RwLock<CachedProvider>,
    /// Held by whoever is reading metadata and keys, so that all others wait for the same answer.
    reading: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("issuer", &self.settings.issuer)
            .field("ready", &self.ready())
            .finish_non_exhaustive()
    }
}

impl Oidc {
    /// Takes the settings; asks the provider nothing yet.
    ///
    /// # Errors
    /// [`OidcSettingError`] with the name of the setting that cannot be used.
    pub fn new(settings: OidcSettings, redirect: String) -> Result<Self, OidcSettingError> {
        let wrong = |name, problem: &str| OidcSettingError { name, problem: problem.to_owned() };
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| {
            wrong("OIDC_ISSUER", &format!("must be a URL such as https://id.example.com: {error}."))
        })?;
        let url = issuer.url();
        let local = is_loopback(url);
        if url.host().is_none() || !(url.scheme() == "https" || url.scheme() == "http" && local) {
            return Err(wrong("OIDC_ISSUER", "must start with https:// (http:// is only allowed for localhost)."));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("OIDC_ISSUER", "must not contain a username, password, `?` or `#`."));
        }
        if settings.client_id.trim().is_empty() {
            return Err(wrong(
                "OIDC_CLIENT_ID",
                "is empty. Set it to the client ID that the provider gave this server.",
            ));
        }
        if settings.client_secret.as_ref().is_some_and(|secret| secret.trim().is_empty()) {
            return Err(wrong(
                "OIDC_CLIENT_SECRET",
                "is empty. Leave it unset if the provider didn’t give you a secret.",
            ));
        }
        let redirect = RedirectUrl::new(redirect)
            .map_err(|error| wrong("CANDOR_URL", &format!("can’t be used to build the redirect URL: {error}.")))?;
        let http = Http::new(url.scheme() == "https", local)
            .map_err(|error| wrong("OIDC_ISSUER", &format!("can’t be requested: {}.", with_causes(&error))))?;
        Ok(Self { settings, issuer, redirect, http, known: RwLock::default(), reading: tokio::sync::Mutex::default() })
    }

    /// What the sign-in button calls the provider.
    pub fn label(&self) -> &str {
        &self.settings.label
    }

    /// Whether a sign-in can be started without asking the provider first.
    pub fn ready(&self) -> bool {
        self.known(|known| known.provider.is_some())
    }

    /// What to say beside the button while the provider cannot be used.
    pub fn problem(&self) -> Option<String> {
        let label = self.label();
        self.known(|known| match (&known.provider, &known.failure) {
            (Some(_), _) => None,
            (None, None) => Some(format!("Sign-in with {label} is starting up. Try again in a moment.")),
            (None, Some((OidcError::Unreachable, _))) => Some(format!(
                "Sign-in with {label} isn’t available right now because the provider can’t be reached. The server keeps trying."
            )),
            (None, Some(_)) => Some(format!(
                "Sign-in with {label} isn’t set up correctly. The server’s administrator can find the reason in the server log."
            )),
        })
    }

    /// Reads the provider's metadata and keys, unless they are fresh or an attempt was made just now.
    ///
    /// A failure is kept for [`Oidc::problem`] and logged; what was known before stays in use.
    pub async fn discover(&self, now: Time) {
        if self.current().is_none_or(|provider| now - provider.read_at > FRESH_SECONDS) {
            // The failure is kept, and nobody is waiting for the answer.
            let _ = self.read_again(now).await;
        }
    }

    /// Where to send the browser, and what to remember until it is back.
    ///
    /// `next` is carried along untouched: the caller decides where it may lead.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] and [`OidcError::Misconfigured`].
    pub async fn start(&self, next: String, now: Time) -> Result<(String, OidcFlow), OidcError> {
        self.begin(next, false, now).await
    }

    /// The same for somebody who is signed in here already and confirms the session: the provider has to ask them
    /// again, and to say when they answered (`prompt=login`, `max_age=0`, `auth_time`).
    ///
    /// # Errors
    /// As [`Oidc::start`].
    pub async fn start_reauthentication(&self, next: String, now: Time) -> Result<(String, OidcFlow), OidcError> {
        self.begin(next, true, now).await
    }

    async fn begin(&self, next: String, reauthenticates: bool, now: Time) -> Result<(String, OidcFlow), OidcError> {
        let provider = self.provider(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = provider
            .client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge);
        if reauthenticates {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        let (url, state, nonce) = request.url();
        let flow = OidcFlow {
            issuer: self.settings.issuer.clone(),
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.into_secret(),
            next,
            reauthenticates,
            started_at: now,
        };
        Ok((url.into(), flow))
    }

    /// Who has come back from the provider.
    ///
    /// # Errors
    /// [`OidcError`] for everything that is not exactly as it has to be.
    pub async fn finish(&self, flow: OidcFlow, query: CallbackQuery, now: Time) -> Result<OidcSignIn, OidcError> {
        if now - flow.started_at > FLOW_SECONDS as f64 || flow.issuer != self.settings.issuer {
            return Err(OidcError::Expired);
        }
        // Before anything else that the query says: it may be anybody's.
        if !query.state.as_deref().is_some_and(|state| same(state, &flow.state)) {
            return Err(OidcError::StateMismatch);
        }
        let provider = self.provider(now).await?;
        provider.check_sender(query.iss.as_deref())?;
        if let Some(error) = query.error.as_deref() {
            return Err(self.refused_by_the_provider(error, query.error_description.as_deref()));
        }
        let code = query.code.filter(|code| !code.is_empty()).ok_or(OidcError::Incomplete)?;

        let answer = provider
            .client
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(flow.pkce_verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| self.token_refused(&error))?;
        let id_token = answer.id_token().ok_or(OidcError::NoIdToken)?;
        let nonce = Nonce::new(flow.nonce);
        let (provider, claims) = match provider.verified(id_token, &nonce, now) {
            Err((fault, _)) if fault.may_be_a_new_key() => {
                let newer = self.read_again(now).await?;
                let claims = newer.verified(id_token, &nonce, now).map_err(|fault| self.id_token_refused(fault))?;
                (newer, claims)
            }
            checked => (provider, checked.map_err(|fault| self.id_token_refused(fault))?),
        };
        provider.belongs_together(id_token, claims, &answer).map_err(|fault| self.id_token_refused(fault))?;
        let authenticated_at = authenticated_at(claims, now);
        let (reauthenticated, started_at) = (flow.reauthenticates, flow.started_at);
        if reauthenticated && authenticated_at.is_none_or(|at| flow.started_at - at > CLOCK_TOLERANCE_SECONDS) {
            self.log_refusal("the provider did not confirm (auth_time) that the person just signed in again");
            return Err(OidcError::NotReauthenticated);
        }

        let user_info = match claims.email() {
            Some(_) => None,
            None => self.user_info(&provider, claims, &answer).await?,
        };
        let identity = identity(claims, user_info.as_ref());
        Ok(OidcSignIn { identity, authenticated_at, reauthenticated, started_at })
    }

    /// Asks for what the ID token does not tell; `None` when there is nobody to ask.
    async fn user_info(
        &self,
        provider: &Provider,
        claims: &CoreIdTokenClaims,
        answer: &CoreTokenResponse,
    ) -> Result<Option<CoreUserInfoClaims>, OidcError> {
        let token = answer.access_token();
        // The library panics on a token that does not fit into a header.
        if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            self.log_refusal("the access token contains characters that aren't allowed in a header");
            return Err(OidcError::TokenUnreadable);
        }
        let Ok(request) = provider.client.user_info(token.clone(), Some(claims.subject().clone())) else {
            return Ok(None);
        };
        match request.request_async(&self.http).await {
            Ok(claims) => Ok(Some(claims)),
            Err(error) => {
                self.log_refusal(&with_causes(&error));
                Err(match error {
                    UserInfoError::ClaimsVerification(ClaimsVerificationError::InvalidSubject(_)) => {
                        OidcError::SubjectMismatch
                    }
                    UserInfoError::Request(_) => OidcError::Unreachable,
                    _ => OidcError::UserInfoRefused,
                })
            }
        }
    }

    /// The provider as it is known, or as it can be known now.
    async fn provider(&self, now: Time) -> Result<Arc<Provider>, OidcError> {
        match self.current() {
            Some(provider) => Ok(provider),
            None => self.read_again(now).await,
        }
    }

    /// Reads metadata and keys, at most once in [`ATTEMPT_SECONDS`], and gives the best that is known then.
    async fn read_again(&self, now: Time) -> Result<Arc<Provider>, OidcError> {
        let _turn = self.reading.lock().await;
        let just_now =
            self.known(|known| known.tried_at.is_some_and(|tried| (0.0..ATTEMPT_SECONDS).contains(&(now - tried))));
        if !just_now {
            self.change(|known| known.tried_at = Some(now));
            match self.read(now).await {
                Ok(provider) => {
                    tracing::info!(issuer = %self.settings.issuer, "sign-in provider metadata and keys loaded");
                    self.change(|known| {
                        known.provider = Some(Arc::new(provider));
                        known.failure = None;
                    });
                }
                Err(failure) => self.change(|known| {
                    // Said once, however long it lasts.
                    if known.failure.as_ref() != Some(&failure) {
                        let (issuer, reason) = (&self.settings.issuer, &failure.1);
                        tracing::warn!(issuer, reason, "sign-in provider is unusable");
                    }
                    known.failure = Some(failure);
                }),
            }
        }
        self.known(|known| match (&known.provider, &known.failure) {
            (Some(provider), _) => Ok(Arc::clone(provider)),
            (None, Some((error, _))) => Err(error.clone()),
            (None, None) => Err(OidcError::Unreachable),
        })
    }

    /// Reads metadata and keys from the provider.
    async fn read(&self, now: Time) -> Result<Provider, (OidcError, String)> {
        let metadata =
            Metadata::discover_async(self.issuer.clone(), &self.http).await.map_err(|error| match &error {
                DiscoveryError::Request(_) => (OidcError::Unreachable, with_causes(&error)),
                DiscoveryError::Response(status, ..) if status.is_server_error() => {
                    (OidcError::Unreachable, with_causes(&error))
                }
                DiscoveryError::Validation(detail) => (
                    OidcError::Misconfigured,
                    format!(
                        "{detail}: OIDC_ISSUER must match the provider's issuer exactly, including any trailing `/`"
                    ),
                ),
                _ => (OidcError::Misconfigured, with_causes(&error)),
            })?;
        Provider::new(metadata, &self.settings, &self.issuer, &self.redirect, now)
            .map_err(|detail| (OidcError::Misconfigured, detail))
    }

    fn refused_by_the_provider(&self, code: &str, description: Option<&str>) -> OidcError {
        if code == "access_denied" {
            return OidcError::Cancelled;
        }
        self.log_refusal(&format!("{code:?}, {description:?}"));
        let plain = code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        OidcError::Refused(if plain && !code.is_empty() { code.to_owned() } else { "unknown reason".to_owned() })
    }

    fn token_refused(&self, error: &TokenError) -> OidcError {
        match error {
            RequestTokenError::ServerResponse(answer) => {
                let description = answer.error_description();
                if *answer.error() == CoreErrorResponseType::InvalidClient {
                    self.log_refusal(&format!(
                        "the provider rejected OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: {description:?}"
                    ));
                } else {
                    self.log_refusal(&format!("{:?}, {description:?}", answer.error().to_string()));
                }
                OidcError::TokenRefused
            }
            RequestTokenError::Request(_) => {
                self.log_refusal(&with_causes(error));
                OidcError::Unreachable
            }
            RequestTokenError::Parse(problem, _) => {
                // Where and what kind only: the text may quote a token.
                self.log_refusal(&format!("the token endpoint's response can't be parsed at `{}`", problem.path()));
                OidcError::TokenUnreadable
            }
            RequestTokenError::Other(detail) => {
                self.log_refusal(detail);
                OidcError::TokenUnreadable
            }
        }
    }

    fn id_token_refused(&self, (fault, detail): (IdTokenFault, String)) -> OidcError {
        self.log_refusal(&detail);
        OidcError::IdTokenRefused(fault)
    }

    fn log_refusal(&self, reason: &str) {
        tracing::warn!(issuer = %self.settings.issuer, reason, "OIDC sign-in failed");
    }

    fn current(&self) -> Option<Arc<Provider>> {
        self.known(|known| known.provider.clone())
    }

    fn known<T>(&self, look: impl FnOnce(&CachedProvider) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut CachedProvider)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

type TokenError = RequestTokenError<HttpError, openidconnect::StandardErrorResponse<CoreErrorResponseType>>;

fn wrong_issuer(found: &str, expected: &str) -> String {
    format!(
        "the provider's issuer is `{found}`, but OIDC_ISSUER is `{expected}`: they must match exactly, including any trailing `/`"
    )
}

const fn fault(error: &ClaimsVerificationError) -> IdTokenFault {
    match error {
        ClaimsVerificationError::InvalidIssuer(_) => IdTokenFault::Issuer,
        ClaimsVerificationError::InvalidAudience(_) => IdTokenFault::Audience,
        ClaimsVerificationError::InvalidNonce(_) => IdTokenFault::Nonce,
        ClaimsVerificationError::Expired(_) => IdTokenFault::Expired,
        ClaimsVerificationError::InvalidSubject(_) => IdTokenFault::Subject,
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::NoSignature
            | SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_) => IdTokenFault::Algorithm,
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::AmbiguousKeyId(_) => {
                IdTokenFault::UnknownKey
            }
            _ => IdTokenFault::Signature,
        },
        _ => IdTokenFault::Form,
    }
}

/// Compares without telling by the time it takes how much was right: of two digests, that says nothing.
fn same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
