//! Lifecycle hooks: an instance waits on its way in or out until somebody has done something.
//!
//! "Amazon EC2 Auto Scaling lifecycle hooks". All hooks of a transition run at the same time, and
//! the instance goes on when all are complete; one ABANDON ends a launch at once.

mod actions;
mod put;

pub(crate) use actions::{begin, expire, standing};
pub(crate) use put::{check, from_specification, store};

use crate::errors;
use crate::groups::Group;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { autoscaling:
    operations {
        write PutLifecycleHook => put::put_lifecycle_hook,
        read DescribeLifecycleHooks => describe_lifecycle_hooks,
        write DeleteLifecycleHook => delete_lifecycle_hook,
        write CompleteLifecycleAction => actions::complete_lifecycle_action,
        write RecordLifecycleActionHeartbeat => actions::record_lifecycle_action_heartbeat,
    }
    tables { Hook }
}

/// Which way an instance is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Transition {
    Launching,
    Terminating,
}

impl Transition {
    pub(crate) const ALL: [Self; 2] = [Self::Launching, Self::Terminating];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Launching => "autoscaling:EC2_INSTANCE_LAUNCHING",
            Self::Terminating => "autoscaling:EC2_INSTANCE_TERMINATING",
        }
    }
}

/// A hook of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) group: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) transition: Transition,
    /// ARN of a topic or queue; empty if nobody is told.
    pub(crate) target: SmolStr,
    pub(crate) role: SmolStr,
    pub(crate) metadata: Option<SmolStr>,
    pub(crate) heartbeat_secs: i64,
    /// What becomes of the instance when time is up: CONTINUE, or else ABANDON.
    pub(crate) default_continues: bool,
}

impl Hook {
    fn key_of(group: &str, name: &str) -> SmolStr {
        format_smolstr!("{group}\u{1}{name}")
    }

    /// The hooks of a group, in the order of their names.
    pub(crate) fn of<'a>(
        snapshot: &'a Snapshot,
        group: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        snapshot.rows_by::<Self>("group", group)
    }

    /// 48 hours, or a hundred heartbeats if that is less.
    pub(crate) fn global_secs(&self) -> i64 {
        (100 * self.heartbeat_secs).min(172_800)
    }
}

impl Row for Hook {
    const TABLE: &'static str = "autoscaling.hooks";
    const INDEXES: &'static [&'static str] = &["group"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.group, &self.name)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
    }
}

fn describe_lifecycle_hooks(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeLifecycleHooksType,
) -> Result<wire::DescribeLifecycleHooksAnswer, ApiError> {
    let group = Group::find(snapshot, &input.auto_scaling_group_name)?;
    let names = input.lifecycle_hook_names.as_deref().unwrap_or_default();
    let wanted = |hook: &&Arc<Hook>| names.is_empty() || names.contains(&hook.name);
    let hooks = Hook::of(snapshot, &group.name).filter(wanted).map(|hook| render(hook)).collect();
    Ok(wire::DescribeLifecycleHooksAnswer { lifecycle_hooks: Some(hooks) })
}

fn render(hook: &Hook) -> wire::LifecycleHook {
    let given = |text: &SmolStr| (!text.is_empty()).then(|| text.clone());
    wire::LifecycleHook {
        lifecycle_hook_name: Some(hook.name.clone()),
        auto_scaling_group_name: Some(hook.group.clone()),
        lifecycle_transition: Some(SmolStr::new_static(hook.transition.name())),
        notification_target_arn: given(&hook.target),
        role_arn: given(&hook.role),
        notification_metadata: hook.metadata.clone(),
        heartbeat_timeout: Some(hook.heartbeat_secs),
        global_timeout: Some(hook.global_secs()),
        default_result: Some(SmolStr::new_static(match hook.default_continues {
            true => "CONTINUE",
            false => "ABANDON",
        })),
    }
}

/// What waits for the hook goes on: launches are abandoned, terminations continue.
fn delete_lifecycle_hook(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DeleteLifecycleHookType,
) -> Result<wire::DeleteLifecycleHookAnswer, ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    let name = &input.lifecycle_hook_name;
    if tx.remove::<Hook>(&Hook::key_of(&group.name, name)).is_none() {
        return Err(errors::hook_not_found(name, &group.name));
    }
    actions::complete_all(tx, &group.name, name);
    tx.schedule(tx.now(), "autoscaling.reconcile", &group.name);
    Ok(wire::DeleteLifecycleHookAnswer {})
}

/// Forgets the hooks of a group that is gone.
pub(crate) fn remove_all(tx: &mut Tx, group: &str) {
    let keys: Vec<SmolStr> = Hook::of(tx, group).map(|hook| hook.key()).collect();
    for key in keys {
        tx.remove::<Hook>(&key);
    }
}
