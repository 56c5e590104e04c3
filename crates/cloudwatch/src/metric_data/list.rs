//! ListMetrics (API reference): metrics with data in the last two weeks, 500 a page.

use super::chunks::DAY;
use super::metrics::Metric;
use crate::errors;
use api::cloudwatch::{ListMetricsInput, ListMetricsOutput};
use kernel::{ApiError, Caller, Dimensions, Snapshot, Timestamp, paginate};
use smol_str::SmolStr;
use std::collections::BTreeMap;

const PAGE: usize = 500;
const LISTED: i64 = 14 * DAY;
const RECENT: i64 = 3 * 3_600_000;

/// A metric of whatever origin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) namespace: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) dimensions: Dimensions,
}

/// Every metric with data since an instant, in the order of namespace, name and dimensions.
pub(crate) fn every_metric(
    snapshot: &Snapshot,
    since: Timestamp,
    namespace: Option<&str>,
    accepts: impl Fn(&str, &[(SmolStr, SmolStr)]) -> bool,
) -> BTreeMap<SmolStr, Known> {
    let mut found = BTreeMap::new();
    let mut add = |namespace: &SmolStr, name: &SmolStr, dimensions: &Dimensions| {
        if accepts(name, dimensions) {
            let key = Metric::key_of(namespace, name, dimensions);
            let (namespace, name) = (namespace.clone(), name.clone());
            found.insert(key, Known { namespace, name, dimensions: dimensions.clone() });
        }
    };
    let from = namespace.map(Metric::keys_from).unwrap_or_default();
    let stored = snapshot
        .rows_after::<Metric>(&from)
        .take_while(|metric| namespace.is_none_or(|wanted| metric.namespace == wanted));
    for metric in stored.filter(|metric| metric.seen >= since) {
        add(&metric.namespace, &metric.name, &metric.dimensions);
    }
    for source in snapshot.all_metric_sources() {
        if namespace.is_none_or(|wanted| source.namespace == wanted) {
            let namespace = SmolStr::new_static(source.namespace);
            let mut tell =
                |metric: kernel::MetricName| add(&namespace, &metric.name, &metric.dimensions);
            (source.list)(snapshot, since, &mut tell);
        }
    }
    found
}

pub(super) fn list_metrics(
    snapshot: &Snapshot,
    caller: &Caller,
    input: ListMetricsInput,
) -> Result<ListMetricsOutput, ApiError> {
    let since = match input.recently_active.as_deref() {
        None => LISTED,
        Some("PT3H") => RECENT,
        Some(other) => return Err(errors::bad_parameter(other, "RecentlyActive")),
    };
    let wants_accounts = input.include_linked_accounts == Some(true);
    let is_elsewhere = input.owning_account.as_ref().is_some_and(|id| *id != caller.account);
    let filters = input.dimensions.as_deref().unwrap_or_default();
    let accepts = |name: &str, dimensions: &[(SmolStr, SmolStr)]| {
        !is_elsewhere
            && input.metric_name.as_ref().is_none_or(|wanted| wanted == name)
            && filters.iter().all(|filter| {
                dimensions.iter().any(|(name, value)| {
                    *name == filter.name && filter.value.as_ref().is_none_or(|v| v == value)
                })
            })
    };
    let since = snapshot.now().plus_millis(-since);
    let found = every_metric(snapshot, since, input.namespace.as_deref(), accepts);
    let page = paginate(
        "ListMetrics",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let after = SmolStr::new(after);
            found.iter().skip_while(move |(key, _)| !after.is_empty() && **key <= after)
        },
        |(key, _)| (*key).clone(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let render = |(_, known): &(&SmolStr, &Known)| {
        Metric::render(&known.namespace, &known.name, &known.dimensions)
    };
    let metrics: Vec<_> = page.items.iter().map(render).collect();
    let owning_accounts = wants_accounts.then(|| vec![caller.account.clone(); metrics.len()]);
    Ok(ListMetricsOutput { metrics: Some(metrics), next_token: page.next, owning_accounts })
}
