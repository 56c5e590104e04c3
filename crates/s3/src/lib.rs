//! Amazon S3: buckets, objects and multipart uploads.
//!
//! Bucket names are unique in the whole world. What an object holds is kept in rows of
//! `s3.blobs`, counted by how many objects and parts refer to them: small contents in the row
//! itself, large ones in the shell's blob store under the row's key, which forgets every blob
//! that has no row. Versions, policies, lists of access rights, encryption with the client's own
//! keys and object locks are refused, not pretended.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod checksums;
mod conditions;
mod content;
mod errors;
mod metadata;
mod names;
mod ranges;

kernel::resources! {
    blobs,
    bucket_tags,
    buckets,
    copy,
    delete,
    get,
    list,
    list_uploads,
    object_tags,
    objects,
    parts,
    uploads,
}

/// The service, for the wiring.
pub fn service() -> kernel::Service {
    kernel::Service { name: "s3", resources: RESOURCES, genesis: None }
}

/// The table whose keys name the blobs that are wanted: the shell forgets all others.
pub const BLOBS: &str = "s3.blobs";
