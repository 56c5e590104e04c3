//! Stacks with load balancers.

use crate::harness::{Stacks, template};
use serde_json::{Value, json};

fn balancer(stacks: &Stacks) -> Vec<(&'static str, Value)> {
    let subnets = stacks.ok::<api::ec2::ops::DescribeSubnets>(Default::default()).subnets;
    let subnets: Vec<_> = subnets.unwrap_or_default();
    let ids: Vec<_> = subnets.iter().filter_map(|subnet| subnet.subnet_id.clone()).collect();
    let vpc = subnets[0].vpc_id.clone();
    let action = json!({"Type": "forward", "TargetGroupArn": {"Ref": "Group"}});
    vec![
        (
            "Firewall",
            json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {
                "GroupDescription": "g", "VpcId": vpc,
            }}),
        ),
        (
            "Balancer",
            json!({"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
                "Subnets": ids, "SecurityGroups": [{"Ref": "Firewall"}],
                "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "30"}],
            }}),
        ),
        (
            "Group",
            json!({"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
                "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "HealthCheckPath": "/health",
            }}),
        ),
        (
            "Listener",
            json!({"Type": "AWS::ElasticLoadBalancingV2::Listener", "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP",
                "DefaultActions": [action],
            }}),
        ),
        (
            "Rule",
            json!({"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {
                "ListenerArn": {"Ref": "Listener"}, "Priority": 5,
                "Conditions": [{"Field": "path-pattern", "Values": ["/old/*"]}],
                "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "410"}}],
            }}),
        ),
    ]
}

fn with_outputs(resources: &[(&str, Value)]) -> Value {
    let mut template = template(resources);
    let of = |id: &str, name: &str| json!({"Value": {"Fn::GetAtt": [id, name]}});
    template["Outputs"] = json!({
        "Dns": of("Balancer", "DNSName"),
        "Full": of("Balancer", "LoadBalancerFullName"),
        "GroupFull": of("Group", "TargetGroupFullName"),
        "Zone": of("Balancer", "CanonicalHostedZoneID"),
    });
    template
}

#[test]
fn a_stack_waits_for_its_load_balancer_and_leaves_nothing() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &with_outputs(&balancer(&stacks)), |_| ());
    stacks.step(600);
    assert_eq!(stacks.status("s"), "CREATE_IN_PROGRESS");
    stacks.rest();
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let outputs = stacks.outputs("s");
    let arn = stacks.physical("s", "Balancer");
    let full = arn.split_once("loadbalancer/").expect("an ARN").1.to_owned();
    let value = |key: &str| {
        outputs.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone()).expect(key)
    };
    assert_eq!(value("Full"), full);
    assert!(value("Dns").ends_with(".us-west-1.elb.amazonaws.com"), "{outputs:?}");
    assert!(value("GroupFull").starts_with("targetgroup/s-Group-"), "{outputs:?}");
    assert_eq!(value("Zone"), "Z368ELLRRE2KJ0");
    stacks.delete("s");
    let input = api::elbv2::DescribeTargetGroupsInput::default();
    let left = stacks.ok::<api::elbv2::ops::DescribeTargetGroups>(input).target_groups;
    assert_eq!(left.map(|left| left.len()), Some(0));
    let input = api::elbv2::DescribeLoadBalancersInput::default();
    let left = stacks.ok::<api::elbv2::ops::DescribeLoadBalancers>(input).load_balancers;
    assert_eq!(left.map(|left| left.len()), Some(0));
    let events = stacks.lines(&id, 0);
    assert!(!events.iter().any(|(_, status, _)| status == "DELETE_FAILED"), "{events:?}");
}

#[test]
fn listeners_and_groups_change_in_place() {
    let stacks = Stacks::new();
    let mut resources = balancer(&stacks);
    stacks.create("s", &template(&resources));
    let ids = ["Balancer", "Group", "Listener", "Rule"];
    let before = ids.map(|id| stacks.physical("s", id));
    resources[2].1["Properties"]["HealthCheckPath"] = "/ready".into();
    resources[3].1["Properties"]["Port"] = 8080.into();
    resources[4].1["Properties"]["Priority"] = 7.into();
    stacks.update("s", &template(&resources));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(ids.map(|id| stacks.physical("s", id)), before);
    let input = api::elbv2::DescribeRulesInput {
        rule_arns: Some(vec![before[3].as_str().into()]),
        ..Default::default()
    };
    let rules = stacks.ok::<api::elbv2::ops::DescribeRules>(input).rules.expect("a rule");
    assert_eq!(rules[0].priority.as_deref(), Some("7"));
    let input = api::elbv2::DescribeListenersInput {
        listener_arns: Some(vec![before[2].as_str().into()]),
        ..Default::default()
    };
    let shown = stacks.ok::<api::elbv2::ops::DescribeListeners>(input).listeners;
    assert_eq!(shown.expect("a listener")[0].port, Some(8080));
}

#[test]
fn another_port_of_a_group_is_another_group() {
    let stacks = Stacks::new();
    let mut resources = balancer(&stacks);
    stacks.create("s", &template(&resources));
    let (group, listener) = (stacks.physical("s", "Group"), stacks.physical("s", "Listener"));
    resources[2].1["Properties"]["Port"] = 81.into();
    stacks.update("s", &template(&resources));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_ne!(stacks.physical("s", "Group"), group);
    assert_eq!(stacks.physical("s", "Listener"), listener);
}

#[test]
fn a_classic_load_balancer_is_one_resource() {
    let stacks = Stacks::new();
    let mut resource = json!({"Type": "AWS::ElasticLoadBalancing::LoadBalancer", "Properties": {
        "AvailabilityZones": ["us-west-1a"],
        "Listeners": [{"LoadBalancerPort": "80", "InstancePort": "80", "Protocol": "HTTP"}],
        "HealthCheck": {
            "Target": "HTTP:80/", "Interval": "10", "Timeout": "5",
            "HealthyThreshold": "2", "UnhealthyThreshold": "3",
        },
    }});
    stacks.create("s", &template(&[("Balancer", resource.clone())]));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    let name = stacks.physical("s", "Balancer");
    assert!(name.starts_with("s-Balancer-"), "{name}");
    resource["Properties"]["Listeners"][0]["LoadBalancerPort"] = "81".into();
    stacks.update("s", &template(&[("Balancer", resource)]));
    assert_eq!(
        (stacks.status("s"), stacks.physical("s", "Balancer")),
        ("UPDATE_COMPLETE".into(), name)
    );
    let all = stacks.ok::<api::elb::ops::DescribeLoadBalancers>(Default::default());
    let row = all.load_balancer_descriptions.expect("a list").remove(0);
    assert_eq!(row.health_check.map(|check| check.target).as_deref(), Some("HTTP:80/"));
    let listeners = row.listener_descriptions.expect("a list");
    let port = listeners[0].listener.as_ref().map(|listener| listener.load_balancer_port);
    assert_eq!((listeners.len(), port), (1, Some(81)));
    stacks.delete("s");
    let all = stacks.ok::<api::elb::ops::DescribeLoadBalancers>(Default::default());
    assert_eq!(all.load_balancer_descriptions.map(|all| all.len()), Some(0));
}
