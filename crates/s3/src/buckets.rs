//! Buckets.

use crate::metadata::bucket_tags;
use crate::objects::Object;
use crate::uploads::Upload;
use crate::{errors, names};
use api::s3::{
    Bucket as BucketEntry, CreateBucketOutput, CreateBucketRequest, DeleteBucketRequest,
    GetBucketLocationOutput, GetBucketLocationRequest, HeadBucketOutput, HeadBucketRequest,
    ListBucketsOutput, ListBucketsRequest, Owner,
};
use kernel::{
    ApiError, Caller, IndexSink, Rng, Row, Scope, Snapshot, Tags, Timestamp, Tx, paginate,
    partition_of, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { s3:
    operations {
        write CreateBucket => create_bucket,
        read ListBuckets => list_buckets,
        read HeadBucket => head_bucket,
        read GetBucketLocation => get_bucket_location,
        write DeleteBucket => delete_bucket,
    }
    tables { Bucket }
}

/// AWS's default quota.
const MAX_BUCKETS: usize = 10_000;
/// The region whose buckets have no location constraint.
const FIRST_REGION: &str = "us-east-1";

/// A bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) name: SmolStr,
    /// Account.
    pub(crate) owner: SmolStr,
    pub(crate) region: SmolStr,
    pub(crate) created_at: Timestamp,
    pub(crate) tags: Tags,
}

impl Row for Bucket {
    const TABLE: &'static str = "s3.buckets";
    const SCOPE: Scope = Scope::World;
    const INDEXES: &'static [&'static str] = &["owner"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("owner", self.owner.clone());
    }
}

impl Bucket {
    /// The bucket of this name for this caller: one elsewhere answers with a redirect, one whose
    /// owner is not the expected is denied. Services read from other regions too.
    pub(crate) fn find(
        snapshot: &Snapshot,
        caller: &Caller,
        name: &str,
        expected_owner: Option<&SmolStr>,
    ) -> Result<Arc<Self>, ApiError> {
        let bucket = snapshot.get::<Self>(name).ok_or_else(|| errors::no_such_bucket(name))?;
        let anonymous = caller.access_key.is_empty();
        if bucket.region != caller.region && caller.invoked_by.is_none() && !anonymous {
            return Err(errors::permanent_redirect(name, &bucket.region));
        }
        match expected_owner {
            Some(owner) if *owner != bucket.owner => Err(errors::access_denied()),
            _ => Ok(bucket),
        }
    }

    fn arn(&self) -> SmolStr {
        format_smolstr!("arn:{}:s3:::{}", partition_of(&self.region), self.name)
    }
}

/// The canonical id of an account.
pub(crate) fn canonical_id(account: &str) -> SmolStr {
    let mut rng = Rng::named(0, &format!("canonical user {account}"));
    rng.text(b"0123456789abcdef", 64).into()
}

pub(crate) fn owner(account: &str) -> Owner {
    Owner { display_name: None, id: Some(canonical_id(account)) }
}

/// Where a new bucket is to be.
fn place(caller: &Caller, constraint: Option<&SmolStr>) -> Result<SmolStr, ApiError> {
    let wanted = constraint.filter(|text| !text.is_empty()).map(|text| match text.as_str() {
        "EU" => SmolStr::new_static("eu-west-1"),
        _ => text.clone(),
    });
    match wanted {
        None if caller.region == FIRST_REGION => Ok(caller.region.clone()),
        None => Err(errors::illegal_location(None)),
        Some(region) if region == FIRST_REGION || catalogue::region(&region).is_none() => {
            Err(errors::invalid_location(&region))
        }
        // The first region's endpoint makes buckets everywhere.
        Some(region) if region == caller.region || caller.region == FIRST_REGION => Ok(region),
        Some(region) => Err(errors::illegal_location(Some(&region))),
    }
}

fn create_bucket(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateBucketRequest,
) -> Result<CreateBucketOutput, ApiError> {
    let name = input.bucket;
    names::check_bucket(&name)?;
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    let region = match caller.invoked_by {
        // Services make buckets where they are.
        Some(_) if configuration.location_constraint.is_none() => caller.region.clone(),
        _ => place(caller, configuration.location_constraint.as_ref())?,
    };
    if configuration.location.is_some() || configuration.bucket.is_some() {
        return Err(ApiError::not_implemented("directory buckets"));
    }
    if !matches!(input.acl.as_deref(), None | Some("private"))
        && matches!(input.object_ownership.as_deref(), None | Some("BucketOwnerEnforced"))
    {
        return Err(errors::bucket_acl_not_supported());
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(ApiError::not_implemented("object locks"));
    }
    let given = configuration.tags.unwrap_or_default();
    let tags = bucket_tags(&given, caller.invoked_by.is_some())?;
    let location = match &*region {
        FIRST_REGION => format_smolstr!("/{name}"),
        _ => format_smolstr!("http://{name}.s3.amazonaws.com/"),
    };
    match tx.get::<Bucket>(&name) {
        Some(old) if old.owner != caller.account => {
            return Err(errors::bucket_already_exists(&name));
        }
        Some(old) if old.region == FIRST_REGION && caller.region == FIRST_REGION => {
            let bucket_arn = Some(old.arn());
            return Ok(CreateBucketOutput { location: Some(location), bucket_arn });
        }
        Some(_) => return Err(errors::bucket_already_owned(&name)),
        None => {}
    }
    if tx.rows_by::<Bucket>("owner", &caller.account).count() >= MAX_BUCKETS {
        return Err(errors::too_many_buckets());
    }
    let owner = caller.account.clone();
    let bucket = Bucket { name, owner, region, created_at: tx.now().whole_seconds(), tags };
    let bucket_arn = Some(bucket.arn());
    tx.put(bucket);
    Ok(CreateBucketOutput { location: Some(location), bucket_arn })
}

fn list_buckets(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListBucketsRequest,
) -> Result<ListBucketsOutput, ApiError> {
    let paged = input.max_buckets.is_some() || input.bucket_region.is_some();
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let wanted = |row: &&Arc<Bucket>| {
        row.name.starts_with(prefix)
            && input.bucket_region.as_ref().is_none_or(|region| *region == row.region)
    };
    let limit = input.max_buckets.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_BUCKETS);
    let rows = |after: &str| {
        let after = after.to_owned();
        let own = snapshot.rows_by::<Bucket>("owner", &caller.account);
        own.filter(wanted).filter(move |row| *row.name > *after)
    };
    let token = input.continuation_token.as_deref();
    let page = paginate("ListBuckets", token, limit.clamp(1, MAX_BUCKETS), rows, |row| row.key())
        .map_err(|_| {
            let token = token.unwrap_or_default();
            let text = "The continuation token provided is incorrect";
            errors::invalid_argument("continuation-token", token, text)
        })?;
    let render = |row: &Arc<Bucket>| BucketEntry {
        name: Some(row.name.clone()),
        creation_date: Some(row.created_at),
        bucket_region: paged.then(|| row.region.clone()),
        bucket_arn: Some(row.arn()),
    };
    Ok(ListBucketsOutput {
        buckets: Some(page.items.into_iter().map(render).collect()),
        owner: Some(owner(&caller.account)),
        continuation_token: page.next,
        prefix: input.prefix,
    })
}

fn head_bucket(
    snapshot: &Snapshot,
    caller: &Caller,
    input: HeadBucketRequest,
) -> Result<HeadBucketOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, owner)?;
    Ok(HeadBucketOutput {
        bucket_arn: Some(bucket.arn()),
        bucket_region: Some(bucket.region.clone()),
        access_point_alias: Some(false),
        ..Default::default()
    })
}

/// Answered for buckets in all regions.
fn get_bucket_location(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetBucketLocationRequest,
) -> Result<GetBucketLocationOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, &caller.via("s3"), &input.bucket, owner)?;
    let constraint = (bucket.region != FIRST_REGION).then(|| bucket.region.clone());
    Ok(GetBucketLocationOutput { location_constraint: constraint })
}

fn delete_bucket(tx: &mut Tx, caller: &Caller, input: DeleteBucketRequest) -> Result<(), ApiError> {
    let name = &input.bucket;
    let bucket = Bucket::find(tx, caller, name, input.expected_bucket_owner.as_ref())?;
    if bucket.owner != caller.account {
        return Err(errors::access_denied());
    }
    if Object::all(tx, name, "").next().is_some() {
        return Err(errors::bucket_not_empty(name));
    }
    // Unfinished uploads go with their bucket.
    let uploads: Vec<Arc<Upload>> = tx.rows_by::<Upload>("bucket", name).cloned().collect();
    for upload in uploads {
        upload.abort(tx);
    }
    tx.remove::<Bucket>(name);
    Ok(())
}
