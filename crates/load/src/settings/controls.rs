//! Showing, setting and clearing loads.

use super::{Bearer, Load, Measure, Setting, of};
use crate::errors::{invalid, not_found};
use crate::shape::Shape;
use api::{autoscaling, ec2, elbv2};
use kernel::{ApiError, Caller, Snapshot, Tx};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// Who is meant: `{"instance": ID}`, `{"group": NAME}` or `{"targetGroup": ARN}`.
fn bearer(request: &Value) -> Result<Option<Bearer>, ApiError> {
    let named = |key: &str| request[key].as_str().map(SmolStr::new);
    let found: Vec<Bearer> = [
        named("instance").map(Bearer::Instance),
        named("group").map(Bearer::Group),
        named("targetGroup").map(Bearer::TargetGroup),
    ]
    .into_iter()
    .flatten()
    .collect();
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.into_iter().next()),
        _ => Err(invalid("a load has one bearer: an instance, a group or a target group")),
    }
}

/// All loads in force, or the one that is asked for, with their present values.
pub(super) fn show(
    snapshot: &Snapshot,
    _: &Caller,
    request: &Value,
) -> Result<Value, ApiError> {
    let wanted = bearer(request)?;
    let loads = snapshot
        .rows::<Setting>()
        .filter(|setting| wanted.as_ref().is_none_or(|wanted| setting.bearer == *wanted))
        .filter_map(|setting| render(setting, snapshot))
        .collect::<Vec<_>>();
    Ok(json!({ "loads": loads }))
}

fn render(setting: &Setting, snapshot: &Snapshot) -> Option<Value> {
    let (load, since) = setting.at(snapshot.now())?;
    let measure = match load.measure {
        Measure::Cpu => "cpu",
        Measure::Demand => "demand",
    };
    let mut shown = json!({
        "since": since.iso_millis(),
        "measure": measure,
        "now": load.shape.at(since, snapshot.now()),
        "shape": load.shape,
    });
    let (key, name) = match &setting.bearer {
        Bearer::Instance(id) => ("instance", id),
        Bearer::Group(name) => ("group", name),
        Bearer::TargetGroup(arn) => ("targetGroup", arn),
    };
    shown[key] = json!(name);
    if let Some(capacity) = load.capacity {
        shown["capacity"] = json!(capacity);
    }
    Some(shown)
}

/// Sets a load: `{"group": NAME, "cpu": SHAPE}` or `{"group": NAME, "demand": SHAPE, "capacity":
/// REQUESTS_PER_SECOND}`.
pub(super) fn set(tx: &mut Tx, caller: &Caller, request: &Value) -> Result<Value, ApiError> {
    let bearer = bearer(request)?
        .ok_or_else(|| invalid("say whose load it is: an instance, a group or a target group"))?;
    let (measure, shape) = match (&request["cpu"], &request["demand"]) {
        (Value::Null, Value::Null) => return Err(invalid("say how much: cpu or demand")),
        (cpu, Value::Null) => (Measure::Cpu, Shape::parse(cpu)?),
        (Value::Null, demand) => (Measure::Demand, Shape::parse(demand)?),
        _ => return Err(invalid("a load is either cpu or demand")),
    };
    if measure == Measure::Cpu && matches!(bearer, Bearer::TargetGroup(_)) {
        return Err(invalid("the load of a target group is a demand"));
    }
    let capacity = match &request["capacity"] {
        Value::Null => None,
        given => Some(given.as_f64().filter(|c| *c > 0.0 && c.is_finite()).ok_or_else(|| {
            invalid("a capacity is a number of requests per second above 0")
        })?),
    };
    let group = check(tx, caller, &bearer)?;
    let now = tx.now();
    let old = of(tx, &bearer);
    let mut setting = match old {
        Some(old) => Setting { group, ..Setting::clone(&old) },
        None => Setting { bearer: bearer.clone(), group, entries: Vec::new() },
    };
    setting.push(now, Some(Load { measure, shape, capacity }));
    let shown = render(&setting, tx).unwrap_or_default();
    tx.put(setting);
    Ok(shown)
}

/// The bearer must be there. Answers the group of an instance.
fn check(tx: &mut Tx, caller: &Caller, bearer: &Bearer) -> Result<Option<SmolStr>, ApiError> {
    match bearer {
        Bearer::Group(name) => {
            let request = autoscaling::AutoScalingGroupNamesType {
                auto_scaling_group_names: Some(vec![name.clone()]),
                include_instances: Some(false),
                ..Default::default()
            };
            let found = tx.call::<autoscaling::ops::DescribeAutoScalingGroups>(caller, request)?;
            let any = found.auto_scaling_groups.is_some_and(|groups| !groups.is_empty());
            if any { Ok(None) } else { Err(not_found("group", name)) }
        }
        Bearer::TargetGroup(arn) => {
            let request = elbv2::DescribeTargetGroupsInput {
                target_group_arns: Some(vec![arn.clone()]),
                ..Default::default()
            };
            tx.call::<elbv2::ops::DescribeTargetGroups>(caller, request)
                .map_err(|_| not_found("target group", arn))?;
            Ok(None)
        }
        Bearer::Instance(id) => {
            let request = ec2::DescribeInstancesRequest {
                instance_ids: Some(vec![id.clone()]),
                ..Default::default()
            };
            let found = tx
                .call::<ec2::ops::DescribeInstances>(caller, request)
                .map_err(|_| not_found("instance", id))?;
            let instances = found.reservations.unwrap_or_default();
            let instance = instances.into_iter().filter_map(|r| r.instances).flatten().next();
            let tags = instance.and_then(|i| i.tags).unwrap_or_default();
            let group = tags
                .into_iter()
                .find(|t| t.key.as_deref() == Some("aws:autoscaling:groupName"))
                .and_then(|t| t.value);
            Ok(group)
        }
    }
}

/// Clears a bearer's load, or all: what it was is remembered.
pub(super) fn clear(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let wanted = bearer(request)?;
    let now = tx.now();
    let in_force: Vec<SmolStr> = tx
        .rows::<Setting>()
        .filter(|setting| wanted.as_ref().is_none_or(|wanted| setting.bearer == *wanted))
        .filter(|setting| setting.at(now).is_some())
        .map(|setting| setting.bearer.key())
        .collect();
    for key in &in_force {
        tx.update::<Setting>(key, |setting| setting.push(now, None));
    }
    Ok(json!({ "cleared": in_force.len() }))
}
