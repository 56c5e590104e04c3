//! Where a Classic Load Balancer is: subnets, zones, security groups.

use super::load_balancers::{LoadBalancer, check_subnets};
use super::network::{self, Subnet};
use super::{errors, registrations};
use api::elb::{
    AddAvailabilityZonesInput, AddAvailabilityZonesOutput, ApplySecurityGroupsToLoadBalancerInput,
    ApplySecurityGroupsToLoadBalancerOutput, AttachLoadBalancerToSubnetsInput,
    AttachLoadBalancerToSubnetsOutput, DetachLoadBalancerFromSubnetsInput,
    DetachLoadBalancerFromSubnetsOutput, RemoveAvailabilityZonesInput,
    RemoveAvailabilityZonesOutput,
};
use kernel::{ApiError, Caller, Tx, resource};
use smol_str::SmolStr;

resource! { elb:
    operations {
        write AttachLoadBalancerToSubnets => attach_load_balancer_to_subnets,
        write DetachLoadBalancerFromSubnets => detach_load_balancer_from_subnets,
        write EnableAvailabilityZonesForLoadBalancer => enable_availability_zones,
        write DisableAvailabilityZonesForLoadBalancer => disable_availability_zones,
        write ApplySecurityGroupsToLoadBalancer => apply_security_groups_to_load_balancer,
    }
}

/// Adds subnets to a load balancer; those it has already stay.
fn attach(tx: &mut Tx, row: &LoadBalancer, more: Vec<Subnet>) -> Result<(), ApiError> {
    let mut subnets = row.subnets.clone();
    for subnet in more {
        if !subnets.contains(&subnet) {
            subnets.push(subnet);
        }
    }
    check_subnets(&subnets)?;
    tx.update::<LoadBalancer>(&row.name, |row| row.subnets = subnets);
    registrations::wake(tx, &row.name);
    Ok(())
}

/// Takes subnets from a load balancer; one must stay.
fn detach(
    tx: &mut Tx,
    row: &LoadBalancer,
    unwanted: impl Fn(&Subnet) -> bool,
) -> Result<(), ApiError> {
    let left: Vec<Subnet> = row.subnets.iter().filter(|s| !unwanted(s)).cloned().collect();
    if left.is_empty() {
        return Err(errors::invalid_configuration(
            "A load balancer must be attached to at least one subnet",
        ));
    }
    tx.update::<LoadBalancer>(&row.name, |row| row.subnets = left);
    registrations::wake(tx, &row.name);
    Ok(())
}

fn subnets(tx: &Tx, name: &str) -> Option<Vec<SmolStr>> {
    let row = tx.get::<LoadBalancer>(name)?;
    Some(row.subnets.iter().map(|subnet| subnet.id.clone()).collect())
}

fn zones(tx: &Tx, name: &str) -> Option<Vec<SmolStr>> {
    tx.get::<LoadBalancer>(name).map(|row| row.zones())
}

fn attach_load_balancer_to_subnets(
    tx: &mut Tx,
    caller: &Caller,
    input: AttachLoadBalancerToSubnetsInput,
) -> Result<AttachLoadBalancerToSubnetsOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let more = network::subnets(tx, caller, &input.subnets)?;
    attach(tx, &row, more)?;
    Ok(AttachLoadBalancerToSubnetsOutput { subnets: subnets(tx, &row.name) })
}

fn detach_load_balancer_from_subnets(
    tx: &mut Tx,
    _: &Caller,
    input: DetachLoadBalancerFromSubnetsInput,
) -> Result<DetachLoadBalancerFromSubnetsOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    detach(tx, &row, |subnet| input.subnets.contains(&subnet.id))?;
    Ok(DetachLoadBalancerFromSubnetsOutput { subnets: subnets(tx, &row.name) })
}

/// A zone means its default subnet.
fn enable_availability_zones(
    tx: &mut Tx,
    caller: &Caller,
    input: AddAvailabilityZonesInput,
) -> Result<AddAvailabilityZonesOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let have = row.zones();
    let more = input.availability_zones.iter().filter(|zone| !have.contains(zone));
    let more = more
        .map(|zone| network::default_subnet(tx, caller, zone))
        .collect::<Result<Vec<_>, _>>()?;
    attach(tx, &row, more)?;
    Ok(AddAvailabilityZonesOutput { availability_zones: zones(tx, &row.name) })
}

fn disable_availability_zones(
    tx: &mut Tx,
    _: &Caller,
    input: RemoveAvailabilityZonesInput,
) -> Result<RemoveAvailabilityZonesOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    detach(tx, &row, |subnet| input.availability_zones.contains(&subnet.zone))?;
    Ok(RemoveAvailabilityZonesOutput { availability_zones: zones(tx, &row.name) })
}

/// The groups take the place of the old ones.
fn apply_security_groups_to_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: ApplySecurityGroupsToLoadBalancerInput,
) -> Result<ApplySecurityGroupsToLoadBalancerOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    if input.security_groups.is_empty() {
        return Err(errors::invalid_groups());
    }
    network::check_groups(tx, caller, &row.vpc, &input.security_groups)?;
    let groups = input.security_groups;
    tx.update::<LoadBalancer>(&row.name, |row| row.groups = groups.clone());
    registrations::wake(tx, &row.name);
    Ok(ApplySecurityGroupsToLoadBalancerOutput { security_groups: Some(groups) })
}
