//! AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress.

use super::permission::{self, Described};
use super::{Peer, SecurityGroupRule, add, of_group, render};
use crate::entity::{Entity, render_tags, specified_tags};
use crate::errors;
use crate::security_groups::{SecurityGroup, named};
use api::ec2::{
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupEgressResult,
    AuthorizeSecurityGroupIngressRequest, AuthorizeSecurityGroupIngressResult, IpPermission,
    IpRange, TagSpecification, UserIdGroupPair,
};
use kernel::{ApiError, Caller, Tags, Tx};
use smol_str::SmolStr;

/// AWS's default quota: so many IPv4 rules and so many IPv6 rules in each direction.
const MAX_RULES: usize = 60;

/// The permissions of a request: the list, or the one rule that its plain parameters make. A
/// group named as the source stands for all its traffic when no protocol is given.
pub(super) fn permissions(
    list: Option<&[IpPermission]>,
    protocol: Option<&SmolStr>,
    ports: (Option<i64>, Option<i64>),
    cidr: Option<&SmolStr>,
    source: (Option<&SmolStr>, Option<&SmolStr>),
) -> Result<Vec<IpPermission>, ApiError> {
    let plain = protocol.is_some() || cidr.is_some() || source.0.is_some();
    match (list, plain) {
        (Some(_), true) => Err(errors::invalid_combination(
            "The parameter ipPermissions cannot be used with the parameter ipProtocol",
        )),
        (Some(list), false) => Ok(list.to_vec()),
        (None, false) => Err(errors::missing_parameter("ipPermissions")),
        (None, true) => {
            let all = SmolStr::new_static("-1");
            let group = source.0.map(|name| UserIdGroupPair {
                group_name: Some(name.clone()),
                user_id: source.1.cloned(),
                ..Default::default()
            });
            let range = cidr.map(|c| IpRange { cidr_ip: Some(c.clone()), ..Default::default() });
            let implied = group.is_some().then_some(&all);
            Ok(vec![IpPermission {
                ip_protocol: protocol.or(implied).cloned(),
                from_port: ports.0,
                to_port: ports.1,
                ip_ranges: range.map(|r| vec![r]),
                user_id_group_pairs: group.map(|g| vec![g]),
                ..Default::default()
            }])
        }
    }
}

pub(super) fn authorize_security_group_ingress(
    tx: &mut Tx,
    caller: &Caller,
    input: AuthorizeSecurityGroupIngressRequest,
) -> Result<AuthorizeSecurityGroupIngressResult, ApiError> {
    let given = permissions(
        input.ip_permissions.as_deref(),
        input.ip_protocol.as_ref(),
        (input.from_port, input.to_port),
        input.cidr_ip.as_ref(),
        (
            input.source_security_group_name.as_ref(),
            input.source_security_group_owner_id.as_ref(),
        ),
    )?;
    let tags = tags(caller, input.tag_specifications.as_deref())?;
    errors::dry_run(input.dry_run)?;
    let group = named(tx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let rules = authorize(tx, &group, false, &given, &tags)?;
    Ok(AuthorizeSecurityGroupIngressResult {
        r#return: Some(true),
        security_group_rules: Some(rules),
    })
}

pub(super) fn authorize_security_group_egress(
    tx: &mut Tx,
    caller: &Caller,
    input: AuthorizeSecurityGroupEgressRequest,
) -> Result<AuthorizeSecurityGroupEgressResult, ApiError> {
    let given = permissions(
        input.ip_permissions.as_deref(),
        input.ip_protocol.as_ref(),
        (input.from_port, input.to_port),
        input.cidr_ip.as_ref(),
        (
            input.source_security_group_name.as_ref(),
            input.source_security_group_owner_id.as_ref(),
        ),
    )?;
    let tags = tags(caller, input.tag_specifications.as_deref())?;
    errors::dry_run(input.dry_run)?;
    let group = SecurityGroup::find(tx, &input.group_id)?;
    let rules = authorize(tx, &group, true, &given, &tags)?;
    Ok(AuthorizeSecurityGroupEgressResult {
        r#return: Some(true),
        security_group_rules: Some(rules),
    })
}

fn tags(caller: &Caller, given: Option<&[TagSpecification]>) -> Result<Tags, ApiError> {
    let kind = SecurityGroupRule::KIND;
    specified_tags(caller, given, kind, &[kind])
}

fn authorize(
    tx: &mut Tx,
    group: &SecurityGroup,
    egress: bool,
    given: &[IpPermission],
    tags: &Tags,
) -> Result<Vec<api::ec2::SecurityGroupRule>, ApiError> {
    let new = permission::parse_all(tx, group, given)?;
    let existing = of_group(tx, &group.id, egress);
    if let Some((twice, _)) =
        new.iter().find(|(rule, _)| existing.iter().any(|other| other.permission == *rule))
    {
        return Err(errors::rule_duplicate(&twice.describe()));
    }
    let peers = || {
        let new = new.iter().map(|(rule, _): &Described| &rule.peer);
        existing.iter().map(|rule| &rule.permission.peer).chain(new)
    };
    // A rule about a group counts for both families.
    let v4 = peers().filter(|peer| !matches!(peer, Peer::V6(_))).count();
    let v6 = peers().filter(|peer| !matches!(peer, Peer::V4(_))).count();
    if v4 > MAX_RULES || v6 > MAX_RULES {
        return Err(errors::rule_limit_exceeded());
    }
    let mut rules = Vec::with_capacity(new.len());
    for (permission, description) in new {
        let row = add(tx, &group.id, egress, permission, description, tags);
        rules.push(api::ec2::SecurityGroupRule {
            tags: render_tags(row.tags()),
            ..render(tx, &row)
        });
    }
    Ok(rules)
}
