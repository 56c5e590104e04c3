//! CBOR bodies (Smithy RPC v2), definite and indefinite lengths.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>, RFC 8949.

use super::MAX_DEPTH;
use super::json::serialization;
use bytes::Bytes;
use model::{ApiError, Kind, Service, ShapeId, Timestamp, Value};
use std::borrow::Cow;

/// Reads a body as the structure `id`. No bytes are an empty structure.
pub(crate) fn read(service: &'static Service, id: ShapeId, body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Ok(Value::Struct(Vec::new()));
    }
    let mut reader = Reader { bytes: body, at: 0, service };
    let value = reader.value(Some(id), 0).ok_or_else(|| serialization(""))?;
    if reader.at != body.len() || !matches!(value, Value::Struct(_)) {
        return Err(serialization(""));
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    service: &'static Service,
}

/// An item's first byte and argument.
struct Head {
    major: u8,
    /// `None` is an indefinite length.
    argument: Option<u64>,
    info: u8,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let part = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(part)
    }

    fn head(&mut self) -> Option<Head> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        let argument = match info {
            0..24 => Some(u64::from(info)),
            24..28 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
            }
            31 => None,
            _ => return None,
        };
        Some(Head { major, argument, info })
    }

    fn at_break(&mut self) -> bool {
        let found = self.bytes.get(self.at) == Some(&0xff);
        self.at += usize::from(found);
        found
    }

    /// Calls `each` for every element of a container.
    fn elements(
        &mut self,
        length: Option<u64>,
        mut each: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        match length {
            Some(length) => (0..length).try_for_each(|_| each(self)),
            None => {
                while !self.at_break() {
                    each(self)?;
                }
                Some(())
            }
        }
    }

    fn string(&mut self, head: &Head) -> Option<Cow<'a, [u8]>> {
        if let Some(length) = head.argument {
            return Some(Cow::Borrowed(self.take(usize::try_from(length).ok()?)?));
        }
        let mut whole = Vec::new();
        while !self.at_break() {
            let part = self.head()?;
            if part.major != head.major {
                return None;
            }
            whole.extend_from_slice(self.take(usize::try_from(part.argument?).ok()?)?);
        }
        Some(Cow::Owned(whole))
    }

    fn key(&mut self) -> Option<Cow<'a, str>> {
        let head = self.head()?;
        if head.major != 3 {
            return None;
        }
        match self.string(&head)? {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }

    /// Reads one item as the shape `id`; without a shape it is read and dropped.
    fn value(&mut self, id: Option<ShapeId>, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let shape = id.map(|id| self.service.shape(id));
        let kind = shape.map(|shape| shape.kind);
        let head = self.head()?;
        match (head.major, kind) {
            (0, kind) => number(i64::try_from(head.argument?).ok()?, kind),
            (1, kind) => number(-1 - i64::try_from(head.argument?).ok()?, kind),
            (2, None | Some(Kind::Blob)) => {
                Some(Value::Blob(Bytes::from(self.string(&head)?.into_owned())))
            }
            (3, None | Some(Kind::String)) => {
                Some(Value::Text(str::from_utf8(&self.string(&head)?).ok()?.into()))
            }
            (4, None | Some(Kind::List)) => {
                let mut items = Vec::new();
                self.elements(head.argument, |reader| {
                    items.push(reader.value(shape.map(|s| s.element), depth + 1)?);
                    Some(())
                })?;
                Some(Value::List(items))
            }
            (5, Some(Kind::Map)) => {
                let mut entries = Vec::new();
                self.elements(head.argument, |reader| {
                    let key = reader.key()?;
                    let value = reader.value(shape.map(|s| s.element), depth + 1)?;
                    entries.push((key.into(), value));
                    Some(())
                })?;
                Some(Value::Map(entries))
            }
            (5, None | Some(Kind::Structure)) => {
                let known = shape.map_or(&[][..], |shape| self.service.members(shape));
                let mut members = Vec::new();
                self.elements(head.argument, |reader| {
                    let key = reader.key()?;
                    let member = known.iter().find(|m| m.name == key || m.wire == key);
                    let value = reader.value(member.map(|m| m.shape), depth + 1)?;
                    members.extend(member.map(|m| (m.name, value)));
                    Some(())
                })?;
                Some(Value::Struct(members))
            }
            (6, Some(Kind::Timestamp)) if head.argument == Some(1) => {
                match self.value(Some(id?), depth + 1)? {
                    Value::Time(at) => Some(Value::Time(at)),
                    _ => None,
                }
            }
            (6, None) => self.value(None, depth + 1),
            (7, kind) => simple(&head, kind),
            _ => None,
        }
    }
}

fn number(value: i64, kind: Option<Kind>) -> Option<Value> {
    match kind {
        None | Some(Kind::Long) => Some(Value::Int(value)),
        Some(Kind::Integer) => Some(Value::Int(i64::from(i32::try_from(value).ok()?))),
        Some(Kind::Double) => Some(Value::Float(value as f64)),
        Some(Kind::Timestamp) => Some(Value::Time(Timestamp::from_seconds(value as f64)?)),
        _ => None,
    }
}

fn simple(head: &Head, kind: Option<Kind>) -> Option<Value> {
    let bits = head.argument?;
    let float = match head.info {
        20 | 21 if matches!(kind, None | Some(Kind::Boolean)) => {
            return Some(Value::Bool(head.info == 21));
        }
        22 | 23 => return Some(Value::Null),
        25 => half(bits as u16),
        26 => f64::from(f32::from_bits(bits as u32)),
        27 => f64::from_bits(bits),
        _ => return None,
    };
    match kind {
        None | Some(Kind::Double) => Some(Value::Float(float)),
        Some(Kind::Timestamp) => Some(Value::Time(Timestamp::from_seconds(float)?)),
        Some(Kind::Integer | Kind::Long) if float.fract() == 0.0 && float.abs() < 9e15 => {
            number(float as i64, kind)
        }
        _ => None,
    }
}

/// IEEE 754 half precision.
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 31);
    let mantissa = f64::from(bits & 0x3ff);
    let size = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read() {
        for (bits, expected) in
            [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333251953125), (1, 5.960464477539063e-8)]
        {
            assert_eq!(half(bits), expected);
        }
    }

    #[test]
    fn huge_announced_lengths_cost_nothing() {
        let cloudwatch = model::service("cloudwatch").expect("listed");
        let id = cloudwatch.operation("PutMetricData").expect("CloudWatch has it").input;
        for body in [
            &b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\xa1\x69Namespace\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xa1\x6aMetricData\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert!(read(cloudwatch, id, body).is_err());
        }
    }
}
