//! One kind of id everywhere: twelve characters `[a-z0-9]`, random, unique, permanent.
//!
//! The same shape is what clients of the Statuspage-compatible API expect.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Number of characters of every id.
pub const ID_LENGTH: usize = 12;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an ID has {ID_LENGTH} characters, each a-z or 0-9")]
pub struct NotAnId;

/// Twelve characters from 96 random bits. Each character takes a byte modulo 36, a bias of less
/// than 3 % per character, which leaves more than 61 bits of chance: collisions are refused by
/// the database.
pub fn id_text(random: [u8; ID_LENGTH]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "ssr", schema(pattern = "^[a-z0-9]{12}$", example = "k3f9x0q2m7ab"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id made from these random bytes.
            pub fn from_random(random: [u8; ID_LENGTH]) -> Self {
                Self(id_text(random))
            }
            /// The twelve characters.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if is_id(text) { Ok(Self(text.to_owned())) } else { Err(NotAnId) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                if is_id(&text) { Ok(Self(text)) } else { Err(NotAnId) }
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A person who can sign in.
    UserId,
    /// The tenant.
    OrganizationId,
    /// A group of members that owns services.
    TeamId,
    /// An offer to become a member.
    InvitationId,
    /// A message on its way.
    MessageId,
    /// A program's key.
    TokenId,
    /// A heading over services.
    GroupId,
    /// What customers depend on.
    ServiceId,
    /// One interval of a service's status history.
    IntervalId,
    /// What is or was wrong.
    IncidentId,
    /// One message of an incident or a maintenance.
    UpdateId,
    /// A text to begin with.
    TemplateId,
    /// One window of planned work.
    MaintenanceId,
    /// Windows that come again and again.
    SeriesId,
    /// One claim about a service.
    ClaimId,
    /// One line of the audit log.
    AuditId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_random_id_reads_back(random in any::<[u8; ID_LENGTH]>()) {
            let id = ServiceId::from_random(random);
            prop_assert_eq!(id.as_str().parse::<ServiceId>(), Ok(id.clone()));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "abc", "ABCDEFGHIJKL", "abcdefghijk-", "abcdefghijklm", "ábcdefghijk"] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{text:?}");
        }
    }
}
