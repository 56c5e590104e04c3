//! Routing as clients do it.

use super::*;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Routes `METHOD /path?query` with headers and a body to "service operation protocol region".
fn routed(request: &str, headers: &[(&str, &str)], body: &str) -> String {
    let (method, url) = request.split_once(' ').expect("method and path");
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(value).expect("a value"),
        );
    }
    let head = RequestHead { method, path, query, headers: &map };
    match route(&head, body.as_bytes()) {
        Ok(r) => {
            let bucket = r.bucket.map(|b| format!(" {b}")).unwrap_or_default();
            let (service, operation) = (r.service.name, r.operation.name);
            format!("{service} {operation} {:?} {}{bucket}", r.protocol, r.scope.region)
        }
        Err(miss) => format!("{:?} {}: {}", miss.protocol, miss.error.code, miss.error.message),
    }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");

fn signed(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20261123/{region}/{service}/aws4_request, Signature=0"
    )
}

#[test]
fn the_table_agrees_with_the_models() {
    assert!(ENTRIES.iter().map(|e| e.service).eq(model::all_services()));
    for e in &ENTRIES {
        let service = model::service(e.service).expect("listed");
        assert_eq!(
            (e.signing, e.version, e.target),
            (service.signing_name, service.version, service.target_prefix),
            "{}",
            e.service
        );
    }
}

#[test]
fn the_signature_decides_first() {
    let check = |region, service, body, expected: &str| {
        let auth = signed(region, service);
        assert_eq!(routed("POST /", &[FORM, ("authorization", &auth)], body), expected);
    };
    check(
        "us-west-1",
        "ec2",
        "Action=DescribeVpcs&Version=2016-11-15",
        "ec2 DescribeVpcs Ec2 us-west-1",
    );
    check("r", "ec2", "Action=DescribeVpcs&Version=2012-01-01", "ec2 DescribeVpcs Ec2 r");
    check(
        "eu-west-1",
        "elasticloadbalancing",
        "Action=DescribeLoadBalancers&Version=2015-12-01",
        "elbv2 DescribeLoadBalancers Query eu-west-1",
    );
    check(
        "eu-west-1",
        "elasticloadbalancing",
        "Version=2012-06-01&Action=DescribeLoadBalancers",
        "elb DescribeLoadBalancers Query eu-west-1",
    );
    check("r", "monitoring", "Action=ListMetrics", "cloudwatch ListMetrics Query r");
    check("r", "sqs", "Action=ListQueues", "sqs ListQueues Query r");
}

#[test]
fn unsigned_requests_are_known_by_target_version_path_and_host() {
    for (request, headers, body, expected) in [
        (
            "POST /",
            vec![("x-amz-target", "AmazonSSM.GetParameter")],
            "{}",
            "ssm GetParameter Json ",
        ),
        (
            "POST /",
            vec![("x-amz-target", "GraniteServiceVersion20100801.ListMetrics")],
            "{}",
            "cloudwatch ListMetrics Json ",
        ),
        (
            "POST /service/GraniteServiceVersion20100801/operation/ListMetrics",
            vec![("smithy-protocol", "rpc-v2-cbor")],
            "",
            "cloudwatch ListMetrics Cbor ",
        ),
        (
            "POST /",
            vec![FORM],
            "Action=GetCallerIdentity&Version=2011-06-15",
            "sts GetCallerIdentity Query ",
        ),
        (
            "GET /?Action=DescribeStacks&Version=2010-05-15",
            vec![],
            "",
            "cloudformation DescribeStacks Query ",
        ),
        (
            "GET /?Action=DescribeVpcs",
            vec![("host", "ec2.us-west-1.amazonaws.com")],
            "",
            "ec2 DescribeVpcs Ec2 us-west-1",
        ),
        ("GET /b/k", vec![("host", "127.0.0.1:4566")], "", "s3 GetObject RestXml "),
        ("GET /k", vec![("host", "b.s3.localhost:4566")], "", "s3 GetObject RestXml  b"),
        ("GET /k", vec![("host", "b.localhost:4566")], "", "s3 GetObject RestXml  b"),
        (
            "GET /k",
            vec![("host", "a.b.s3.eu-west-1.amazonaws.com")],
            "",
            "s3 GetObject RestXml eu-west-1 a.b",
        ),
        (
            "GET /b",
            vec![("host", "s3-us-west-2.amazonaws.com")],
            "",
            "s3 ListObjects RestXml us-west-2",
        ),
        ("GET /", vec![("host", "localhost:4566")], "", "s3 ListBuckets RestXml "),
    ] {
        assert_eq!(routed(request, &headers, body), expected, "{request} {headers:?}");
    }
}

#[test]
fn requests_for_nothing_are_answered_in_their_protocol() {
    let ec2 = signed("r", "ec2");
    let cfn = signed("r", "cloudformation");
    let dynamo = signed("r", "dynamodb");
    for (headers, body, expected) in [
        (
            vec![FORM, ("authorization", &*ec2)],
            "Action=Nothing",
            "Ec2 InvalidAction: The action Nothing is not valid for this web service.",
        ),
        (
            vec![FORM, ("authorization", &*cfn)],
            "Action=Nothing&Version=2010-05-15",
            "Query InvalidAction: Could not find operation Nothing for version 2010-05-15",
        ),
        (
            vec![FORM, ("authorization", &*ec2)],
            "X=1",
            "Ec2 MissingParameter: The request must contain the parameter Action",
        ),
        (
            vec![("x-amz-target", "DynamoDB_20120810.ListTables"), ("authorization", &*dynamo)],
            "{}",
            "Json NotImplemented: lowcloud does not implement the service dynamodb yet.",
        ),
        (vec![("x-amz-target", "AmazonSSM.Nothing")], "{}", "Json UnknownOperationException: "),
    ] {
        assert_eq!(routed("POST /", &headers, body), expected);
    }
}

#[test]
fn only_object_contents_stream() {
    let streams = |request: &str| {
        let (method, url) = request.split_once(' ').expect("method and path");
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let map = HeaderMap::new();
        let head = RequestHead { method, path, query, headers: &map };
        route(&head, b"").expect("S3 takes it").streams_body()
    };
    assert!(streams("PUT /b/k"));
    assert!(streams("PUT /b/k?partNumber=1&uploadId=u"));
    assert!(!streams("POST /b?delete"));
    assert!(!streams("PUT /b"));
}
