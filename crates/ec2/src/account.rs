//! DescribeAccountAttributes: the few facts that EC2 itself tells about an account.

use crate::errors;
use crate::vpcs::Vpc;
use api::ec2::{
    AccountAttribute, AccountAttributeValue, DescribeAccountAttributesRequest,
    DescribeAccountAttributesResult,
};
use kernel::{ApiError, Caller, Snapshot, resource};
use smol_str::SmolStr;

/// Attributes in the order in which AWS lists them, with the quotas of a new account.
/// `default-vpc` is the id of the default VPC, or `none`.
const ATTRIBUTES: [(&str, &str); 6] = [
    ("vpc-max-security-groups-per-interface", "5"),
    ("max-instances", "20"),
    ("supported-platforms", "VPC"),
    ("default-vpc", ""),
    ("max-elastic-ips", "5"),
    ("vpc-max-elastic-ips", "5"),
];

fn describe_account_attributes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAccountAttributesRequest,
) -> Result<DescribeAccountAttributesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let names = input.attribute_names.unwrap_or_default();
    if let Some(name) = names.iter().find(|name| !ATTRIBUTES.iter().any(|(known, _)| name == known)) {
        return Err(errors::invalid_parameter(name, "attributeName", "Invalid attribute."));
    }
    let default_vpc = || {
        let vpc = snapshot.rows::<Vpc>().find(|vpc| vpc.is_default);
        vpc.map_or(SmolStr::new_static("none"), |vpc| vpc.id.clone())
    };
    let render = |(name, value): &(&'static str, &'static str)| AccountAttribute {
        attribute_name: Some(SmolStr::new_static(name)),
        attribute_values: Some(vec![AccountAttributeValue {
            attribute_value: Some(match *name {
                "default-vpc" => default_vpc(),
                _ => SmolStr::new_static(value),
            }),
        }]),
    };
    let asked = |(name, _): &&(&str, &str)| names.is_empty() || names.iter().any(|n| n == name);
    Ok(DescribeAccountAttributesResult {
        account_attributes: Some(ATTRIBUTES.iter().filter(asked).map(render).collect()),
    })
}

resource! { ec2: operations { read DescribeAccountAttributes => describe_account_attributes } }
