//! The metrics of status checks: `StatusCheckFailed` and its two parts, a 0 or a 1 each minute.
//! "Status check metrics" in the EC2 user guide. They follow from the instance's row; nothing
//! ticks.

use super::row::{Instance, Outage};
use kernel::{MetricName, MetricQuery, MetricSource, Sample, Snapshot, Timestamp};
use smol_str::SmolStr;

const MINUTE_MILLIS: i64 = 60_000;
const NAMES: [&str; 3] =
    ["StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System"];

/// For the wiring.
pub(super) const SOURCE: MetricSource = MetricSource {
    namespace: "AWS/EC2",
    unit: |name| NAMES.contains(&name).then_some("Count"),
    list,
    read,
};

/// Every running instance has all three.
fn list(snapshot: &Snapshot, _: Timestamp, emit: &mut dyn FnMut(MetricName)) {
    for row in snapshot.rows::<Instance>().filter(|row| row.running_since.is_some()) {
        for name in NAMES {
            let dimensions = vec![(SmolStr::new_static("InstanceId"), row.id.clone())];
            emit(MetricName { name: SmolStr::new_static(name), dimensions });
        }
    }
}

fn read(
    snapshot: &Snapshot,
    query: &MetricQuery<'_>,
    emit: &mut dyn FnMut(Timestamp, Sample),
) {
    let [(dimension, id)] = query.dimensions else { return };
    if dimension != "InstanceId" || !NAMES.contains(&query.name) {
        return;
    }
    let Some(row) = snapshot.get::<Instance>(id) else { return };
    let Some(since) = row.running_since else { return };
    let now = row.impaired.as_ref().map(|impaired| Outage {
        from: impaired.since,
        to: Timestamp(i64::MAX),
        instance: impaired.instance,
        system: impaired.system,
    });
    let outages: Vec<&Outage> = row.outages.iter().chain(now.as_ref()).collect();
    let concerns = |outage: &Outage| match query.name {
        "StatusCheckFailed_Instance" => outage.instance,
        "StatusCheckFailed_System" => outage.system,
        _ => true,
    };
    let first = since.0.div_euclid(MINUTE_MILLIS) * MINUTE_MILLIS;
    let mut minute = query.from.0.max(first);
    while minute < query.to.0 {
        let overlaps = |outage: &&&Outage| {
            outage.from.0 < minute + MINUTE_MILLIS && outage.to.0 > minute && concerns(outage)
        };
        let fails = outages.iter().any(|outage| overlaps(&outage));
        emit(Timestamp(minute), Sample::of(if fails { 1.0 } else { 0.0 }));
        minute += MINUTE_MILLIS;
    }
}
