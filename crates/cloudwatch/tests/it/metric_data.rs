//! Putting, listing and reading metrics.

use crate::harness::{Watched, data, datum, dimension};
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
