//! How entries become bytes: each with the distance of its slot of time to the one before, numbers
//! with few digits as integers, and single values in slots that follow each other as differences.

use super::tally::Entry;
use kernel::Sample;

/// Appends entries, each with its slot, to those that end with the slot `last`; answers the slot of
/// the last one now.
pub(super) fn write(data: &mut Vec<u8>, mut last: u16, entries: &[(u16, &Entry)]) -> u16 {
    let mut left = entries;
    while let [(slot, entry), ..] = left {
        let distance = i64::from(*slot) - i64::from(last);
        let count = match Run::of(left) {
            Some(run) => run.write(data, distance),
            None => {
                write_one(data, distance, entry);
                1
            }
        };
        last = left[count - 1].0;
        left = &left[count..];
    }
    last
}

const REPEATED_ONCE: u64 = 0;
const REPEATED: u64 = 1;
const SET: u64 = 2;
const SPREAD: u64 = 3;

fn write_one(data: &mut Vec<u8>, distance: i64, entry: &Entry) {
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

/// A number as an integer of this scale, if it is one.
fn scaled(number: f64, scale: usize) -> Option<i64> {
    let factor = SCALES[scale];
    let scaled = (number * factor).round();
    let is_exact = scaled / factor == number && !(number == 0.0 && number.is_sign_negative());
    (scaled.abs() < LARGEST && is_exact).then_some(scaled as i64)
}

/// Most values that are measured have few digits; those take two or three bytes.
fn write_number(data: &mut Vec<u8>, number: f64) {
    for scale in 0..SCALES.len() {
        if let Some(scaled) = scaled(number, scale) {
            return write_varint(data, zigzag(scaled) << 2 | scale as u64);
        }
    }
    write_varint(data, RAW);
    data.extend_from_slice(&number.to_le_bytes());
}

/// In the place of a single value's number: a run of values follows.
const RUN: u64 = 7;
/// A shorter run is not worth its head.
const SHORTEST: usize = 4;

/// Single values, one in each slot: kept as their differences, which take a byte or two.
struct Run {
    scale: usize,
    values: Vec<i64>,
}

impl Run {
    /// The run that entries begin with, if it is long enough.
    fn of(entries: &[(u16, &Entry)]) -> Option<Self> {
        let first = entries.first()?.0;
        let singles = entries.iter().enumerate().map_while(|(number, (slot, entry))| match entry {
            Entry::Repeated { value, count: 1.0 }
                if slot.checked_sub(first).map(usize::from) == Some(number) =>
            {
                Some(*value)
            }
            _ => None,
        });
        let mut scale = 0;
        let mut values: Vec<f64> = Vec::new();
        for value in singles {
            let Some(own) = (scale..SCALES.len()).find(|s| scaled(value, *s).is_some()) else {
                break;
            };
            scale = own;
            values.push(value);
        }
        let values: Vec<i64> = values.into_iter().map_while(|value| scaled(value, scale)).collect();
        (values.len() >= SHORTEST).then_some(Self { scale, values })
    }

    /// Writes it; tells how many entries it has.
    fn write(self, data: &mut Vec<u8>, distance: i64) -> usize {
        write_varint(data, zigzag(distance) << 2 | REPEATED_ONCE);
        write_varint(data, RUN);
        write_varint(data, self.scale as u64);
        write_varint(data, self.values.len() as u64);
        let mut last = 0;
        for value in &self.values {
            write_varint(data, zigzag(value - last));
            last = *value;
        }
        self.values.len()
    }
}

/// Reads what [`write`] wrote.
pub(super) struct Reader<'a> {
    data: &'a [u8],
    run: Option<OpenRun>,
}

/// A run that is being read.
struct OpenRun {
    scale: f64,
    left: u64,
    last: i64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, run: None }
    }

    /// The next entry, with the distance of its slot to the one before.
    pub(super) fn entry(&mut self) -> Option<(i64, Entry)> {
        if let Some(run) = self.run.take() {
            return Some((1, self.next_of(run)?));
        }
        let head = self.varint()?;
        let entry = match head & 3 {
            REPEATED_ONCE => self.single()?,
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

    /// A single value: by itself, or the first of a run.
    fn single(&mut self) -> Option<Entry> {
        let before = self.data;
        if self.varint()? != RUN {
            self.data = before;
            return Some(Entry::Repeated { value: self.number()?, count: 1.0 });
        }
        let scale = *SCALES.get(self.varint()? as usize)?;
        let left = self.varint()?;
        self.next_of(OpenRun { scale, left, last: 0 })
    }

    fn next_of(&mut self, run: OpenRun) -> Option<Entry> {
        let last = run.last + unzigzag(self.varint()?);
        let left = run.left.saturating_sub(1);
        self.run = (left > 0).then_some(OpenRun { last, left, ..run });
        Some(Entry::Repeated { value: last as f64 / run.scale, count: 1.0 })
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
