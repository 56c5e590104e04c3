//! Key pairs: CreateKeyPair, ImportKeyPair, DescribeKeyPairs, DeleteKeyPair.
//!
//! "Amazon EC2 key pairs and Amazon EC2 instances" in the user guide. AWS keeps the public half
//! only; the private one is in CreateKeyPair's answer and nowhere else.

mod material;
mod public;

use crate::entity::{Entity, Query, render_tags, specified_tags};
use crate::errors;
use api::ec2::{
    CreateKeyPairRequest, DeleteKeyPairRequest, DeleteKeyPairResult, DescribeKeyPairsRequest,
    DescribeKeyPairsResult, ImportKeyPairRequest, ImportKeyPairResult, KeyPairInfo,
};
use kernel::{
    ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, Tx, is_resource_id,
    resource,
};
use material::PrivateKey;
use public::PublicKey;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

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

impl Entity for KeyPair {
    const KIND: &'static str = "key-pair";
    const PREFIX: &'static str = "key-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "fingerprint", values: |k, _, emit| emit(&k.fingerprint) },
        FilterRow { name: "key-name", values: |k, _, emit| emit(&k.name) },
        FilterRow { name: "key-pair-id", values: |k, _, emit| emit(&k.id) },
    ];

    fn id(&self) -> SmolStr {
        self.id.clone()
    }

    fn by_id(snapshot: &Snapshot, id: &str) -> Option<Arc<Self>> {
        snapshot.rows_by("id", id).next().cloned()
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::key_pair_not_found(&ids.join(", "))
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidKeyPairId.Malformed", id, Self::PREFIX)
    }
}

/// What both ways of making a key pair check before they look at the key.
fn new_name(name: &SmolStr) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(errors::missing_parameter("KeyName"));
    }
    let trimmed = name.trim_matches(' ').len() == name.len();
    if name.len() > 255 || !name.is_ascii() || !trimmed {
        return Err(errors::invalid_parameter(
            name,
            "keyName",
            "Names are up to 255 ASCII characters without leading or trailing spaces.",
        ));
    }
    Ok(())
}

fn unused(snapshot: &Snapshot, name: &str) -> Result<(), ApiError> {
    match snapshot.contains::<KeyPair>(name) {
        true => Err(errors::key_pair_duplicate()),
        false => Ok(()),
    }
}

/// Makes a key pair and gives its private half away.
fn create_key_pair(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateKeyPairRequest,
) -> Result<api::ec2::KeyPair, ApiError> {
    new_name(&input.key_name)?;
    let key_type = input.key_type.as_deref().unwrap_or("rsa");
    if !matches!(key_type, "rsa" | "ed25519") {
        return Err(errors::invalid_parameter(key_type, "keyType", "Expecting rsa or ed25519."));
    }
    let format = input.key_format.as_deref().unwrap_or("pem");
    if !matches!(format, "pem" | "ppk") {
        return Err(errors::invalid_parameter(format, "keyFormat", "Expecting pem or ppk."));
    }
    let specified = input.tag_specifications.as_deref();
    let tags = specified_tags(caller, specified, KeyPair::KIND, &[KeyPair::KIND])?;
    errors::dry_run(input.dry_run)?;
    unused(tx, &input.key_name)?;
    let key = match key_type {
        "rsa" => PrivateKey::rsa(tx.random()),
        _ => PrivateKey::ed25519(tx.random()),
    };
    let material = match format {
        "pem" => key.pem(),
        _ => key.ppk(&input.key_name),
    };
    let row = keep(tx, input.key_name, &key.public(), key.fingerprint(), tags);
    Ok(api::ec2::KeyPair {
        key_pair_id: Some(row.id.clone()),
        tags: render_tags(&row.tags),
        key_name: Some(row.name.clone()),
        key_fingerprint: Some(row.fingerprint.clone()),
        key_material: Some(material.into()),
    })
}

/// Takes over the public half of a key pair that the user made.
fn import_key_pair(
    tx: &mut Tx,
    caller: &Caller,
    input: ImportKeyPairRequest,
) -> Result<ImportKeyPairResult, ApiError> {
    new_name(&input.key_name)?;
    if input.public_key_material.is_empty() {
        return Err(errors::missing_parameter("PublicKeyMaterial"));
    }
    let specified = input.tag_specifications.as_deref();
    let tags = specified_tags(caller, specified, KeyPair::KIND, &[KeyPair::KIND])?;
    let key =
        PublicKey::parse(&input.public_key_material).ok_or_else(errors::invalid_key_format)?;
    errors::dry_run(input.dry_run)?;
    unused(tx, &input.key_name)?;
    let fingerprint = key.fingerprint();
    let row = keep(tx, input.key_name, &key, fingerprint, tags);
    Ok(ImportKeyPairResult {
        key_fingerprint: Some(row.fingerprint.clone()),
        key_name: Some(row.name.clone()),
        key_pair_id: Some(row.id.clone()),
        tags: render_tags(&row.tags),
    })
}

fn keep(tx: &mut Tx, name: SmolStr, key: &PublicKey, fingerprint: String, tags: Tags) -> KeyPair {
    let row = KeyPair {
        id: tx.new_id(KeyPair::PREFIX),
        key_type: SmolStr::new_static(key.kind()),
        fingerprint: fingerprint.into(),
        public_key: key.line(&name),
        created_at: tx.now(),
        name,
        tags,
    };
    tx.put(row.clone());
    row
}

/// The key pairs of these names and ids, or all; every missing one is named by the error.
fn describe_key_pairs(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeKeyPairsRequest,
) -> Result<DescribeKeyPairsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let names = input.key_names.unwrap_or_default();
    let ids = input.key_pair_ids.unwrap_or_default();
    let missing: Vec<&str> = names
        .iter()
        .filter(|name| !snapshot.contains::<KeyPair>(name))
        .map(SmolStr::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(KeyPair::not_found(&missing));
    }
    KeyPair::find_all(snapshot, &ids)?;
    let all = names.is_empty() && ids.is_empty();
    let page = Query {
        operation: "DescribeKeyPairs",
        filters: input.filters.as_deref(),
        ..Default::default()
    }
    .run_where::<KeyPair>(snapshot, |key| {
        all || names.contains(&key.name) || ids.contains(&key.id)
    })?;
    let with_key = input.include_public_key == Some(true);
    let render = |key: &Arc<KeyPair>| KeyPairInfo {
        key_pair_id: Some(key.id.clone()),
        key_type: Some(key.key_type.clone()),
        tags: Some(render_tags(&key.tags).unwrap_or_default()),
        public_key: with_key.then(|| key.public_key.as_str().into()),
        create_time: Some(key.created_at),
        key_name: Some(key.name.clone()),
        key_fingerprint: Some(key.fingerprint.clone()),
    };
    Ok(DescribeKeyPairsResult { key_pairs: Some(page.items.iter().map(render).collect()) })
}

/// Deleting what is not there succeeds.
fn delete_key_pair(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteKeyPairRequest,
) -> Result<DeleteKeyPairResult, ApiError> {
    let row = match (&input.key_name, &input.key_pair_id) {
        (None, None) => return Err(errors::missing_parameter("KeyName")),
        (Some(_), Some(_)) => return Err(errors::cannot_be_used_with("keyName", "keyPairId")),
        (Some(name), None) => tx.get::<KeyPair>(name),
        (None, Some(id)) if !is_resource_id(id, KeyPair::PREFIX) => {
            return Err(KeyPair::malformed(id));
        }
        (None, Some(id)) => KeyPair::by_id(tx, id),
    };
    errors::dry_run(input.dry_run)?;
    if let Some(row) = &row {
        tx.remove::<KeyPair>(&row.name);
    }
    Ok(DeleteKeyPairResult { r#return: Some(true), key_pair_id: row.map(|row| row.id.clone()) })
}

resource! { ec2:
    operations {
        write CreateKeyPair => create_key_pair,
        write ImportKeyPair => import_key_pair,
        read DescribeKeyPairs => describe_key_pairs,
        write DeleteKeyPair => delete_key_pair,
    }
    tables { KeyPair }
}
