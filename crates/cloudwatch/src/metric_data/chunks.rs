//! Stored points: one row per series and stretch of time, encoded in a few bytes a point.
//!
//! "Metrics retention" of the user guide: points of less than a minute are kept for 3 hours, of a
//! minute for 15 days, of 5 minutes for 63 days, of an hour for 455 days. Each of these is a tier
//! of chunks; chunks that many puts rewrite are short, those that have settled are long.

use super::tally::{Entry, Tally};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use kernel::{Row, Sample, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;

/// Different values of one slot of time that are told apart.
const EXACT: usize = 150;
/// A chunk is merged when it has grown by so much, and doubled.
const GROWTH: usize = 1_024;

/// How finely points are kept, and in how long rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Tier {
    /// High resolution, for 3 hours.
    Second,
    /// The minutes of the last days.
    Minute,
    /// Whole days of minutes, up to 15 of them.
    MinuteDay,
    /// Up to 63 days.
    FiveMinutes,
    /// Up to 455 days.
    Hour,
}

impl Tier {
    pub(crate) const ALL: [Self; 5] =
        [Self::Second, Self::Minute, Self::MinuteDay, Self::FiveMinutes, Self::Hour];

    /// Length of a slot in milliseconds.
    pub(crate) const fn slot(self) -> i64 {
        match self {
            Self::Second => 1_000,
            Self::Minute | Self::MinuteDay => 60_000,
            Self::FiveMinutes => 300_000,
            Self::Hour => 3_600_000,
        }
    }

    /// Length of a chunk in milliseconds.
    pub(crate) const fn span(self) -> i64 {
        match self {
            Self::Second => 300_000,
            Self::Minute => 3_600_000,
            Self::MinuteDay | Self::FiveMinutes => DAY,
            Self::Hour => 30 * DAY,
        }
    }

    const fn letter(self) -> char {
        match self {
            Self::Second => 'a',
            Self::Minute => 'b',
            Self::MinuteDay => 'c',
            Self::FiveMinutes => 'd',
            Self::Hour => 'e',
        }
    }
}

pub(crate) const DAY: i64 = 86_400_000;

/// A metric's number and the number of the unit: what a chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    pub(crate) metric: u32,
    pub(crate) unit: u8,
}

/// The points of one series in one stretch of time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chunk {
    #[serde(rename = "t")]
    pub(crate) tier: Tier,
    /// Number of the stretch: its start divided by the tier's span.
    #[serde(rename = "n")]
    pub(crate) number: u32,
    #[serde(rename = "m")]
    pub(crate) metric: u32,
    #[serde(rename = "u")]
    pub(crate) unit: u8,
    /// The slot of the last entry; entries tell the distance to the one before.
    #[serde(rename = "l")]
    last: u16,
    /// Length when entries of one slot were last merged.
    #[serde(rename = "s")]
    merged: u32,
    #[serde(rename = "d", serialize_with = "to_base64", deserialize_with = "from_base64")]
    data: Box<[u8]>,
}

impl Row for Chunk {
    const TABLE: &'static str = "cloudwatch.points";

    fn key(&self) -> SmolStr {
        key(self.tier, i64::from(self.number), self.series())
    }
}

/// Chunks are in the order of their tier and time, so that the oldest come first; one series is
/// read by asking for each stretch of time. Short enough for `SmolStr` to keep it in place.
pub(crate) fn key(tier: Tier, number: i64, series: Series) -> SmolStr {
    format_smolstr!("{}{number:06x}{:08x}{:02x}", tier.letter(), series.metric, series.unit)
}

/// Where the chunks of a tier that are older than the stretch `number` end.
pub(crate) fn bound(tier: Tier, number: i64) -> SmolStr {
    format_smolstr!("{}{number:06x}", tier.letter())
}

impl Chunk {
    /// An empty one.
    pub(crate) fn new(tier: Tier, number: i64, series: Series) -> Self {
        let Series { metric, unit } = series;
        Self { tier, number: number as u32, metric, unit, last: 0, merged: 0, data: [].into() }
    }

    pub(crate) fn series(&self) -> Series {
        Series { metric: self.metric, unit: self.unit }
    }

    pub(crate) fn start(&self) -> Timestamp {
        Timestamp(i64::from(self.number) * self.tier.span())
    }

    /// Adds entries; each must be of this chunk's time.
    pub(crate) fn add<'a>(&mut self, entries: impl IntoIterator<Item = (Timestamp, &'a Entry)>) {
        let mut data = std::mem::take(&mut self.data).into_vec();
        for (at, entry) in entries {
            let slot = ((at.0 - self.start().0) / self.tier.slot()) as u16;
            write(&mut data, i64::from(slot) - i64::from(self.last), entry);
            self.last = slot;
        }
        self.data = data.into();
        if self.data.len() > 2 * self.merged as usize + GROWTH {
            self.merge();
        }
    }

    /// Joins the entries of each slot.
    pub(crate) fn merge(&mut self) {
        let mut slots: BTreeMap<i64, Tally> = BTreeMap::new();
        self.each(|at, entry| match slots.get_mut(&at.0) {
            Some(tally) => tally.add(&entry),
            None => drop(slots.insert(at.0, Tally::new(&entry, true))),
        });
        let mut data = Vec::new();
        self.last = 0;
        for (at, tally) in slots {
            let slot = ((at - self.start().0) / self.tier.slot()) as u16;
            let entry = tally.into_entry(EXACT);
            write(&mut data, i64::from(slot) - i64::from(self.last), &entry);
            self.last = slot;
        }
        self.merged = data.len() as u32;
        self.data = data.into();
    }

    /// Tells every entry with the start of its slot, in the order in which they were added.
    pub(crate) fn each(&self, mut tell: impl FnMut(Timestamp, Entry)) {
        let mut reader = Reader { data: &self.data };
        let (start, slot_millis) = (self.start().0, self.tier.slot());
        let mut slot = 0;
        while let Some((distance, entry)) = reader.entry() {
            slot += distance;
            tell(Timestamp(start + slot * slot_millis), entry);
        }
    }
}

fn to_base64<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD_NO_PAD.encode(data))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<[u8]>, D::Error> {
    let text = String::deserialize(deserializer)?;
    STANDARD_NO_PAD.decode(text).map(Into::into).map_err(serde::de::Error::custom)
}

const REPEATED_ONCE: u64 = 0;
const REPEATED: u64 = 1;
const SET: u64 = 2;
const SPREAD: u64 = 3;

fn write(data: &mut Vec<u8>, distance: i64, entry: &Entry) {
    let kind = match entry {
        Entry::Repeated { count: 1.0, .. } => REPEATED_ONCE,
        Entry::Repeated { .. } => REPEATED,
        Entry::Set(_) => SET,
        Entry::Spread(..) => SPREAD,
    };
    write_varint(data, zigzag(distance) << 2 | kind);
    match entry {
        Entry::Repeated { value, count } => {
            write_number(data, *value);
            if kind == REPEATED {
                write_number(data, *count);
            }
        }
        Entry::Set(sample) => write_sample(data, sample),
        Entry::Spread(sample, values) => {
            write_sample(data, sample);
            write_varint(data, values.len() as u64);
            for (value, count) in values {
                write_number(data, *value);
                write_number(data, *count);
            }
        }
    }
}

fn write_sample(data: &mut Vec<u8>, sample: &Sample) {
    for number in [sample.count, sample.sum, sample.min, sample.max] {
        write_number(data, number);
    }
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

const fn unzigzag(number: u64) -> i64 {
    ((number >> 1) as i64) ^ -((number & 1) as i64)
}

fn write_varint(data: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

/// Decimal fractions are kept as integers with one of these scales.
const SCALES: [f64; 3] = [1.0, 100.0, 10_000.0];
/// Marks a number that is none of them and follows as it is.
const RAW: u64 = 3;
/// Integers up to this keep their value when divided by a scale and multiplied again.
const LARGEST: f64 = (1_u64 << 50) as f64;

/// Most values that are measured have few digits; those take two or three bytes.
fn write_number(data: &mut Vec<u8>, number: f64) {
    for (scale, factor) in SCALES.iter().enumerate() {
        let scaled = (number * factor).round();
        let is_exact = scaled / factor == number && !(number == 0.0 && number.is_sign_negative());
        if scaled.abs() < LARGEST && is_exact {
            return write_varint(data, zigzag(scaled as i64) << 2 | scale as u64);
        }
    }
    write_varint(data, RAW);
    data.extend_from_slice(&number.to_le_bytes());
}

struct Reader<'a> {
    data: &'a [u8],
}

impl Reader<'_> {
    fn entry(&mut self) -> Option<(i64, Entry)> {
        let head = self.varint()?;
        let entry = match head & 3 {
            REPEATED_ONCE => Entry::Repeated { value: self.number()?, count: 1.0 },
            REPEATED => Entry::Repeated { value: self.number()?, count: self.number()? },
            SET => Entry::Set(self.sample()?),
            _ => {
                let sample = self.sample()?;
                let count = self.varint()?;
                let values: Option<Vec<_>> =
                    (0..count).map(|_| Some((self.number()?, self.number()?))).collect();
                Entry::Spread(sample, values?)
            }
        };
        Some((unzigzag(head >> 2), entry))
    }

    fn sample(&mut self) -> Option<Sample> {
        let (count, sum) = (self.number()?, self.number()?);
        Some(Sample { count, sum, min: self.number()?, max: self.number()? })
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.data.split_first()?;
            self.data = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn number(&mut self) -> Option<f64> {
        let head = self.varint()?;
        if head == RAW {
            let (bytes, rest) = self.data.split_first_chunk::<8>()?;
            self.data = rest;
            return Some(f64::from_le_bytes(*bytes));
        }
        let scale = SCALES.get((head & 3) as usize)?;
        Some(unzigzag(head >> 2) as f64 / scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = Vec<(i64, Entry)>> {
        let number = prop_oneof![
            (-10_000_i64..10_000).prop_map(|n| n as f64 / 100.0),
            any::<f64>().prop_filter("finite", |v| v.is_finite()),
            Just(-0.0),
        ];
        let count = prop_oneof![Just(1.0), 1.0..1000.0_f64];
        let repeated = (number.clone(), count.clone())
            .prop_map(|(value, count)| Entry::Repeated { value, count });
        let sample = (count, number.clone(), number.clone(), number.clone())
            .prop_map(|(count, sum, min, max)| Sample { count, sum, min, max });
        let set = sample.clone().prop_map(Entry::Set);
        let spread = (sample, prop::collection::vec((number, 1.0..9.0_f64), 0..5))
            .prop_map(|(sample, values)| Entry::Spread(sample, values));
        let entry = prop_oneof![4 => repeated, 1 => set, 1 => spread];
        prop::collection::vec((0..60_i64, entry), 0..12)
    }

    proptest! {
        #[test]
        fn a_chunk_tells_what_was_put_into_it(entries in entries()) {
            let series = Series { metric: 7, unit: 3 };
            let mut chunk = Chunk::new(Tier::Minute, 418_494, series);
            let at = |slot: i64| chunk.start().plus_millis(slot * 60_000);
            let timed: Vec<_> = entries.iter().map(|(slot, entry)| (at(*slot), entry)).collect();
            chunk.add(timed.iter().copied());
            let json = serde_json::to_string(&chunk).expect("a row is JSON");
            let chunk: Chunk = serde_json::from_str(&json).expect("a row is read again");
            let mut told = Vec::new();
            chunk.each(|at, entry| told.push((at, entry)));
            let put: Vec<_> = timed.into_iter().map(|(at, entry)| (at, entry.clone())).collect();
            prop_assert_eq!(format!("{told:?}"), format!("{put:?}"));
        }
    }

    #[test]
    fn a_value_with_two_digits_takes_three_bytes_with_its_time() {
        let mut chunk = Chunk::new(Tier::Minute, 418_494, Series { metric: 1, unit: 0 });
        let points: Vec<_> = (0..60_i64)
            .map(|n| {
                let entry = Entry::Repeated { value: (n * 173 % 1_000) as f64 / 100.0, count: 1.0 };
                (chunk.start().plus_millis(n * 60_000), entry)
            })
            .collect();
        chunk.add(points.iter().map(|(at, entry)| (*at, entry)));
        assert!(chunk.data.len() <= 180, "{} bytes", chunk.data.len());
    }

    #[test]
    fn entries_of_one_slot_are_merged_when_there_are_many() {
        let mut chunk = Chunk::new(Tier::Minute, 418_494, Series { metric: 1, unit: 0 });
        let start = chunk.start();
        for n in 0..10_000 {
            let entry = Entry::Repeated { value: f64::from(n % 10), count: 1.0 };
            chunk.add([(start, &entry)]);
        }
        assert!(chunk.data.len() < 2 * GROWTH);
        let mut count = 0.0;
        chunk.each(|_, entry| count += entry.sample().count);
        assert_eq!(count, 10_000.0);
    }
}
