//! How typed shapes meet the wire.
//!
//! Requests: `wire` reads bytes under the guidance of the service model into a [`Value`] whose
//! structure members carry the *model's* names, checks it, and the generated [`Input`] turns it
//! into the operation's struct. Responses: the generated [`Output`] walks the struct and calls a
//! [`Writer`] with static [`Member`] descriptions, so that writing needs no look-ups.

use crate::{Body, TimeFormat, Timestamp};
use bytes::Bytes;
use smol_str::SmolStr;

/// A decoded request value. Structures hold only the members that were given, by model name.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON `null`, CBOR null: treated as absent.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer or long.
    Int(i64),
    /// A float or double.
    Float(f64),
    /// A string.
    Text(SmolStr),
    /// A timestamp, whatever its spelling was.
    Time(Timestamp),
    /// A blob, decoded from base64 where the protocol asks for it.
    Blob(Bytes),
    /// The payload of an S3 upload.
    Body(Body),
    /// A list.
    List(Vec<Value>),
    /// A structure: (model name of the member, value), in order of arrival.
    Struct(Vec<(&'static str, Value)>),
    /// A map, in order of arrival.
    Map(Vec<(SmolStr, Value)>),
}

/// Where a member travels in the REST protocols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    /// In the body, as in every other protocol.
    #[default]
    Body,
    /// As a header named by [`Member::wire`].
    Header,
    /// As headers with the prefix [`Member::wire`] (`x-amz-meta-`).
    Headers,
    /// As the HTTP status.
    StatusCode,
    /// It *is* the body.
    Payload,
    /// As an XML attribute of its structure's element; written before any other member.
    Attribute,
}

/// One member of an output structure, or the element of a list or map: its names on the wire.
/// Generated as statics; a [`Writer`] needs nothing else.
#[derive(Debug)]
pub struct Member {
    /// Element, key or header name on the wire.
    pub wire: &'static str,
    /// For lists and maps: how an element (or map value) is described. `wire` of the element is
    /// its XML name (`item`, `member`, …).
    pub item: Option<&'static Member>,
    /// For maps: the XML name of the key (`key`, `Name`, …).
    pub key: &'static str,
    /// For maps: the XML name of an entry (`entry`, or when flat the map's own name).
    pub entry: &'static str,
    /// For lists and maps: written without a wrapping element.
    pub flat: bool,
    /// Spelling, for timestamps.
    pub time: TimeFormat,
    /// Where it travels in the REST protocols.
    pub location: Location,
}

/// A protocol's output side. Every call names the member it writes; absent members are never
/// mentioned. Between `open` and `close` come the members of that structure; between
/// `open_list` and `close_list` the elements, each written with the list's `item` member;
/// between `open_map` and `close_map` for each entry one `key` and one value written with `item`.
pub trait Writer {
    /// A string.
    fn text(&mut self, member: &'static Member, value: &str);
    /// A boolean.
    fn boolean(&mut self, member: &'static Member, value: bool);
    /// An integer or long.
    fn integer(&mut self, member: &'static Member, value: i64);
    /// A float or double.
    fn float(&mut self, member: &'static Member, value: f64);
    /// A timestamp.
    fn time(&mut self, member: &'static Member, value: Timestamp);
    /// A blob.
    fn blob(&mut self, member: &'static Member, value: &Bytes);
    /// A streamed payload.
    fn body(&mut self, member: &'static Member, value: &Body);
    /// Begins a structure.
    fn open(&mut self, member: &'static Member);
    /// Ends a structure.
    fn close(&mut self, member: &'static Member);
    /// Begins a list of `length` elements.
    fn open_list(&mut self, member: &'static Member, length: usize);
    /// Ends a list.
    fn close_list(&mut self, member: &'static Member, length: usize);
    /// Begins a map of `length` entries.
    fn open_map(&mut self, member: &'static Member, length: usize);
    /// The key of the next entry of the map `member`.
    fn key(&mut self, member: &'static Member, key: &str);
    /// Ends one entry of the map `member`.
    fn close_entry(&mut self, member: &'static Member);
    /// Ends a map.
    fn close_map(&mut self, member: &'static Member, length: usize);
}

/// A shape that can be read from a request. `value` has been checked against the model, so a
/// mismatch here is a bug, never the client's fault: wrong kinds read as absent.
pub trait Input: Sized {
    /// Reads the shape.
    fn from_value(value: Value) -> Self;
}

/// A shape that can be written to a response.
pub trait Output {
    /// Writes every present member, in the model's order.
    fn write(&self, writer: &mut dyn Writer);
}

/// A shape that can also be kept as a document: read from a value and turned into one again, so
/// that a row can hold it and shapes of like-named members can be made of each other. Generated
/// for the shapes that `xtask` lists.
pub trait Document: Input {
    /// The service whose model describes it.
    const SERVICE: &'static str;
    /// AWS's name of the shape.
    const SHAPE: &'static str;

    /// The members that are there.
    fn into_value(self) -> Value;
}

impl Input for () {
    fn from_value(_: Value) -> Self {}
}

impl Output for () {
    fn write(&self, _: &mut dyn Writer) {}
}

/// An operation of a service, as a type: generated in `api` for implemented operations.
pub trait Operation: 'static {
    /// The service's name in this house (`ec2`, `autoscaling`, …), the key of its model.
    const SERVICE: &'static str;
    /// The operation's name as AWS spells it.
    const NAME: &'static str;
    /// What it takes.
    type Input: Input + Clone + Default + std::fmt::Debug + Send + 'static;
    /// What it answers.
    type Output: Output + Clone + Default + std::fmt::Debug + Send + 'static;
}
