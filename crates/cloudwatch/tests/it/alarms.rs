//! Metric alarms: putting, evaluating, their texts and history.

use crate::harness::{Watched, alarm, datum, dimension, expression, metric};
use api::cloudwatch::{self as cw, ops};
use serde_json::{Value, json};
use smol_str::SmolStr;

#[test]
fn a_new_alarm_has_insufficient_data_and_is_unchecked() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    let shown = cloud.shown("a");
    let (state, reason) = cloud.state();
    assert_eq!((&*state, &*reason), ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"));
    let arn = "arn:aws:cloudwatch:us-west-1:123456789012:alarm:a";
    assert_eq!(shown.alarm_arn.as_deref(), Some(arn));
    assert_eq!(shown.actions_enabled, Some(true));
    let none = Some(Vec::new());
    let actions = (shown.ok_actions, shown.alarm_actions, shown.insufficient_data_actions);
    assert_eq!(actions, (none.clone(), none.clone(), none));
    assert_eq!(shown.dimensions, Some(Vec::new()));
    let unset = (shown.datapoints_to_alarm, shown.treat_missing_data, shown.state_reason_data);
    assert_eq!(unset, (None, None, None));
    assert_eq!((shown.unit, shown.alarm_description, shown.metrics), (None, None, None));
}

#[test]
fn a_breach_raises_the_alarm_at_the_end_of_its_minute() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(21.5);
    cloud.step(50);
    assert_eq!(cloud.state().0, "INSUFFICIENT_DATA");
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "ALARM");
    assert_eq!(
        reason,
        "Threshold Crossed: 1 datapoint [21.5 (28/09/17 05:35:00)] was greater than the threshold \
         (10.0)."
    );
    let data: Value =
        serde_json::from_str(&cloud.shown("a").state_reason_data.expect("data")).expect("JSON");
    assert_eq!(
        data,
        json!({
            "version": "1.0",
            "queryDate": "2017-09-28T05:36:00.000+0000",
            "startDate": "2017-09-28T05:35:00.000+0000",
            "statistic": "Average",
            "period": 60,
            "recentDatapoints": [21.5],
            "threshold": 10.0,
            "evaluatedDatapoints": [
                { "timestamp": "2017-09-28T05:35:00.000+0000", "sampleCount": 1.0, "value": 21.5 },
            ],
        })
    );
}

#[test]
fn alarms_with_datapoints_to_alarm_tell_how_many_out_of_how_many() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| {
        alarm.evaluation_periods = Some(2);
        alarm.datapoints_to_alarm = Some(2);
        alarm.comparison_operator = Some("GreaterThanOrEqualToThreshold".into());
    });
    cloud.put_ago(60, 10.0);
    cloud.put(10.25);
    cloud.to_minute();
    assert_eq!(
        cloud.state().1,
        "Threshold Crossed: 2 out of the last 2 datapoints [10.25 (28/09/17 05:35:00), 10.0 \
         (28/09/17 05:34:00)] were greater than or equal to the threshold (10.0) (minimum 2 \
         datapoints for OK -> ALARM transition)."
    );
    cloud.put(9.0);
    cloud.to_minute();
    assert_eq!(
        cloud.state().1,
        "Threshold Crossed: 1 out of the last 2 datapoints [9.0 (28/09/17 05:36:00)] was not \
         greater than or equal to the threshold (10.0) (minimum 1 datapoint for ALARM -> OK \
         transition)."
    );
}

#[test]
fn five_datapoints_are_listed_in_a_sentence_of_their_own() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| {
        alarm.evaluation_periods = Some(5);
        alarm.datapoints_to_alarm = Some(5);
        alarm.threshold = Some(65.0);
        alarm.comparison_operator = Some("LessThanThreshold".into());
    });
    for minute in 0..5 {
        cloud.put_ago(minute * 60, minute as f64);
    }
    cloud.to_minute();
    assert_eq!(
        cloud.state().1,
        "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold (65.0). \
         The most recent datapoints which crossed the threshold: [0.0 (28/09/17 05:35:00), 1.0 \
         (28/09/17 05:34:00), 2.0 (28/09/17 05:33:00), 3.0 (28/09/17 05:32:00), 4.0 (28/09/17 \
         05:31:00)] (minimum 5 datapoints for OK -> ALARM transition)."
    );
}

#[test]
fn missing_data_treated_as_breaching_raises_the_alarm() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| {
        alarm.evaluation_periods = Some(2);
        alarm.treat_missing_data = Some("breaching".into());
    });
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "ALARM");
    assert_eq!(
        reason,
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints \
         were treated as [Breaching]."
    );
    let data: Value =
        serde_json::from_str(&cloud.shown("a").state_reason_data.expect("data")).expect("JSON");
    assert_eq!((data.get("startDate"), &data["recentDatapoints"]), (None, &json!([])));
}

#[test]
fn missing_data_treated_as_not_breaching_is_ok() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| alarm.treat_missing_data = Some("notBreaching".into()));
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "OK");
    assert_eq!(
        reason,
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was \
         treated as [NonBreaching]."
    );
}

#[test]
fn an_alarm_whose_data_ends_has_insufficient_data_after_a_while() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(1.0);
    cloud.to_minute();
    assert_eq!(cloud.state().0, "OK");
    cloud.step(120);
    assert_eq!(cloud.state().0, "OK", "two more periods are looked back at");
    cloud.step(60);
    let (state, reason) = cloud.state();
    assert_eq!(state, "INSUFFICIENT_DATA");
    assert_eq!(reason, "Insufficient Data: 1 datapoint was unknown.");
}

/// Puts one value a minute, the oldest first (`X` breaches, `-` is none), and looks.
fn after(points: &str, n: i64, m: i64, missing: &str) -> SmolStr {
    let cloud = Watched::new();
    let count = points.len() as i64;
    for (number, point) in points.chars().enumerate() {
        let secs = (count - 1 - number as i64) * 60;
        match point {
            'X' => cloud.put_ago(secs, 99.0),
            '0' => cloud.put_ago(secs, 0.0),
            _ => (),
        }
    }
    cloud.step(53);
    cloud.alarm(|alarm| {
        alarm.evaluation_periods = Some(n);
        alarm.datapoints_to_alarm = Some(m);
        alarm.treat_missing_data = Some(missing.into());
    });
    cloud.to_minute();
    cloud.state().0
}

#[test]
fn missing_data_is_treated_as_the_user_guide_tabulates() {
    let kept = "INSUFFICIENT_DATA";
    for (points, m, [missing, ignore, breaching, not_breaching]) in [
        ("0-X-X", 3, ["OK"; 4]),
        ("0----", 3, ["OK"; 4]),
        ("-----", 3, [kept, kept, "ALARM", "OK"]),
        ("0XX-X", 3, ["ALARM"; 4]),
        ("--X--", 3, ["ALARM", kept, "ALARM", "OK"]),
        ("0-X-X", 2, ["ALARM"; 4]),
        ("00X0X", 2, ["ALARM"; 4]),
        ("0-X--", 2, ["OK", "OK", "ALARM", "OK"]),
        ("----0", 2, ["OK", "OK", "ALARM", "OK"]),
        ("---X-", 2, ["ALARM", kept, "ALARM", "OK"]),
    ] {
        assert_eq!(after(points, 3, m, "missing"), missing, "{points} {m} missing");
        assert_eq!(after(points, 3, m, "ignore"), ignore, "{points} {m} ignore");
        assert_eq!(after(points, 3, m, "breaching"), breaching, "{points} {m} breaching");
        let found = after(points, 3, m, "notBreaching");
        assert_eq!(found, not_breaching, "{points} {m} notBreaching");
    }
}

#[test]
fn an_update_keeps_the_state_and_replaces_everything_else() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| {
        alarm.alarm_description = Some("first".into());
        alarm.unit = Some("Count".into());
        alarm.tags = Some(vec![cw::Tag { key: "k".into(), value: "v".into() }]);
    });
    cloud.set_state("a", "ALARM");
    cloud.alarm(|alarm| alarm.tags = Some(vec![cw::Tag { key: "x".into(), value: "y".into() }]));
    let shown = cloud.shown("a");
    assert_eq!(
        (shown.state_value.as_deref(), shown.state_reason.as_deref()),
        (Some("ALARM"), Some("because"))
    );
    assert_eq!((shown.alarm_description, shown.unit), (None, None));
    let tags = cloud.ok::<ops::ListTagsForResource>(cw::ListTagsForResourceInput {
        resource_arn: shown.alarm_arn.expect("an ARN"),
    });
    assert_eq!(tags.tags, Some(vec![cw::Tag { key: "k".into(), value: "v".into() }]));
}

#[test]
fn what_is_no_rule_is_refused() {
    let cloud = Watched::new();
    for (code, change) in [
        ("ValidationError", (|a| a.period = Some(61)) as fn(&mut cw::PutMetricAlarmInput)),
        ("ValidationError", |a| a.period = None),
        ("ValidationError", |a| a.statistic = None),
        ("ValidationError", |a| a.extended_statistic = Some("p90".into())),
        ("ValidationError", |a| a.threshold = None),
        ("ValidationError", |a| a.comparison_operator = None),
        ("ValidationError", |a| a.metric_name = None),
        ("ValidationError", |a| a.datapoints_to_alarm = Some(2)),
        ("ValidationError", |a| a.treat_missing_data = Some("sometimes".into())),
        ("ValidationError", |a| a.alarm_actions = Some(vec!["nonsense".into()])),
        ("ValidationError", |a| {
            a.alarm_actions = Some(vec!["arn:aws:sns:eu-west-1:123456789012:t".into()]);
        }),
        ("ValidationError", |a| {
            a.statistic = None;
            a.extended_statistic = Some("p101".into());
        }),
        ("ValidationError", |a| a.evaluate_low_sample_count_percentile = Some("ignore".into())),
        ("NotImplemented", |a| a.threshold_metric_id = Some("ad1".into())),
    ] {
        cloud.refuses::<ops::PutMetricAlarm>(alarm(change), code);
    }
    let text = "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must \
                be <= 86400).";
    let long = alarm(|a| a.evaluation_periods = Some(1_441));
    cloud.fails::<ops::PutMetricAlarm>(long, "ValidationError", text);
    cloud.alarm(|a| {
        a.period = Some(3_600);
        a.evaluation_periods = Some(168);
    });
    assert_eq!(cloud.rows("cloudwatch.alarms"), 1);
}

#[test]
fn setting_the_state_of_no_alarm_is_not_found_without_a_word() {
    let cloud = Watched::new();
    let input = |value: &str| cw::SetAlarmStateInput {
        alarm_name: "a".into(),
        state_value: value.into(),
        state_reason: "because".into(),
        state_reason_data: None,
    };
    cloud.fails::<ops::SetAlarmState>(input("OK"), "ResourceNotFound", "");
    assert_eq!(cloud.call::<ops::SetAlarmState>(input("OK")).expect_err("none").status, 404);
    cloud.alarm(|_| ());
    let bad = cw::SetAlarmStateInput { state_reason_data: Some("{".into()), ..input("OK") };
    cloud.refuses::<ops::SetAlarmState>(bad, "InvalidFormat");
}

#[test]
fn a_set_state_lasts_until_the_next_look() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(1.0);
    cloud.to_minute();
    cloud.set_state("a", "ALARM");
    assert_eq!(cloud.state(), ("ALARM".into(), "because".into()));
    assert_eq!(cloud.shown("a").state_reason_data, None);
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "OK");
    assert!(reason.starts_with("Threshold Crossed: 1 datapoint [1.0 "), "{reason}");
}

#[test]
fn alarms_of_ten_seconds_are_looked_at_every_ten_seconds() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| alarm.period = Some(10));
    cloud.put_datum(datum("m", |datum| {
        datum.value = Some(50.0);
        datum.storage_resolution = Some(1);
    }));
    cloud.step(4);
    assert_eq!(cloud.state().0, "ALARM");
}

#[test]
fn periods_of_five_minutes_slide_with_the_minute() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| alarm.period = Some(300));
    cloud.put(50.0);
    cloud.to_minute();
    // From 05:31 to 05:36.
    let reason = cloud.state().1;
    assert!(reason.contains("[50.0 (28/09/17 05:31:00)]"), "{reason}");
}

#[test]
fn percentiles_of_too_few_samples_change_nothing_if_so_wished() {
    let low = |setting: &str| {
        let cloud = Watched::new();
        cloud.alarm(|alarm| {
            alarm.statistic = None;
            alarm.extended_statistic = Some("p90".into());
            alarm.evaluate_low_sample_count_percentile = Some(setting.into());
        });
        cloud.put(50.0);
        cloud.to_minute();
        let few = cloud.state().0;
        cloud.put_datum(datum("m", |datum| {
            datum.values = Some(vec![50.0]);
            datum.counts = Some(vec![100.0]);
        }));
        cloud.to_minute();
        (few, cloud.state().0)
    };
    assert_eq!(low("evaluate"), ("ALARM".into(), "ALARM".into()));
    assert_eq!(low("ignore"), ("INSUFFICIENT_DATA".into(), "ALARM".into()));
}

#[test]
fn alarms_watch_expressions() {
    let cloud = Watched::new();
    let on = |queries: Vec<cw::MetricDataQuery>| {
        alarm(|alarm| {
            *alarm = cw::PutMetricAlarmInput {
                alarm_name: "a".into(),
                metrics: Some(queries),
                evaluation_periods: Some(1),
                threshold: Some(10.0),
                comparison_operator: Some("GreaterThanThreshold".into()),
                ..Default::default()
            };
        })
    };
    let hidden = |query| cw::MetricDataQuery { return_data: Some(false), ..query };
    let queries = vec![hidden(metric("m", "m")), expression("e", "m * 3")];
    cloud.ok::<ops::PutMetricAlarm>(on(queries.clone()));
    assert_eq!(cloud.shown("a").metrics, Some(queries));
    cloud.put(4.0);
    cloud.to_minute();
    let reason = cloud.state().1;
    assert!(reason.contains("[12.0 (28/09/17 05:35:00)]"), "{reason}");
    let two = on(vec![metric("m", "m"), expression("e", "m * 3")]);
    let text = "Exactly one element of the metrics list should return data.";
    cloud.fails::<ops::PutMetricAlarm>(two, "ValidationError", text);
}

#[test]
fn a_look_that_changes_nothing_writes_nothing_but_its_next_time() {
    let cloud = Watched::new();
    for number in 0..50 {
        cloud.alarm(|alarm| alarm.alarm_name = format!("a{number}").into());
    }
    cloud.to_minute();
    let before = cloud.commits();
    cloud.step(600);
    assert_eq!(cloud.commits() - before, 10, "one commit a minute, for all alarms");
}

#[test]
fn run_until_idle_does_not_wait_for_alarms() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    let before = cloud.now();
    cloud.idle();
    assert!(cloud.now().0 - before.0 < 60_000);
}

#[test]
fn alarms_are_described_by_name_prefix_state_and_action() {
    let cloud = Watched::new();
    for name in ["web-1", "web-2", "db"] {
        cloud.alarm(|alarm| {
            alarm.alarm_name = name.into();
            alarm.alarm_actions =
                Some(vec![format!("arn:aws:sns:us-west-1:123456789012:{name}").into()]);
        });
    }
    cloud.set_state("db", "OK");
    let names = |change: &dyn Fn(&mut cw::DescribeAlarmsInput)| {
        let mut input = cw::DescribeAlarmsInput::default();
        change(&mut input);
        let found = cloud.ok::<ops::DescribeAlarms>(input);
        assert!(found.composite_alarms.is_some_and(|list| list.is_empty()));
        found.metric_alarms.into_iter().flatten().filter_map(|a| a.alarm_name).collect::<Vec<_>>()
    };
    assert_eq!(names(&|_| ()), ["db", "web-1", "web-2"]);
    assert_eq!(names(&|input| input.alarm_name_prefix = Some("web".into())), ["web-1", "web-2"]);
    assert_eq!(names(&|input| input.alarm_name_prefix = Some("web-1".into())), ["web-1"]);
    assert_eq!(names(&|input| input.state_value = Some("OK".into())), ["db"]);
    let action = "arn:aws:sns:us-west-1:123456789012:web";
    assert_eq!(names(&|input| input.action_prefix = Some(action.into())), ["web-1", "web-2"]);
    assert_eq!(names(&|input| input.alarm_names = Some(vec!["db".into(), "no".into()])), ["db"]);
    assert_eq!(names(&|input| input.max_records = Some(2)), ["db", "web-1"]);
    let wrong = cw::DescribeAlarmsInput { next_token: Some("no".into()), ..Default::default() };
    cloud.refuses::<ops::DescribeAlarms>(wrong, "InvalidNextToken");
}

#[test]
fn alarms_are_found_by_their_metric() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| alarm.dimensions = Some(vec![dimension("a", "1")]));
    cloud.alarm(|alarm| {
        alarm.alarm_name = "b".into();
        alarm.dimensions = Some(vec![dimension("a", "2")]);
    });
    let found = cloud.ok::<ops::DescribeAlarmsForMetric>(cw::DescribeAlarmsForMetricInput {
        namespace: "Test".into(),
        metric_name: "m".into(),
        dimensions: Some(vec![dimension("a", "2")]),
        ..Default::default()
    });
    let names: Vec<_> =
        found.metric_alarms.into_iter().flatten().filter_map(|a| a.alarm_name).collect();
    assert_eq!(names, ["b"]);
}

#[test]
fn deleting_deletes_what_there_is() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    let delete = |names: &[&str]| cw::DeleteAlarmsInput {
        alarm_names: names.iter().copied().map(SmolStr::new).collect(),
    };
    cloud.ok::<ops::DeleteAlarms>(delete(&["no", "a"]));
    assert_eq!(cloud.rows("cloudwatch.alarms"), 0);
    cloud.refuses::<ops::DeleteAlarms>(delete(&["a"]), "ResourceNotFound");
    assert_eq!(cloud.history("a")[0], ("ConfigurationUpdate".into(), "Alarm \"a\" deleted".into()));
    let before = cloud.commits();
    cloud.step(600);
    assert!(cloud.commits() - before <= 1, "nobody looks when there is nothing to look at");
}

#[test]
fn history_lasts_for_thirty_days() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(21.5);
    cloud.to_minute();
    let told: Vec<_> = cloud.history("a");
    assert_eq!(
        told,
        [
            ("StateUpdate".into(), "Alarm updated from INSUFFICIENT_DATA to ALARM".into()),
            ("ConfigurationUpdate".into(), "Alarm \"a\" created".into()),
        ]
    );
    cloud.ok::<ops::DeleteAlarms>(cw::DeleteAlarmsInput { alarm_names: vec!["a".into()] });
    cloud.step(32 * 86_400);
    assert_eq!(cloud.history("a"), []);
    assert_eq!(cloud.rows("cloudwatch.alarm-history"), 0);
}

#[test]
fn tags_come_and_go() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    let arn = cloud.shown("a").alarm_arn.expect("an ARN");
    let tag = |key: &str, value: &str| cw::Tag { key: key.into(), value: value.into() };
    let list = |arn: &SmolStr| {
        let input = cw::ListTagsForResourceInput { resource_arn: arn.clone() };
        cloud.ok::<ops::ListTagsForResource>(input).tags.expect("a list of tags")
    };
    let input = |tags| cw::TagResourceInput { resource_arn: arn.clone(), tags };
    cloud.ok::<ops::TagResource>(input(vec![tag("a", "1"), tag("b", "2")]));
    assert_eq!(list(&arn), [tag("a", "1"), tag("b", "2")]);
    cloud.refuses::<ops::TagResource>(input(vec![tag("aws:x", "1")]), "ValidationError");
    cloud.ok::<ops::UntagResource>(cw::UntagResourceInput {
        resource_arn: arn.clone(),
        tag_keys: vec!["a".into()],
    });
    assert_eq!(list(&arn), [tag("b", "2")]);
    cloud.ok::<ops::DeleteAlarms>(cw::DeleteAlarmsInput { alarm_names: vec!["a".into()] });
    assert_eq!(list(&arn), []);
    cloud.refuses::<ops::TagResource>(input(vec![tag("a", "1")]), "ResourceNotFoundException");
}

#[test]
fn an_alarm_can_be_explained() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(21.5);
    cloud.to_minute();
    let told = cloud.control("alarms/explain", &json!({ "alarm": "a" }));
    assert_eq!(told["state"], "ALARM");
    let rule = "Average of Test/m {} greater than 10.0 for 1 of the last 1 periods of 60 s";
    assert_eq!(told["rule"], rule);
    assert_eq!(
        told["datapoints"],
        json!([
            { "missing": true },
            { "missing": true },
            { "timestamp": "2017-09-28T05:35:00.000Z", "value": 21.5, "breaching": true },
        ])
    );
    assert_eq!(told["history"][0]["change"], "Alarm updated from INSUFFICIENT_DATA to ALARM");
}
