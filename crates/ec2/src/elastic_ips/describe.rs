//! DescribeAddresses and DescribeAddressesAttribute.

use super::{Address, Association};
use crate::entity::{Entity, Query, page_size, render_tags};
use crate::host_names::ip_text;
use crate::{errors, facts};
use api::ec2::{
    AddressAttribute, DescribeAddressesAttributeRequest, DescribeAddressesAttributeResult,
    DescribeAddressesRequest, DescribeAddressesResult,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot};
use smol_str::SmolStr;

type Emit<'a> = &'a mut dyn FnMut(&str);

pub(super) static FILTERS: &[FilterRow<Address>] = &[
    FilterRow { name: "allocation-id", values: |a, _, emit| emit(&a.id) },
    FilterRow { name: "association-id", values: |a, _, emit| associated(a, |own| emit(&own.id)) },
    FilterRow { name: "domain", values: |_, _, emit| emit("vpc") },
    FilterRow {
        name: "instance-id",
        values: |a, s, emit| instance(a, s).iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "network-border-group", values: |_, s, emit| emit(s.region()) },
    FilterRow {
        name: "network-interface-id",
        values: |a, _, emit| associated(a, |own| emit(&own.interface)),
    },
    FilterRow { name: "network-interface-owner-id", values: interface_owner },
    FilterRow {
        name: "private-ip-address",
        values: |a, _, emit| associated(a, |own| emit(&ip_text(own.private_ip))),
    },
    FilterRow { name: "public-ip", values: |a, _, emit| emit(&ip_text(a.ip)) },
];

fn associated(address: &Address, show: impl FnMut(&Association)) {
    address.association.iter().for_each(show);
}

fn interface_owner(address: &Address, snapshot: &Snapshot, emit: Emit<'_>) {
    associated(address, |_| emit(snapshot.account()));
}

/// The instance behind an address.
fn instance(address: &Address, snapshot: &Snapshot) -> Option<SmolStr> {
    let interface = address.interface(snapshot)?;
    Some(interface.attachment.as_ref()?.instance_id.clone())
}

pub(super) fn describe_addresses(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAddressesRequest,
) -> Result<DescribeAddressesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let mut ids = input.allocation_ids.unwrap_or_default();
    for ip in input.public_ips.unwrap_or_default() {
        ids.push(Address::by_ip(snapshot, &ip)?.id.clone());
    }
    let page = Query {
        operation: "DescribeAddresses",
        ids: Some(&ids),
        filters: input.filters.as_deref(),
        ..Default::default()
    }
    .run::<Address>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeAddressesResult { addresses: Some(items) })
}

fn render(snapshot: &Snapshot, row: &Address) -> api::ec2::Address {
    let association = row.association.as_ref();
    api::ec2::Address {
        allocation_id: Some(row.id.clone()),
        association_id: association.map(|a| a.id.clone()),
        domain: Some(SmolStr::new_static("vpc")),
        instance_id: instance(row, snapshot),
        network_border_group: Some(snapshot.region().clone()),
        network_interface_id: association.map(|a| a.interface.clone()),
        network_interface_owner_id: association.map(|_| snapshot.account().clone()),
        private_ip_address: association.map(|a| ip_text(a.private_ip)),
        public_ip: Some(ip_text(row.ip)),
        public_ipv4_pool: Some(SmolStr::new_static("amazon")),
        tags: render_tags(&row.tags),
        ..Default::default()
    }
}

/// The addresses with their reverse DNS names. None has one: they are set by
/// ModifyAddressAttribute, which wants a zone in the world's DNS.
pub(super) fn describe_addresses_attribute(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAddressesAttributeRequest,
) -> Result<DescribeAddressesAttributeResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let limit = page_size(input.max_results)?;
    let rows = match input.allocation_ids.as_deref().unwrap_or_default() {
        [] => snapshot.rows::<Address>().cloned().collect(),
        ids => Address::find_all(snapshot, ids)?,
    };
    let token = input.next_token.as_deref();
    let call = "DescribeAddressesAttribute";
    let page = facts::page(call, token, limit, rows, |row| row.id.clone())?;
    let render = |row: &std::sync::Arc<Address>| AddressAttribute {
        public_ip: Some(ip_text(row.ip)),
        allocation_id: Some(row.id.clone()),
        ..Default::default()
    };
    let addresses = page.items.iter().map(render).collect();
    Ok(DescribeAddressesAttributeResult { addresses: Some(addresses), next_token: page.next })
}
