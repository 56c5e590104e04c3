//! `AWS::S3::Bucket`
//!
//! The bucket and its tags. Configurations that lowcloud's S3 does not have are refused by name.

use crate::{Context, Deletion, Properties, Provider};
use api::s3::{self, Tag, ops};
use kernel::{ApiError, dns_suffix, partition_of};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Bucket;

/// What a bucket may have here.
const SUPPORTED: [&str; 2] = ["BucketName", "Tags"];

fn check_supported(p: &Properties) -> Result<(), ApiError> {
    let names = p.members().into_iter().flat_map(|members| members.keys());
    match names.into_iter().find(|name| !SUPPORTED.contains(&name.as_str())) {
        Some(name) => Err(ApiError::not_implemented(format_args!(
            "the property {name} of AWS::S3::Bucket"
        ))),
        None => Ok(()),
    }
}

fn put_tags(cx: &mut Context<'_>, bucket: &SmolStr, p: &Properties) -> Result<(), ApiError> {
    let tag_set = cx.tags(p).into_iter().map(|(key, value)| Tag { key, value }).collect();
    cx.call::<ops::PutBucketTagging>(s3::PutBucketTaggingRequest {
        bucket: bucket.clone(),
        tagging: s3::Tagging { tag_set },
        ..Default::default()
    })
}

impl Provider for Bucket {
    fn type_name(&self) -> &'static str {
        "AWS::S3::Bucket"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        check_supported(p)?;
        let bucket: SmolStr = match p.text("BucketName") {
            Some(name) => name,
            None => cx.physical_name(63).to_ascii_lowercase().into(),
        };
        let region = cx.caller.region.clone();
        let configuration = (region != "us-east-1").then(|| s3::CreateBucketConfiguration {
            location_constraint: Some(region),
            ..Default::default()
        });
        cx.call::<ops::CreateBucket>(s3::CreateBucketRequest {
            bucket: bucket.clone(),
            create_bucket_configuration: configuration,
            ..Default::default()
        })?;
        put_tags(cx, &bucket, p)?;
        Ok(bucket)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        check_supported(new)?;
        put_tags(cx, &id.into(), new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = s3::DeleteBucketRequest { bucket: id.into(), expected_bucket_owner: None };
        cx.call::<ops::DeleteBucket>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let region = cx.caller.region.as_str();
        let (partition, suffix) = (partition_of(region), dns_suffix(region));
        Ok(match name {
            "Arn" => Some(json!(format!("arn:{partition}:s3:::{id}"))),
            "DomainName" => Some(json!(format!("{id}.s3.{suffix}"))),
            "RegionalDomainName" => Some(json!(format!("{id}.s3.{region}.{suffix}"))),
            "DualStackDomainName" => {
                Some(json!(format!("{id}.s3.dualstack.{region}.{suffix}")))
            }
            "WebsiteURL" => {
                Some(json!(format!("http://{id}.s3-website-{region}.{suffix}")))
            }
            _ => None,
        })
    }
}
