//! Digests as the wire spells them, shared by SNS and SQS.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kernel::{Checksum, Hasher};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a text, which is a FIFO message's id where its content decides.
pub(crate) fn sha256(text: &str) -> String {
    hex(&Checksum::Sha256.of_bytes(text.as_bytes()))
}

/// An MD5.
pub(crate) fn md5(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(&[]);
    hasher.update(bytes);
    hex(&hasher.finish().md5)
}

/// Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
