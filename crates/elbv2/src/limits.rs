//! DescribeAccountLimits: AWS's default quotas.
//!
//! "Quotas for your Application Load Balancers" (and Network, Gateway) in the user guides.

use crate::errors;
use crate::load_balancers::page_size;
use api::elbv2::{DescribeAccountLimitsInput, DescribeAccountLimitsOutput, Limit};
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use smol_str::SmolStr;

resource! { elbv2:
    operations { read DescribeAccountLimits => describe_account_limits }
}

/// In the order of their names, by which pages go.
const LIMITS: &[(&str, &str)] = &[
    ("application-load-balancers", "50"),
    ("certificates-per-application-load-balancer", "25"),
    ("certificates-per-network-load-balancer", "25"),
    ("condition-values-per-alb-rule", "5"),
    ("condition-wildcards-per-alb-rule", "5"),
    ("gateway-load-balancers", "100"),
    ("gateway-load-balancers-per-vpc", "100"),
    ("geneve-target-groups", "100"),
    ("listeners-per-application-load-balancer", "50"),
    ("listeners-per-network-load-balancer", "50"),
    ("network-load-balancers", "50"),
    ("rules-per-application-load-balancer", "100"),
    ("target-groups", "3000"),
    ("target-groups-per-action-on-application-load-balancer", "5"),
    ("target-groups-per-action-on-network-load-balancer", "1"),
    ("target-groups-per-application-load-balancer", "100"),
    ("targets-per-application-load-balancer", "1000"),
    ("targets-per-availability-zone-per-gateway-load-balancer", "300"),
    ("targets-per-availability-zone-per-network-load-balancer", "500"),
    ("targets-per-network-load-balancer", "3000"),
    ("targets-per-target-group", "1000"),
];

fn describe_account_limits(
    _: &Snapshot,
    _: &Caller,
    input: DescribeAccountLimitsInput,
) -> Result<DescribeAccountLimitsOutput, ApiError> {
    let size = page_size(input.page_size)?;
    let rows = |after: &str| {
        let after = after.to_owned();
        LIMITS.iter().filter(move |(name, _)| **name > *after)
    };
    let key = |(name, _): &&(&str, &str)| SmolStr::new(name);
    let page = paginate("DescribeAccountLimits", input.marker.as_deref(), size, rows, key)
        .map_err(|_| errors::invalid_marker())?;
    let limit = |(name, max): &(&'static str, &'static str)| Limit {
        name: Some(SmolStr::new_static(name)),
        max: Some(SmolStr::new_static(max)),
    };
    Ok(DescribeAccountLimitsOutput {
        limits: Some(page.items.into_iter().map(limit).collect()),
        next_marker: page.next,
    })
}
