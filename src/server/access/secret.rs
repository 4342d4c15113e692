//! One-time tokens: shown once, kept as a hash.

use sha2::{Digest, Sha256};

/// A token that nobody can guess (256 random bits), and the hash to keep of it.
pub struct Secret {
    /// Goes into a link or to a person, and nowhere else.
    pub token: String,
    /// Goes into the database.
    pub hash: String,
}

impl Secret {
    /// A new one.
    pub fn fresh() -> Self {
        let random: [u8; 32] = rand::random();
        let token = hex(&random);
        Self { hash: hash(&token), token }
    }
}

/// What is kept of a token. A plain hash is enough: the token is no word that could be guessed.
pub fn hash(token: &str) -> String {
    hex(&Sha256::digest(token))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
