//! `AutoScalingRollingUpdate` as a template has it, with AWS's defaults and limits.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html>

use crate::engine::{duration, expect};
use cfn_resources::Properties;
use cfn_template::scalar_text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

/// The longest `PauseTime`: one hour.
const MAX_PAUSE_MILLIS: i64 = 3_600_000;

/// A change of one of these makes all instances obsolete, or some of them.
const TRIGGERS: [&str; 4] =
    ["LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier"];

/// Whether a change of a group's properties calls for new instances.
pub(in crate::engine) fn is_due(old: &Properties, new: &Properties) -> bool {
    TRIGGERS.iter().any(|name| !old.same(new, name))
}

/// Whether a change makes all instances obsolete: those of the former subnets or mixture may be
/// of the group's present configuration all the same.
pub(in crate::engine) fn renews(old: &Properties, new: &Properties) -> bool {
    ["MixedInstancesPolicy", "VPCZoneIdentifier"].iter().any(|name| !old.same(new, name))
}

/// Whether an update policy asks for another group instead of other instances.
pub(in crate::engine) fn will_replace(policy: &Value) -> bool {
    let flag = &policy["AutoScalingReplacingUpdate"]["WillReplace"];
    scalar_text(flag).is_some_and(|text| text == "true")
}

/// Whether sizes that the template did not change are left to the live group.
pub(in crate::engine) fn ignores_sizes(policy: &Value) -> bool {
    let flag = &policy["AutoScalingScheduledAction"]["IgnoreUnmodifiedGroupSizeProperties"];
    scalar_text(flag).is_some_and(|text| text == "true")
}

const SIZES: [&str; 3] = ["MinSize", "MaxSize", "DesiredCapacity"];

/// A group's properties without those sizes that the template did not change.
pub(in crate::engine) fn without_old_sizes(old: &Properties, new: &Properties) -> Properties {
    without(new, |name| old.same(new, name))
}

/// A group's properties without its sizes.
pub(in crate::engine) fn without_sizes(properties: &Properties) -> Properties {
    without(properties, |_| true)
}

fn without(properties: &Properties, drop: impl Fn(&str) -> bool) -> Properties {
    let mut value = properties.json().clone();
    if let Some(members) = value.as_object_mut() {
        SIZES.iter().filter(|name| drop(name)).for_each(|name| {
            members.remove(*name);
        });
    }
    Properties::from(value)
}

/// How instances are replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Policy {
    pub(super) max_batch: i64,
    pub(super) min_in_service: i64,
    /// Percent of the new instances that must signal success.
    pub(super) success: f64,
    /// `PT5M`
    pub(super) pause: SmolStr,
    pub(super) pause_millis: i64,
    pub(super) signals: bool,
    pub(super) suspend: Vec<SmolStr>,
}

impl Policy {
    /// The rolling update that an update policy asks for, if any; the error is the reason of the
    /// resource's failure.
    pub(in crate::engine) fn of(policy: &Value) -> Result<Option<Self>, String> {
        let Some(rolling) = policy.get("AutoScalingRollingUpdate") else { return Ok(None) };
        let number = |name: &str| scalar_text(&rolling[name]).and_then(|t| t.parse::<i64>().ok());
        let signals = scalar_text(&rolling["WaitOnResourceSignals"]).is_some_and(|t| t == "true");
        let pause = rolling["PauseTime"].as_str().unwrap_or(if signals { "PT5M" } else { "PT0S" });
        let pause_millis = duration::millis(pause)
            .filter(|millis| *millis <= MAX_PAUSE_MILLIS)
            .ok_or_else(|| format!("UpdatePolicy PauseTime {pause} is not a valid duration"))?;
        let names = rolling["SuspendProcesses"].as_array().into_iter().flatten();
        Ok(Some(Self {
            max_batch: number("MaxBatchSize").unwrap_or(1).clamp(1, 100),
            min_in_service: number("MinInstancesInService").unwrap_or(0).max(0),
            success: expect::percent(&rolling["MinSuccessfulInstancesPercent"]),
            pause: pause.into(),
            pause_millis,
            signals,
            suspend: names.filter_map(Value::as_str).map(SmolStr::new).collect(),
        }))
    }

    /// The event that an update begins with.
    pub(super) fn announcement(&self, obsolete: usize, batch: i64) -> String {
        let waiting = match (self.signals, self.pause_millis) {
            (true, _) => format!(
                " Waiting on resource signals with a timeout of {} when new instances are added \
                 to the autoscaling group.",
                self.pause
            ),
            (false, 0) => String::new(),
            (false, _) => format!(
                " Pausing for {} when new instances are added to the autoscaling group.",
                self.pause
            ),
        };
        format!(
            "Rolling update initiated. Terminating {obsolete} obsolete instance(s) in batches of \
             {batch}, while keeping at least {} instance(s) in service.{waiting}",
            self.min_in_service
        )
    }

    /// The event of new instances, if anything is waited for.
    pub(super) fn addition(&self, count: usize) -> Option<String> {
        let what = match (self.signals, self.pause_millis) {
            (true, _) => {
                format!("Waiting on {count} resource signal(s) with a timeout of {}.", self.pause)
            }
            (false, 0) => return None,
            (false, _) => format!("Pausing for {}.", self.pause),
        };
        Some(format!("New instance(s) added to autoscaling group - {what}"))
    }
}
