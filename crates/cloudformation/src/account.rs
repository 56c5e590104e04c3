//! DescribeAccountLimits.

use api::cloudformation as wire;
use kernel::{ApiError, Caller, Snapshot, resource};
use smol_str::SmolStr;

resource! { cloudformation:
    operations { read DescribeAccountLimits => describe_account_limits }
}

/// "CloudFormation quotas": those that the call reports.
fn describe_account_limits(
    _: &Snapshot,
    _: &Caller,
    _: wire::DescribeAccountLimitsInput,
) -> Result<wire::DescribeAccountLimitsOutput, ApiError> {
    let limit = |(name, value)| wire::AccountLimit {
        name: Some(SmolStr::new_static(name)),
        value: Some(value),
    };
    let limits = [("StackLimit", 2_000), ("StackOutputsLimit", 200), ("ConcurrentResourcesLimit", 2_500)];
    Ok(wire::DescribeAccountLimitsOutput {
        account_limits: Some(limits.into_iter().map(limit).collect()),
        next_token: None,
    })
}
