//! The subcommands.

use super::{
    App, Parts,
    access::{
        SystemScope,
        limits::Limits,
        oidc::{Oidc, OidcSettings},
        pages::CONNECTION,
        session::ABSOLUTE_SECONDS,
    },
    config::{
        BaseUrl, Command, CommandLine, DatabaseArgs, Environment, ImportCommand, LogFormat, OrganizationsCommand,
        ServeArgs, UsersCommand, secret_key,
    },
    db::Db,
    demo, hosts, import, jobs, listen,
    notify::{Mailer, smtp::Smtp},
    operator,
    requests::{self, TrustedProxies},
    rest::openapi,
    router,
    terminal::visible_lines,
    transfer,
};
use axum_extra::extract::cookie::Key;
use serde::Serialize;
use std::{error::Error, fmt::Display, io::IsTerminal, time::Duration};
use tracing_subscriber::EnvFilter;

/// How long the connections to the database have to close when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Reads `.env` of the working folder, if there is one; what is set already stays.
///
/// # Errors
/// When the file cannot be understood.
pub fn read_env_file() -> Outcome<()> {
    match dotenvy::dotenv() {
        Ok(_) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(error) => Err(format!(".env could not be parsed: {error}").into()),
    }
}

/// Does what the command line says.
///
/// # Errors
/// In words for the operator.
pub async fn run(line: CommandLine) -> Outcome<()> {
    match line.command {
        Command::Serve(args) => serve(*args).await,
        Command::Migrate(database) => {
            Db::open(&database.database_url).await?;
            say("The database is up to date.");
            Ok(())
        }
        Command::Demo(database) => {
            let app = offline(&database).await?;
            let sign_in = demo::fill(&app).await?;
            say(&format!(
                "The demo organization is ready.\n  page      /status/{}\n  address   {}\n  password  {}",
                sign_in.slug, sign_in.email, sign_in.password
            ));
            Ok(())
        }
        Command::Openapi => {
            say(openapi::text()?.trim_end());
            Ok(())
        }
        Command::Organizations(command) => organizations(command).await,
        Command::Users(command) => users(command).await,
        Command::Import(ImportCommand::Statuspage(args)) => {
            let app = offline(&args.database).await?;
            let bar = indicatif::ProgressBar::new(0)
                .with_style(indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
            let report = import::statuspage(&app, &args.files, &args.organization, |done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            })
            .await?;
            bar.finish_and_clear();
            say(&report.to_string());
            Ok(())
        }
        Command::Import(ImportCommand::Candor(args)) => {
            let app = offline(&args.database).await?;
            let bar = indicatif::ProgressBar::new(0)
                .with_style(indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
            let report = transfer::import(&app, &args.file, args.slug.as_deref(), |done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            })
            .await?;
            bar.finish_and_clear();
            say(&report.to_string());
            Ok(())
        }
        Command::Export(args) => {
            let app = offline(&args.database).await?;
            match &args.out {
                Some(file) => transfer::export_file(&app, &args.organization, file).await?,
                None => {
                    transfer::export(&app, &args.organization, std::io::BufWriter::new(std::io::stdout())).await?;
                }
            }
            Ok(())
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the operator asked for")]
fn say(text: &str) {
    println!("{}", visible_lines(text));
}

async fn organizations(command: OrganizationsCommand) -> Outcome<()> {
    match command {
        OrganizationsCommand::List(args) => {
            let rows = operator::organizations(&offline(&args.database).await?).await?;
            show_all(&rows, args.json)
        }
        OrganizationsCommand::Show(args) => {
            let app = offline(&args.operator.database).await?;
            show(&operator::organization(&app, &args.slug).await?, args.operator.json)
        }
        OrganizationsCommand::Suspend(args) => {
            let app = offline(&args.operator.database).await?;
            show(&operator::suspend(&app, &args.slug, true).await?, args.operator.json)
        }
        OrganizationsCommand::Restore(args) => {
            let app = offline(&args.operator.database).await?;
            show(&operator::suspend(&app, &args.slug, false).await?, args.operator.json)
        }
        OrganizationsCommand::SetHost(args) => {
            let app = offline(&args.operator.database).await?;
            let host = args.host.as_deref().filter(|_| !args.none);
            show(&hosts::set(&app, &args.url, &args.slug, host).await?, args.operator.json)
        }
    }
}

async fn users(command: UsersCommand) -> Outcome<()> {
    match command {
        UsersCommand::List(args) => {
            let rows = operator::users(&offline(&args.database).await?).await?;
            show_all(&rows, args.json)
        }
        UsersCommand::ResetPassword(args) => {
            let app = offline(&args.operator.database).await?;
            show(&operator::reset_password(&app, &args.email).await?, args.operator.json)
        }
        UsersCommand::MakeOwner(args) => {
            let app = offline(&args.operator.database).await?;
            let owner = operator::make_owner(&app, &args.email, &args.organization, args.unverified).await?;
            show(&owner, args.operator.json)
        }
    }
}

fn show<T: Serialize + Display>(value: &T, json: bool) -> Outcome<()> {
    say(&if json { serde_json::to_string(value)? } else { value.to_string() });
    Ok(())
}

fn show_all<T: Serialize + Display>(rows: &[T], json: bool) -> Outcome<()> {
    if json {
        say(&serde_json::to_string(rows)?);
    } else {
        rows.iter().for_each(|row| say(&row.to_string()));
    }
    Ok(())
}

/// The server's parts for a command that serves nothing.
async fn offline(database: &DatabaseArgs) -> Outcome<App> {
    log("warn", LogFormat::Text);
    let url: BaseUrl = "http://localhost:3000".parse()?;
    Ok(App::new(Parts {
        db: Db::open(&database.database_url).await?,
        hub: Default::default(),
        sockets: Default::default(),
        exports: Default::default(),
        directory: Default::default(),
        pages: Default::default(),
        hosts: Default::default(),
        limits: Default::default(),
        oidc: None,
        mailer: None,
        protection: requests::protection(&url, Environment::Production, ""),
        oidc_session_seconds: ABSOLUTE_SECONDS,
        url,
        trusted_proxies: Default::default(),
        environment: Environment::Production,
        demo: None,
    }))
}

fn log(filter: &str, format: LogFormat) {
    // sqlx tells of slow statements at warn; its other lines are for its makers.
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // A log that cannot be written ends nothing.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second call (tests) leaves the first subscriber in place.
    let _ = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}

/// Everything that `candor serve` serves with, from its settings.
///
/// # Errors
/// In words for the operator.
pub async fn assemble(args: &ServeArgs) -> Outcome<(App, axum::Router)> {
    let key = Key::from(&secret_key(args)?.0);
    let db = Db::open(&args.database.database_url).await?;
    let oidc = match (&args.oidc_issuer, &args.oidc_client_id) {
        (Some(issuer), Some(client_id)) => {
            if args.oidc_api_audience.as_ref().is_some_and(|audience| audience.accepts(client_id)) {
                tracing::warn!(
                    "CANDOR_OIDC_API_AUDIENCE accepts tokens issued for the client ID, so an ID token may be able to access the API. Configure a separate audience for the API at the provider."
                );
            }
            let settings = OidcSettings {
                issuer: issuer.clone(),
                client_id: client_id.clone(),
                client_secret: args.oidc_client_secret.clone().filter(|secret| !secret.is_empty()),
                label: args.oidc_label.clone(),
                api_audience: args.oidc_api_audience.clone(),
            };
            Some(Oidc::new(settings, args.url.join(&format!("/auth/oidc/{CONNECTION}/callback")))?)
        }
        _ => None,
    };
    let mailer = match (&args.smtp_url, &args.mail_from) {
        (Some(url), Some(from)) => Some(Mailer::new(Smtp::new(url, from.clone(), args.url.host())?)),
        _ => None,
    };
    let mut parts = Parts {
        db,
        hub: Default::default(),
        sockets: Default::default(),
        exports: Default::default(),
        directory: Default::default(),
        pages: Default::default(),
        hosts: Default::default(),
        limits: Limits::default().with_api(args.api_requests_per_minute),
        oidc,
        mailer,
        url: args.url.clone(),
        trusted_proxies: TrustedProxies(args.trusted_proxies.clone().into()),
        environment: args.environment,
        protection: requests::protection(&args.url, args.environment, &args.hsts),
        oidc_session_seconds: i64::from(args.oidc_session_hours) * 3600,
        demo: None,
    };
    if args.demo {
        let app = App::new(parts);
        let sign_in = demo::fill(&app).await?;
        parts = app.into_parts().ok_or("the demo holds on to the server")?;
        parts.demo = Some(sign_in);
    }
    let app = App::new(parts);
    hosts::load(&app).await?;
    let router = router::router(app.clone(), key);
    Ok((app, router))
}

async fn serve(args: ServeArgs) -> Outcome<()> {
    log(&args.log, args.log_format);
    let (app, router) = assemble(&args).await?;
    let listener =
        listen::bind(args.addr).map_err(|error| format!("could not listen on CANDOR_ADDR {}: {error}", args.addr))?;
    jobs::start(&app);
    warn_of_withdrawn_verifications(&app).await;
    let first = organizations_hint(&app).await;
    say(&format!("Candor is running at {}\n{first}", app.url.origin()));
    tracing::info!(address = %args.addr, url = app.url.origin(), "serving");
    let db = app.db.clone();
    listen::serve(listener, app, router, stop_signal()).await?;
    // A job that is at work may be cut short: what it does is resumed.
    if tokio::time::timeout(CLOSE_TIMEOUT, db.close()).await.is_err() {
        tracing::warn!("some database connections were still in use");
    }
    tracing::info!("stopped");
    Ok(())
}

async fn warn_of_withdrawn_verifications(app: &App) {
    match operator::withdrawn_verifications(app).await {
        Ok(0) => {}
        Ok(accounts) => tracing::warn!(
            accounts,
            "some email addresses were marked as verified without proof by an earlier version and must be verified again; `candor users list` shows them as withdrawn"
        ),
        Err(error) => tracing::warn!(%error, "could not check whether email addresses must be verified again"),
    }
}

async fn organizations_hint(app: &App) -> String {
    match (&app.demo, operator::users(app).await.as_deref()) {
        (Some(demo), _) => format!("Sign in as {} with the password {}", demo.email, demo.password),
        (None, Ok([])) => format!("To get started, create your account at {}", app.url.join("/sign-up")),
        _ => format!("Sign in at {}", app.url.join("/sign-in")),
    }
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = async {
            match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt => {}
            () = terminate => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

/// The proof with which commands act.
pub(super) const COMMAND: SystemScope = SystemScope::command("operator");
