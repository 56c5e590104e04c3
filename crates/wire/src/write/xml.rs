//! XML for query, EC2 and REST-XML.
//!
//! Members outside the body (headers, status, raw payloads: S3) are collected beside it.

use crate::time;
use bytes::Bytes;
use model::{Body, Location, Member, TimeFormat, Timestamp, Writer};
use smol_str::SmolStr;

pub(crate) const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// What travels outside an XML or JSON body.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    pub headers: Vec<(SmolStr, SmolStr)>,
    pub status: Option<u16>,
    pub payload: Option<Body>,
    /// Prefix of the headers that the map being written becomes.
    prefix: Option<(&'static str, SmolStr)>,
}

impl Aside {
    fn put(&mut self, member: &'static Member, value: SmolStr) {
        match member.location {
            Location::StatusCode => self.status = value.parse().ok(),
            Location::Payload => {
                self.payload = Some(Body::Memory(Bytes::copy_from_slice(value.as_bytes())));
            }
            Location::Header | Location::Headers => self.headers.push((member.wire.into(), value)),
            Location::Body | Location::Attribute => {}
        }
    }

    /// Takes a value if it does not belong in the body.
    pub fn takes(&mut self, member: &'static Member, value: impl FnOnce() -> SmolStr) -> bool {
        if let Some((prefix, key)) = &mut self.prefix {
            self.headers.push((smol_str::format_smolstr!("{prefix}{key}"), value()));
            return true;
        }
        let aside = member.location != Location::Body;
        if aside {
            self.put(member, value());
        }
        aside
    }

    pub fn open_map(&mut self, member: &'static Member) -> bool {
        let aside = member.location == Location::Headers;
        if aside {
            self.prefix = Some((member.wire, SmolStr::default()));
        }
        aside
    }

    pub fn key(&mut self, key: &str) -> bool {
        let Some((_, slot)) = &mut self.prefix else { return false };
        *slot = key.into();
        true
    }

    pub fn in_map(&self) -> bool {
        self.prefix.is_some()
    }

    pub fn close_map(&mut self) -> bool {
        self.prefix.take().is_some()
    }
}

/// Writes XML into `out`.
#[derive(Debug, Default)]
pub(crate) struct XmlWriter {
    pub out: Vec<u8>,
    pub aside: Aside,
    /// The namespace of a payload's root element.
    pub namespace: &'static str,
}

impl XmlWriter {
    #[inline]
    fn start(&mut self, name: &str) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    #[inline]
    fn end(&mut self, name: &str) {
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    pub fn start_with_namespace(&mut self, name: &str) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        if !self.namespace.is_empty() {
            self.out.extend_from_slice(b" xmlns=\"");
            self.out.extend_from_slice(self.namespace.as_bytes());
            self.out.push(b'"');
        }
        self.out.push(b'>');
    }

    /// `<name>value</name>` with the value escaped.
    #[inline]
    pub fn element(&mut self, name: &str, value: &str) {
        // One check of the capacity for everything that needs no escape.
        self.out.reserve(2 * name.len() + value.len() + 5);
        self.start(name);
        escape(&mut self.out, value);
        self.end(name);
    }

    /// Adds an attribute to the start tag just written.
    fn attribute(&mut self, name: &str, value: &str) {
        if self.out.pop_if(|last| *last == b'>').is_none() {
            return;
        }
        if name.starts_with("xsi:") {
            let namespace = b" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
            self.out.extend_from_slice(namespace);
        }
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape(&mut self.out, value);
        self.out.extend_from_slice(b"\">");
    }

    #[inline]
    fn scalar(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.reserve(2 * name.len() + 32);
        self.start(name);
        write(&mut self.out);
        self.end(name);
    }
}

/// Bytes that cannot stand for themselves in XML text.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 32 {
        table[i] = i != 9 && i != 10;
        i += 1;
    }
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'&' as usize] = true;
    table[b'"' as usize] = true;
    table
};

/// Appends text with XML's special characters escaped. Control characters that XML 1.0 cannot
/// hold become U+FFFD.
#[inline]
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
    let mut bytes = text.as_bytes();
    while let Some(at) = bytes.iter().position(|b| SPECIAL[usize::from(*b)]) {
        out.extend_from_slice(&bytes[..at]);
        let escaped: &[u8] = match bytes[at] {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'&' => b"&amp;",
            b'"' => b"&quot;",
            b'\r' => b"&#xD;",
            _ => "\u{fffd}".as_bytes(),
        };
        out.extend_from_slice(escaped);
        bytes = &bytes[at + 1..];
    }
    out.extend_from_slice(bytes);
}

impl Writer for XmlWriter {
    fn text(&mut self, member: &'static Member, value: &str) {
        if member.location == Location::Attribute {
            return self.attribute(member.wire, value);
        }
        if !self.aside.takes(member, || value.into()) {
            self.element(member.wire, value);
        }
    }

    fn boolean(&mut self, member: &'static Member, value: bool) {
        let text = if value { "true" } else { "false" };
        if !self.aside.takes(member, || text.into()) {
            self.scalar(member.wire, |out| out.extend_from_slice(text.as_bytes()));
        }
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        if !self.aside.takes(member, || smol_str::format_smolstr!("{value}")) {
            self.scalar(member.wire, |out| super::integer(out, value));
        }
    }

    fn float(&mut self, member: &'static Member, value: f64) {
        if !self.aside.takes(member, || smol_str::format_smolstr!("{value}")) {
            self.scalar(member.wire, |out| super::float(out, value));
        }
    }

    fn time(&mut self, member: &'static Member, value: Timestamp) {
        let iso = TimeFormat::Iso8601;
        let spelled = || {
            let mut text = Vec::new();
            time::write(&mut text, value, member.time, iso);
            String::from_utf8(text).unwrap_or_default().into()
        };
        if !self.aside.takes(member, spelled) {
            self.scalar(member.wire, |out| time::write(out, value, member.time, iso));
        }
    }

    fn blob(&mut self, member: &'static Member, value: &Bytes) {
        if member.location == Location::Payload {
            self.aside.payload = Some(Body::Memory(value.clone()));
        } else {
            self.scalar(member.wire, |out| super::base64(out, value));
        }
    }

    fn body(&mut self, _: &'static Member, value: &Body) {
        self.aside.payload = Some(value.clone());
    }

    fn open(&mut self, member: &'static Member) {
        if member.location == Location::Payload {
            self.start_with_namespace(member.wire);
        } else {
            self.start(member.wire);
        }
    }

    fn close(&mut self, member: &'static Member) {
        self.end(member.wire);
    }

    fn open_list(&mut self, member: &'static Member, length: usize) {
        match (member.flat, length) {
            (true, _) => {}
            (false, 0) => {
                self.out.push(b'<');
                self.out.extend_from_slice(member.wire.as_bytes());
                self.out.extend_from_slice(b"/>");
            }
            (false, _) => self.start(member.wire),
        }
    }

    fn close_list(&mut self, member: &'static Member, length: usize) {
        if !member.flat && length > 0 {
            self.end(member.wire);
        }
    }

    fn open_map(&mut self, member: &'static Member, length: usize) {
        if !self.aside.open_map(member) {
            self.open_list(member, length);
        }
    }

    fn key(&mut self, member: &'static Member, key: &str) {
        if !self.aside.key(key) {
            self.start(member.entry);
            self.element(member.key, key);
        }
    }

    fn close_entry(&mut self, member: &'static Member) {
        if !self.aside.in_map() {
            self.end(member.entry);
        }
    }

    fn close_map(&mut self, member: &'static Member, length: usize) {
        if !self.aside.close_map() {
            self.close_list(member, length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped_and_others_are_not() {
        let mut out = Vec::new();
        escape(&mut out, "a<b>&\"c\"'\r\n\té\u{1}");
        assert_eq!(
            String::from_utf8_lossy(&out),
            "a&lt;b&gt;&amp;&quot;c&quot;'&#xD;\n\té\u{fffd}"
        );
    }

    #[test]
    fn attributes_join_the_start_tag() {
        let mut writer = XmlWriter::default();
        writer.start("Grantee");
        writer.attribute("xsi:type", "Group<");
        assert_eq!(
            String::from_utf8_lossy(&writer.out),
            "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"Group&lt;\">"
        );
    }
}
