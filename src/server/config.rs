//! Settings: from the command line, the environment and `.env`, checked before anything starts.

use super::{
    access::{oidc::Audience, session},
    files,
    notify::smtp::{self, SmtpUrl},
    rest::limits::PER_MINUTE,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use lettre::message::Mailbox;
use std::{fmt::Display, io, net::SocketAddr, path::PathBuf, str::FromStr};

/// The longest life of a session, in hours.
const MAX_SESSION_HOURS: u32 = (session::ABSOLUTE_SECONDS / 3600) as u32;

/// Candor, a status page server: one binary, one SQLite file.
#[derive(Debug, Parser)]
#[command(name = "candor", version, propagate_version = true, max_term_width = 100)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the dashboard and every status page.
    Serve(Box<ServeArgs>),
    /// Update the database schema and exit.
    Migrate(DatabaseArgs),
    /// Create a demo organization and print how to sign in.
    Demo(DatabaseArgs),
    /// Import data from another status page or another Candor server.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Export an organization, without secrets, as one file for `candor import candor`.
    Export(ExportArgs),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// List, show, suspend and restore organizations.
    #[command(subcommand)]
    Organizations(OrganizationsCommand),
    /// List users, reset passwords and add owners.
    #[command(subcommand)]
    Users(UsersCommand),
}

/// `candor organizations`.
#[derive(Debug, Subcommand)]
pub enum OrganizationsCommand {
    /// List all organizations.
    List(OperatorArgs),
    /// Show an organization and its owners.
    Show(OneOrganization),
    /// Hide an organization until it is restored. Nothing is deleted.
    Suspend(OneOrganization),
    /// Restore a suspended organization.
    Restore(OneOrganization),
    /// Set or remove an organization's custom host name.
    SetHost(HostOfOrganization),
}

/// `candor users`.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// List all users.
    List(OperatorArgs),
    /// Set a new random password for a user and sign them out everywhere.
    ResetPassword(OneUser),
    /// Make a user an owner of an organization.
    MakeOwner(NewOwner),
}

/// What every command of the operator takes.
#[derive(Debug, Args)]
pub struct OperatorArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub database: DatabaseArgs,
}

/// A command about one organization.
#[derive(Debug, Args)]
pub struct OneOrganization {
    /// The organization's slug.
    pub slug: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub operator: OperatorArgs,
}

/// `candor organizations set-host`.
#[derive(Debug, Args)]
pub struct HostOfOrganization {
    /// The organization's slug.
    pub slug: String,
    /// The host name, for example status.example.com.
    #[arg(required_unless_present = "none", conflicts_with = "none")]
    pub host: Option<String>,
    /// Remove the host name.
    #[arg(long)]
    pub none: bool,
    /// The server's public URL. Its host name can't be used by an organization.
    #[arg(long, env = "CANDOR_URL", default_value = "http://localhost:3000", value_name = "URL")]
    pub url: BaseUrl,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub operator: OperatorArgs,
}

/// A command about one person.
#[derive(Debug, Args)]
pub struct OneUser {
    /// The user's email address.
    pub email: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub operator: OperatorArgs,
}

/// `candor users make-owner`.
#[derive(Debug, Args)]
pub struct NewOwner {
    /// The user's email address.
    pub email: String,
    /// The organization's slug.
    #[arg(long, value_name = "SLUG")]
    pub organization: String,
    /// Continue even if the user's email address isn't verified.
    #[arg(long)]
    pub unverified: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub operator: OperatorArgs,
}

/// Where an import comes from.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import groups, services, incidents and maintenance from Statuspage v2 files (summary.json, incidents.json, ...).
    Statuspage(ImportStatuspage),
    /// Import an organization from a file created by `candor export` or in its settings.
    Candor(ImportCandor),
}

/// `candor import candor`.
#[derive(Debug, Args)]
pub struct ImportCandor {
    /// The file to import.
    pub file: PathBuf,
    /// The organization's slug on this server, if the one in the file is taken.
    #[arg(long, value_name = "SLUG", value_parser = crate::domain::organization::slug)]
    pub slug: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub database: DatabaseArgs,
}

/// `candor export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The organization's slug.
    pub organization: String,
    /// The file to write, readable only by you. Defaults to standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub database: DatabaseArgs,
}

/// `candor import statuspage`.
#[derive(Debug, Args)]
pub struct ImportStatuspage {
    /// Files to read, in order.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The organization to import into. Created as a public organization if it doesn't exist.
    #[arg(long, value_name = "SLUG", value_parser = crate::domain::organization::slug)]
    pub organization: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub database: DatabaseArgs,
}

/// Which database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// The database: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = "sqlite:data/candor.db", value_parser = database_url)]
    pub database_url: String,
}

/// Development or production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Environment {
    /// Also serves the design system at /design.
    Development,
    /// For production use.
    Production,
}

/// Text for people or JSON for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// `candor serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "would become help text")]
    pub database: DatabaseArgs,
    /// The address to listen on.
    #[arg(long, env = "CANDOR_ADDR", default_value = "127.0.0.1:3000", value_name = "HOST:PORT")]
    pub addr: SocketAddr,
    /// The server's public URL, without a path. Used in links, redirects and feeds.
    #[arg(long, env = "CANDOR_URL", default_value = "http://localhost:3000", value_name = "URL")]
    pub url: BaseUrl,
    /// Comma-separated networks of proxies whose X-Forwarded-For header is trusted.
    #[arg(long, env = "CANDOR_TRUSTED_PROXIES", value_delimiter = ',', value_name = "NETWORK", value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Value of the Strict-Transport-Security header if the URL is https. Only add includeSubDomains if every subdomain
    /// supports https.
    #[arg(long, env = "CANDOR_HSTS", value_name = "VALUE", default_value = "max-age=31536000", value_parser = hsts)]
    pub hsts: String,
    /// Key for sign-in and known-browser cookies: at least 64 hexadecimal digits (openssl rand -hex 32). If not set, it
    /// is generated and stored next to the database.
    #[arg(long, env = "CANDOR_SECRET_KEY", hide_env_values = true, value_name = "HEX")]
    pub secret_key: Option<SecretKey>,
    /// The environment of this server.
    #[arg(long = "env", env = "CANDOR_ENV", default_value = "production")]
    pub environment: Environment,
    /// Log level or filter: error, warn, info, debug, trace, or a tracing filter.
    #[arg(long, env = "CANDOR_LOG", default_value = "info", value_name = "FILTER", value_parser = log_filter)]
    pub log: String,
    /// Log format.
    #[arg(long, env = "CANDOR_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Issuer URL of the OpenID provider for sign-in, exactly as the provider states it.
    #[arg(long, env = "OIDC_ISSUER", value_name = "URL", requires = "oidc_client_id")]
    pub oidc_issuer: Option<String>,
    /// The client ID of this server at the provider.
    #[arg(long, env = "OIDC_CLIENT_ID", value_name = "ID", requires = "oidc_issuer")]
    pub oidc_client_id: Option<String>,
    /// The client secret, if the provider issued one.
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub oidc_client_secret: Option<String>,
    /// Label of the sign-in button, after "Continue with".
    #[arg(long, env = "OIDC_LABEL", default_value = "single sign-on", value_name = "TEXT")]
    pub oidc_label: String,
    /// Accept the provider's JSON Web Tokens with this audience as API bearer tokens; * accepts any audience. If not
    /// set, none are accepted.
    #[arg(long, env = "CANDOR_OIDC_API_AUDIENCE", value_name = "AUDIENCE", requires = "oidc_issuer")]
    pub oidc_api_audience: Option<Audience>,
    /// Maximum session length in hours after sign-in through the provider. Someone who is disabled there stays signed
    /// in here for at most this long.
    #[arg(long, env = "CANDOR_OIDC_SESSION_HOURS", value_name = "HOURS", default_value_t = MAX_SESSION_HOURS,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SESSION_HOURS)))]
    pub oidc_session_hours: u32,
    /// Mail server: smtp://USER:PASSWORD@HOST:587 (STARTTLS), smtps://…, or smtp://HOST?tls=none. If not set, no email
    /// is sent and links are shown to copy instead.
    #[arg(long, env = "SMTP_URL", hide_env_values = true, value_name = "URL", requires = "mail_from")]
    pub smtp_url: Option<SmtpUrl>,
    /// Sender of email, for example Status <status@example.com>.
    #[arg(long, env = "MAIL_FROM", value_name = "ADDRESS", requires = "smtp_url", value_parser = smtp::sender)]
    pub mail_from: Option<Mailbox>,
    /// API requests per minute and token. Up to a fifth of them can arrive in one burst.
    #[arg(long, env = "CANDOR_API_REQUESTS_PER_MINUTE", value_name = "NUMBER", default_value_t = PER_MINUTE,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub api_requests_per_minute: u32,
    /// Create a demo organization and show its credentials on the sign-in page.
    #[arg(long)]
    pub demo: bool,
}

/// The address that visitors use: scheme and host, no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: String,
    secure: bool,
}

impl BaseUrl {
    /// The address of this path, which begins with a slash.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
    /// Host and port, as a browser sends them.
    pub fn host(&self) -> &str {
        &self.host
    }
    /// Scheme, host and port, as a browser's Origin header spells them.
    pub fn origin(&self) -> &str {
        &self.text
    }
    /// Whether it is https.
    pub const fn secure(&self) -> bool {
        self.secure
    }
}

impl FromStr for BaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = "must be a URL such as https://status.example.com, without a path";
        let text = text.trim_end_matches('/').to_lowercase();
        let (secure, host) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(host), _) => (true, host),
            (_, Some(host)) => (false, host),
            _ => return Err(wrong.to_owned()),
        };
        if host.is_empty() || host.chars().any(|c| matches!(c, '/' | '?' | '#' | '@' | ' ')) {
            return Err(wrong.to_owned());
        }
        let host = host.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(host).to_owned();
        let text = format!("{}://{host}", if secure { "https" } else { "http" });
        Ok(Self { text, host, secure })
    }
}

/// Key material for private cookies.
#[derive(Clone)]
pub struct SecretKey(pub [u8; 64]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl FromStr for SecretKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let digits = text.len() >= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if !digits {
            return Err("must be at least 64 hexadecimal digits, for example from `openssl rand -hex 32`".to_owned());
        }
        use sha2::Digest;
        Ok(Self(sha2::Sha512::digest(text.to_lowercase()).into()))
    }
}

fn database_url(text: &str) -> Result<String, String> {
    let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
    if !known {
        Err("must be sqlite:PATH, for example sqlite:data/candor.db, or postgres://USER:PASSWORD@HOST/NAME".to_owned())
    } else if text.starts_with("sqlite:") && super::db::sqlite_file(text).is_none() {
        Err("must include a file path, for example sqlite:data/candor.db".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "must be an IP address or a network, for example 127.0.0.1 or 10.0.0.0/8".to_owned())
}

/// RFC 6797: one `max-age`, and the two other directives that browsers know.
fn hsts(text: &str) -> Result<String, String> {
    let wrong = "must be max-age=SECONDS, optionally with `; includeSubDomains` or `; includeSubDomains; preload`";
    let mut ages = 0;
    for directive in text.split(';') {
        match directive.trim().to_ascii_lowercase().split_once('=') {
            Some(("max-age", seconds)) if seconds.parse::<u32>().is_ok() => ages += 1,
            None if ["includesubdomains", "preload"].contains(&directive.trim().to_ascii_lowercase().as_str()) => {}
            _ => return Err(wrong.to_owned()),
        }
    }
    if ages == 1 { Ok(text.trim().to_owned()) } else { Err(wrong.to_owned()) }
}

fn log_filter(text: &str) -> Result<String, String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "must be error, warn, info, debug, trace, or a filter such as candor=debug,info".to_owned())
}

/// The key of the command line or the environment; else the one kept beside a SQLite database,
/// made now when there is none; else, for PostgreSQL, one for this run only.
///
/// # Errors
/// When the key's file can neither be read nor written.
pub fn secret_key(args: &ServeArgs) -> io::Result<SecretKey> {
    if let Some(key) = &args.secret_key {
        return Ok(key.clone());
    }
    let fresh = || {
        let random: [u8; 32] = rand::random();
        random.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let parse = |text: &str| text.parse().map_err(io::Error::other);
    let Some(database) = super::db::sqlite_file(&args.database.database_url) else {
        tracing::warn!("CANDOR_SECRET_KEY is not set: sign-ins in progress will not survive a restart");
        return parse(&fresh());
    };
    let file = database.with_extension("key");
    let what_to_do = |error: &dyn Display| {
        io::Error::other(format!(
            "{}: {error}. Restore the file, delete it to generate a new key, or set CANDOR_SECRET_KEY.",
            file.display()
        ))
    };
    match std::fs::read_to_string(&file) {
        // Left by a crash; nothing was protected with it.
        Ok(text) if text.trim().is_empty() => {
            tracing::warn!(file = %file.display(), "the key file is empty: generating a new key");
        }
        Ok(text) => {
            files::close_to_others(&file);
            return text.parse().map_err(|error: String| what_to_do(&format!("the key in it {error}")));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(file = %file.display(), "CANDOR_SECRET_KEY is not set: generating a key and storing it next to the database");
        }
        Err(error) => return Err(what_to_do(&error)),
    }
    let text = fresh();
    files::create_folder_of(&file).and_then(|()| files::write(&file, &text)).map_err(|error| what_to_do(&error))?;
    parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, error::ErrorKind};

    fn refused(arguments: &[&str]) -> String {
        let all = ["candor", "serve"].iter().chain(arguments);
        let error = CommandLine::try_parse_from(all).expect_err("is refused");
        assert!(
            matches!(
                error.kind(),
                ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::MissingRequiredArgument
            ),
            "{error}"
        );
        error.to_string()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_wrong_value_is_refused_with_its_name_and_what_is_allowed() {
        for (arguments, name, allowed) in [
            (["--database-url", "mysql://x"], "--database-url", "sqlite:PATH"),
            (["--database-url", "sqlite::memory:"], "--database-url", "must include a file path"),
            (["--url", "status.example.com"], "--url", "https://status.example.com"),
            (["--url", "https://example.com/path"], "--url", "without a path"),
            (["--addr", "localhost"], "--addr", "socket address"),
            (["--trusted-proxies", "10.0.0.0/99"], "--trusted-proxies", "10.0.0.0/8"),
            (["--secret-key", "short"], "--secret-key", "64 hexadecimal"),
            (["--env", "test"], "--env", "development, production"),
            (["--api-requests-per-minute", "0"], "--api-requests-per-minute", "1.."),
            (["--oidc-session-hours", "0"], "--oidc-session-hours", "1..=720"),
            (["--oidc-session-hours", "721"], "--oidc-session-hours", "1..=720"),
            (["--hsts", ""], "--hsts", "max-age=SECONDS"),
            (["--hsts", "includeSubDomains"], "--hsts", "max-age=SECONDS"),
            (["--hsts", "max-age=1; max-age=2"], "--hsts", "max-age=SECONDS"),
            (["--hsts", "max-age=1\r\nx: y"], "--hsts", "max-age=SECONDS"),
            (["--log", "candor=loud"], "--log", "candor=debug"),
            (["--smtp-url", "smtp://mail.example.com?tls=maybe"], "--smtp-url", "smtps://"),
            (["--smtp-url", "smtp://mail.example.com"], "--mail-from", "required"),
            (["--mail-from", "status"], "--mail-from", "status@example.com"),
            (["--oidc-issuer", "https://id.example.com"], "--oidc-client-id", "required"),
            (["--oidc-api-audience", "candor"], "--oidc-issuer", "required"),
            (["--oidc-api-audience", " "], "--oidc-api-audience", "or *"),
        ] {
            let words = refused(&arguments);
            assert!(words.contains(name) && words.contains(allowed), "{arguments:?}: {words}");
        }
    }

    #[test]
    fn base_addresses() {
        let url: BaseUrl = "HTTPS://Status.Example.com:443/".parse().expect("valid");
        assert_eq!(
            (url.origin(), url.host(), url.secure()),
            ("https://status.example.com", "status.example.com", true)
        );
        assert_eq!(url.join("/status/x"), "https://status.example.com/status/x");
    }
}
