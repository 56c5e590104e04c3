//! CreateNatGateway.

use super::{Address, NatGateway, State, describe, lifecycle};
use crate::elastic_ips;
use crate::entity::{Entity, specified_tags};
use crate::network_interfaces::{self, NetworkInterface};
use crate::subnets::Subnet;
use crate::{errors, tokens};
use api::ec2::{CreateNatGatewayRequest, CreateNatGatewayResult};
use kernel::{ApiError, Caller, Tags, Tx, Wait};
use smol_str::{SmolStr, format_smolstr};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &CreateNatGatewayRequest) -> Result<(), ApiError> {
    let what = if input.availability_mode.as_deref() == Some("regional")
        || input.vpc_id.is_some()
        || input.availability_zone_addresses.is_some()
    {
        "AvailabilityMode regional"
    } else if input.secondary_allocation_ids.is_some()
        || input.secondary_private_ip_addresses.is_some()
        || input.secondary_private_ip_address_count.is_some()
    {
        "secondary addresses"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateNatGateway with {what}")))
}

/// What a request asks for, once it has been read.
struct Plan {
    allocation: Option<SmolStr>,
    private_ip: Option<Ipv4Addr>,
    tags: Tags,
}

fn plan(caller: &Caller, input: &CreateNatGatewayRequest) -> Result<Plan, ApiError> {
    let kind = NatGateway::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    unsupported(input)?;
    let private = input.connectivity_type.as_deref() == Some("private");
    match &input.allocation_id {
        Some(_) if private => return Err(errors::private_nat_allocation()),
        None if !private => return Err(errors::nat_allocation_missing()),
        _ => {}
    }
    let private_ip = input.private_ip_address.as_deref();
    let private_ip = private_ip.map(network_interfaces::parse_address).transpose()?;
    Ok(Plan { allocation: input.allocation_id.clone(), private_ip, tags })
}

pub(super) fn create_nat_gateway(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateNatGatewayRequest,
) -> Result<CreateNatGatewayResult, ApiError> {
    const CALL: &str = "CreateNatGateway";
    let plan = plan(caller, &input)?;
    errors::dry_run(input.dry_run)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.as_deref();
    let id = match tokens::replayed(tx, CALL, token, print)? {
        Some(first) => first,
        None => {
            let subnet_id = input.subnet_id.as_ref();
            let subnet_id = subnet_id.ok_or_else(|| errors::missing_parameter("SubnetId"))?;
            let subnet = Subnet::find(tx, subnet_id)?;
            if let Some(allocation) = &plan.allocation {
                elastic_ips::Address::find(tx, allocation)?;
            }
            let id = make(tx, &subnet, plan)?;
            tokens::remember(tx, CALL, token, print, id.clone());
            id
        }
    };
    let row = NatGateway::find(tx, &id)?;
    Ok(CreateNatGatewayResult {
        client_token: input.client_token,
        nat_gateway: Some(describe::render(&row)),
    })
}

/// Makes a gateway that is pending. In a full subnet it will fail.
fn make(tx: &mut Tx, subnet: &Subnet, plan: Plan) -> Result<SmolStr, ApiError> {
    let id = tx.new_id(NatGateway::PREFIX);
    let mut gateway = NatGateway {
        id: id.clone(),
        vpc_id: subnet.vpc_id.clone(),
        subnet_id: subnet.id.clone(),
        state: State::Pending,
        due: None,
        created_at: tx.now(),
        deleted_at: None,
        failure: None,
        allocation: plan.allocation,
        address: None,
        tags: plan.tags,
    };
    match network_interfaces::create(tx, subnet, Arc::new([]), plan.private_ip) {
        Ok(interface) => {
            gateway.address = Some(Address {
                interface: interface.id.clone(),
                private_ip: interface.private_ip,
                public: None,
            });
            tx.put(NetworkInterface {
                description: format_smolstr!("Interface for NAT Gateway {id}"),
                source_dest_check: false,
                requester_id: Some(network_interfaces::OF_NAT_GATEWAY),
                ..interface
            });
        }
        Err(error) if error.code == "InsufficientFreeAddressesInSubnet" => {}
        Err(error) => return Err(error),
    }
    lifecycle::begin(tx, &mut gateway, State::Pending, Wait::NatGatewayCreate);
    tx.put(gateway);
    Ok(id)
}
