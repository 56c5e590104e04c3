//! `groups/explain` and `instances/explain`: what happened to a group or an instance, in the order
//! of time, and why; for `lowcloud explain`. Activities tell AWS's own causes; between them stands
//! what policies reckoned and how zones and instances were chosen (`decisions`). What alarms saw is
//! CloudWatch's to tell (`alarms/explain`); their names are told here.

use crate::activities::Activity;
use crate::decisions::{CameTo, Choice, Decision, Held, Reckoned, What};
use crate::errors;
use crate::groups::Group;
use crate::members::{LifecycleState, Member};
use api::autoscaling::{DescribePoliciesType, ops::DescribePolicies};
use kernel::{ApiError, Caller, Snapshot, Timestamp, resource};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::collections::BTreeMap;

resource! { autoscaling:
    controls {
        read "groups/explain" => explain_group,
        read "instances/explain" => explain_instance,
    }
}

/// Activities that are told; the newest.
const MAX_ACTIVITIES: usize = 100;

fn asked<'a>(request: &'a Value, what: &str) -> Result<&'a str, ApiError> {
    request[what].as_str().filter(|name| !name.is_empty()).ok_or_else(|| {
        errors::validation(format!("Say which {what}: ?{what}={}", what.to_uppercase()))
    })
}

fn unknown(what: &str, name: &str) -> ApiError {
    let text = format!("there is no {what} '{name}' in this region, and none is remembered");
    ApiError::new("NotFound", text).with_status(404)
}

/// `?group=NAME`
fn explain_group(
    snapshot: &Snapshot,
    caller: &Caller,
    request: &Value,
) -> Result<Value, ApiError> {
    let name = asked(request, "group")?;
    let activities = snapshot.rows_by::<Activity>("group", name).take(MAX_ACTIVITIES);
    let mut story: Vec<(Timestamp, Value)> = activities.map(|it| told_activity(it)).collect();
    let decisions = snapshot.rows_by::<Decision>("group", name);
    story.extend(decisions.map(|it| (it.at, told_decision(it))));
    let Some(group) = snapshot.get::<Group>(name) else {
        if story.is_empty() {
            return Err(unknown("group", name));
        }
        return Ok(json!({ "group": name, "deleted": true, "story": ordered(story) }));
    };
    let mut told = standing(snapshot, &group);
    told["alarms"] = json!(alarms(snapshot, caller, &group.name));
    told["story"] = ordered(story);
    Ok(told)
}

/// How a group stands, and what it waits for.
fn standing(snapshot: &Snapshot, group: &Group) -> Value {
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let mut zones: BTreeMap<SmolStr, usize> =
        group.zones().into_iter().map(|zone| (zone, 0)).collect();
    for member in group.members(snapshot) {
        *states.entry(member.state.name()).or_default() += 1;
        if member.state == LifecycleState::InService {
            *zones.entry(member.zone.clone()).or_default() += 1;
        }
    }
    let now = snapshot.now();
    let ahead = |at: Timestamp| (at > now).then(|| at.iso_millis());
    json!({
        "group": group.name,
        "desired": group.desired,
        "min": group.min,
        "max": group.max,
        "deleting": group.deleting,
        "instances": states,
        "inServiceByZone": zones,
        "suspended": group.suspended.iter().map(|it| &it.process).collect::<Vec<_>>(),
        "terminationPolicies": group.termination_policies,
        "reactsAt": ahead(group.reacts_at),
        "retriesAt": group.retries_at.and_then(ahead),
        "failedLaunches": group.failures,
        "cooldownEnds": group.cooldown_ends.and_then(ahead),
        "pendingCauses": group.pending_causes,
    })
}

/// The alarms that invoke the group's policies.
fn alarms(snapshot: &Snapshot, caller: &Caller, group: &SmolStr) -> Vec<SmolStr> {
    let request = DescribePoliciesType {
        auto_scaling_group_name: Some(group.clone()),
        max_records: Some(100),
        ..Default::default()
    };
    let found = snapshot.ask::<DescribePolicies>(caller, request).unwrap_or_default();
    let policies = found.scaling_policies.unwrap_or_default().into_iter();
    policies.flat_map(|it| it.alarms.unwrap_or_default()).filter_map(|it| it.alarm_name).collect()
}

/// `?instance=ID`
fn explain_instance(snapshot: &Snapshot, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let id = asked(request, "instance")?;
    let member = snapshot.get::<Member>(id);
    let of_instance = |it: &&std::sync::Arc<Activity>| it.instance == id;
    // Activities know their group only, and there are many: an instance's are found by its own.
    let activities: Vec<_> = match &member {
        Some(member) => {
            snapshot.rows_by::<Activity>("group", &member.group).filter(of_instance).collect()
        }
        None => snapshot.rows::<Activity>().filter(of_instance).collect(),
    };
    let Some(group) = member
        .as_ref()
        .map(|it| it.group.clone())
        .or_else(|| activities.first().map(|it| it.group.clone()))
    else {
        return Err(unknown("instance of a group", id));
    };
    let launched = activities.iter().map(|it| it.started_at).min();
    let mut story: Vec<(Timestamp, Value)> =
        activities.iter().map(|it| told_activity(it)).collect();
    let zone = member.as_ref().map(|it| it.zone.clone()).or_else(|| zone_of(&activities));
    let concerns = |it: &&std::sync::Arc<Decision>| match &it.what {
        What::Choice(choice) => choice.instance == id,
        // Why it was put where it was.
        What::Zone { zone: into, .. } => Some(it.at) == launched && Some(into) == zone.as_ref(),
        What::Policy(_) => false,
    };
    let decisions = snapshot.rows_by::<Decision>("group", &group).filter(concerns);
    story.extend(decisions.map(|it| (it.at, told_decision(it))));
    let mut told = json!({ "instance": id, "group": group, "story": ordered(story) });
    match member {
        None => told["gone"] = json!(true),
        Some(member) => {
            told["state"] = json!(member.state.name());
            told["zone"] = json!(member.zone);
            told["type"] = json!(member.instance_type);
            told["healthy"] = json!(member.healthy);
            told["protected"] = json!(member.protected);
            told["joinedAt"] = json!(member.joined_at.iso_millis());
            told["inServiceSince"] = json!(member.in_service_since.map(Timestamp::iso_millis));
        }
    }
    Ok(told)
}

/// The zone that an activity's details name.
fn zone_of(activities: &[&std::sync::Arc<Activity>]) -> Option<SmolStr> {
    let details: Value = serde_json::from_str(&activities.last()?.details()).ok()?;
    details["Availability Zone"].as_str().map(SmolStr::new)
}

/// An activity: its beginning, with how it ended.
fn told_activity(activity: &Activity) -> (Timestamp, Value) {
    let mut told = json!({
        "kind": "activity",
        "status": activity.status.name(),
        "what": activity.description,
        "why": activity.cause,
    });
    if let Some(ended) = activity.ended_at {
        told["tookSeconds"] = json!((ended.0 - activity.started_at.0) as f64 / 1_000.0);
    }
    (activity.started_at, told)
}

fn told_decision(decision: &Decision) -> Value {
    match &decision.what {
        What::Policy(reckoned) => json!({
            "kind": "policy",
            "policy": reckoned.policy,
            "alarm": reckoned.alarm,
            "metric": reckoned.metric,
            "bar": reckoned.bar,
            "counted": reckoned.counted,
            "desired": reckoned.desired,
            "wanted": reckoned.sets(),
            "what": format!("policy {} ({})", reckoned.policy, reckoned.kind),
            "why": in_words(reckoned),
        }),
        What::Zone { zone, count, sizes } => json!({
            "kind": "zone",
            "zone": zone,
            "count": count,
            "sizes": sizes.iter().cloned().collect::<BTreeMap<_, _>>(),
            "what": format!("{count} to be launched in {zone}"),
            "why": format!("instances by zone were {}; the zone with the fewest is next", listed(sizes)),
        }),
        What::Choice(choice) => json!({
            "kind": "choice",
            "instance": choice.instance,
            "zone": choice.zone,
            "sizes": choice.sizes.iter().cloned().collect::<BTreeMap<_, _>>(),
            "by": choice.by,
            "what": format!("{} chosen to go", choice.instance),
            "why": chosen_in_words(choice),
        }),
    }
}

/// `us-west-1a 2, us-west-1c 1`
fn listed(sizes: &[(SmolStr, usize)]) -> String {
    let each: Vec<String> = sizes.iter().map(|(zone, size)| format!("{zone} {size}")).collect();
    each.join(", ")
}

fn chosen_in_words(choice: &Choice) -> String {
    let zone = match choice.left_zone {
        true => format!("the group no longer launches into {}", choice.zone),
        false => {
            let most = choice.sizes.iter().map(|(_, size)| *size).max().unwrap_or_default();
            let even = choice.sizes.iter().filter(|(_, size)| *size == most).count() > 1;
            let word = if even { "is among those with the most" } else { "has the most" };
            format!("{} {word} ({})", choice.zone, listed(&choice.sizes))
        }
    };
    format!("{zone}; of the {} there that may go: {}", choice.candidates, choice.by)
}

fn in_words(it: &Reckoned) -> String {
    let number = |value: f64| format!("{}", (value * 1_000.0).round() / 1_000.0);
    let measured = match (it.metric, it.bar, it.kind.as_str()) {
        (Some(metric), Some(bar), "TargetTrackingScaling") => {
            format!("metric {}, target {}: ", number(metric), number(bar))
        }
        (Some(metric), Some(bar), _) => {
            format!("metric {}, threshold {}: ", number(metric), number(bar))
        }
        _ => String::new(),
    };
    let held = |why: &str| format!("{measured}{why}; desired stays {}", it.desired);
    let wanted = match it.came_to {
        CameTo::Wanted(wanted) => wanted,
        CameTo::Held(Held::Cooldown) => return held("the cooldown is not over"),
        CameTo::Held(Held::WarmingUp) => {
            return held("instances are on their way or warming up, so it waits");
        }
        CameTo::Held(Held::ZonalShift) => {
            return held("a zonal shift lasts, and nothing scales in meanwhile");
        }
        CameTo::Held(Held::NoStep) => return held("no step contains the difference"),
        CameTo::Held(Held::NoData) => return held("there are no datapoints"),
        CameTo::Held(Held::OthersDisagree) => {
            return held("another policy does not agree to scale in");
        }
        CameTo::Held(Held::Forecast) => return held("it only forecasts"),
    };
    let bound = match wanted.clamp(it.min, it.max) {
        set if set > wanted => format!(", but the minimum is {}", it.min),
        set if set < wanted => format!(", but the maximum is {}", it.max),
        _ => String::new(),
    };
    let counted = match it.counted == it.desired {
        true => format!("from {}", it.counted),
        false => format!("from {} (of {}, as far as warmed up)", it.counted, it.desired),
    };
    let end = match it.sets() {
        Some(set) => format!("desired {} → {set}", it.desired),
        None => format!("desired stays {}", it.desired),
    };
    format!("{measured}{counted} to {wanted}{bound}; {end}")
}

/// In the order of time. What was decided at an instant comes before what it led to.
fn ordered(mut story: Vec<(Timestamp, Value)>) -> Value {
    let rank = |told: &Value| match told["kind"].as_str() {
        Some("policy") => 0,
        Some("choice" | "zone") => 1,
        _ => 2,
    };
    // Rows come newest first.
    story.reverse();
    story.sort_by_key(|(at, told)| (*at, rank(told)));
    story
        .into_iter()
        .map(|(at, mut told)| {
            told["at"] = json!(at.iso_millis());
            told
        })
        .collect()
}
