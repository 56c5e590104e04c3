//! Objects: their rows, and PutObject.

use crate::buckets::Bucket;
use crate::checksums::{self, Kept};
use crate::conditions::check_write;
use crate::content::{self, Content};
use crate::metadata::{Metadata, header_tags};
use crate::{errors, given_checksums, metadata_of, names, refuse_extras, show_checksum};
use api::s3::{PutObjectOutput, PutObjectRequest};
use kernel::{ApiError, Caller, Row, Scope, Snapshot, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { s3: operations { write PutObject => put_object } tables { Object } }

/// The largest object that one request may bring.
pub(crate) const MAX_PUT: u64 = 5 << 30;

/// A part of an object that came in parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartSize {
    pub(crate) number: i64,
    pub(crate) size: u64,
}

/// An object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Object {
    pub(crate) bucket: SmolStr,
    pub(crate) key: SmolStr,
    /// Without quotes.
    pub(crate) etag: SmolStr,
    pub(crate) size: u64,
    pub(crate) modified_at: Timestamp,
    pub(crate) content: Content,
    pub(crate) metadata: Metadata,
    pub(crate) tags: Tags,
    pub(crate) checksum: Option<Kept>,
    /// Empty for objects that came in one piece.
    #[serde(default)]
    pub(crate) parts: Vec<PartSize>,
}

impl Row for Object {
    const TABLE: &'static str = "s3.objects";
    const SCOPE: Scope = Scope::World;

    fn key(&self) -> SmolStr {
        row_key(&self.bucket, &self.key)
    }
}

/// No bucket's name has a slash, so keys sort by bucket, then as S3 lists them.
pub(crate) fn row_key(bucket: &str, key: &str) -> SmolStr {
    format_smolstr!("{bucket}/{key}")
}

impl Object {
    pub(crate) fn get(snapshot: &Snapshot, bucket: &str, key: &str) -> Option<Arc<Self>> {
        snapshot.get::<Self>(&row_key(bucket, key))
    }

    pub(crate) fn find(
        snapshot: &Snapshot,
        bucket: &str,
        key: &str,
        version: Option<&SmolStr>,
    ) -> Result<Arc<Self>, ApiError> {
        check_version(key, version)?;
        Self::get(snapshot, bucket, key).ok_or_else(|| errors::no_such_key(key))
    }

    /// A bucket's objects whose keys come after `after`, in order.
    pub(crate) fn all<'a>(
        snapshot: &'a Snapshot,
        bucket: &str,
        after: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        let bucket = SmolStr::new(bucket);
        let rows = snapshot.rows_after::<Self>(&row_key(&bucket, after));
        rows.take_while(move |row| row.bucket == bucket)
    }

    /// A bucket's objects from the key `first` on, in order.
    pub(crate) fn from<'a>(
        snapshot: &'a Snapshot,
        bucket: &str,
        first: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        // What sorts before `first` and behind every other key that does: `first` without its
        // last character is a prefix of both, so that few keys are passed over.
        let mut before = first.to_owned();
        let last = before.pop().unwrap_or_default();
        let below = char::from_u32((last as u32).saturating_sub(1)).unwrap_or_default();
        before.push(below);
        before.push(char::MAX);
        let first = SmolStr::new(first);
        Self::all(snapshot, bucket, &before).skip_while(move |object| object.key < first)
    }

    /// Puts the object in the place of whatever was there. Its content must be held already.
    pub(crate) fn store(self, tx: &mut Tx) {
        if let Some(old) = tx.put(self) {
            old.content.release(tx);
        }
    }

    /// Takes the object away, with what it held.
    pub(crate) fn remove(tx: &mut Tx, bucket: &str, key: &str) -> bool {
        match tx.remove::<Self>(&row_key(bucket, key)) {
            Some(old) => {
                old.content.release(tx);
                true
            }
            None => false,
        }
    }

    /// As headers have it.
    pub(crate) fn quoted_etag(&self) -> SmolStr {
        format_smolstr!("\"{}\"", self.etag)
    }
}

/// Buckets are not versioned: their objects have the version `null`.
pub(crate) fn check_version(key: &str, version: Option<&SmolStr>) -> Result<(), ApiError> {
    match version.map(SmolStr::as_str) {
        None | Some("null" | "") => Ok(()),
        Some(version) => Err(errors::no_such_version(key, version)),
    }
}

fn put_object(
    tx: &mut Tx,
    caller: &Caller,
    input: PutObjectRequest,
) -> Result<PutObjectOutput, ApiError> {
    names::check_key(&input.key)?;
    let bucket = Bucket::find(tx, caller, &input.bucket, input.expected_bucket_owner.as_ref())?;
    refuse_extras!(input)?;
    if input.write_offset_bytes.is_some() {
        return Err(ApiError::not_implemented("appending to objects"));
    }
    let given = given_checksums!(input)?;
    if given.is_none() && input.checksum_algorithm.is_some() && caller.invoked_by.is_none() {
        return Err(errors::invalid_request(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or \
             x-amz-trailer headers were found.",
        ));
    }
    let body = input.body.unwrap_or_default();
    if body.len() > MAX_PUT {
        return Err(errors::entity_too_large(body.len(), MAX_PUT));
    }
    let digests = content::digests(&body, &checksums::wanted(given.as_ref()));
    checksums::verify_md5(input.content_md5.as_deref(), digests.md5)?;
    given.iter().try_for_each(|given| given.verify(&digests))?;
    let metadata = metadata_of!(input).checked()?;
    let tags = header_tags(input.tagging.as_deref())?;
    let there = Object::get(tx, &bucket.name, &input.key);
    check_write(
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        &input.key,
        there.as_deref(),
    )?;
    let size = body.len();
    let object = Object {
        bucket: bucket.name.clone(),
        key: input.key,
        etag: checksums::hex(&digests.md5),
        size,
        modified_at: tx.now().whole_seconds(),
        content: Content::keep(tx, body),
        metadata,
        tags,
        checksum: checksums::kept(given.as_ref(), &digests),
        parts: Vec::new(),
    };
    let mut output = PutObjectOutput {
        e_tag: Some(object.quoted_etag()),
        server_side_encryption: object.metadata.encryption.clone(),
        ssekms_key_id: object.metadata.encryption_key.clone(),
        checksum_type: object.checksum.as_ref().map(Kept::kind),
        ..Default::default()
    };
    show_checksum!(output, &object.checksum);
    object.store(tx);
    Ok(output)
}
