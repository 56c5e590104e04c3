//! Scalars spelled as text: in forms, XML, headers, paths and query strings.

use base64::Engine;
use bytes::Bytes;
use model::{Kind, Shape, Timestamp, Value};

/// Reads text as a shape's kind; `None` when it is spelled wrongly.
pub(crate) fn parse(shape: &Shape, text: &str) -> Option<Value> {
    Some(match shape.kind {
        Kind::String => Value::Text(text.into()),
        Kind::Boolean => Value::Bool(boolean(text)?),
        Kind::Integer => Value::Int(i64::from(text.trim().parse::<i32>().ok()?)),
        Kind::Long => Value::Int(text.trim().parse().ok()?),
        Kind::Double => Value::Float(float(text.trim())?),
        Kind::Timestamp => Value::Time(Timestamp::parse(text)?),
        Kind::Blob => Value::Blob(base64(text)?),
        Kind::Structure | Kind::List | Kind::Map => return None,
    })
}

/// `true` and `false` in any case, and the digits.
fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        "1" => Some(true),
        "0" => Some(false),
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        // Rust reads "inf" and "nan" in every case; AWS does not.
        _ if text.bytes().any(|b| b.is_ascii_alphabetic() && b != b'e' && b != b'E') => None,
        _ => text.parse().ok(),
    }
}

/// Base64 with or without padding, line breaks ignored.
pub(crate) fn base64(text: &str) -> Option<Bytes> {
    use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
    const ANY: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let bytes = if text.bytes().any(|b| b.is_ascii_whitespace()) {
        let compact: String = text.split_ascii_whitespace().collect();
        ANY.decode(compact)
    } else {
        ANY.decode(text)
    };
    bytes.ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_and_floats_take_only_aws_spellings() {
        assert_eq!(
            ["true", "True", "FALSE", "1", "0", "yes", ""].map(boolean),
            [Some(true), Some(true), Some(false), Some(true), Some(false), None, None]
        );
        assert_eq!(
            ["1.5", "-1e3", "inf", "nan", "x"].map(float),
            [Some(1.5), Some(-1000.0), None, None, None]
        );
    }

    #[test]
    fn base64_is_taken_with_and_without_padding() {
        for text in ["aGk=", "aGk", "aG\nk=", " aGk="] {
            assert_eq!(base64(text).as_deref(), Some(b"hi".as_slice()), "{text:?}");
        }
        assert_eq!(base64("a*b"), None);
    }
}
