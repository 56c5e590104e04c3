//! Load balancers: application, network and gateway.
//!
//! "Application Load Balancers" in the user guide. A new one is provisioned for a while, but takes
//! listeners at once. Deleting one takes its listeners along and leaves the target groups; its
//! network interfaces linger, which is why its subnets and groups cannot go right away.

mod create;
mod interfaces;
mod modify;
mod settings;

use crate::attributes::Attributes;
use crate::listeners::{self, Listener};
use crate::names::{self, Kind};
use crate::network::Subnet;
use crate::{errors, targets};
use api::elbv2::{
    AvailabilityZone, DeleteLoadBalancerInput, DeleteLoadBalancerOutput,
    DescribeLoadBalancersInput, DescribeLoadBalancersOutput, LoadBalancer as Wire,
    LoadBalancerAddress, LoadBalancerState,
};
use kernel::{
    ApiError, Caller, IndexSink, Row, Snapshot, Tags, Timestamp, Tx, paginate, resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// The largest page, and the usual one.
pub(crate) const PAGE: usize = 400;

resource! { elbv2:
    operations {
        write CreateLoadBalancer => create::create_load_balancer,
        read DescribeLoadBalancers => describe_load_balancers,
        write DeleteLoadBalancer => delete_load_balancer,
        write SetSubnets => modify::set_subnets,
        write SetSecurityGroups => modify::set_security_groups,
        write SetIpAddressType => modify::set_ip_address_type,
        write ModifyLoadBalancerAttributes => settings::modify_load_balancer_attributes,
        read DescribeLoadBalancerAttributes => settings::describe_load_balancer_attributes,
        read DescribeCapacityReservation => settings::describe_capacity_reservation,
    }
    tables { LoadBalancer, interfaces::Lingering }
    tasks {
        "elbv2.load-balancer" => look,
        "elbv2.lingering" => interfaces::release,
    }
}

/// A load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LoadBalancer {
    pub(crate) arn: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) kind: Kind,
    pub(crate) internal: bool,
    /// `ipv4`, `dualstack`, …
    pub(crate) ip_address_type: SmolStr,
    pub(crate) vpc: SmolStr,
    pub(crate) zones: Vec<Zone>,
    pub(crate) groups: Vec<SmolStr>,
    pub(crate) dns_name: SmolStr,
    pub(crate) created_at: Timestamp,
    /// When it has been provisioned.
    pub(crate) ready_at: Timestamp,
    pub(crate) active: bool,
    pub(crate) attributes: Attributes,
    /// Whether a network load balancer's groups also bind traffic of AWS PrivateLink.
    pub(crate) private_link_rules: Option<SmolStr>,
    pub(crate) tags: Tags,
}

/// A zone that a load balancer serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zone {
    pub(crate) subnet: Subnet,
    /// What the request said about it.
    pub(crate) mapping: Mapping,
    /// Its network interface.
    pub(crate) interface: SmolStr,
    /// The interface's address.
    pub(crate) private_ip: SmolStr,
}

/// What a subnet mapping asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) allocation: Option<SmolStr>,
    pub(crate) private_ip: Option<SmolStr>,
}

impl Row for LoadBalancer {
    const TABLE: &'static str = "elbv2.load-balancers";
    const INDEXES: &'static [&'static str] = &["name", "tag"];

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("name", self.name.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl LoadBalancer {
    /// The load balancer of this ARN, or AWS's error.
    pub(crate) fn find(snapshot: &Snapshot, arn: &str) -> Result<Arc<Self>, ApiError> {
        names::resource_of(arn, "loadbalancer/", "load balancer")?;
        snapshot.get::<Self>(arn).ok_or_else(|| errors::load_balancer_not_found(arn))
    }

    pub(crate) fn named(snapshot: &Snapshot, name: &str) -> Option<Arc<Self>> {
        snapshot.rows_by::<Self>("name", name).next().cloned()
    }

    /// `app/<name>/<16 hex digits>`: how metrics and listeners' ARNs call it.
    pub(crate) fn path(&self) -> &str {
        self.arn.split_once("loadbalancer/").map_or("", |(_, path)| path)
    }

    fn render(&self) -> Wire {
        let zone = |zone: &Zone| {
            let fixed = zone.mapping != Mapping::default();
            let address = || LoadBalancerAddress {
                allocation_id: zone.mapping.allocation.clone(),
                private_i_pv4_address: zone.mapping.private_ip.clone(),
                ..Default::default()
            };
            AvailabilityZone {
                zone_name: Some(zone.subnet.zone.clone()),
                subnet_id: Some(zone.subnet.id.clone()),
                load_balancer_addresses: Some(fixed.then(address).into_iter().collect()),
                ..Default::default()
            }
        };
        let region = self.arn.split(':').nth(3).unwrap_or_default();
        let gateway = self.kind == Kind::Gateway;
        let scheme = if self.internal { "internal" } else { "internet-facing" };
        let state = if self.active { "active" } else { "provisioning" };
        Wire {
            load_balancer_arn: Some(self.arn.clone()),
            dns_name: (!gateway).then(|| self.dns_name.clone()),
            canonical_hosted_zone_id: names::hosted_zone(region, self.kind),
            created_time: Some(self.created_at),
            load_balancer_name: Some(self.name.clone()),
            scheme: (!gateway).then(|| scheme.into()),
            vpc_id: Some(self.vpc.clone()),
            state: Some(LoadBalancerState { code: Some(state.into()), reason: None }),
            r#type: Some(self.kind.name().into()),
            availability_zones: Some(self.zones.iter().map(zone).collect()),
            security_groups: (!self.groups.is_empty()).then(|| self.groups.clone()),
            ip_address_type: Some(self.ip_address_type.clone()),
            enforce_security_group_inbound_rules_on_private_link_traffic: self
                .private_link_rules
                .clone(),
            ..Default::default()
        }
    }
}

/// Ends the provisioning when its time has come. The targets begin to be checked then.
fn look(tx: &mut Tx, _: &Caller, arn: &str) {
    let Some(row) = tx.get::<LoadBalancer>(arn) else { return };
    if row.active {
        return;
    }
    if tx.now() < row.ready_at {
        return tx.schedule(row.ready_at, "elbv2.load-balancer", arn);
    }
    tx.update::<LoadBalancer>(arn, |row| row.active = true);
    targets::wake_load_balancer(tx, arn);
}

/// How many rows a page has at most.
pub(crate) fn page_size(asked: Option<i64>) -> Result<usize, ApiError> {
    match asked {
        None => Ok(PAGE),
        Some(size) => usize::try_from(size)
            .ok()
            .filter(|size| (1..=PAGE).contains(size))
            .ok_or_else(|| errors::validation("Page size must be between 1 and 400")),
    }
}

fn describe_load_balancers(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeLoadBalancersInput,
) -> Result<DescribeLoadBalancersOutput, ApiError> {
    let arns = input.load_balancer_arns.unwrap_or_default();
    let wanted = input.names.unwrap_or_default();
    if !arns.is_empty() && !wanted.is_empty() {
        return Err(errors::validation(
            "Load balancer ARNs and load balancer names cannot be specified at the same time",
        ));
    }
    for arn in &arns {
        LoadBalancer::find(snapshot, arn)?;
    }
    if wanted.iter().any(|name| LoadBalancer::named(snapshot, name).is_none()) {
        return Err(errors::load_balancer_names_not_found());
    }
    let all = arns.is_empty() && wanted.is_empty();
    let size = page_size(input.page_size)?;
    let rows = |after: &str| {
        snapshot
            .rows_after::<LoadBalancer>(after)
            .filter(|row| all || arns.contains(&row.arn) || wanted.contains(&row.name))
    };
    let page =
        paginate("DescribeLoadBalancers", input.marker.as_deref(), size, rows, |row| row.key())
            .map_err(|_| errors::invalid_marker())?;
    Ok(DescribeLoadBalancersOutput {
        load_balancers: Some(page.items.iter().map(|row| row.render()).collect()),
        next_marker: page.next,
    })
}

/// Deleting one that is not there succeeds.
fn delete_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: DeleteLoadBalancerInput,
) -> Result<DeleteLoadBalancerOutput, ApiError> {
    let arn = &input.load_balancer_arn;
    names::resource_of(arn, "loadbalancer/", "load balancer")?;
    let Some(row) = tx.get::<LoadBalancer>(arn) else {
        return Ok(DeleteLoadBalancerOutput {});
    };
    if row.attributes.get("deletion_protection.enabled").is_some_and(|on| on == "true") {
        return Err(errors::not_permitted(format_args!(
            "Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )));
    }
    let below: Vec<SmolStr> =
        tx.rows_by::<Listener>("load-balancer", arn).map(|row| row.key()).collect();
    for listener in below {
        listeners::remove(tx, &listener);
    }
    tx.remove::<LoadBalancer>(arn);
    interfaces::let_go(tx, caller, row.zones.iter().map(|zone| zone.interface.clone()));
    Ok(DeleteLoadBalancerOutput {})
}

/// What EC2 shows as the description of its network interfaces.
fn interface_description(path: &str) -> SmolStr {
    format_smolstr!("ELB {path}")
}
