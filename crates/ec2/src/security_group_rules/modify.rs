//! ModifySecurityGroupRules and the two calls that change descriptions.

use super::permission::{self, Permission, is_plain};
use super::{SecurityGroupRule, of_group};
use crate::entity::Entity;
use crate::errors;
use crate::security_groups::{SecurityGroup, named};
use api::ec2::{
    IpPermission, ModifySecurityGroupRulesRequest, ModifySecurityGroupRulesResult,
    SecurityGroupRuleDescription, SecurityGroupRuleRequest,
    UpdateSecurityGroupRuleDescriptionsEgressRequest,
    UpdateSecurityGroupRuleDescriptionsEgressResult,
    UpdateSecurityGroupRuleDescriptionsIngressRequest,
    UpdateSecurityGroupRuleDescriptionsIngressResult,
};
use kernel::{ApiError, Caller, Snapshot, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// Replaces rules; their ids and tags stay.
pub(super) fn modify_security_group_rules(
    tx: &mut Tx,
    _: &Caller,
    input: ModifySecurityGroupRulesRequest,
) -> Result<ModifySecurityGroupRulesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = SecurityGroup::find(tx, &input.group_id)?;
    for update in &input.security_group_rules {
        let row = own_rule(tx, &group, None, &update.security_group_rule_id)?;
        let request = update.security_group_rule.as_ref();
        let request = request.ok_or_else(|| errors::missing_parameter("SecurityGroupRule"))?;
        let new = requested(tx, &group, request)?;
        let twice = of_group(tx, &group.id, row.is_egress)
            .iter()
            .any(|other| other.id != row.id && other.permission == new);
        if twice {
            return Err(errors::rule_duplicate(&new.describe()));
        }
        let description = checked(request.description.as_ref())?;
        tx.update::<SecurityGroupRule>(&row.id, |rule| {
            rule.permission = new;
            rule.description = description;
        });
    }
    Ok(ModifySecurityGroupRulesResult { r#return: Some(true) })
}

/// The rule of this id, which must be one of the group's (and of the direction).
fn own_rule(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    egress: Option<bool>,
    id: &str,
) -> Result<Arc<SecurityGroupRule>, ApiError> {
    let rule = SecurityGroupRule::find(snapshot, id)?;
    if rule.group_id != group.id || egress.is_some_and(|egress| egress != rule.is_egress) {
        return Err(SecurityGroupRule::not_found(&[id]));
    }
    Ok(rule)
}

fn requested(
    snapshot: &Snapshot,
    group: &SecurityGroup,
    given: &SecurityGroupRuleRequest,
) -> Result<Permission, ApiError> {
    let peers = [
        &given.cidr_ipv4,
        &given.cidr_ipv6,
        &given.prefix_list_id,
        &given.referenced_group_id,
    ];
    let peer = match peers {
        [Some(text), None, None, None] => permission::v4(text)?,
        [None, Some(text), None, None] => permission::v6(text)?,
        [None, None, Some(id), None] => return Err(errors::prefix_list_not_found(id)),
        [None, None, None, Some(id)] => permission::peer_group(snapshot, group, id)?,
        _ => {
            return Err(errors::invalid_combination(
                "You must specify exactly one of: cidrIpv4, cidrIpv6, prefixListId, or \
                 referencedGroupId",
            ));
        }
    };
    permission::permission(given.ip_protocol.as_deref(), given.from_port, given.to_port, peer)
}

fn checked(description: Option<&SmolStr>) -> Result<Option<SmolStr>, ApiError> {
    match description {
        Some(text) if !is_plain(text) => Err(errors::invalid_description("rule")),
        other => Ok(other.filter(|text| !text.is_empty()).cloned()),
    }
}

pub(super) fn update_ingress_descriptions(
    tx: &mut Tx,
    _: &Caller,
    input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Result<UpdateSecurityGroupRuleDescriptionsIngressResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = named(tx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let by_id = input.security_group_rule_descriptions.as_deref();
    update_descriptions(tx, &group, false, input.ip_permissions.as_deref(), by_id)?;
    Ok(UpdateSecurityGroupRuleDescriptionsIngressResult { r#return: Some(true) })
}

pub(super) fn update_egress_descriptions(
    tx: &mut Tx,
    _: &Caller,
    input: UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Result<UpdateSecurityGroupRuleDescriptionsEgressResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = named(tx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let by_id = input.security_group_rule_descriptions.as_deref();
    update_descriptions(tx, &group, true, input.ip_permissions.as_deref(), by_id)?;
    Ok(UpdateSecurityGroupRuleDescriptionsEgressResult { r#return: Some(true) })
}

/// A description that is left out is removed.
fn update_descriptions(
    tx: &mut Tx,
    group: &SecurityGroup,
    egress: bool,
    permissions: Option<&[IpPermission]>,
    by_id: Option<&[SecurityGroupRuleDescription]>,
) -> Result<(), ApiError> {
    let mut changes: Vec<(SmolStr, Option<SmolStr>)> = Vec::new();
    match (permissions, by_id) {
        (Some(_), Some(_)) => {
            return Err(errors::cannot_be_used_with(
                "securityGroupRuleDescriptions",
                "ipPermissions",
            ));
        }
        (None, None) => return Err(errors::missing_parameter("ipPermissions")),
        (Some(given), None) => {
            let existing = of_group(tx, &group.id, egress);
            for (permission, description) in permission::parse_all(tx, group, given)? {
                let rule = existing.iter().find(|rule| rule.permission == permission);
                let rule = rule.ok_or_else(errors::rule_not_found)?;
                changes.push((rule.id.clone(), description));
            }
        }
        (None, Some(given)) => {
            for change in given {
                let id = change.security_group_rule_id.as_deref().unwrap_or_default();
                let rule = own_rule(tx, group, Some(egress), id)?;
                changes.push((rule.id.clone(), checked(change.description.as_ref())?));
            }
        }
    }
    for (id, description) in changes {
        tx.update::<SecurityGroupRule>(&id, |rule| rule.description = description);
    }
    Ok(())
}
