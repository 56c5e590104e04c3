//! PutMetricAlarm (API reference). An update keeps the state and replaces everything else.

use super::evaluate;
use super::history::{self, ItemType};
use super::row::{Alarm, Comparison, Kind, MetricSource, Source, State, StateValue, Watch};
use crate::errors;
use crate::metric_data::{checked_dimensions, units};
use crate::queries;
use crate::statistics::Statistic;
use crate::tags;
use api::cloudwatch::{PutMetricAlarmInput, Tag};
use kernel::{ApiError, Arn, Caller, Snapshot, Tx, partition_of};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

/// Alarms of an account in a region ("CloudWatch service quotas"): not limited in number there;
/// here so that one look stays bounded.
const MAX_ALARMS: usize = 100_000;
const DAY: i64 = 86_400;

pub(super) fn put_metric_alarm(
    tx: &mut Tx,
    caller: &Caller,
    input: PutMetricAlarmInput,
) -> Result<(), ApiError> {
    refuse_unbuilt(&input)?;
    let watch = Watch {
        source: source(&input)?,
        evaluation_periods: required(input.evaluation_periods, "EvaluationPeriods")?,
        datapoints_to_alarm: input.datapoints_to_alarm,
        threshold: required(input.threshold, "Threshold")?,
        comparison: comparison(input.comparison_operator.as_deref())?,
        treat_missing_data: input.treat_missing_data.clone(),
        low_samples: input.evaluate_low_sample_count_percentile.clone(),
        by_wall_clock: wall_clock(&input)?,
    };
    check_rule(&watch)?;
    let common = Common {
        name: input.alarm_name,
        description: input.alarm_description,
        actions_enabled: input.actions_enabled,
        ok_actions: input.ok_actions,
        alarm_actions: input.alarm_actions,
        insufficient_data_actions: input.insufficient_data_actions,
        tags: input.tags.unwrap_or_default(),
    };
    let name = common.name.clone();
    put(tx, caller, common, Kind::Metric(Box::new(watch)))?;
    evaluate::schedule(tx, &name);
    Ok(())
}

/// What alarms of both kinds have.
pub(super) struct Common {
    pub(super) name: SmolStr,
    pub(super) description: Option<SmolStr>,
    pub(super) actions_enabled: Option<bool>,
    pub(super) ok_actions: Option<Vec<SmolStr>>,
    pub(super) alarm_actions: Option<Vec<SmolStr>>,
    pub(super) insufficient_data_actions: Option<Vec<SmolStr>>,
    pub(super) tags: Vec<Tag>,
}

/// Makes or replaces an alarm.
pub(super) fn put(
    tx: &mut Tx,
    caller: &Caller,
    common: Common,
    kind: Kind,
) -> Result<(), ApiError> {
    let now = tx.now();
    let is_metric = matches!(kind, Kind::Metric(_));
    let lists = [&common.ok_actions, &common.alarm_actions, &common.insufficient_data_actions];
    for arn in lists.into_iter().flatten().flatten() {
        check_action(caller, arn, is_metric)?;
    }
    let tags = tags::checked(&common.tags)?;
    tags::check_owner(caller, &tags)?;
    let old = tx.get::<Alarm>(&common.name);
    if old.as_ref().is_some_and(|old| old.watch().is_some() != is_metric) {
        let other = if is_metric { "composite" } else { "metric" };
        return Err(errors::validation(format!(
            "An alarm of another type ({other}) with the name {} already exists.",
            common.name
        )));
    }
    if old.is_none() && tx.count::<Alarm>() >= MAX_ALARMS {
        return Err(errors::limit_exceeded("The maximum limit of alarms has been reached."));
    }
    let fresh = State {
        value: StateValue::InsufficientData,
        reason: "Unchecked: Initial alarm creation".into(),
        data: None,
        updated_at: now,
        transitioned_at: now,
    };
    let alarm = Alarm {
        arn: caller.arn("cloudwatch", format_smolstr!("alarm:{}", common.name)),
        description: common.description,
        actions_enabled: common.actions_enabled.unwrap_or(true),
        ok_actions: common.ok_actions.unwrap_or_default(),
        alarm_actions: common.alarm_actions.unwrap_or_default(),
        insufficient_data_actions: common.insufficient_data_actions.unwrap_or_default(),
        created_at: old.as_ref().map_or(now, |old| old.created_at),
        configured_at: now,
        // "If you use this operation to update an existing alarm, any tags you specify in this
        // operation are ignored."
        tags: old.as_ref().map_or(tags, |old| old.tags.clone()),
        state: old.as_ref().map_or(fresh, |old| old.state.clone()),
        name: common.name,
        kind,
    };
    let (verb, kind) = match old {
        None => ("created", "Create"),
        Some(_) => ("updated", "Update"),
    };
    let summary = format_smolstr!("Alarm \"{}\" {verb}", alarm.name);
    let data = json!({ "type": kind, "version": "1.0", "updatedAlarm": describe(&alarm) });
    history::write(tx, &alarm, ItemType::ConfigurationUpdate, summary, data);
    tx.put(alarm);
    Ok(())
}

/// The configuration as the history has it.
fn describe(alarm: &Alarm) -> serde_json::Value {
    let mut shown = json!({
        "alarmName": alarm.name,
        "alarmArn": alarm.arn,
        "alarmDescription": alarm.description,
        "actionsEnabled": alarm.actions_enabled,
        "okActions": alarm.ok_actions,
        "alarmActions": alarm.alarm_actions,
        "insufficientDataActions": alarm.insufficient_data_actions,
        "stateValue": alarm.state.value,
    });
    if let Some(watch) = alarm.watch() {
        shown["threshold"] = json!(watch.threshold);
        shown["comparisonOperator"] = json!(watch.comparison.as_str());
        shown["evaluationPeriods"] = json!(watch.evaluation_periods);
        if let Source::Metric(metric) = &watch.source {
            shown["namespace"] = json!(metric.namespace);
            shown["metricName"] = json!(metric.name);
            shown["statistic"] = json!(metric.statistic);
            shown["period"] = json!(metric.period);
            let pair = |(name, value): &(SmolStr, SmolStr)| json!({"name": name, "value": value});
            shown["dimensions"] = metric.dimensions.iter().map(pair).collect();
        }
    }
    shown
}

fn required<T: Copy>(value: Option<T>, member: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| errors::validation(format!("{member} must be specified.")))
}

/// Parts of AWS's alarms that are not built here.
fn refuse_unbuilt(input: &PutMetricAlarmInput) -> Result<(), ApiError> {
    let unbuilt = [
        (input.threshold_metric_id.is_some(), "ThresholdMetricId (anomaly detection)"),
        (input.evaluation_criteria.is_some(), "EvaluationCriteria"),
        (input.evaluation_interval.is_some(), "EvaluationInterval"),
        (input.warm_up_configuration.is_some(), "WarmUpConfiguration"),
        (input.action_configuration.is_some(), "ActionConfiguration"),
    ];
    match unbuilt.iter().find(|(is_given, _)| *is_given) {
        Some((_, member)) => {
            Err(ApiError::not_implemented(format_args!("cloudwatch:PutMetricAlarm with {member}")))
        }
        None => Ok(()),
    }
}

fn wall_clock(input: &PutMetricAlarmInput) -> Result<bool, ApiError> {
    let Some(window) = &input.evaluation_window else { return Ok(false) };
    match (&window.wall_clock_window, &window.sliding_window) {
        (Some(_), Some(_)) => Err(errors::validation(
            "Exactly one of WallClockWindow and SlidingWindow must be specified.",
        )),
        (Some(clock), None) if clock.timezone.as_ref().is_some_and(|zone| zone != "UTC") => {
            Err(ApiError::not_implemented("cloudwatch:PutMetricAlarm with a Timezone but UTC"))
        }
        (clock, _) => Ok(clock.is_some()),
    }
}

fn source(input: &PutMetricAlarmInput) -> Result<Source, ApiError> {
    let single = [
        (input.metric_name.is_some(), "MetricName"),
        (input.namespace.is_some(), "Namespace"),
        (input.period.is_some(), "Period"),
        (input.statistic.is_some(), "Statistic"),
        (input.extended_statistic.is_some(), "ExtendedStatistic"),
        (input.unit.is_some(), "Unit"),
        (input.dimensions.as_ref().is_some_and(|d| !d.is_empty()), "Dimensions"),
    ];
    if let Some(queries) = input.metrics.as_deref().filter(|queries| !queries.is_empty()) {
        if let Some((_, member)) = single.iter().find(|(is_given, _)| *is_given) {
            return Err(errors::validation(format!(
                "{member} must not be specified when Metrics is specified."
            )));
        }
        return Ok(Source::Queries(queries::for_alarm(queries)?));
    }
    let (Some(name), Some(namespace)) = (&input.metric_name, &input.namespace) else {
        return Err(errors::validation(
            "Both MetricName and Namespace, or Metrics, must be specified.",
        ));
    };
    let statistic = match (&input.statistic, &input.extended_statistic) {
        (Some(statistic), None) => statistic,
        (None, Some(extended)) => {
            let parsed = extended.parse::<Statistic>();
            if !parsed.is_ok_and(|statistic| !statistic.is_basic()) {
                return Err(errors::validation(format!(
                    "The value {extended} for parameter ExtendedStatistic is not supported."
                )));
            }
            extended
        }
        _ => {
            return Err(errors::validation(
                "Exactly one of Statistic and ExtendedStatistic must be specified.",
            ));
        }
    };
    if let Some(unit) = input.unit.as_deref().filter(|unit| units::number(unit).is_none()) {
        return Err(errors::bad_parameter(unit, "Unit"));
    }
    let period = required(input.period, "Period")?;
    if !matches!(period, 10 | 20 | 30) && (period <= 0 || period % 60 != 0) {
        return Err(errors::validation("Period must be 10, 20, 30 or a multiple of 60."));
    }
    Ok(Source::Metric(MetricSource {
        namespace: namespace.clone(),
        name: name.clone(),
        dimensions: checked_dimensions(input.dimensions.as_deref(), "Dimensions")?,
        statistic: statistic.clone(),
        unit: input.unit.clone(),
        period,
    }))
}

fn comparison(operator: Option<&str>) -> Result<Comparison, ApiError> {
    let Some(operator) = operator else {
        return Err(errors::validation("ComparisonOperator must be specified."));
    };
    // The model admits three more, which compare with a band.
    Comparison::from_text(operator).ok_or_else(|| {
        errors::validation(format!(
            "ComparisonOperator {operator} requires ThresholdMetricId to be specified."
        ))
    })
}

fn check_rule(watch: &Watch) -> Result<(), ApiError> {
    let missing = ["breaching", "notBreaching", "ignore", "missing"];
    if let Some(word) = watch.treat_missing_data.as_deref().filter(|w| !missing.contains(w)) {
        return Err(errors::validation(format!(
            "Value {word} is not valid for TreatMissingData. Valid values are: [breaching, \
             notBreaching, ignore, missing]."
        )));
    }
    if let Some(word) = watch.low_samples.as_deref() {
        if !["evaluate", "ignore"].contains(&word) {
            return Err(errors::validation(format!(
                "Value {word} is not valid for EvaluateLowSampleCountPercentile. Valid values \
                 are: [evaluate, ignore]."
            )));
        }
        let is_percentile = |metric: &MetricSource| {
            metric.statistic.parse().is_ok_and(|s| matches!(s, Statistic::Percentile(_)))
        };
        if !matches!(&watch.source, Source::Metric(metric) if is_percentile(metric)) {
            return Err(errors::validation(
                "EvaluateLowSampleCountPercentile can only be specified for percentiles.",
            ));
        }
    }
    if watch.needed() > watch.evaluation_periods || watch.needed() < 1 {
        return Err(errors::validation(
            "DatapointsToAlarm must be between 1 and EvaluationPeriods.",
        ));
    }
    if !watch.threshold.is_finite() {
        return Err(errors::validation("Threshold must be a number."));
    }
    let period = watch.period();
    let checked = watch.evaluation_periods.saturating_mul(period);
    if period >= 3_600 && checked > 7 * DAY {
        return Err(errors::validation(
            "Metrics cannot be checked across more than 7 days (EvaluationPeriods * Period must \
             be <= 604800).",
        ));
    }
    if period < 3_600 && checked > DAY {
        return Err(errors::validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be \
             <= 86400).",
        ));
    }
    Ok(())
}

/// Whether an alarm can have such an action. Composite alarms have none of EC2's or Auto
/// Scaling's.
fn check_action(caller: &Caller, arn: &str, is_metric: bool) -> Result<(), ApiError> {
    let syntax = || errors::validation(format!("Invalid arn syntax: {arn}"));
    let parsed = Arn::parse(arn).ok_or_else(syntax)?;
    let is_known = match parsed.service {
        "sns" | "lambda" | "ssm" | "ssm-incidents" | "aiops" => true,
        "autoscaling" | "automate" | "swf" => is_metric,
        _ => false,
    };
    if !is_known || parsed.partition != partition_of(&caller.region) {
        return Err(syntax());
    }
    if !parsed.region.is_empty() && parsed.region != caller.region {
        return Err(errors::validation(format!(
            "Invalid region {} specified. Only {} is supported.",
            parsed.region, caller.region
        )));
    }
    Ok(())
}

/// Whether any alarm is watched.
pub(super) fn has_watches(snapshot: &Snapshot, index: &str) -> bool {
    snapshot.rows_by::<Alarm>(index, "").next().is_some()
}
