//! The one way to a metric's values, wherever they come from: stored points and what services
//! tell of their state. Statistics, math, alarms and widgets all look through here.

use super::chunks::{self, Chunk, DAY, Series, Tier};
use super::metrics::Metric;
use super::put::FINE;
use super::tally::{Entry, Tally};
use super::units;
use kernel::{MetricQuery, Snapshot, Timestamp};
use smol_str::SmolStr;

/// Which values are wanted, and how they are added up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    /// The metric's whole set of dimensions, sorted by name.
    pub(crate) dimensions: &'a [(SmolStr, SmolStr)],
    /// Only values of this unit.
    pub(crate) unit: Option<u8>,
    /// Milliseconds.
    pub(crate) period: i64,
    /// A period begins here; so do all that are multiples of the period away.
    pub(crate) origin: Timestamp,
    /// The first instant.
    pub(crate) from: Timestamp,
    /// Before this.
    pub(crate) to: Timestamp,
    /// Whether the distribution of the values is wanted.
    pub(crate) values: bool,
}

/// The values of a metric that have one unit.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) unit: &'static str,
    /// Each period that has values, by its start; in order.
    pub(crate) points: Vec<(Timestamp, Tally)>,
}

/// The length of the shortest period of time, in milliseconds, of which points this old remain.
pub(crate) fn earliest(now: Timestamp, period: i64) -> Timestamp {
    let age = match period {
        p if p < 60_000 => FINE,
        p if p % 300_000 != 0 => 15 * DAY,
        p if p % 3_600_000 != 0 => 63 * DAY,
        _ => 455 * DAY,
    };
    now.plus_millis(-age)
}

/// The values by unit, for units that have any; in the order of the units' names.
pub(crate) fn read(snapshot: &Snapshot, wanted: &Wanted<'_>) -> Vec<Line> {
    let from = wanted.from.max(earliest(snapshot.now(), wanted.period));
    if from >= wanted.to || wanted.period <= 0 {
        return Vec::new();
    }
    let wanted = Wanted { from, ..*wanted };
    let mut lines = Vec::new();
    read_stored(snapshot, &wanted, &mut lines);
    read_sources(snapshot, &wanted, &mut lines);
    lines.retain(|line| !line.points.is_empty());
    lines.sort_by_key(|line| line.unit);
    lines
}

impl Wanted<'_> {
    fn add(&self, points: &mut Vec<(Timestamp, Tally)>, at: Timestamp, entry: &Entry) {
        if at < self.from || at >= self.to {
            return;
        }
        let start = at.0 - (at.0 - self.origin.0).rem_euclid(self.period);
        let start = Timestamp(start);
        match points.last_mut() {
            Some((last, tally)) if *last == start => return tally.add(entry),
            Some((last, _)) if *last > start => (),
            _ => return points.push((start, Tally::new(entry, self.values))),
        }
        match points.binary_search_by_key(&start, |(at, _)| *at) {
            Ok(found) => points[found].1.add(entry),
            Err(place) => points.insert(place, (start, Tally::new(entry, self.values))),
        }
    }
}

fn read_stored(snapshot: &Snapshot, wanted: &Wanted<'_>, lines: &mut Vec<Line>) {
    let key = Metric::key_of(wanted.namespace, wanted.name, wanted.dimensions);
    let Some(metric) = snapshot.get::<Metric>(&key) else { return };
    for unit in metric.units.iter().filter(|unit| wanted.unit.is_none_or(|u| u == **unit)) {
        let series = Series { metric: metric.id, unit: *unit };
        let mut points = Vec::new();
        for tier in Tier::ALL.into_iter().rev() {
            if tier == Tier::Second && !metric.fine {
                continue;
            }
            read_tier(snapshot, wanted, tier, series, &mut points);
        }
        lines.push(Line { unit: units::name(*unit), points });
    }
}

fn read_tier(
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
    tier: Tier,
    series: Series,
    points: &mut Vec<(Timestamp, Tally)>,
) {
    let (youngest, oldest) = tier.ages();
    let from = wanted.from.max(snapshot.now().plus_millis(-oldest)).max(Timestamp(0));
    let to = wanted.to.min(snapshot.now().plus_millis(-youngest));
    if from >= to {
        return;
    }
    let numbers = from.0.div_euclid(tier.span())..=(to.0 - 1).div_euclid(tier.span());
    for number in numbers {
        if let Some(chunk) = snapshot.get::<Chunk>(&chunks::key(tier, number, series)) {
            chunk.each(|at, entry| wanted.add(points, at, &entry));
        }
    }
}

fn read_sources(snapshot: &Snapshot, wanted: &Wanted<'_>, lines: &mut Vec<Line>) {
    let query = MetricQuery {
        name: wanted.name,
        dimensions: wanted.dimensions,
        from: Timestamp(wanted.from.0.div_euclid(60_000) * 60_000),
        to: wanted.to.min(snapshot.now()),
    };
    if query.from >= query.to {
        return;
    }
    for source in snapshot.metric_sources(wanted.namespace) {
        let Some(unit) = (source.unit)(wanted.name) else { continue };
        let number = units::number(unit).unwrap_or_default();
        if wanted.unit.is_some_and(|wanted| wanted != number) {
            continue;
        }
        let unit = units::name(number);
        let place = lines.iter().position(|line| line.unit == unit);
        let place = place.unwrap_or_else(|| {
            lines.push(Line { unit, points: Vec::new() });
            lines.len() - 1
        });
        let points = &mut lines[place].points;
        let mut tell = |at, sample| wanted.add(points, at, &Entry::of(sample));
        (source.read)(snapshot, &query, &mut tell);
    }
}
