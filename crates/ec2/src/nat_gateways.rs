//! NAT gateways.
//!
//! "NAT gateways" in the VPC user guide: a public one needs an Elastic IP address and a VPC with
//! an internet gateway, and what is wrong with either shows when it fails, not when it is made. A
//! deleted or failed gateway stays visible for about an hour. Regional gateways and secondary
//! addresses are left out; requests that want them say so.

mod create;
mod describe;
mod lifecycle;

use crate::entity::Entity;
use crate::errors;
use crate::network_interfaces::NetworkInterface;
use kernel::{ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::net::Ipv4Addr;

/// Where a NAT gateway is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Pending,
    Failed,
    Available,
    Deleting,
    Deleted,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Available => "available",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// A NAT gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NatGateway {
    pub(crate) id: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) subnet_id: SmolStr,
    pub(crate) state: State,
    /// When the present state turns into the next; none for states that stay.
    due: Option<Timestamp>,
    created_at: Timestamp,
    deleted_at: Option<Timestamp>,
    /// Code and message.
    failure: Option<(SmolStr, SmolStr)>,
    /// The Elastic IP address that a public one was made with.
    allocation: Option<SmolStr>,
    /// What it has in its subnet; none if that was full.
    address: Option<Address>,
    tags: Tags,
}

/// The address of a gateway, which is known also after its interface has gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Address {
    interface: SmolStr,
    private_ip: Ipv4Addr,
    /// Public address and association, once they are there.
    public: Option<(Ipv4Addr, SmolStr)>,
}

impl NatGateway {
    /// Whether it carries packets, or soon will.
    pub(crate) const fn leads(&self) -> bool {
        matches!(self.state, State::Pending | State::Available)
    }

    fn interface(&self, snapshot: &Snapshot) -> Option<std::sync::Arc<NetworkInterface>> {
        snapshot.get(&self.address.as_ref()?.interface)
    }
}

impl Row for NatGateway {
    const TABLE: &'static str = "ec2.nat-gateways";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for NatGateway {
    const KIND: &'static str = "natgateway";
    const PREFIX: &'static str = "nat-";
    const FILTERS: &'static [FilterRow<Self>] = describe::FILTERS;

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::nat_gateway_not_found(ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::nat_gateway_malformed(id)
    }
}

resource! { ec2:
    operations {
        write CreateNatGateway => create::create_nat_gateway,
        read DescribeNatGateways => describe::describe_nat_gateways,
        write DeleteNatGateway => lifecycle::delete_nat_gateway,
    }
    tables { NatGateway }
    tasks { "ec2.nat-gateway" => lifecycle::look }
    housekeeping { "ec2.nat-gateway-purge" => lifecycle::purge }
}
