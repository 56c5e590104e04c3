//! AWS/AutoScaling: a group's sizes, for groups that collect them. "Monitor CloudWatch metrics for
//! your Auto Scaling groups" in the user guide.

use super::{MINUTE, middle, minutes, only};
use crate::history::{History, latest, subjects};
use kernel::{MetricName, MetricQuery, MetricSource, Sample, Snapshot, Timestamp};
use smol_str::{SmolStr, format_smolstr};

pub(super) const SOURCE: MetricSource =
    MetricSource { namespace: "AWS/AutoScaling", unit, list, read };

const DIMENSION: &str = "AutoScalingGroupName";

/// Sizes have no unit; which there are, Auto Scaling knows.
fn unit(_: &str) -> Option<&'static str> {
    Some("None")
}

fn list(snapshot: &Snapshot, _: Timestamp, tell: &mut dyn FnMut(MetricName)) {
    for subject in subjects(snapshot, "group/") {
        let Some(point) = latest(snapshot, &subject) else { continue };
        let group = subject.strip_prefix("group/").unwrap_or_default();
        for (name, _) in point.sizes {
            let dimensions = vec![(SmolStr::new_static(DIMENSION), group.into())];
            tell(MetricName { name, dimensions });
        }
    }
}

fn read(snapshot: &Snapshot, query: &MetricQuery<'_>, tell: &mut dyn FnMut(Timestamp, Sample)) {
    let Some(group) = only(query, DIMENSION) else { return };
    let history = History::since(snapshot, &format_smolstr!("group/{group}"), query.from);
    for minute in minutes(query) {
        let Some(point) = history.at(middle(minute, MINUTE)) else { continue };
        if let Some((_, size)) = point.sizes.iter().find(|(name, _)| name == query.name) {
            tell(minute, Sample::of(*size as f64));
        }
    }
}
