//! Deleting objects, one or many.

use crate::buckets::Bucket;
use crate::conditions::check_write;
use crate::errors;
use crate::objects::{Object, check_version};
use api::s3::{
    DeleteObjectOutput, DeleteObjectRequest, DeleteObjectsOutput, DeleteObjectsRequest,
    DeletedObject, Error, ObjectIdentifier,
};
use kernel::{ApiError, Caller, Tx, resource};

resource! { s3:
    operations {
        write DeleteObject => delete_object,
        write DeleteObjects => delete_objects,
    }
}

/// Most keys of one request.
const MAX_KEYS: usize = 1_000;

/// Deleting what is not there is no error.
fn delete_object(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteObjectRequest,
) -> Result<DeleteObjectOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    check_version(&input.key, input.version_id.as_ref())?;
    if input.if_match.is_some() {
        let there = Object::get(tx, &bucket.name, &input.key);
        check_write(input.if_match.as_ref(), None, &input.key, there.as_deref())?;
    }
    Object::remove(tx, &bucket.name, &input.key);
    Ok(DeleteObjectOutput::default())
}

fn delete_objects(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteObjectsRequest,
) -> Result<DeleteObjectsOutput, ApiError> {
    let owner = input.expected_bucket_owner.as_ref();
    let bucket = Bucket::find(tx, caller, &input.bucket, owner)?;
    let objects = input.delete.objects;
    if objects.is_empty() || objects.len() > MAX_KEYS {
        return Err(errors::malformed_xml());
    }
    let quiet = input.delete.quiet == Some(true);
    let (mut deleted, mut failed) = (Vec::new(), Vec::new());
    for object in objects {
        match delete_one(tx, &bucket.name, &object) {
            Ok(()) if quiet => {}
            Ok(()) => deleted.push(DeletedObject {
                key: Some(object.key),
                version_id: object.version_id,
                ..Default::default()
            }),
            Err(error) => failed.push(Error {
                key: Some(object.key),
                version_id: object.version_id,
                code: Some(error.code),
                message: Some(error.message.into()),
            }),
        }
    }
    Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(failed), request_charged: None })
}

fn delete_one(tx: &mut Tx, bucket: &str, object: &ObjectIdentifier) -> Result<(), ApiError> {
    check_version(&object.key, object.version_id.as_ref())?;
    if object.e_tag.is_some() {
        let there = Object::get(tx, bucket, &object.key);
        check_write(object.e_tag.as_ref(), None, &object.key, there.as_deref())?;
    }
    Object::remove(tx, bucket, &object.key);
    Ok(())
}
