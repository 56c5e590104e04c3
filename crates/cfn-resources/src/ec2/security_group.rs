//! `AWS::EC2::SecurityGroup`
//!
//! With `VpcId` its physical id is the group's id, without it the group's name. Egress rules that
//! are given take the place of the default one that lets everything out.

use super::rules::{Direction, everything, flattened, permissions};
use super::tagging;
use crate::{Context, Deletion, Live, Properties, Provider};
use api::ec2::{self, IpPermission, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct SecurityGroup;

fn find(cx: &mut Context<'_>, id: &str) -> Result<ec2::SecurityGroup, ApiError> {
    let by_id = id.starts_with("sg-");
    let list = Some(vec![SmolStr::new(id)]);
    let input = ec2::DescribeSecurityGroupsRequest {
        group_ids: list.clone().filter(|_| by_id),
        group_names: list.filter(|_| !by_id),
        ..Default::default()
    };
    let found = cx.call::<ops::DescribeSecurityGroups>(input)?;
    Ok(found.security_groups.and_then(|g| g.into_iter().next()).unwrap_or_default())
}

fn authorize(
    cx: &mut Context<'_>,
    id: &SmolStr,
    direction: Direction,
    rules: Vec<IpPermission>,
) -> Result<(), ApiError> {
    if rules.is_empty() {
        return Ok(());
    }
    match direction {
        Direction::Ingress => {
            let input = ec2::AuthorizeSecurityGroupIngressRequest {
                group_id: Some(id.clone()),
                ip_permissions: Some(rules),
                ..Default::default()
            };
            cx.call::<ops::AuthorizeSecurityGroupIngress>(input).map(|_| ())
        }
        Direction::Egress => {
            let input = ec2::AuthorizeSecurityGroupEgressRequest {
                group_id: id.clone(),
                ip_permissions: Some(rules),
                ..Default::default()
            };
            cx.call::<ops::AuthorizeSecurityGroupEgress>(input).map(|_| ())
        }
    }
}

fn revoke(
    cx: &mut Context<'_>,
    id: &SmolStr,
    direction: Direction,
    rules: Vec<IpPermission>,
) -> Result<(), ApiError> {
    if rules.is_empty() {
        return Ok(());
    }
    match direction {
        Direction::Ingress => {
            let input = ec2::RevokeSecurityGroupIngressRequest {
                group_id: Some(id.clone()),
                ip_permissions: Some(rules),
                ..Default::default()
            };
            cx.call::<ops::RevokeSecurityGroupIngress>(input).map(|_| ())
        }
        Direction::Egress => {
            let input = ec2::RevokeSecurityGroupEgressRequest {
                group_id: id.clone(),
                ip_permissions: Some(rules),
                ..Default::default()
            };
            cx.call::<ops::RevokeSecurityGroupEgress>(input).map(|_| ())
        }
    }
}

/// Brings the rules of one direction from the old properties to the new ones.
fn change(
    cx: &mut Context<'_>,
    id: &SmolStr,
    direction: Direction,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let rules = |p: &Properties| match (permissions(p, direction), direction) {
        (rules, Direction::Egress) if rules.is_empty() => vec![everything()],
        (rules, _) => rules,
    };
    let (before, after) = (rules(old), rules(new));
    let without = |list: &[IpPermission], other: &[IpPermission]| -> Vec<IpPermission> {
        list.iter().filter(|rule| !other.contains(rule)).cloned().collect()
    };
    revoke(cx, id, direction, without(&before, &after))?;
    authorize(cx, id, direction, without(&after, &before))
}

impl Provider for SecurityGroup {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::SecurityGroup"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("GroupName") {
            Some(name) => name,
            None => cx.physical_name(255),
        };
        let input = ec2::CreateSecurityGroupRequest {
            group_name: name.clone(),
            description: p.text_or_empty("GroupDescription"),
            vpc_id: p.text("VpcId"),
            tag_specifications: tagging::specification(cx, "security-group", p),
            dry_run: None,
        };
        let made = cx.call::<ops::CreateSecurityGroup>(input)?;
        let id = made.group_id.unwrap_or_default();
        authorize(cx, &id, Direction::Ingress, permissions(p, Direction::Ingress))?;
        let egress = permissions(p, Direction::Egress);
        if !egress.is_empty() {
            if !egress.contains(&everything()) {
                revoke(cx, &id, Direction::Egress, vec![everything()])?;
            }
            let rest = egress.into_iter().filter(|rule| *rule != everything()).collect();
            authorize(cx, &id, Direction::Egress, rest)?;
        }
        Ok(if p.has("VpcId") { id } else { name })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let id = find(cx, id)?.group_id.unwrap_or_default();
        change(cx, &id, Direction::Ingress, old, new)?;
        change(cx, &id, Direction::Egress, old, new)?;
        tagging::update(cx, &id, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let group_id = find(cx, id)?.group_id;
        let input = ec2::DeleteSecurityGroupRequest { group_id, ..Default::default() };
        cx.call::<ops::DeleteSecurityGroup>(input)?;
        Ok(Deletion::Done)
    }

    fn live(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Live, ApiError> {
        let group = find(cx, id)?;
        let mut values = json!({
            "GroupDescription": group.description,
            "GroupName": group.group_name,
            "VpcId": group.vpc_id,
        });
        for (direction, name, actual) in [
            (Direction::Ingress, "SecurityGroupIngress", group.ip_permissions),
            (Direction::Egress, "SecurityGroupEgress", group.ip_permissions_egress),
        ] {
            let flat = |list: &[IpPermission]| -> Vec<Value> {
                list.iter().flat_map(|rule| flattened(rule, direction)).collect()
            };
            let (actual, wanted) =
                (flat(&actual.unwrap_or_default()), flat(&permissions(p, direction)));
            // Their order does not count.
            let same = actual.len() == wanted.len() && wanted.iter().all(|r| actual.contains(r));
            values[name] = if same { p.json()[name].clone() } else { Value::Array(actual) };
        }
        Ok(Live::Values(values))
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let group = find(cx, id)?;
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "GroupId" | "Id" => text(group.group_id),
            "VpcId" => text(group.vpc_id),
            _ => None,
        })
    }
}
