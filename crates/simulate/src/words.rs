//! Things that scenarios and command lines say in a word: durations, instants, paces.

use kernel::{Pace, Timestamp};
use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::str::FromStr;

/// Reads `1h30m`, `90s`, `2d`, `250ms`, or a bare number of seconds; answers seconds.
///
/// # Errors
///
/// A sentence for the user.
pub fn duration(text: &str) -> Result<f64, String> {
    let bad = || format!("'{text}' is no duration: say 90s, 15m, 1h30m or 2d");
    if let Ok(secs) = text.parse::<f64>() {
        return if secs >= 0.0 && secs.is_finite() { Ok(secs) } else { Err(bad()) };
    }
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let factor = match &rest[..unit] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(bad()),
        };
        total += number * factor;
        rest = &rest[unit..];
    }
    if text.is_empty() { Err(bad()) } else { Ok(total) }
}

/// Longest duration that a scenario may name, in seconds: a century is long enough, and fits.
const MAX_SECS: f64 = 3.2e9;

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// A number of minutes.
    pub const fn minutes(count: i64) -> Self {
        Self(count * 60_000)
    }

    /// In seconds.
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match duration(text)? {
            secs if secs <= MAX_SECS => Ok(Self((secs * 1_000.0).round() as i64)),
            _ => Err(format!("'{text}' is longer than a century")),
        }
    }
}

/// `1h30m`
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        if rest == 0 {
            return f.write_str("0s");
        }
        for (unit, millis) in
            [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
        {
            // "24h" is what people say of one day; "36h" of one and a half is not.
            if unit == "d" && rest < 2 * millis {
                continue;
            }
            if rest >= millis {
                write!(f, "{}{unit}", rest / millis)?;
                rest %= millis;
            }
        }
        Ok(())
    }
}

/// An instant, as `2017-09-28T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub Timestamp);

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(Timestamp(at.as_millisecond())))
            .map_err(|_| format!("'{text}' is no instant: say 2017-09-28T00:00:00Z"))
    }
}

/// How quickly things happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceWord(pub Pace);

impl FromStr for PaceWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

/// Reads what is written as one word, so that an error tells the line of the word.
pub(crate) fn word<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(
    deserializer: D,
    expected: &'static str,
) -> Result<T, D::Error> {
    struct Word<T>(&'static str, std::marker::PhantomData<T>);
    impl<T: FromStr<Err = String>> Visitor<'_> for Word<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
            self.visit_str(&number.to_string())
        }
    }
    deserializer.deserialize_any(Word(expected, std::marker::PhantomData))
}

macro_rules! words {
    ($($kind:ty: $expected:literal),* $(,)?) => {
        $(impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::words::word(deserializer, $expected)
            }
        })*
    };
}
pub(crate) use words;

words! {
    Span: "a duration such as 90s, 15m or 1h30m",
    Instant: "an instant such as 2017-09-28T00:00:00Z",
    PaceWord: "a pace: instant, brisk or realistic",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, secs) in [
            ("90", 90.0),
            ("90s", 90.0),
            ("15m", 900.0),
            ("1h30m", 5_400.0),
            ("2d", 172_800.0),
            ("250ms", 0.25),
        ] {
            assert_eq!(duration(text), Ok(secs), "{text}");
        }
        for text in ["", "h", "1x", "-5", "1h-", "inf", "1.2.3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spans_are_told_as_they_are_read() {
        for text in ["0s", "90s", "15m", "24h", "2d", "1h30m", "2d12h", "250ms"] {
            let span: Span = text.parse().expect(text);
            let told = span.to_string();
            assert_eq!(told.parse::<Span>(), Ok(span), "{text} told as {told}");
        }
        assert_eq!("24h".parse::<Span>().map(|s| s.to_string()), Ok("24h".to_owned()));
        assert!("1e30".parse::<Span>().is_err());
    }
}
