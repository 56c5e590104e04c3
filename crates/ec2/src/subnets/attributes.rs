//! ModifySubnetAttribute.

use super::Subnet;
use crate::entity::Entity;
use crate::errors;
use api::ec2::{AttributeBooleanValue, ModifySubnetAttributeRequest};
use kernel::{ApiError, Caller, Tx};

/// "You can only modify one attribute at a time."
pub(super) fn modify_subnet_attribute(
    tx: &mut Tx,
    _: &Caller,
    input: ModifySubnetAttributeRequest,
) -> Result<(), ApiError> {
    let flag = |value: &Option<AttributeBooleanValue>| value.as_ref().and_then(|v| v.value);
    let map_public_ip = flag(&input.map_public_ip_on_launch);
    let hostname_type = input.private_dns_hostname_type_on_launch.clone();
    let a_record = flag(&input.enable_resource_name_dns_a_record_on_launch);
    let aaaa_record = flag(&input.enable_resource_name_dns_aaaa_record_on_launch);
    let unmodelled = [
        input.assign_ipv6_address_on_creation.is_some(),
        input.map_customer_owned_ip_on_launch.is_some()
            || input.customer_owned_ipv4_pool.is_some(),
        input.enable_dns64.is_some(),
        input.enable_lni_at_device_index.is_some(),
        input.disable_lni_at_device_index.is_some(),
    ];
    let modelled = [
        map_public_ip.is_some(),
        hostname_type.is_some(),
        a_record.is_some(),
        aaaa_record.is_some(),
    ];
    match modelled.iter().chain(&unmodelled).filter(|given| **given).count() {
        0 => return Err(errors::missing_parameter("attribute")),
        1 => {}
        _ => {
            return Err(errors::invalid_combination(
                "Fields for multiple attribute types specified",
            ));
        }
    }
    let subnet = Subnet::find(tx, &input.subnet_id)?;
    if switches_on(&input) {
        return Err(ApiError::not_implemented(
            "ModifySubnetAttribute of IPv6, customer-owned addresses or local interfaces",
        ));
    }
    tx.update::<Subnet>(&subnet.id, |s| {
        s.map_public_ip = map_public_ip.unwrap_or(s.map_public_ip);
        s.dns_a_record = a_record.unwrap_or(s.dns_a_record);
        s.dns_aaaa_record = aaaa_record.unwrap_or(s.dns_aaaa_record);
        if let Some(hostname_type) = hostname_type {
            s.hostname_type = hostname_type;
        }
    });
    Ok(())
}

/// Whether something that is not modelled, and so is off, is to be switched on.
fn switches_on(input: &ModifySubnetAttributeRequest) -> bool {
    let on = |value: &Option<AttributeBooleanValue>| {
        value.as_ref().is_some_and(|v| v.value == Some(true))
    };
    on(&input.assign_ipv6_address_on_creation)
        || on(&input.map_customer_owned_ip_on_launch)
        || on(&input.enable_dns64)
        || input.enable_lni_at_device_index.is_some()
}
