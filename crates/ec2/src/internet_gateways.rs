//! Internet gateways.
//!
//! A gateway is attached to one VPC at most, and a VPC has one gateway at most. Routes to a
//! gateway that is not attached are black holes; see `route_tables`.

use crate::entity::{Entity, Query, render_tag_list, specified_tags};
use crate::network_interfaces::NetworkInterface;
use crate::subnets::Subnet;
use crate::vpcs::{self, Vpc};
use crate::{errors, route_tables};
use api::ec2::{
    AttachInternetGatewayRequest, CreateInternetGatewayRequest, CreateInternetGatewayResult,
    DeleteInternetGatewayRequest, DescribeInternetGatewaysRequest,
    DescribeInternetGatewaysResult, DetachInternetGatewayRequest, InternetGatewayAttachment,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// An internet gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InternetGateway {
    pub(crate) id: SmolStr,
    /// The VPC that it is attached to.
    pub(crate) vpc_id: Option<SmolStr>,
    tags: Tags,
}

impl Row for InternetGateway {
    const TABLE: &'static str = "ec2.internet-gateways";
    const INDEXES: &'static [&'static str] = &["vpc", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.vpc_id.iter().for_each(|vpc| sink.put("vpc", vpc.clone()));
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for InternetGateway {
    const KIND: &'static str = "internet-gateway";
    const PREFIX: &'static str = "igw-";
    const INDEXED: &'static [(&'static str, &'static str)] = &[("attachment.vpc-id", "vpc")];
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow {
            name: "attachment.state",
            values: |g, _, emit| g.vpc_id.iter().for_each(|_| emit("available")),
        },
        FilterRow {
            name: "attachment.vpc-id",
            values: |g, _, emit| g.vpc_id.iter().for_each(|vpc| emit(vpc)),
        },
        FilterRow { name: "internet-gateway-id", values: |g, _, emit| emit(&g.id) },
        FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidInternetGatewayID.NotFound", "internetGateway", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidInternetGatewayId.Malformed", id, Self::PREFIX)
    }
}

/// A new gateway, attached to nothing.
pub(crate) fn create(tx: &mut Tx, tags: Tags) -> SmolStr {
    let id = tx.new_id("igw-");
    tx.put(InternetGateway { id: id.clone(), vpc_id: None, tags });
    id
}

/// Attaches a gateway without asking.
pub(crate) fn attach(tx: &mut Tx, gateway: &str, vpc_id: &str) {
    tx.update::<InternetGateway>(gateway, |g| g.vpc_id = Some(vpc_id.into()));
}

/// The gateway of a VPC.
pub(crate) fn of_vpc(snapshot: &Snapshot, vpc_id: &str) -> Option<Arc<InternetGateway>> {
    snapshot.rows_by::<InternetGateway>("vpc", vpc_id).next().cloned()
}

fn create_internet_gateway(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateInternetGatewayRequest,
) -> Result<CreateInternetGatewayResult, ApiError> {
    let kind = InternetGateway::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    if tx.count::<InternetGateway>() >= vpcs::MAX_VPCS {
        return Err(errors::internet_gateway_limit_exceeded());
    }
    let id = create(tx, tags);
    let row = InternetGateway::find(tx, &id)?;
    Ok(CreateInternetGatewayResult { internet_gateway: Some(render(tx, &row)) })
}

fn attach_internet_gateway(
    tx: &mut Tx,
    _: &Caller,
    input: AttachInternetGatewayRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let gateway = InternetGateway::find(tx, &input.internet_gateway_id)?;
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    if let Some(attached) = &gateway.vpc_id {
        return Err(errors::gateway_already_attached(&gateway.id, attached));
    }
    if of_vpc(tx, &vpc.id).is_some() {
        return Err(errors::vpc_has_gateway(&vpc.id));
    }
    attach(tx, &gateway.id, &vpc.id);
    Ok(())
}

fn detach_internet_gateway(
    tx: &mut Tx,
    _: &Caller,
    input: DetachInternetGatewayRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let gateway = InternetGateway::find(tx, &input.internet_gateway_id)?;
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    if gateway.vpc_id.as_ref() != Some(&vpc.id) {
        return Err(errors::gateway_not_attached(&gateway.id, &vpc.id));
    }
    let mapped = tx
        .rows_by::<Subnet>("vpc", &vpc.id)
        .flat_map(|subnet| tx.rows_by::<NetworkInterface>("subnet", &subnet.id))
        .any(|interface| interface.is_public());
    if mapped {
        return Err(errors::public_addresses_mapped(&vpc.id));
    }
    route_tables::forget(tx, &gateway.id);
    tx.update::<InternetGateway>(&gateway.id, |g| g.vpc_id = None);
    Ok(())
}

fn delete_internet_gateway(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteInternetGatewayRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let gateway = InternetGateway::find(tx, &input.internet_gateway_id)?;
    if gateway.vpc_id.is_some() {
        return Err(errors::has_dependencies("internetGateway", &gateway.id));
    }
    tx.remove::<InternetGateway>(&gateway.id);
    Ok(())
}

fn describe_internet_gateways(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInternetGatewaysRequest,
) -> Result<DescribeInternetGatewaysResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeInternetGateways",
        ids: input.internet_gateway_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<InternetGateway>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeInternetGatewaysResult { internet_gateways: Some(items), next_token: page.next })
}

fn render(snapshot: &Snapshot, row: &InternetGateway) -> api::ec2::InternetGateway {
    let attachment = |vpc: &SmolStr| InternetGatewayAttachment {
        state: Some(SmolStr::new_static("available")),
        vpc_id: Some(vpc.clone()),
    };
    api::ec2::InternetGateway {
        attachments: Some(row.vpc_id.iter().map(attachment).collect()),
        internet_gateway_id: Some(row.id.clone()),
        owner_id: Some(snapshot.account().clone()),
        tags: render_tag_list(&row.tags),
    }
}

resource! { ec2:
    operations {
        write CreateInternetGateway => create_internet_gateway,
        read DescribeInternetGateways => describe_internet_gateways,
        write DeleteInternetGateway => delete_internet_gateway,
        write AttachInternetGateway => attach_internet_gateway,
        write DetachInternetGateway => detach_internet_gateway,
    }
    tables { InternetGateway }
}
