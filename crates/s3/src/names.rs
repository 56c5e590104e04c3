//! What buckets and keys may be called.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>

use crate::errors;
use kernel::ApiError;
use std::net::Ipv4Addr;

/// Longest key, in bytes.
const MAX_KEY: usize = 1_024;

/// Fails unless the text may be a bucket's name.
pub(crate) fn check_bucket(name: &str) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    let reserved = ["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|p| name.starts_with(p))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
            .iter()
            .any(|s| name.ends_with(s));
    let sound = (3..=63).contains(&name.len())
        && name.bytes().all(usual)
        && edge(bytes.first())
        && edge(bytes.last())
        && !name.contains("..")
        && !reserved
        && name.parse::<Ipv4Addr>().is_err();
    if sound { Ok(()) } else { Err(errors::invalid_bucket_name(name)) }
}

/// Fails unless the text may be an object's key.
pub(crate) fn check_key(key: &str) -> Result<(), ApiError> {
    match key.len() {
        length if length > MAX_KEY => Err(errors::key_too_long(length)),
        _ => Ok(()),
    }
}

/// Percent-encoding as `encoding-type=url` asks for: everything but letters, digits and `-_.*/`;
/// spaces are `+`.
pub(crate) fn url_encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                out.push(char::from(byte));
            }
            b' ' => out.push('+'),
            _ => write!(out, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    out
}

/// Undoes percent-encoding; none when the result is not UTF-8.
pub(crate) fn url_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bucket_names_follow_the_rules() {
        for (name, good) in [
            ("some-bucket", true),
            ("a.b.c", true),
            ("123", true),
            ("UPPER", false),
            ("ab", false),
            ("-ab", false),
            ("ab-", false),
            ("a..b", false),
            ("192.168.5.4", false),
            ("xn--bucket", false),
            ("bucket-s3alias", false),
            ("under_score", false),
        ] {
            assert_eq!(check_bucket(name).is_ok(), good, "{name}");
        }
        assert!(check_bucket(&"a".repeat(63)).is_ok() && check_bucket(&"a".repeat(64)).is_err());
    }

    #[test]
    fn keys_are_encoded_and_decoded() {
        assert_eq!(url_encoded("a b/ü+&"), "a+b/%C3%BC%2B%26");
        assert_eq!(url_decoded("a%20b/%c3%bc+%").as_deref(), Some("a b/ü+%"));
        assert_eq!(url_decoded("%ff"), None);
    }
}
