//! Target groups: what is behind load balancers, and how it is checked.
//!
//! "Target groups for your Application Load Balancers" in the user guide. A group belongs to the
//! load balancer whose listeners or rules forward to it, and to no other.

mod create;
mod health_check;
mod settings;

pub(crate) use health_check::HealthCheck;

use crate::attributes::Attributes;
use crate::listeners::Listener;
use crate::load_balancers::{LoadBalancer, page_size};
use crate::rules::Rule;
use crate::targets::{self, Target};
use crate::{errors, names};
use api::elbv2::{
    DeleteTargetGroupInput, DeleteTargetGroupOutput, DescribeTargetGroupsInput,
    DescribeTargetGroupsOutput, TargetGroup as Wire,
};
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tags, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

resource! { elbv2:
    operations {
        write CreateTargetGroup => create::create_target_group,
        read DescribeTargetGroups => describe_target_groups,
        write ModifyTargetGroup => create::modify_target_group,
        write DeleteTargetGroup => delete_target_group,
        write ModifyTargetGroupAttributes => settings::modify_target_group_attributes,
        read DescribeTargetGroupAttributes => settings::describe_target_group_attributes,
    }
    tables { TargetGroup }
}

/// A target group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TargetGroup {
    pub(crate) arn: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) kind: TargetType,
    /// None for functions.
    pub(crate) protocol: Option<SmolStr>,
    pub(crate) protocol_version: Option<SmolStr>,
    pub(crate) port: Option<i64>,
    pub(crate) vpc: Option<SmolStr>,
    pub(crate) ip_address_type: SmolStr,
    pub(crate) check: HealthCheck,
    pub(crate) attributes: Attributes,
    pub(crate) tags: Tags,
}

/// What the targets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TargetType {
    Instance,
    Ip,
    Lambda,
    Alb,
}

impl TargetType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Ip => "ip",
            Self::Lambda => "lambda",
            Self::Alb => "alb",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [Self::Instance, Self::Ip, Self::Lambda, Self::Alb];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

impl Row for TargetGroup {
    const TABLE: &'static str = "elbv2.target-groups";
    const INDEXES: &'static [&'static str] = &["name", "tag"];

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("name", self.name.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl TargetGroup {
    /// The group of this ARN, or AWS's error.
    pub(crate) fn find(snapshot: &Snapshot, arn: &str) -> Result<Arc<Self>, ApiError> {
        names::resource_of(arn, "targetgroup/", "target group")?;
        snapshot.get::<Self>(arn).ok_or_else(|| errors::target_group_not_found(arn))
    }

    fn named(snapshot: &Snapshot, name: &str) -> Option<Arc<Self>> {
        snapshot.rows_by::<Self>("name", name).next().cloned()
    }

    /// `targetgroup/<name>/<16 hex digits>`: how metrics call it.
    pub(crate) fn path(&self) -> &str {
        self.arn.rsplit_once(':').map_or("", |(_, path)| path)
    }

    /// How long a target drains.
    pub(crate) fn drain_secs(&self) -> i64 {
        let set = self.attributes.get("deregistration_delay.timeout_seconds");
        set.and_then(|text| text.parse().ok()).unwrap_or(300)
    }

    fn render(&self, snapshot: &Snapshot) -> Wire {
        Wire {
            target_group_arn: Some(self.arn.clone()),
            target_group_name: Some(self.name.clone()),
            protocol: self.protocol.clone(),
            port: self.port,
            vpc_id: self.vpc.clone(),
            health_check_protocol: self.check.protocol.clone(),
            health_check_port: self.check.port.clone(),
            health_check_enabled: Some(self.check.enabled),
            health_check_interval_seconds: Some(self.check.interval_secs),
            health_check_timeout_seconds: Some(self.check.timeout_secs),
            healthy_threshold_count: Some(self.check.healthy),
            unhealthy_threshold_count: Some(self.check.unhealthy),
            health_check_path: self.check.path.clone(),
            matcher: self.check.render_matcher(),
            load_balancer_arns: Some(load_balancer_of(snapshot, &self.arn).into_iter().collect()),
            target_type: Some(self.kind.name().into()),
            protocol_version: self.protocol_version.clone(),
            ip_address_type: (self.kind != TargetType::Lambda)
                .then(|| self.ip_address_type.clone()),
            ..Default::default()
        }
    }
}

/// ARN of the load balancer whose listeners or rules forward to this group.
pub(crate) fn load_balancer_of(snapshot: &Snapshot, group: &str) -> Option<SmolStr> {
    let listener = snapshot.rows_by::<Listener>("target-group", group).next();
    let by_rule = || {
        let rule = snapshot.rows_by::<Rule>("target-group", group).next();
        rule.map(|rule| rule.load_balancer.clone())
    };
    listener.map(|listener| listener.load_balancer.clone()).or_else(by_rule)
}

/// The load balancer itself.
pub(crate) fn serving(snapshot: &Snapshot, group: &str) -> Option<Arc<LoadBalancer>> {
    snapshot.get(&load_balancer_of(snapshot, group)?)
}

fn describe_target_groups(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeTargetGroupsInput,
) -> Result<DescribeTargetGroupsOutput, ApiError> {
    let arns = input.target_group_arns.unwrap_or_default();
    let wanted = input.names.unwrap_or_default();
    let ways = [input.load_balancer_arn.is_some(), !arns.is_empty(), !wanted.is_empty()];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(errors::validation(
            "Target groups, load balancer and names cannot be specified at the same time",
        ));
    }
    if let Some(arn) = &input.load_balancer_arn {
        LoadBalancer::find(snapshot, arn)?;
    }
    for arn in &arns {
        TargetGroup::find(snapshot, arn)?;
    }
    if wanted.iter().any(|name| TargetGroup::named(snapshot, name).is_none()) {
        return Err(errors::target_group_names_not_found());
    }
    let chosen = |row: &TargetGroup| match &input.load_balancer_arn {
        Some(_) => load_balancer_of(snapshot, &row.arn) == input.load_balancer_arn,
        None if arns.is_empty() && wanted.is_empty() => true,
        None => arns.contains(&row.arn) || wanted.contains(&row.name),
    };
    let rows =
        |after: &str| snapshot.rows_after::<TargetGroup>(after).filter(|row| chosen(row));
    let size = page_size(input.page_size)?;
    let page =
        paginate("DescribeTargetGroups", input.marker.as_deref(), size, rows, |row| row.key())
            .map_err(|_| errors::invalid_marker())?;
    Ok(DescribeTargetGroupsOutput {
        target_groups: Some(page.items.iter().map(|row| row.render(snapshot)).collect()),
        next_marker: page.next,
    })
}

/// Deleting one that is not there succeeds.
fn delete_target_group(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteTargetGroupInput,
) -> Result<DeleteTargetGroupOutput, ApiError> {
    let arn = &input.target_group_arn;
    names::resource_of(arn, "targetgroup/", "target group")?;
    if load_balancer_of(tx, arn).is_some() {
        return Err(errors::resource_in_use(format_args!(
            "Target group '{arn}' is currently in use by a listener or a rule"
        )));
    }
    let below: Vec<SmolStr> = tx.rows_by::<Target>("group", arn).map(|row| row.key()).collect();
    for target in below {
        targets::forget(tx, &target);
    }
    tx.remove::<TargetGroup>(arn);
    Ok(DeleteTargetGroupOutput {})
}
