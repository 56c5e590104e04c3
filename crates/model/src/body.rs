//! An object's bytes on their way in or out.

use bytes::Bytes;
use smol_str::SmolStr;
use std::sync::Arc;

/// An object's bytes: small ones in memory, large ones in the shell's blob store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The bytes themselves.
    Memory(Bytes),
    /// Pieces, of which at least one is kept elsewhere.
    Stored(Arc<StoredBody>),
}

/// A body that is not in memory as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBody {
    /// In their order.
    pub pieces: Vec<Piece>,
    /// Of all pieces together; only on the way in.
    pub digests: Digests,
}

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes themselves.
    Memory(Bytes),
    /// `length` bytes from `offset` of what the blob store keeps under `id`.
    Blob {
        /// Name in the blob store.
        id: SmolStr,
        /// First byte.
        offset: u64,
        /// Number of bytes.
        length: u64,
    },
}

/// Digests of a body, made while it came in: the first two always, the others on demand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digests {
    /// MD5.
    pub md5: [u8; 16],
    /// CRC-64/NVME.
    pub crc64nvme: u64,
    /// CRC-32.
    pub crc32: Option<u32>,
    /// CRC-32C.
    pub crc32c: Option<u32>,
    /// SHA-1.
    pub sha1: Option<[u8; 20]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
}

impl Default for Body {
    fn default() -> Self {
        Self::Memory(Bytes::new())
    }
}

impl Body {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Stored(stored) => stored.pieces.iter().map(Piece::len).sum(),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Piece {
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Blob { length, .. } => *length,
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
