//! Mail: a queue in the database, written in the transaction of what a message tells of, and a job
//! that delivers it. Without `SMTP_URL` there is no [`Mailer`] and nothing is queued: whoever has a
//! link to send shows it to copy instead.

pub mod limits;
pub mod mail;
pub mod smtp;
mod store;

use super::{
    App,
    access::SystemScope,
    clock,
    db::{SWEEP_ROWS, random_id},
};
use crate::domain::{
    error::{AppError, Result},
    ids::{MessageId, OrganizationId},
    time::Time,
};
use mail::Mail;
use smtp::{Outcome, Smtp};
use sqlx::AnyConnection;
use std::time::Duration;
use tokio::{sync::Notify, task::JoinSet, time::timeout};

const JOB: SystemScope = SystemScope::job("mail");

/// Messages that are sent at the same time.
const AT_ONCE: i64 = 4;

/// How long one delivery may take. Shorter than the first back-off, so that a message is never
/// claimed again while it is still on its way.
const LONGEST: Duration = Duration::from_secs(45);

/// Attempts before a message is given up.
const MAX_ATTEMPTS: i64 = 6;

/// How long what became of a message can be looked up: 30 days.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// A message of the queue.
#[derive(Debug, Clone)]
pub struct Message {
    /// Also the first half of its `Message-ID`, so that a message delivered twice is seen to be one.
    pub id: MessageId,
    /// What it says, and to whom.
    pub mail: Mail,
    /// Attempts that have begun, this one included.
    attempts: i64,
}

/// How mail leaves this server.
#[derive(Debug)]
pub struct Mailer {
    smtp: Smtp,
    queued: Notify,
}

impl Mailer {
    /// A mailer that hands messages to this server.
    pub fn new(smtp: Smtp) -> Self {
        Self { smtp, queued: Notify::new() }
    }

    /// As [`App::mail_is_waiting`].
    pub fn wake(&self) {
        self.queued.notify_one();
    }
}

/// Queues a message within the transaction of what it tells of. Only for a server with a
/// [`Mailer`]; call [`App::mail_is_waiting`] after the commit.
///
/// # Errors
/// [`AppError::Internal`] when the recipient is no address, [`AppError::Unavailable`].
pub async fn queue(
    connection: &mut AnyConnection,
    organization: Option<&OrganizationId>,
    mail: Mail,
    at: Time,
) -> Result<()> {
    let checked = mail.checked().map_err(|error| {
        tracing::error!(%error, "message could not be queued");
        AppError::Internal
    })?;
    store::insert(connection, MessageId::from_random(random_id()), organization, checked, at).await
}

/// The job that delivers what is queued: when it is told so, and every 30 seconds.
pub async fn deliver(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(30));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while let Some(mailer) = &app.mailer {
        tokio::select! {
            _ = every.tick() => {}
            () = mailer.queued.notified() => {}
        }
        loop {
            match deliver_some(&app, mailer).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "queued mail could not be sent for now");
                    break;
                }
            }
        }
    }
}

/// Sends what is due, a few at a time; whether there was anything.
async fn deliver_some(app: &App, mailer: &Mailer) -> Result<bool> {
    let mut write = app.db.write_accounts(&JOB).await?;
    let claimed = store::claim(write.connection(), clock::now(), AT_ONCE).await?;
    write.commit().await?;
    let any = !claimed.is_empty();
    let mut sending = JoinSet::new();
    for message in claimed {
        let smtp = mailer.smtp.clone();
        sending.spawn(async move {
            let outcome = timeout(LONGEST, smtp.send(&message)).await;
            (message, outcome.unwrap_or_else(|_| Outcome::Later("the mail server timed out".to_owned())))
        });
    }
    while let Some(sent) = sending.join_next().await {
        match sent {
            Ok((message, outcome)) => record(app, &message, outcome).await?,
            Err(error) => tracing::error!(%error, "sending a message panicked"),
        }
    }
    Ok(any)
}

async fn record(app: &App, message: &Message, outcome: Outcome) -> Result<()> {
    let (id, attempts) = (&message.id, message.attempts);
    let mut write = app.db.write_accounts(&JOB).await?;
    match outcome {
        Outcome::Sent => {
            tracing::info!(%id, attempts, "message sent");
            store::sent(write.connection(), id, clock::now()).await?;
        }
        Outcome::Later(error) if attempts < MAX_ATTEMPTS => {
            tracing::warn!(%id, attempts, error, "message could not be sent; it will be retried");
            store::failed(write.connection(), id, error).await?;
        }
        Outcome::Later(error) | Outcome::Never(error) => {
            tracing::error!(%id, attempts, error, "message could not be sent; giving up");
            store::given_up(write.connection(), id, error).await?;
        }
    }
    write.commit().await
}

/// Forgets messages whose end is long ago, and invitations that count no more.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut write = app.db.write_accounts(&JOB).await?;
    store::delete_invitation_mails(write.connection(), clock::now().plus_seconds(-limits::DAY)).await?;
    write.commit().await?;
    loop {
        let mut write = app.db.write_accounts(&JOB).await?;
        let some = store::delete_ended(write.connection(), clock::now().plus_seconds(-KEPT_SECONDS)).await?;
        write.commit().await?;
        if some < SWEEP_ROWS {
            return Ok(());
        }
    }
}
