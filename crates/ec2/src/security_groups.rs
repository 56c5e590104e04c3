//! Security groups.
//!
//! "Amazon EC2 security groups" in the user guide. Groups belong to a VPC; naming them instead of
//! giving their id works in the default VPC only. Rules are in `security_group_rules`.

mod filters;

use crate::entity::{Entity, Query, arn, render_tags, specified_tags};
use crate::errors;
use crate::network_interfaces::NetworkInterface;
use crate::security_group_rules::{self as rules, SecurityGroupRule};
use crate::vpcs::{Vpc, default_vpc};
use api::ec2::{
    CreateSecurityGroupRequest, CreateSecurityGroupResult, DeleteSecurityGroupRequest,
    DeleteSecurityGroupResult, DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// AWS's default quota of groups in a region; here of a VPC.
const MAX_PER_VPC: usize = 2_500;

/// A security group. Its rules are rows of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) description: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) tags: Tags,
}

impl Row for SecurityGroup {
    const TABLE: &'static str = "ec2.security-groups";
    const INDEXES: &'static [&'static str] = &["vpc", "name", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("vpc", self.vpc_id.clone());
        sink.put("name", self.name.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for SecurityGroup {
    const KIND: &'static str = "security-group";
    const PREFIX: &'static str = "sg-";
    const FILTERS: &'static [FilterRow<Self>] = filters::FILTERS;
    const INDEXED: &'static [(&'static str, &'static str)] =
        &[("group-name", "name"), ("vpc-id", "vpc")];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        match ids {
            [id] => errors::group_not_found(id),
            _ => errors::groups_not_found(ids),
        }
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidGroupId.Malformed", id, Self::PREFIX)
    }
}

/// A group as interfaces refer to it. Names never change, so they are kept along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupRef {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
}

impl GroupRef {
    pub(crate) fn of(group: &SecurityGroup) -> Self {
        Self { id: group.id.clone(), name: group.name.clone() }
    }
}

/// The group of this name in a VPC.
pub(crate) fn by_name(snapshot: &Snapshot, vpc: &str, name: &str) -> Option<Arc<SecurityGroup>> {
    snapshot.rows_by::<SecurityGroup>("name", name).find(|g| g.vpc_id == vpc).cloned()
}

impl SecurityGroup {
    /// Whether it is the group that came with its VPC.
    pub(crate) fn is_default(&self) -> bool {
        self.name == "default"
    }
}

/// The group that a request names: by id, or by its name in the default VPC.
pub(crate) fn named(
    snapshot: &Snapshot,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<Arc<SecurityGroup>, ApiError> {
    match (id, name) {
        (Some(_), Some(_)) => Err(errors::cannot_be_used_with("groupName", "groupId")),
        (Some(id), None) => SecurityGroup::find(snapshot, id),
        (None, Some(name)) => {
            let vpc = default_vpc(snapshot).ok_or_else(errors::no_default_vpc)?;
            by_name(snapshot, &vpc.id, name)
                .ok_or_else(|| errors::group_name_not_found(name, &vpc.id))
        }
        (None, None) => Err(errors::missing_parameter("groupName or groupId")),
    }
}

/// Gives a new VPC its default group: everything from its own members, everything out.
pub(crate) fn create_default(tx: &mut Tx, vpc_id: &str) {
    let group = SecurityGroup {
        id: tx.new_id("sg-"),
        name: SmolStr::new_static("default"),
        description: SmolStr::new_static("default VPC security group"),
        vpc_id: vpc_id.into(),
        tags: Tags::default(),
    };
    rules::allow_members_in(tx, &group.id);
    rules::allow_all_out(tx, &group.id);
    tx.put(group);
}

/// Removes the groups of a VPC that is deleted.
pub(crate) fn remove_all(tx: &mut Tx, vpc_id: &str) {
    let ids: Vec<_> = tx.rows_by::<SecurityGroup>("vpc", vpc_id).map(|g| g.id.clone()).collect();
    for id in ids {
        remove(tx, &id);
    }
}

fn remove(tx: &mut Tx, id: &str) {
    let own: Vec<_> = tx.rows_by::<SecurityGroupRule>("group", id).map(|r| r.key()).collect();
    for rule in own {
        tx.remove::<SecurityGroupRule>(&rule);
    }
    tx.remove::<SecurityGroup>(id);
}

fn create_security_group(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateSecurityGroupRequest,
) -> Result<CreateSecurityGroupResult, ApiError> {
    let name = input.group_name.trim();
    check_name(name)?;
    if input.description.is_empty() {
        return Err(errors::missing_parameter("GroupDescription"));
    }
    if !rules::is_plain(&input.description) {
        return Err(errors::invalid_description("security group"));
    }
    let kind = SecurityGroup::KIND;
    let tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    let vpc = match input.vpc_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Vpc::find(tx, id)?,
        None => default_vpc(tx).ok_or_else(errors::no_default_vpc)?,
    };
    let mut count = 0;
    for other in tx.rows_by::<SecurityGroup>("vpc", &vpc.id) {
        count += 1;
        if other.name.eq_ignore_ascii_case(name) {
            return Err(errors::group_duplicate(name, &vpc.id));
        }
    }
    if count >= MAX_PER_VPC {
        return Err(errors::group_limit_exceeded(&vpc.id));
    }
    let id = tx.new_id("sg-");
    rules::allow_all_out(tx, &id);
    let answer = CreateSecurityGroupResult {
        group_id: Some(id.clone()),
        tags: render_tags(&tags),
        security_group_arn: Some(arn(tx, kind, &id)),
    };
    let (name, vpc_id) = (name.into(), vpc.id.clone());
    tx.put(SecurityGroup { id, name, description: input.description, vpc_id, tags });
    Ok(answer)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.is_empty() {
        return Err(errors::missing_parameter("GroupName"));
    }
    if name.eq_ignore_ascii_case("default") {
        return Err(errors::group_reserved(name));
    }
    if name.starts_with("sg-") {
        return Err(errors::invalid_parameter(
            name,
            "groupName",
            "Group names may not be in the format sg-*.",
        ));
    }
    if !rules::is_plain(name) {
        return Err(errors::invalid_parameter(
            name,
            "GroupName",
            "Character sets beyond ASCII are not supported.",
        ));
    }
    Ok(())
}

/// A group that is in use by an interface, or that another group's rule refers to, stays.
fn delete_security_group(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteSecurityGroupRequest,
) -> Result<DeleteSecurityGroupResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let group = named(tx, input.group_id.as_deref(), input.group_name.as_deref())?;
    if group.is_default() {
        return Err(errors::group_not_deletable(&group.id, &group.name));
    }
    let in_use = tx.rows_by::<NetworkInterface>("group", &group.id).next().is_some()
        || tx
            .rows_by::<SecurityGroupRule>("referenced", &group.id)
            .any(|rule| rule.group_id != group.id);
    if in_use {
        return Err(errors::group_in_use(&group.id));
    }
    remove(tx, &group.id);
    Ok(DeleteSecurityGroupResult { r#return: Some(true), group_id: Some(group.id.clone()) })
}

fn describe_security_groups(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeSecurityGroupsRequest,
) -> Result<DescribeSecurityGroupsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let mut ids = input.group_ids.clone().unwrap_or_default();
    for name in input.group_names.as_deref().unwrap_or_default() {
        ids.push(named(snapshot, None, Some(name))?.id.clone());
    }
    let page = Query {
        operation: "DescribeSecurityGroups",
        ids: Some(&ids),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<SecurityGroup>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeSecurityGroupsResult { next_token: page.next, security_groups: Some(items) })
}

fn render(snapshot: &Snapshot, row: &SecurityGroup) -> api::ec2::SecurityGroup {
    api::ec2::SecurityGroup {
        group_id: Some(row.id.clone()),
        ip_permissions_egress: Some(rules::grouped(snapshot, &row.id, true)),
        tags: render_tags(&row.tags),
        vpc_id: Some(row.vpc_id.clone()),
        security_group_arn: Some(arn(snapshot, SecurityGroup::KIND, &row.id)),
        owner_id: Some(snapshot.account().clone()),
        group_name: Some(row.name.clone()),
        description: Some(row.description.clone()),
        ip_permissions: Some(rules::grouped(snapshot, &row.id, false)),
    }
}

resource! { ec2:
    operations {
        write CreateSecurityGroup => create_security_group,
        read DescribeSecurityGroups => describe_security_groups,
        write DeleteSecurityGroup => delete_security_group,
    }
    tables { SecurityGroup }
}
