//! How big groups and target groups were, and when: what metrics of the past are computed from.
//!
//! A row per group (or target group) and four hours holds the points at which something changed.
//! Kept for fifteen days, as CloudWatch keeps values by the minute.

use api::ec2;
use kernel::{Caller, IndexSink, Row, Snapshot, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { load:
    tables { Extent, Span }
    tasks {
        "load.group" => look_at_group,
        "load.target-group" => look_at_target_group,
    }
    housekeeping { "load.purge" => purge }
}

const SPAN_MILLIS: i64 = 4 * 3_600_000;
const KEPT_SECS: i64 = 15 * 86_400;

/// A group's sizes from an instant on; a target group's are its serving targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) at: Timestamp,
    /// Instances in service (healthy targets), by type.
    pub(crate) serving: Vec<(SmolStr, u32)>,
    /// Whether they are monitored by the minute.
    #[serde(default)]
    pub(crate) detailed: bool,
    /// The sizes of a group that are collected, by the names of their metrics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sizes: Vec<(SmolStr, i64)>,
    /// ARNs of target groups before a group; the group's name of a target group's targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) linked: Vec<SmolStr>,
    /// Targets that are not healthy.
    #[serde(default)]
    pub(crate) unhealthy: u32,
}

impl Point {
    pub(crate) fn serving_count(&self) -> u32 {
        self.serving.iter().map(|(_, count)| count).sum()
    }
}

/// Four hours of a subject's points. The first is how things stood when something first changed in
/// them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Span {
    /// `group/<name>` or `target-group/<arn>`
    pub(crate) subject: SmolStr,
    pub(crate) start: Timestamp,
    pub(crate) points: Vec<Point>,
}

impl Row for Span {
    const TABLE: &'static str = "load.history";
    const INDEXES: &'static [&'static str] = &["subject"];

    fn key(&self) -> SmolStr {
        key_of(&self.subject, self.start)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("subject", self.subject.clone());
    }
}

fn key_of(subject: &str, start: Timestamp) -> SmolStr {
    format_smolstr!("{subject}\u{1}{:015}", start.0)
}

/// Where a subject's history begins and ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Extent {
    subject: SmolStr,
    first: Timestamp,
    last: Timestamp,
}

impl Row for Extent {
    const TABLE: &'static str = "load.history-extents";

    fn key(&self) -> SmolStr {
        self.subject.clone()
    }
}

/// What is remembered of a subject for some stretch of time, ready to be asked.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// In the order of time.
    spans: Vec<Arc<Span>>,
}

impl History {
    /// All that tells how things stood at `from` and after.
    pub(crate) fn since(snapshot: &Snapshot, subject: &str, from: Timestamp) -> Self {
        let mut spans = Vec::new();
        let Some(extent) = snapshot.get::<Extent>(subject) else { return Self { spans } };
        let mut start = extent.last;
        while start >= extent.first {
            if let Some(span) = snapshot.get::<Span>(&key_of(subject, start)) {
                let reaches = span.points.first().is_some_and(|point| point.at <= from);
                spans.push(span);
                if reaches {
                    break;
                }
            }
            start = start.plus_millis(-SPAN_MILLIS);
        }
        spans.reverse();
        Self { spans }
    }

    /// How things stood at an instant.
    pub(crate) fn at(&self, now: Timestamp) -> Option<&Point> {
        let spans = self.spans.partition_point(|span| {
            span.points.first().is_some_and(|point| point.at <= now)
        });
        let span = self.spans.get(spans.checked_sub(1)?)?;
        let points = span.points.partition_point(|point| point.at <= now);
        span.points.get(points.checked_sub(1)?)
    }
}

/// How a subject stands now.
pub(crate) fn latest(snapshot: &Snapshot, subject: &str) -> Option<Point> {
    History::since(snapshot, subject, snapshot.now()).at(snapshot.now()).cloned()
}

/// Every subject that begins with `prefix`, with its latest point.
pub(crate) fn subjects(snapshot: &Snapshot, prefix: &str) -> Vec<SmolStr> {
    snapshot.index_values::<Span>("subject", prefix)
}

/// Notes how a subject stands, if that is news.
fn note(tx: &mut Tx, subject: &str, mut point: Point) {
    point.at = tx.now();
    let start = Timestamp(point.at.0 - point.at.0.rem_euclid(SPAN_MILLIS));
    let known = latest(tx, subject);
    if known.is_some_and(|known| Point { at: point.at, ..known } == point) {
        return;
    }
    let key = key_of(subject, start);
    let mut span = match tx.get::<Span>(&key) {
        Some(span) => Span::clone(&span),
        None => {
            let forgotten = start.plus_millis(SPAN_MILLIS).plus_secs(KEPT_SECS);
            tx.schedule(forgotten, "load.purge", subject);
            let old = tx.get::<Extent>(subject);
            let first = old.map_or(start, |extent| extent.first);
            tx.put(Extent { subject: subject.into(), first, last: start });
            Span { subject: subject.into(), start, points: Vec::new() }
        }
    };
    if span.points.last().is_some_and(|last| last.at == point.at) {
        span.points.pop();
    }
    span.points.push(point);
    tx.put(span);
}

/// The housekeeping task: forgets what is too old. How things stand stays known, unless there is
/// nothing any more.
fn purge(tx: &mut Tx, _: &Caller, subject: &str) {
    let Some(extent) = tx.get::<Extent>(subject) else { return };
    let limit = tx.now().plus_secs(-KEPT_SECS).plus_millis(-SPAN_MILLIS);
    let spans: Vec<Arc<Span>> = tx.rows_by::<Span>("subject", subject).cloned().collect();
    let mut left = Vec::new();
    for span in spans {
        let gone = span.points.last().is_none_or(|p| Point { at: p.at, ..Point::default() } == *p);
        match span.start <= limit && (span.start < extent.last || gone) {
            true => drop(tx.remove::<Span>(&span.key())),
            false => left.push(span.start),
        }
    }
    let Some(first) = left.first().copied() else {
        tx.remove::<Extent>(subject);
        return;
    };
    tx.update::<Extent>(subject, |extent| extent.first = first);
    if first < extent.last {
        tx.schedule(
            first.plus_millis(SPAN_MILLIS).plus_secs(KEPT_SECS),
            "load.purge",
            subject,
        );
    }
}

/// The task: a group or one of its instances changed.
fn look_at_group(tx: &mut Tx, caller: &Caller, name: &str) {
    let subject = format_smolstr!("group/{name}");
    let request = json!({ "group": name });
    let Ok(sizes) = tx.control(&caller.via("load"), "autoscaling.sizes", &request) else {
        if tx.contains::<Extent>(&subject) {
            note(tx, &subject, Point::default());
        }
        return;
    };
    let words = |value: &Value| -> Vec<SmolStr> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(SmolStr::new).collect()
    };
    let point = Point {
        at: tx.now(),
        serving: numbers(&sizes["inService"])
            .filter_map(|(kind, count)| Some((kind, u32::try_from(count).ok()?)))
            .collect(),
        detailed: sizes["detailed"].as_bool().unwrap_or(false),
        sizes: numbers(&sizes["sizes"]).collect(),
        linked: words(&sizes["targetGroups"]),
        unhealthy: 0,
    };
    note(tx, &subject, point);
}

/// The numbers among an object's members.
fn numbers(value: &Value) -> impl Iterator<Item = (SmolStr, i64)> {
    let members = value.as_object().into_iter().flatten();
    members.filter_map(|(name, number)| Some((SmolStr::new(name), number.as_i64()?)))
}

/// The task: targets of a target group changed.
fn look_at_target_group(tx: &mut Tx, caller: &Caller, arn: &str) {
    let subject = format_smolstr!("target-group/{arn}");
    let request = json!({ "targetGroupArn": arn });
    let Ok(serving) = tx.control(&caller.via("load"), "elbv2.serving", &request) else {
        if tx.contains::<Extent>(&subject) {
            note(tx, &subject, Point::default());
        }
        return;
    };
    let ids: Vec<SmolStr> = serving["healthy"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|target| target["id"].as_str().map(SmolStr::new))
        .collect();
    let names = [&serving["loadBalancerName"], &serving["targetGroupName"]];
    let point = Point {
        at: tx.now(),
        serving: by_type(tx, &caller.via("load"), ids),
        unhealthy: serving["unhealthy"].as_u64().unwrap_or(0) as u32,
        linked: names.into_iter().map(|n| n.as_str().unwrap_or_default().into()).collect(),
        ..Default::default()
    };
    note(tx, &subject, point);
}

/// Targets by the type of their instance; addresses have none.
fn by_type(tx: &mut Tx, caller: &Caller, ids: Vec<SmolStr>) -> Vec<(SmolStr, u32)> {
    let mut counts: BTreeMap<SmolStr, u32> = BTreeMap::new();
    let (instances, addresses): (Vec<_>, Vec<_>) =
        ids.into_iter().partition(|id| id.starts_with("i-"));
    if !addresses.is_empty() {
        counts.insert(SmolStr::default(), addresses.len() as u32);
    }
    if !instances.is_empty() {
        let request = ec2::DescribeInstancesRequest {
            instance_ids: Some(instances),
            ..Default::default()
        };
        let found = tx.call::<ec2::ops::DescribeInstances>(caller, request).unwrap_or_default();
        let reservations = found.reservations.unwrap_or_default();
        for instance in reservations.into_iter().filter_map(|r| r.instances).flatten() {
            *counts.entry(instance.instance_type.unwrap_or_default()).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}
