//! Who asks, and what that allows. The only place where proofs are made: a value of a type that
//! implements [`Proof`] cannot exist without the check that it stands for.
//!
//! Who asks is a person ([`SignedIn`], by a session or a token of their own) or an organization's
//! token; [`Caller`] is either, and both get a [`Scope`] by the same table of roles.

pub mod account_pages;
pub mod accounts;
pub mod cookies;
pub mod csrf;
pub mod device;
pub mod known_device;
pub mod limits;
pub mod oidc;
pub mod pages;
mod password;
pub mod reauthentication;
pub mod secret;
pub mod security_log;
pub mod session;
mod store;
pub mod token;

use crate::{
    domain::{
        account::Me,
        audit::Door,
        error::{AppError, Result},
        ids::{OrganizationId, TeamId, TokenId, UserId},
        organization::OrganizationSummary,
        role::{Action, Allowed, PermissionScope, Role, TeamRole},
        time::Time,
    },
    server::{
        App,
        config::Environment,
        db::{AccountWrite, Actor, Grant, Read, Write},
        requests::ClientAddress,
    },
};
use axum::http::request::Parts;
use std::{fmt, future::Future, marker::PhantomData};
use tower_sessions::Session;
use tracing::Instrument;

mod sealed {
    pub trait Sealed {}
}

/// Something that was checked; the database lends its connections only against one.
pub trait Proof: sealed::Sealed + Send + Sync {}

/// A person with a living session, or with a token of their own.
#[derive(Debug, Clone)]
pub struct SignedIn {
    app: App,
    user: User,
    door: Door,
    address: Option<String>,
    session: Option<tower_sessions::session::Id>,
    /// The API token that asks, if it is one of ours.
    token: Option<TokenId>,
    /// When the person last proved in this session who they are.
    authenticated_at: Option<Time>,
    /// The role that the token stops at, whatever the person may do.
    max_role: Role,
    /// When the token ends.
    ends_at: Option<Time>,
}

/// A person, as sessions and verbs need it.
#[derive(Debug, Clone)]
pub struct User {
    /// Permanent.
    pub id: UserId,
    /// As it is shown.
    pub name: String,
    /// As it was typed.
    pub email: String,
    /// Whether the address is proven to be theirs.
    pub verified: bool,
}

impl sealed::Sealed for SignedIn {}
impl Proof for SignedIn {}

impl SignedIn {
    /// The person behind this request, read from the database now.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] without a living session.
    pub async fn from_request(app: &App, parts: &Parts, door: Door) -> Result<Self> {
        let session = parts.extensions.get::<Session>().ok_or(AppError::Unauthenticated)?;
        let id = session::user(session).await?.ok_or(AppError::Unauthenticated)?;
        let mut read = app.db.read(&InternalProof).await?;
        let user = store::user(&mut read, &id).await?.ok_or(AppError::Unauthenticated)?;
        Ok(Self {
            app: app.clone(),
            user,
            door,
            address: address(parts),
            session: session.id(),
            token: None,
            authenticated_at: session::authenticated_at(session).await?,
            max_role: Role::Owner,
            ends_at: None,
        })
    }

    /// A person whose session has just begun in this very request.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when there is no such person.
    pub(super) async fn of_user(app: &App, id: &UserId, address: &str, door: Door) -> Result<Self> {
        let mut read = app.db.read(&InternalProof).await?;
        let user = store::user(&mut read, id).await?.ok_or(AppError::Unauthenticated)?;
        let address = Some(address.to_owned());
        let app = app.clone();
        Ok(Self {
            app,
            user,
            door,
            address,
            session: None,
            token: None,
            authenticated_at: None,
            max_role: Role::Owner,
            ends_at: None,
        })
    }

    /// The server's parts.
    pub const fn app(&self) -> &App {
        &self.app
    }
    /// The person.
    pub const fn user(&self) -> &User {
        &self.user
    }
    /// Whether a token asks that stops at a lesser role than the person may have: it does not act in what is
    /// the person's own business.
    pub const fn is_limited(&self) -> bool {
        !matches!(self.max_role, Role::Owner)
    }
    /// The write transaction of a change of the person's own account. It locks the account, so that what opens it
    /// is not ended at the same time.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] when the session or the token that asks was ended meanwhile.
    pub async fn write_account(&self) -> Result<AccountWrite> {
        let mut write = self.app.db.write_accounts(self).await?;
        write.lock_user(&self.user.id).await?;
        let session = self.session.map(session::id_hash);
        match store::has_session_or_token(&mut write, session, self.token.as_ref()).await? {
            true => Ok(write),
            false => Err(AppError::Unauthenticated),
        }
    }
    /// The person as history and audit call them.
    pub fn actor(&self) -> Actor {
        Actor {
            user_id: Some(self.user.id.clone()),
            name: self.user.name.clone(),
            door: self.door,
            address: self.address.clone(),
        }
    }

    /// Leave to do `A` in the organization of this slug, by the membership as it is now.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever is no member, [`AppError::Forbidden`] when the role does
    /// not allow it.
    pub async fn scope<A: Allowed>(&self, slug: &str) -> Result<Scope<A>> {
        let mut read = self.app.db.read(&InternalProof).await?;
        let membership = store::membership(&mut read, &self.user.id, slug).await?;
        let refuse = |error| refused(&self.actor(), A::ACTION, slug, error);
        let Membership { mut organization, time_zone } = membership.ok_or_else(|| refuse(no_organization()))?;
        let teams = store::team_roles(read.connection(), &self.user.id, &organization.id).await?;
        organization.role = organization.role.min(self.max_role);
        let reach = PermissionScope::of(A::ACTION, organization.role, &teams).filter(|_| self.max_role.may(A::ACTION));
        let reach = reach.ok_or_else(|| refuse(forbidden(A::ACTION)))?;
        let caller = Caller::Person(self.clone());
        Ok(Scope { caller, organization, time_zone, teams, reach, if_version: None, allowed: PhantomData })
    }

    /// Who this is, with every organization they are a member of.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn me(&self) -> Result<Me> {
        let mut read = self.app.db.read(self).await?;
        Ok(Me {
            id: self.user.id.clone(),
            name: self.user.name.clone(),
            email: self.user.email.clone(),
            organizations: store::memberships(&mut read, &self.user.id).await?,
            development: self.app.environment == Environment::Development,
        })
    }

    /// The slug of the organization to open first: the last used, else the first by name.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn last_used(&self) -> Result<Option<String>> {
        let mut read = self.app.db.read(self).await?;
        let all = store::memberships(&mut read, &self.user.id).await?;
        let last = store::last_used(&mut read, &self.user.id).await?;
        let found = all.iter().find(|organization| Some(&organization.id) == last.as_ref()).or(all.first());
        Ok(found.map(|organization| organization.slug.clone()))
    }

    /// Notes which organization the person works in.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn use_organization(&self, id: &OrganizationId) -> Result<()> {
        let mut read = self.app.db.read(self).await?;
        if store::last_used(&mut read, &self.user.id).await?.as_ref() == Some(id) {
            return Ok(());
        }
        drop(read);
        let mut write = self.app.db.write_accounts(self).await?;
        store::set_last_used(&mut write, &self.user.id, id).await?;
        write.commit().await
    }
}

fn address(parts: &Parts) -> Option<String> {
    parts.extensions.get::<ClientAddress>().map(|address| address.0.to_string())
}

fn no_organization() -> AppError {
    AppError::NotFound("organization".to_owned())
}

/// Logs a refusal, and gives it back.
fn refused(actor: &Actor, action: Action, organization: &str, error: AppError) -> AppError {
    security_log::access_refused(actor, action, organization, &error);
    error
}

/// A program with a token of an organization.
#[derive(Debug, Clone)]
pub struct ApiClient {
    app: App,
    name: String,
    organization: OrganizationId,
    role: Role,
    address: Option<String>,
    token: TokenId,
    /// Who made its token, where that is known.
    created_by: Option<UserId>,
    /// When its token ends.
    ends_at: Option<Time>,
}

impl ApiClient {
    /// What its token is for.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whose tokens a caller's is one of: what all of them may do together is limited.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person, by their own tokens and the provider's.
    Person(UserId),
    /// An organization.
    Organization(OrganizationId),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "user {id}"),
            Self::Organization(id) => write!(f, "organization {id}"),
        }
    }
}

/// Whoever asks: a person, or a program of an organization.
#[derive(Debug, Clone)]
pub enum Caller {
    /// By a session, or by a token of their own.
    Person(SignedIn),
    /// By a token of an organization.
    ApiClient(ApiClient),
}

impl sealed::Sealed for Caller {}
impl Proof for Caller {}

impl Caller {
    /// The server's parts.
    pub const fn app(&self) -> &App {
        match self {
            Self::Person(person) => person.app(),
            Self::ApiClient(program) => &program.app,
        }
    }

    /// Whose token it is.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Person(person) => Principal::Person(person.user().id.clone()),
            Self::ApiClient(program) => Principal::Organization(program.organization.clone()),
        }
    }

    /// As history and audit call them.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Person(person) => person.actor(),
            Self::ApiClient(ApiClient { name, address, .. }) => {
                Actor { user_id: None, name: format!("{name} (token)"), door: Door::Rest, address: address.clone() }
            }
        }
    }

    /// Leave to do `A` in the organization of this slug.
    ///
    /// # Errors
    /// As [`SignedIn::scope`]; to a token of an organization every other one does not exist.
    pub async fn scope<A: Allowed>(&self, slug: &str) -> Result<Scope<A>> {
        let program = match self {
            Self::Person(person) => return person.scope(slug).await,
            Self::ApiClient(program) => program,
        };
        let mut read = program.app.db.read(&InternalProof).await?;
        let found = store::organization(&mut read, &program.organization, slug).await?;
        let refuse = |error| refused(&self.actor(), A::ACTION, slug, error);
        let Membership { mut organization, time_zone } = found.ok_or_else(|| refuse(no_organization()))?;
        organization.role = program.role;
        let reach = PermissionScope::of(A::ACTION, program.role, &[]).ok_or_else(|| refuse(forbidden(A::ACTION)))?;
        let caller = self.clone();
        Ok(Scope { caller, organization, time_zone, teams: Vec::new(), reach, if_version: None, allowed: PhantomData })
    }

    /// The organizations that can be asked for.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn organizations(&self) -> Result<Vec<OrganizationSummary>> {
        let mut read = self.app().db.read(self).await?;
        match self {
            Self::Person(person) => {
                let mut all = store::memberships(&mut read, &person.user.id).await?;
                all.iter_mut().for_each(|organization| organization.role = organization.role.min(person.max_role));
                Ok(all)
            }
            Self::ApiClient(program) => {
                let one = store::organization_of_token(&mut read, &program.organization).await?;
                Ok(one.into_iter().map(|one| OrganizationSummary { role: program.role, ..one }).collect())
            }
        }
    }
}

struct Membership {
    organization: OrganizationSummary,
    time_zone: String,
}

/// Leave to do `A` in one organization. Made only by [`Caller::scope`]; what verbs read and
/// write takes its organization from here, never from input.
#[derive(Debug, Clone)]
pub struct Scope<A> {
    caller: Caller,
    organization: OrganizationSummary,
    time_zone: String,
    teams: Vec<(TeamId, TeamRole)>,
    reach: PermissionScope,
    if_version: Option<i64>,
    allowed: PhantomData<A>,
}

/// The refusal of an action.
pub fn forbidden(action: Action) -> AppError {
    AppError::Forbidden(action.words().to_owned())
}

impl<A: Allowed> sealed::Sealed for Scope<A> {}
impl<A: Allowed> Proof for Scope<A> {}

impl<A: Allowed> Scope<A> {
    /// The server's parts.
    pub const fn app(&self) -> &App {
        self.caller.app()
    }
    /// When what the caller asks with ends, if that is a token with an end.
    pub const fn ends_at(&self) -> Option<Time> {
        match &self.caller {
            Caller::Person(person) => person.ends_at,
            Caller::ApiClient(program) => program.ends_at,
        }
    }
    /// Whose exports and long reads are counted together: the person behind what is done, where that is known.
    pub fn principal(&self) -> Principal {
        self.accountable_user().map_or_else(|| self.caller.principal(), |user| Principal::Person(user.clone()))
    }
    /// The person, unless a program asks.
    pub const fn person(&self) -> Option<&SignedIn> {
        match &self.caller {
            Caller::Person(person) => Some(person),
            Caller::ApiClient(_) => None,
        }
    }
    /// The person behind what is done: who asks, or who made the token that asks. What they make so, they know.
    pub const fn accountable_user(&self) -> Option<&UserId> {
        match &self.caller {
            Caller::Person(person) => Some(&person.user.id),
            Caller::ApiClient(program) => program.created_by.as_ref(),
        }
    }
    /// As history and audit call whoever asks.
    pub fn actor(&self) -> Actor {
        self.caller.actor()
    }
    /// The organization, and the caller's role in it.
    pub const fn organization(&self) -> &OrganizationSummary {
        &self.organization
    }
    /// The organization's id.
    pub const fn id(&self) -> &OrganizationId {
        &self.organization.id
    }
    /// The person's roles in teams.
    pub fn teams(&self) -> &[(TeamId, TeamRole)] {
        &self.teams
    }
    /// Where the person may do it.
    pub const fn reach(&self) -> &PermissionScope {
        &self.reach
    }
    /// Refuses unless it may be done to what belongs to this team, or to none.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require(&self, team: Option<&TeamId>) -> Result<()> {
        if self.reach.includes(team) {
            Ok(())
        } else {
            Err(refused(&self.actor(), A::ACTION, &self.organization.slug, forbidden(A::ACTION)))
        }
    }
    /// The person's role.
    pub const fn role(&self) -> Role {
        self.organization.role
    }
    /// IANA name of the organization's time zone.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }
    /// Whether the session lives and the membership allows it still; `None` when the database does
    /// not answer.
    pub async fn is_still_valid(&self) -> Option<bool> {
        let alive = match self.person().and_then(|person| person.session) {
            Some(session) => session::is_alive(&self.app().db, session).await,
            None => Ok(true),
        };
        match (alive, self.caller.scope::<A>(&self.organization.slug).await) {
            (Ok(false), _) | (_, Err(AppError::NotFound(_) | AppError::Forbidden(_))) => Some(false),
            (Ok(true), Ok(_)) => Some(true),
            _ => None,
        }
    }
    /// A consistent view for reading.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn read(&self) -> Result<Read> {
        self.app().db.read(self).await
    }
    /// The same for what may take seconds: searches, reports, exports.
    ///
    /// # Errors
    /// As [`Db::read_long`](crate::server::db::Db::read_long).
    pub async fn read_long(&self) -> Result<Read> {
        self.app().db.read_long(self, &self.principal()).await
    }
    /// For a list that may be searched: [`Scope::read_long`] when there are words to search for.
    ///
    /// # Errors
    /// As those.
    pub async fn read_list(&self, words: &str) -> Result<Read> {
        if words.trim().is_empty() { self.read().await } else { self.read_long().await }
    }
    /// The organization's version: every change of it makes the next one.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn version(&self) -> Result<i64> {
        store::version(&mut self.read().await?, self.id()).await
    }
    /// This leave, for writing only while the organization is at this version, as it was read.
    #[must_use]
    pub fn if_version(mut self, version: i64) -> Self {
        self.if_version = Some(version);
        self
    }
    /// The write transaction of a change.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer, [`AppError::Changed`] when the
    /// organization is at another version than the one that was demanded; [`AppError::NotFound`],
    /// [`AppError::Forbidden`] and [`AppError::Busy`] when the caller's rights changed while it waited for its turn.
    pub async fn write(&self) -> Result<Write> {
        let leave = Grant { action: A::ACTION, reach: self.reach.clone() };
        let mut write = self.app().db.write(self, self.id(), self.actor(), leave, &self.app().hub).await?;
        self.confirm_rights(&mut write).await?;
        match self.if_version {
            Some(version) if write.version != version + 1 => Err(AppError::Changed),
            _ => Ok(write),
        }
    }
}

impl<A: Allowed> Scope<A> {
    /// Looks once more whether the caller may do it. A write waits for its turn, and meanwhile a member may have been
    /// removed or given another role, a session or a token ended: the turn, which one change of the organization has
    /// at a time, makes this look final.
    async fn confirm_rights(&self, write: &mut Write) -> Result<()> {
        let (role, teams) = match &self.caller {
            Caller::Person(person) => {
                let session = person.session.map(session::id_hash);
                let role = store::role_now(write, &person.user.id, session, person.token.as_ref()).await?;
                let teams = store::team_roles(write.connection(), &person.user.id, self.id()).await?;
                (role.map(|role| role.min(person.max_role)), teams)
            }
            Caller::ApiClient(program) => (store::role_of_token_now(write, &program.token).await?, Vec::new()),
        };
        let role = role.ok_or_else(no_organization)?;
        let sorted = |teams: &[(TeamId, TeamRole)]| {
            let mut teams = teams.to_vec();
            teams.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
            teams
        };
        if role == self.role() && sorted(&teams) == sorted(&self.teams) {
            return Ok(());
        }
        match PermissionScope::of(A::ACTION, role, &teams) {
            // With other rights it has to be asked anew.
            Some(_) => Err(AppError::Busy),
            None => Err(forbidden(A::ACTION)),
        }
    }
}

/// The visitor's proof: this organization has a public page. Nobody else makes one:
///
/// ```compile_fail,E0451
/// # use candor::{domain::ids::OrganizationId, server::access::PublicPage};
/// fn forge(id: OrganizationId) -> PublicPage {
///     PublicPage { id }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublicPage {
    id: OrganizationId,
}

impl sealed::Sealed for PublicPage {}
impl Proof for PublicPage {}

impl PublicPage {
    /// The public page of this slug.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is none.
    pub async fn find(app: &App, slug: &str) -> Result<Self> {
        let mut read = app.db.read(&InternalProof).await?;
        let id = store::organization_by_slug(&mut read, slug).await?;
        id.map(|id| Self { id }).ok_or_else(|| AppError::NotFound("status page".to_owned()))
    }
    /// The organization's id.
    pub const fn id(&self) -> &OrganizationId {
        &self.id
    }
    /// One of no organization.
    #[cfg(test)]
    pub fn random() -> Self {
        Self { id: OrganizationId::from_random(crate::server::db::random_id()) }
    }
}

/// The proof of a job of the server, or of the operator's command line.
#[derive(Debug, Clone, Copy)]
pub struct SystemScope {
    name: &'static str,
    door: Door,
}

impl sealed::Sealed for SystemScope {}
impl Proof for SystemScope {}

impl SystemScope {
    /// A job that the server runs by itself.
    pub const fn job(name: &'static str) -> Self {
        Self { name, door: Door::Job }
    }
    /// A command of the operator.
    pub const fn command(name: &'static str) -> Self {
        Self { name, door: Door::CommandLine }
    }
    /// The write transaction of a change that no person makes.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database does not answer.
    pub async fn write(&self, app: &App, organization: &OrganizationId) -> Result<Write> {
        app.db.write(self, organization, self.actor(), Grant::everything(Action::OwnOrganization), &app.hub).await
    }
    /// As history and audit call it.
    pub fn actor(&self) -> Actor {
        Actor { user_id: None, name: self.name.to_owned(), door: self.door, address: None }
    }
}

/// The proof that this module gives itself, to look up who somebody is.
struct InternalProof;
impl sealed::Sealed for InternalProof {}
impl Proof for InternalProof {}

/// Runs a verb in a task of its own, so that a client that hangs up can neither stop it between
/// its commit and what follows, nor hold the only writer.
///
/// # Errors
/// The verb's own, or [`AppError::Internal`] when it panics.
pub async fn run<T: Send + 'static>(verb: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    // In the span of the request, whose id its lines in the log then carry.
    match tokio::spawn(verb.in_current_span()).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "an operation panicked");
            Err(AppError::Internal)
        }
    }
}

/// The request behind what is rendered or answered now.
#[derive(Debug, Clone)]
pub struct RequestContext {
    app: App,
    parts: Parts,
}

tokio::task_local! {
    static REQUEST_CONTEXT: RequestContext;
}

impl RequestContext {
    /// The one whose request is handled here.
    pub fn here() -> Option<Self> {
        let noted = REQUEST_CONTEXT.try_with(Clone::clone).ok();
        noted.or_else(|| {
            let (app, parts) = (leptos::prelude::use_context::<App>()?, leptos::prelude::use_context::<Parts>()?);
            Some(Self { app, parts })
        })
    }
}

/// Runs server functions for somebody, whatever becomes of the screen that asked.
pub async fn with_request_context<T>(asker: Option<RequestContext>, question: impl Future<Output = T>) -> T {
    match asker {
        Some(asker) => REQUEST_CONTEXT.scope(asker, question).await,
        None => question.await,
    }
}

/// The person behind the server function that runs now.
///
/// # Errors
/// [`AppError::Unauthenticated`] without a living session.
pub async fn signed_in() -> Result<SignedIn> {
    let RequestContext { app, parts } = RequestContext::here().ok_or(AppError::Internal)?;
    SignedIn::from_request(&app, &parts, Door::Dashboard).await
}

/// Leave to do `A` for the server function that runs now.
///
/// # Errors
/// As [`signed_in`] and [`SignedIn::scope`].
pub async fn scope<A: Allowed>(organization: &str) -> Result<Scope<A>> {
    signed_in().await?.scope(organization).await
}
