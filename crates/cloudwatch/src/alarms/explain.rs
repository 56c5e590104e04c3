//! `alarms/explain`: why an alarm is in its state, for `lowcloud explain alarm NAME`.

use super::decide::Point;
use super::evaluate::{decision, observe};
use super::history::{self, Item, ItemType};
use super::row::{Alarm, Kind, Source, Watch};
use crate::errors;
use crate::numbers::java_double;
use kernel::{ApiError, Caller, Snapshot};
use serde_json::{Value, json};
use std::sync::Arc;

/// Changes of state that are told.
const CHANGES: usize = 20;

pub(super) fn explain(
    snapshot: &Snapshot,
    _: &Caller,
    request: &Value,
) -> Result<Value, ApiError> {
    let name = request["alarm"].as_str().unwrap_or_default();
    if name.is_empty() {
        return Err(errors::validation("Say which alarm: ?alarm=NAME"));
    }
    let alarm = snapshot
        .get::<Alarm>(name)
        .ok_or_else(|| errors::not_found(format!("There is no alarm {name}.")))?;
    let mut told = json!({
        "alarm": alarm.name,
        "arn": alarm.arn,
        "state": alarm.state.value,
        "since": alarm.state.transitioned_at.iso_millis(),
        "reason": alarm.state.reason,
        "actionsEnabled": alarm.actions_enabled,
    });
    match &alarm.kind {
        Kind::Metric(watch) => {
            told["rule"] = json!(in_words(watch));
            let decided = decision(snapshot, watch);
            let range = observe(snapshot, watch);
            told["datapoints"] = range.iter().rev().map(shown).collect();
            told["missingTreatedAs"] =
                json!(watch.treat_missing_data.as_deref().unwrap_or("missing"));
            told["wouldBecome"] = json!(decided.state.unwrap_or(alarm.state.value));
        }
        Kind::Composite(composite) => {
            told["rule"] = json!(composite.rule_text);
            let states = composite.rule_children().iter().filter_map(|name| {
                let child = snapshot.get::<Alarm>(name)?;
                Some(json!({ "alarm": child.name, "state": child.state.value }))
            });
            told["children"] = states.collect();
        }
    }
    told["history"] = changes(&history::items_of(snapshot, name));
    Ok(told)
}

fn in_words(watch: &Watch) -> String {
    let what = match &watch.source {
        Source::Metric(metric) => {
            let dimensions: Vec<String> =
                metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!(
                "{} of {}/{} {{{}}}",
                metric.statistic,
                metric.namespace,
                metric.name,
                dimensions.join(", ")
            )
        }
        Source::Queries(queries) => {
            let told: Vec<String> = queries.iter().map(crate::queries::Query::in_words).collect();
            told.join("; ")
        }
    };
    format!(
        "{what} {} {} for {} of the last {} periods of {} s",
        watch.comparison.phrase(),
        java_double(watch.threshold),
        watch.needed(),
        watch.evaluation_periods,
        watch.period()
    )
}

fn shown(point: &Option<Point>) -> Value {
    match point {
        None => json!({ "missing": true }),
        Some(point) => json!({
            "timestamp": point.at.iso_millis(),
            "value": point.value,
            "breaching": point.breaches,
        }),
    }
}

/// The latest changes of state, the newest first, each with the actions that followed.
fn changes(items: &[Arc<Item>]) -> Value {
    let mut told: Vec<Value> = Vec::new();
    let mut actions: Vec<Value> = Vec::new();
    for item in items.iter().rev() {
        match item.item_type {
            ItemType::ConfigurationUpdate => (),
            ItemType::Action => actions.push(json!(item.summary)),
            ItemType::StateUpdate => {
                let data = item.data.value();
                actions.reverse();
                told.push(json!({
                    "at": item.at.iso_millis(),
                    "change": item.summary,
                    "reason": data["newState"]["stateReason"],
                    "actions": std::mem::take(&mut actions),
                }));
            }
        }
        if told.len() == CHANGES {
            break;
        }
    }
    Value::Array(told)
}
