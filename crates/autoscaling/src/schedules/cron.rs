//! Recurring schedules: five cron fields in a time zone.
//!
//! "Scheduled scaling": minute, hour, day of month, month, day of week; `*`, lists, ranges, steps
//! and names. If both days are given, either will do, as in crontab(5).

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use kernel::Timestamp;

/// A day further than this is not looked for: "29 February on a Monday" comes within 28 years,
/// unless a century is in the way.
const MAX_DAYS: i64 = 366 * 41;

/// A parsed expression: one bit for each value that a field allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Parses an expression; none if it is no cron expression.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace();
        let mut next = || fields.next();
        let (minutes, hours, days, months, weekdays) = (next()?, next()?, next()?, next()?, next()?);
        if next().is_some() {
            return None;
        }
        let mut weekday_bits = field(weekdays, 0, 7, &WEEKDAYS)?;
        // 7 is Sunday too.
        weekday_bits |= (weekday_bits >> 7) & 1;
        Some(Self {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: weekday_bits,
            any_day: days.starts_with('*'),
            any_weekday: weekdays.starts_with('*'),
        })
    }

    fn allows(&self, date: Date) -> bool {
        let has = |bits: u64, value: i8| bits >> value & 1 == 1;
        if !has(self.months, date.month()) {
            return false;
        }
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        match (self.any_day, self.any_weekday) {
            (false, false) => day || weekday,
            _ => day && weekday,
        }
    }

    /// The first instant after `after` that the schedule names, in a time zone.
    pub(super) fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let now = jiff::Timestamp::from_millisecond(after.0).ok()?;
        let local = now.to_zoned_datetime(zone.clone()).datetime();
        let mut date = local.date();
        for _ in 0..MAX_DAYS {
            if self.allows(date) {
                let found = self.times().find_map(|time| {
                    let at = DateTime::from_parts(date, time);
                    // A time that a change of clocks leaves out is moved on, one that comes
                    // twice is the first.
                    let zoned = at.to_zoned_datetime(zone.clone()).ok()?;
                    let at = Timestamp(zoned.timestamp().as_millisecond());
                    (at > after).then_some(at)
                });
                if found.is_some() {
                    return found;
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn times(&self) -> impl Iterator<Item = Time> + '_ {
        let bits = |bits: u64| (0..64_i8).filter(move |n| bits >> n & 1 == 1);
        bits(self.hours)
            .flat_map(move |hour| bits(self.minutes).map(move |minute| (hour, minute)))
            .map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
    }
}

/// One field: a list of `*`, values and ranges, each with a step.
fn field(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u32>().ok().filter(|s| *s > 0)?),
            None => (part, 1),
        };
        let value = |text: &str| -> Option<u32> {
            let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
            let number = match named {
                Some(at) => at as u32 + low.min(1),
                None => text.parse().ok()?,
            };
            (low..=high).contains(&number).then_some(number)
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((from, to)) => (value(from)?, value(to)?),
            None if part.contains('/') => (value(range)?, high),
            None => (value(range)?, value(range)?),
        };
        if from > to {
            return None;
        }
        bits |= (from..=to).step_by(step as usize).fold(0, |bits, n| bits | 1 << n);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, after: &str, zone: &str) -> String {
        let cron = Cron::parse(expression).expect("a cron expression");
        let after: jiff::Timestamp = after.parse().expect("a time");
        let zone = TimeZone::get(zone).expect("a time zone");
        let at = cron.next_after(Timestamp(after.as_millisecond()), &zone);
        at.map_or("never".to_owned(), |at| at.iso_seconds().to_string())
    }

    #[test]
    fn schedules_name_their_next_instant() {
        for (expression, after, zone, expected) in [
            ("30 0 1 1,6,12 *", "2017-09-28T05:35:06Z", "UTC", "2017-12-01T00:30:00Z"),
            ("*/15 * * * *", "2017-09-28T05:30:00Z", "UTC", "2017-09-28T05:45:00Z"),
            ("0 9 * * MON-FRI", "2017-09-29T10:00:00Z", "UTC", "2017-10-02T09:00:00Z"),
            ("0 0 * * 7", "2017-09-28T00:00:00Z", "UTC", "2017-10-01T00:00:00Z"),
            ("0 9 * * *", "2017-09-28T05:35:06Z", "Australia/Melbourne", "2017-09-28T23:00:00Z"),
            // Either day will do if both are given.
            ("0 0 13 * FRI", "2017-09-28T00:00:00Z", "UTC", "2017-09-29T00:00:00Z"),
            // Clocks go forward at 2 o'clock: half past two is half past three.
            ("30 2 * * *", "2017-03-12T00:00:00Z", "America/Los_Angeles", "2017-03-12T10:30:00Z"),
            ("0 0 29 2 *", "2017-09-28T00:00:00Z", "UTC", "2020-02-29T00:00:00Z"),
            ("0 0 31 2 *", "2017-09-28T00:00:00Z", "UTC", "never"),
        ] {
            assert_eq!(next(expression, after, zone), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *",
            "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1,,2 * * * *"]
        {
            assert_eq!(Cron::parse(text), None, "{text:?}");
        }
    }
}
