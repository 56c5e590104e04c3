//! GetMetricData: metrics, math, labels and pages.

use crate::harness::{Watched, data, datum, dimension, expression, metric};
use api::cloudwatch::{self as cw, ops};
use proptest::prelude::*;

/// `m` is 1, 2, 4, 8 and `n` is 10, –, 0, 5 in four minutes that end with the present one, 05:35.
fn cloud() -> Watched {
    let cloud = Watched::new();
    for (name, values) in [
        ("m", [Some(1.0), Some(2.0), Some(4.0), Some(8.0)]),
        ("n", [Some(10.0), None, Some(0.0), Some(5.0)]),
    ] {
        for (number, value) in values.into_iter().enumerate() {
            let at = cloud.now().plus_secs((number as i64 - 3) * 60);
            if let Some(value) = value {
                cloud.put_datum(datum(name, |datum| {
                    datum.value = Some(value);
                    datum.timestamp = Some(at);
                }));
            }
        }
    }
    cloud
}

fn hidden(query: cw::MetricDataQuery) -> cw::MetricDataQuery {
    cw::MetricDataQuery { return_data: Some(false), ..query }
}

/// Minutes (of the hour) and values of the lines of an expression over `m` and `n`.
fn computed(cloud: &Watched, text: &str) -> Vec<Vec<(i64, f64)>> {
    let queries = vec![hidden(metric("m", "m")), hidden(metric("n", "n")), expression("e", text)];
    let told = |result: cw::MetricDataResult| {
        let minutes = result.timestamps.into_iter().flatten().map(|at| at.0 / 60_000 % 60);
        minutes.zip(result.values.into_iter().flatten()).collect()
    };
    cloud.query(180, queries).into_iter().map(told).collect()
}

#[test]
fn functions_of_metric_math() {
    let cloud = cloud();
    for (text, expected) in [
        ("m + 1", vec![(32, 2.0), (33, 3.0), (34, 5.0), (35, 9.0)]),
        ("m + n", vec![(32, 11.0), (34, 4.0), (35, 13.0)]),
        ("m / n", vec![(32, 0.1), (35, 1.6)]),
        ("-m ^ 2", vec![(32, -1.0), (33, -4.0), (34, -16.0), (35, -64.0)]),
        ("m > 2", vec![(32, 0.0), (33, 0.0), (34, 1.0), (35, 1.0)]),
        ("m > 2 AND n > 0", vec![(32, 0.0), (34, 0.0), (35, 1.0)]),
        ("m == 8 || n == 10", vec![(32, 1.0), (34, 0.0), (35, 1.0)]),
        ("m - AVG(m)", vec![(32, -2.75), (33, -1.75), (34, 0.25), (35, 4.25)]),
        ("m * 0 + STDDEV(n)", vec![(32, 50.0_f64.sqrt() / 3.0_f64.sqrt()); 1]),
        ("SUM([m, n])", vec![(32, 11.0), (33, 2.0), (34, 4.0), (35, 13.0)]),
        ("SUM(METRICS())", vec![(32, 11.0), (33, 2.0), (34, 4.0), (35, 13.0)]),
        ("MAX(METRICS(\"n\"))", vec![(32, 10.0), (34, 0.0), (35, 5.0)]),
        ("AVG(METRICS())", vec![(32, 5.5), (33, 2.0), (34, 2.0), (35, 6.5)]),
        ("MIN([m, n])", vec![(32, 1.0), (33, 2.0), (34, 0.0), (35, 5.0)]),
        ("FILL(n, 0)", vec![(32, 10.0), (33, 0.0), (34, 0.0), (35, 5.0), (36, 0.0)]),
        ("FILL(n, REPEAT)", vec![(32, 10.0), (33, 10.0), (34, 0.0), (35, 5.0), (36, 5.0)]),
        ("FILL(n, LINEAR)", vec![(32, 10.0), (33, 5.0), (34, 0.0), (35, 5.0)]),
        ("FILL(n, m)", vec![(32, 10.0), (33, 2.0), (34, 0.0), (35, 5.0)]),
        ("IF(m > 2, m, 0)", vec![(32, 0.0), (33, 0.0), (34, 4.0), (35, 8.0)]),
        ("IF(m > 2, n)", vec![(34, 0.0), (35, 5.0)]),
        (
            "m / PERIOD(m)",
            vec![(32, 1.0 / 60.0), (33, 2.0 / 60.0), (34, 4.0 / 60.0), (35, 8.0 / 60.0)],
        ),
        ("RATE(m)", vec![(33, 1.0 / 60.0), (34, 2.0 / 60.0), (35, 4.0 / 60.0)]),
        ("DIFF(m)", vec![(33, 1.0), (34, 2.0), (35, 4.0)]),
        ("DIFF_TIME(n)", vec![(34, 120.0), (35, 60.0)]),
        ("RUNNING_SUM(m)", vec![(32, 1.0), (33, 3.0), (34, 7.0), (35, 15.0)]),
        ("TIME_SERIES(SUM(m))", vec![(32, 15.0), (33, 15.0), (34, 15.0), (35, 15.0), (36, 15.0)]),
        ("ABS(-n)", vec![(32, 10.0), (34, 0.0), (35, 5.0)]),
        ("CEIL(m / 3)", vec![(32, 1.0), (33, 1.0), (34, 2.0), (35, 3.0)]),
        ("FLOOR(m / 3)", vec![(32, 0.0), (33, 0.0), (34, 1.0), (35, 2.0)]),
        ("LOG10(n)", vec![(32, 1.0), (35, 5.0_f64.log10())]),
        ("LOG(m)", vec![(32, 0.0), (33, 2.0_f64.ln()), (34, 4.0_f64.ln()), (35, 8.0_f64.ln())]),
        ("MINUTE(n)", vec![(32, 32.0), (34, 34.0), (35, 35.0)]),
        ("HOUR(n)", vec![(32, 5.0), (34, 5.0), (35, 5.0)]),
        // 28 September 2017 was a Thursday.
        ("DAY(n)", vec![(32, 4.0), (34, 4.0), (35, 4.0)]),
        ("DATE(n)", vec![(32, 28.0), (34, 28.0), (35, 28.0)]),
        ("MONTH(n)", vec![(32, 9.0), (34, 9.0), (35, 9.0)]),
        ("YEAR(n)", vec![(32, 2017.0), (34, 2017.0), (35, 2017.0)]),
        ("EPOCH(n) - 1506576720", vec![(32, 0.0), (34, 120.0), (35, 180.0)]),
        ("n * 0 + DATAPOINT_COUNT(n)", vec![(32, 3.0), (34, 3.0), (35, 3.0)]),
        ("FIRST(SORT(METRICS(), SUM, ASC))", vec![(32, 1.0), (33, 2.0), (34, 4.0), (35, 8.0)]),
        ("FIRST(SORT(METRICS(), MAX, DESC, 1))", vec![(32, 10.0), (34, 0.0), (35, 5.0)]),
        ("SLICE(METRICS(), 1, 2)", vec![(32, 10.0), (34, 0.0), (35, 5.0)]),
        ("SLICE(METRICS(), 1)", vec![(32, 10.0), (34, 0.0), (35, 5.0)]),
        ("REMOVE_EMPTY([m, LOG(m * 0)])", vec![(32, 1.0), (33, 2.0), (34, 4.0), (35, 8.0)]),
    ] {
        let found = computed(&cloud, text);
        if text.contains("STDDEV") {
            assert!((found[0][0].1 - expected[0].1).abs() < 1e-9, "{text}: {found:?}");
            continue;
        }
        assert_eq!(found, [expected], "{text}");
    }
    assert_eq!(computed(&cloud, "METRICS() * 2").len(), 2);
}

#[test]
fn expressions_that_cannot_be_computed_are_refused() {
    let cloud = cloud();
    for text in
        ["AVG(m)", "5", "m +", "x + 1", "e + 1", "NONSENSE(m)", "m + METRICS('m') + [m] + [n]"]
    {
        let input = cw::GetMetricDataInput {
            metric_data_queries: vec![metric("m", "m"), metric("n", "n"), expression("e", text)],
            start_time: cloud.now().plus_secs(-60),
            end_time: cloud.now(),
            ..Default::default()
        };
        cloud.refuses::<ops::GetMetricData>(input, "ValidationError");
    }
    for text in ["ANOMALY_DETECTION_BAND(m, 2)", "SELECT AVG(x) FROM y"] {
        let input = cw::GetMetricDataInput {
            metric_data_queries: vec![metric("m", "m"), expression("e", text)],
            start_time: cloud.now().plus_secs(-60),
            end_time: cloud.now(),
            ..Default::default()
        };
        cloud.refuses::<ops::GetMetricData>(input, "NotImplemented");
    }
}

#[test]
fn long_and_deep_expressions_do_no_harm() {
    let cloud = cloud();
    let long = format!("m{}", "+1".repeat(1_000));
    assert_eq!(computed(&cloud, &long)[0][0], (32, 1_001.0));
    for (open, close) in [("(", ")"), ("ABS(", ")"), ("-", "")] {
        let deep = format!("{}m{}", open.repeat(24), close.repeat(24));
        assert_eq!(computed(&cloud, &deep)[0][0], (32, 1.0));
    }
    let search = format!("SEARCH('{}', 'Sum', 60)", "m ".repeat(1_000));
    assert!(!cloud.query(180, vec![expression("e", &search)]).is_empty());
}

#[test]
fn expressions_may_name_expressions_but_not_in_a_circle() {
    let cloud = cloud();
    let queries =
        vec![hidden(metric("m", "m")), hidden(expression("d", "m * 2")), expression("e", "d + 1")];
    assert_eq!(cloud.query(0, queries)[0].values, Some(vec![17.0]));
    let circle = cw::GetMetricDataInput {
        metric_data_queries: vec![expression("a", "b"), expression("b", "a")],
        start_time: cloud.now().plus_secs(-60),
        end_time: cloud.now(),
        ..Default::default()
    };
    cloud.refuses::<ops::GetMetricData>(circle, "ValidationError");
}

#[test]
fn a_search_finds_metrics_by_schema_and_words() {
    let cloud = cloud();
    for (host, value) in [("web-1", 3.0), ("web-2", 4.0)] {
        cloud.put_datum(datum("Latency", |datum| {
            datum.value = Some(value);
            datum.dimensions = Some(vec![dimension("Host", host)]);
        }));
    }
    let search = "SEARCH('{Test,Host} MetricName=\"Latency\"', 'Average', 60)";
    let results = cloud.query(60, vec![expression("e", search)]);
    assert_eq!(
        results.iter().map(|r| r.values.clone()).collect::<Vec<_>>(),
        [Some(vec![3.0]), Some(vec![4.0])]
    );
    let sum = cloud.query(60, vec![expression("e", &format!("SUM({search})"))]);
    assert_eq!(sum[0].values, Some(vec![7.0]));
}

#[test]
fn data_comes_newest_first_in_pages() {
    let cloud = cloud();
    let mut input = cw::GetMetricDataInput {
        metric_data_queries: vec![metric("m", "m"), metric("n", "n")],
        start_time: cloud.now().plus_secs(-180),
        end_time: cloud.now().plus_secs(60),
        max_datapoints: Some(3),
        ..Default::default()
    };
    let mut pages = Vec::new();
    loop {
        let page = cloud.ok::<ops::GetMetricData>(input.clone());
        let told = |r: cw::MetricDataResult| {
            (r.id.expect("an id"), r.values.expect("values"), r.status_code.expect("a status"))
        };
        pages.push(page.metric_data_results.into_iter().flatten().map(told).collect::<Vec<_>>());
        input.next_token = page.next_token;
        if input.next_token.is_none() {
            break;
        }
    }
    let (complete, partial) = ("Complete", "PartialData");
    let result =
        |id: &str, values: &[f64], status: &str| (id.into(), values.to_vec(), status.into());
    assert_eq!(
        pages,
        [
            vec![result("m", &[8.0, 4.0, 2.0], partial)],
            vec![result("m", &[1.0], complete), result("n", &[5.0, 0.0], partial)],
            vec![result("n", &[10.0], complete)],
        ]
    );
    input.next_token = Some("0000000000000000ff".into());
    cloud.refuses::<ops::GetMetricData>(input, "InvalidNextToken");
}

#[test]
fn what_has_no_data_is_complete_and_empty() {
    let cloud = Watched::new();
    let result = &cloud.query(60, vec![metric("q", "nothing")])[0];
    assert_eq!(result.status_code.as_deref(), Some("Complete"));
    assert_eq!(
        (result.values.as_deref(), result.timestamps.as_deref()),
        (Some(&[][..]), Some(&[][..]))
    );
}

#[test]
fn labels_are_the_metrics_name_or_what_is_asked_for() {
    let cloud = cloud();
    let label = |queries: Vec<cw::MetricDataQuery>| {
        cloud.query(180, queries).into_iter().map(|r| r.label.expect("a label")).collect::<Vec<_>>()
    };
    assert_eq!(label(vec![metric("q", "m")]), ["m"]);
    let mut sum = metric("r", "m");
    sum.metric_stat.as_mut().expect("a metric").stat = "Sum".into();
    assert_eq!(label(vec![metric("q", "m"), sum]), ["m Average", "m Sum"]);
    assert_eq!(label(vec![hidden(metric("m", "m")), expression("e", "m * 2")]), ["e"]);
    for (template, text) in [
        ("plain", "plain"),
        ("max ${MAX}, last ${LAST}", "max 8, last 8"),
        ("${PROP('MetricName')} ${PROP('Stat')} ${AVG}", "m Average 3.75"),
        ("${LABEL}: ${MIN} at ${MIN_TIME}", "m: 1 at 2017-09-28 05:32"),
        ("${DATAPOINT_COUNT} of ${SUM} ${UNKNOWN}", "4 of 15 ${UNKNOWN}"),
    ] {
        let query = cw::MetricDataQuery { label: Some(template.into()), ..metric("q", "m") };
        assert_eq!(label(vec![query]), [text]);
    }
}

#[test]
fn ids_must_be_names_and_unique() {
    let cloud = Watched::new();
    for queries in
        [vec![metric("Q", "m")], vec![metric("q-1", "m")], vec![metric("q", "m"), metric("q", "n")]]
    {
        let input = cw::GetMetricDataInput {
            metric_data_queries: queries,
            start_time: cloud.now().plus_secs(-60),
            end_time: cloud.now(),
            ..Default::default()
        };
        cloud.refuses::<ops::GetMetricData>(input, "ValidationError");
    }
    let empty = cw::GetMetricDataInput {
        metric_data_queries: vec![metric("q", "m")],
        start_time: cloud.now(),
        end_time: cloud.now(),
        ..Default::default()
    };
    let message = "The parameter EndTime must be greater than StartTime";
    cloud.fails::<ops::GetMetricData>(empty, "ValidationError", message);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What math says about lines is what arithmetic says about their values.
    #[test]
    fn sums_and_differences_agree_with_arithmetic(values in prop::collection::vec(-1000..1000_i32, 1..30)) {
        let cloud = Watched::new();
        let now = cloud.now();
        let at = |number: usize| now.plus_secs(-60 * (values.len() - 1 - number) as i64);
        let put = values.iter().enumerate().map(|(number, value)| datum("m", |datum| {
            datum.value = Some(f64::from(*value));
            datum.timestamp = Some(at(number));
        }));
        cloud.ok::<ops::PutMetricData>(data(put.collect()));
        let secs = 60 * values.len() as i64;
        let last = |text: &str| {
            let queries = vec![hidden(metric("m", "m")), expression("e", text)];
            cloud.query(secs, queries)[0].values.clone().unwrap_or_default()
        };
        let sum: f64 = values.iter().map(|v| f64::from(*v)).sum();
        let all = |expected: f64, found: Vec<f64>| found.iter().all(|v| (v - expected).abs() < 1e-6);
        prop_assert!(all(sum, last("m * 0 + SUM(m)")));
        prop_assert_eq!(last("RUNNING_SUM(m)").last().copied(), Some(sum));
        let span = f64::from(values[values.len() - 1]) - f64::from(values[0]);
        prop_assert!((last("DIFF(m)").iter().sum::<f64>() - span).abs() < 1e-6);
        prop_assert_eq!(last("FILL(m, 0)").len(), values.len() + 2);
        prop_assert!(last("m - m").iter().all(|v| *v == 0.0));
    }
}
