//! Answers: a typed output or an error, in the client's protocol.

use crate::write::cbor::CborWriter;
use crate::write::json::{JsonWriter, string};
use crate::write::xml::{Aside, DECLARATION, XmlWriter};
use bytes::Bytes;
use model::{
    ApiError, Body, Fault, Member, OperationModel, Output, Place, Protocol, Service, Writer,
};
use smol_str::{SmolStr, format_smolstr};

/// An answer, ready for the listener. A `Content-Length` is the listener's business, and so is
/// leaving out the body of an answer to `HEAD`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in any case.
    pub headers: Vec<(SmolStr, SmolStr)>,
    /// Body.
    pub body: Body,
}

impl HttpResponse {
    fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        let headers = match content_type {
            "" => Vec::new(),
            text => vec![("content-type".into(), SmolStr::new_static(text))],
        };
        Self { status, headers, body: Body::Memory(Bytes::from(body)) }
    }

    fn header(mut self, name: &'static str, value: impl Into<SmolStr>) -> Self {
        self.headers.push((SmolStr::new_static(name), value.into()));
        self
    }
}

/// Renders a successful answer.
pub fn encode(
    service: &'static Service,
    operation: &OperationModel,
    protocol: Protocol,
    request_id: &str,
    output: &dyn Output,
) -> HttpResponse {
    match protocol {
        Protocol::Query => query(service, operation, request_id, output),
        Protocol::Ec2 => ec2(service, operation, request_id, output),
        Protocol::Json => {
            let body = json_body(output).out;
            HttpResponse::new(operation.status, json_type(service), body)
                .header("x-amzn-requestid", request_id)
        }
        Protocol::Cbor => {
            let mut writer = CborWriter::default();
            if operation.output.some().is_some() {
                writer.open_root();
                output.write(&mut writer);
                writer.close_root();
            }
            let content_type = if writer.out.is_empty() { "" } else { "application/cbor" };
            HttpResponse::new(operation.status, content_type, writer.out)
                .header("smithy-protocol", "rpc-v2-cbor")
                .header("x-amzn-requestid", request_id)
        }
        Protocol::RestJson => {
            let writer = json_body(output);
            let body = match (operation.status, writer.out) {
                (204, _) => Vec::new(),
                (_, body) => body,
            };
            let content_type = if body.is_empty() { "" } else { "application/json" };
            finish(operation.status, content_type, body, writer.aside)
                .header("x-amzn-requestid", request_id)
        }
        Protocol::RestXml => rest_xml(service, operation, request_id, output),
    }
}

fn xml_writer(namespace: &'static str) -> XmlWriter {
    let mut writer = XmlWriter { namespace, ..XmlWriter::default() };
    writer.out.reserve(4_096);
    writer.out.extend_from_slice(DECLARATION);
    writer
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
}

fn query(
    service: &'static Service,
    operation: &OperationModel,
    request_id: &str,
    output: &dyn Output,
) -> HttpResponse {
    let mut writer = xml_writer(service.xml_namespace);
    let name = operation.name;
    push(&mut writer.out, &["<", name, "Response xmlns=\"", service.xml_namespace, "\">"]);
    if operation.output.some().is_some() {
        // Models made after a service left query (SQS) do not name the wrapper.
        let derived;
        let wrapper = match operation.result_wrapper {
            "" => {
                derived = format!("{name}Result");
                &*derived
            }
            given => given,
        };
        push(&mut writer.out, &["<", wrapper, ">"]);
        output.write(&mut writer);
        push(&mut writer.out, &["</", wrapper, ">"]);
    }
    push(&mut writer.out, &["<ResponseMetadata><RequestId>", request_id]);
    push(&mut writer.out, &["</RequestId></ResponseMetadata></", name, "Response>\n"]);
    HttpResponse::new(operation.status, "text/xml", writer.out)
        .header("x-amzn-requestid", request_id)
}

fn ec2(
    service: &'static Service,
    operation: &OperationModel,
    request_id: &str,
    output: &dyn Output,
) -> HttpResponse {
    let mut writer = xml_writer(service.xml_namespace);
    let name = operation.name;
    push(&mut writer.out, &["<", name, "Response xmlns=\"", service.xml_namespace, "\">"]);
    push(&mut writer.out, &["<requestId>", request_id, "</requestId>"]);
    match operation.output.some() {
        Some(_) => output.write(&mut writer),
        None => push(&mut writer.out, &["<return>true</return>"]),
    }
    push(&mut writer.out, &["</", name, "Response>\n"]);
    HttpResponse::new(operation.status, "text/xml;charset=UTF-8", writer.out)
        .header("x-amzn-requestid", request_id)
}

fn json_body(output: &dyn Output) -> JsonWriter {
    let mut writer = JsonWriter::default();
    writer.open_root();
    output.write(&mut writer);
    writer.close_root();
    writer
}

fn json_type(service: &Service) -> &'static str {
    match service.json_version {
        "1.0" => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

/// Root elements of S3's answers that are not named after their shape. botocore's model does
/// not carry them; the API reference shows them.
const S3_ROOTS: &[(&str, &str)] = &[
    ("CompleteMultipartUpload", "CompleteMultipartUploadResult"),
    ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
    ("DeleteObjects", "DeleteResult"),
    ("GetBucketAcl", "AccessControlPolicy"),
    ("GetBucketCors", "CORSConfiguration"),
    ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
    ("GetBucketLogging", "BucketLoggingStatus"),
    ("GetBucketRequestPayment", "RequestPaymentConfiguration"),
    ("GetBucketTagging", "Tagging"),
    ("GetBucketVersioning", "VersioningConfiguration"),
    ("GetBucketWebsite", "WebsiteConfiguration"),
    ("GetObjectAcl", "AccessControlPolicy"),
    ("GetObjectAttributes", "GetObjectAttributesResponse"),
    ("GetObjectTagging", "Tagging"),
    ("ListBuckets", "ListAllMyBucketsResult"),
    ("ListMultipartUploads", "ListMultipartUploadsResult"),
    ("ListObjectVersions", "ListVersionsResult"),
    ("ListObjects", "ListBucketResult"),
    ("ListObjectsV2", "ListBucketResult"),
    ("ListParts", "ListPartsResult"),
];

fn rest_xml(
    service: &'static Service,
    operation: &OperationModel,
    request_id: &str,
    output: &dyn Output,
) -> HttpResponse {
    let mut writer = xml_writer(service.xml_namespace);
    let members = operation.output.some().map(|id| service.shape(id));
    let has_payload = members.is_some_and(|shape| !shape.payload.is_empty());
    let has_body =
        members.is_some_and(|shape| service.members(shape).iter().any(|m| m.place == Place::Body));
    if operation.name == "GetBucketLocation" {
        // The one answer whose root is the member itself.
        let mut bare = XmlWriter::default();
        output.write(&mut bare);
        let text = String::from_utf8(bare.out).unwrap_or_default();
        let region = text.split(['<', '>']).nth(2).unwrap_or_default();
        writer.start_with_namespace("LocationConstraint");
        push(&mut writer.out, &[region, "</LocationConstraint>"]);
    } else if has_payload || !has_body {
        output.write(&mut writer);
    } else {
        let shape = members.map_or("", |shape| shape.name);
        let root = S3_ROOTS
            .iter()
            .find(|(name, _)| *name == operation.name)
            .map_or(shape, |(_, root)| root);
        writer.start_with_namespace(root);
        output.write(&mut writer);
        push(&mut writer.out, &["</", root, ">"]);
    }
    let empty = writer.out.len() == DECLARATION.len();
    let body = if empty { Vec::new() } else { writer.out };
    let content_type = if empty { "" } else { "application/xml" };
    finish(operation.status, content_type, body, writer.aside)
        .header("x-amz-request-id", request_id)
        .header("x-amz-id-2", host_id(request_id))
}

/// S3's second id names the host that answered; here it follows from the first.
fn host_id(request_id: &str) -> String {
    let mut text = Vec::new();
    crate::write::base64(&mut text, request_id.as_bytes());
    String::from_utf8(text).unwrap_or_default()
}

/// Adds what travelled beside the body.
fn finish(status: u16, content_type: &'static str, body: Vec<u8>, aside: Aside) -> HttpResponse {
    let mut response = HttpResponse::new(aside.status.unwrap_or(status), content_type, body);
    if let Some(payload) = aside.payload {
        response.body = payload;
        response.headers.clear();
    }
    for (name, value) in aside.headers {
        if name.eq_ignore_ascii_case("content-type") {
            response.headers.retain(|(known, _)| !known.eq_ignore_ascii_case("content-type"));
        }
        // A header cannot hold line breaks; whoever stores user metadata refuses them.
        if !value.bytes().any(|b| b == b'\r' || b == b'\n' || b == 0) {
            response.headers.push((name, value));
        }
    }
    response
}

/// Renders an error.
pub fn encode_error(
    service: Option<&'static Service>,
    protocol: Protocol,
    request_id: &str,
    error: &ApiError,
) -> HttpResponse {
    let who = match error.fault {
        Fault::Client => "Sender",
        Fault::Server => "Receiver",
    };
    let response = match protocol {
        Protocol::Query => query_error(service, request_id, error, who),
        Protocol::Ec2 => ec2_error(request_id, error),
        Protocol::RestXml => return s3_error(request_id, error),
        Protocol::Json | Protocol::RestJson => json_error(service, protocol, error),
        Protocol::Cbor => cbor_error(service, error),
    };
    let response = response.header("x-amzn-requestid", request_id);
    match (protocol, service.filter(|s| s.query_compatible)) {
        (Protocol::Json | Protocol::Cbor, Some(service)) => {
            let code = service.error(&error.code).map_or(&*error.code, |e| e.code);
            let code = query_code(Some(service), code);
            response.header("x-amzn-query-error", format_smolstr!("{code};{who}"))
        }
        _ => response,
    }
}

/// The code of an error as clients of the query protocol know it: SQS's model lost those of its
/// query days. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
fn query_code<'a>(service: Option<&Service>, code: &'a str) -> &'a str {
    if service.is_none_or(|service| service.name != "sqs") {
        return code;
    }
    match code {
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "QueueDeletedRecently" => "AWS.SimpleQueueService.QueueDeletedRecently",
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        code => code,
    }
}

fn query_error(
    service: Option<&'static Service>,
    request_id: &str,
    error: &ApiError,
    who: &str,
) -> HttpResponse {
    let namespace =
        service.map_or("http://webservices.amazon.com/AWSFault/2005-15-09", |s| s.xml_namespace);
    let mut writer = XmlWriter { namespace, ..XmlWriter::default() };
    writer.start_with_namespace("ErrorResponse");
    push(&mut writer.out, &["<Error>"]);
    writer.element("Type", who);
    writer.element("Code", query_code(service, &error.code));
    if !error.message.is_empty() {
        writer.element("Message", &error.message);
    }
    for (name, value) in &error.extra {
        writer.element(name, value);
    }
    push(&mut writer.out, &["</Error>"]);
    writer.element("RequestId", request_id);
    push(&mut writer.out, &["</ErrorResponse>\n"]);
    HttpResponse::new(error.status, "text/xml", writer.out)
}

fn ec2_error(request_id: &str, error: &ApiError) -> HttpResponse {
    let mut writer = xml_writer("");
    push(&mut writer.out, &["<Response><Errors><Error>"]);
    writer.element("Code", &error.code);
    writer.element("Message", &error.message);
    push(&mut writer.out, &["</Error></Errors>"]);
    writer.element("RequestID", request_id);
    push(&mut writer.out, &["</Response>"]);
    HttpResponse::new(error.status, "text/xml;charset=UTF-8", writer.out)
}

fn s3_error(request_id: &str, error: &ApiError) -> HttpResponse {
    let bodiless = error.status < 400;
    let mut writer = xml_writer("");
    push(&mut writer.out, &["<Error>"]);
    writer.element("Code", &error.code);
    if !error.message.is_empty() {
        writer.element("Message", &error.message);
    }
    for (name, value) in &error.extra {
        writer.element(name, value);
    }
    writer.element("RequestId", request_id);
    writer.element("HostId", &host_id(request_id));
    push(&mut writer.out, &["</Error>"]);
    let (content_type, body) =
        if bodiless { ("", Vec::new()) } else { ("application/xml", writer.out) };
    HttpResponse::new(error.status, content_type, body)
        .header("x-amz-request-id", request_id)
        .header("x-amz-id-2", host_id(request_id))
}

/// The error's name as JSON and CBOR clients look it up: the shape that carries the code. Query
/// compatible services qualify it.
fn error_type(service: Option<&'static Service>, error: &ApiError) -> String {
    let Some(service) = service.filter(|s| s.query_compatible) else {
        return error.code.to_string();
    };
    let shape = service.error(&error.code).map_or(&*error.code, |e| e.shape);
    match (service.name, shape) {
        (_, "ValidationException" | "ValidationError") => {
            "com.amazon.coral.validate#ValidationException".into()
        }
        ("cloudwatch", shape) => format!("com.amazonaws.cloudwatch.v2010_08_01#{shape}"),
        (name, shape) => format!("com.amazonaws.{name}#{shape}"),
    }
}

fn json_error(
    service: Option<&'static Service>,
    protocol: Protocol,
    error: &ApiError,
) -> HttpResponse {
    let kind = error_type(service, error);
    let mut out = Vec::new();
    push(&mut out, &["{\"__type\":"]);
    string(&mut out, &kind);
    push(&mut out, &[",\"message\":"]);
    string(&mut out, &error.message);
    for (name, value) in &error.extra {
        out.push(b',');
        string(&mut out, name);
        out.push(b':');
        string(&mut out, value);
    }
    out.push(b'}');
    if protocol == Protocol::RestJson {
        return HttpResponse::new(error.status, "application/json", out)
            .header("x-amzn-errortype", kind);
    }
    HttpResponse::new(error.status, service.map_or("application/x-amz-json-1.0", json_type), out)
}

fn cbor_error(service: Option<&'static Service>, error: &ApiError) -> HttpResponse {
    static MESSAGE: Member = member("message");
    static TYPE: Member = member("__type");
    let mut writer = CborWriter::default();
    writer.open_root();
    writer.text(&TYPE, &error_type(service, error));
    writer.text(&MESSAGE, &error.message);
    writer.close_root();
    HttpResponse::new(error.status, "application/cbor", writer.out)
        .header("smithy-protocol", "rpc-v2-cbor")
}

const fn member(wire: &'static str) -> Member {
    Member {
        wire,
        item: None,
        key: "",
        entry: "",
        flat: false,
        time: model::TimeFormat::Default,
        location: model::Location::Body,
    }
}
