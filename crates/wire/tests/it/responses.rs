//! Responses: typed outputs and errors to bytes, `fixtures/wire/<protocol>/*.response`.

use crate::golden::{expect, fixtures, shown};
use api::{autoscaling, cloudformation, ec2, iam, s3, ssm};
use bytes::Bytes;
use model::{ApiError, Body, Operation, Protocol, Timestamp};
use wire::{encode, encode_error};

const AT: Timestamp = Timestamp(1_506_576_906_123);

fn text(s: &str) -> Option<smol_str::SmolStr> {
    Some(s.into())
}

fn check<O: Operation>(name: &str, protocol: Protocol, output: &O::Output) {
    let service = model::service(O::SERVICE).expect("generated from the models");
    let operation = service.operation(O::NAME).expect("generated from the models");
    let response = encode(service, operation, protocol, "req-id", output);
    expect(&fixtures().join(format!("{name}.response")), &shown(&response));
}

#[test]
fn ec2_answers_have_no_wrapper_and_show_empty_lists() {
    let instance = ec2::Instance {
        instance_id: text("i-0123456789abcdef0"),
        launch_time: Some(AT),
        ami_launch_index: Some(0),
        ebs_optimized: Some(false),
        product_codes: Some(Vec::new()),
        tags: Some(vec![ec2::Tag { key: text("Name"), value: text("<a> & \"b\"") }]),
        ..Default::default()
    };
    let reservation = ec2::Reservation {
        groups: Some(Vec::new()),
        instances: Some(vec![instance]),
        ..Default::default()
    };
    check::<ec2::ops::DescribeInstances>(
        "ec2/describe-instances",
        Protocol::Ec2,
        &ec2::DescribeInstancesResult {
            reservations: Some(vec![reservation]),
            ..Default::default()
        },
    );
    check::<ec2::ops::DeleteVpc>("ec2/delete-vpc", Protocol::Ec2, &());
}

#[test]
fn query_answers_are_wrapped_and_end_with_the_request_id() {
    let output = cloudformation::DescribeStacksOutput {
        stacks: Some(vec![cloudformation::Stack {
            stack_name: text("s"),
            creation_time: Some(AT),
            disable_rollback: Some(false),
            outputs: Some(vec![cloudformation::Output {
                output_key: text("Url"),
                output_value: text("http://a/?b&c"),
                ..Default::default()
            }]),
            notification_arns: Some(Vec::new()),
            ..Default::default()
        }]),
        ..Default::default()
    };
    check::<cloudformation::ops::DescribeStacks>("query/describe-stacks", Protocol::Query, &output);
    check::<autoscaling::ops::DeleteAutoScalingGroup>("query/delete-group", Protocol::Query, &());
    check::<iam::ops::ListAccountAliases>(
        "query/list-account-aliases",
        Protocol::Query,
        &iam::ListAccountAliasesResponse {
            account_aliases: Some(vec!["a".into()]),
            is_truncated: Some(false),
            ..Default::default()
        },
    );
    check::<api::sns::ops::GetTopicAttributes>(
        "query/get-topic-attributes",
        Protocol::Query,
        &api::sns::GetTopicAttributesResponse {
            attributes: Some(vec![("Owner".into(), "123456789012".into())]),
        },
    );
}

#[test]
fn json_answers_spell_times_as_seconds() {
    let output = ssm::GetParameterResult {
        parameter: Some(ssm::Parameter {
            name: text("/a"),
            value: text("line\n\"quoted\""),
            version: Some(3),
            last_modified_date: Some(AT),
            ..Default::default()
        }),
    };
    check::<ssm::ops::GetParameter>("json/get-parameter", Protocol::Json, &output);
    check::<ssm::ops::GetParameter>("cbor/get-parameter", Protocol::Cbor, &output);
    check::<ssm::ops::DeleteParameter>(
        "json/delete-parameter",
        Protocol::Json,
        &ssm::DeleteParameterResult {},
    );
}

#[test]
fn s3_answers_put_members_into_headers_body_and_payload() {
    check::<s3::ops::GetObject>(
        "rest-xml/get-object",
        Protocol::RestXml,
        &s3::GetObjectOutput {
            body: Some(Body::Memory(Bytes::from_static(b"hello"))),
            content_type: text("text/plain"),
            content_length: Some(5),
            e_tag: text("\"e\""),
            last_modified: Some(AT),
            metadata: Some(vec![("one".into(), "1".into())]),
            ..Default::default()
        },
    );
    let contents = s3::Object { key: text("a&b"), size: Some(5), ..Default::default() };
    let prefix = s3::CommonPrefix { prefix: text("p/") };
    check::<s3::ops::ListObjectsV2>(
        "rest-xml/list-objects-v2",
        Protocol::RestXml,
        &s3::ListObjectsV2Output {
            name: text("bucket"),
            contents: Some(vec![contents.clone(), contents]),
            common_prefixes: Some(vec![prefix]),
            key_count: Some(3),
            is_truncated: Some(false),
            ..Default::default()
        },
    );
    check::<s3::ops::GetBucketLocation>(
        "rest-xml/get-bucket-location",
        Protocol::RestXml,
        &s3::GetBucketLocationOutput { location_constraint: text("us-west-1") },
    );
    check::<s3::ops::GetBucketLocation>(
        "rest-xml/get-bucket-location-of-us-east-1",
        Protocol::RestXml,
        &s3::GetBucketLocationOutput::default(),
    );
    check::<s3::ops::CopyObject>(
        "rest-xml/copy-object",
        Protocol::RestXml,
        &s3::CopyObjectOutput {
            copy_object_result: Some(s3::CopyObjectResult {
                e_tag: text("\"e\""),
                last_modified: Some(AT),
                ..Default::default()
            }),
            version_id: text("v"),
            ..Default::default()
        },
    );
    check::<s3::ops::PutObject>(
        "rest-xml/put-object",
        Protocol::RestXml,
        &s3::PutObjectOutput { e_tag: text("\"e\""), ..Default::default() },
    );
    check::<s3::ops::DeleteObject>(
        "rest-xml/delete-object",
        Protocol::RestXml,
        &s3::DeleteObjectOutput::default(),
    );
    let tag = s3::Tag { key: "k".into(), value: "v".into() };
    check::<s3::ops::GetObjectTagging>(
        "rest-xml/get-object-tagging",
        Protocol::RestXml,
        &s3::GetObjectTaggingOutput { tag_set: Some(vec![tag]), ..Default::default() },
    );
}

#[test]
fn errors_take_the_form_of_each_protocol() {
    let check = |name: &str, service: &str, protocol, error: &ApiError| {
        let response = encode_error(model::service(service), protocol, "req-id", error);
        expect(&fixtures().join(format!("{name}.response")), &shown(&response));
    };
    let missing = ApiError::new("ValidationError", "Stack with id <s> does not exist");
    check("query/error", "cloudformation", Protocol::Query, &missing);
    check("query/error-of-server", "ec2", Protocol::Query, &ApiError::internal());
    let vpc = ApiError::new("InvalidVpcID.NotFound", "The vpc ID 'vpc-1' does not exist");
    check("ec2/error", "ec2", Protocol::Ec2, &vpc);
    let unknown = ApiError::new("ParameterNotFound", "");
    check("json/error", "ssm", Protocol::Json, &unknown);
    let alarm = ApiError::new("ResourceNotFound", "").with_status(404);
    check("json/error-of-query-compatible", "cloudwatch", Protocol::Json, &alarm);
    check("cbor/error-of-query-compatible", "cloudwatch", Protocol::Cbor, &alarm);
    let combination = ApiError::new("InvalidParameterCombination", "Not both.");
    check("cbor/error-with-another-code", "cloudwatch", Protocol::Cbor, &combination);
    let bucket = ApiError::new("NoSuchBucket", "The specified bucket does not exist")
        .with_status(404)
        .with("BucketName", "b");
    check("rest-xml/error", "s3", Protocol::RestXml, &bucket);
    let group = ApiError::new("NotFoundException", "no").with_status(404);
    check("rest-json/error", "resource-groups", Protocol::RestJson, &group);
}
