//! AWS's service models as data, and the small set of types that every other crate shares:
//! [`Value`] (a decoded request), [`Input`]/[`Output`] (how generated shapes meet the wire),
//! [`Operation`], [`ApiError`] and [`Timestamp`].
//!
//! Nothing here knows a protocol: bytes are the business of `wire`.

mod body;
mod codec;
mod error;
mod library;
mod service;
mod time;

pub use body::{Body, Digests, Piece, StoredBody};
pub use codec::{Document, Input, Location, Member, Operation, Output, Value, Writer};
pub use error::{ApiError, Fault};
pub use library::{DATA_VERSION, all_services, service};
pub use service::{
    Constraints, ErrorModel, Kind, MemberModel, OperationModel, Place, Protocol, Service, Shape,
    ShapeId,
};
pub use time::{MONTHS, TimeFormat, Timestamp};
