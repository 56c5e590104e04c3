//! S3's errors: code, text, status and further members together.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use kernel::ApiError;
use std::fmt::Display;

fn error(code: &'static str, status: u16, message: impl Into<String>) -> ApiError {
    ApiError::new(code, message).with_status(status)
}

pub(crate) fn no_such_bucket(name: &str) -> ApiError {
    error("NoSuchBucket", 404, "The specified bucket does not exist").with("BucketName", name)
}

pub(crate) fn no_such_key(key: &str) -> ApiError {
    error("NoSuchKey", 404, "The specified key does not exist.").with("Key", key)
}

pub(crate) fn no_such_upload(id: &str) -> ApiError {
    error(
        "NoSuchUpload",
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may \
         have been aborted or completed.",
    )
    .with("UploadId", id)
}

pub(crate) fn no_such_tag_set(bucket: &str) -> ApiError {
    error("NoSuchTagSet", 404, "The TagSet does not exist").with("BucketName", bucket)
}

pub(crate) fn no_such_version(key: &str, version: &str) -> ApiError {
    error("NoSuchVersion", 404, "The specified version does not exist.")
        .with("Key", key)
        .with("VersionId", version)
}

pub(crate) fn invalid_bucket_name(name: &str) -> ApiError {
    error("InvalidBucketName", 400, "The specified bucket is not valid.").with("BucketName", name)
}

pub(crate) fn bucket_already_exists(name: &str) -> ApiError {
    error(
        "BucketAlreadyExists",
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users \
         of the system. Please select a different name and try again.",
    )
    .with("BucketName", name)
}

pub(crate) fn bucket_already_owned(name: &str) -> ApiError {
    error(
        "BucketAlreadyOwnedByYou",
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    )
    .with("BucketName", name)
}

pub(crate) fn bucket_not_empty(name: &str) -> ApiError {
    error("BucketNotEmpty", 409, "The bucket you tried to delete is not empty")
        .with("BucketName", name)
}

pub(crate) fn too_many_buckets() -> ApiError {
    error("TooManyBuckets", 400, "You have attempted to create more buckets than allowed")
}

pub(crate) fn illegal_location(constraint: Option<&str>) -> ApiError {
    let what = constraint.unwrap_or("unspecified");
    error(
        "IllegalLocationConstraintException",
        400,
        format!(
            "The {what} location constraint is incompatible for the region specific endpoint this \
             request was sent to."
        ),
    )
}

pub(crate) fn invalid_location(constraint: &str) -> ApiError {
    error("InvalidLocationConstraint", 400, "The specified location-constraint is not valid")
        .with("LocationConstraint", constraint)
}

/// `Region` becomes the header `x-amz-bucket-region` as well, which clients follow.
pub(crate) fn permanent_redirect(bucket: &str, region: &str) -> ApiError {
    error(
        "PermanentRedirect",
        301,
        "The bucket you are attempting to access must be addressed using the specified endpoint. \
         Please send all future requests to this endpoint.",
    )
    .with("Endpoint", format!("{bucket}.s3.{region}.amazonaws.com"))
    .with("Bucket", bucket)
    .with("Region", region)
}

pub(crate) fn access_denied() -> ApiError {
    error("AccessDenied", 403, "Access Denied")
}

pub(crate) fn acl_not_supported() -> ApiError {
    error("AccessControlListNotSupported", 400, "The bucket does not allow ACLs")
}

pub(crate) fn bucket_acl_not_supported() -> ApiError {
    error(
        "InvalidBucketAclWithObjectOwnership",
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    )
}

pub(crate) fn not_modified() -> ApiError {
    error("NotModified", 304, "Not Modified")
}

pub(crate) fn precondition_failed(condition: &str) -> ApiError {
    error(
        "PreconditionFailed",
        412,
        "At least one of the pre-conditions you specified did not hold",
    )
    .with("Condition", condition)
}

pub(crate) fn invalid_range(range: &str, size: u64) -> ApiError {
    error("InvalidRange", 416, "The requested range is not satisfiable")
        .with("RangeRequested", range)
        .with("ActualObjectSize", size.to_string())
}

pub(crate) fn invalid_part_number() -> ApiError {
    error("InvalidPartNumber", 416, "The requested partnumber is not satisfiable")
}

pub(crate) fn key_too_long(length: usize) -> ApiError {
    error("KeyTooLongError", 400, "Your key is too long")
        .with("Size", length.to_string())
        .with("MaxSizeAllowed", "1024")
}

pub(crate) fn metadata_too_large(size: usize) -> ApiError {
    error("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size")
        .with("Size", size.to_string())
        .with("MaxSizeAllowed", "2048")
}

pub(crate) fn invalid_digest(given: &str) -> ApiError {
    error("InvalidDigest", 400, "The Content-MD5 you specified was invalid.")
        .with("Content-MD5", given)
}

pub(crate) fn bad_md5(expected: &str, calculated: String) -> ApiError {
    error("BadDigest", 400, "The Content-MD5 you specified did not match what we received.")
        .with("ExpectedDigest", expected)
        .with("CalculatedDigest", calculated)
}

pub(crate) fn bad_checksum(name: &str) -> ApiError {
    let text = format!("The {name} you specified did not match the calculated checksum.");
    error("BadDigest", 400, text)
}

pub(crate) fn invalid_request(message: impl Into<String>) -> ApiError {
    error("InvalidRequest", 400, message)
}

pub(crate) fn invalid_checksum_header(name: &str) -> ApiError {
    let name = name.to_ascii_lowercase();
    invalid_request(format!("Value for x-amz-checksum-{name} header is invalid."))
}

pub(crate) fn invalid_argument(name: &str, value: impl Display, message: &str) -> ApiError {
    error("InvalidArgument", 400, message)
        .with("ArgumentName", name)
        .with("ArgumentValue", value.to_string())
}

pub(crate) fn invalid_part(upload: &str, number: i64, etag: &str) -> ApiError {
    error(
        "InvalidPart",
        400,
        "One or more of the specified parts could not be found.  The part may not have been \
         uploaded, or the specified entity tag may not match the part's entity tag.",
    )
    .with("UploadId", upload)
    .with("PartNumber", number.to_string())
    .with("ETag", etag)
}

pub(crate) fn invalid_part_order(upload: &str) -> ApiError {
    error(
        "InvalidPartOrder",
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    )
    .with("UploadId", upload)
}

pub(crate) fn part_too_small(size: u64, least: u64, number: i64, etag: &str) -> ApiError {
    error("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
        .with("ProposedSize", size.to_string())
        .with("MinSizeAllowed", least.to_string())
        .with("PartNumber", number.to_string())
        .with("ETag", etag)
}

pub(crate) fn entity_too_large(size: u64, most: u64) -> ApiError {
    error("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
        .with("ProposedSize", size.to_string())
        .with("MaxSizeAllowed", most.to_string())
}

pub(crate) fn malformed_xml() -> ApiError {
    error(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published \
         schema",
    )
}

pub(crate) fn invalid_tag(message: &str) -> ApiError {
    error("InvalidTag", 400, message)
}

pub(crate) fn too_many_tags(what: &str, most: usize) -> ApiError {
    error("BadRequest", 400, format!("{what} tags cannot be greater than {most}"))
}

pub(crate) fn copy_to_itself() -> ApiError {
    invalid_request(
        "This copy request is illegal because it is trying to copy an object to itself without \
         changing the object's metadata, storage class, website redirect location or encryption \
         attributes.",
    )
}

pub(crate) fn invalid_copy_source() -> ApiError {
    invalid_argument(
        "x-amz-copy-source",
        "",
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
    )
}
