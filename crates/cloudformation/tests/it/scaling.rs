//! Stacks with groups that scale: policies, schedules, hooks, pools, and all that a group has.

use crate::harness::{Stacks, template};
use api::autoscaling::{self as wire, AutoScalingGroup, ops};
use serde_json::{Value, json};

/// The tutorial's next parts.
const NEXT_PARTS: &str = include_str!("../../../../fixtures/templates/scaling.yml");

fn launch_template() -> Value {
    json!({"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro",
    }}})
}

/// A group of `size` instances, with more properties.
fn group(size: i64, more: &Value) -> Value {
    let mut group = json!({"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
        "LaunchTemplate": {
            "LaunchTemplateId": {"Ref": "T"},
            "Version": {"Fn::GetAtt": ["T", "LatestVersionNumber"]},
        },
        "MinSize": size.to_string(), "MaxSize": "5", "AvailabilityZones": ["us-west-1a"],
    }});
    for (name, value) in more.as_object().into_iter().flatten() {
        group["Properties"][name] = value.clone();
    }
    group
}

/// A template and a group from it, and another resource.
fn with_group(more: &Value, others: &[(&str, Value)]) -> Value {
    let mut resources = vec![("T", launch_template()), ("G", group(1, more))];
    resources.extend(others.iter().cloned());
    template(&resources)
}

fn part(kind: &str, properties: &Value) -> Value {
    let mut part = json!({"Type": format!("AWS::AutoScaling::{kind}"), "Properties": properties});
    part["Properties"]["AutoScalingGroupName"] = json!({"Ref": "G"});
    part
}

fn policies(stacks: &Stacks) -> Vec<wire::ScalingPolicy> {
    stacks.ok::<ops::DescribePolicies>(Default::default()).scaling_policies.unwrap_or_default()
}

fn shown(stacks: &Stacks) -> AutoScalingGroup {
    let input = wire::AutoScalingGroupNamesType {
        auto_scaling_group_names: Some(vec![stacks.physical("s", "G").into()]),
        ..Default::default()
    };
    let found = stacks.ok::<ops::DescribeAutoScalingGroups>(input).auto_scaling_groups;
    found.and_then(|mut groups| groups.pop()).expect("the group")
}

#[test]
fn the_next_parts_of_the_tutorial_are_made_and_leave_nothing() {
    let stacks = Stacks::new();
    let input = api::cloudformation::CreateStackInput {
        stack_name: "next".into(),
        template_body: Some(NEXT_PARTS.into()),
        capabilities: Some(vec!["CAPABILITY_IAM".into()]),
        ..Default::default()
    };
    let id = stacks.ok::<api::cloudformation::ops::CreateStack>(input).stack_id.expect("an id");
    stacks.rest();
    assert_eq!(stacks.status("next"), "CREATE_COMPLETE", "{:#?}", stacks.lines(&id, 0));
    let outputs = stacks.outputs("next");
    let output = |key: &str| outputs.iter().find(|o| o.0 == key).map(|o| o.1.as_str()).expect(key);
    assert_eq!(output("Group"), stacks.physical("next", "Group"));
    assert_eq!(output("Schedule"), stacks.physical("next", "Mornings"));
    assert!(stacks.physical("next", "FollowRequests").ends_with(output("Policy")));
    assert!(output("Policy").starts_with("next-FollowRequests-"), "{outputs:?}");
    let alarm = format!(":alarm:{}", stacks.physical("next", "Busy"));
    assert!(output("Alarm").ends_with(&alarm), "{outputs:?}");
    let health =
        stacks.ok::<api::elbv2::ops::DescribeTargetHealth>(api::elbv2::DescribeTargetHealthInput {
            target_group_arn: stacks.physical("next", "TargetGroup").into(),
            ..Default::default()
        });
    let states = health.target_health_descriptions.unwrap_or_default();
    let state = |t: &api::elbv2::TargetHealthDescription| t.target_health.as_ref()?.state.clone();
    assert_eq!(states.iter().filter_map(state).collect::<Vec<_>>(), ["healthy", "healthy"]);
    stacks.delete("next");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE", "{:#?}", stacks.lines(&id, 0));
    assert_eq!(policies(&stacks).len(), 0);
    let alarms = stacks.ok::<api::cloudwatch::ops::DescribeAlarms>(Default::default());
    assert_eq!(alarms.metric_alarms.map(|alarms| alarms.len()), Some(0));
    assert_eq!(stacks.vpcs(), 0);
}

#[test]
fn policies_of_all_four_kinds_are_made_changed_and_replaced() {
    let stacks = Stacks::new();
    let of = |target: i64, group: &Value| {
        let mut tracking = part(
            "ScalingPolicy",
            &json!({
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {"TargetValue": target, "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ASGAverageCPUUtilization",
                }},
            }),
        );
        tracking["Properties"]["AutoScalingGroupName"] = group.clone();
        let simple = json!({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": "-1",
            "Cooldown": "60"});
        let step = json!({"PolicyType": "StepScaling", "AdjustmentType": "PercentChangeInCapacity",
            "MinAdjustmentMagnitude": 2, "EstimatedInstanceWarmup": 30,
            "StepAdjustments": [{"MetricIntervalLowerBound": "0", "ScalingAdjustment": "50"}]});
        let predictive = json!({"PolicyType": "PredictiveScaling",
        "PredictiveScalingConfiguration": {"Mode": "ForecastOnly", "MetricSpecifications": [{
            "TargetValue": 70,
            "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ASGCPUUtilization"},
        }]}});
        with_group(
            &json!({}),
            &[
                ("Other", self::group(0, &json!({}))),
                ("Tracking", tracking),
                ("Simple", part("ScalingPolicy", &simple)),
                ("Step", part("ScalingPolicy", &step)),
                ("Predictive", part("ScalingPolicy", &predictive)),
            ],
        )
    };
    let first = json!({"Ref": "G"});
    let id = stacks.create("s", &of(50, &first));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE", "{:#?}", stacks.lines(&id, 0));
    let kinds: Vec<_> = policies(&stacks).into_iter().filter_map(|p| p.policy_type).collect();
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    let simple = policies(&stacks).into_iter().find(|p| p.scaling_adjustment == Some(-1));
    assert_eq!(simple.expect("a simple policy").cooldown, Some(60));
    let tracked = || {
        let tracked =
            policies(&stacks).into_iter().find(|p| !p.alarms.as_ref().is_none_or(Vec::is_empty));
        let tracked = tracked.expect("a policy with alarms");
        let target = tracked.target_tracking_configuration.map(|c| c.target_value);
        (tracked.policy_arn.unwrap_or_default().to_string(), target)
    };
    let arn = stacks.physical("s", "Tracking");
    assert_eq!(tracked(), (arn.clone(), Some(50.0)));
    stacks.update("s", &of(60, &first));
    assert_eq!(tracked(), (arn.clone(), Some(60.0)));
    stacks.update("s", &of(60, &json!({"Ref": "Other"})));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_ne!(stacks.physical("s", "Tracking"), arn);
    assert_eq!(policies(&stacks).len(), 4);
    stacks.delete("s");
    assert!(policies(&stacks).is_empty());
}

#[test]
fn another_kind_of_policy_is_refused_in_place() {
    let stacks = Stacks::new();
    let simple = json!({"AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1});
    let step = json!({"PolicyType": "StepScaling", "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]});
    stacks.create("s", &with_group(&json!({}), &[("P", part("ScalingPolicy", &simple))]));
    stacks.update("s", &with_group(&json!({}), &[("P", part("ScalingPolicy", &step))]));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(policies(&stacks)[0].policy_type.as_deref(), Some("SimpleScaling"));
}

#[test]
fn scheduled_actions_change_in_place() {
    let stacks = Stacks::new();
    let of = |action: &Value| with_group(&json!({}), &[("A", part("ScheduledAction", action))]);
    let actions = || {
        let all = stacks.ok::<ops::DescribeScheduledActions>(Default::default());
        all.scheduled_update_group_actions.unwrap_or_default()
    };
    let once = json!({"StartTime": "2017-10-01T07:00:00Z", "DesiredCapacity": "3"});
    stacks.begin("s", &of(&once), |_| ());
    stacks.step(60_000);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let made = actions().remove(0);
    assert_eq!(made.scheduled_action_name.as_deref(), Some(&*stacks.physical("s", "A")));
    let at = made.start_time.expect("a time").to_string();
    assert_eq!((at.as_str(), made.desired_capacity), ("2017-10-01T07:00:00.000Z", Some(3)));
    let often = json!({"Recurrence": "0 7 * * *", "MinSize": 2, "MaxSize": 4});
    stacks.ok::<api::cloudformation::ops::UpdateStack>(crate::harness::update("s", &of(&often)));
    stacks.step(60_000);
    let changed = actions().remove(0);
    assert_eq!(changed.scheduled_action_name, made.scheduled_action_name);
    assert_eq!((changed.recurrence.as_deref(), changed.min_size), (Some("0 7 * * *"), Some(2)));
    assert_eq!(changed.desired_capacity, None);
}

#[test]
fn a_time_that_is_none_is_told() {
    let stacks = Stacks::new();
    let action = part("ScheduledAction", &json!({"StartTime": "tomorrow", "DesiredCapacity": 1}));
    let id = stacks.create("s", &with_group(&json!({}), &[("A", action)]));
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    let lines = stacks.lines_of(&id, "A", 0);
    let failed = lines.iter().find(|line| line.0 == "CREATE_FAILED").expect("a failure");
    assert!(failed.1.contains("tomorrow is not a valid ISO 8601 date and time"), "{failed:?}");
}

#[test]
fn hooks_go_back_to_their_defaults_and_are_replaced_by_name() {
    let stacks = Stacks::new();
    let of = |hook: &Value| with_group(&json!({}), &[("H", part("LifecycleHook", hook))]);
    let hooks = || {
        let input = wire::DescribeLifecycleHooksType {
            auto_scaling_group_name: stacks.physical("s", "G").into(),
            ..Default::default()
        };
        stacks.ok::<ops::DescribeLifecycleHooks>(input).lifecycle_hooks.unwrap_or_default()
    };
    let transition = "autoscaling:EC2_INSTANCE_TERMINATING";
    let full = json!({"LifecycleTransition": transition, "HeartbeatTimeout": 90,
        "DefaultResult": "CONTINUE"});
    stacks.create("s", &of(&full));
    let made = hooks().remove(0);
    assert_eq!(made.lifecycle_hook_name.as_deref(), Some(&*stacks.physical("s", "H")));
    assert_eq!(
        (made.heartbeat_timeout, made.default_result.as_deref()),
        (Some(90), Some("CONTINUE"))
    );
    stacks.update("s", &of(&json!({"LifecycleTransition": transition})));
    let plain = hooks().remove(0);
    let shown = (plain.heartbeat_timeout, plain.default_result.as_deref());
    assert_eq!(shown, (Some(3_600), Some("ABANDON")));
    let named = json!({"LifecycleTransition": transition, "LifecycleHookName": "mine"});
    stacks.update("s", &of(&named));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.physical("s", "H"), "mine");
    assert_eq!(hooks().len(), 1);
}

#[test]
fn a_warm_pool_changes_and_goes_with_its_instances() {
    let stacks = Stacks::new();
    let of = |pools: &[(&str, Value)]| with_group(&json!({}), pools);
    let pool = |properties: &Value| [("P", part("WarmPool", properties))];
    let warm = || {
        let input = wire::DescribeWarmPoolType {
            auto_scaling_group_name: stacks.physical("s", "G").into(),
            ..Default::default()
        };
        stacks.ok::<ops::DescribeWarmPool>(input)
    };
    stacks.create(
        "s",
        &of(&pool(&json!({"MinSize": 2, "MaxGroupPreparedCapacity": 3,
        "InstanceReusePolicy": {"ReuseOnScaleIn": true}}))),
    );
    assert_eq!(stacks.physical("s", "P"), stacks.physical("s", "G"));
    let made = warm().warm_pool_configuration.expect("a pool");
    assert_eq!((made.min_size, made.max_group_prepared_capacity), (Some(2), Some(3)));
    assert_eq!(warm().instances.map(|instances| instances.len()), Some(2));
    stacks.update("s", &of(&pool(&json!({"MinSize": 1, "PoolState": "Running"}))));
    let changed = warm().warm_pool_configuration.expect("a pool");
    assert_eq!((changed.min_size, changed.max_group_prepared_capacity), (Some(1), None));
    assert_eq!(changed.pool_state.as_deref(), Some("Running"));
    let reuse = changed.instance_reuse_policy.and_then(|policy| policy.reuse_on_scale_in);
    assert_eq!(reuse, Some(false));
    stacks.update("s", &of(&[]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(warm().warm_pool_configuration, None);
    assert_eq!(warm().instances, Some(Vec::new()));
}

/// A group with everything that has calls of its own, and what these name.
fn furnished(target: &str, metric: &str, hook: &str, tag: &str) -> Value {
    let vpc = json!({"Fn::GetAtt": ["TG1", "TargetGroupName"]});
    let mut all = with_group(
        &json!({
            "TargetGroupARNs": [{"Ref": target}],
            "MetricsCollection": [{"Granularity": "1Minute", "Metrics": [metric]}],
            "LifecycleHookSpecificationList": [{"LifecycleHookName": hook,
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
                "HeartbeatTimeout": 30}],
            "NotificationConfigurations": [{"TopicARN": [{"Ref": "Topic"}],
                "NotificationTypes": ["autoscaling:EC2_INSTANCE_LAUNCH"]}],
            "TerminationPolicies": ["OldestInstance"],
            "MaxInstanceLifetime": 86_400,
            "Tags": [{"Key": tag, "Value": "v", "PropagateAtLaunch": false}],
        }),
        &[("Topic", json!({"Type": "AWS::SNS::Topic"}))],
    );
    for id in ["TG1", "TG2"] {
        all["Resources"][id] = json!({"Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"Protocol": "HTTP", "Port": 80, "VpcId": {"Ref": "Vpc"}}});
    }
    all["Parameters"] = json!({"Vpc": {"Type": "String"}});
    all["Outputs"] = json!({"Name": {"Value": vpc}});
    all
}

#[test]
fn what_a_group_has_beside_itself_follows_its_properties() {
    let stacks = Stacks::new();
    let vpcs = stacks.ok::<api::ec2::ops::DescribeVpcs>(Default::default()).vpcs;
    let vpc = vpcs.and_then(|mut vpcs| vpcs.pop()?.vpc_id).expect("the default VPC");
    let given = || Some(vec![crate::harness::given("Vpc", &vpc)]);
    let first = furnished("TG1", "GroupMinSize", "one", "a");
    stacks.begin("s", &first, |input| input.parameters = given());
    // The lifetime of instances never lets it rest.
    stacks.step(600_000);
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let group = shown(&stacks);
    assert_eq!(group.target_group_arns, Some(vec![stacks.physical("s", "TG1").into()]));
    assert_eq!(group.termination_policies, Some(vec!["OldestInstance".into()]));

    let mut second = furnished("TG2", "GroupMaxSize", "two", "b");
    let properties = second["Resources"]["G"]["Properties"].as_object_mut().expect("properties");
    for gone in ["NotificationConfigurations", "TerminationPolicies", "MaxInstanceLifetime"] {
        properties.remove(gone);
    }
    let mut input = crate::harness::update("s", &second);
    input.parameters = given();
    stacks.ok::<api::cloudformation::ops::UpdateStack>(input);
    stacks.step(600_000);
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    let group = shown(&stacks);
    assert_eq!(group.target_group_arns, Some(vec![stacks.physical("s", "TG2").into()]));
    assert_eq!(group.termination_policies, Some(vec!["Default".into()]));
    assert_eq!(group.max_instance_lifetime, None);
    let metrics: Vec<_> = group.enabled_metrics.into_iter().flatten().collect();
    assert_eq!(
        metrics.iter().filter_map(|m| m.metric.as_deref()).collect::<Vec<_>>(),
        ["GroupMaxSize"]
    );
    let tags: Vec<_> = group.tags.into_iter().flatten().filter_map(|tag| tag.key).collect();
    assert!(tags.contains(&"b".into()) && !tags.contains(&"a".into()), "{tags:?}");
    let told = stacks.ok::<ops::DescribeNotificationConfigurations>(Default::default());
    assert_eq!(told.notification_configurations, Some(Vec::new()));
    let hooks = wire::DescribeLifecycleHooksType {
        auto_scaling_group_name: stacks.physical("s", "G").into(),
        ..Default::default()
    };
    let hooks = stacks.ok::<ops::DescribeLifecycleHooks>(hooks).lifecycle_hooks;
    let names: Vec<_> = hooks.into_iter().flatten().filter_map(|h| h.lifecycle_hook_name).collect();
    assert_eq!(names, ["two"]);
}

#[test]
fn a_group_goes_from_a_template_to_a_mixed_policy() {
    let stacks = Stacks::new();
    stacks.create("s", &with_group(&json!({}), &[]));
    let name = stacks.physical("s", "G");
    let mut mixed = with_group(
        &json!({"MixedInstancesPolicy": {
            "InstancesDistribution": {"OnDemandBaseCapacity": 1},
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "T"}, "Version": "1"},
                "Overrides": [{"InstanceType": "t3.small", "WeightedCapacity": "2"}],
            },
        }}),
        &[],
    );
    let properties = mixed["Resources"]["G"]["Properties"].as_object_mut().expect("properties");
    properties.remove("LaunchTemplate");
    stacks.update("s", &mixed);
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.physical("s", "G"), name);
    let policy = shown(&stacks).mixed_instances_policy.expect("a policy");
    let overrides = policy.launch_template.and_then(|t| t.overrides).unwrap_or_default();
    assert_eq!(overrides[0].weighted_capacity.as_deref(), Some("2"));
}
