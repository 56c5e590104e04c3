//! Stored points: one row per series and stretch of time, encoded in a few bytes a point.
//!
//! "Metrics retention" of the user guide: points of less than a minute are kept for 3 hours, of a
//! minute for 15 days, of 5 minutes for 63 days, of an hour for 455 days. Each of these is a tier
//! of chunks; chunks that many puts rewrite are short, those that have settled are long.

use super::encoding::{self, Reader};
use super::tally::{Entry, Tally};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use kernel::{Row, Timestamp};
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
        let data = std::mem::take(&mut self.data).into_vec();
        self.extend(data, entries);
        if self.data.len() > 2 * self.merged as usize + GROWTH {
            self.merge();
        }
    }

    /// Writes entries after what is there.
    fn extend<'a>(
        &mut self,
        mut data: Vec<u8>,
        entries: impl IntoIterator<Item = (Timestamp, &'a Entry)>,
    ) {
        let slot = |at: Timestamp| ((at.0 - self.start().0) / self.tier.slot()) as u16;
        let timed: Vec<(u16, &Entry)> =
            entries.into_iter().map(|(at, entry)| (slot(at), entry)).collect();
        self.last = encoding::write(&mut data, self.last, &timed);
        self.data = data.into();
    }

    /// Joins the entries of each slot.
    pub(crate) fn merge(&mut self) {
        let mut slots: BTreeMap<i64, Tally> = BTreeMap::new();
        self.each(|at, entry| match slots.get_mut(&at.0) {
            Some(tally) => tally.add(&entry),
            None => drop(slots.insert(at.0, Tally::new(&entry, true))),
        });
        let joined: Vec<(Timestamp, Entry)> = slots
            .into_iter()
            .map(|(at, tally)| (Timestamp(at), tally.into_entry(EXACT)))
            .collect();
        self.last = 0;
        self.extend(Vec::new(), joined.iter().map(|(at, entry)| (*at, entry)));
        self.merged = self.data.len() as u32;
    }

    /// Tells every entry with the start of its slot, in the order in which they were added.
    pub(crate) fn each(&self, mut tell: impl FnMut(Timestamp, Entry)) {
        let mut reader = Reader::new(&self.data);
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

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Sample;
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

    /// A chunk tells exactly these entries, in their slots, also when it was stored meanwhile.
    fn tells(entries: &[(i64, Entry)]) -> Result<(), TestCaseError> {
        let mut chunk = Chunk::new(Tier::Minute, 418_494, Series { metric: 7, unit: 3 });
        let at = |slot: i64| chunk.start().plus_millis(slot * 60_000);
        let timed: Vec<_> = entries.iter().map(|(slot, entry)| (at(*slot), entry)).collect();
        chunk.add(timed.iter().copied());
        let json = serde_json::to_string(&chunk).expect("a row is JSON");
        let chunk: Chunk = serde_json::from_str(&json).expect("a row is read again");
        let mut told = Vec::new();
        chunk.each(|at, entry| told.push((at, entry)));
        let put: Vec<_> = timed.into_iter().map(|(at, entry)| (at, entry.clone())).collect();
        prop_assert_eq!(format!("{told:?}"), format!("{put:?}"));
        Ok(())
    }

    proptest! {
        #[test]
        fn a_chunk_tells_what_was_put_into_it(entries in entries()) {
            tells(&entries)?;
        }

        #[test]
        fn a_value_each_minute_is_told_as_it_was_put(
            values in prop::collection::vec(prop_oneof![
                8 => (-10_000_i64..10_000).prop_map(|n| n as f64 / 100.0),
                2 => (-10_000_i64..10_000).prop_map(|n| n as f64),
                1 => any::<f64>().prop_filter("finite", |v| v.is_finite()),
                1 => (0..1_i64 << 50).prop_map(|n| n as f64),
            ], 0..60),
            gap in 0..60_i64,
        ) {
            let entry = |(slot, value): (i64, f64)| {
                (slot + i64::from(slot > gap), Entry::Repeated { value, count: 1.0 })
            };
            let entries: Vec<_> = (0..).zip(values).map(entry).collect();
            tells(&entries)?;
        }
    }

    #[test]
    fn a_value_with_two_digits_takes_two_bytes_with_its_time_when_they_come_together() {
        let series = Series { metric: 1, unit: 0 };
        let entry = |n: i64| Entry::Repeated { value: (n * 173 % 1_000) as f64 / 100.0, count: 1.0 };
        let start = Chunk::new(Tier::Minute, 418_494, series).start();
        let points: Vec<_> =
            (0..60_i64).map(|n| (start.plus_millis(n * 60_000), entry(n))).collect();
        let mut single = Chunk::new(Tier::Minute, 418_494, series);
        points.iter().for_each(|(at, entry)| single.add([(*at, entry)]));
        assert!(single.data.len() <= 180, "{} bytes", single.data.len());
        let mut together = Chunk::new(Tier::Minute, 418_494, series);
        together.add(points.iter().map(|(at, entry)| (*at, entry)));
        assert!(together.data.len() <= 124, "{} bytes", together.data.len());
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
