//! Instants as AWS's wire knows them: milliseconds since the Unix epoch, UTC.

mod parse;

pub use parse::MONTHS;

use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant in milliseconds since 1970-01-01T00:00:00Z. The cloud's clock has this resolution.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// How a timestamp is spelled on the wire; the model's shape or the protocol decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeFormat {
    /// Whatever the protocol uses unless told otherwise.
    #[default]
    Default,
    /// `2017-09-28T05:35:06.123Z`
    Iso8601,
    /// `Thu, 28 Sep 2017 05:35:06 GMT`
    Rfc822,
    /// Seconds since the epoch, as a number.
    Unix,
}

impl Timestamp {
    /// This instant plus a number of milliseconds, saturating at the ends of time.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This instant plus a number of seconds, saturating at the ends of time.
    pub const fn plus_secs(self, secs: i64) -> Self {
        self.plus_millis(secs.saturating_mul(1_000))
    }

    /// The same instant without its milliseconds, as AWS reports many times.
    pub const fn whole_seconds(self) -> Self {
        Self(self.0.div_euclid(1_000) * 1_000)
    }

    /// Calendar fields in UTC: year, month (1–12), day (1–31), hour, minute, second, millisecond.
    pub const fn civil(self) -> (i64, u32, u32, u32, u32, u32, u32) {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        // Howard Hinnant's days-from-civil, inverted: eras of 400 years starting in March.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
        (year, month as u32, day as u32, h as u32, m as u32, s as u32, (ms % 1_000) as u32)
    }

    /// `YYYY-MM-DDTHH:MM:SS.mmmZ`, AWS's usual form.
    pub fn iso_millis(self) -> String {
        let (y, mo, d, h, mi, s, ms) = self.civil();
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{ms:03}Z")
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, used in Auto Scaling's causes and end times.
    pub fn iso_seconds(self) -> String {
        let (y, mo, d, h, mi, s, _) = self.civil();
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_fields_agree_with_known_dates() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_506_576_906_123, "2017-09-28T05:35:06.123Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(Timestamp(ms).iso_millis(), text);
        }
    }
}
