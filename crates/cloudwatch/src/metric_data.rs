//! Metrics: putting, keeping, finding and reading their points.
//!
//! A metric is its namespace, name and whole set of dimensions; fewer dimensions name another
//! metric ("Dimensions", user guide). Metrics of AWS's own namespaces are not kept here but asked
//! of the service whose state they tell ([`kernel::MetricSource`]); [`read`] hides the difference.

mod chunks;
mod encoding;
mod list;
mod metrics;
mod put;
pub(crate) mod read;
mod roll_up;
pub(crate) mod tally;
pub(crate) mod units;

pub(crate) use list::{Known, every_metric};
pub(crate) use metrics::{Metric, checked_dimensions, dimensions_of, sorted};

use crate::{get_metric_data, get_metric_statistics};
use kernel::resource;

resource! { cloudwatch:
    operations {
        write PutMetricData => put::put_metric_data,
        read GetMetricData => get_metric_data::get_metric_data,
        read GetMetricStatistics => get_metric_statistics::get_metric_statistics,
        read ListMetrics => list::list_metrics,
    }
    tables { Metric, metrics::MetricCount, chunks::Chunk }
    housekeeping { "cloudwatch.roll-up" => roll_up::roll_up }
}
