//! Putting, listing and reading metrics.

use crate::harness::{Watched, data, datum, dimension, metric};
use api::cloudwatch::{self as cw, ops};
use smol_str::SmolStr;

#[test]
fn value_and_values_exclude_each_other() {
    let cloud = Watched::new();
    let both = datum("m", |datum| {
        datum.value = Some(1.0);
        datum.values = Some(vec![1.0]);
    });
    cloud.fails::<ops::PutMetricData>(
        data(vec![both]),
        "InvalidParameterCombination",
        "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually \
         exclusive and you have specified both.",
    );
}

#[test]
fn values_and_counts_must_be_of_the_same_size() {
    let cloud = Watched::new();
    let uneven = datum("m", |datum| {
        datum.values = Some(vec![1.0, 2.0]);
        datum.counts = Some(vec![1.0]);
    });
    cloud.fails::<ops::PutMetricData>(
        data(vec![uneven]),
        "InvalidParameterValue",
        "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the \
         same size.",
    );
}

#[test]
fn ten_values_of_a_minute_make_one_datapoint() {
    let cloud = Watched::new();
    for value in 0..10 {
        cloud.put(f64::from(value));
    }
    let points = cloud.statistics(60, |_| ());
    assert_eq!(points.len(), 1);
    assert_eq!(
        points[0],
        cw::Datapoint {
            timestamp: Some(kernel::Timestamp(1_506_576_900_000)),
            sample_count: Some(10.0),
            average: Some(4.5),
            sum: Some(45.0),
            minimum: Some(0.0),
            maximum: Some(9.0),
            unit: Some("None".into()),
            extended_statistics: None,
        }
    );
}

#[test]
fn counts_weigh_their_values() {
    let cloud = Watched::new();
    cloud.put_datum(datum("m", |datum| {
        datum.values = Some(vec![10.0, 1.0]);
        datum.counts = Some(vec![2.0, 8.0]);
    }));
    let points = cloud.statistics(60, |input| {
        input.extended_statistics = Some(vec!["p80".into(), "p90".into()]);
    });
    assert_eq!((points[0].sum, points[0].sample_count), (Some(28.0), Some(10.0)));
    let extended: Vec<(SmolStr, f64)> = vec![("p80".into(), 1.0), ("p90".into(), 10.0)];
    assert_eq!(points[0].extended_statistics, Some(extended));
}

#[test]
fn what_cannot_be_put_is_refused_and_keeps_nothing() {
    let cloud = Watched::new();
    let value = |change: fn(&mut cw::MetricDatum)| {
        data(vec![
            datum("fine", |datum| datum.value = Some(1.0)),
            datum("m", |datum| {
                datum.value = Some(1.0);
                change(datum);
            }),
        ])
    };
    let now = cloud.now();
    let mut aws = value(|_| ());
    aws.namespace = "AWS/EC2".into();
    let invalid = "The value AWS/ for parameter Namespace is invalid.";
    cloud.fails::<ops::PutMetricData>(aws, "InvalidParameterValue", invalid);
    for (datum, code, message) in [
        (
            value(|d| d.value = Some(f64::NAN)),
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.2.Value is invalid.",
        ),
        (
            value(|d| d.value = Some(2.0_f64.powi(361))),
            "InvalidParameterValue",
            "The value 4.6970851655476665E108 for parameter MetricData.member.2.Value is invalid.",
        ),
        (
            value(|d| d.storage_resolution = Some(5)),
            "InvalidParameterValue",
            "The value 5 for parameter MetricData.member.2.StorageResolution is invalid.",
        ),
        (
            value(|d| d.unit = Some("Furlongs".into())),
            "InvalidParameterValue",
            "The value Furlongs for parameter MetricData.member.2.Unit is invalid.",
        ),
    ] {
        cloud.fails::<ops::PutMetricData>(datum, code, message);
    }
    let at = |secs: i64| {
        data(vec![datum("m", |datum| {
            datum.value = Some(1.0);
            datum.timestamp = Some(now.plus_secs(secs));
        })])
    };
    cloud.refuses::<ops::PutMetricData>(at(-14 * 86_400 - 1), "InvalidParameterValue");
    cloud.refuses::<ops::PutMetricData>(at(7_201), "InvalidParameterValue");
    cloud.refuses::<ops::PutMetricData>(value(|d| d.value = None), "MissingParameter");
    cloud.refuses::<ops::PutMetricData>(data(Vec::new()), "MissingParameter");
    let many = (0..1_001).map(|_| datum("m", |d| d.value = Some(1.0))).collect();
    cloud.refuses::<ops::PutMetricData>(data(many), "InvalidParameterValue");
    let twice = value(|d| d.dimensions = Some(vec![dimension("a", "1"), dimension("a", "2")]));
    cloud.refuses::<ops::PutMetricData>(twice, "InvalidParameterValue");
    let swapped = data(vec![datum("m", |d| {
        d.statistic_values =
            Some(cw::StatisticSet { sample_count: 1.0, sum: 1.0, minimum: 2.0, maximum: 1.0 });
    })]);
    cloud.refuses::<ops::PutMetricData>(swapped, "InvalidParameterValue");
    assert_eq!((cloud.rows("cloudwatch.metrics"), cloud.rows("cloudwatch.points")), (0, 0));
    cloud.ok::<ops::PutMetricData>(at(-14 * 86_400));
    cloud.ok::<ops::PutMetricData>(at(7_200));
}

#[test]
fn a_metric_is_known_by_its_whole_set_of_dimensions() {
    let cloud = Watched::new();
    let both = vec![dimension("b", "2"), dimension("a", "1")];
    cloud.put_datum(datum("m", |datum| {
        datum.value = Some(1.0);
        datum.dimensions = Some(both.clone());
    }));
    let with = |dimensions: Vec<cw::Dimension>| {
        cloud.statistics(60, |input| input.dimensions = Some(dimensions)).len()
    };
    assert_eq!(with(both), 1);
    assert_eq!(with(vec![dimension("a", "1"), dimension("b", "2")]), 1);
    assert_eq!(with(vec![dimension("a", "1")]), 0);
    assert_eq!(with(Vec::new()), 0);
}

#[test]
fn each_unit_gives_datapoints_of_its_own() {
    let cloud = Watched::new();
    for (unit, value) in [("Seconds", 1.0), ("Milliseconds", 500.0)] {
        cloud.put_datum(datum("m", |datum| {
            datum.value = Some(value);
            datum.unit = Some(unit.into());
        }));
    }
    let mut sums: Vec<_> =
        cloud.statistics(60, |_| ()).into_iter().map(|p| (p.unit, p.sum)).collect();
    sums.sort_by(|a, b| a.0.cmp(&b.0));
    let milliseconds = (Some(SmolStr::new("Milliseconds")), Some(500.0));
    let seconds = (Some(SmolStr::new("Seconds")), Some(1.0));
    assert_eq!(sums, [milliseconds, seconds.clone()]);
    let only = cloud.statistics(60, |input| input.unit = Some("Seconds".into()));
    assert_eq!(only.into_iter().map(|p| (p.unit, p.sum)).collect::<Vec<_>>(), [seconds]);
    let result = &cloud.query(60, vec![metric("q", "m")])[0];
    assert_eq!(result.values, Some(vec![500.0]));
    let message =
        result.messages.as_ref().and_then(|messages| messages.first()).expect("a message");
    assert_eq!(message.code.as_deref(), Some("MultipleUnits"));
    let text = "Multiple units returned: '[Milliseconds, Seconds]'";
    assert_eq!(message.value.as_deref(), Some(text));
}

#[test]
fn statistics_check_their_range_and_what_they_are_asked_for() {
    let cloud = Watched::new();
    let input = |change: fn(&mut cw::GetMetricStatisticsInput)| {
        let mut input = cw::GetMetricStatisticsInput {
            namespace: "Test".into(),
            metric_name: "m".into(),
            start_time: cloud.now().plus_secs(-86_400),
            end_time: cloud.now(),
            period: 60,
            statistics: Some(vec!["Sum".into()]),
            ..Default::default()
        };
        change(&mut input);
        input
    };
    cloud.ok::<ops::GetMetricStatistics>(input(|_| ()));
    cloud.fails::<ops::GetMetricStatistics>(
        input(|input| input.period = 1),
        "InvalidParameterCombination",
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may \
         reduce the datapoints requested by increasing Period, or decreasing the time range.",
    );
    cloud.fails::<ops::GetMetricStatistics>(
        input(|input| input.start_time = input.end_time),
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    );
    let nothing = input(|input| input.statistics = None);
    cloud.refuses::<ops::GetMetricStatistics>(nothing, "MissingParameter");
    for period in [0, -60, 7, 90] {
        let mut odd = input(|_| ());
        odd.period = period;
        cloud.refuses::<ops::GetMetricStatistics>(odd, "InvalidParameterValue");
    }
    let unknown = input(|input| input.extended_statistics = Some(vec!["p101".into()]));
    cloud.refuses::<ops::GetMetricStatistics>(unknown, "InvalidParameterValue");
}

#[test]
fn periods_of_statistics_are_counted_from_the_start() {
    let cloud = Watched::new();
    for minutes in 0..4 {
        cloud.put_ago(minutes * 60, 1.0);
    }
    // From 05:32:06, rounded down to the minute, by five minutes.
    let points = cloud.statistics(180, |input| input.period = 300);
    let told: Vec<_> = points.iter().map(|p| (p.timestamp, p.sum)).collect();
    assert_eq!(told, [(Some(kernel::Timestamp(1_506_576_720_000)), Some(4.0))]);
}

#[test]
fn statistic_sets_hide_percentiles_unless_their_values_are_the_same() {
    let cloud = Watched::new();
    let percentile = || {
        cloud.statistics(60, |input| {
            input.statistics = None;
            input.extended_statistics = Some(vec!["p50".into()]);
        })
    };
    let set = |count: f64, sum: f64, minimum: f64, maximum: f64| {
        cloud.put_datum(datum("m", |datum| {
            datum.statistic_values =
                Some(cw::StatisticSet { sample_count: count, sum, minimum, maximum });
        }));
    };
    set(3.0, 12.0, 4.0, 4.0);
    let p50 = vec![(SmolStr::new("p50"), 4.0)];
    assert_eq!(percentile()[0].extended_statistics, Some(p50));
    set(2.0, 3.0, 1.0, 2.0);
    assert_eq!(percentile(), []);
}

#[test]
fn high_resolution_lasts_for_three_hours() {
    let cloud = Watched::new();
    for value in [1.0, 2.0, 3.0] {
        cloud.put_datum(datum("m", |datum| {
            datum.value = Some(value);
            datum.storage_resolution = Some(1);
        }));
        cloud.step(10);
    }
    let fine = |age: i64| {
        let points = cloud.statistics(age + 60, |input| {
            input.period = 10;
            input.end_time = input.start_time.plus_secs(600);
        });
        points.into_iter().map(|p| p.sum.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(fine(30), [1.0, 2.0, 3.0]);
    cloud.step(3 * 3_600);
    assert_eq!(fine(3 * 3_600 + 30), [0.0; 0], "it is only there by the minute now");
    cloud.step(2 * 3_600);
    assert!(cloud.rows("cloudwatch.points") <= 2, "seconds became minutes");
    let points = cloud.statistics(6 * 3_600, |input| {
        input.extended_statistics = Some(vec!["p100".into()]);
    });
    assert_eq!(points.iter().filter_map(|p| p.sum).sum::<f64>(), 6.0);
    let p100: Vec<f64> =
        points.iter().flat_map(|p| p.extended_statistics.clone()).flatten().map(|e| e.1).collect();
    assert!(p100.contains(&3.0), "distributions are kept with the minutes: {p100:?}");
}

/// A day of a value each minute, watched as it ages.
#[test]
fn points_grow_coarser_with_age_and_go_in_the_end() {
    let cloud = Watched::new();
    let began = cloud.now();
    for hour in 0..24 {
        let hour: Vec<_> = (0..60)
            .map(|minute| {
                datum("m", |datum| {
                    datum.value = Some(1.0);
                    datum.timestamp = Some(began.plus_secs((hour * 60 + minute) * 60 - 6));
                })
            })
            .collect();
        cloud.ok::<ops::PutMetricData>(data(hour));
        cloud.step(3_600);
    }
    let day = 86_400;
    let counted = |period: i64| {
        let points = cloud.statistics(0, |input| {
            input.start_time = began.plus_secs(-3_600);
            input.end_time = began.plus_secs(day + 3_600);
            input.period = period;
            input.start_time.0 -= input.start_time.0.rem_euclid(3_600_000);
            if period == 60 {
                input.end_time = input.start_time.plus_secs(day);
            }
        });
        let sum = points.iter().filter_map(|p| p.sum).sum::<f64>();
        (points.len(), sum)
    };
    // The hour before the first value is in the day of minutes that is asked for.
    let (minutes, sum) = counted(60);
    assert_eq!(minutes as f64, sum);
    assert!((1_300..=1_440).contains(&minutes), "{minutes}");
    assert_eq!(counted(300), (288, 1_440.0));
    cloud.step(3 * day);
    assert_eq!(cloud.rows("cloudwatch.points"), 2, "two rows of whole days");
    assert_eq!(counted(300), (288, 1_440.0));
    cloud.step(13 * day);
    assert_eq!(counted(60), (0, 0.0), "after 15 days there are no minutes");
    assert_eq!(counted(300), (288, 1_440.0));
    cloud.step(50 * day);
    assert_eq!(counted(300), (0, 0.0), "after 63 days there are only hours");
    assert_eq!(counted(3_600).1, 1_440.0);
    cloud.step(400 * day);
    assert_eq!(counted(3_600).1, 0.0);
    cloud.step(30 * day);
    assert_eq!((cloud.rows("cloudwatch.points"), cloud.rows("cloudwatch.metrics")), (0, 0));
}

#[test]
fn metrics_are_listed_by_namespace_name_and_dimensions() {
    let cloud = Watched::new();
    let put = |name: &str, dimensions: &[(&str, &str)]| {
        cloud.put_datum(datum(name, |datum| {
            datum.value = Some(1.0);
            datum.dimensions = Some(dimensions.iter().map(|(n, v)| dimension(n, v)).collect());
        }));
    };
    put("m", &[]);
    put("m", &[("a", "1")]);
    put("m", &[("a", "2"), ("b", "1")]);
    put("n", &[("b", "1")]);
    let listed = |change: fn(&mut cw::ListMetricsInput)| {
        let mut input = cw::ListMetricsInput::default();
        change(&mut input);
        cloud.ok::<ops::ListMetrics>(input).metrics.expect("a list of metrics")
    };
    assert_eq!(listed(|_| ()).len(), 4);
    assert_eq!(listed(|input| input.namespace = Some("Other".into())).len(), 0);
    assert_eq!(listed(|input| input.namespace = Some("Tes".into())).len(), 0);
    assert_eq!(listed(|input| input.metric_name = Some("m".into())).len(), 3);
    let by_a = listed(|input| {
        input.dimensions =
            Some(vec![cw::DimensionFilter { name: "a".into(), value: Some("2".into()) }]);
    });
    let whole = vec![dimension("a", "2"), dimension("b", "1")];
    assert_eq!(by_a.iter().map(|m| m.dimensions.clone()).collect::<Vec<_>>(), [Some(whole)]);
    let by_name = listed(|input| {
        input.dimensions = Some(vec![cw::DimensionFilter { name: "b".into(), value: None }]);
    });
    assert_eq!(by_name.len(), 2);
    cloud.step(4 * 3_600);
    assert_eq!(listed(|input| input.recently_active = Some("PT3H".into())).len(), 0);
    cloud.step(14 * 86_400);
    assert_eq!(listed(|_| ()).len(), 0, "metrics without data for two weeks are not listed");
}

#[test]
fn lists_of_metrics_have_pages_of_500() {
    let cloud = Watched::new();
    let many = (0..700).map(|n| datum(&format!("m{n:03}"), |d| d.value = Some(1.0)));
    cloud.ok::<ops::PutMetricData>(data(many.collect()));
    let first = cloud.ok::<ops::ListMetrics>(cw::ListMetricsInput::default());
    assert_eq!(first.metrics.as_ref().map(Vec::len), Some(500));
    let rest = cloud.ok::<ops::ListMetrics>(cw::ListMetricsInput {
        next_token: first.next_token,
        ..Default::default()
    });
    let rest: Vec<_> = rest.metrics.into_iter().flatten().filter_map(|m| m.metric_name).collect();
    assert_eq!((rest.len(), rest[0].as_str()), (200, "m500"));
    let wrong = cw::ListMetricsInput { next_token: Some("no".into()), ..Default::default() };
    cloud.refuses::<ops::ListMetrics>(wrong, "InvalidNextToken");
}

#[test]
fn metrics_of_services_are_asked_of_their_sources() {
    let cloud = Watched::of(&crate::source::wiring());
    let input = |name: &str| cw::GetMetricStatisticsInput {
        namespace: "AWS/Sundial".into(),
        metric_name: name.into(),
        dimensions: Some(vec![dimension("Place", "garden")]),
        start_time: cloud.now().plus_secs(-600),
        end_time: cloud.now().plus_secs(600),
        period: 300,
        statistics: Some(vec!["Maximum".into(), "SampleCount".into()]),
        ..Default::default()
    };
    let found = cloud.ok::<ops::GetMetricStatistics>(input("MinuteOfHour")).datapoints;
    let told: Vec<_> = found.into_iter().flatten().map(|p| (p.maximum, p.sample_count)).collect();
    // From 05:25 to the present, 05:35:06.
    let points = [(29.0, 5.0), (34.0, 5.0), (35.0, 1.0)];
    assert_eq!(told, points.map(|(max, count)| (Some(max), Some(count))));
    assert_eq!(
        cloud.ok::<ops::GetMetricStatistics>(input("Shadow")).datapoints.map(|p| p.len()),
        Some(0)
    );
    let listed = cloud.ok::<ops::ListMetrics>(cw::ListMetricsInput {
        namespace: Some("AWS/Sundial".into()),
        ..Default::default()
    });
    let names: Vec<_> =
        listed.metrics.into_iter().flatten().filter_map(|m| m.metric_name).collect();
    assert_eq!(names, ["MinuteOfHour"]);
}
