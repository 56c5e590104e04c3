//! One account and region of an operation: CloudFormation's own operations, called there.

use super::row::{Action, Instance, Progress, SetOperation, StackSet, Target};
use crate::stacks::{SetLink, Stack};
use api::cloudformation::{self as wire, ops};
use kernel::{ApiError, Caller, Snapshot, Tx};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// `{"stack": ARN, "set": id, "account": …, "region": …}`: the stack is one of a set whose home is
/// there.
pub(super) fn enlist(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let text = |name: &str| SmolStr::new(request[name].as_str().unwrap_or_default());
    tx.update::<Stack>(&text("stack"), |stack| {
        stack.stack_set = Some(SetLink {
            account: text("account"),
            region: text("region"),
            set_id: text("set"),
        });
    });
    Ok(json!({}))
}

/// The instance of a target.
fn instance(snapshot: &Snapshot, set: &StackSet, target: &Target) -> Option<Instance> {
    let key = Instance::key_of(&set.id, &target.account, &target.region);
    snapshot.get::<Instance>(&key).map(|row| Instance::clone(&row))
}

/// Begins the work on a target.
pub(super) fn begin(
    tx: &mut Tx,
    set: &StackSet,
    operation: &mut SetOperation,
    number: usize,
) -> Progress {
    let Some(instance) = instance(tx, set, &operation.targets[number]) else {
        return Progress::Succeeded;
    };
    let place = operation.targets[number].place();
    let begun = match operation.action {
        Action::Create | Action::Update => bring(tx, set, operation, number, &instance),
        Action::Delete => remove(tx, &place, &instance, operation.retain),
        Action::DetectDrift => detect(tx, &place, &instance).map(|detection| {
            operation.targets[number].detection = Some(detection);
            Progress::Running
        }),
    };
    match begun {
        Ok(progress) => progress,
        Err(error) => {
            operation.targets[number].reason = error.message.as_str().into();
            Progress::Failed
        }
    }
}

/// Makes the stack, or updates it; what a failed creation has left goes before.
fn bring(
    tx: &mut Tx,
    set: &StackSet,
    operation: &mut SetOperation,
    number: usize,
    instance: &Instance,
) -> Result<Progress, ApiError> {
    let place = operation.targets[number].place();
    let status = match &instance.stack_id {
        Some(id) => shown(tx, &place, id).map(|stack| stack.stack_status.unwrap_or_default()),
        None => None,
    };
    match status.as_deref() {
        None | Some("DELETE_COMPLETE") => create(tx, set, &place, instance),
        Some("ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED") => {
            operation.targets[number].clearing = true;
            let id = instance.stack_id.clone().unwrap_or_default();
            let input = wire::DeleteStackInput { stack_name: id, ..Default::default() };
            tx.call::<ops::DeleteStack>(&place, input)?;
            Ok(Progress::Running)
        }
        Some(_) => update(tx, set, &place, instance),
    }
}

fn parameters(set: &StackSet, instance: &Instance) -> Vec<wire::Parameter> {
    let of = |key: SmolStr, value: SmolStr| wire::Parameter {
        parameter_key: Some(key),
        parameter_value: Some(value),
        ..Default::default()
    };
    let own = |key: &str| instance.overrides.iter().any(|(name, _)| name == key);
    let shared = set.parameters.iter().filter(|parameter| !own(&parameter.key));
    let shared = shared.map(|p| of(p.key.as_str().into(), p.value.as_str().into()));
    shared.chain(instance.overrides.iter().map(|(k, v)| of(k.clone(), v.clone()))).collect()
}

fn tags(set: &StackSet) -> Vec<wire::Tag> {
    let tag = |(key, value): &(SmolStr, SmolStr)| wire::Tag {
        key: key.clone(),
        value: value.clone(),
    };
    set.tags.iter().map(tag).collect()
}

fn create(
    tx: &mut Tx,
    set: &StackSet,
    place: &Caller,
    instance: &Instance,
) -> Result<Progress, ApiError> {
    let name = format_smolstr!("StackSet-{}-{}", set.name, tx.new_uuid());
    let input = wire::CreateStackInput {
        stack_name: name,
        template_body: Some(set.template.as_ref().into()),
        parameters: Some(parameters(set, instance)),
        capabilities: Some(set.capabilities.clone()),
        tags: Some(tags(set)),
        ..Default::default()
    };
    let made = tx.call::<ops::CreateStack>(place, input)?;
    let id = made.stack_id.unwrap_or_default();
    let link = json!({
        "stack": id, "set": set.id, "account": tx.account(), "region": tx.region(),
    });
    tx.control(place, "cloudformation.stack-set-enlist", &link)?;
    let key = Instance::key_of(&set.id, &instance.account, &instance.region);
    tx.update::<Instance>(&key, |instance| instance.stack_id = Some(id));
    Ok(Progress::Running)
}

fn update(
    tx: &mut Tx,
    set: &StackSet,
    place: &Caller,
    instance: &Instance,
) -> Result<Progress, ApiError> {
    let input = wire::UpdateStackInput {
        stack_name: instance.stack_id.clone().unwrap_or_default(),
        template_body: Some(set.template.as_ref().into()),
        parameters: Some(parameters(set, instance)),
        capabilities: Some(set.capabilities.clone()),
        tags: Some(tags(set)),
        ..Default::default()
    };
    match tx.call::<ops::UpdateStack>(place, input) {
        Err(error) if error.message == "No updates are to be performed." => Ok(Progress::Succeeded),
        outcome => outcome.map(|_| Progress::Running),
    }
}

fn remove(
    tx: &mut Tx,
    place: &Caller,
    instance: &Instance,
    retain: bool,
) -> Result<Progress, ApiError> {
    let Some(id) = instance.stack_id.clone().filter(|_| !retain) else {
        return Ok(Progress::Succeeded);
    };
    let input = wire::DeleteStackInput { stack_name: id, ..Default::default() };
    tx.call::<ops::DeleteStack>(place, input).map(|_| Progress::Running)
}

fn detect(tx: &mut Tx, place: &Caller, instance: &Instance) -> Result<SmolStr, ApiError> {
    let id = instance.stack_id.clone().unwrap_or_default();
    let input = wire::DetectStackDriftInput { stack_name: id, ..Default::default() };
    let begun = tx.call::<ops::DetectStackDrift>(place, input)?;
    Ok(begun.stack_drift_detection_id.unwrap_or_default())
}

/// A stack by its ARN, whatever has become of it.
fn shown(tx: &mut Tx, place: &Caller, id: &SmolStr) -> Option<wire::Stack> {
    let input =
        wire::DescribeStacksInput { stack_name: Some(id.clone()), ..Default::default() };
    let found = tx.call::<ops::DescribeStacks>(place, input).ok()?;
    found.stacks?.into_iter().next()
}

/// How a target that was begun stands.
pub(super) fn look(
    tx: &mut Tx,
    set: &StackSet,
    operation: &mut SetOperation,
    number: usize,
) -> Progress {
    let Some(instance) = instance(tx, set, &operation.targets[number]) else {
        return Progress::Succeeded;
    };
    let place = operation.targets[number].place();
    if operation.action == Action::DetectDrift {
        return detected(tx, set, operation, number);
    }
    let Some(id) = &instance.stack_id else { return Progress::Failed };
    let stack = shown(tx, &place, id).unwrap_or_default();
    let status = stack.stack_status.clone().unwrap_or_default();
    if status.ends_with("IN_PROGRESS") {
        return Progress::Running;
    }
    if std::mem::take(&mut operation.targets[number].clearing) {
        if status == "DELETE_COMPLETE" {
            return begin(tx, set, operation, number);
        }
        operation.targets[number].reason = stack.stack_status_reason.unwrap_or_default();
        return Progress::Failed;
    }
    let succeeded = match operation.action {
        Action::Delete => status == "DELETE_COMPLETE",
        _ => matches!(status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE"),
    };
    if succeeded {
        return Progress::Succeeded;
    }
    operation.targets[number].reason = why(tx, &place, id).unwrap_or_else(|| status.clone());
    Progress::Failed
}

/// `ResourceLogicalId:…, ResourceType:…, ResourceStatusReason:…` of the first failure of the last
/// operation.
fn why(tx: &mut Tx, place: &Caller, id: &SmolStr) -> Option<SmolStr> {
    let input = wire::DescribeStackEventsInput { stack_name: id.clone(), next_token: None };
    let events = tx.call::<ops::DescribeStackEvents>(place, input).ok()?.stack_events?;
    let own = |e: &wire::StackEvent| e.operation_id == events[0].operation_id;
    let failed = |e: &&wire::StackEvent| {
        e.resource_status.as_deref().is_some_and(|status| status.ends_with("_FAILED"))
            && e.resource_type.as_deref() != Some("AWS::CloudFormation::Stack")
    };
    let first = events.iter().take_while(|e| own(e)).filter(failed).last()?;
    let text = |text: &Option<SmolStr>| text.clone().unwrap_or_default();
    Some(format_smolstr!(
        "ResourceLogicalId:{}, ResourceType:{}, ResourceStatusReason:{}.",
        text(&first.logical_resource_id),
        text(&first.resource_type),
        text(&first.resource_status_reason)
    ))
}

fn detected(
    tx: &mut Tx,
    set: &StackSet,
    operation: &mut SetOperation,
    number: usize,
) -> Progress {
    let target = &operation.targets[number];
    let input = wire::DescribeStackDriftDetectionStatusInput {
        stack_drift_detection_id: target.detection.clone().unwrap_or_default(),
    };
    let place = target.place();
    let Ok(found) = tx.call::<ops::DescribeStackDriftDetectionStatus>(&place, input) else {
        return Progress::Failed;
    };
    match found.detection_status.as_deref() {
        Some("DETECTION_IN_PROGRESS") => return Progress::Running,
        Some("DETECTION_COMPLETE") => {}
        _ => return Progress::Failed,
    }
    let drifted = found.stack_drift_status.as_deref() == Some("DRIFTED");
    let key = Instance::key_of(&set.id, &target.account, &target.region);
    let now = tx.now();
    tx.update::<Instance>(&key, |instance| instance.drift = Some((drifted, now)));
    Progress::Succeeded
}
