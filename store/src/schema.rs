//! What every store notes of the schema files that it was made with.

use domain::chain::Hex;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a schema file's text, in hexadecimal digits.
pub(crate) fn checksum(file: &str) -> String {
    Hex(&Sha256::digest(file)).to_string()
}
