//! Spellings of instants: all that AWS takes.

use super::Timestamp;

impl Timestamp {
    /// Reads ISO 8601 (with or without milliseconds, offset or punctuation), RFC 822, or seconds
    /// since the epoch.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<f64>()
            && (text.len() != 8 || text.contains('.'))
        {
            return Self::from_seconds(seconds);
        }
        if text.as_bytes().first()?.is_ascii_alphabetic() { rfc822(text) } else { iso8601(text) }
    }

    /// Seconds since the epoch, with a fraction.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        // Years 0000 to 9999: what every spelling can hold.
        const RANGE: std::ops::RangeInclusive<f64> = -62_167_219_200.0..=253_402_300_799.999;
        RANGE.contains(&seconds).then(|| Self((seconds * 1_000.0).round() as i64))
    }
}

/// The months' names in dates.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn digits(text: &str, at: &mut usize, count: usize) -> Option<i64> {
    let part = text.get(*at..*at + count)?;
    *at += count;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

fn skip(text: &str, at: &mut usize, byte: u8) -> bool {
    let found = text.as_bytes().get(*at) == Some(&byte);
    *at += usize::from(found);
    found
}

fn iso8601(text: &str) -> Option<Timestamp> {
    let at = &mut 0;
    let year = digits(text, at, 4)?;
    skip(text, at, b'-');
    let month = digits(text, at, 2)?;
    skip(text, at, b'-');
    let day = digits(text, at, 2)?;
    let (mut hour, mut minute, mut second, mut millis) = (0, 0, 0, 0);
    if skip(text, at, b'T') || skip(text, at, b't') || skip(text, at, b' ') {
        hour = digits(text, at, 2)?;
        skip(text, at, b':');
        minute = digits(text, at, 2)?;
        skip(text, at, b':');
        if text.as_bytes().get(*at).is_some_and(u8::is_ascii_digit) {
            second = digits(text, at, 2)?;
        }
        if skip(text, at, b'.') {
            let rest = &text[*at..];
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let padded = format!("{:0<3}", &rest[..length.min(3)]);
            millis = padded.parse().ok()?;
            *at += length;
        }
    }
    let offset = offset_minutes(&text[*at..])?;
    let base = civil(year, month, day, hour, minute, second)?;
    Some(base.plus_millis(millis - offset * 60_000))
}

fn offset_minutes(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first() {
        None => return Some(0),
        Some(b'Z' | b'z') => return (text.len() == 1).then_some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let at = &mut 1;
    let hours = digits(text, at, 2)?;
    skip(text, at, b':');
    let minutes = if *at < text.len() { digits(text, at, 2)? } else { 0 };
    (*at == text.len() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// `Thu, 28 Sep 2017 05:35:06 GMT`
fn rfc822(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once(", ")?;
    let mut words = rest.split(' ').filter(|w| !w.is_empty());
    let day = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|m| m.eq_ignore_ascii_case(month))? as i64 + 1;
    let year = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    civil(year, month, day, hour, minute, second)
}

fn civil(y: i64, month: i64, day: i64, h: i64, m: i64, s: i64) -> Option<Timestamp> {
    let valid = (0..=9999).contains(&y)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&h)
        && (0..60).contains(&m)
        && (0..=60).contains(&s);
    if !valid {
        return None;
    }
    let year = if month <= 2 { y - 1 } else { y };
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    let at = Timestamp((((days * 24 + h) * 60 + m) * 60 + s) * 1_000);
    // The 31st of a short month would have become another day.
    (at.civil().2 as i64 == day || s == 60).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_instant_is_read() {
        let at = Timestamp(1_506_576_906_000);
        for text in [
            "2017-09-28T05:35:06Z",
            "2017-09-28T05:35:06.000Z",
            "2017-09-28T07:35:06+02:00",
            "2017-09-28T03:05:06-0230",
            "20170928T053506Z",
            "2017-09-28 05:35:06",
            "Thu, 28 Sep 2017 05:35:06 GMT",
            "1506576906",
            "1506576906.0",
            "1.506576906e9",
        ] {
            assert_eq!(Timestamp::parse(text), Some(at), "{text}");
        }
        assert_eq!(Timestamp::parse("2017-09-28T05:35:06.12Z"), Some(at.plus_millis(120)));
        assert_eq!(Timestamp::parse("2017-09-28"), Some(Timestamp(1_506_556_800_000)));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "yesterday",
            "2017-13-01",
            "2017-02-30T00:00:00Z",
            "1e300",
            "NaN",
            "2017-09-28T05:35:06X",
            "99999-01-01",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
