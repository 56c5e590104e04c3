//! AWS's protocols: bytes to checked values, typed answers to bytes.
//!
//! A request passes through [`route`] (which service and operation, by signature scope, target
//! header, form, path or host), then [`decode`] (bytes to a [`model::Value`], guided by the
//! service's model and checked against it). An answer passes through [`encode`], an error
//! through [`encode_error`]. Only this crate knows XML, JSON, CBOR or form encoding.
//!
//! Every reader is bounded: depth, number of parts and list indexes cost no more than the bytes
//! that were sent. Reading the bytes of a body within limits is the caller's business.
//!
//! Documented at <https://smithy.io/2.0/aws/protocols/index.html> and, for each service, in its
//! API reference under "Making requests".

mod aws_chunked;
mod decode;
mod encode;
mod head;
mod read;
mod rest;
mod route;
mod sigv4;
mod time;
mod validate;
mod write;

pub use aws_chunked::{AwsChunked, ChunkedKind};
pub use decode::{decode, inflate};
pub use encode::{HttpResponse, encode, encode_error};
pub use head::RequestHead;
pub use route::{Misroute, Route, needs_body_to_route, route};
pub use sigv4::{Scope, SignatureKind};
pub use validate::check;
