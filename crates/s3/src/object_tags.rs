//! Tags of objects.

use crate::buckets::Bucket;
use crate::metadata::{object_tags, render_tags};
use crate::objects::Object;
use api::s3::{
    DeleteObjectTaggingOutput, DeleteObjectTaggingRequest, GetObjectTaggingOutput,
    GetObjectTaggingRequest, PutObjectTaggingOutput, PutObjectTaggingRequest,
};
use kernel::{ApiError, Caller, Row, Snapshot, Tags, Tx, resource};

resource! { s3:
    operations {
        write PutObjectTagging => put_object_tagging,
        read GetObjectTagging => get_object_tagging,
        write DeleteObjectTagging => delete_object_tagging,
    }
}

fn put_object_tagging(
    tx: &mut Tx,
    caller: &Caller,
    input: PutObjectTaggingRequest,
) -> Result<PutObjectTaggingOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let tags = object_tags(&input.tagging.tag_set)?;
    let object = Object::find(tx, &bucket.name, &input.key, input.version_id.as_ref())?;
    tx.update::<Object>(&object.key(), |object| object.tags = tags);
    Ok(PutObjectTaggingOutput::default())
}

fn get_object_tagging(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetObjectTaggingRequest,
) -> Result<GetObjectTaggingOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(snapshot, caller, &input.bucket, owner)?;
    let object = Object::find(snapshot, &bucket.name, &input.key, input.version_id.as_ref())?;
    Ok(GetObjectTaggingOutput { version_id: None, tag_set: Some(render_tags(&object.tags)) })
}

fn delete_object_tagging(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteObjectTaggingRequest,
) -> Result<DeleteObjectTaggingOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let object = Object::find(tx, &bucket.name, &input.key, input.version_id.as_ref())?;
    tx.update::<Object>(&object.key(), |object| object.tags = Tags::default());
    Ok(DeleteObjectTaggingOutput::default())
}
