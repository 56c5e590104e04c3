//! AWS/AutoScaling: a group's sizes, for groups that collect them. "Monitor CloudWatch metrics for
//! your Auto Scaling groups" in the user guide.

use super::{MINUTE, middle, minutes, only};
use crate::history::{History, SIZES, latest, subjects};
use kernel::{MetricName, MetricQuery, MetricSource, Sample, Snapshot, Timestamp};
use smol_str::{SmolStr, format_smolstr};

pub(super) const SOURCE: MetricSource =
    MetricSource { namespace: "AWS/AutoScaling", unit, list, read };

const DIMENSION: &str = "AutoScalingGroupName";

fn unit(name: &str) -> Option<&'static str> {
    SIZES.contains(&name).then_some("None")
}

fn list(snapshot: &Snapshot, _: Timestamp, tell: &mut dyn FnMut(MetricName)) {
    for subject in subjects(snapshot, "group/") {
        let Some(point) = latest(snapshot, &subject) else { continue };
        let group = subject.strip_prefix("group/").unwrap_or_default();
        for (at, name) in SIZES.iter().enumerate() {
            if point.collected >> at & 1 == 1 {
                tell(MetricName {
                    name: SmolStr::new_static(name),
                    dimensions: vec![(SmolStr::new_static(DIMENSION), group.into())],
                });
            }
        }
    }
}

fn read(snapshot: &Snapshot, query: &MetricQuery<'_>, tell: &mut dyn FnMut(Timestamp, Sample)) {
    let Some(group) = only(query, DIMENSION) else { return };
    let Some(at) = SIZES.iter().position(|name| *name == query.name) else { return };
    let history = History::since(snapshot, &format_smolstr!("group/{group}"), query.from);
    for minute in minutes(query) {
        let Some(point) = history.at(middle(minute, MINUTE)) else { continue };
        if point.collected >> at & 1 == 1
            && let Some(size) = point.sizes.get(at)
        {
            tell(minute, Sample::of(*size as f64));
        }
    }
}
