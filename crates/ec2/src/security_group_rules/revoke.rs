//! RevokeSecurityGroupIngress and RevokeSecurityGroupEgress.

use super::authorize::permissions;
use super::{Peer, SecurityGroupRule, of_group, permission, put_peer};
use crate::entity::Entity;
use crate::errors;
use crate::security_groups::{SecurityGroup, named};
use crate::vpcs::Vpc;
use api::ec2::{
    IpPermission, RevokeSecurityGroupEgressRequest, RevokeSecurityGroupEgressResult,
    RevokeSecurityGroupIngressRequest, RevokeSecurityGroupIngressResult, RevokedSecurityGroupRule,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

/// The rules that were revoked, and the permissions that no rule had.
type Revoked = (Vec<RevokedSecurityGroupRule>, Vec<IpPermission>);

pub(super) fn revoke_security_group_ingress(
    tx: &mut Tx,
    _: &Caller,
    input: RevokeSecurityGroupIngressRequest,
) -> Result<RevokeSecurityGroupIngressResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = named(tx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let plain = input.ip_protocol.is_some() || input.cidr_ip.is_some();
    let (revoked, unknown) = match input.security_group_rule_ids.as_deref() {
        Some(_) if input.ip_permissions.is_some() || plain => return Err(both()),
        Some(ids) => by_ids(tx, &group, false, ids)?,
        None => {
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
            by_permissions(tx, &group, false, &given)?
        }
    };
    Ok(RevokeSecurityGroupIngressResult {
        r#return: Some(true),
        unknown_ip_permissions: (!unknown.is_empty()).then_some(unknown),
        revoked_security_group_rules: Some(revoked),
    })
}

pub(super) fn revoke_security_group_egress(
    tx: &mut Tx,
    _: &Caller,
    input: RevokeSecurityGroupEgressRequest,
) -> Result<RevokeSecurityGroupEgressResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = SecurityGroup::find(tx, &input.group_id)?;
    let plain = input.ip_protocol.is_some() || input.cidr_ip.is_some();
    let (revoked, unknown) = match input.security_group_rule_ids.as_deref() {
        Some(_) if input.ip_permissions.is_some() || plain => return Err(both()),
        Some(ids) => by_ids(tx, &group, true, ids)?,
        None => {
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
            by_permissions(tx, &group, true, &given)?
        }
    };
    Ok(RevokeSecurityGroupEgressResult {
        r#return: Some(true),
        unknown_ip_permissions: (!unknown.is_empty()).then_some(unknown),
        revoked_security_group_rules: Some(revoked),
    })
}

fn both() -> ApiError {
    errors::cannot_be_used_with("securityGroupRuleIds", "ipPermissions")
}

fn by_ids(
    tx: &mut Tx,
    group: &SecurityGroup,
    egress: bool,
    ids: &[SmolStr],
) -> Result<Revoked, ApiError> {
    let rules = SecurityGroupRule::find_all(tx, ids)?;
    let foreign = rules.iter().find(|r| r.group_id != group.id || r.is_egress != egress);
    if let Some(rule) = foreign {
        return Err(SecurityGroupRule::not_found(&[&rule.id]));
    }
    Ok((remove(tx, rules), Vec::new()))
}

/// Rules must match exactly but for their description. What no rule allows is an error, except in
/// the default VPC, where the answer lists it (RevokeSecurityGroupIngress in the API reference).
fn by_permissions(
    tx: &mut Tx,
    group: &SecurityGroup,
    egress: bool,
    given: &[IpPermission],
) -> Result<Revoked, ApiError> {
    let wanted = permission::parse_all(tx, group, given)?;
    let existing = of_group(tx, &group.id, egress);
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for (permission, description) in wanted {
        match existing.iter().find(|rule| rule.permission == permission) {
            Some(rule) => found.push(rule.clone()),
            None => {
                let mut wire = permission.empty();
                put_peer(tx, &mut wire, &permission, description);
                unknown.push(wire);
            }
        }
    }
    let lenient = tx.get::<Vpc>(&group.vpc_id).is_some_and(|vpc| vpc.is_default);
    if !unknown.is_empty() && !lenient {
        return Err(errors::rule_not_found());
    }
    Ok((remove(tx, found), unknown))
}

fn remove(tx: &mut Tx, rules: Vec<Arc<SecurityGroupRule>>) -> Vec<RevokedSecurityGroupRule> {
    let mut revoked = Vec::with_capacity(rules.len());
    for rule in rules {
        if tx.remove::<SecurityGroupRule>(&rule.id).is_some() {
            revoked.push(render(&rule));
        }
    }
    revoked
}

fn render(rule: &SecurityGroupRule) -> RevokedSecurityGroupRule {
    let permission = &rule.permission;
    let mut wire = RevokedSecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(rule.group_id.clone()),
        is_egress: Some(rule.is_egress),
        ip_protocol: Some(permission.protocol.clone()),
        from_port: Some(i64::from(permission.from)),
        to_port: Some(i64::from(permission.to)),
        description: rule.description.clone(),
        ..Default::default()
    };
    match &permission.peer {
        Peer::V4(cidr) => wire.cidr_ipv4 = Some(cidr.to_smolstr()),
        Peer::V6(cidr) => wire.cidr_ipv6 = Some(cidr.to_smolstr()),
        Peer::Group(id) => wire.referenced_group_id = Some(id.clone()),
    }
    wire
}
