//! The input side: bytes to [`model::Value`] under the guidance of a shape.
//!
//! Readers refuse what no client could mean (broken encodings, numbers that are none); limits
//! from the model are checked afterwards, all at once, by [`crate::validate`].

pub(crate) mod cbor;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod query;
pub(crate) mod scalar;
pub(crate) mod xml;

/// Deepest nesting of any body. The deepest shapes of AWS's models are recursive filter
/// expressions; SDKs stop well below.
pub(crate) const MAX_DEPTH: usize = 64;
