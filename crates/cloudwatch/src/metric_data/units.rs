//! Units of measure, as numbers in rows. AWS does not convert between them: a metric's points of
//! different units are different series.

/// `StandardUnit` of the API model. A row holds the position, so the order must stay.
const UNITS: [&str; 27] = [
    "None",
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
];

/// The number of a unit; none if AWS has no such unit.
pub(crate) fn number(name: &str) -> Option<u8> {
    UNITS.iter().position(|unit| *unit == name).map(|n| n as u8)
}

/// The unit's name.
pub(crate) fn name(number: u8) -> &'static str {
    UNITS.get(usize::from(number)).copied().unwrap_or("None")
}
