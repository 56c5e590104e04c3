//! Security groups and their rules.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, CreateSecurityGroup, CreateVpc,
    DeleteSecurityGroup, DescribeSecurityGroupRules, DescribeSecurityGroups,
    ModifySecurityGroupRules, RevokeSecurityGroupEgress, RevokeSecurityGroupIngress, RunInstances,
    UpdateSecurityGroupRuleDescriptionsIngress,
};
use api::ec2::{
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupIngressRequest,
    CreateSecurityGroupRequest, CreateVpcRequest, DeleteSecurityGroupRequest,
    DescribeSecurityGroupRulesRequest, DescribeSecurityGroupsRequest, IpPermission, IpRange,
    ModifySecurityGroupRulesRequest, RevokeSecurityGroupEgressRequest,
    RevokeSecurityGroupIngressRequest, RunInstancesRequest, SecurityGroup,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate,
    UpdateSecurityGroupRuleDescriptionsIngressRequest, UserIdGroupPair,
};
use smol_str::SmolStr;

fn vpc(ec2: &Ec2) -> SmolStr {
    let cidr_block = Some("10.0.0.0/16".into());
    let made = ec2.ok::<CreateVpc>(CreateVpcRequest { cidr_block, ..Default::default() });
    made.vpc.unwrap().vpc_id.unwrap()
}

fn group(name: &str, vpc: Option<&SmolStr>) -> CreateSecurityGroupRequest {
    CreateSecurityGroupRequest {
        group_name: name.into(),
        description: "a group".into(),
        vpc_id: vpc.cloned(),
        ..Default::default()
    }
}

fn create(ec2: &Ec2, name: &str, vpc: &SmolStr) -> SmolStr {
    ec2.ok::<CreateSecurityGroup>(group(name, Some(vpc))).group_id.unwrap()
}

fn tcp(port: i64, cidrs: &[&str]) -> IpPermission {
    let range = |cidr: &&str| IpRange { cidr_ip: Some((*cidr).into()), ..Default::default() };
    IpPermission {
        ip_protocol: Some("tcp".into()),
        from_port: Some(port),
        to_port: Some(port),
        ip_ranges: Some(cidrs.iter().map(range).collect()),
        ..Default::default()
    }
}

fn from_group(port: i64, id: &SmolStr) -> IpPermission {
    let pair = UserIdGroupPair { group_id: Some(id.clone()), ..Default::default() };
    IpPermission { user_id_group_pairs: Some(vec![pair]), ..tcp(port, &[]) }
}

fn ingress(id: &SmolStr, permissions: Vec<IpPermission>) -> AuthorizeSecurityGroupIngressRequest {
    AuthorizeSecurityGroupIngressRequest {
        group_id: Some(id.clone()),
        ip_permissions: Some(permissions),
        ..Default::default()
    }
}

fn describe(ec2: &Ec2, id: &SmolStr) -> SecurityGroup {
    let group_ids = Some(vec![id.clone()]);
    let request = DescribeSecurityGroupsRequest { group_ids, ..Default::default() };
    ec2.ok::<DescribeSecurityGroups>(request).security_groups.unwrap().remove(0)
}

fn found(ec2: &Ec2, name: &str, value: &str) -> usize {
    let filters = Some(vec![filter(name, &[value])]);
    let request = DescribeSecurityGroupsRequest { filters, ..Default::default() };
    ec2.ok::<DescribeSecurityGroups>(request).security_groups.unwrap().len()
}

#[test]
fn new_group_lets_everything_out_and_nothing_in() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let made = ec2.ok::<CreateSecurityGroup>(group("web", Some(&vpc)));
    let id = made.group_id.unwrap();
    let arn = format!("arn:aws:ec2:us-west-1:123456789012:security-group/{id}");
    assert_eq!(made.security_group_arn.as_deref(), Some(arn.as_str()));
    let shown = describe(&ec2, &id);
    assert_eq!(shown.ip_permissions, Some(Vec::new()));
    let egress = shown.ip_permissions_egress.unwrap();
    assert_eq!(egress.len(), 1);
    assert_eq!(egress[0].ip_protocol.as_deref(), Some("-1"));
    assert_eq!(egress[0].ip_ranges.as_ref().unwrap()[0].cidr_ip.as_deref(), Some("0.0.0.0/0"));
    for empty in [
        egress[0].user_id_group_pairs.as_ref().map(Vec::len),
        egress[0].ipv6_ranges.as_ref().map(Vec::len),
        egress[0].prefix_list_ids.as_ref().map(Vec::len),
    ] {
        assert_eq!(empty, Some(0));
    }
}

#[test]
fn group_names_are_checked() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    create(&ec2, "web", &vpc);
    let check = |name: &str, code: &str| {
        assert_eq!(ec2.err::<CreateSecurityGroup>(group(name, Some(&vpc))).0, code, "{name}");
    };
    check("web", "InvalidGroup.Duplicate");
    check("WEB", "InvalidGroup.Duplicate");
    check("default", "InvalidGroup.Reserved");
    check("sg-1", "InvalidParameterValue");
    check("gr\u{fc}n", "InvalidParameterValue");
    ec2.ok::<CreateSecurityGroup>(group("web", None));
    assert_eq!(found(&ec2, "group-name", "web"), 2, "once in either VPC");
    let (_, message) = ec2.err::<CreateSecurityGroup>(group("web", Some(&vpc)));
    assert_eq!(message, format!("The security group 'web' already exists for VPC '{vpc}'"));
}

#[test]
fn rules_are_gathered_by_protocol_and_ports() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let (web, lb) = (create(&ec2, "web", &vpc), create(&ec2, "lb", &vpc));
    let made = ec2.ok::<AuthorizeSecurityGroupIngress>(AuthorizeSecurityGroupIngressRequest {
        tag_specifications: tagged("security-group-rule", "Name", "in"),
        ..ingress(&web, vec![tcp(80, &["10.0.0.0/8", "192.168.1.7/16"]), from_group(80, &lb)])
    });
    let rules = made.security_group_rules.unwrap();
    assert_eq!(rules.len(), 3);
    assert_eq!(rules[1].cidr_ipv4.as_deref(), Some("192.168.0.0/16"), "canonical");
    assert_eq!(rules[2].referenced_group_info.as_ref().unwrap().group_id.as_ref(), Some(&lb));
    assert_eq!(rules[0].tags.as_ref().map(Vec::len), Some(1));
    ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&web, vec![tcp(22, &["0.0.0.0/0"])]));
    let permissions = describe(&ec2, &web).ip_permissions.unwrap();
    let ports: Vec<_> = permissions.iter().map(|p| p.from_port).collect();
    assert_eq!(ports, [Some(80), Some(22)]);
    assert_eq!(permissions[0].ip_ranges.as_ref().map(Vec::len), Some(2));
    assert_eq!(permissions[0].user_id_group_pairs.as_ref().map(Vec::len), Some(1));
    assert_eq!(found(&ec2, "ip-permission.from-port", "22"), 1);
    assert_eq!(found(&ec2, "ip-permission.group-name", "lb"), 1);
    assert_eq!(found(&ec2, "egress.ip-permission.cidr", "0.0.0.0/0"), 4);
    let filters = Some(vec![filter("group-id", &[&web]), filter("tag:Name", &["in"])]);
    let request = DescribeSecurityGroupRulesRequest { filters, ..Default::default() };
    let tagged = ec2.ok::<DescribeSecurityGroupRules>(request).security_group_rules.unwrap();
    assert_eq!(tagged.len(), 3);
}

#[test]
fn same_rule_is_refused_twice() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let id = create(&ec2, "web", &vpc);
    ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&id, vec![tcp(22, &["0.0.0.0/0"])]));
    let again = ingress(&id, vec![tcp(22, &["0.0.0.0/0"])]);
    let (code, message) = ec2.err::<AuthorizeSecurityGroupIngress>(again);
    assert_eq!(code, "InvalidPermission.Duplicate");
    assert_eq!(
        message,
        "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already \
         exists"
    );
    let twice = ingress(&id, vec![tcp(23, &["0.0.0.0/0", "0.0.0.0/0"])]);
    assert_eq!(ec2.err::<AuthorizeSecurityGroupIngress>(twice).0, "InvalidParameterValue");
    let out = AuthorizeSecurityGroupEgressRequest {
        group_id: id.clone(),
        ip_permissions: Some(vec![tcp(22, &["0.0.0.0/0"])]),
        ..Default::default()
    };
    ec2.ok::<AuthorizeSecurityGroupEgress>(out);
    assert_eq!(describe(&ec2, &id).ip_permissions_egress.unwrap().len(), 2);
}

#[test]
fn group_takes_sixty_rules_in_a_direction() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let id = create(&ec2, "web", &vpc);
    let many: Vec<IpPermission> = (1..=60).map(|port| tcp(port, &["0.0.0.0/0"])).collect();
    ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&id, many));
    let one_more = ingress(&id, vec![tcp(61, &["0.0.0.0/0"])]);
    let (code, message) = ec2.err::<AuthorizeSecurityGroupIngress>(one_more);
    assert_eq!(code, "RulesPerSecurityGroupLimitExceeded");
    assert_eq!(message, "The maximum number of rules per security group has been reached.");
}

#[test]
fn rules_are_revoked_by_what_they_allow_or_by_id() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let id = create(&ec2, "web", &vpc);
    let made = ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(
        &id,
        vec![tcp(22, &["0.0.0.0/0"]), tcp(80, &["0.0.0.0/0"])],
    ));
    let first = made.security_group_rules.unwrap()[0].security_group_rule_id.clone().unwrap();
    let revoke =
        || RevokeSecurityGroupIngressRequest { group_id: Some(id.clone()), ..Default::default() };
    let by_id = RevokeSecurityGroupIngressRequest {
        security_group_rule_ids: Some(vec![first.clone()]),
        ..revoke()
    };
    let revoked = ec2.ok::<RevokeSecurityGroupIngress>(by_id.clone());
    assert_eq!(revoked.revoked_security_group_rules.unwrap().len(), 1);
    let (code, message) = ec2.err::<RevokeSecurityGroupIngress>(by_id);
    assert_eq!(code, "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(message, format!("The security group rule ID '{first}' does not exist"));
    let plain = RevokeSecurityGroupIngressRequest {
        ip_protocol: Some("tcp".into()),
        from_port: Some(80),
        to_port: Some(80),
        cidr_ip: Some("0.0.0.0/0".into()),
        ..revoke()
    };
    ec2.ok::<RevokeSecurityGroupIngress>(plain.clone());
    assert_eq!(ec2.err::<RevokeSecurityGroupIngress>(plain).0, "InvalidPermission.NotFound");
    assert_eq!(describe(&ec2, &id).ip_permissions, Some(Vec::new()));
    ec2.ok::<RevokeSecurityGroupEgress>(RevokeSecurityGroupEgressRequest {
        group_id: id.clone(),
        ip_permissions: Some(vec![IpPermission {
            ip_protocol: Some("-1".into()),
            from_port: None,
            to_port: None,
            ..tcp(0, &["0.0.0.0/0"])
        }]),
        ..Default::default()
    });
    assert_eq!(describe(&ec2, &id).ip_permissions_egress, Some(Vec::new()));
}

#[test]
fn default_vpc_lists_what_could_not_be_revoked() {
    let ec2 = Ec2::new();
    let answer = ec2.ok::<RevokeSecurityGroupIngress>(RevokeSecurityGroupIngressRequest {
        group_name: Some("default".into()),
        ip_permissions: Some(vec![tcp(22, &["0.0.0.0/0"])]),
        ..Default::default()
    });
    let unknown = answer.unknown_ip_permissions.unwrap();
    assert_eq!(unknown[0].from_port, Some(22));
    assert_eq!(answer.revoked_security_group_rules, Some(Vec::new()));
}

#[test]
fn rules_and_descriptions_are_changed_in_place() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let id = create(&ec2, "web", &vpc);
    let made = ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&id, vec![tcp(22, &["0.0.0.0/0"])]));
    let rule = made.security_group_rules.unwrap()[0].security_group_rule_id.clone().unwrap();
    ec2.ok::<ModifySecurityGroupRules>(ModifySecurityGroupRulesRequest {
        group_id: id.clone(),
        security_group_rules: vec![SecurityGroupRuleUpdate {
            security_group_rule_id: rule.clone(),
            security_group_rule: Some(SecurityGroupRuleRequest {
                ip_protocol: Some("udp".into()),
                from_port: Some(53),
                to_port: Some(54),
                cidr_ipv4: Some("10.0.0.0/8".into()),
                ..Default::default()
            }),
        }],
        ..Default::default()
    });
    let mut wanted = tcp(53, &["10.0.0.0/8"]);
    wanted.ip_protocol = Some("udp".into());
    wanted.to_port = Some(54);
    wanted.ip_ranges.as_mut().unwrap()[0].description = Some("names".into());
    let update = UpdateSecurityGroupRuleDescriptionsIngressRequest {
        group_id: Some(id.clone()),
        ip_permissions: Some(vec![wanted.clone()]),
        ..Default::default()
    };
    ec2.ok::<UpdateSecurityGroupRuleDescriptionsIngress>(update);
    let shown = describe(&ec2, &id).ip_permissions.unwrap();
    wanted.user_id_group_pairs = Some(Vec::new());
    wanted.ipv6_ranges = Some(Vec::new());
    wanted.prefix_list_ids = Some(Vec::new());
    assert_eq!(shown, [wanted]);
    let ids = Some(vec![rule.clone()]);
    let request =
        DescribeSecurityGroupRulesRequest { security_group_rule_ids: ids, ..Default::default() };
    let rules = ec2.ok::<DescribeSecurityGroupRules>(request).security_group_rules.unwrap();
    assert_eq!(rules[0].description.as_deref(), Some("names"));
}

#[test]
fn used_and_default_groups_stay() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let (user, used) = (create(&ec2, "user", &vpc), create(&ec2, "used", &vpc));
    ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&user, vec![from_group(80, &used)]));
    ec2.ok::<AuthorizeSecurityGroupIngress>(ingress(&user, vec![from_group(80, &user)]));
    let delete = |id: &SmolStr| DeleteSecurityGroupRequest {
        group_id: Some(id.clone()),
        ..Default::default()
    };
    let (code, message) = ec2.err::<DeleteSecurityGroup>(delete(&used));
    assert_eq!(code, "DependencyViolation");
    assert_eq!(message, format!("resource {used} has a dependent object"));
    let gone = ec2.ok::<DeleteSecurityGroup>(delete(&user));
    assert_eq!((gone.r#return, gone.group_id.as_ref()), (Some(true), Some(&user)));
    ec2.ok::<DeleteSecurityGroup>(delete(&used));
    let (code, message) = ec2.err::<DeleteSecurityGroup>(delete(&used));
    assert_eq!(code, "InvalidGroup.NotFound");
    assert_eq!(message, format!("The security group '{used}' does not exist"));
    let group_ids = Some(vec![user.clone(), used.clone()]);
    let both = DescribeSecurityGroupsRequest { group_ids, ..Default::default() };
    let (_, message) = ec2.err::<DescribeSecurityGroups>(both);
    assert_eq!(message, format!("The security groups '{user}, {used}' do not exist"));
    let by_name =
        DeleteSecurityGroupRequest { group_name: Some("default".into()), ..Default::default() };
    let (code, message) = ec2.err::<DeleteSecurityGroup>(by_name);
    assert_eq!(code, "CannotDelete");
    assert!(message.ends_with("name: \"default\" cannot be deleted by a user"), "{message}");
}

#[test]
fn launches_name_groups_of_the_default_vpc_and_keep_them_in_use() {
    let ec2 = Ec2::new();
    let id = ec2.ok::<CreateSecurityGroup>(group("web", None)).group_id.unwrap();
    let launch = |names: &[&str], count: i64| RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t3.micro".into()),
        min_count: count,
        max_count: count,
        security_groups: Some(names.iter().map(SmolStr::new).collect()),
        ..Default::default()
    };
    let launched = ec2.ok::<RunInstances>(launch(&["web"], 1)).instances.unwrap();
    assert_eq!(launched[0].security_groups.as_ref().unwrap()[0].group_id.as_ref(), Some(&id));
    let delete = DeleteSecurityGroupRequest { group_id: Some(id), ..Default::default() };
    assert_eq!(ec2.err::<DeleteSecurityGroup>(delete).0, "DependencyViolation");
    assert_eq!(ec2.err::<RunInstances>(launch(&["nope"], 1)).0, "InvalidGroup.NotFound");
    let names = ["a", "b", "c", "d", "e", "f"];
    names.iter().for_each(|name| {
        ec2.ok::<CreateSecurityGroup>(group(name, None));
    });
    let (code, _) = ec2.err::<RunInstances>(launch(&names, 1));
    assert_eq!(code, "SecurityGroupsPerInterfaceLimitExceeded");
}

#[test]
fn groups_of_other_vpcs_cannot_be_referred_to() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let here = create(&ec2, "here", &vpc);
    let there = ec2.ok::<CreateSecurityGroup>(group("there", None)).group_id.unwrap();
    let (code, message) =
        ec2.err::<AuthorizeSecurityGroupIngress>(ingress(&here, vec![from_group(80, &there)]));
    assert_eq!(code, "InvalidGroup.NotFound");
    assert_eq!(message, "You have specified two resources that belong to different networks.");
}
