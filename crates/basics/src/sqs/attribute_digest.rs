//! The MD5 of message attributes, as clients compute it to compare.
//! "Calculating the MD5 message digest for message attributes" in the developer guide.

use super::messages::{Attribute, AttributeValue};
use crate::digests::md5;
use smol_str::SmolStr;

/// Marks of the transport type.
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// The digest; none without attributes.
pub(super) fn digest(attributes: &[Attribute]) -> Option<SmolStr> {
    if attributes.is_empty() {
        return None;
    }
    let mut sorted: Vec<&Attribute> = attributes.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut bytes = Vec::new();
    for attribute in sorted {
        put(&mut bytes, attribute.name.as_bytes());
        put(&mut bytes, attribute.kind.as_bytes());
        match &attribute.value {
            AttributeValue::Text(text) => {
                bytes.push(TEXT);
                put(&mut bytes, text.as_bytes());
            }
            AttributeValue::Binary(value) => {
                bytes.push(BINARY);
                put(&mut bytes, value);
            }
        }
    }
    Some(md5(&bytes).into())
}

/// A part with its length before it.
fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u32).to_be_bytes());
    bytes.extend(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_that_clients_expect() {
        let text = |name: &str, kind: &str, value: &str| Attribute {
            name: name.into(),
            kind: kind.into(),
            value: AttributeValue::Text(value.into()),
        };
        assert_eq!(digest(&[]), None);
        let one = digest(&[text("timestamp", "Number", "1493147359900")]);
        // The example of the AWS SDKs' own tests.
        assert_eq!(one.as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    }
}
