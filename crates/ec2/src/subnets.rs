//! Subnets.
//!
//! A subnet lies in one Availability Zone and is available at once. IPv6, Outposts and Local
//! Zones are left out; requests that want them say so.

mod attributes;
mod create;

pub(crate) use create::create_defaults;

use crate::addresses::{self, AddressPool, OddAddress};
use crate::cidr::Cidr;
use crate::entity::{Entity, Query, arn, render_tags};
use crate::network_interfaces::NetworkInterface;
use crate::vpcs::{bool_text, open_to_internet};
use crate::{errors, network_acls, route_tables};
use api::ec2::{
    DeleteSubnetRequest, DescribeSubnetsRequest, DescribeSubnetsResult,
    PrivateDnsNameOptionsOnLaunch,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};

/// A subnet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) id: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) cidr: Cidr,
    /// `us-west-1a`
    pub(crate) zone: SmolStr,
    pub(crate) default_for_az: bool,
    pub(crate) map_public_ip: bool,
    /// What instances launched here are named after: `ip-name` or `resource-name`.
    pub(crate) hostname_type: SmolStr,
    /// Whether resource names resolve to IPv4 addresses.
    pub(crate) dns_a_record: bool,
    /// Whether resource names resolve to IPv6 addresses.
    pub(crate) dns_aaaa_record: bool,
    pub(crate) tags: Tags,
}

impl Row for Subnet {
    const TABLE: &'static str = "ec2.subnets";
    const INDEXES: &'static [&'static str] = &["vpc", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for Subnet {
    const KIND: &'static str = "subnet";
    const PREFIX: &'static str = "subnet-";
    const INDEXED: &'static [(&'static str, &'static str)] = &[("vpc-id", "vpc")];
    const FILTERS: &'static [FilterRow<Self>] = FILTERS;

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidSubnetID.NotFound", "subnet", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidSubnetId.Malformed", id, Self::PREFIX)
    }
}

/// Filters of DescribeSubnets, some with the second spelling that the documentation gives. No
/// subnet has an IPv6 block or lies on an Outpost.
static FILTERS: &[FilterRow<Subnet>] = &[
    FilterRow { name: "availability-zone", values: |s, _, emit| emit(&s.zone) },
    FilterRow { name: "availabilityZone", values: |s, _, emit| emit(&s.zone) },
    FilterRow { name: "availability-zone-id", values: zone_id },
    FilterRow { name: "availabilityZoneId", values: zone_id },
    FilterRow {
        name: "available-ip-address-count",
        values: |s, view, emit| emit(&addresses::available(view, s).to_string()),
    },
    FilterRow { name: "cidr-block", values: cidr },
    FilterRow { name: "cidr", values: cidr },
    FilterRow { name: "cidrBlock", values: cidr },
    FilterRow { name: "customer-owned-ipv4-pool", values: |_, _, _| () },
    FilterRow { name: "default-for-az", values: default_for_az },
    FilterRow { name: "defaultForAz", values: default_for_az },
    FilterRow { name: "enable-dns64", values: |_, _, emit| emit("false") },
    FilterRow { name: "enable-lni-at-device-index", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.ipv6-cidr-block", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.association-id", values: |_, _, _| () },
    FilterRow { name: "ipv6-cidr-block-association.state", values: |_, _, _| () },
    FilterRow { name: "ipv6-native", values: |_, _, emit| emit("false") },
    FilterRow { name: "map-customer-owned-ip-on-launch", values: |_, _, emit| emit("false") },
    FilterRow {
        name: "map-public-ip-on-launch",
        values: |s, _, emit| emit(bool_text(s.map_public_ip)),
    },
    FilterRow { name: "outpost-arn", values: |_, _, _| () },
    FilterRow { name: "owner-id", values: |_, view, emit| emit(view.account()) },
    FilterRow {
        name: "private-dns-name-options-on-launch.hostname-type",
        values: |s, _, emit| emit(&s.hostname_type),
    },
    FilterRow {
        name: "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        values: |s, _, emit| emit(bool_text(s.dns_a_record)),
    },
    FilterRow {
        name: "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        values: |s, _, emit| emit(bool_text(s.dns_aaaa_record)),
    },
    FilterRow { name: "state", values: |_, _, emit| emit("available") },
    FilterRow {
        name: "subnet-arn",
        values: |s, view, emit| emit(&arn(view, Subnet::KIND, &s.id)),
    },
    FilterRow { name: "subnet-id", values: |s, _, emit| emit(&s.id) },
    FilterRow { name: "vpc-id", values: |s, _, emit| emit(&s.vpc_id) },
];

fn zone_id(subnet: &Subnet, snapshot: &Snapshot, emit: &mut dyn FnMut(&str)) {
    if let Some(id) = id_of_zone(snapshot, &subnet.zone) {
        emit(&id);
    }
}

fn cidr(subnet: &Subnet, _: &Snapshot, emit: &mut dyn FnMut(&str)) {
    emit(&subnet.cidr.to_string());
}

fn default_for_az(subnet: &Subnet, _: &Snapshot, emit: &mut dyn FnMut(&str)) {
    emit(bool_text(subnet.default_for_az));
}

/// `use1-az6` for `us-east-1a`.
pub(crate) fn id_of_zone(snapshot: &Snapshot, zone: &str) -> Option<SmolStr> {
    Some(catalogue::region(snapshot.region())?.zone(zone)?.id.clone())
}

fn delete_subnet(tx: &mut Tx, _: &Caller, input: DeleteSubnetRequest) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let subnet = Subnet::find(tx, &input.subnet_id)?;
    if tx.rows_by::<NetworkInterface>("subnet", &subnet.id).next().is_some() {
        return Err(errors::has_dependencies("subnet", &subnet.id));
    }
    route_tables::forget(tx, &subnet.id);
    network_acls::disassociate(tx, &subnet.vpc_id, &subnet.id);
    addresses::forget(tx, &subnet.id);
    tx.remove::<Subnet>(&subnet.id);
    Ok(())
}

fn describe_subnets(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeSubnetsRequest,
) -> Result<DescribeSubnetsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeSubnets",
        ids: input.subnet_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<Subnet>(snapshot)?;
    let items = page.items.iter().map(|row| api::ec2::Subnet {
        block_public_access_states: open_to_internet(),
        ..render(snapshot, row)
    });
    Ok(DescribeSubnetsResult { subnets: Some(items.collect()), next_token: page.next })
}

fn render(snapshot: &Snapshot, row: &Subnet) -> api::ec2::Subnet {
    api::ec2::Subnet {
        availability_zone_id: id_of_zone(snapshot, &row.zone),
        map_customer_owned_ip_on_launch: Some(false),
        owner_id: Some(snapshot.account().clone()),
        assign_ipv6_address_on_creation: Some(false),
        ipv6_cidr_block_association_set: Some(Vec::new()),
        tags: render_tags(&row.tags),
        subnet_arn: Some(arn(snapshot, Subnet::KIND, &row.id)),
        enable_dns64: Some(false),
        ipv6_native: Some(false),
        private_dns_name_options_on_launch: Some(PrivateDnsNameOptionsOnLaunch {
            hostname_type: Some(row.hostname_type.clone()),
            enable_resource_name_dns_a_record: Some(row.dns_a_record),
            enable_resource_name_dns_aaaa_record: Some(row.dns_aaaa_record),
        }),
        subnet_id: Some(row.id.clone()),
        state: Some(SmolStr::new_static("available")),
        vpc_id: Some(row.vpc_id.clone()),
        cidr_block: Some(row.cidr.to_smolstr()),
        available_ip_address_count: Some(i64::from(addresses::available(snapshot, row))),
        availability_zone: Some(row.zone.clone()),
        default_for_az: Some(row.default_for_az),
        map_public_ip_on_launch: Some(row.map_public_ip),
        ..Default::default()
    }
}

resource! { ec2:
    operations {
        write CreateSubnet => create::create_subnet,
        write CreateDefaultSubnet => create::create_default_subnet,
        read DescribeSubnets => describe_subnets,
        write DeleteSubnet => delete_subnet,
        write ModifySubnetAttribute => attributes::modify_subnet_attribute,
    }
    tables { Subnet, AddressPool, OddAddress }
}
