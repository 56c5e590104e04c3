//! RunInstances: what a request asks for, checked in AWS's order (image, type, key, network,
//! capacity), before anything is made.

use super::launch::{self, DiskPlan, Plan};
use super::render::Renderer;
use super::row::{Instance, Launch, MetadataOptions};
use super::{capacity, describe};
use crate::entity::{Entity, specified_tags};
use crate::key_pairs::KeyPair;
use crate::launch_templates::apply;
use crate::security_groups::GroupRef;
use crate::spot::market;
use crate::subnets::Subnet;
use crate::vpcs::default_vpc;
use crate::{errors, network_interfaces, tokens};
use api::ec2::{Reservation, RunInstancesRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::{Image, InstanceType};
use kernel::{ApiError, Caller, FaultSubject, Tags, Tx};
use smol_str::SmolStr;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Decoded user data may have this many bytes.
const MAX_USER_DATA: usize = 16_384;
/// What one request may launch; above it AWS's own quotas have long said no.
const MAX_COUNT: i64 = 100_000;

/// Launches as many instances as it can up to MaxCount, at least MinCount, all in one
/// reservation.
pub(super) fn run_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: RunInstancesRequest,
) -> Result<Reservation, ApiError> {
    check_counts(&input)?;
    if input.launch_template.is_none() && input.image_id.as_ref().is_none_or(|id| id.is_empty()) {
        return Err(errors::missing_parameter("ImageId"));
    }
    errors::dry_run(input.dry_run)?;
    let print = tokens::fingerprint(&input);
    let token = input.client_token.clone();
    if let Some(first) = tokens::replayed(tx, "RunInstances", token.as_deref(), print)? {
        return Ok(replay(tx, &first));
    }
    let plan = plan(tx, caller, input)?;
    let reservation = plan.launch.reservation.clone();
    let rows = launch::launch(tx, plan)?;
    tokens::remember(tx, "RunInstances", token.as_deref(), print, reservation);
    Ok(answer(tx, &rows))
}

fn answer(tx: &Tx, rows: &[Arc<Instance>]) -> Reservation {
    let mut reservation =
        rows.first().map(|row| describe::reservation(tx, row)).unwrap_or_default();
    let mut renderer = Renderer::new(tx);
    reservation.instances = Some(rows.iter().map(|row| renderer.instance(row)).collect());
    reservation
}

fn replay(tx: &Tx, reservation: &str) -> Reservation {
    let mut rows: Vec<Arc<Instance>> =
        tx.rows_by::<Instance>("reservation", reservation).cloned().collect();
    rows.sort_by_key(|row| row.launch_index);
    answer(tx, &rows)
}

fn check_counts(input: &RunInstancesRequest) -> Result<(), ApiError> {
    let (min, max) = (input.min_count, input.max_count);
    if min < 1 || max < 1 {
        let (name, value) = if min < 1 { ("minCount", min) } else { ("maxCount", max) };
        return Err(errors::invalid_parameter(
            value,
            name,
            "Expecting a value greater than or equal to 1.",
        ));
    }
    if min > max {
        return Err(errors::invalid_combination(
            "The parameter minCount must be less than or equal to maxCount",
        ));
    }
    if max > MAX_COUNT {
        return Err(ApiError::new(
            "InstanceLimitExceeded",
            format!(
                "Your quota allows for {MAX_COUNT} more running instance(s). You requested at \
                 least {min}"
            ),
        ));
    }
    Ok(())
}

/// Everything that a launch needs to know, checked.
fn plan(tx: &mut Tx, caller: &Caller, input: RunInstancesRequest) -> Result<Plan, ApiError> {
    let has_template = input.launch_template.is_some();
    let applied = if has_template { apply(tx, caller, input.clone())? } else { None };
    let (input, template) = match applied {
        Some(applied) => (applied.request, Some(applied.template)),
        None => (input, None),
    };
    let input = &input;
    if input.image_id.as_ref().is_none_or(|id| id.is_empty()) {
        return Err(errors::missing_parameter("ImageId"));
    }
    unsupported(input)?;
    let image = crate::images::usable(tx, input.image_id.as_deref().unwrap_or_default())?;
    let type_name = input.instance_type.as_deref().unwrap_or("m1.small");
    let instance_type = catalogue::instance_type(type_name)
        .ok_or_else(|| errors::invalid_instance_type(type_name))?;
    let architecture = architecture(&image, instance_type)?;
    let key_name = input.key_name.clone().unwrap_or_default();
    if !key_name.is_empty() && !tx.contains::<KeyPair>(&key_name) {
        return Err(errors::key_pair_not_found(&key_name));
    }
    let user_data = user_data(input)?;
    let network = network(tx, input, instance_type)?;
    let profile = profile(tx, caller, input)?;
    let allowed = ["instance", "volume", "network-interface", "spot-instances-request"];
    let specified = input.tag_specifications.as_deref();
    let tags = |kind| specified_tags(caller, specified, kind, &allowed);
    let market = market(caller, input, tags("spot-instances-request")?)?;
    let own_tags = templated(tags("instance")?, template);
    let max = capacity::room(
        tx,
        &capacity::Request {
            operation: "ec2:RunInstances",
            instance_type,
            zone: &network.subnet.zone,
            spot: market.is_some(),
            tags: &own_tags,
            min: input.min_count as u32,
            max: input.max_count as u32,
        },
    )?;
    let private_dns = input.private_dns_name_options.clone().unwrap_or_default();
    let subnet = &network.subnet;
    let placement = input.placement.clone().unwrap_or_default();
    let reservation = tx.new_id("r-");
    let launch = Launch {
        reservation,
        requester_id: (caller.invoked_by == Some("autoscaling"))
            .then_some(SmolStr::new_static("940372691376")),
        image_id: image.id.clone(),
        instance_type: instance_type.name.clone(),
        key_name,
        zone: network.subnet.zone.clone(),
        vpc_id: network.subnet.vpc_id.clone(),
        subnet_id: network.subnet.id.clone(),
        tenancy: placement
            .tenancy
            .filter(|tenancy| !tenancy.is_empty())
            .unwrap_or(SmolStr::new_static("default")),
        placement_group: placement.group_name.unwrap_or_default(),
        architecture,
        root_device_name: image.root_device_name.clone(),
        platform: image.platform.clone(),
        platform_details: image.platform_details.clone(),
        usage_operation: image.usage_operation.clone(),
        boot_mode: image.boot_mode.clone().unwrap_or_default(),
        ena_support: image.ena_support,
        cores: cores(input).unwrap_or(instance_type.cores),
        threads_per_core: threads(input).unwrap_or(instance_type.threads_per_core),
        ebs_optimized: input.ebs_optimized.unwrap_or(false),
        client_token: input.client_token.clone().unwrap_or_default(),
        user_data,
        profile,
        lifecycle: if market.is_some() { SmolStr::new_static("spot") } else { SmolStr::default() },
        hostname_type: private_dns.hostname_type.unwrap_or(subnet.hostname_type.clone()),
        dns_a_record: private_dns
            .enable_resource_name_dns_a_record
            .unwrap_or(subnet.dns_a_record),
        hibernation: input
            .hibernation_options
            .as_ref()
            .and_then(|o| o.configured)
            .unwrap_or(false),
        enclave: input.enclave_options.as_ref().and_then(|o| o.enabled).unwrap_or(false),
        cpu_credits: input
            .credit_specification
            .as_ref()
            .map(|c| c.cpu_credits.clone())
            .unwrap_or_default(),
        metadata: metadata(input, &image),
    };
    Ok(Plan {
        disks: disks(input, &image)?,
        launch: Arc::new(launch),
        market,
        subnet: network.subnet,
        groups: network.groups,
        private_ip: network.private_ip,
        public_ip: network.public_ip,
        description: network.description,
        delete_interface: network.delete_on_termination,
        monitoring: input.monitoring.as_ref().is_some_and(|m| m.enabled),
        disable_api_termination: input.disable_api_termination.unwrap_or(false),
        disable_api_stop: input.disable_api_stop.unwrap_or(false),
        shutdown_terminates: input.instance_initiated_shutdown_behavior.as_deref()
            == Some("terminate"),
        tags: own_tags,
        min: input.min_count as u32,
        max,
        volume_tags: tags("volume")?,
        interface_tags: tags("network-interface")?,
    })
}

/// The tags of instances that were launched with a template say with which: its id and version.
fn templated(tags: Tags, template: Option<(SmolStr, SmolStr)>) -> Tags {
    let Some((id, version)) = template else { return tags };
    tags.with([
        (SmolStr::new_static("aws:ec2launchtemplate:id"), id),
        (SmolStr::new_static("aws:ec2launchtemplate:version"), version),
    ])
}

/// Parts of the request that lowcloud does not model say so rather than being dropped.
fn unsupported(input: &RunInstancesRequest) -> Result<(), ApiError> {
    let interfaces = input.network_interfaces.as_deref().unwrap_or_default();
    let attaches = interfaces.iter().any(|i| i.network_interface_id.is_some());
    let what = if attaches {
        "launching with an existing network interface"
    } else if interfaces.len() > 1 {
        "launching with several network interfaces"
    } else if input.ipv6_address_count.unwrap_or(0) > 0 || input.ipv6_addresses.is_some() {
        "IPv6 addresses"
    } else if input.secondary_interfaces.is_some() {
        "secondary interfaces"
    } else {
        return Ok(());
    };
    Err(ApiError::not_implemented(format_args!("RunInstances with {what}")))
}

/// What the instance will be: of a synthetic image nothing is known, so it fits every type.
fn architecture(image: &Image, instance_type: &InstanceType) -> Result<SmolStr, ApiError> {
    let fits = instance_type.runs(image.architecture);
    match instance_type.architectures.first() {
        Some(own) if image.synthetic && !fits => Ok(SmolStr::new_static(own.as_str())),
        _ => {
            check_architecture(image.architecture.as_str(), instance_type)?;
            Ok(SmolStr::new_static(image.architecture.as_str()))
        }
    }
}

/// Whether what was made for `architecture` runs on the type.
pub(super) fn check_architecture(
    architecture: &str,
    instance_type: &InstanceType,
) -> Result<(), ApiError> {
    let mut own = instance_type.architectures.iter().map(|a| a.as_str());
    if own.clone().any(|name| name == architecture) {
        return Ok(());
    }
    let own = own.next().unwrap_or("x86_64");
    Err(errors::invalid_value(format!(
        "The architecture '{own}' of the specified instance type does not match the architecture \
         '{architecture}' of the specified AMI. Specify an instance type and an AMI that have \
         matching architectures, and try again. You can use 'describe-instance-types' or \
         'describe-images' to discover the architecture of the instance type or AMI."
    )))
}

fn user_data(input: &RunInstancesRequest) -> Result<String, ApiError> {
    let text = input.user_data.as_deref().unwrap_or_default();
    check_user_data(text)?;
    Ok(text.to_owned())
}

/// User data is base64 of at most 16 KiB.
pub(crate) fn check_user_data(text: &str) -> Result<(), ApiError> {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match STANDARD.decode(compact) {
        Err(_) => Err(ApiError::new(
            "InvalidUserData.Malformed",
            "Invalid BASE64 encoding of user data.",
        )),
        Ok(bytes) if bytes.len() > MAX_USER_DATA => Err(errors::invalid_value(format!(
            "User data is limited to {MAX_USER_DATA} bytes"
        ))),
        Ok(_) => Ok(()),
    }
}

fn cores(input: &RunInstancesRequest) -> Option<u16> {
    u16::try_from(input.cpu_options.as_ref()?.core_count?).ok()
}

fn threads(input: &RunInstancesRequest) -> Option<u8> {
    u8::try_from(input.cpu_options.as_ref()?.threads_per_core?).ok()
}

/// Images made for IMDSv2 (Amazon Linux 2023) require tokens and allow a container's extra hop.
fn metadata(input: &RunInstancesRequest, image: &Image) -> MetadataOptions {
    let given = input.metadata_options.clone().unwrap_or_default();
    let v2 = image.imds_support.as_deref() == Some("v2.0");
    let or = |given: Option<SmolStr>, default| given.unwrap_or(SmolStr::new_static(default));
    MetadataOptions {
        http_tokens: or(given.http_tokens, if v2 { "required" } else { "optional" }),
        hop_limit: given
            .http_put_response_hop_limit
            .and_then(|hops| u32::try_from(hops).ok())
            .unwrap_or(if v2 { 2 } else { 1 }),
        http_endpoint: or(given.http_endpoint, "enabled"),
        http_protocol_ipv6: or(given.http_protocol_ipv6, "disabled"),
        instance_metadata_tags: or(given.instance_metadata_tags, "disabled"),
    }
}

struct Network {
    subnet: Arc<Subnet>,
    groups: Arc<[GroupRef]>,
    private_ip: Option<Ipv4Addr>,
    public_ip: bool,
    description: SmolStr,
    delete_on_termination: bool,
}

fn network(
    tx: &Tx,
    input: &RunInstancesRequest,
    instance_type: &InstanceType,
) -> Result<Network, ApiError> {
    let interface = input.network_interfaces.as_deref().and_then(|list| list.first());
    if interface.is_some() {
        let text = |what| {
            errors::invalid_combination(format!(
                "Network interfaces and an instance-level {what} may not be specified on the same \
                 request"
            ))
        };
        if input.subnet_id.is_some() {
            return Err(text("subnet ID"));
        }
        if input.security_group_ids.is_some() || input.security_groups.is_some() {
            return Err(text("security groups"));
        }
        if input.private_ip_address.is_some() {
            return Err(text("private address"));
        }
    }
    let subnet_id = interface.map_or(&input.subnet_id, |i| &i.subnet_id);
    // Clients that write every member (Terraform) leave those that were not set empty.
    let zone = input.placement.as_ref().and_then(|p| p.availability_zone.as_deref());
    let zone = zone.filter(|zone| !zone.is_empty());
    let subnet = match subnet_id.as_ref().filter(|id| !id.is_empty()) {
        Some(_) if input.security_groups.is_some() => {
            return Err(errors::invalid_combination(
                "The parameter groupName cannot be used with the parameter subnet",
            ));
        }
        Some(id) => Subnet::find(tx, id)?,
        None => default_subnet(tx, zone, instance_type)?,
    };
    if let Some(zone) = zone.filter(|zone| *zone != subnet.zone) {
        return Err(errors::invalid_value(format!(
            "The availability zone '{zone}' does not match the availability zone of subnet '{}'",
            subnet.id
        )));
    }
    let ids = interface.map_or(&input.security_group_ids, |i| &i.groups);
    let names = input.security_groups.as_deref().unwrap_or_default();
    let groups = network_interfaces::groups_for(tx, &subnet, ids.as_deref().unwrap_or_default(), names)?;
    let private_ip = match interface.map_or(&input.private_ip_address, |i| &i.private_ip_address) {
        Some(_) if input.max_count > 1 => {
            return Err(errors::invalid_combination(
                "The parameter privateIpAddress cannot be used when launching multiple instances",
            ));
        }
        Some(text) => Some(text.parse().map_err(|_| {
            errors::invalid_parameter(text, "address", "Invalid IPv4 address.")
        })?),
        None => None,
    };
    Ok(Network {
        groups,
        private_ip,
        public_ip: interface
            .and_then(|i| i.associate_public_ip_address)
            .unwrap_or(subnet.map_public_ip),
        description: interface.and_then(|i| i.description.clone()).unwrap_or_default(),
        delete_on_termination: interface.and_then(|i| i.delete_on_termination).unwrap_or(true),
        subnet,
    })
}

/// Without a subnet, AWS picks one of the default VPC's: in the zone that was asked for, else in
/// one that offers the type; here always the one with the most room, the first of equals.
fn default_subnet(
    tx: &Tx,
    zone: Option<&str>,
    instance_type: &InstanceType,
) -> Result<Arc<Subnet>, ApiError> {
    let vpc = default_vpc(tx).ok_or_else(errors::no_default_vpc)?;
    let mut candidates: Vec<&Arc<Subnet>> =
        tx.rows_by::<Subnet>("vpc", &vpc.id).filter(|s| s.default_for_az).collect();
    candidates.sort_by(|a, b| a.zone.cmp(&b.zone));
    if let Some(zone) = zone {
        let known = catalogue::region(tx.region())
            .is_some_and(|region| region.zones.iter().any(|z| z.name == zone));
        if !known {
            return Err(errors::invalid_value(format!("Invalid availability zone: [{zone}]")));
        }
        candidates.retain(|subnet| subnet.zone == zone);
    } else {
        let offers =
            |s: &&Arc<Subnet>| catalogue::offered(tx.region(), &s.zone, &instance_type.name);
        let has_room = |s: &&Arc<Subnet>| {
            let name = Some(instance_type.name.as_str());
            let zone = Some(s.zone.as_str());
            let subject = FaultSubject { zone, instance_type: name, ..FaultSubject::default() };
            offers(s) && !capacity::is_full(tx, &subject)
        };
        if candidates.iter().any(has_room) {
            candidates.retain(has_room);
        } else if candidates.iter().any(offers) {
            candidates.retain(offers);
        }
    }
    let used = |s: &Subnet| {
        tx.get::<crate::addresses::AddressPool>(&s.id).map_or(0, |pool| pool.used)
    };
    let best = candidates.into_iter().min_by_key(|s| used(s)).cloned();
    best.ok_or_else(errors::no_default_subnet)
}

/// ARN and id of the instance profile, which IAM must know.
fn profile(
    tx: &mut Tx,
    caller: &Caller,
    input: &RunInstancesRequest,
) -> Result<Option<(SmolStr, SmolStr)>, ApiError> {
    let Some(given) = &input.iam_instance_profile else { return Ok(None) };
    let (value, field, what) = match (&given.arn, &given.name) {
        (Some(arn), None) => (arn, "iamInstanceProfile.arn", "ARN"),
        (None, Some(name)) => (name, "iamInstanceProfile.name", "name"),
        (Some(_), Some(_)) => {
            return Err(errors::invalid_combination(
                "The parameter 'iamInstanceProfile.name' may not be used in combination with \
                 'iamInstanceProfile.arn'",
            ));
        }
        (None, None) => return Ok(None),
    };
    let why = format!("Invalid IAM Instance Profile {what}");
    let invalid = || errors::invalid_parameter(value, field, &why);
    let name: SmolStr = value.rsplit('/').next().unwrap_or_default().into();
    let request = api::iam::GetInstanceProfileRequest { instance_profile_name: name };
    let found = tx
        .call::<api::iam::ops::GetInstanceProfile>(&caller.via("ec2"), request)
        .map_err(|_| invalid())?;
    let profile = found.instance_profile.unwrap_or_default();
    let arn = profile.arn.unwrap_or_default();
    if what == "ARN" && arn != *value {
        return Err(invalid());
    }
    Ok(Some((arn, profile.instance_profile_id.unwrap_or_default())))
}

/// The image's disks, changed and extended by the request's mappings.
fn disks(input: &RunInstancesRequest, image: &Image) -> Result<Vec<DiskPlan>, ApiError> {
    let mut disks: Vec<DiskPlan> = image.block_devices.iter().map(DiskPlan::of_image).collect();
    if !disks.iter().any(|disk| disk.device == image.root_device_name) {
        disks.insert(0, DiskPlan::root(image.root_device_name.clone()));
    }
    for mapping in input.block_device_mappings.as_deref().unwrap_or_default() {
        let device = mapping.device_name.clone().unwrap_or_default();
        if device.is_empty() {
            return Err(errors::missing_parameter("deviceName"));
        }
        if mapping.no_device.is_some() {
            disks.retain(|disk| disk.device != device);
            continue;
        }
        // Ephemeral disks come with the type and are no volumes.
        let Some(ebs) = &mapping.ebs else { continue };
        let place = disks.iter().position(|disk| disk.device == device);
        let mut disk = match place {
            Some(n) => disks[n].clone(),
            None => DiskPlan::blank(device),
        };
        disk.change(ebs)?;
        match place {
            Some(n) => disks[n] = disk,
            None if disk.size_gib == 0 => {
                return Err(ApiError::new(
                    "MissingParameter",
                    "The request must contain the parameter size or snapshotId",
                ));
            }
            None => disks.push(disk),
        }
    }
    Ok(disks)
}
