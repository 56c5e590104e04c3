//! What an object or a part holds: slices of blobs, one after the other.

use crate::blobs::{self, Blob};
use bytes::{Bytes, BytesMut};
use kernel::{Body, Checksum, Digests, Hasher, Piece, Snapshot, StoredBody, Tx};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// Contents up to this size are answered from memory.
const IN_MEMORY: u64 = 1 << 20;

/// A slice of a blob.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub(crate) blob: SmolStr,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Slices of blobs, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Content(pub(crate) Vec<Slice>);

/// The digests of a body that came in.
pub(crate) fn digests(body: &Body, wanted: &[Checksum]) -> Digests {
    match body {
        Body::Memory(bytes) => {
            let mut hasher = Hasher::new(wanted);
            hasher.update(bytes);
            hasher.finish()
        }
        Body::Stored(stored) => stored.digests.clone(),
    }
}

impl Content {
    /// Keeps a body that came in.
    pub(crate) fn keep(tx: &mut Tx, body: Body) -> Self {
        let pieces = match body {
            Body::Memory(bytes) if bytes.is_empty() => Vec::new(),
            Body::Memory(bytes) => vec![Piece::Memory(bytes)],
            Body::Stored(stored) => stored.pieces.clone(),
        };
        let slice = |piece| {
            let (id, bytes, offset, length) = match piece {
                Piece::Memory(bytes) => {
                    let length = bytes.len() as u64;
                    (tx.new_uuid(), Some(bytes), 0, length)
                }
                Piece::Blob { id, offset, length } => (id, None, offset, length),
            };
            tx.put(Blob { id: id.clone(), references: 1, bytes });
            Slice { blob: id, offset, length }
        };
        Self(pieces.into_iter().map(slice).collect())
    }

    /// Number of bytes.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|slice| slice.length).sum()
    }

    /// Says that something refers to this content.
    pub(crate) fn hold(&self, tx: &mut Tx) {
        self.0.iter().for_each(|slice| blobs::hold(tx, &slice.blob));
    }

    /// Says that it does no more.
    pub(crate) fn release(&self, tx: &mut Tx) {
        self.0.iter().for_each(|slice| blobs::release(tx, &slice.blob));
    }

    /// `length` bytes of it from `offset`.
    pub(crate) fn part(&self, offset: u64, length: u64) -> Self {
        let (mut skip, mut left) = (offset, length);
        let mut slices = Vec::new();
        for slice in &self.0 {
            if left == 0 {
                break;
            }
            if skip >= slice.length {
                skip -= slice.length;
                continue;
            }
            let length = (slice.length - skip).min(left);
            slices.push(Slice { blob: slice.blob.clone(), offset: slice.offset + skip, length });
            left -= length;
            skip = 0;
        }
        Self(slices)
    }

    /// The content as a body: in memory when it is small and all of it is there.
    pub(crate) fn body(&self, snapshot: &Snapshot) -> Body {
        let piece = |slice: &Slice| match snapshot.get::<Blob>(&slice.blob).as_deref() {
            Some(Blob { bytes: Some(bytes), .. }) => {
                let from = slice.offset as usize;
                Piece::Memory(bytes.slice(from..from + slice.length as usize))
            }
            _ => Piece::Blob { id: slice.blob.clone(), offset: slice.offset, length: slice.length },
        };
        let pieces: Vec<Piece> = self.0.iter().map(piece).collect();
        match pieces.as_slice() {
            [] => Body::default(),
            [Piece::Memory(bytes)] => Body::Memory(bytes.clone()),
            several if self.len() <= IN_MEMORY => match joined(several) {
                Some(bytes) => Body::Memory(bytes),
                None => stored(pieces),
            },
            _ => stored(pieces),
        }
    }
}

fn stored(pieces: Vec<Piece>) -> Body {
    Body::Stored(Arc::new(StoredBody { pieces, digests: Digests::default() }))
}

fn joined(pieces: &[Piece]) -> Option<Bytes> {
    let mut all = BytesMut::new();
    for piece in pieces {
        match piece {
            Piece::Memory(bytes) => all.extend_from_slice(bytes),
            Piece::Blob { .. } => return None,
        }
    }
    Some(all.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(blob: &str, offset: u64, length: u64) -> Slice {
        Slice { blob: blob.into(), offset, length }
    }

    #[test]
    fn parts_are_cut_across_slices() {
        let content = Content(vec![slice("a", 0, 10), slice("b", 5, 10)]);
        for (offset, length, want) in [
            (0, 20, vec![slice("a", 0, 10), slice("b", 5, 10)]),
            (2, 3, vec![slice("a", 2, 3)]),
            (8, 4, vec![slice("a", 8, 2), slice("b", 5, 2)]),
            (10, 1, vec![slice("b", 5, 1)]),
            (19, 5, vec![slice("b", 14, 1)]),
            (5, 0, vec![]),
        ] {
            assert_eq!(content.part(offset, length).0, want, "{length} from {offset}");
        }
    }
}
