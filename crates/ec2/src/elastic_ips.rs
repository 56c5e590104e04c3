//! Elastic IP addresses. None can be allocated yet, so an account has none.

use crate::errors;
use api::ec2::{DescribeAddressesRequest, DescribeAddressesResult};
use kernel::{ApiError, Caller, Snapshot, resource};

/// Filters of DescribeAddresses.
const FILTERS: [&str; 11] = [
    "allocation-id",
    "association-id",
    "domain",
    "instance-id",
    "network-border-group",
    "network-interface-id",
    "network-interface-owner-id",
    "private-ip-address",
    "public-ip",
    "tag-key",
    "tag-value",
];

fn describe_addresses(
    _: &Snapshot,
    _: &Caller,
    input: DescribeAddressesRequest,
) -> Result<DescribeAddressesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    for filter in input.filters.as_deref().unwrap_or_default() {
        let name = filter.name.as_deref().unwrap_or("null");
        if !FILTERS.contains(&name) && !name.starts_with("tag:") {
            return Err(errors::unknown_filter(name));
        }
    }
    if let Some(id) = input.allocation_ids.as_deref().and_then(|ids| ids.first()) {
        return Err(errors::not_found("InvalidAllocationID.NotFound", "allocation", &[id]));
    }
    if let Some(ip) = input.public_ips.as_deref().and_then(|ips| ips.first()) {
        return Err(errors::address_not_found(ip));
    }
    Ok(DescribeAddressesResult { addresses: Some(Vec::new()) })
}

resource! { ec2: operations { read DescribeAddresses => describe_addresses } }
