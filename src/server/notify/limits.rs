//! How many invitations may be mailed: to a mailbox, of an organization, and by a person. They are counted in
//! the database, so a restart or a second server does not begin anew. docs/OPERATING.md lists the limits.

use super::store::{self, By};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{OrganizationId, UserId},
        time::Time,
    },
    server::db::random_id,
};
use sqlx::AnyConnection;

const HOUR: i64 = 3_600;
/// For how long rows are counted, in seconds.
pub(super) const DAY: i64 = 24 * HOUR;

/// An invitation that is to be mailed.
#[derive(Debug)]
pub struct Invitation<'a> {
    /// To whom.
    pub recipient: &'a str,
    /// To which organization.
    pub organization: &'a OrganizationId,
    /// The person who invites, unless a token of the organization does.
    pub sender: Option<&'a UserId>,
}

/// Counts one more invitation, unless that is too many.
///
/// # Errors
/// [`AppError::TooMany`] with the time to wait.
pub async fn count_invitation(connection: &mut AnyConnection, invitation: &Invitation<'_>, at: Time) -> Result<()> {
    let Invitation { recipient, organization, sender } = *invitation;
    let mailbox = mailbox(recipient);
    let mut limits = vec![
        (By::MailboxAndOrganization(&mailbox, organization), DAY, 4),
        (By::Mailbox(&mailbox), DAY, 10),
        (By::Organization(organization), HOUR, 50),
        (By::Organization(organization), DAY, 200),
    ];
    if let Some(sender) = sender {
        limits.extend([(By::Sender(sender), HOUR, 50), (By::Sender(sender), DAY, 200)]);
    }
    for (by, seconds, most) in limits {
        // When the oldest of those that fill the limit is older than the window, there is room again.
        if let Some(oldest) = store::nth_newest_invitation(connection, by, most, at.plus_seconds(-seconds)).await? {
            let wait = oldest.plus_seconds(seconds).seconds() - at.seconds();
            return Err(AppError::TooMany { retry_after: u64::try_from(wait).unwrap_or_default() + 1 });
        }
    }
    store::insert_invitation_mail(connection, random_id(), &mailbox, invitation, at).await
}

/// What is one mailbox for most mail servers: the address in lower case, without what stands behind a `+`
/// before the `@`.
pub fn mailbox(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let user = local.split('+').next().filter(|user| !user.is_empty()).unwrap_or(local);
            format!("{user}@{domain}")
        }
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::mailbox;

    #[test]
    fn spellings_of_one_mailbox() {
        for address in ["mia@example.com", "Mia@Example.com", "mia+1@example.com", " mia+a+b@example.com"] {
            assert_eq!(mailbox(address), "mia@example.com", "{address}");
        }
        assert_eq!(mailbox("+@example.com"), "+@example.com");
        assert_ne!(mailbox("mia@example.com"), mailbox("mia@example.org"));
    }
}
