//! Spellings of instants, written fast.

use model::{MONTHS, TimeFormat, Timestamp};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Appends an instant. `fallback` is the protocol's own spelling.
pub(crate) fn write(out: &mut Vec<u8>, at: Timestamp, format: TimeFormat, fallback: TimeFormat) {
    let format = if format == TimeFormat::Default { fallback } else { format };
    match format {
        TimeFormat::Unix => unix(out, at),
        TimeFormat::Rfc822 => {
            let (y, mo, d, h, mi, s, _) = at.civil();
            let weekday = DAYS[at.0.div_euclid(86_400_000).rem_euclid(7) as usize];
            out.extend_from_slice(weekday.as_bytes());
            out.extend_from_slice(b", ");
            two(out, d);
            out.push(b' ');
            out.extend_from_slice(MONTHS[mo as usize - 1].as_bytes());
            out.push(b' ');
            four(out, y);
            out.push(b' ');
            clock(out, h, mi, s);
            out.extend_from_slice(b" GMT");
        }
        TimeFormat::Iso8601 | TimeFormat::Default => {
            let (y, mo, d, h, mi, s, ms) = at.civil();
            four(out, y);
            out.push(b'-');
            two(out, mo);
            out.push(b'-');
            two(out, d);
            out.push(b'T');
            clock(out, h, mi, s);
            out.extend_from_slice(&[b'.', b'0' + (ms / 100) as u8]);
            two(out, ms % 100);
            out.push(b'Z');
        }
    }
}

/// Seconds; milliseconds only when there are any.
fn unix(out: &mut Vec<u8>, at: Timestamp) {
    if at.0 < 0 {
        out.push(b'-');
    }
    let millis = at.0.unsigned_abs();
    crate::write::integer(out, (millis / 1_000) as i64);
    let part = (millis % 1_000) as u32;
    if part != 0 {
        out.extend_from_slice(&[b'.', b'0' + (part / 100) as u8]);
        two(out, part % 100);
    }
}

fn two(out: &mut Vec<u8>, n: u32) {
    out.extend_from_slice(&[b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8]);
}

fn four(out: &mut Vec<u8>, n: i64) {
    let n = n.clamp(0, 9999) as u32;
    two(out, n / 100);
    two(out, n % 100);
}

fn clock(out: &mut Vec<u8>, h: u32, m: u32, s: u32) {
    two(out, h);
    out.push(b':');
    two(out, m);
    out.push(b':');
    two(out, s);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_each_protocol_spells_them() {
        let cases = [
            (1_506_576_906_123, TimeFormat::Iso8601, "2017-09-28T05:35:06.123Z"),
            (1_506_576_906_123, TimeFormat::Rfc822, "Thu, 28 Sep 2017 05:35:06 GMT"),
            (1_506_576_906_123, TimeFormat::Unix, "1506576906.123"),
            (1_506_576_906_000, TimeFormat::Unix, "1506576906"),
            (-1_500, TimeFormat::Unix, "-1.500"),
        ];
        for (millis, format, expected) in cases {
            let mut out = Vec::new();
            write(&mut out, Timestamp(millis), format, TimeFormat::Default);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
