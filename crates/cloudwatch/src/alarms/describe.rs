//! DescribeAlarms and DescribeAlarmsForMetric (API reference).

use super::row::{Alarm, Kind, Source, metric_index};
use crate::errors;
use crate::metric_data::sorted;
use api::cloudwatch::{
    CompositeAlarm, DescribeAlarmsForMetricInput, DescribeAlarmsForMetricOutput,
    DescribeAlarmsInput, DescribeAlarmsOutput, MetricAlarm,
};
use kernel::{ApiError, Caller, Snapshot, paginate};
use smol_str::SmolStr;
use std::sync::Arc;

const PAGE: i64 = 50;

pub(super) fn describe_alarms(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAlarmsInput,
) -> Result<DescribeAlarmsOutput, ApiError> {
    let names = input.alarm_names.as_deref().unwrap_or_default();
    if !names.is_empty() && input.alarm_name_prefix.is_some() {
        return Err(errors::validation(
            "AlarmNamePrefix and AlarmNames must not be specified together.",
        ));
    }
    if input.children_of_alarm_name.is_some() || input.parents_of_alarm_name.is_some() {
        return relatives(snapshot, &input);
    }
    // "If you omit this parameter, only metric alarms are returned, even if composite alarms
    // exist in the account."
    let types = input.alarm_types.as_deref().unwrap_or_default();
    let wants = |kind: &Kind| match (types, kind) {
        ([], Kind::Metric(_)) => true,
        (types, Kind::Metric(_)) => types.iter().any(|t| t == "MetricAlarm"),
        (types, Kind::Composite(_)) => types.iter().any(|t| t == "CompositeAlarm"),
    };
    let is_wanted = |alarm: &Alarm| {
        let lists = [&alarm.ok_actions, &alarm.alarm_actions, &alarm.insufficient_data_actions];
        wants(&alarm.kind)
            && input.state_value.as_ref().is_none_or(|value| value == alarm.state.value.as_str())
            && input.action_prefix.as_ref().is_none_or(|prefix| {
                lists.into_iter().flatten().any(|arn| arn.starts_with(prefix.as_str()))
            })
    };
    let mut found = candidates(snapshot, &input);
    found.retain(|alarm| is_wanted(alarm));
    answer(&input, &found, Alarm::render_metric, Alarm::render_composite)
}

/// Alarms that may be meant, in the order of their names.
fn candidates(snapshot: &Snapshot, input: &DescribeAlarmsInput) -> Vec<Arc<Alarm>> {
    let mut found: Vec<Arc<Alarm>> =
        match (&input.alarm_names, &input.alarm_name_prefix, &input.action_prefix) {
            (Some(names), ..) if !names.is_empty() => {
                names.iter().filter_map(|name| snapshot.get::<Alarm>(name)).collect()
            }
            (_, Some(prefix), _) => {
                let first = snapshot.get::<Alarm>(prefix);
                let more = snapshot.rows_after::<Alarm>(prefix);
                let more = more.take_while(|alarm| alarm.name.starts_with(prefix.as_str()));
                first.into_iter().chain(more.cloned()).collect()
            }
            (_, None, Some(action)) => {
                let arns = snapshot.index_values::<Alarm>("action", action);
                let with = |arn: &SmolStr| snapshot.rows_by::<Alarm>("action", arn);
                arns.iter().flat_map(with).cloned().collect()
            }
            (_, None, None) => snapshot.rows::<Alarm>().cloned().collect(),
        };
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    found
}

fn answer(
    input: &DescribeAlarmsInput,
    found: &[Arc<Alarm>],
    metric: fn(&Alarm) -> Option<MetricAlarm>,
    composite: fn(&Alarm) -> Option<CompositeAlarm>,
) -> Result<DescribeAlarmsOutput, ApiError> {
    let page = paginate(
        "DescribeAlarms",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(PAGE).clamp(1, 100) as usize,
        |after| {
            let after = SmolStr::new(after);
            found.iter().filter(move |alarm| alarm.name > after)
        },
        |alarm| alarm.name.clone(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok(DescribeAlarmsOutput {
        metric_alarms: Some(page.items.iter().filter_map(|alarm| metric(alarm)).collect()),
        composite_alarms: Some(page.items.iter().filter_map(|alarm| composite(alarm)).collect()),
        log_alarms: None,
        next_token: page.next,
    })
}

/// Children and parents of a composite alarm, told in a few words; no other condition may be
/// given with them.
fn relatives(
    snapshot: &Snapshot,
    input: &DescribeAlarmsInput,
) -> Result<DescribeAlarmsOutput, ApiError> {
    let others = [
        input.alarm_names.as_ref().is_some_and(|names| !names.is_empty()),
        input.alarm_name_prefix.is_some(),
        input.alarm_types.as_ref().is_some_and(|types| !types.is_empty()),
        input.state_value.is_some(),
        input.action_prefix.is_some(),
        input.children_of_alarm_name.is_some() && input.parents_of_alarm_name.is_some(),
    ];
    if others.contains(&true) {
        return Err(errors::validation(
            "ChildrenOfAlarmName and ParentsOfAlarmName can only be combined with MaxRecords and \
             NextToken.",
        ));
    }
    if let Some(parent) = &input.children_of_alarm_name {
        let alarm = snapshot.get::<Alarm>(parent);
        let Some(Kind::Composite(composite)) = alarm.as_ref().map(|alarm| &alarm.kind) else {
            return Err(errors::validation(format!("{parent} is not a composite alarm.")));
        };
        let children = composite.rule_children();
        let found: Vec<Arc<Alarm>> =
            children.iter().filter_map(|name| snapshot.get::<Alarm>(name)).collect();
        return answer(input, &found, child_metric, child_composite);
    }
    let child = input.parents_of_alarm_name.as_deref().unwrap_or_default();
    let parents = snapshot.rows_by::<Alarm>("child", child).cloned();
    let speaks_of = |alarm: &Alarm| match &alarm.kind {
        Kind::Composite(composite) => composite.rule_children().iter().any(|name| name == child),
        Kind::Metric(_) => false,
    };
    let found: Vec<Arc<Alarm>> = parents.filter(|alarm| speaks_of(alarm)).collect();
    answer(input, &found, |_| None, parent_composite)
}

fn child_metric(alarm: &Alarm) -> Option<MetricAlarm> {
    let shown = alarm.render_metric()?;
    Some(MetricAlarm {
        alarm_name: shown.alarm_name,
        alarm_arn: shown.alarm_arn,
        state_value: shown.state_value,
        state_updated_timestamp: shown.state_updated_timestamp,
        ..Default::default()
    })
}

fn child_composite(alarm: &Alarm) -> Option<CompositeAlarm> {
    let shown = alarm.render_composite()?;
    Some(CompositeAlarm {
        alarm_name: shown.alarm_name,
        alarm_arn: shown.alarm_arn,
        state_value: shown.state_value,
        state_updated_timestamp: shown.state_updated_timestamp,
        ..Default::default()
    })
}

fn parent_composite(alarm: &Alarm) -> Option<CompositeAlarm> {
    let shown = alarm.render_composite()?;
    Some(CompositeAlarm {
        alarm_name: shown.alarm_name,
        alarm_arn: shown.alarm_arn,
        ..Default::default()
    })
}

/// Alarms on a single metric; those on expressions are not told.
pub(super) fn describe_alarms_for_metric(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAlarmsForMetricInput,
) -> Result<DescribeAlarmsForMetricOutput, ApiError> {
    let dimensions = sorted(input.dimensions.as_deref());
    let index = metric_index(&input.namespace, &input.metric_name);
    let statistic = input.statistic.as_ref().or(input.extended_statistic.as_ref());
    let is_wanted = |alarm: &Alarm| {
        let Some(Source::Metric(metric)) = alarm.watch().map(|watch| &watch.source) else {
            return false;
        };
        metric.dimensions == dimensions
            && statistic.is_none_or(|wanted| *wanted == metric.statistic)
            && input.period.is_none_or(|wanted| wanted == metric.period)
            && input.unit.as_ref().is_none_or(|wanted| metric.unit.as_ref() == Some(wanted))
    };
    let found = snapshot.rows_by::<Alarm>("metric", &index).filter(|alarm| is_wanted(alarm));
    Ok(DescribeAlarmsForMetricOutput {
        metric_alarms: Some(found.filter_map(|alarm| alarm.render_metric()).collect()),
    })
}
