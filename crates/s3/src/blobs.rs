//! Contents of objects and parts, counted by how many refer to them.

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use kernel::{Row, Scope, Tx, resource};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

resource! { s3: tables { Blob } }

/// One content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Blob {
    pub(crate) id: SmolStr,
    pub(crate) references: u64,
    /// None when the shell's blob store has it.
    #[serde(default, serialize_with = "to_text", deserialize_with = "from_text")]
    pub(crate) bytes: Option<Bytes>,
}

impl Row for Blob {
    const TABLE: &'static str = crate::BLOBS;
    const SCOPE: Scope = Scope::World;

    fn key(&self) -> SmolStr {
        self.id.clone()
    }
}

fn to_text<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| BASE64_STANDARD.encode(bytes)).serialize(serializer)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    let bytes = text.map(|text| BASE64_STANDARD.decode(text)).transpose();
    Ok(bytes.map_err(serde::de::Error::custom)?.map(Bytes::from))
}

/// Counts one more that refers to a content.
pub(crate) fn hold(tx: &mut Tx, id: &str) {
    tx.update::<Blob>(id, |blob| blob.references += 1);
}

/// Counts one less, and forgets the content after the last.
pub(crate) fn release(tx: &mut Tx, id: &str) {
    match tx.get::<Blob>(id) {
        Some(blob) if blob.references > 1 => {
            tx.update::<Blob>(id, |blob| blob.references -= 1);
        }
        _ => {
            tx.remove::<Blob>(id);
        }
    }
}
