//! CBOR for Smithy's RPC v2 (<https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>).

use bytes::Bytes;
use model::{Body, Member, Timestamp, Writer};

/// Writes one CBOR value into `out`. Structures are maps of indefinite length.
#[derive(Debug, Default)]
pub(crate) struct CborWriter {
    pub out: Vec<u8>,
    /// For each open container, whether its children are named.
    named: Vec<bool>,
    after_key: bool,
}

const INDEFINITE_MAP: u8 = 0xbf;
const BREAK: u8 = 0xff;
const TAG_EPOCH: u8 = 0xc1;
const DOUBLE: u8 = 0xfb;

impl CborWriter {
    pub fn open_root(&mut self) {
        self.out.push(INDEFINITE_MAP);
        self.named.push(true);
    }

    pub fn close_root(&mut self) {
        self.named.pop();
        self.out.push(BREAK);
    }

    /// Major type and argument.
    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        match value {
            0..24 => self.out.push(major | value as u8),
            24..0x100 => self.out.extend_from_slice(&[major | 24, value as u8]),
            0x100..0x1_0000 => {
                self.out.push(major | 25);
                self.out.extend_from_slice(&(value as u16).to_be_bytes());
            }
            0x1_0000..0x1_0000_0000 => {
                self.out.push(major | 26);
                self.out.extend_from_slice(&(value as u32).to_be_bytes());
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend_from_slice(&value.to_be_bytes());
            }
        }
    }

    pub fn string(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            Err(_) => self.head(1, !value as u64),
        }
    }

    fn double(&mut self, value: f64) {
        self.out.push(DOUBLE);
        self.out.extend_from_slice(&value.to_be_bytes());
    }

    fn begin(&mut self, name: &str) {
        if !std::mem::take(&mut self.after_key) && self.named.last() == Some(&true) {
            self.string(name);
        }
    }
}

impl Writer for CborWriter {
    fn text(&mut self, member: &'static Member, value: &str) {
        self.begin(member.wire);
        self.string(value);
    }

    fn boolean(&mut self, member: &'static Member, value: bool) {
        self.begin(member.wire);
        self.out.push(0xf4 | u8::from(value));
    }

    fn integer(&mut self, member: &'static Member, value: i64) {
        self.begin(member.wire);
        self.number(value);
    }

    fn float(&mut self, member: &'static Member, value: f64) {
        self.begin(member.wire);
        self.double(value);
    }

    fn time(&mut self, member: &'static Member, value: Timestamp) {
        self.begin(member.wire);
        self.out.push(TAG_EPOCH);
        if value.0 % 1_000 == 0 {
            self.number(value.0 / 1_000);
        } else {
            self.double(value.0 as f64 / 1_000.0);
        }
    }

    fn blob(&mut self, member: &'static Member, value: &Bytes) {
        self.begin(member.wire);
        self.head(2, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    fn body(&mut self, member: &'static Member, value: &Body) {
        // No service streams over this protocol here; small bodies are blobs.
        if let Body::Memory(bytes) = value {
            self.blob(member, bytes);
        }
    }

    fn open(&mut self, member: &'static Member) {
        self.begin(member.wire);
        self.open_root();
    }

    fn close(&mut self, _: &'static Member) {
        self.close_root();
    }

    fn open_list(&mut self, member: &'static Member, length: usize) {
        self.begin(member.wire);
        self.head(4, length as u64);
        self.named.push(false);
    }

    fn close_list(&mut self, _: &'static Member, _: usize) {
        self.named.pop();
    }

    fn open_map(&mut self, member: &'static Member, length: usize) {
        self.begin(member.wire);
        self.head(5, length as u64);
        self.named.push(true);
    }

    fn key(&mut self, _: &'static Member, key: &str) {
        self.string(key);
        self.after_key = true;
    }

    fn close_entry(&mut self, _: &'static Member) {}

    fn close_map(&mut self, _: &'static Member, _: usize) {
        self.named.pop();
    }
}
