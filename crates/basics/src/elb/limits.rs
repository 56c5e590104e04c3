//! DescribeAccountLimits: AWS's default quotas.

use api::elb::{DescribeAccountLimitsInput, DescribeAccountLimitsOutput, Limit};
use kernel::{ApiError, Caller, Snapshot, resource};
use smol_str::SmolStr;

resource! { elb:
    operations { read DescribeAccountLimits => describe_account_limits }
}

const LIMITS: [(&str, &str); 3] = [
    ("classic-load-balancers", "20"),
    ("classic-listeners", "100"),
    ("classic-registered-instances", "1000"),
];

/// All of them fit on one page.
fn describe_account_limits(
    _: &Snapshot,
    _: &Caller,
    _: DescribeAccountLimitsInput,
) -> Result<DescribeAccountLimitsOutput, ApiError> {
    let limit = |(name, max)| Limit {
        name: Some(SmolStr::new_static(name)),
        max: Some(SmolStr::new_static(max)),
    };
    Ok(DescribeAccountLimitsOutput {
        limits: Some(LIMITS.into_iter().map(limit).collect()),
        next_marker: None,
    })
}
