//! DescribeAutoScalingInstances.

use crate::errors;
use crate::members::{Member, TemplateVersion};
use api::autoscaling::{
    AutoScalingInstanceDetails, AutoScalingInstancesType, DescribeAutoScalingInstancesType,
};
use kernel::{ApiError, Caller, Row, Snapshot, paginate};
use smol_str::SmolStr;

/// Here, unlike in the group's description, the health status is in upper case.
pub(super) fn describe_auto_scaling_instances(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAutoScalingInstancesType,
) -> Result<AutoScalingInstancesType, ApiError> {
    let ids = input.instance_ids.as_deref().unwrap_or_default();
    if ids.len() > 50 {
        return Err(errors::constraint(
            format!("[{}]", ids.join(", ")),
            "instanceIds",
            "Member must have length less than or equal to 50",
        ));
    }
    let page = paginate(
        "DescribeAutoScalingInstances",
        input.next_token.as_deref(),
        input.max_records.unwrap_or(50).clamp(1, 50) as usize,
        |after| {
            snapshot
                .rows_after::<Member>(after)
                .filter(|m| ids.is_empty() || ids.contains(&m.instance_id))
        },
        |member| member.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let rows = page.items.iter().map(|member| render(member)).collect();
    Ok(AutoScalingInstancesType { auto_scaling_instances: Some(rows), next_token: page.next })
}

fn render(member: &Member) -> AutoScalingInstanceDetails {
    let configuration = &member.launch_configuration;
    let health = if member.healthy { "HEALTHY" } else { "UNHEALTHY" };
    AutoScalingInstanceDetails {
        instance_id: Some(member.instance_id.clone()),
        instance_type: Some(member.instance_type.clone()),
        auto_scaling_group_name: Some(member.group.clone()),
        availability_zone: Some(member.zone.clone()),
        lifecycle_state: Some(SmolStr::new_static(member.state.name())),
        health_status: Some(SmolStr::new_static(health)),
        launch_configuration_name: (!configuration.is_empty()).then(|| configuration.clone()),
        launch_template: member.template.as_ref().map(TemplateVersion::render),
        weighted_capacity: member.weight.map(|w| w.to_string().into()),
        protected_from_scale_in: Some(member.protected),
        ..Default::default()
    }
}
