//! Collection of group metrics.

use crate::errors;
use crate::groups::Group;
use api::autoscaling::{
    DescribeMetricCollectionTypesAnswer, DisableMetricsCollectionQuery,
    EnableMetricsCollectionQuery, MetricCollectionType, MetricGranularityType,
};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use smol_str::SmolStr;

resource! { autoscaling:
    operations {
        write EnableMetricsCollection => enable_metrics_collection,
        write DisableMetricsCollection => disable_metrics_collection,
        read DescribeMetricCollectionTypes => describe_metric_collection_types,
    }
}

/// Every group metric; `sizes` measures them.
pub(crate) const METRICS: [&str; 21] = [
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "WarmPoolMinSize",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
];

fn named(metrics: Option<&[SmolStr]>) -> Result<Vec<SmolStr>, ApiError> {
    let given = metrics.unwrap_or_default();
    if given.is_empty() {
        return Ok(METRICS.into_iter().map(SmolStr::new_static).collect());
    }
    match given.iter().find(|name| !METRICS.contains(&name.as_str())) {
        Some(unknown) => {
            Err(errors::validation(format!("The metric '{unknown}' is not valid.")))
        }
        None => Ok(given.to_vec()),
    }
}

fn enable_metrics_collection(
    tx: &mut Tx,
    _: &Caller,
    input: EnableMetricsCollectionQuery,
) -> Result<(), ApiError> {
    Group::find(tx, &input.auto_scaling_group_name)?;
    if input.granularity != "1Minute" {
        return Err(errors::validation(format!(
            "The granularity '{}' is not valid. The only valid value is 1Minute.",
            input.granularity
        )));
    }
    let metrics = named(input.metrics.as_deref())?;
    tx.update::<Group>(&input.auto_scaling_group_name, |group| {
        group.metrics.extend(metrics);
        group.metrics.sort();
        group.metrics.dedup();
    });
    Ok(())
}

fn disable_metrics_collection(
    tx: &mut Tx,
    _: &Caller,
    input: DisableMetricsCollectionQuery,
) -> Result<(), ApiError> {
    Group::find(tx, &input.auto_scaling_group_name)?;
    let metrics = named(input.metrics.as_deref())?;
    tx.update::<Group>(&input.auto_scaling_group_name, |group| {
        group.metrics.retain(|metric| !metrics.contains(metric));
    });
    Ok(())
}

fn describe_metric_collection_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<DescribeMetricCollectionTypesAnswer, ApiError> {
    let metric = |name| MetricCollectionType { metric: Some(SmolStr::new_static(name)) };
    Ok(DescribeMetricCollectionTypesAnswer {
        metrics: Some(METRICS.into_iter().map(metric).collect()),
        granularities: Some(vec![MetricGranularityType {
            granularity: Some(SmolStr::new_static("1Minute")),
        }]),
    })
}
