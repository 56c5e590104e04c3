//! JSON for json 1.0, 1.1 and rest-json.

use super::xml::Aside;
use crate::time;
use bytes::Bytes;
use model::{Body, Location, Member, TimeFormat, Timestamp, Writer};

/// Writes one JSON value into `out`. The caller writes the braces of the root.
#[derive(Debug, Default)]
pub(crate) struct JsonWriter {
    pub out: Vec<u8>,
    pub aside: Aside,
    /// For each open container, whether its children are named and whether one was written.
    nested: Vec<Level>,
    /// A map's key was just written: the value follows without a name.
    after_key: bool,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    named: bool,
    any: bool,
}

impl JsonWriter {
    pub fn open_root(&mut self) {
        self.out.push(b'{');
        self.nested.push(Level { named: true, any: false });
    }

    pub fn close_root(&mut self) {
        self.nested.pop();
        self.out.push(b'}');
    }

    fn begin(&mut self, name: &str) {
        if std::mem::take(&mut self.after_key) {
            return;
        }
        let Some(level) = self.nested.last_mut() else { return };
        if std::mem::replace(&mut level.any, true) {
            self.out.push(b',');
        }
        if level.named {
            string(&mut self.out, name);
            self.out.push(b':');
        }
    }

    fn push(&mut self, bracket: u8, named: bool) {
        self.out.push(bracket);
        self.nested.push(Level { named, any: false });
    }

    fn pop(&mut self, bracket: u8) {
        self.nested.pop();
        self.out.push(bracket);
    }
}

/// Appends a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut bytes = text.as_bytes();
    while let Some(at) = bytes.iter().position(|b| *b < 32 || *b == b'"' || *b == b'\\') {
        out.extend_from_slice(&bytes[..at]);
        match bytes[at] {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => out.extend_from_slice(format!("\\u{other:04x}").as_bytes()),
        }
        bytes = &bytes[at + 1..];
    }
    out.extend_from_slice(bytes);
    out.push(b'"');
}

impl Writer for JsonWriter {
    fn text(&mut self, member: &'static Member, value: &str) {
        if !self.aside.takes(member, || value.into()) {
            self.begin(member.wire);
            string(&mut self.out, value);
        }
    }

    fn boolean(&mut self, member: &'static Member, value: bool) {
        let text = if value { "true" } else { "false" };
        if !self.aside.takes(member, || text.into()) {
            self.begin(member.wire);
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        if !self.aside.takes(member, || smol_str::format_smolstr!("{value}")) {
            self.begin(member.wire);
            super::integer(&mut self.out, value);
        }
    }

    fn float(&mut self, member: &'static Member, value: f64) {
        if !self.aside.takes(member, || smol_str::format_smolstr!("{value}")) {
            self.begin(member.wire);
            if value.is_finite() {
                super::float(&mut self.out, value);
            } else {
                // JSON has no such numbers; AWS writes their names as strings.
                self.out.push(b'"');
                super::float(&mut self.out, value);
                self.out.push(b'"');
            }
        }
    }

    fn time(&mut self, member: &'static Member, value: Timestamp) {
        let spelled = || {
            let mut text = Vec::new();
            time::write(&mut text, value, member.time, TimeFormat::Unix);
            String::from_utf8(text).unwrap_or_default()
        };
        if self.aside.takes(member, || spelled().into()) {
            return;
        }
        self.begin(member.wire);
        match member.time {
            TimeFormat::Default | TimeFormat::Unix => {
                time::write(&mut self.out, value, TimeFormat::Unix, TimeFormat::Unix);
            }
            TimeFormat::Iso8601 | TimeFormat::Rfc822 => string(&mut self.out, &spelled()),
        }
    }

    fn blob(&mut self, member: &'static Member, value: &Bytes) {
        if member.location == Location::Payload {
            self.aside.payload = Some(Body::Memory(value.clone()));
            return;
        }
        self.begin(member.wire);
        self.out.push(b'"');
        super::base64(&mut self.out, value);
        self.out.push(b'"');
    }

    fn body(&mut self, _: &'static Member, value: &Body) {
        self.aside.payload = Some(value.clone());
    }

    fn open(&mut self, member: &'static Member) {
        if member.location == Location::Payload {
            // The payload's members are the root's.
            self.nested.push(Level { named: true, any: false });
            return;
        }
        self.begin(member.wire);
        self.push(b'{', true);
    }

    fn close(&mut self, member: &'static Member) {
        if member.location == Location::Payload {
            self.nested.pop();
        } else {
            self.pop(b'}');
        }
    }

    fn open_list(&mut self, member: &'static Member, _: usize) {
        self.begin(member.wire);
        self.push(b'[', false);
    }

    fn close_list(&mut self, _: &'static Member, _: usize) {
        self.pop(b']');
    }

    fn open_map(&mut self, member: &'static Member, _: usize) {
        if !self.aside.open_map(member) {
            self.begin(member.wire);
            self.push(b'{', true);
        }
    }

    fn key(&mut self, _: &'static Member, key: &str) {
        if !self.aside.key(key) {
            self.begin(key);
            self.after_key = true;
        }
    }

    fn close_entry(&mut self, _: &'static Member) {}

    fn close_map(&mut self, _: &'static Member, _: usize) {
        if !self.aside.close_map() {
            self.pop(b'}');
        }
    }
}
