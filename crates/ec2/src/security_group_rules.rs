//! Rules of security groups: each a row of its own with an id, as EC2 has had it since 2021.
//!
//! A request's `IpPermission` stands for as many rules as it has sources or destinations; answers
//! gather rules of the same protocol and ports into one `IpPermission` again. Prefix lists are
//! left out: an account has none.

mod authorize;
mod modify;
mod permission;
mod revoke;

pub(crate) use permission::{Peer, Permission, is_plain};

use crate::cidr::Cidr;
use crate::entity::{Entity, Query, arn, render_tag_list};
use crate::errors;
use api::ec2::{
    DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult, IpPermission, IpRange,
    Ipv6Range, ReferencedSecurityGroup, UserIdGroupPair,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr};
use std::sync::Arc;

/// A rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecurityGroupRule {
    id: SmolStr,
    pub(crate) group_id: SmolStr,
    pub(crate) is_egress: bool,
    /// Its place among the group's rules: they are shown in the order they were made.
    place: u32,
    pub(crate) permission: Permission,
    description: Option<SmolStr>,
    tags: Tags,
}

impl Row for SecurityGroupRule {
    const TABLE: &'static str = "ec2.security-group-rules";
    const INDEXES: &'static [&'static str] = &["group", "referenced", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group_id.clone());
        if let Peer::Group(id) = &self.permission.peer {
            sink.put("referenced", id.clone());
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for SecurityGroupRule {
    const KIND: &'static str = "security-group-rule";
    const PREFIX: &'static str = "sgr-";
    const INDEXED: &'static [(&'static str, &'static str)] = &[("group-id", "group")];
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "group-id", values: |r, _, emit| emit(&r.group_id) },
        FilterRow { name: "security-group-rule-id", values: |r, _, emit| emit(&r.id) },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidSecurityGroupRuleId.NotFound", "security group rule", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidSecurityGroupRuleId.Malformed", id, Self::PREFIX)
    }
}

/// The group's rules of one direction, in the order they were made.
fn of_group(snapshot: &Snapshot, group: &str, egress: bool) -> Vec<Arc<SecurityGroupRule>> {
    let rules = snapshot.rows_by::<SecurityGroupRule>("group", group);
    let mut rules: Vec<_> = rules.filter(|rule| rule.is_egress == egress).cloned().collect();
    rules.sort_by_key(|rule| rule.place);
    rules
}

/// Stores a new rule.
fn add(
    tx: &mut Tx,
    group: &str,
    egress: bool,
    permission: Permission,
    description: Option<SmolStr>,
    tags: &Tags,
) -> Arc<SecurityGroupRule> {
    let places = tx.rows_by::<SecurityGroupRule>("group", group).map(|rule| rule.place);
    let rule = SecurityGroupRule {
        place: places.max().map_or(0, |last| last + 1),
        id: tx.new_id("sgr-"),
        group_id: group.into(),
        is_egress: egress,
        permission,
        description,
        tags: tags.clone(),
    };
    let id = rule.id.clone();
    tx.put(rule);
    tx.get(&id).expect("it was just put")
}

/// The rule that a new group has.
pub(crate) fn allow_all_out(tx: &mut Tx, group: &str) {
    let anywhere = Peer::V4(Cidr { base: 0, prefix: 0 });
    add(tx, group, true, Permission::all(anywhere), None, &Tags::default());
}

/// The rule that a default group has: everything from its own members.
pub(crate) fn allow_members_in(tx: &mut Tx, group: &str) {
    let members = Peer::Group(group.into());
    add(tx, group, false, Permission::all(members), None, &Tags::default());
}

/// A group's rules as DescribeSecurityGroups shows them: gathered by protocol and ports.
pub(crate) fn grouped(snapshot: &Snapshot, group: &str, egress: bool) -> Vec<IpPermission> {
    let mut gathered: Vec<(&Permission, IpPermission)> = Vec::new();
    let rules = of_group(snapshot, group, egress);
    for rule in &rules {
        let permission = &rule.permission;
        let place = gathered.iter().position(|(first, _)| {
            (&first.protocol, first.from, first.to)
                == (&permission.protocol, permission.from, permission.to)
        });
        let place = place.unwrap_or_else(|| {
            gathered.push((permission, permission.empty()));
            gathered.len() - 1
        });
        put_peer(snapshot, &mut gathered[place].1, permission, rule.description.clone());
    }
    gathered.into_iter().map(|(_, wire)| wire).collect()
}

/// Adds a peer to a wire permission.
fn put_peer(
    snapshot: &Snapshot,
    wire: &mut IpPermission,
    permission: &Permission,
    description: Option<SmolStr>,
) {
    match &permission.peer {
        Peer::V4(cidr) => {
            let range = IpRange { description, cidr_ip: Some(cidr.to_smolstr()) };
            wire.ip_ranges.get_or_insert_default().push(range);
        }
        Peer::V6(cidr) => {
            let range = Ipv6Range { description, cidr_ipv6: Some(cidr.to_smolstr()) };
            wire.ipv6_ranges.get_or_insert_default().push(range);
        }
        Peer::Group(id) => {
            let pair = UserIdGroupPair {
                description,
                user_id: Some(snapshot.account().clone()),
                group_id: Some(id.clone()),
                ..Default::default()
            };
            wire.user_id_group_pairs.get_or_insert_default().push(pair);
        }
    }
}

fn describe_security_group_rules(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeSecurityGroupRulesRequest,
) -> Result<DescribeSecurityGroupRulesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeSecurityGroupRules",
        ids: input.security_group_rule_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<SecurityGroupRule>(snapshot)?;
    let items = page.items.iter().map(|row| api::ec2::SecurityGroupRule {
        tags: render_tag_list(&row.tags),
        ..render(snapshot, row)
    });
    Ok(DescribeSecurityGroupRulesResult {
        security_group_rules: Some(items.collect()),
        next_token: page.next,
    })
}

/// A rule without its tags.
fn render(snapshot: &Snapshot, row: &SecurityGroupRule) -> api::ec2::SecurityGroupRule {
    let permission = &row.permission;
    let mut wire = api::ec2::SecurityGroupRule {
        security_group_rule_id: Some(row.id.clone()),
        group_id: Some(row.group_id.clone()),
        group_owner_id: Some(snapshot.account().clone()),
        is_egress: Some(row.is_egress),
        ip_protocol: Some(permission.protocol.clone()),
        from_port: Some(i64::from(permission.from)),
        to_port: Some(i64::from(permission.to)),
        description: row.description.clone(),
        security_group_rule_arn: Some(arn(snapshot, SecurityGroupRule::KIND, &row.id)),
        ..Default::default()
    };
    match &permission.peer {
        Peer::V4(cidr) => wire.cidr_ipv4 = Some(cidr.to_smolstr()),
        Peer::V6(cidr) => wire.cidr_ipv6 = Some(cidr.to_smolstr()),
        Peer::Group(id) => {
            wire.referenced_group_info = Some(ReferencedSecurityGroup {
                group_id: Some(id.clone()),
                user_id: Some(snapshot.account().clone()),
                ..Default::default()
            });
        }
    }
    wire
}

resource! { ec2:
    operations {
        read DescribeSecurityGroupRules => describe_security_group_rules,
        write AuthorizeSecurityGroupIngress => authorize::authorize_security_group_ingress,
        write AuthorizeSecurityGroupEgress => authorize::authorize_security_group_egress,
        write RevokeSecurityGroupIngress => revoke::revoke_security_group_ingress,
        write RevokeSecurityGroupEgress => revoke::revoke_security_group_egress,
        write ModifySecurityGroupRules => modify::modify_security_group_rules,
        write UpdateSecurityGroupRuleDescriptionsIngress => modify::update_ingress_descriptions,
        write UpdateSecurityGroupRuleDescriptionsEgress => modify::update_egress_descriptions,
    }
    tables { SecurityGroupRule }
}
