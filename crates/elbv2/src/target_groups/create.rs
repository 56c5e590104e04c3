//! CreateTargetGroup and ModifyTargetGroup.

use super::health_check::{Asked, HealthCheck};
use super::{TargetGroup, TargetType};
use crate::names;
use crate::{errors, network, tags, targets};
use api::elbv2::{
    CreateTargetGroupInput, CreateTargetGroupOutput, ModifyTargetGroupInput,
    ModifyTargetGroupOutput,
};
use kernel::{ApiError, Caller, Snapshot, Tags, Tx};
use smol_str::{SmolStr, format_smolstr};

/// AWS's default quota.
const MAX_TARGET_GROUPS: usize = 3_000;

pub(super) fn create_target_group(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateTargetGroupInput,
) -> Result<CreateTargetGroupOutput, ApiError> {
    let mut row = wanted(tx, caller, &input)?;
    if let Some(old) = TargetGroup::named(tx, &row.name) {
        return match same(&old, &row) {
            true => Ok(answer(tx, &old)),
            false => Err(errors::duplicate_target_group(&row.name)),
        };
    }
    if tx.count::<TargetGroup>() >= MAX_TARGET_GROUPS {
        return Err(errors::too_many(
            "TargetGroups",
            "The maximum number of target groups has been reached",
        ));
    }
    let suffix = names::suffix(tx);
    row.arn = names::arn(caller, format_smolstr!("targetgroup/{}/{suffix}", row.name));
    tx.put(row.clone());
    Ok(answer(tx, &row))
}

fn answer(snapshot: &Snapshot, row: &TargetGroup) -> CreateTargetGroupOutput {
    CreateTargetGroupOutput { target_groups: Some(vec![row.render(snapshot)]) }
}

fn same(old: &TargetGroup, new: &TargetGroup) -> bool {
    old.kind == new.kind
        && old.protocol == new.protocol
        && old.protocol_version == new.protocol_version
        && old.port == new.port
        && old.vpc == new.vpc
        && old.ip_address_type == new.ip_address_type
        && old.check == new.check
        && (new.tags.is_empty() || old.tags == new.tags)
}

/// The group that a request asks for, without its ARN.
fn wanted(
    snapshot: &Snapshot,
    caller: &Caller,
    input: &CreateTargetGroupInput,
) -> Result<TargetGroup, ApiError> {
    names::check("Target group name", &input.name)?;
    let kind = input.target_type.as_deref().unwrap_or("instance");
    let kind = TargetType::named(kind)
        .ok_or_else(|| errors::validation(format_args!("Target type '{kind}' is not valid")))?;
    if input.target_control_port.is_some() {
        return Err(ApiError::not_implemented("target groups with a target control port"));
    }
    let protocol = protocol_of(kind, input)?;
    let vpc = vpc_of(snapshot, caller, kind, input)?;
    let version = match (protocol.as_deref(), input.protocol_version.clone()) {
        (Some("HTTP" | "HTTPS"), None) => Some(SmolStr::new_static("HTTP1")),
        (Some("HTTP" | "HTTPS"), version) => version,
        (_, None) => None,
        (_, Some(_)) => {
            return Err(errors::validation(
                "Protocol version is supported for target groups with protocol HTTP or HTTPS only",
            ));
        }
    };
    let asked = Asked::from(input);
    let check =
        HealthCheck::default_of(kind, protocol.as_deref(), version.as_deref(), &asked);
    Ok(TargetGroup {
        arn: SmolStr::default(),
        name: input.name.clone(),
        kind,
        protocol_version: version,
        port: input.port,
        vpc,
        ip_address_type: address_type(kind, input)?,
        check: check.with(kind, asked)?,
        protocol,
        attributes: Default::default(),
        tags: tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?,
    })
}

/// Functions have neither protocol nor port; all others must have both.
fn protocol_of(
    kind: TargetType,
    input: &CreateTargetGroupInput,
) -> Result<Option<SmolStr>, ApiError> {
    if kind == TargetType::Lambda {
        for (given, what) in [
            (input.protocol.is_some(), "Protocol"),
            (input.port.is_some(), "Port"),
            (input.vpc_id.is_some(), "VPC ID"),
        ] {
            if given {
                return Err(errors::validation(format_args!(
                    "{what} cannot be specified for target groups with target type 'lambda'"
                )));
            }
        }
        return Ok(None);
    }
    let protocol =
        input.protocol.clone().ok_or_else(|| errors::validation("A protocol must be specified"))?;
    let port = input.port.ok_or_else(|| errors::validation("A port must be specified"))?;
    if !(1..=65_535).contains(&port) {
        return Err(errors::validation(format_args!(
            "Port '{port}' must be between '1' and '65535'"
        )));
    }
    if matches!(&*protocol, "QUIC" | "TCP_QUIC") {
        return Err(ApiError::not_implemented(format_args!(
            "target groups with protocol {protocol}"
        )));
    }
    if kind == TargetType::Alb && protocol != "TCP" {
        return Err(errors::validation(format_args!(
            "Protocol '{protocol}' is not supported for target groups with target type 'alb'"
        )));
    }
    if protocol == "GENEVE" && port != 6_081 {
        return Err(errors::validation("Port must be '6081' for protocol 'GENEVE'"));
    }
    Ok(Some(protocol))
}

fn vpc_of(
    snapshot: &Snapshot,
    caller: &Caller,
    kind: TargetType,
    input: &CreateTargetGroupInput,
) -> Result<Option<SmolStr>, ApiError> {
    if kind == TargetType::Lambda {
        return Ok(None);
    }
    let vpc = input.vpc_id.clone().filter(|vpc| !vpc.is_empty());
    let vpc = vpc.ok_or_else(|| errors::validation("A VPC ID must be specified"))?;
    match network::vpc_exists(snapshot, caller, &vpc) {
        true => Ok(Some(vpc)),
        false => Err(errors::validation(format_args!("The VPC ID '{vpc}' is not found"))),
    }
}

fn address_type(kind: TargetType, input: &CreateTargetGroupInput) -> Result<SmolStr, ApiError> {
    let asked = input.ip_address_type.clone().unwrap_or_else(|| SmolStr::new_static("ipv4"));
    if asked == "ipv6" && !matches!(kind, TargetType::Ip | TargetType::Instance) {
        return Err(errors::validation(format_args!(
            "IP address type 'ipv6' is not supported for target groups with target type '{}'",
            kind.name()
        )));
    }
    Ok(asked)
}

pub(super) fn modify_target_group(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyTargetGroupInput,
) -> Result<ModifyTargetGroupOutput, ApiError> {
    let row = TargetGroup::find(tx, &input.target_group_arn)?;
    let check = row.check.with(row.kind, Asked::from(&input))?;
    let row = tx.update::<TargetGroup>(&row.arn, |row| row.check = check);
    targets::wake_group(tx, &input.target_group_arn);
    let rows = row.iter().map(|row| row.render(tx)).collect();
    Ok(ModifyTargetGroupOutput { target_groups: Some(rows) })
}
