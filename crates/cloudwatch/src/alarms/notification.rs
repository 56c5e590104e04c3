//! What an alarm tells a topic: the JSON of real notifications.

use super::reasons::instant;
use super::row::{Alarm, Source, StateValue, Watch};
use crate::statistics::{Statistic, shouted};
use api::sns;
use kernel::{ApiError, Caller, Tx};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// Topics take subjects of this length.
const MAX_SUBJECT: usize = 100;

/// `ALARM: "<name>" in US West (N. California)`, cut to what a topic takes: printable ASCII.
pub(super) fn subject(alarm: &Alarm, caller: &Caller) -> SmolStr {
    let is_plain = |c: char| c.is_ascii() && !c.is_ascii_control();
    let name: String = alarm.name.chars().map(|c| if is_plain(c) { c } else { '?' }).collect();
    let subject = format!("{}: \"{name}\" in {}", alarm.state.value.as_str(), region(caller));
    match subject.char_indices().nth(MAX_SUBJECT - 1) {
        Some((end, _)) => format_smolstr!("{}...", &subject[..end - 3]),
        None => subject.into(),
    }
}

fn region(caller: &Caller) -> SmolStr {
    let known = catalogue::region(&caller.region);
    known.map_or_else(|| caller.region.clone(), |region| region.long_name.clone())
}

/// The message.
pub(super) fn message(alarm: &Alarm, caller: &Caller, previous: StateValue) -> Value {
    let mut message = json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": caller.account,
        "AlarmConfigurationUpdatedTimestamp": instant(alarm.configured_at),
        "NewStateValue": alarm.state.value,
        "NewStateReason": alarm.state.reason,
        "StateChangeTime": instant(alarm.state.updated_at),
        "Region": region(caller),
        "AlarmArn": alarm.arn,
        "OldStateValue": previous,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    });
    match &alarm.kind {
        super::row::Kind::Metric(watch) => message["Trigger"] = trigger(watch),
        super::row::Kind::Composite(composite) => {
            message["AlarmRule"] = json!(composite.rule_text);
            if let Some(Ok(data)) = alarm.state.data.as_ref().map(|d| serde_json::from_str::<Value>(d))
            {
                message["TriggeringChildren"] = data["triggeringAlarms"].clone();
            }
        }
    }
    message
}

fn trigger(watch: &Watch) -> Value {
    let mut trigger = json!({});
    match &watch.source {
        Source::Metric(metric) => {
            trigger["MetricName"] = json!(metric.name);
            trigger["Namespace"] = json!(metric.namespace);
            if metric.statistic.parse().is_ok_and(Statistic::is_basic) {
                trigger["StatisticType"] = json!("Statistic");
                trigger["Statistic"] = json!(shouted(&metric.statistic));
            } else {
                trigger["StatisticType"] = json!("ExtendedStatistic");
                trigger["ExtendedStatistic"] = json!(metric.statistic);
            }
            trigger["Unit"] = json!(metric.unit);
            let pair = |(name, value): &(SmolStr, SmolStr)| json!({"value": value, "name": name});
            trigger["Dimensions"] = metric.dimensions.iter().map(pair).collect();
        }
        Source::Queries(queries) => {
            trigger["Metrics"] = queries.iter().map(crate::queries::Query::notified).collect();
        }
    }
    trigger["Period"] = json!(watch.period());
    trigger["EvaluationPeriods"] = json!(watch.evaluation_periods);
    if let Some(needed) = watch.datapoints_to_alarm {
        trigger["DatapointsToAlarm"] = json!(needed);
    }
    trigger["ComparisonOperator"] = json!(watch.comparison.as_str());
    trigger["Threshold"] = json!(watch.threshold);
    trigger["TreatMissingData"] = json!(watch.treat_missing_data.as_deref().unwrap_or("missing"));
    trigger["EvaluateLowSampleCountPercentile"] =
        json!(watch.low_samples.as_deref().unwrap_or_default());
    trigger
}

/// Sends it.
pub(super) fn publish(
    tx: &mut Tx,
    caller: &Caller,
    topic: &SmolStr,
    subject: SmolStr,
    message: &Value,
) -> Result<(), ApiError> {
    let input = sns::PublishInput {
        topic_arn: Some(topic.clone()),
        subject: Some(subject),
        message: message.to_string().into(),
        ..Default::default()
    };
    tx.call::<sns::ops::Publish>(caller, input).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::row::{Comparison, Kind, MetricSource, State};
    use kernel::Timestamp;

    fn alarm(name: &str) -> Alarm {
        let at = Timestamp(1_506_576_906_123);
        Alarm {
            name: name.into(),
            arn: "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a".into(),
            description: None,
            actions_enabled: true,
            ok_actions: Vec::new(),
            alarm_actions: vec!["arn:aws:sns:us-west-1:123456789012:t".into()],
            insufficient_data_actions: Vec::new(),
            created_at: at,
            configured_at: at,
            tags: kernel::Tags::default(),
            kind: Kind::Metric(Box::new(Watch {
                source: Source::Metric(MetricSource {
                    namespace: "AWS/EC2".into(),
                    name: "CPUUtilization".into(),
                    dimensions: vec![("InstanceId".into(), "i-1".into())],
                    statistic: "Average".into(),
                    unit: None,
                    period: 60,
                }),
                evaluation_periods: 2,
                datapoints_to_alarm: None,
                threshold: 10.0,
                comparison: Comparison::Greater,
                treat_missing_data: None,
                low_samples: None,
                by_wall_clock: false,
            })),
            state: State {
                value: StateValue::Alarm,
                reason: "because".into(),
                data: None,
                updated_at: at,
                transitioned_at: at,
            },
        }
    }

    #[test]
    fn a_topic_is_told_in_the_words_of_real_notifications() {
        let caller = Caller::new("123456789012", "us-west-1");
        let message = message(&alarm("a"), &caller, StateValue::Ok);
        assert_eq!(
            message,
            json!({
                "AlarmName": "a",
                "AlarmDescription": null,
                "AWSAccountId": "123456789012",
                "AlarmConfigurationUpdatedTimestamp": "2017-09-28T05:35:06.123+0000",
                "NewStateValue": "ALARM",
                "NewStateReason": "because",
                "StateChangeTime": "2017-09-28T05:35:06.123+0000",
                "Region": "US West (N. California)",
                "AlarmArn": "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a",
                "OldStateValue": "OK",
                "OKActions": [],
                "AlarmActions": ["arn:aws:sns:us-west-1:123456789012:t"],
                "InsufficientDataActions": [],
                "Trigger": {
                    "MetricName": "CPUUtilization",
                    "Namespace": "AWS/EC2",
                    "StatisticType": "Statistic",
                    "Statistic": "AVERAGE",
                    "Unit": null,
                    "Dimensions": [{ "value": "i-1", "name": "InstanceId" }],
                    "Period": 60,
                    "EvaluationPeriods": 2,
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Threshold": 10.0,
                    "TreatMissingData": "missing",
                    "EvaluateLowSampleCountPercentile": "",
                },
            })
        );
    }

    #[test]
    fn the_subject_names_state_alarm_and_region_and_fits_a_topic() {
        let caller = Caller::new("123456789012", "us-west-1");
        let text = "ALARM: \"a\" in US West (N. California)";
        assert_eq!(subject(&alarm("a"), &caller), text);
        assert!(subject(&alarm(&"long".repeat(60)), &caller).chars().count() <= 100);
    }
}
