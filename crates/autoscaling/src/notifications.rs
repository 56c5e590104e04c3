//! Telling others: SNS notifications of launches and terminations, and the messages of lifecycle
//! hooks to topics and queues. "Amazon SNS notification options" in the user guide.

mod deliver;

pub(crate) use deliver::check_target;

use crate::activities::{Activity, Kind, Status};
use crate::errors;
use crate::groups::Group;
use crate::hooks::Hook;
use crate::members::Member;
use api::autoscaling as wire;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { autoscaling:
    operations {
        write PutNotificationConfiguration => put_notification_configuration,
        read DescribeNotificationConfigurations => describe_notification_configurations,
        write DeleteNotificationConfiguration => delete_notification_configuration,
    }
    tables { Notification }
}

/// What groups can notify of.
pub(crate) const TYPES: [&str; 5] = [
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
];

/// "Quotas for Amazon EC2 Auto Scaling": topics per group.
const MAX_TOPICS: usize = 10;

/// A topic that a group tells of some events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notification {
    group: SmolStr,
    topic: SmolStr,
    types: Vec<SmolStr>,
}

impl Row for Notification {
    const TABLE: &'static str = "autoscaling.notifications";
    const INDEXES: &'static [&'static str] = &["group"];

    fn key(&self) -> SmolStr {
        key_of(&self.group, &self.topic)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
    }
}

fn key_of(group: &str, topic: &str) -> SmolStr {
    format_smolstr!("{group}\u{1}{topic}")
}

fn of(tx: &Tx, group: &str) -> Vec<Arc<Notification>> {
    tx.rows_by::<Notification>("group", group).cloned().collect()
}

fn put_notification_configuration(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::PutNotificationConfigurationType,
) -> Result<(), ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    if let Some(unknown) = input.notification_types.iter().find(|t| !TYPES.contains(&t.as_str())) {
        return Err(errors::validation(format!(
            "\"{unknown}\" is not a valid Notification Type. Please provide a valid Notification \
             Type."
        )));
    }
    deliver::check_topic(tx, caller, &input.topic_arn)?;
    let others = of(tx, &group.name).iter().filter(|n| n.topic != input.topic_arn).count();
    if others >= MAX_TOPICS {
        return Err(errors::limit_exceeded(format!(
            "You have already reached the maximum of {MAX_TOPICS} SNS topics for AutoScalingGroup \
             {}.",
            group.name
        )));
    }
    let notification = Notification {
        group: group.name.clone(),
        topic: input.topic_arn,
        types: input.notification_types,
    };
    send_test(tx, caller, &group, &notification.topic)?;
    tx.put(notification);
    Ok(())
}

fn describe_notification_configurations(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::DescribeNotificationConfigurationsType,
) -> Result<wire::DescribeNotificationConfigurationsAnswer, ApiError> {
    let groups = input.auto_scaling_group_names.as_deref().unwrap_or_default();
    let key = |(row, kind): &(Arc<Notification>, SmolStr)| format_smolstr!("{}\u{1}{kind}", row.key());
    let page = paginate(
        "DescribeNotificationConfigurations",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 100) as usize,
        |after| {
            let after = SmolStr::new(after);
            snapshot
                .rows::<Notification>()
                .filter(|row| groups.is_empty() || groups.contains(&row.group))
                .flat_map(|row| row.types.iter().map(move |kind| (row.clone(), kind.clone())))
                .filter(move |row| key(row) > after)
        },
        key,
    )
    .map_err(|_| errors::invalid_next_token())?;
    let render = |(row, kind): &(Arc<Notification>, SmolStr)| wire::NotificationConfiguration {
        auto_scaling_group_name: Some(row.group.clone()),
        topic_arn: Some(row.topic.clone()),
        notification_type: Some(kind.clone()),
    };
    Ok(wire::DescribeNotificationConfigurationsAnswer {
        notification_configurations: Some(page.items.iter().map(render).collect()),
        next_token: page.next,
    })
}

fn delete_notification_configuration(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DeleteNotificationConfigurationType,
) -> Result<(), ApiError> {
    let group = Group::find(tx, &input.auto_scaling_group_name)?;
    match tx.remove::<Notification>(&key_of(&group.name, &input.topic_arn)) {
        Some(_) => Ok(()),
        None => Err(errors::validation(format!(
            "Notification configuration not found for topic {}",
            input.topic_arn
        ))),
    }
}

/// Forgets the notifications of a group that is gone.
pub(crate) fn remove_all(tx: &mut Tx, group: &str) {
    for row in of(tx, group) {
        tx.remove::<Notification>(&row.key());
    }
}

/// An activity has ended: those who want to hear of it do.
pub(crate) fn activity_ended(tx: &mut Tx, caller: &Caller, group: &Group, activity: &Activity) {
    let (event, verb) = match (activity.kind, activity.status) {
        (Kind::Launch, Status::Successful) => ("autoscaling:EC2_INSTANCE_LAUNCH", "launch"),
        (Kind::Launch, _) => ("autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "launch"),
        (Kind::Terminate, Status::Successful) => {
            ("autoscaling:EC2_INSTANCE_TERMINATE", "termination")
        }
        (Kind::Terminate, _) => ("autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "termination"),
        (Kind::Other, _) => return,
    };
    let told: Vec<Arc<Notification>> =
        of(tx, &group.name).into_iter().filter(|n| n.types.iter().any(|t| t == event)).collect();
    if told.is_empty() {
        return;
    }
    let failed = activity.status != Status::Successful;
    let subject = match failed {
        true => format!("Auto Scaling: failed {verb} for group \"{}\"", group.name),
        false => format!("Auto Scaling: {verb} for group \"{}\"", group.name),
    };
    // A success is told as AWS does: half way, and in progress.
    let body = json!({
        "Progress": if failed { 100 } else { 50 },
        "AccountId": caller.account,
        "Description": activity.description,
        "RequestId": activity.id,
        "EndTime": activity.ended_at.map(|at| at.iso_millis()),
        "AutoScalingGroupARN": group.arn,
        "ActivityId": activity.id,
        "StartTime": activity.started_at.iso_millis(),
        "Service": "AWS Auto Scaling",
        "Time": tx.now().iso_millis(),
        "EC2InstanceId": activity.instance,
        "StatusCode": if failed { activity.status.name() } else { "InProgress" },
        "StatusMessage": activity.message,
        "Details": serde_json::from_str::<Value>(&activity.details()).unwrap_or_default(),
        "AutoScalingGroupName": group.name,
        "Cause": activity.cause,
        "Event": event,
    });
    for notification in told {
        // A topic that is gone is nobody's fault.
        let _ = deliver::send(tx, caller, &notification.topic, &subject, &body);
    }
}

/// The message that a target gets when a group begins to tell it of something.
pub(crate) fn send_test(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    target: &str,
) -> Result<(), ApiError> {
    let body = json!({
        "AccountId": caller.account,
        "RequestId": tx.new_uuid(),
        "AutoScalingGroupARN": group.arn,
        "AutoScalingGroupName": group.name,
        "Service": "AWS Auto Scaling",
        "Event": "autoscaling:TEST_NOTIFICATION",
        "Time": tx.now().iso_millis(),
    });
    let subject = format!("Auto Scaling: test notification for group \"{}\"", group.name);
    deliver::send(tx, caller, target, &subject, &body)
}

/// A member has reached a hook: its target hears of it.
pub(crate) fn hook_reached(
    tx: &mut Tx,
    caller: &Caller,
    group: &Group,
    hook: &Hook,
    member: &Member,
    token: &str,
) {
    if hook.target.is_empty() {
        return;
    }
    let leaving = member.state.is_terminating();
    let (origin, destination) = match (member.state.is_warmed(), leaving) {
        (true, false) => ("EC2", "WarmPool"),
        (true, true) => ("WarmPool", "EC2"),
        (false, false) if member.from_pool => ("WarmPool", "AutoScalingGroup"),
        (false, false) => ("EC2", "AutoScalingGroup"),
        (false, true) if member.pool_bound => ("AutoScalingGroup", "WarmPool"),
        (false, true) => ("AutoScalingGroup", "EC2"),
    };
    let mut body = json!({
        "Origin": origin,
        "Destination": destination,
        "LifecycleHookName": hook.name,
        "AccountId": caller.account,
        "RequestId": tx.new_uuid(),
        "LifecycleTransition": hook.transition.name(),
        "AutoScalingGroupName": group.name,
        "Service": "AWS Auto Scaling",
        "Time": tx.now().iso_millis(),
        "EC2InstanceId": member.instance_id,
        "LifecycleActionToken": token,
    });
    if let (Some(metadata), Some(body)) = (&hook.metadata, body.as_object_mut()) {
        body.insert("NotificationMetadata".to_owned(), json!(metadata));
    }
    let event = if leaving { "termination" } else { "launch" };
    let subject = format!(
        "Auto Scaling: Lifecycle action '{}' for instance {} in progress.",
        event.to_uppercase(),
        member.instance_id
    );
    let _ = deliver::send(tx, caller, &hook.target, &subject, &body);
}
