//! DescribeVpcAttribute and ModifyVpcAttribute.

use super::Vpc;
use crate::entity::Entity;
use crate::errors;
use api::ec2::{
    AttributeBooleanValue, DescribeVpcAttributeRequest, DescribeVpcAttributeResult,
    ModifyVpcAttributeRequest,
};
use kernel::{ApiError, Caller, Snapshot, Tx};

/// One attribute at a time.
pub(super) fn describe_vpc_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeVpcAttributeRequest,
) -> Result<DescribeVpcAttributeResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let vpc = Vpc::find(snapshot, &input.vpc_id)?;
    let mut answer =
        DescribeVpcAttributeResult { vpc_id: Some(vpc.id.clone()), ..Default::default() };
    let (place, flag) = match input.attribute.as_str() {
        "enableDnsSupport" => (&mut answer.enable_dns_support, vpc.dns_support),
        "enableDnsHostnames" => (&mut answer.enable_dns_hostnames, vpc.dns_hostnames),
        "enableNetworkAddressUsageMetrics" => {
            (&mut answer.enable_network_address_usage_metrics, vpc.address_metrics)
        }
        other => return Err(errors::invalid_parameter(other, "attribute", "Unknown attribute.")),
    };
    *place = Some(AttributeBooleanValue { value: Some(flag) });
    Ok(answer)
}

/// "You cannot modify the DNS resolution and DNS hostnames attributes in the same request."
pub(super) fn modify_vpc_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyVpcAttributeRequest,
) -> Result<(), ApiError> {
    let given = [
        &input.enable_dns_support,
        &input.enable_dns_hostnames,
        &input.enable_network_address_usage_metrics,
    ];
    match given.iter().filter(|value| value.is_some()).count() {
        0 => return Err(errors::missing_parameter("attribute")),
        1 => {}
        _ => {
            return Err(errors::invalid_combination(
                "Fields for multiple attribute types specified",
            ));
        }
    }
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    let flag = |value: &Option<AttributeBooleanValue>| value.as_ref().and_then(|v| v.value);
    let (support, hostnames) = (flag(&input.enable_dns_support), flag(&input.enable_dns_hostnames));
    let metrics = flag(&input.enable_network_address_usage_metrics);
    tx.update::<Vpc>(&vpc.id, |v| {
        v.dns_support = support.unwrap_or(v.dns_support);
        v.dns_hostnames = hostnames.unwrap_or(v.dns_hostnames);
        v.address_metrics = metrics.unwrap_or(v.address_metrics);
    });
    Ok(())
}
