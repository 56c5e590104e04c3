//! The `Range` header: one range of bytes (RFC 9110, section 14).

use crate::errors;
use kernel::ApiError;

/// Offset and length of a part.
pub(crate) type Span = (u64, u64);

/// The part that a header asks for; none for the whole: a header that does not parse, or asks
/// for several ranges, is ignored, as S3 does.
pub(crate) fn parse(header: &str, size: u64) -> Result<Option<Span>, ApiError> {
    let unsatisfiable = || errors::invalid_range(header, size);
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Ok(None);
    };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Ok(None),
        (Some(first), _) if first >= size && (last.is_empty() || number(last).is_some()) => {
            Err(unsatisfiable())
        }
        (Some(first), Some(last)) => Ok(Some((first, last.min(size - 1) - first + 1))),
        (Some(first), None) if last.is_empty() => Ok(Some((first, size - first))),
        (None, Some(0)) if first.is_empty() => Err(unsatisfiable()),
        (None, Some(_)) if first.is_empty() && size == 0 => Err(unsatisfiable()),
        (None, Some(count)) if first.is_empty() => {
            let count = count.min(size);
            Ok(Some((size - count, count)))
        }
        _ => Ok(None),
    }
}

/// `bytes 2-4/10`
pub(crate) fn content_range((offset, length): Span, size: u64) -> String {
    format!("bytes {offset}-{}/{size}", offset + length.max(1) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_object() {
        for (header, want) in [
            ("bytes=2-4", Some((2, 3))),
            ("bytes=-3", Some((7, 3))),
            ("bytes=-99", Some((0, 10))),
            ("bytes=8-99", Some((8, 2))),
            ("bytes=9-", Some((9, 1))),
            ("bytes=0-99999999999999999999999", Some((0, 10))),
            ("bytes=4-2", None),
            ("bytes=1-2,4-5", None),
            ("lines=1-2", None),
            ("bytes=a-b", None),
        ] {
            assert_eq!(parse(header, 10), Ok(want), "{header}");
        }
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(parse(header, 10).expect_err(header).code, "InvalidRange");
        }
        assert_eq!(parse("bytes=-5", 0).expect_err("empty").code, "InvalidRange");
        assert_eq!(content_range((2, 3), 10), "bytes 2-4/10");
    }
}
