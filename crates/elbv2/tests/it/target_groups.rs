//! Target groups.

use crate::harness::{Elb, new_group, new_listener};
use api::elbv2::{self, ops};
use smol_str::SmolStr;

fn deletion(arn: &SmolStr) -> elbv2::DeleteTargetGroupInput {
    elbv2::DeleteTargetGroupInput { target_group_arn: arn.clone() }
}

#[test]
fn a_new_group_has_awss_defaults() {
    let elb = Elb::new();
    let made = elb.group_with("web", |_| ());
    let arn = made.target_group_arn.clone().expect("an ARN");
    let prefix = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/web/";
    assert_eq!(arn.strip_prefix(prefix).map(str::len), Some(16), "{arn}");
    let expected = elbv2::TargetGroup {
        target_group_arn: Some(arn.clone()),
        target_group_name: Some("web".into()),
        protocol: Some("HTTP".into()),
        port: Some(80),
        vpc_id: Some(elb.vpc()),
        health_check_protocol: Some("HTTP".into()),
        health_check_port: Some("traffic-port".into()),
        health_check_enabled: Some(true),
        health_check_interval_seconds: Some(30),
        health_check_timeout_seconds: Some(5),
        healthy_threshold_count: Some(5),
        unhealthy_threshold_count: Some(2),
        health_check_path: Some("/".into()),
        matcher: Some(elbv2::Matcher { http_code: Some("200".into()), grpc_code: None }),
        load_balancer_arns: Some(Vec::new()),
        target_type: Some("instance".into()),
        protocol_version: Some("HTTP1".into()),
        ip_address_type: Some("ipv4".into()),
        target_control_port: None,
    };
    assert_eq!(made, expected);
    let input = elbv2::DescribeTargetGroupAttributesInput { target_group_arn: arn };
    let shown = elb.ok::<ops::DescribeTargetGroupAttributes>(input).attributes.expect("a list");
    for (key, value) in [
        ("deregistration_delay.timeout_seconds", "300"),
        ("stickiness.enabled", "false"),
        ("stickiness.type", "lb_cookie"),
        ("slow_start.duration_seconds", "0"),
        ("load_balancing.algorithm.type", "round_robin"),
    ] {
        let found = shown.iter().find(|a| a.key.as_deref() == Some(key));
        assert_eq!(found.and_then(|a| a.value.as_deref()), Some(value), "{key}");
    }
}

#[test]
fn other_kinds_have_other_defaults() {
    let elb = Elb::new();
    let tcp = elb.group_with("tcp", |input| input.protocol = Some("TCP".into()));
    assert_eq!(tcp.health_check_protocol.as_deref(), Some("TCP"));
    assert_eq!(tcp.health_check_timeout_seconds, Some(10));
    assert_eq!((tcp.health_check_path, tcp.matcher), (None, None));
    let function = elb.group_with("fn", |input| {
        (input.protocol, input.port, input.vpc_id) = (None, None, None);
        input.target_type = Some("lambda".into());
    });
    assert_eq!(function.health_check_enabled, Some(false));
    assert_eq!(function.health_check_interval_seconds, Some(35));
    let geneve = elb.group_with("gwy", |input| {
        (input.protocol, input.port) = (Some("GENEVE".into()), Some(6_081));
    });
    assert_eq!(geneve.health_check_interval_seconds, Some(10));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let elb = Elb::new();
    type Change = fn(&mut elbv2::CreateTargetGroupInput);
    let cases: [(Change, &str); 8] = [
        (|input| input.protocol = None, "A protocol must be specified"),
        (|input| input.port = None, "A port must be specified"),
        (|input| input.vpc_id = None, "A VPC ID must be specified"),
        (
            |input| input.vpc_id = Some("vpc-0123456789abcdef0".into()),
            "The VPC ID 'vpc-0123456789abcdef0' is not found",
        ),
        (
            |input| input.name = "a_b".into(),
            "Target group name 'a_b' can only contain characters that are alphanumeric \
             characters or hyphens(-)",
        ),
        (
            |input| input.health_check_path = Some("x".into()),
            "Health check path 'x' must begin with a '/' character",
        ),
        (
            |input| {
                input.matcher =
                    Some(elbv2::Matcher { http_code: Some("600".into()), grpc_code: None });
            },
            "Health check matcher HTTP code '600' must be within '200-499' inclusive",
        ),
        (
            |input| {
                input.health_check_interval_seconds = Some(10);
                input.health_check_timeout_seconds = Some(10);
            },
            "Health check interval must be greater than the timeout.",
        ),
    ];
    for (change, text) in cases {
        let mut input = new_group("web", elb.vpc());
        change(&mut input);
        elb.fails::<ops::CreateTargetGroup>(input, "ValidationError", text);
    }
}

#[test]
fn creating_it_again_finds_it_unless_something_differs() {
    let elb = Elb::new();
    assert_eq!(elb.group("web"), elb.group("web"));
    let mut other = new_group("web", elb.vpc());
    other.port = Some(81);
    elb.fails::<ops::CreateTargetGroup>(
        other,
        "DuplicateTargetGroupName",
        "A target group with the same name 'web' exists, but with different settings",
    );
}

#[test]
fn a_group_in_use_cannot_be_deleted() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let listener = elb.listener(&balancer, 80, &group);
    let text = format!("Target group '{group}' is currently in use by a listener or a rule");
    elb.fails::<ops::DeleteTargetGroup>(deletion(&group), "ResourceInUse", &text);
    elb.ok::<ops::DeleteListener>(elbv2::DeleteListenerInput { listener_arn: listener });
    elb.ok::<ops::DeleteTargetGroup>(deletion(&group));
    elb.ok::<ops::DeleteTargetGroup>(deletion(&group));
}

#[test]
fn a_group_belongs_to_one_load_balancer() {
    let elb = Elb::new();
    let (one, other, group) = (elb.balancer("a"), elb.balancer("b"), elb.group("web"));
    elb.listener(&one, 80, &group);
    let text = format!(
        "The following target groups cannot be associated with more than one load balancer: {group}"
    );
    elb.fails::<ops::CreateListener>(
        new_listener(&other, 80, &group),
        "TargetGroupAssociationLimit",
        &text,
    );
    // A second listener of the same load balancer may forward to it.
    elb.listener(&one, 81, &group);
    let of = |balancer: &SmolStr| {
        let input = elbv2::DescribeTargetGroupsInput {
            load_balancer_arn: Some(balancer.clone()),
            ..Default::default()
        };
        elb.ok::<ops::DescribeTargetGroups>(input).target_groups.expect("a list").len()
    };
    assert_eq!((of(&one), of(&other)), (1, 0));
}

#[test]
fn unknown_ones_are_not_found() {
    let elb = Elb::new();
    let by_name =
        elbv2::DescribeTargetGroupsInput { names: Some(vec!["x".into()]), ..Default::default() };
    elb.fails::<ops::DescribeTargetGroups>(
        by_name,
        "TargetGroupNotFound",
        "One or more target groups not found",
    );
    let arn = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/x/0123456789abcdef";
    let by_arn = elbv2::DescribeTargetGroupsInput {
        target_group_arns: Some(vec![arn.into()]),
        ..Default::default()
    };
    let text = format!("Target groups '{arn}' not found");
    elb.fails::<ops::DescribeTargetGroups>(by_arn, "TargetGroupNotFound", &text);
}

#[test]
fn a_health_check_can_be_changed() {
    let elb = Elb::new();
    let group = elb.group("web");
    let input = elbv2::ModifyTargetGroupInput {
        target_group_arn: group.clone(),
        health_check_path: Some("/health".into()),
        matcher: Some(elbv2::Matcher { http_code: Some("200-299".into()), grpc_code: None }),
        ..Default::default()
    };
    let shown = elb.ok::<ops::ModifyTargetGroup>(input).target_groups.expect("a list").remove(0);
    assert_eq!(shown.health_check_path.as_deref(), Some("/health"));
    assert_eq!(shown.matcher.and_then(|m| m.http_code).as_deref(), Some("200-299"));
    assert_eq!(shown.healthy_threshold_count, Some(5));
    let wrong = elbv2::ModifyTargetGroupAttributesInput {
        target_group_arn: group,
        attributes: vec![elbv2::TargetGroupAttribute {
            key: Some("nonsense".into()),
            value: Some("1".into()),
        }],
    };
    elb.fails::<ops::ModifyTargetGroupAttributes>(
        wrong,
        "ValidationError",
        "Target group attribute key 'nonsense' is not recognized",
    );
}
