//! The reduced form of AWS's service descriptions: what `wire` needs to read, check and answer a
//! request. Made from botocore's `service-2.json` by `cargo xtask reduce-models`; documentation,
//! endpoint rules and examples are left out.
//!
//! Everything lives in few flat arrays and borrows its strings from the unpacked blob, so that
//! loading the largest service takes milliseconds and few allocations.

use crate::{Location, TimeFormat};
use serde::{Deserialize, Serialize};

/// A protocol that a service's clients may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// AWS query: form-encoded requests, XML answers.
    Query,
    /// EC2's dialect of query.
    Ec2,
    /// `X-Amz-Target` with JSON 1.0 or 1.1 ([`Service::json_version`]).
    Json,
    /// JSON bodies under resource paths.
    RestJson,
    /// XML bodies under resource paths (S3).
    RestXml,
    /// Smithy RPC v2 with CBOR bodies.
    Cbor,
}

/// Index of a shape in its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShapeId(pub u32);

impl ShapeId {
    /// No shape: an operation without output, a string's element.
    pub const NONE: Self = Self(u32::MAX);

    /// This id unless it is [`ShapeId::NONE`].
    pub fn some(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }
}

/// What a shape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Named members.
    Structure,
    /// Elements of one shape.
    List,
    /// Keys and values.
    Map,
    /// Text, with or without an enum.
    String,
    /// A boolean.
    Boolean,
    /// 32 bits.
    Integer,
    /// 64 bits.
    Long,
    /// A double or float.
    Double,
    /// An instant.
    Timestamp,
    /// Bytes.
    Blob,
}

/// Limits on a value, all of them from the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// Least length or value.
    pub min: Option<f64>,
    /// Greatest length or value.
    pub max: Option<f64>,
    /// An ECMAScript pattern that the whole text must match; empty when there is none.
    pub pattern: &'static str,
    /// The values of an enum, in the model's order.
    #[serde(borrow)]
    pub values: Vec<&'static str>,
}

/// One shape.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// AWS's name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// A list or map written without a wrapping element.
    pub flattened: bool,
    /// A structure of which one member is set.
    pub union: bool,
    /// Bytes of any length, given or taken as they come.
    pub streaming: bool,
    /// How a timestamp is spelled.
    pub time: TimeFormat,
    /// First of a structure's members in [`Service::members`].
    pub first_member: u32,
    /// Number of members.
    pub member_count: u16,
    /// A list's element or a map's value.
    pub element: ShapeId,
    /// A map's key.
    pub key: ShapeId,
    /// The element's (or map value's) explicit name on the wire, or empty.
    pub element_wire: &'static str,
    /// The map key's explicit name on the wire, or empty.
    pub key_wire: &'static str,
    /// The member that is the payload (REST), or empty.
    pub payload: &'static str,
    /// Explicit name of the root element (REST-XML), or empty.
    pub root: &'static str,
    /// Index of the limits in [`Service::constraints`]; 0 is "none".
    pub constraints: u32,
}

/// One member of a structure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberModel {
    /// AWS's name, the key in [`crate::Value::Struct`].
    pub name: &'static str,
    /// Name on the wire: `locationName`, else the name.
    pub wire: &'static str,
    /// Name in forms: EC2's own, or the elements' name of a flattened list or map (also in XML).
    pub query: &'static str,
    /// Its shape.
    pub shape: ShapeId,
    /// Whether the model requires it.
    pub required: bool,
    /// Flattened at the member.
    pub flattened: bool,
    /// Filled in by clients when absent.
    pub idempotency_token: bool,
    /// Travels as an XML attribute.
    pub xml_attribute: bool,
    /// Part of the host name.
    pub host_label: bool,
    /// Where it travels in the REST protocols.
    pub place: Place,
    /// Spelling of a timestamp, where the member says so.
    pub time: TimeFormat,
    /// XML namespace of the element, or empty.
    pub namespace: &'static str,
}

/// Where a member of a request or response travels in the REST protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// In the body.
    Body,
    /// In the path, as a label.
    Uri,
    /// In the query string.
    Query,
    /// In a header.
    Header,
    /// In headers with a prefix.
    Headers,
    /// It is the HTTP status.
    StatusCode,
}

impl Place {
    /// The same on the output side.
    pub fn location(self) -> Location {
        match self {
            Self::Header => Location::Header,
            Self::Headers => Location::Headers,
            Self::StatusCode => Location::StatusCode,
            Self::Body | Self::Uri | Self::Query => Location::Body,
        }
    }
}

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OperationModel {
    /// AWS's name.
    pub name: &'static str,
    /// HTTP method (REST).
    pub method: &'static str,
    /// Path and query template (REST): `/{Bucket}/{Key+}?uploads`.
    pub uri: &'static str,
    /// HTTP status of success.
    pub status: u16,
    /// Superseded by a later operation of the same path.
    pub deprecated: bool,
    /// Whether the body carries a checksum that the client must send (S3).
    pub checksum_required: bool,
    /// Input shape.
    pub input: ShapeId,
    /// Explicit root element of the request body (REST-XML), or empty.
    pub input_root: &'static str,
    /// Output shape.
    pub output: ShapeId,
    /// The query protocol's wrapper (`CreateStackResult`), or empty.
    pub result_wrapper: &'static str,
    /// Prefix of the host name, or empty.
    pub host_prefix: &'static str,
    /// Indexes into [`Service::errors`].
    pub errors: Vec<u16>,
}

/// One error that a service's model declares.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorModel {
    /// The shape's name (`StackNotFoundException`).
    pub shape: &'static str,
    /// The code on the wire.
    pub code: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Whether the client is at fault.
    pub sender: bool,
}

/// One service's model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Service {
    /// Name in this house: botocore's directory (`ec2`, `elbv2`).
    pub name: &'static str,
    /// AWS's service id (`Elastic Load Balancing v2`).
    pub id: &'static str,
    /// First label of its host name.
    pub endpoint_prefix: &'static str,
    /// API version.
    pub version: &'static str,
    /// Service in a signature's scope.
    pub signing_name: &'static str,
    /// Protocols, the one that SDKs prefer first. Older clients may use another.
    pub protocols: Vec<Protocol>,
    /// What stands before the dot in `X-Amz-Target`.
    pub target_prefix: &'static str,
    /// `1.0` or `1.1`.
    pub json_version: &'static str,
    /// XML namespace of responses.
    pub xml_namespace: &'static str,
    /// Answers `x-amzn-query-error` to JSON and CBOR clients.
    pub query_compatible: bool,
    /// One endpoint for all regions.
    pub global: bool,
    /// Operations, ordered by name.
    pub operations: Vec<OperationModel>,
    /// Shapes, named by [`ShapeId`].
    pub shapes: Vec<Shape>,
    /// Members of all structures.
    pub members: Vec<MemberModel>,
    /// Limits.
    pub constraints: Vec<Constraints>,
    /// Errors, ordered by shape.
    pub errors: Vec<ErrorModel>,
}

impl Service {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&OperationModel> {
        let at = self.operations.binary_search_by(|op| op.name.cmp(name)).ok()?;
        Some(&self.operations[at])
    }

    /// The shape of that id; ids come from this model, so a wrong one is a bug.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// The members of a structure, in the model's order.
    pub fn members(&self, shape: &Shape) -> &[MemberModel] {
        let first = shape.first_member as usize;
        &self.members[first..first + usize::from(shape.member_count)]
    }

    /// A shape's limits.
    pub fn constraints(&self, shape: &Shape) -> Option<&Constraints> {
        (shape.constraints != 0).then(|| &self.constraints[shape.constraints as usize])
    }

    /// Whether clients may speak that protocol to this service. CloudWatch and SQS take every
    /// one that they ever had, whatever newer models list.
    pub fn speaks(&self, protocol: Protocol) -> bool {
        self.protocols.contains(&protocol)
            || self.query_compatible && matches!(protocol, Protocol::Query | Protocol::Json)
    }

    /// The declared error of that shape, else the first with that code on the wire: several may
    /// share one.
    pub fn error(&self, code: &str) -> Option<&ErrorModel> {
        let by_shape = self.errors.binary_search_by(|e| e.shape.cmp(code)).ok();
        by_shape.map(|at| &self.errors[at]).or_else(|| self.errors.iter().find(|e| e.code == code))
    }
}
