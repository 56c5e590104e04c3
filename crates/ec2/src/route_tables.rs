//! Route tables: their routes and what they are associated with.
//!
//! A VPC's main table serves every subnet that has no table of its own. Whether a route is a
//! black hole is not stored: it follows from its target ("Route tables" in the VPC user guide).

mod associations;
mod render;
mod routes;

use crate::cidr::{Cidr, Cidr6};
use crate::entity::{Entity, Query, specified_tags};
use crate::errors;
use crate::tokens;
use crate::vpcs::{Vpc, bool_text};
use api::ec2::{
    CreateRouteTableRequest, CreateRouteTableResult, DeleteRouteTableRequest,
    DescribeRouteTablesRequest, DescribeRouteTablesResult,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use std::sync::Arc;

/// AWS's default quota of tables in a VPC.
const MAX_PER_VPC: usize = 200;

/// A route table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    id: SmolStr,
    vpc_id: SmolStr,
    routes: Vec<Route>,
    associations: Vec<Association>,
    tags: Tags,
}

/// Where packets to one destination go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Route {
    destination: Destination,
    target: Target,
    /// Whether it came with the table (`CreateRouteTable`) or by `CreateRoute`.
    original: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Destination {
    V4(Cidr),
    V6(Cidr6),
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(cidr) => cidr.fmt(f),
            Self::V6(cidr) => cidr.fmt(f),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Target {
    /// Within the VPC.
    Local,
    /// An internet gateway.
    Gateway(SmolStr),
    /// A NAT gateway.
    NatGateway(SmolStr),
    /// A network interface; also what a route to an instance is.
    Interface(SmolStr),
}

/// What a table serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Association {
    /// `rtbassoc-…`
    id: SmolStr,
    served: Served,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Served {
    /// Every subnet of the VPC that has no table of its own.
    Main,
    Subnet(SmolStr),
    /// Packets that come in through this gateway.
    Gateway(SmolStr),
}

impl Served {
    /// What the `served` index has: the subnet's or the gateway's id.
    fn id(&self) -> Option<&SmolStr> {
        match self {
            Self::Main => None,
            Self::Subnet(id) | Self::Gateway(id) => Some(id),
        }
    }
}

impl RouteTable {
    /// Whether it is its VPC's main table.
    pub(crate) fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.served == Served::Main)
    }
}

impl Row for RouteTable {
    const TABLE: &'static str = "ec2.route-tables";
    const INDEXES: &'static [&'static str] = &["vpc", "association", "served", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        for association in &self.associations {
            sink.put("association", association.id.clone());
            association.served.id().into_iter().for_each(|id| sink.put("served", id.clone()));
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for RouteTable {
    const KIND: &'static str = "route-table";
    const PREFIX: &'static str = "rtb-";
    const FILTERS: &'static [FilterRow<Self>] = FILTERS;
    const INDEXED: &'static [(&'static str, &'static str)] = &[
        ("association.route-table-association-id", "association"),
        ("association.subnet-id", "served"),
        ("vpc-id", "vpc"),
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidRouteTableID.NotFound", "routeTable", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidRouteTableId.Malformed", id, Self::PREFIX)
    }
}

/// Filters of DescribeRouteTables. No route goes to a transit gateway, a peering
/// connection or a prefix list.
static FILTERS: &[FilterRow<RouteTable>] = &[
    FilterRow {
        name: "association.gateway-id",
        values: |t, _, emit| {
            t.associations.iter().for_each(|a| {
                if let Served::Gateway(id) = &a.served {
                    emit(id);
                }
            });
        },
    },
    FilterRow {
        name: "association.route-table-association-id",
        values: |t, _, emit| t.associations.iter().for_each(|a| emit(&a.id)),
    },
    FilterRow {
        name: "association.route-table-id",
        values: |t, _, emit| t.associations.iter().for_each(|_| emit(&t.id)),
    },
    FilterRow {
        name: "association.subnet-id",
        values: |t, _, emit| {
            t.associations.iter().for_each(|a| {
                if let Served::Subnet(id) = &a.served {
                    emit(id);
                }
            });
        },
    },
    FilterRow {
        name: "association.main",
        values: |t, _, emit| {
            t.associations.iter().for_each(|a| emit(bool_text(a.served == Served::Main)));
        },
    },
    FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
    FilterRow { name: "route-table-id", values: |t, _, emit| emit(&t.id) },
    FilterRow {
        name: "route.destination-cidr-block",
        values: |t, _, emit| {
            t.routes.iter().for_each(|r| {
                if let Destination::V4(cidr) = r.destination {
                    emit(&cidr.to_string());
                }
            });
        },
    },
    FilterRow {
        name: "route.destination-ipv6-cidr-block",
        values: |t, _, emit| {
            t.routes.iter().for_each(|r| {
                if let Destination::V6(cidr) = r.destination {
                    emit(&cidr.to_string());
                }
            });
        },
    },
    FilterRow { name: "route.destination-prefix-list-id", values: |_, _, _| () },
    FilterRow { name: "route.egress-only-internet-gateway-id", values: |_, _, _| () },
    FilterRow {
        name: "route.gateway-id",
        values: |t, _, emit| {
            t.routes.iter().for_each(|r| match &r.target {
                Target::Local => emit("local"),
                Target::Gateway(id) => emit(id),
                Target::NatGateway(_) | Target::Interface(_) => {}
            });
        },
    },
    FilterRow {
        name: "route.instance-id",
        values: |t, s, emit| {
            t.routes.iter().filter_map(|r| r.instance(s)).for_each(|i| emit(&i.id));
        },
    },
    FilterRow {
        name: "route.nat-gateway-id",
        values: |t, _, emit| {
            t.routes.iter().for_each(|r| {
                if let Target::NatGateway(id) = &r.target {
                    emit(id);
                }
            });
        },
    },
    FilterRow { name: "route.transit-gateway-id", values: |_, _, _| () },
    FilterRow {
        name: "route.origin",
        values: |t, _, emit| t.routes.iter().for_each(|r| emit(r.origin())),
    },
    FilterRow {
        name: "route.state",
        values: |t, s, emit| t.routes.iter().for_each(|r| emit(r.state(&t.vpc_id, s))),
    },
    FilterRow { name: "route.vpc-peering-connection-id", values: |_, _, _| () },
    FilterRow { name: "vpc-id", values: |t, _, emit| emit(&t.vpc_id) },
];

fn plain(tx: &mut Tx, vpc: &Vpc, tags: Tags) -> RouteTable {
    let destination = Destination::V4(vpc.cidr);
    RouteTable {
        id: tx.new_id("rtb-"),
        vpc_id: vpc.id.clone(),
        routes: vec![Route { destination, target: Target::Local, original: true }],
        associations: Vec::new(),
        tags,
    }
}

/// Gives a new VPC its main table.
pub(crate) fn create_main(tx: &mut Tx, vpc: &Vpc) {
    let mut table = plain(tx, vpc, Tags::default());
    table.associations.push(Association { id: tx.new_id("rtbassoc-"), served: Served::Main });
    tx.put(table);
}

fn main_of(snapshot: &Snapshot, vpc_id: &str) -> Option<Arc<RouteTable>> {
    snapshot.rows_by::<RouteTable>("vpc", vpc_id).find(|table| table.is_main()).cloned()
}

/// Sends everything that leaves the VPC by its main table to a gateway.
pub(crate) fn add_default_route(tx: &mut Tx, vpc_id: &str, gateway: &str) {
    let destination = Destination::V4(Cidr { base: 0, prefix: 0 });
    let target = Target::Gateway(gateway.into());
    if let Some(table) = main_of(tx, vpc_id) {
        let route = Route { destination, target, original: false };
        tx.update::<RouteTable>(&table.id, |t| t.routes.push(route));
    }
}

/// Drops the association of a subnet that is deleted, or of a gateway that is detached.
pub(crate) fn forget(tx: &mut Tx, served: &str) {
    let table = tx.rows_by::<RouteTable>("served", served).next().map(|t| t.id.clone());
    if let Some(table) = table {
        tx.update::<RouteTable>(&table, |t| {
            t.associations.retain(|a| a.served.id().is_none_or(|id| id != served));
        });
    }
}

/// Removes the tables of a VPC that is deleted.
pub(crate) fn remove_all(tx: &mut Tx, vpc_id: &str) {
    let ids: Vec<_> = tx.rows_by::<RouteTable>("vpc", vpc_id).map(|t| t.id.clone()).collect();
    for id in ids {
        tx.remove::<RouteTable>(&id);
    }
}

fn create_route_table(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateRouteTableRequest,
) -> Result<CreateRouteTableResult, ApiError> {
    const CALL: &str = "CreateRouteTable";
    let kind = RouteTable::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.as_deref();
    let answer = |tx: &Tx, row: &RouteTable| CreateRouteTableResult {
        route_table: Some(render::table(tx, row)),
        client_token: input.client_token.clone(),
    };
    if let Some(first) = tokens::replayed(tx, CALL, token, print)? {
        return Ok(answer(tx, &*RouteTable::find(tx, &first)?));
    }
    let vpc = Vpc::find(tx, &input.vpc_id)?;
    if tx.rows_by::<RouteTable>("vpc", &vpc.id).count() >= MAX_PER_VPC {
        return Err(errors::route_table_limit_exceeded());
    }
    let table = plain(tx, &vpc, tags);
    let id = table.id.clone();
    let result = answer(tx, &table);
    tx.put(table);
    tokens::remember(tx, CALL, token, print, id);
    Ok(result)
}

fn delete_route_table(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteRouteTableRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let table = RouteTable::find(tx, &input.route_table_id)?;
    if !table.associations.is_empty() {
        return Err(errors::has_dependencies("routeTable", &table.id));
    }
    tx.remove::<RouteTable>(&table.id);
    Ok(())
}

fn describe_route_tables(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeRouteTablesRequest,
) -> Result<DescribeRouteTablesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeRouteTables",
        ids: input.route_table_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<RouteTable>(snapshot)?;
    let items = page.items.iter().map(|row| render::table(snapshot, row)).collect();
    Ok(DescribeRouteTablesResult { route_tables: Some(items), next_token: page.next })
}

resource! { ec2:
    operations {
        write CreateRouteTable => create_route_table,
        read DescribeRouteTables => describe_route_tables,
        write DeleteRouteTable => delete_route_table,
        write CreateRoute => routes::create_route,
        write ReplaceRoute => routes::replace_route,
        write DeleteRoute => routes::delete_route,
        write AssociateRouteTable => associations::associate_route_table,
        write DisassociateRouteTable => associations::disassociate_route_table,
        write ReplaceRouteTableAssociation => associations::replace_route_table_association,
    }
    tables { RouteTable }
}
