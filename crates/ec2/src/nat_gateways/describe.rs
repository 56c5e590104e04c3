//! DescribeNatGateways.

use super::{NatGateway, State};
use crate::entity::{Query, render_tags};
use crate::errors;
use crate::host_names::ip_text;
use api::ec2::{DescribeNatGatewaysRequest, DescribeNatGatewaysResult, NatGatewayAddress};
use kernel::{ApiError, Caller, FilterRow, Snapshot};
use smol_str::SmolStr;

pub(super) static FILTERS: &[FilterRow<NatGateway>] = &[
    FilterRow { name: "nat-gateway-id", values: |g, _, emit| emit(&g.id) },
    FilterRow { name: "state", values: |g, _, emit| emit(g.state.name()) },
    FilterRow { name: "subnet-id", values: |g, _, emit| emit(&g.subnet_id) },
    FilterRow { name: "vpc-id", values: |g, _, emit| emit(&g.vpc_id) },
];

pub(super) fn describe_nat_gateways(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeNatGatewaysRequest,
) -> Result<DescribeNatGatewaysResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeNatGateways",
        ids: input.nat_gateway_ids.as_deref(),
        filters: input.filter.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<NatGateway>(snapshot)?;
    let items = page.items.iter().map(|row| render(row)).collect();
    Ok(DescribeNatGatewaysResult { nat_gateways: Some(items), next_token: page.next })
}

fn text(text: &'static str) -> Option<SmolStr> {
    Some(SmolStr::new_static(text))
}

pub(super) fn render(row: &NatGateway) -> api::ec2::NatGateway {
    let kind = if row.allocation.is_some() { "public" } else { "private" };
    api::ec2::NatGateway {
        availability_mode: text("zonal"),
        connectivity_type: text(kind),
        create_time: Some(row.created_at.whole_seconds()),
        delete_time: row.deleted_at.map(|at| at.whole_seconds()),
        failure_code: row.failure.as_ref().map(|(code, _)| code.clone()),
        failure_message: row.failure.as_ref().map(|(_, message)| message.clone()),
        nat_gateway_addresses: Some(vec![address(row)]),
        nat_gateway_id: Some(row.id.clone()),
        state: text(row.state.name()),
        subnet_id: Some(row.subnet_id.clone()),
        tags: render_tags(&row.tags),
        vpc_id: Some(row.vpc_id.clone()),
        ..Default::default()
    }
}

/// What a gateway has shows once it is there.
fn address(row: &NatGateway) -> NatGatewayAddress {
    let own = row.address.as_ref().filter(|_| row.state != State::Pending);
    let public = own.and_then(|own| own.public.as_ref());
    NatGatewayAddress {
        allocation_id: row.allocation.clone(),
        association_id: public.map(|(_, association)| association.clone()),
        is_primary: Some(true),
        network_interface_id: own.map(|own| own.interface.clone()),
        private_ip: own.map(|own| ip_text(own.private_ip)),
        public_ip: public.map(|(ip, _)| ip_text(*ip)),
        status: text(match (row.state, row.allocation.is_some()) {
            (State::Pending, true) => "associating",
            (State::Pending, false) => "assigning",
            (State::Failed, _) => "failed",
            _ => "succeeded",
        }),
        ..Default::default()
    }
}
