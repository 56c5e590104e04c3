//! Reading of the embedded tables: zstd around postcard.
//!
//! The tables are part of the binary and are checked by this crate's tests, so a table that does
//! not decode is a broken build, not a condition to handle.

use serde::de::DeserializeOwned;

/// Decompresses one zstd frame of an embedded table.
pub(crate) fn inflate(frame: &[u8]) -> Vec<u8> {
    zstd::decode_all(frame).expect("an embedded table is a whole zstd frame")
}

/// Decodes an embedded table.
pub(crate) fn decode<T: DeserializeOwned>(frame: &[u8]) -> T {
    postcard::from_bytes(&inflate(frame)).expect("an embedded table has this crate's layout")
}
