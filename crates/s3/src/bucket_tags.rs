//! Tags of buckets.

use crate::buckets::Bucket;
use crate::errors;
use crate::metadata::{bucket_tags, render_tags};
use api::s3::{
    DeleteBucketTaggingRequest, GetBucketTaggingOutput, GetBucketTaggingRequest,
    PutBucketTaggingRequest,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, resource};

resource! { s3:
    operations {
        write PutBucketTagging => put_bucket_tagging,
        read GetBucketTagging => get_bucket_tagging,
        write DeleteBucketTagging => delete_bucket_tagging,
    }
}

/// Tags that services gave stay.
fn system_tags(bucket: &Bucket) -> Tags {
    bucket.tags.without(|key, _| !key.starts_with("aws:"))
}

fn put_bucket_tagging(
    tx: &mut Tx,
    caller: &Caller,
    input: PutBucketTaggingRequest,
) -> Result<(), ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let own: Vec<_> = input
        .tagging
        .tag_set
        .into_iter()
        .filter(|tag| bucket.tags.get(&tag.key) != Some(&tag.value) || !tag.key.starts_with("aws:"))
        .collect();
    let tags = bucket_tags(&own, caller.invoked_by.is_some())?;
    let pairs = tags.iter().map(|(key, value)| (key.clone(), value.clone()));
    let tags = system_tags(&bucket).with(pairs);
    tx.update::<Bucket>(&bucket.name, |bucket| bucket.tags = tags);
    Ok(())
}

fn get_bucket_tagging(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetBucketTaggingRequest,
) -> Result<GetBucketTaggingOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, owner)?;
    if bucket.tags.is_empty() {
        return Err(errors::no_such_tag_set(&bucket.name));
    }
    Ok(GetBucketTaggingOutput { tag_set: Some(render_tags(&bucket.tags)) })
}

fn delete_bucket_tagging(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteBucketTaggingRequest,
) -> Result<(), ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let tags = system_tags(&bucket);
    tx.update::<Bucket>(&bucket.name, |bucket| bucket.tags = tags);
    Ok(())
}
