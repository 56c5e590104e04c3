//! CreateLoadBalancer, and the choice of its subnets and groups.

use super::{LoadBalancer, Mapping, interfaces};
use crate::names::{self, Kind};
use crate::network::{self, Subnet};
use crate::{errors, tags};
use api::elbv2::{CreateLoadBalancerInput, CreateLoadBalancerOutput, SubnetMapping};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx, Wait};
use smol_str::{SmolStr, format_smolstr};

/// AWS's default quotas.
const MAX_LOAD_BALANCERS: usize = 50;
const MAX_GROUPS: usize = 5;

/// A subnet and what the request says about it.
pub(super) type Placed = (Subnet, Mapping);

/// What a load balancer is asked to be.
struct Wanted {
    name: SmolStr,
    kind: Kind,
    internal: bool,
    ip_address_type: SmolStr,
    vpc: SmolStr,
    places: Vec<Placed>,
    groups: Vec<SmolStr>,
    tags: Tags,
}

pub(super) fn create_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateLoadBalancerInput,
) -> Result<CreateLoadBalancerOutput, ApiError> {
    let wanted = wanted(tx, caller, input)?;
    if let Some(row) = LoadBalancer::named(tx, &wanted.name) {
        return match same(&row, &wanted) {
            true => Ok(answer(&row)),
            false => Err(errors::duplicate_load_balancer(&wanted.name)),
        };
    }
    let of_kind = tx.rows::<LoadBalancer>().filter(|row| row.kind == wanted.kind).count();
    if of_kind >= MAX_LOAD_BALANCERS {
        return Err(errors::too_many("LoadBalancers", "The maximum number of load balancers has been reached"));
    }
    if !wanted.internal
        && wanted.kind != Kind::Gateway
        && !network::has_gateway(tx, caller, &wanted.vpc)
    {
        return Err(errors::invalid_subnet(format_args!(
            "VPC {} has no internet gateway",
            wanted.vpc
        )));
    }
    keep(tx, caller, wanted)
}

fn keep(
    tx: &mut Tx,
    caller: &Caller,
    wanted: Wanted,
) -> Result<CreateLoadBalancerOutput, ApiError> {
    let suffix = names::suffix(tx);
    let path = format_smolstr!("{}/{}/{suffix}", wanted.kind.short(), wanted.name);
    let arn = names::arn(caller, format_args!("loadbalancer/{path}"));
    let mut zones = Vec::with_capacity(wanted.places.len());
    for (subnet, mapping) in wanted.places {
        zones.push(interfaces::attach(tx, caller, &path, subnet, mapping, &wanted.groups)?);
    }
    let row = LoadBalancer {
        dns_name: names::dns_name(tx, wanted.kind, wanted.internal, &wanted.name, &suffix),
        arn: arn.clone(),
        name: wanted.name,
        kind: wanted.kind,
        internal: wanted.internal,
        ip_address_type: wanted.ip_address_type,
        vpc: wanted.vpc,
        zones,
        groups: wanted.groups,
        created_at: tx.now(),
        ready_at: tx.now().plus_millis(tx.pace().millis(Wait::LoadBalancerProvision)),
        active: false,
        attributes: Default::default(),
        private_link_rules: None,
        tags: wanted.tags,
    };
    tx.schedule(row.ready_at, "elbv2.load-balancer", &arn);
    let output = answer(&row);
    tx.put(row);
    Ok(output)
}

fn answer(row: &LoadBalancer) -> CreateLoadBalancerOutput {
    CreateLoadBalancerOutput { load_balancers: Some(vec![row.render()]) }
}

fn same(row: &LoadBalancer, wanted: &Wanted) -> bool {
    let places: Vec<Placed> =
        row.zones.iter().map(|zone| (zone.subnet.clone(), zone.mapping.clone())).collect();
    let sorted = |mut ids: Vec<SmolStr>| {
        ids.sort();
        ids
    };
    let by_id = |mut places: Vec<Placed>| {
        places.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        places
    };
    row.kind == wanted.kind
        && row.internal == wanted.internal
        && row.ip_address_type == wanted.ip_address_type
        && by_id(places) == by_id(wanted.places.clone())
        && sorted(row.groups.clone()) == sorted(wanted.groups.clone())
        && (wanted.tags.is_empty() || row.tags == wanted.tags)
}

fn wanted(
    tx: &Snapshot,
    caller: &Caller,
    input: CreateLoadBalancerInput,
) -> Result<Wanted, ApiError> {
    unsupported(&input)?;
    names::check("The load balancer name", &input.name)?;
    if input.name.starts_with("internal-") {
        return Err(errors::validation(format_args!(
            "The load balancer name '{}' cannot begin with 'internal-'",
            input.name
        )));
    }
    let kind = input.r#type.as_deref().unwrap_or("application");
    let kind = Kind::named(kind).ok_or_else(|| {
        errors::validation(format_args!("Load balancer type '{kind}' is not valid"))
    })?;
    let scheme = input.scheme.as_deref();
    if kind == Kind::Gateway && scheme.is_some() {
        return Err(errors::invalid_configuration(
            "Scheme is not supported for load balancers of type 'gateway'",
        ));
    }
    let tags = tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    let places = places(tx, caller, kind, input.subnets, input.subnet_mappings)?;
    let vpc = places.first().map(|(subnet, _)| subnet.vpc.clone()).unwrap_or_default();
    let groups = groups(tx, caller, kind, &vpc, input.security_groups)?;
    let ip_address_type = input.ip_address_type.unwrap_or_else(|| SmolStr::new_static("ipv4"));
    check_address_type(kind, scheme, &ip_address_type)?;
    Ok(Wanted {
        name: input.name,
        kind,
        internal: scheme == Some("internal"),
        ip_address_type,
        vpc,
        places,
        groups,
        tags,
    })
}

/// What lowcloud does not model says so rather than being dropped.
fn unsupported(input: &CreateLoadBalancerInput) -> Result<(), ApiError> {
    let what = if input.customer_owned_ipv4_pool.is_some() {
        "a customer-owned address pool"
    } else if input.ipam_pools.is_some() {
        "IPAM pools"
    } else if input.enable_prefix_for_ipv6_source_nat.as_deref().is_some_and(|on| on != "off") {
        "IPv6 source NAT"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("CreateLoadBalancer with {what}")))
}

/// Which types of addresses a load balancer takes.
pub(super) fn check_address_type(
    kind: Kind,
    scheme: Option<&str>,
    wanted: &str,
) -> Result<(), ApiError> {
    let fits = match wanted {
        "ipv4" | "dualstack" => true,
        "dualstack-without-public-ipv4" => kind == Kind::Application && scheme != Some("internal"),
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(errors::invalid_configuration(format_args!(
            "IP address type '{wanted}' is not supported for load balancers of type '{}'",
            kind.name()
        ))),
    }
}

/// The subnets of a request, one for each zone.
pub(super) fn places(
    snapshot: &Snapshot,
    caller: &Caller,
    kind: Kind,
    subnets: Option<Vec<SmolStr>>,
    mappings: Option<Vec<SubnetMapping>>,
) -> Result<Vec<Placed>, ApiError> {
    let (ids, mappings): (Vec<SmolStr>, Vec<Mapping>) = match (subnets, mappings) {
        (Some(_), Some(_)) => {
            return Err(errors::validation(
                "Subnets and SubnetMappings cannot both be specified",
            ));
        }
        (Some(ids), None) => ids.into_iter().map(|id| (id, Mapping::default())).unzip(),
        (None, Some(all)) => {
            all.into_iter().map(|one| mapping(kind, one)).collect::<Result<Vec<_>, _>>()?.into_iter().unzip()
        }
        (None, None) => (Vec::new(), Vec::new()),
    };
    let subnets = network::subnets(snapshot, caller, &ids)?;
    if subnets.iter().any(|subnet| subnet.vpc != subnets[0].vpc) {
        return Err(errors::invalid_configuration(
            "All subnets must belong to the same VPC",
        ));
    }
    for (at, subnet) in subnets.iter().enumerate() {
        if subnets[..at].iter().any(|other| other.zone == subnet.zone) {
            return Err(errors::invalid_configuration(
                "A load balancer cannot be attached to multiple subnets in the same Availability \
                 Zone",
            ));
        }
    }
    match kind {
        Kind::Application if subnets.len() < 2 => Err(errors::validation(
            "At least two subnets in two different Availability Zones must be specified",
        )),
        _ if subnets.is_empty() => {
            Err(errors::validation("At least one subnet must be specified"))
        }
        _ => Ok(subnets.into_iter().zip(mappings).collect()),
    }
}

fn mapping(kind: Kind, wire: SubnetMapping) -> Result<(SmolStr, Mapping), ApiError> {
    let id = wire.subnet_id.unwrap_or_default();
    if id.is_empty() {
        return Err(errors::validation("A subnet ID must be specified in each subnet mapping"));
    }
    let fixed = wire.allocation_id.is_some() || wire.private_i_pv4_address.is_some();
    if fixed && kind != Kind::Network {
        return Err(errors::invalid_configuration(format_args!(
            "Addresses cannot be specified for load balancers of type '{}'",
            kind.name()
        )));
    }
    if wire.i_pv6_address.is_some() || wire.source_nat_ipv6_prefix.is_some() {
        return Err(ApiError::not_implemented("subnet mappings with IPv6 addresses"));
    }
    Ok((id, Mapping { allocation: wire.allocation_id, private_ip: wire.private_i_pv4_address }))
}

/// The groups of a load balancer: the VPC's default one if an application load balancer names
/// none. Gateways have none.
pub(super) fn groups(
    snapshot: &Snapshot,
    caller: &Caller,
    kind: Kind,
    vpc: &SmolStr,
    asked: Option<Vec<SmolStr>>,
) -> Result<Vec<SmolStr>, ApiError> {
    let mut groups = asked.unwrap_or_default();
    groups.dedup();
    if groups.is_empty() {
        return Ok(match kind {
            Kind::Application => {
                network::default_group(snapshot, caller, vpc).into_iter().collect()
            }
            _ => Vec::new(),
        });
    }
    if kind == Kind::Gateway {
        return Err(errors::invalid_configuration(
            "Security groups are not supported for load balancers with type 'gateway'",
        ));
    }
    if groups.len() > MAX_GROUPS {
        return Err(errors::invalid_configuration(format_args!(
            "A load balancer cannot have more than {MAX_GROUPS} security groups"
        )));
    }
    network::check_groups(snapshot, caller, vpc, &groups)?;
    Ok(groups)
}
