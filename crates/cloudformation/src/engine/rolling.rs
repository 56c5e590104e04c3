//! Rolling updates of groups: the instances of an old configuration are replaced in batches.
//!
//! A rolling update belongs to the step of its group and goes from stage to stage each time that
//! the operation is looked at. Sizes, batches, events and failures are those of the series that
//! was measured on AWS ("AutoScalingRollingUpdate").

mod group;
mod policy;

pub(super) use policy::{
    Policy, ignores_sizes, is_due, renews, will_replace, without_old_sizes, without_sizes,
};

use super::expect;
use super::run::Run;
use crate::resources::StackResource;
use crate::signals::{self, Signal};
use crate::stacks::Status;
use cfn_resources::{Properties, Readiness};
use group::Group;
use kernel::{ApiError, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// A rolling update, as far as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rolling {
    policy: Policy,
    /// Whether every instance is obsolete, whatever its configuration.
    all: bool,
    /// Whether the group's sizes are still those of before: a way back needs the room that the
    /// way there made.
    unsized_yet: bool,
    /// Instances that are yet to go, the oldest first.
    obsolete: Vec<SmolStr>,
    /// All that were obsolete at the beginning, and how many are gone.
    total: usize,
    terminated: usize,
    batch: i64,
    /// The least and the desired size at the end.
    min: i64,
    desired: i64,
    /// The desired size meanwhile.
    capacity: i64,
    good: usize,
    bad: usize,
    /// Signals that earlier batches had.
    heard: usize,
    suspended: Vec<SmolStr>,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Begin,
    /// So many instances are to come beside those that were there.
    Adding {
        before: Vec<SmolStr>,
        count: usize,
        until: Timestamp,
    },
    /// Instances are on their way out; so many are to come in their place.
    Terminating {
        ids: Vec<SmolStr>,
        before: Vec<SmolStr>,
        count: usize,
        until: Timestamp,
    },
    /// So many signals are to come.
    Signals {
        count: usize,
        until: Timestamp,
    },
    Pausing {
        until: Timestamp,
    },
    Next,
}

/// How a rolling update stands.
pub(super) enum Rolled {
    Running(Box<Rolling>),
    Done,
    Failed(String),
}

/// What a stage came to.
enum Turn {
    Stay,
    To(Stage),
    Done,
}

/// The rolling update that takes a group's instances back, by the policy that the group had.
pub(super) fn back(row: &StackResource, from: &Properties) -> Result<Option<Rolling>, String> {
    let policy: serde_json::Value = serde_json::from_str(&row.update_policy).unwrap_or_default();
    let all = renews(from, &row.properties());
    let rolling = Policy::of(&policy)?.map(|policy| Rolling::new(policy, all));
    Ok(rolling.map(|rolling| Rolling { unsized_yet: true, ..rolling }))
}

impl Rolling {
    /// A rolling update that begins; `all` instances are obsolete, or only those whose
    /// configuration is not the group's.
    pub(super) fn new(policy: Policy, all: bool) -> Self {
        Self {
            policy,
            all,
            unsized_yet: false,
            obsolete: Vec::new(),
            total: 0,
            terminated: 0,
            batch: 0,
            min: 0,
            desired: 0,
            capacity: 0,
            good: 0,
            bad: 0,
            heard: 0,
            suspended: Vec::new(),
            stage: Stage::Begin,
        }
    }

    /// Whether signals are of interest.
    pub(super) fn awaits_signals(&self) -> bool {
        self.policy.signals
    }
}

impl Run<'_, '_> {
    /// Carries a rolling update on as far as it goes now.
    pub(super) fn roll(&mut self, row: &mut StackResource, mut rolling: Box<Rolling>) -> Rolled {
        loop {
            let turn = self.turn(row, &mut rolling);
            match turn {
                Ok(Turn::Stay) => return Rolled::Running(rolling),
                Ok(Turn::To(stage)) => rolling.stage = stage,
                Ok(Turn::Done) => {
                    return match self.settle_group(row, &rolling) {
                        Ok(()) => Rolled::Done,
                        Err(error) => Rolled::Failed(error.message),
                    };
                }
                Err(reason) => {
                    // The processes go on even if that fails, which is no news.
                    let _ = self.resume(row, &rolling);
                    return Rolled::Failed(reason);
                }
            }
        }
    }

    fn turn(&mut self, row: &mut StackResource, rolling: &mut Rolling) -> Result<Turn, String> {
        let text = |error: ApiError| error.message;
        let group = self.group(row)?;
        match rolling.stage.clone() {
            Stage::Begin => self.begin_rolling(row, rolling, &group),
            Stage::Adding { before, count, until } => {
                if self.awaits(row, rolling, &group, &before, count, until)? {
                    return Ok(Turn::Stay);
                }
                Ok(Turn::To(self.added(row, rolling, count, until)))
            }
            Stage::Terminating { ids, before, count, until } => {
                if group.instances.iter().any(|i| ids.contains(&i.id)) {
                    self.wake_by_poll();
                    return Ok(Turn::Stay);
                }
                if !ids.is_empty() {
                    rolling.terminated += ids.len();
                    let progress = percent(rolling.terminated, rolling.total);
                    let reason = format!(
                        "Successfully terminated instance(s) [{}] (Progress {progress}%).",
                        ids.join(",")
                    );
                    self.tell(row, &reason);
                }
                Ok(Turn::To(match count {
                    0 => Stage::Next,
                    count => Stage::Adding { before, count, until },
                }))
            }
            Stage::Signals { count, until } => self.count_signals(row, rolling, count, until),
            Stage::Pausing { until } if self.now < until => {
                self.wake_at(until);
                Ok(Turn::Stay)
            }
            Stage::Pausing { .. } => Ok(Turn::To(Stage::Next)),
            Stage::Next => {
                // What left by itself meanwhile need not be replaced any more.
                rolling.obsolete.retain(|id| group.instances.iter().any(|i| i.id == *id));
                match rolling.obsolete.is_empty() {
                    true => Ok(Turn::Done),
                    false => self.next_batch(row, rolling, &group).map(Turn::To).map_err(text),
                }
            }
        }
    }

    fn begin_rolling(
        &mut self,
        row: &mut StackResource,
        rolling: &mut Rolling,
        group: &Group,
    ) -> Result<Turn, String> {
        rolling.obsolete = group.obsolete(rolling.all);
        rolling.total = rolling.obsolete.len();
        if rolling.total == 0 {
            return Ok(Turn::Done);
        }
        let policy = &rolling.policy;
        let keep = policy.min_in_service;
        if keep >= group.max {
            return Err("MinInstancesInService must be less than the autoscaling group's MaxSize"
                .to_owned());
        }
        let batch = policy.max_batch.min(rolling.total as i64).min(group.max - keep);
        let properties = row.properties();
        rolling.batch = batch;
        rolling.min = properties.integer("MinSize").unwrap_or(group.min);
        rolling.desired = properties.integer("DesiredCapacity").unwrap_or(group.desired);
        rolling.capacity = group.desired.max(keep + batch);
        self.tell(row, &policy.announcement(rolling.total, batch));
        self.world.with(|tx, _| signals::clear(tx, &self.stack.id, &row.logical_id));
        rolling.suspended = self.suspend(row, &policy.suspend, group).map_err(|e| e.message)?;
        if rolling.capacity == group.desired {
            return Ok(Turn::To(Stage::Next));
        }
        let reason = format!(
            "Temporarily setting autoscaling group MinSize and DesiredCapacity to {}.",
            rolling.capacity
        );
        self.tell(row, &reason);
        let size = Some(rolling.capacity);
        self.resize(row, size, None, size).map_err(|error| error.message)?;
        Ok(Turn::To(Stage::Adding {
            before: group.ids(),
            count: (rolling.capacity - group.desired) as usize,
            until: self.now.plus_millis(rolling.policy.pause_millis),
        }))
    }

    /// Terminates the next instances; what is too much at the end is not replaced.
    fn next_batch(
        &mut self,
        row: &mut StackResource,
        rolling: &mut Rolling,
        group: &Group,
    ) -> Result<Stage, ApiError> {
        let size = rolling.obsolete.len().min(rolling.batch as usize);
        let ids: Vec<SmolStr> = rolling.obsolete.drain(..size).collect();
        let surplus = match rolling.obsolete.is_empty() {
            true => ids.len().min((rolling.capacity - rolling.desired).max(0) as usize),
            false => 0,
        };
        let count = ids.len() - surplus;
        let reason = format!(
            "Terminating instance(s) [{}]; replacing with {count} new instance(s).",
            ids.join(",")
        );
        self.tell(row, &reason);
        rolling.heard = self.signals(row).len();
        if surplus > 0 {
            rolling.capacity -= surplus as i64;
            self.resize(row, Some(rolling.min.min(rolling.capacity)), None, None)?;
        }
        for (number, id) in ids.iter().enumerate() {
            self.terminate(id, number < surplus)?;
        }
        let until = self.now.plus_millis(rolling.policy.pause_millis);
        Ok(Stage::Terminating { ids, before: group.ids(), count, until })
    }

    /// Whether instances are still to come.
    fn awaits(
        &mut self,
        row: &StackResource,
        rolling: &Rolling,
        group: &Group,
        before: &[SmolStr],
        count: usize,
        until: Timestamp,
    ) -> Result<bool, String> {
        let signals = rolling.policy.signals;
        let new = group.instances.iter().filter(|i| !before.contains(&i.id));
        let come = new.filter(|i| if signals { !i.leaving } else { i.in_service }).count();
        if come >= count || (signals && self.now >= until) {
            return Ok(false);
        }
        if signals {
            self.wake_at(until);
        } else {
            let reading = self.world.provide(&row.logical_id, &row.resource_type, |p, cx| {
                p.read(cx, &row.physical_id, &row.properties())
            });
            if let Some(Ok(Readiness::Failed(reason))) = reading {
                return Err(reason);
            }
        }
        self.wake_by_poll();
        Ok(true)
    }

    /// New instances are there: what is waited for now?
    fn added(
        &mut self,
        row: &mut StackResource,
        rolling: &Rolling,
        count: usize,
        until: Timestamp,
    ) -> Stage {
        let policy = &rolling.policy;
        if let Some(reason) = policy.addition(count) {
            self.tell(row, &reason);
        }
        match (policy.signals, policy.pause_millis) {
            (true, _) => Stage::Signals { count, until },
            (false, 0) => Stage::Next,
            (false, pause) => Stage::Pausing { until: self.now.plus_millis(pause) },
        }
    }

    fn count_signals(
        &mut self,
        row: &mut StackResource,
        rolling: &mut Rolling,
        count: usize,
        until: Timestamp,
    ) -> Result<Turn, String> {
        self.hear_guests(row);
        let all = self.signals(row);
        let came = all.get(rolling.heard..).unwrap_or_default();
        let good = came.iter().filter(|signal| signal.success).count();
        let bad = came.len() - good;
        let missing = count.saturating_sub(came.len());
        let late = self.now >= until;
        let lost = if late { missing } else { 0 };
        if late && missing > 0 {
            self.tell(row, &expect::unsignaled(missing));
        }
        let best = rolling.total.saturating_sub(rolling.bad + bad + lost);
        let success = rolling.policy.success;
        if !expect::suffices(best, rolling.total, success) {
            let (good, bad) = (rolling.good + good, rolling.bad + bad);
            return Err(expect::unsatisfied(good, bad, rolling.total, success));
        }
        if missing > 0 && !late {
            self.wake_at(until);
            return Ok(Turn::Stay);
        }
        rolling.good += good;
        rolling.bad += bad + lost;
        Ok(Turn::To(Stage::Next))
    }

    /// Gives the group the sizes back that the template or CloudFormation remembers.
    fn settle_group(&mut self, row: &StackResource, rolling: &Rolling) -> Result<(), ApiError> {
        let properties: Properties = row.properties();
        let remembered = (rolling.total > 0).then_some(rolling.desired);
        let desired = properties.integer("DesiredCapacity").or(remembered);
        if rolling.total > 0 || rolling.unsized_yet {
            let (min, max) = (properties.integer("MinSize"), properties.integer("MaxSize"));
            self.resize(row, min, max, desired)?;
        }
        self.resume(row, rolling)
    }

    fn signals(&self, row: &StackResource) -> Vec<Arc<Signal>> {
        self.world.with(|tx, _| signals::of(tx, &self.stack.id, &row.logical_id))
    }

    /// An event of a group on its way.
    fn tell(&mut self, row: &mut StackResource, reason: &str) {
        self.record(row, Status::UpdateInProgress, reason);
        self.put(row.clone());
    }
}

/// A share in whole percent, rounded.
fn percent(part: usize, whole: usize) -> usize {
    (part * 100 + whole / 2) / whole.max(1)
}
