//! The part of a request before its body, and percent-encoding.

use http::HeaderMap;
use std::borrow::Cow;

/// A request without its body. Path and query are as they came, percent-encoded.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// Path, beginning with `/`.
    pub path: &'a str,
    /// Query string without `?`; empty when there is none.
    pub query: &'a str,
    /// Headers.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// A header's text; absent when it is missing or not text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The name in `Host`, without its port, in lower case.
    pub fn host(&self) -> String {
        let host = self.header("host").unwrap_or_default();
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        name.to_ascii_lowercase()
    }

    /// Whether the body is a form.
    pub fn is_form(&self) -> bool {
        self.header("content-type")
            .is_some_and(|t| t.trim_start().starts_with("application/x-www-form-urlencoded"))
    }

    /// The pairs of the query string, decoded. A pair whose bytes are not UTF-8 is left out.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        pairs(self.query).filter_map(|(k, v)| Some((unescape(k, true)?, unescape(v, true)?)))
    }

    /// The first value of a query key.
    pub fn query_value(&self, name: &str) -> Option<Cow<'a, str>> {
        self.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// The undecoded pairs of a form or query string.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Undoes percent-encoding (and `+` for a space in forms). `None` when the result is not UTF-8.
/// A `%` that begins no escape stands for itself.
pub(crate) fn unescape(text: &str, plus: bool) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|b| b == b'%' || plus && b == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let hex = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'+' if plus => out.push(b' '),
            b'%' => {
                let high = bytes.get(at).copied().and_then(hex);
                let low = bytes.get(at + 1).copied().and_then(hex);
                if let (Some(high), Some(low)) = (high, low) {
                    out.push(high << 4 | low);
                    at += 2;
                } else {
                    out.push(byte);
                }
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_are_undone() {
        assert_eq!(unescape("a+b%20c", true).as_deref(), Some("a b c"));
        assert_eq!(unescape("a+b%20c", false).as_deref(), Some("a+b c"));
        assert_eq!(unescape("%e2%82%AC%", true).as_deref(), Some("€%"));
        assert_eq!(unescape("%ff", true), None);
    }
}
