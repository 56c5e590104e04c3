//! Key pairs.

use kernel::{IndexSink, Row, Tags, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A key pair: AWS keeps the public half only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeyPair {
    pub(crate) name: SmolStr,
    /// `key-…`
    pub(crate) id: SmolStr,
    /// `rsa` or `ed25519`
    pub(crate) key_type: SmolStr,
    pub(crate) fingerprint: SmolStr,
    /// OpenSSH's one-line form.
    pub(crate) public_key: String,
    pub(crate) created_at: Timestamp,
    pub(crate) tags: Tags,
}

impl Row for KeyPair {
    const TABLE: &'static str = "ec2.key-pairs";
    const INDEXES: &'static [&'static str] = &["id", "tag"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("id", self.id.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

resource! { ec2: tables { KeyPair } }
