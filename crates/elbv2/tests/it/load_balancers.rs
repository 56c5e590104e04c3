//! Load balancers.

use crate::harness::{Elb, forward, new_balancer, new_listener};
use api::{ec2, elbv2};
use elbv2::ops;
use smol_str::SmolStr;

fn shown(elb: &Elb) -> Vec<elbv2::LoadBalancer> {
    elb.ok::<ops::DescribeLoadBalancers>(Default::default()).load_balancers.expect("a list")
}

fn deletion(arn: &SmolStr) -> elbv2::DeleteLoadBalancerInput {
    elbv2::DeleteLoadBalancerInput { load_balancer_arn: arn.clone() }
}

#[test]
fn a_new_one_is_provisioned_and_then_active() {
    let elb = Elb::new();
    let made = elb.balancer_with("web", |_| ());
    let arn = made.load_balancer_arn.clone().expect("an ARN");
    let dns = made.dns_name.clone().expect("a name");
    let prefix = "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/web/";
    assert_eq!(arn.strip_prefix(prefix).map(str::len), Some(16), "{arn}");
    let digits = dns.strip_prefix("web-").and_then(|d| d.split('.').next()).expect("digits");
    assert!(
        (8..=10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()),
        "{dns}"
    );
    assert!(dns.ends_with(".us-west-1.elb.amazonaws.com"), "{dns}");
    assert_eq!(made.canonical_hosted_zone_id.as_deref(), Some("Z368ELLRRE2KJ0"));
    assert_eq!(made.scheme.as_deref(), Some("internet-facing"));
    assert_eq!(made.r#type.as_deref(), Some("application"));
    assert_eq!(made.ip_address_type.as_deref(), Some("ipv4"));
    assert_eq!(made.security_groups, Some(vec![elb.default_group()]));
    assert_eq!(made.state.and_then(|s| s.code).as_deref(), Some("provisioning"));
    elb.step(499);
    let code = |elb: &Elb| shown(elb)[0].state.clone().and_then(|s| s.code);
    assert_eq!(code(&elb).as_deref(), Some("provisioning"));
    elb.step(1);
    assert_eq!(code(&elb).as_deref(), Some("active"));
}

#[test]
fn internal_and_network_ones_have_their_own_names() {
    let elb = Elb::new();
    let made = elb.balancer_with("in", |input| input.scheme = Some("internal".into()));
    assert!(made.dns_name.expect("a name").starts_with("internal-in-"));
    let made = elb.balancer_with("net", |input| input.r#type = Some("network".into()));
    let (arn, dns) = (made.load_balancer_arn.expect("an ARN"), made.dns_name.expect("a name"));
    let suffix = arn.rsplit('/').next().expect("a suffix");
    assert_eq!(dns, format!("net-{suffix}.elb.us-west-1.amazonaws.com"));
    assert!(arn.contains("loadbalancer/net/net/"), "{arn}");
    assert_eq!(made.security_groups, None);
}

#[test]
fn one_subnet_is_not_enough_for_an_application_load_balancer() {
    let elb = Elb::new();
    let subnets = elb.subnets();
    elb.fails::<ops::CreateLoadBalancer>(
        new_balancer("web", subnets[..1].to_vec()),
        "ValidationError",
        "At least two subnets in two different Availability Zones must be specified",
    );
    elb.fails::<ops::CreateLoadBalancer>(
        new_balancer("web", vec![subnets[0].clone(), subnets[0].clone()]),
        "InvalidConfigurationRequest",
        "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
    );
    let absent: SmolStr = "subnet-0123456789abcdef0".into();
    elb.fails::<ops::CreateLoadBalancer>(
        new_balancer("web", vec![subnets[0].clone(), absent]),
        "SubnetNotFound",
        "The subnet ID 'subnet-0123456789abcdef0' is not valid",
    );
    assert_eq!(shown(&elb), []);
}

#[test]
fn names_and_groups_are_checked() {
    let elb = Elb::new();
    elb.fails::<ops::CreateLoadBalancer>(
        new_balancer("internal-x", elb.subnets()),
        "ValidationError",
        "The load balancer name 'internal-x' cannot begin with 'internal-'",
    );
    let mut input = new_balancer("web", elb.subnets());
    input.security_groups = Some(vec!["sg-0123456789abcdef0".into()]);
    elb.fails::<ops::CreateLoadBalancer>(
        input,
        "InvalidConfigurationRequest",
        "One or more security groups are invalid",
    );
}

#[test]
fn creating_it_again_finds_it_unless_something_differs() {
    let elb = Elb::new();
    let first = elb.balancer_with("web", |_| ());
    let mut reversed = elb.subnets();
    reversed.reverse();
    let again = elb.balancer_with("web", |input| input.subnets = Some(reversed));
    assert_eq!(first.load_balancer_arn, again.load_balancer_arn);
    let mut other = new_balancer("web", elb.subnets());
    other.scheme = Some("internal".into());
    elb.fails::<ops::CreateLoadBalancer>(
        other,
        "DuplicateLoadBalancerName",
        "A load balancer with the same name 'web' exists, but with different settings",
    );
}

#[test]
fn deleting_it_twice_succeeds_and_takes_its_listeners() {
    let elb = Elb::new();
    let (balancer, group, id) = elb.served();
    let listeners = elbv2::DescribeListenersInput {
        load_balancer_arn: Some(balancer.clone()),
        ..Default::default()
    };
    let listener = elb.ok::<ops::DescribeListeners>(listeners).listeners.expect("a list");
    let listener = listener[0].listener_arn.clone().expect("an ARN");
    elb.ok::<ops::DeleteLoadBalancer>(deletion(&balancer));
    elb.ok::<ops::DeleteLoadBalancer>(deletion(&balancer));
    let gone =
        elbv2::DescribeListenersInput { listener_arns: Some(vec![listener]), ..Default::default() };
    elb.fails::<ops::DescribeListeners>(
        gone,
        "ListenerNotFound",
        "One or more listeners not found",
    );
    // Its targets stay registered.
    assert_eq!(elb.health(&group, &id).1, "Target.NotInUse");
}

#[test]
fn deletion_protection_protects() {
    let elb = Elb::new();
    let balancer = elb.balancer("web");
    let set = |value: &str| {
        elb.ok::<ops::ModifyLoadBalancerAttributes>(elbv2::ModifyLoadBalancerAttributesInput {
            load_balancer_arn: balancer.clone(),
            attributes: vec![elbv2::LoadBalancerAttribute {
                key: Some("deletion_protection.enabled".into()),
                value: Some(value.into()),
            }],
        })
    };
    let shown = set("true").attributes.expect("attributes");
    let value = |key: &str| {
        let found = shown.iter().find(|a| a.key.as_deref() == Some(key));
        found.and_then(|a| a.value.clone()).expect("an attribute")
    };
    assert_eq!(value("deletion_protection.enabled"), "true");
    assert_eq!(value("idle_timeout.timeout_seconds"), "60");
    assert_eq!(value("routing.http2.enabled"), "true");
    assert_eq!(value("load_balancing.cross_zone.enabled"), "true");
    elb.fails::<ops::DeleteLoadBalancer>(
        deletion(&balancer),
        "OperationNotPermitted",
        &format!(
            "Load balancer '{balancer}' cannot be deleted because deletion protection is enabled"
        ),
    );
    set("false");
    elb.ok::<ops::DeleteLoadBalancer>(deletion(&balancer));
}

#[test]
fn unknown_ones_are_not_found() {
    let elb = Elb::new();
    let arn =
        "arn:aws:elasticloadbalancing:us-west-1:123456789012:loadbalancer/app/x/0123456789abcdef";
    let by_arn = elbv2::DescribeLoadBalancersInput {
        load_balancer_arns: Some(vec![arn.into()]),
        ..Default::default()
    };
    let text = format!("Load balancers '[{arn}]' not found");
    elb.fails::<ops::DescribeLoadBalancers>(by_arn, "LoadBalancerNotFound", &text);
    let by_name =
        elbv2::DescribeLoadBalancersInput { names: Some(vec!["x".into()]), ..Default::default() };
    elb.fails::<ops::DescribeLoadBalancers>(
        by_name,
        "LoadBalancerNotFound",
        "One or more load balancers not found",
    );
    elb.fails::<ops::DeleteLoadBalancer>(
        deletion(&"nonsense".into()),
        "ValidationError",
        "'nonsense' is not a valid load balancer ARN",
    );
}

#[test]
fn pages_follow_each_other() {
    let elb = Elb::new();
    for name in ["a", "b", "c"] {
        elb.balancer(name);
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let input =
            elbv2::DescribeLoadBalancersInput { page_size: Some(2), marker, ..Default::default() };
        let page = elb.ok::<ops::DescribeLoadBalancers>(input);
        let found = page.load_balancers.expect("a list");
        names.extend(found.into_iter().filter_map(|one| one.load_balancer_name));
        marker = page.next_marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn its_groups_are_in_use_until_its_interfaces_are_gone() {
    let elb = Elb::new();
    let group = elb.closed_group("web");
    let made = elb.balancer_with("web", |input| input.security_groups = Some(vec![group.clone()]));
    let arn = made.load_balancer_arn.expect("an ARN");
    let interfaces = || {
        let found = elb.ok::<ec2::ops::DescribeNetworkInterfaces>(Default::default());
        found.network_interfaces.expect("a list")
    };
    let path = arn.split_once("loadbalancer/").expect("an ARN").1;
    let all = interfaces();
    assert_eq!(all.len(), elb.subnets().len());
    assert!(all.iter().all(|i| i.description.as_deref() == Some(&format!("ELB {path}"))));
    assert!(all.iter().all(|i| i.requester_managed == Some(true)));
    assert!(all.iter().all(|i| i.status.as_deref() == Some("in-use")));
    assert!(all.iter().all(|i| i.requester_id.as_deref() == Some("amazon-elb")));
    let theirs = ec2::DeleteNetworkInterfaceRequest {
        network_interface_id: all[0].network_interface_id.clone().expect("an id"),
        ..Default::default()
    };
    elb.fails_as::<ec2::ops::DeleteNetworkInterface>(theirs, "InvalidParameterValue");
    elb.ok::<ops::DeleteLoadBalancer>(deletion(&arn));
    let delete_group =
        || ec2::DeleteSecurityGroupRequest { group_id: Some(group.clone()), ..Default::default() };
    elb.fails_as::<ec2::ops::DeleteSecurityGroup>(delete_group(), "DependencyViolation");
    elb.step(300);
    assert_eq!(interfaces(), []);
    elb.ok::<ec2::ops::DeleteSecurityGroup>(delete_group());
}

#[test]
fn zones_and_address_types_can_be_set() {
    let elb = Elb::new();
    let balancer = elb.balancer("web");
    let set = |subnets: Vec<SmolStr>| elbv2::SetSubnetsInput {
        load_balancer_arn: balancer.clone(),
        subnets: Some(subnets),
        ..Default::default()
    };
    elb.fails::<ops::SetSubnets>(
        set(elb.subnets()[..1].to_vec()),
        "ValidationError",
        "At least two subnets in two different Availability Zones must be specified",
    );
    let zones = elb.ok::<ops::SetSubnets>(set(elb.subnets())).availability_zones;
    assert_eq!(zones.map(|zones| zones.len()), Some(elb.subnets().len()));
    let input = elbv2::SetIpAddressTypeInput {
        load_balancer_arn: balancer.clone(),
        ip_address_type: "dualstack".into(),
    };
    let set = elb.ok::<ops::SetIpAddressType>(input);
    assert_eq!(set.ip_address_type.as_deref(), Some("dualstack"));
}

#[test]
fn tags_are_kept_and_shown() {
    let elb = Elb::new();
    let made = elb.balancer_with("web", |input| {
        input.tags = Some(vec![elbv2::Tag { key: "a".into(), value: Some("1".into()) }]);
    });
    let arn = made.load_balancer_arn.expect("an ARN");
    let tag = |key: &str, value: &str| elbv2::Tag { key: key.into(), value: Some(value.into()) };
    elb.ok::<ops::AddTags>(elbv2::AddTagsInput {
        resource_arns: vec![arn.clone()],
        tags: vec![tag("b", "2")],
    });
    elb.ok::<ops::RemoveTags>(elbv2::RemoveTagsInput {
        resource_arns: vec![arn.clone()],
        tag_keys: vec!["a".into()],
    });
    let shown =
        elb.ok::<ops::DescribeTags>(elbv2::DescribeTagsInput { resource_arns: vec![arn.clone()] });
    let shown = shown.tag_descriptions.expect("a list");
    assert_eq!(shown[0].tags, Some(vec![tag("b", "2")]));
    elb.fails_as::<ops::AddTags>(
        elbv2::AddTagsInput { resource_arns: vec![arn], tags: vec![tag("x", "1"), tag("x", "2")] },
        "DuplicateTagKeys",
    );
}

#[test]
fn a_provisioning_load_balancer_takes_listeners() {
    let elb = Elb::new();
    let arn = elb.balancer_with("web", |_| ()).load_balancer_arn.expect("an ARN");
    let group = elb.group("web");
    elb.listener(&arn, 80, &group);
    let mut input = new_listener(&arn, 80, &group);
    input.default_actions = vec![forward(&group)];
    let text = format!("A listener already exists on this port for this load balancer '{arn}'");
    elb.fails::<ops::CreateListener>(input, "DuplicateListener", &text);
}
