//! Listeners.

use crate::harness::{Elb, forward, new_listener};
use api::elbv2::{self, ops};
use smol_str::SmolStr;

const CERTIFICATE: &str =
    "arn:aws:acm:us-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";

fn certificate(arn: &str) -> elbv2::Certificate {
    elbv2::Certificate { certificate_arn: Some(arn.into()), is_default: None }
}

fn secure(balancer: &SmolStr, group: &SmolStr) -> elbv2::CreateListenerInput {
    elbv2::CreateListenerInput {
        protocol: Some("HTTPS".into()),
        certificates: Some(vec![certificate(CERTIFICATE)]),
        ..new_listener(balancer, 443, group)
    }
}

fn made(output: elbv2::CreateListenerOutput) -> elbv2::Listener {
    output.listeners.and_then(|mut all| all.pop()).expect("a listener")
}

#[test]
fn a_forward_is_shown_both_ways() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let listener = made(elb.ok::<ops::CreateListener>(new_listener(&balancer, 80, &group)));
    let below = balancer.replacen(":loadbalancer/", ":listener/", 1);
    let arn = listener.listener_arn.expect("an ARN");
    assert_eq!(arn.strip_prefix(&format!("{below}/")).map(str::len), Some(16), "{arn}");
    let action = listener.default_actions.expect("actions").remove(0);
    assert_eq!(action.target_group_arn, Some(group.clone()));
    let config = action.forward_config.expect("a configuration");
    let tuple = elbv2::TargetGroupTuple { target_group_arn: Some(group), weight: Some(1) };
    assert_eq!(config.target_groups, Some(vec![tuple]));
    let sticky = config.target_group_stickiness_config.expect("stickiness");
    assert_eq!(sticky.enabled, Some(false));
}

#[test]
fn secure_listeners_need_a_certificate() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let mut bare = secure(&balancer, &group);
    bare.certificates = None;
    elb.fails::<ops::CreateListener>(
        bare,
        "ValidationError",
        "A certificate must be specified for HTTPS listeners",
    );
    let mut odd = secure(&balancer, &group);
    odd.certificates = Some(vec![certificate("nonsense")]);
    elb.fails_as::<ops::CreateListener>(odd, "CertificateNotFound");
    let mut policy = secure(&balancer, &group);
    policy.ssl_policy = Some("nonsense".into());
    elb.fails_as::<ops::CreateListener>(policy, "SSLPolicyNotFound");
    let listener = made(elb.ok::<ops::CreateListener>(secure(&balancer, &group)));
    assert_eq!(listener.ssl_policy.as_deref(), Some("ELBSecurityPolicy-2016-08"));
}

#[test]
fn a_certificate_list_begins_with_the_default_one() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let arn = made(elb.ok::<ops::CreateListener>(secure(&balancer, &group))).listener_arn;
    let arn = arn.expect("an ARN");
    let second = CERTIFICATE.replace("12345678-", "87654321-");
    elb.ok::<ops::AddListenerCertificates>(elbv2::AddListenerCertificatesInput {
        listener_arn: arn.clone(),
        certificates: vec![certificate(&second)],
    });
    let list = || {
        let input = elbv2::DescribeListenerCertificatesInput {
            listener_arn: arn.clone(),
            ..Default::default()
        };
        let shown = elb.ok::<ops::DescribeListenerCertificates>(input).certificates;
        let shown = shown.expect("a list").into_iter();
        shown.map(|c| (c.certificate_arn.expect("an ARN"), c.is_default)).collect::<Vec<_>>()
    };
    let (first, second): (SmolStr, SmolStr) = (CERTIFICATE.into(), second.into());
    assert_eq!(list(), [(first.clone(), Some(true)), (second.clone(), Some(false))]);
    let remove = |which: &SmolStr| elbv2::RemoveListenerCertificatesInput {
        listener_arn: arn.clone(),
        certificates: vec![certificate(which)],
    };
    elb.fails_as::<ops::RemoveListenerCertificates>(remove(&first), "OperationNotPermitted");
    elb.ok::<ops::RemoveListenerCertificates>(remove(&second));
    assert_eq!(list(), [(first, Some(true))]);
}

#[test]
fn protocols_must_fit() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let mut tcp = new_listener(&balancer, 80, &group);
    tcp.protocol = Some("TCP".into());
    elb.fails_as::<ops::CreateListener>(tcp, "ValidationError");
    let other = elb.group_with("tcp", |input| input.protocol = Some("TCP".into()));
    let other = other.target_group_arn.expect("an ARN");
    elb.fails_as::<ops::CreateListener>(
        new_listener(&balancer, 80, &other),
        "IncompatibleProtocols",
    );
}

#[test]
fn weights_divide_traffic_among_groups() {
    let elb = Elb::new();
    let (balancer, one, two) = (elb.balancer("web"), elb.group("one"), elb.group("two"));
    let tuple = |group: &SmolStr, weight| elbv2::TargetGroupTuple {
        target_group_arn: Some(group.clone()),
        weight: Some(weight),
    };
    let mut input = new_listener(&balancer, 80, &one);
    input.default_actions[0].target_group_arn = None;
    input.default_actions[0].forward_config = Some(elbv2::ForwardActionConfig {
        target_groups: Some(vec![tuple(&one, 9), tuple(&two, 1)]),
        target_group_stickiness_config: None,
    });
    let action = made(elb.ok::<ops::CreateListener>(input)).default_actions.expect("actions");
    assert_eq!(action[0].target_group_arn, None);
    let shown = action[0].forward_config.clone().and_then(|c| c.target_groups);
    assert_eq!(shown, Some(vec![tuple(&one, 9), tuple(&two, 1)]));
}

#[test]
fn a_listener_can_be_changed() {
    let elb = Elb::new();
    let (balancer, one, two) = (elb.balancer("web"), elb.group("one"), elb.group("two"));
    let arn = elb.listener(&balancer, 80, &one);
    elb.listener(&balancer, 81, &one);
    let change = |port| elbv2::ModifyListenerInput {
        listener_arn: arn.clone(),
        port: Some(port),
        default_actions: Some(vec![forward(&two)]),
        ..Default::default()
    };
    elb.fails_as::<ops::ModifyListener>(change(81), "DuplicateListener");
    let shown = elb.ok::<ops::ModifyListener>(change(8_080)).listeners.expect("a list").remove(0);
    assert_eq!((shown.port, shown.protocol.as_deref()), (Some(8_080), Some("HTTP")));
    assert_eq!(shown.default_actions.expect("actions")[0].target_group_arn, Some(two));
}

#[test]
fn attributes_belong_to_protocols() {
    let elb = Elb::new();
    let (balancer, group) = (elb.balancer("web"), elb.group("web"));
    let arn = elb.listener(&balancer, 80, &group);
    let set = |key: &str, value: &str| elbv2::ModifyListenerAttributesInput {
        listener_arn: arn.clone(),
        attributes: vec![elbv2::ListenerAttribute {
            key: Some(key.into()),
            value: Some(value.into()),
        }],
    };
    elb.fails_as::<ops::ModifyListenerAttributes>(
        set("tcp.idle_timeout.seconds", "60"),
        "ValidationError",
    );
    elb.ok::<ops::ModifyListenerAttributes>(set("routing.http.response.server.enabled", "false"));
    let input = elbv2::DescribeListenerAttributesInput { listener_arn: arn };
    let shown = elb.ok::<ops::DescribeListenerAttributes>(input).attributes.expect("a list");
    assert_eq!(shown[0].value.as_deref(), Some("false"));
}

#[test]
fn policies_and_limits_are_listed() {
    let elb = Elb::new();
    let all = elb.ok::<ops::DescribeSSLPolicies>(Default::default()).ssl_policies.expect("a list");
    assert_eq!(all[0].name.as_deref(), Some("ELBSecurityPolicy-2016-08"));
    let named = elbv2::DescribeSSLPoliciesInput {
        names: Some(vec!["ELBSecurityPolicy-TLS13-1-3-2021-06".into()]),
        ..Default::default()
    };
    let found = elb.ok::<ops::DescribeSSLPolicies>(named).ssl_policies.expect("a list");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].ssl_protocols, Some(vec!["TLSv1.3".into()]));
    let limits = elb.ok::<ops::DescribeAccountLimits>(Default::default()).limits.expect("a list");
    let limit = limits.iter().find(|l| l.name.as_deref() == Some("target-groups"));
    assert_eq!(limit.and_then(|l| l.max.as_deref()), Some("3000"));
}
