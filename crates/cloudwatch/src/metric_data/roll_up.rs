//! Points grow coarser with age ("Metrics retention", user guide). Readers hide what is too old
//! for a period at once; this tidies up behind them every hour, some rows at a time.

use super::chunks::{self, Chunk, DAY, Series, Tier};
use super::metrics::Metric;
use super::tally::{Entry, Tally};
use kernel::{Caller, Row, Timestamp, Tx};
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often.
const EVERY: i64 = 3_600_000;
/// Rows that one look takes together: a commit stays small.
const BATCH: usize = 2_000;
/// The next look when there was more to do.
const SOON: i64 = 1_000;
const HOUR: i64 = 3_600_000;

impl Tier {
    /// Into what its points go, and at which age of the chunk's end.
    const fn becomes(self) -> (Option<Self>, i64) {
        match self {
            Self::Second => (Some(Self::Minute), 3 * HOUR),
            Self::Minute => (Some(Self::MinuteDay), 48 * HOUR),
            Self::MinuteDay => (Some(Self::FiveMinutes), 15 * DAY),
            Self::FiveMinutes => (Some(Self::Hour), 63 * DAY),
            Self::Hour => (None, 455 * DAY),
        }
    }

    /// Ages (in milliseconds) between which points of this tier can be. Points come up to two
    /// hours early; a tidying that is behind has a day to catch up.
    pub(super) const fn ages(self) -> (i64, i64) {
        match self {
            Self::Second => (-3 * HOUR, 5 * HOUR),
            Self::Minute => (-3 * HOUR, 17 * DAY),
            Self::MinuteDay => (0, 17 * DAY),
            Self::FiveMinutes => (14 * DAY, 65 * DAY),
            Self::Hour => (62 * DAY, 490 * DAY),
        }
    }
}

/// Makes sure that there will be a look.
pub(super) fn schedule(tx: &mut Tx) {
    let next = (tx.now().0.div_euclid(EVERY) + 1) * EVERY;
    tx.schedule(Timestamp(next), "cloudwatch.roll-up", "");
}

/// One look.
pub(super) fn roll_up(tx: &mut Tx, _: &Caller, _: &str) {
    let mut left = BATCH;
    for tier in Tier::ALL {
        left -= roll_up_tier(tx, tier, left);
        if left == 0 {
            let soon = tx.now().plus_millis(SOON);
            return tx.schedule(soon, "cloudwatch.roll-up", "");
        }
    }
    forget_metrics(tx);
    if tx.count::<Chunk>() > 0 {
        schedule(tx);
    }
}

/// Takes up to `limit` chunks that are old enough into the next tier; returns how many.
fn roll_up_tier(tx: &mut Tx, tier: Tier, limit: usize) -> usize {
    let (next, age) = tier.becomes();
    let first = (tx.now().0 - age).div_euclid(tier.span());
    let bound = chunks::bound(tier, first);
    let start = chunks::bound(tier, 0);
    let is_hourly = tier == Tier::Minute;
    let mut old: Vec<Arc<Chunk>> = tx
        .rows_after::<Chunk>(&start)
        .take_while(|chunk| chunk.key() < bound)
        .take(if is_hourly { limit.div_ceil(24) } else { limit })
        .cloned()
        .collect();
    if is_hourly {
        old = with_their_days(tx, &old);
    }
    let count = old.len();
    if let Some(next) = next {
        take_over(tx, next, &old);
    }
    for chunk in old {
        tx.remove::<Chunk>(&chunk.key());
    }
    count.min(limit)
}

/// The chunks and all others of their days, so that the row of a day is written once.
fn with_their_days(tx: &Tx, some: &[Arc<Chunk>]) -> Vec<Arc<Chunk>> {
    let days: BTreeSet<(i64, Series)> =
        some.iter().map(|chunk| (chunk.start().0.div_euclid(DAY), chunk.series())).collect();
    let hours = days.into_iter().flat_map(|(day, series)| {
        (day * 24..(day + 1) * 24).map(move |hour| chunks::key(Tier::Minute, hour, series))
    });
    hours.filter_map(|key| tx.get::<Chunk>(&key)).collect()
}

/// Adds the points of some chunks to those of a coarser (or longer) tier.
fn take_over(tx: &mut Tx, tier: Tier, old: &[Arc<Chunk>]) {
    let keeps_values = tier.slot() == 60_000;
    let mut slots: BTreeMap<(i64, Series), BTreeMap<i64, Tally>> = BTreeMap::new();
    for chunk in old {
        chunk.each(|at, entry| {
            let target = (at.0.div_euclid(tier.span()), chunk.series());
            let slot = at.0.div_euclid(tier.slot()) * tier.slot();
            let tallies = slots.entry(target).or_default();
            match tallies.get_mut(&slot) {
                Some(tally) => tally.add(&entry),
                None => drop(tallies.insert(slot, Tally::new(&entry, keeps_values))),
            }
        });
    }
    for ((number, series), tallies) in slots {
        let mut chunk = match tx.get::<Chunk>(&chunks::key(tier, number, series)) {
            Some(chunk) => Chunk::clone(&chunk),
            None => Chunk::new(tier, number, series),
        };
        let entries: Vec<(Timestamp, Entry)> = tallies
            .into_iter()
            .map(|(at, tally)| (Timestamp(at), tally.into_entry(usize::MAX)))
            .collect();
        chunk.add(entries.iter().map(|(at, entry)| (*at, entry)));
        tx.put(chunk);
    }
}

/// Metrics of which no point can be left.
fn forget_metrics(tx: &mut Tx) {
    let long_ago = tx.now().plus_millis(-456 * DAY);
    let gone: Vec<SmolStr> = tx
        .rows::<Metric>()
        .filter(|metric| metric.seen < long_ago)
        .map(|metric| Metric::key_of(&metric.namespace, &metric.name, &metric.dimensions))
        .collect();
    for key in gone {
        tx.remove::<Metric>(&key);
    }
}
