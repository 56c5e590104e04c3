//! What happens to the groups of one's own beyond their sizes: policies with alarms and loads,
//! hooks, refreshes, warm pools, schedules, load balancers, suspended processes, faults.

use crate::world::World;
use api::{autoscaling as auto, cloudwatch, ec2, elbv2};
use kernel::{FaultKind, FaultRule, Rng};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};

/// One such thing. Numbers pick among what there is; what cannot be is refused, as a client's
/// mistakes are.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scaling {
    PutPolicy { group: u8, kind: u8 },
    DeletePolicy { group: u8, kind: u8 },
    Load { group: u8, percent: u8 },
    PutHook { group: u8, leaving: bool, continues: bool },
    DeleteHook { group: u8, leaving: bool },
    CompleteHook { instance: u8, leaving: bool, continues: bool },
    StartRefresh { group: u8, preferences: u8 },
    CancelRefresh { group: u8 },
    RollBackRefresh { group: u8 },
    PutPool { group: u8, state: u8, reuse: bool },
    DeletePool { group: u8, force: bool },
    Schedule { group: u8, size: u8, secs: u16 },
    Fault { kind: u8, zone: u8, secs: u16 },
    Attach { group: u8 },
    Detach { group: u8 },
    Suspend { group: u8, process: u8 },
    Resume { group: u8 },
    Bounds { group: u8, min: u8, room: u8 },
    Protect { instance: u8, protected: bool },
    DetachInstance { instance: u8, decrement: bool },
    Sicken { instance: u8 },
}

const ZONES: [&str; 2] = ["us-west-1a", "us-west-1c"];
const PROCESSES: [&str; 9] = [
    "Launch",
    "Terminate",
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "AddToLoadBalancer",
    "InstanceRefresh",
];
const FAULTS: [FaultKind; 7] = [
    FaultKind::InsufficientCapacity,
    FaultKind::ZoneOutage,
    FaultKind::StatusCheck,
    FaultKind::BootFailure,
    FaultKind::SpotInterruption,
    FaultKind::Quota,
    FaultKind::HealthCheck,
];

/// Draws one.
pub(crate) fn draw(rng: &mut Rng) -> Scaling {
    let mut small = |bound: u64| rng.below(bound) as u8;
    let (group, other, choice) = (small(3), small(16), small(27));
    let (yes, no) = (small(2) == 0, small(2) == 0);
    let secs = u16::from(small(200)) * 20 + 1;
    match choice {
        0..=3 => Scaling::PutPolicy { group, kind: other % 4 },
        4 => Scaling::DeletePolicy { group, kind: other % 4 },
        5..=6 => Scaling::Load { group, percent: other * 6 },
        7 => Scaling::PutHook { group, leaving: yes, continues: no },
        8 => Scaling::DeleteHook { group, leaving: yes },
        9 => Scaling::CompleteHook { instance: other, leaving: yes, continues: no },
        10..=11 => Scaling::StartRefresh { group, preferences: other },
        12 => Scaling::CancelRefresh { group },
        13 => Scaling::RollBackRefresh { group },
        14..=15 => Scaling::PutPool { group, state: other % 3, reuse: yes },
        16 => Scaling::DeletePool { group, force: yes },
        17 => Scaling::Schedule { group, size: other % 8, secs },
        18..=19 => Scaling::Fault { kind: other % 7, zone: other % 3, secs },
        20 => Scaling::Attach { group },
        21 => Scaling::Detach { group },
        22 => Scaling::Suspend { group, process: other % 9 },
        23 => Scaling::Resume { group },
        24 => Scaling::Bounds { group, min: other % 4, room: other / 2 },
        25 => Scaling::Protect { instance: other, protected: yes },
        _ if yes => Scaling::DetachInstance { instance: other, decrement: no },
        _ => Scaling::Sicken { instance: other },
    }
}

/// The name of a group of one's own.
pub(crate) fn own(group: u8) -> SmolStr {
    format_smolstr!("own-{}", group % 3)
}

fn policy_name(kind: u8) -> SmolStr {
    format_smolstr!("policy-{kind}")
}

fn hook_name(leaving: bool) -> SmolStr {
    if leaving { "leaving".into() } else { "coming".into() }
}

impl World {
    /// Does it.
    pub(crate) fn scale(&mut self, what: &Scaling) -> Result<(), String> {
        match *what {
            Scaling::PutPolicy { group, kind } => self.put_policy(own(group), kind),
            Scaling::DeletePolicy { group, kind } => {
                self.attempt::<auto::ops::DeletePolicy>(auto::DeletePolicyType {
                    auto_scaling_group_name: Some(own(group)),
                    policy_name: policy_name(kind),
                })
            }
            Scaling::Load { group, percent } => {
                let load = json!({ "group": own(group), "demand": f64::from(percent) * 4.0 });
                self.control("load", &load);
                Ok(())
            }
            Scaling::PutHook { .. } | Scaling::DeleteHook { .. } => self.hook(what),
            Scaling::CompleteHook { instance, leaving, continues } => {
                let Some((id, group)) = self.pick_member(instance) else { return Ok(()) };
                let result = if continues { "CONTINUE" } else { "ABANDON" };
                let input = auto::CompleteLifecycleActionType {
                    lifecycle_hook_name: hook_name(leaving),
                    auto_scaling_group_name: group,
                    lifecycle_action_token: None,
                    lifecycle_action_result: result.into(),
                    instance_id: Some(id),
                };
                self.attempt::<auto::ops::CompleteLifecycleAction>(input)
            }
            Scaling::StartRefresh { .. }
            | Scaling::CancelRefresh { .. }
            | Scaling::RollBackRefresh { .. } => self.refresh(what),
            Scaling::PutPool { .. } | Scaling::DeletePool { .. } => self.pool(what),
            Scaling::Schedule { group, size, secs } => {
                let start = self.now().plus_secs(i64::from(secs));
                let input = auto::PutScheduledUpdateGroupActionType {
                    auto_scaling_group_name: own(group),
                    scheduled_action_name: format_smolstr!("at-{size}"),
                    start_time: Some(start),
                    desired_capacity: Some(i64::from(size)),
                    ..Default::default()
                };
                self.attempt::<auto::ops::PutScheduledUpdateGroupAction>(input)
            }
            Scaling::Fault { kind, zone, secs } => {
                let kind = FAULTS[usize::from(kind) % FAULTS.len()];
                let until = self.now().plus_secs(i64::from(secs));
                self.add_fault(FaultRule {
                    zone: ZONES.get(usize::from(zone)).map(|zone| (*zone).into()),
                    until: Some(until),
                    limit: (kind == FaultKind::Quota).then_some(4),
                    rate: (kind != FaultKind::ZoneOutage).then_some(0.5),
                    ..FaultRule::of(kind)
                });
                Ok(())
            }
            Scaling::Attach { .. } | Scaling::Detach { .. } => self.balance(what),
            _ => self.tune(what),
        }
    }

    fn put_policy(&mut self, group: SmolStr, kind: u8) -> Result<(), String> {
        let mut input = auto::PutScalingPolicyType {
            auto_scaling_group_name: group.clone(),
            policy_name: policy_name(kind),
            ..Default::default()
        };
        match kind {
            0 => {
                input.adjustment_type = Some("ChangeInCapacity".into());
                input.scaling_adjustment = Some(1);
                input.cooldown = Some(90);
            }
            1 => {
                let step = |lower, upper, scaling_adjustment| auto::StepAdjustment {
                    metric_interval_lower_bound: lower,
                    metric_interval_upper_bound: upper,
                    scaling_adjustment,
                };
                input.policy_type = Some("StepScaling".into());
                input.adjustment_type = Some("PercentChangeInCapacity".into());
                input.estimated_instance_warmup = Some(60);
                input.step_adjustments =
                    Some(vec![step(Some(-20.0), Some(0.0), -30), step(Some(0.0), None, 40)]);
            }
            2 => input.policy_type = Some("TargetTrackingScaling".into()),
            _ => {
                input.policy_type = Some("TargetTrackingScaling".into());
                input.estimated_instance_warmup = Some(30);
            }
        }
        if kind >= 2 {
            let metric =
                if kind == 2 { "ASGAverageCPUUtilization" } else { "ASGAverageNetworkOut" };
            input.target_tracking_configuration = Some(auto::TargetTrackingConfiguration {
                predefined_metric_specification: Some(auto::PredefinedMetricSpecification {
                    predefined_metric_type: metric.into(),
                    resource_label: None,
                }),
                target_value: if kind == 2 { 40.0 } else { 1e6 },
                ..Default::default()
            });
        }
        self.attempt::<auto::ops::PutScalingPolicy>(input)?;
        match self.policy_arn(&group, &policy_name(kind)) {
            Some(arn) if kind < 2 => self.put_alarm(&group, kind, arn),
            _ => Ok(()),
        }
    }

    fn put_alarm(&mut self, group: &SmolStr, kind: u8, policy: SmolStr) -> Result<(), String> {
        self.attempt::<cloudwatch::ops::PutMetricAlarm>(cloudwatch::PutMetricAlarmInput {
            alarm_name: format_smolstr!("{group}-{kind}"),
            alarm_actions: Some(vec![policy]),
            namespace: Some("AWS/EC2".into()),
            metric_name: Some("CPUUtilization".into()),
            dimensions: Some(vec![cloudwatch::Dimension {
                name: "AutoScalingGroupName".into(),
                value: group.clone(),
            }]),
            statistic: Some("Average".into()),
            period: Some(60),
            evaluation_periods: Some(1),
            threshold: Some(50.0),
            comparison_operator: Some("GreaterThanThreshold".into()),
            ..Default::default()
        })
    }

    fn policy_arn(&mut self, group: &SmolStr, name: &SmolStr) -> Option<SmolStr> {
        let input = auto::DescribePoliciesType {
            auto_scaling_group_name: Some(group.clone()),
            policy_names: Some(vec![name.clone()]),
            ..Default::default()
        };
        let found = self.call::<auto::ops::DescribePolicies>(input).ok()?;
        found.scaling_policies?.pop()?.policy_arn
    }

    fn hook(&mut self, what: &Scaling) -> Result<(), String> {
        match *what {
            Scaling::PutHook { group, leaving, continues } => {
                let transition = if leaving { "TERMINATING" } else { "LAUNCHING" };
                let input = auto::PutLifecycleHookType {
                    lifecycle_hook_name: hook_name(leaving),
                    auto_scaling_group_name: own(group),
                    lifecycle_transition: Some(format_smolstr!(
                        "autoscaling:EC2_INSTANCE_{transition}"
                    )),
                    heartbeat_timeout: Some(60),
                    default_result: Some(if continues { "CONTINUE" } else { "ABANDON" }.into()),
                    ..Default::default()
                };
                self.attempt::<auto::ops::PutLifecycleHook>(input)
            }
            Scaling::DeleteHook { group, leaving } => {
                let input = auto::DeleteLifecycleHookType {
                    lifecycle_hook_name: hook_name(leaving),
                    auto_scaling_group_name: own(group),
                };
                self.attempt::<auto::ops::DeleteLifecycleHook>(input)
            }
            _ => Ok(()),
        }
    }

    fn refresh(&mut self, what: &Scaling) -> Result<(), String> {
        match *what {
            Scaling::StartRefresh { group, preferences: bits } => {
                // A group of a template can lead to another version, and back.
                let version = (group % 3 == 1 && bits & 1 == 1).then(|| self.template_version());
                let given = |bit: u8, value: i64| (bits & bit != 0).then_some(value);
                let input = auto::StartInstanceRefreshType {
                    auto_scaling_group_name: own(group),
                    strategy: None,
                    desired_configuration: version.map(|version| auto::DesiredConfiguration {
                        launch_template: Some(template(&version)),
                        mixed_instances_policy: None,
                    }),
                    preferences: Some(auto::RefreshPreferences {
                        min_healthy_percentage: Some(if bits & 2 == 0 { 50 } else { 100 }),
                        max_healthy_percentage: given(2, 150),
                        instance_warmup: given(4, 30),
                        checkpoint_percentages: (bits & 8 != 0).then(|| vec![50, 100]),
                        checkpoint_delay: given(8, 120),
                        auto_rollback: (group % 3 == 1 && bits & 5 == 5).then_some(true),
                        ..Default::default()
                    }),
                };
                self.attempt::<auto::ops::StartInstanceRefresh>(input)
            }
            Scaling::CancelRefresh { group } => {
                let input = auto::CancelInstanceRefreshType {
                    auto_scaling_group_name: own(group),
                    wait_for_transitioning_instances: None,
                };
                self.attempt::<auto::ops::CancelInstanceRefresh>(input)
            }
            Scaling::RollBackRefresh { group } => {
                let input =
                    auto::RollbackInstanceRefreshType { auto_scaling_group_name: own(group) };
                self.attempt::<auto::ops::RollbackInstanceRefresh>(input)
            }
            _ => Ok(()),
        }
    }

    /// A new version of the template of groups.
    fn template_version(&mut self) -> SmolStr {
        let input = ec2::CreateLaunchTemplateVersionRequest {
            launch_template_name: Some("own".into()),
            launch_template_data: launch_data("t3.micro"),
            ..Default::default()
        };
        let made = self.call::<ec2::ops::CreateLaunchTemplateVersion>(input).ok();
        let number = made.and_then(|m| m.launch_template_version).and_then(|v| v.version_number);
        format_smolstr!("{}", number.unwrap_or(1))
    }

    fn pool(&mut self, what: &Scaling) -> Result<(), String> {
        match *what {
            Scaling::PutPool { group, state, reuse } => {
                let input = auto::PutWarmPoolType {
                    auto_scaling_group_name: own(group),
                    max_group_prepared_capacity: (state == 1).then_some(5),
                    min_size: Some(i64::from(state)),
                    pool_state: Some(if state == 2 { "Running" } else { "Stopped" }.into()),
                    instance_reuse_policy: Some(auto::InstanceReusePolicy {
                        reuse_on_scale_in: Some(reuse),
                    }),
                };
                self.attempt::<auto::ops::PutWarmPool>(input)
            }
            Scaling::DeletePool { group, force } => {
                let input = auto::DeleteWarmPoolType {
                    auto_scaling_group_name: own(group),
                    force_delete: Some(force),
                };
                self.attempt::<auto::ops::DeleteWarmPool>(input)
            }
            _ => Ok(()),
        }
    }

    fn balance(&mut self, what: &Scaling) -> Result<(), String> {
        let Some(arn) = self.target_group() else { return Ok(()) };
        match *what {
            Scaling::Attach { group } => {
                let input = auto::AttachLoadBalancerTargetGroupsType {
                    auto_scaling_group_name: own(group),
                    target_group_arns: vec![arn],
                };
                self.attempt::<auto::ops::AttachLoadBalancerTargetGroups>(input)?;
                let input = auto::UpdateAutoScalingGroupType {
                    auto_scaling_group_name: own(group),
                    health_check_type: Some("ELB".into()),
                    health_check_grace_period: Some(60),
                    ..Default::default()
                };
                self.attempt::<auto::ops::UpdateAutoScalingGroup>(input)
            }
            Scaling::Detach { group } => {
                let input = auto::DetachLoadBalancerTargetGroupsType {
                    auto_scaling_group_name: own(group),
                    target_group_arns: vec![arn],
                };
                self.attempt::<auto::ops::DetachLoadBalancerTargetGroups>(input)
            }
            _ => Ok(()),
        }
    }

    /// The target group, with a load balancer before it; made when it is first needed.
    pub(crate) fn target_group(&mut self) -> Option<SmolStr> {
        let known = elbv2::DescribeTargetGroupsInput {
            names: Some(vec!["own".into()]),
            ..Default::default()
        };
        if let Ok(found) = self.call::<elbv2::ops::DescribeTargetGroups>(known) {
            return found.target_groups?.pop()?.target_group_arn;
        }
        let default =
            ec2::Filter { name: Some("default-for-az".into()), values: Some(vec!["true".into()]) };
        let subnets =
            ec2::DescribeSubnetsRequest { filters: Some(vec![default]), ..Default::default() };
        let subnets = self.call::<ec2::ops::DescribeSubnets>(subnets).ok()?.subnets?;
        let made = self.call::<elbv2::ops::CreateLoadBalancer>(elbv2::CreateLoadBalancerInput {
            name: "own".into(),
            subnets: Some(subnets.iter().filter_map(|s| s.subnet_id.clone()).collect()),
            ..Default::default()
        });
        let balancer = made.ok()?.load_balancers?.pop()?.load_balancer_arn?;
        let made = self.call::<elbv2::ops::CreateTargetGroup>(elbv2::CreateTargetGroupInput {
            name: "own".into(),
            protocol: Some("HTTP".into()),
            port: Some(80),
            vpc_id: subnets.first()?.vpc_id.clone(),
            ..Default::default()
        });
        let group = made.ok()?.target_groups?.pop()?.target_group_arn?;
        self.call::<elbv2::ops::CreateListener>(elbv2::CreateListenerInput {
            load_balancer_arn: balancer,
            protocol: Some("HTTP".into()),
            port: Some(80),
            default_actions: vec![elbv2::Action {
                r#type: "forward".into(),
                target_group_arn: Some(group.clone()),
                ..Default::default()
            }],
            ..Default::default()
        })
        .ok()?;
        Some(group)
    }

    /// Changes of a group's and of members' settings.
    fn tune(&mut self, what: &Scaling) -> Result<(), String> {
        match *what {
            Scaling::Suspend { group, process } => {
                let process = PROCESSES[usize::from(process) % PROCESSES.len()];
                self.attempt::<auto::ops::SuspendProcesses>(auto::ScalingProcessQuery {
                    auto_scaling_group_name: own(group),
                    scaling_processes: Some(vec![process.into()]),
                })
            }
            Scaling::Resume { group } => {
                self.attempt::<auto::ops::ResumeProcesses>(auto::ScalingProcessQuery {
                    auto_scaling_group_name: own(group),
                    scaling_processes: None,
                })
            }
            Scaling::Bounds { group, min, room } => {
                let min = i64::from(min);
                let input = auto::UpdateAutoScalingGroupType {
                    auto_scaling_group_name: own(group),
                    min_size: Some(min),
                    max_size: Some(min + i64::from(room)),
                    ..Default::default()
                };
                self.attempt::<auto::ops::UpdateAutoScalingGroup>(input)
            }
            Scaling::Protect { instance, protected } => {
                let Some((id, group)) = self.pick_member(instance) else { return Ok(()) };
                let input = auto::SetInstanceProtectionQuery {
                    instance_ids: vec![id],
                    auto_scaling_group_name: group,
                    protected_from_scale_in: protected,
                };
                self.attempt::<auto::ops::SetInstanceProtection>(input)
            }
            Scaling::DetachInstance { instance, decrement } => {
                let Some((id, group)) = self.pick_member(instance) else { return Ok(()) };
                let input = auto::DetachInstancesQuery {
                    instance_ids: Some(vec![id]),
                    auto_scaling_group_name: group,
                    should_decrement_desired_capacity: decrement,
                };
                self.attempt::<auto::ops::DetachInstances>(input)
            }
            Scaling::Sicken { instance } => {
                let Some((id, _)) = self.pick_member(instance) else { return Ok(()) };
                let input = auto::SetInstanceHealthQuery {
                    instance_id: id,
                    health_status: "Unhealthy".into(),
                    should_respect_grace_period: Some(false),
                };
                self.attempt::<auto::ops::SetInstanceHealth>(input)
            }
            _ => Ok(()),
        }
    }

    /// An instance of a group of one's own, and that group.
    fn pick_member(&mut self, number: u8) -> Option<(SmolStr, SmolStr)> {
        let input = auto::DescribeAutoScalingInstancesType::default();
        let found = self.call::<auto::ops::DescribeAutoScalingInstances>(input).ok()?;
        let mut all = found.auto_scaling_instances?;
        let is_own = |group: &SmolStr| group.starts_with("own-");
        all.retain(|member| member.auto_scaling_group_name.as_ref().is_some_and(is_own));
        let count = all.len().max(1);
        let member = all.into_iter().nth(usize::from(number) % count)?;
        Some((member.instance_id?, member.auto_scaling_group_name?))
    }

    /// Ends whatever keeps groups from coming to rest.
    pub(crate) fn let_groups_rest(&mut self) -> Result<(), String> {
        for group in 0..3 {
            self.scale(&Scaling::Resume { group })?;
            self.scale(&Scaling::DeleteHook { group, leaving: true })?;
            self.scale(&Scaling::DeleteHook { group, leaving: false })?;
        }
        Ok(())
    }
}

/// What the template of groups launches.
pub(crate) fn launch_data(instance_type: &str) -> ec2::RequestLaunchTemplateData {
    ec2::RequestLaunchTemplateData {
        image_id: Some("ami-09d2fb69".into()),
        instance_type: Some(instance_type.into()),
        ..Default::default()
    }
}

/// The template of groups.
pub(crate) fn template(version: &str) -> auto::LaunchTemplateSpecification {
    auto::LaunchTemplateSpecification {
        launch_template_name: Some("own".into()),
        version: Some(version.into()),
        ..Default::default()
    }
}
