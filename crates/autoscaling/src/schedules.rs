//! Scheduled actions: sizes that change at a time, once or again and again. "Scheduled scaling for
//! Amazon EC2 Auto Scaling" in the user guide.

mod batch;
mod cron;
mod put;

use crate::groups::Group;
use crate::{causes, driver, errors};
use api::autoscaling as wire;
use cron::Cron;
use jiff::tz::TimeZone;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { autoscaling:
    operations {
        write PutScheduledUpdateGroupAction => put::put_scheduled_update_group_action,
        write BatchPutScheduledUpdateGroupAction => batch::batch_put_scheduled_update_group_action,
        read DescribeScheduledActions => describe_scheduled_actions,
        write DeleteScheduledAction => delete_scheduled_action,
        write BatchDeleteScheduledAction => batch::batch_delete_scheduled_action,
    }
    tables { ScheduledAction }
    housekeeping { "autoscaling.schedule" => look }
}

/// A scheduled action of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ScheduledAction {
    group: SmolStr,
    name: SmolStr,
    arn: SmolStr,
    end: Option<Timestamp>,
    /// Five cron fields; none for an action that happens once.
    recurrence: Option<SmolStr>,
    time_zone: Option<SmolStr>,
    min: Option<i64>,
    max: Option<i64>,
    desired: Option<i64>,
    /// When it happens next.
    next: Timestamp,
}

impl ScheduledAction {
    fn key_of(group: &str, name: &str) -> SmolStr {
        format_smolstr!("{group}\u{1}{name}")
    }

    fn of<'a>(
        snapshot: &'a Snapshot,
        group: &str,
    ) -> impl Iterator<Item = &'a Arc<Self>> + use<'a> {
        snapshot.rows_by::<Self>("group", group)
    }
}

impl Row for ScheduledAction {
    const TABLE: &'static str = "autoscaling.scheduled-actions";
    const INDEXES: &'static [&'static str] = &["group"];

    fn key(&self) -> SmolStr {
        Self::key_of(&self.group, &self.name)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
    }
}

/// The next instant of a schedule after `after`, if it comes before its end.
fn occurrence(
    recurrence: &str,
    zone: Option<&str>,
    after: Timestamp,
    end: Option<Timestamp>,
) -> Option<Timestamp> {
    let zone = TimeZone::get(zone.unwrap_or("UTC")).ok()?;
    let at = Cron::parse(recurrence)?.next_after(after, &zone)?;
    end.is_none_or(|end| at <= end).then_some(at)
}

/// The task: does what is due. While ScheduledActions is suspended, it is missed.
fn look(tx: &mut Tx, _: &Caller, key: &str) {
    let Some(action) = tx.get::<ScheduledAction>(key) else { return };
    let now = tx.now();
    if now < action.next {
        tx.schedule(action.next, "autoscaling.schedule", key);
        return;
    }
    if let Some(group) = tx.get::<Group>(&action.group)
        && !group.is_suspended("ScheduledActions")
        && !group.deleting
    {
        apply(tx, &group, &action);
    }
    let again = action.recurrence.as_deref().and_then(|recurrence| {
        occurrence(recurrence, action.time_zone.as_deref(), now, action.end)
    });
    match again {
        Some(next) => {
            tx.update::<ScheduledAction>(key, |action| action.next = next);
            tx.schedule(next, "autoscaling.schedule", key);
        }
        None => {
            tx.remove::<ScheduledAction>(key);
        }
    }
}

/// New sizes; the desired capacity stays within them.
fn apply(tx: &mut Tx, row: &Group, action: &ScheduledAction) {
    let mut group = Group::clone(row);
    group.min = action.min.unwrap_or(group.min);
    group.max = action.max.unwrap_or(group.max);
    if group.min > group.max {
        // One of both was given: the other gives way.
        match action.max {
            Some(max) => group.min = max,
            None => group.max = group.min,
        }
    }
    group.desired = action.desired.unwrap_or(group.desired).clamp(group.min, group.max);
    if group.desired != row.desired {
        group.pending_causes.push(causes::scheduled(tx.now(), group.sizes(), row.desired));
    }
    driver::react(tx, &mut group);
    tx.put(group);
}

fn describe_scheduled_actions(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeScheduledActionsType,
) -> Result<wire::ScheduledActionsType, ApiError> {
    let group = input.auto_scaling_group_name.as_ref();
    let names = input.scheduled_action_names.as_deref().unwrap_or_default();
    let wanted = |action: &ScheduledAction| {
        group.is_none_or(|group| action.group == *group)
            && match names.is_empty() {
                // Names make the times go unheeded.
                false => names.contains(&action.name) || names.contains(&action.arn),
                true => {
                    input.start_time.is_none_or(|start| action.next >= start)
                        && input.end_time.is_none_or(|end| action.next <= end)
                }
            }
    };
    let page = paginate(
        "DescribeScheduledActions",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| snapshot.rows_after::<ScheduledAction>(after).filter(|action| wanted(action)),
        |action| action.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok(wire::ScheduledActionsType {
        scheduled_update_group_actions: Some(page.items.iter().map(|row| render(row)).collect()),
        next_token: page.next,
    })
}

/// The start of a recurring action is its next occurrence.
fn render(action: &ScheduledAction) -> wire::ScheduledUpdateGroupAction {
    wire::ScheduledUpdateGroupAction {
        auto_scaling_group_name: Some(action.group.clone()),
        scheduled_action_name: Some(action.name.clone()),
        scheduled_action_arn: Some(action.arn.clone()),
        time: Some(action.next),
        start_time: Some(action.next),
        end_time: action.end,
        recurrence: action.recurrence.clone(),
        min_size: action.min,
        max_size: action.max,
        desired_capacity: action.desired,
        time_zone: action.time_zone.clone(),
    }
}

fn delete_scheduled_action(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DeleteScheduledActionType,
) -> Result<(), ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    remove(tx, &group.name, &input.scheduled_action_name)
}

fn remove(tx: &mut Tx, group: &str, name: &str) -> Result<(), ApiError> {
    let key = ScheduledAction::key_of(group, name);
    tx.cancel("autoscaling.schedule", &key);
    match tx.remove::<ScheduledAction>(&key) {
        Some(_) => Ok(()),
        None => Err(errors::validation(format!(
            "Scheduled action name not found - Scheduled action {name} not found"
        ))),
    }
}

/// Forgets the scheduled actions of a group that is gone.
pub(crate) fn remove_all(tx: &mut Tx, group: &str) {
    let names: Vec<SmolStr> = ScheduledAction::of(tx, group).map(|a| a.name.clone()).collect();
    for name in names {
        let _ = remove(tx, group, &name);
    }
}
