//! The output side: one [`model::Writer`] per family of protocols. They push bytes and look
//! nothing up.

pub(crate) mod cbor;
pub(crate) mod json;
pub(crate) mod xml;

/// Appends an integer in decimal.
pub(crate) fn integer(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        digits[at] = b'-';
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a double as XML and JSON spell it: `1.0`, `0.5`, `1.0E22`.
pub(crate) fn float(out: &mut Vec<u8>, value: f64) {
    let text = if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        // Java's spelling, which AWS's services use.
        let text = format!("{value:E}");
        match text.split_once('E') {
            Some((mantissa, power)) if !mantissa.contains('.') => format!("{mantissa}.0E{power}"),
            _ => text,
        }
    } else {
        format!("{value:?}")
    };
    out.extend_from_slice(text.as_bytes());
}

/// Appends base64.
pub(crate) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("numbers are ASCII")
    }

    #[test]
    fn numbers_are_spelled_as_aws_spells_them() {
        for n in [0, 7, -1, 1_234_567_890_123, i64::MAX, i64::MIN] {
            assert_eq!(text(|out| integer(out, n)), n.to_string());
        }
        for (n, expected) in
            [(1.0, "1.0"), (0.25, "0.25"), (1e22, "1.0E22"), (-1.5e-5, "-1.5E-5"), (0.0, "0.0")]
        {
            assert_eq!(text(|out| float(out, n)), expected);
        }
    }
}
