//! What a resource that was made still waits for: signals of a creation policy, or of a wait
//! condition's handle. Texts and rules are those of the measured behaviour.

use super::duration;
use crate::signals::Signal;
use cfn_template::scalar_text;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// The longest that anything waits: 12 hours.
const MAX_MILLIS: i64 = 12 * 3_600_000;

/// The default of a creation policy's `Timeout`: PT5M.
const DEFAULT_MILLIS: i64 = 300_000;

/// How signals are counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Count {
    /// So many successes; one failure is one too many.
    Each,
    /// So many signals, of which this share must be successes, in percent.
    Share(f64),
    /// As `Each`, in the words of wait conditions.
    Condition,
}

/// Signals that are waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Expectation {
    /// Whose signals: the resource's own, or a handle's.
    pub(crate) from: SmolStr,
    pub(crate) signals: usize,
    pub(crate) count: Count,
    pub(crate) until: Timestamp,
}

/// What the signals come to.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Met,
    Waiting,
    /// It failed for this reason; an event may come before.
    Failed {
        event: Option<String>,
        reason: String,
    },
}

impl Expectation {
    /// What a resource made now waits for: by its type and properties, and by its creation
    /// policy. The error is the reason of the resource's failure.
    pub(super) fn of(
        logical_id: &SmolStr,
        resource_type: &str,
        properties: &Value,
        policy: &Value,
        now: Timestamp,
    ) -> Result<Option<Self>, String> {
        if resource_type == "AWS::CloudFormation::WaitCondition" && properties["Handle"].is_string()
        {
            let seconds = integer(&properties["Timeout"]).unwrap_or(0).clamp(0, MAX_MILLIS / 1_000);
            return Ok(Some(Self {
                from: handle(properties).into(),
                signals: counted(&properties["Count"]),
                count: Count::Condition,
                until: now.plus_secs(seconds),
            }));
        }
        let Some(signal) = policy.get("ResourceSignal") else { return Ok(None) };
        let timeout = match signal.get("Timeout").and_then(Value::as_str) {
            Some(text) => duration::millis(text)
                .ok_or_else(|| format!("CreationPolicy Timeout {text} is not a valid duration"))?,
            None => DEFAULT_MILLIS,
        };
        let share = &policy["AutoScalingCreationPolicy"]["MinSuccessfulInstancesPercent"];
        let count = match resource_type {
            "AWS::AutoScaling::AutoScalingGroup" => Count::Share(percent(share)),
            _ => Count::Each,
        };
        Ok(Some(Self {
            from: logical_id.clone(),
            signals: counted(&signal["Count"]),
            count,
            until: now.plus_millis(timeout.min(MAX_MILLIS)),
        }))
    }

    /// How it stands.
    pub(super) fn verdict(&self, signals: &[Arc<Signal>], now: Timestamp) -> Verdict {
        let good = signals.iter().filter(|signal| signal.success).count();
        let bad = signals.iter().find(|signal| !signal.success);
        let failed = |reason: String| Verdict::Failed { event: None, reason };
        let late = now >= self.until;
        match (self.count, bad) {
            (Count::Share(percent), _) => self.share(percent, good, signals.len() - good, late),
            (Count::Condition, Some(bad)) if bad.unique_id.is_empty() => {
                failed("Unparsable WaitCondition data".to_owned())
            }
            (Count::Condition, Some(bad)) => failed(format!(
                "WaitCondition received failed message: '{}' for uniqueId: {}",
                bad.reason, bad.unique_id
            )),
            (Count::Each, Some(bad)) => {
                failed(format!("Received FAILURE signal with UniqueId {}", bad.unique_id))
            }
            _ if good >= self.signals => Verdict::Met,
            (Count::Condition, None) if late => failed(format!(
                "WaitCondition timed out. Received {good} conditions when expecting {}",
                self.signals
            )),
            (Count::Each, None) if late => failed(format!(
                "Failed to receive {} resource signal(s) within the specified duration",
                self.signals - good
            )),
            _ => Verdict::Waiting,
        }
    }

    fn share(&self, percent: f64, good: usize, bad: usize, late: bool) -> Verdict {
        let missing = self.signals.saturating_sub(good + bad);
        let lost = bad + if late { missing } else { 0 };
        let best = self.signals.saturating_sub(lost);
        let event = (late && missing > 0).then(|| unsignaled(missing));
        if !suffices(best, self.signals, percent) {
            let reason = unsatisfied(good, bad, self.signals, percent);
            return Verdict::Failed { event, reason };
        }
        if missing == 0 || late { Verdict::Met } else { Verdict::Waiting }
    }
}

/// Whether so many successes out of so many are enough.
pub(super) fn suffices(good: usize, all: usize, percent: f64) -> bool {
    good as f64 * 100.0 >= all as f64 * percent
}

/// Of signals that did not come in time.
pub(super) fn unsignaled(missing: usize) -> String {
    format!(
        "Failed to receive {missing} resource signal(s) for the current batch.  Each resource \
         signal timeout is counted as a FAILURE."
    )
}

/// Of a share that cannot be reached any more.
pub(super) fn unsatisfied(good: usize, bad: usize, all: usize, percent: f64) -> String {
    let (number, word) = if good == 0 && bad > 0 { (bad, "FAILURE") } else { (good, "SUCCESS") };
    format!(
        "Received {number} {word} signal(s) out of {all}.  Unable to satisfy {percent}% \
         MinSuccessfulInstancesPercent requirement"
    )
}

/// The logical id of the handle whose URL a wait condition has.
pub(super) fn handle(properties: &Value) -> &str {
    let url = properties["Handle"].as_str().unwrap_or_default();
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn integer(value: &Value) -> Option<i64> {
    scalar_text(value)?.parse().ok()
}

fn counted(value: &Value) -> usize {
    integer(value).and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
}

/// A percentage from 0 to 100, by default 100, to the nearest tenth.
pub(super) fn percent(value: &Value) -> f64 {
    let given = scalar_text(value).and_then(|text| text.parse::<f64>().ok()).unwrap_or(100.0);
    (given.clamp(0.0, 100.0) * 10.0).round() / 10.0
}
