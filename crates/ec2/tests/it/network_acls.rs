//! Network ACLs that users make, their entries and their subnets.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{
    CreateNetworkAcl, CreateNetworkAclEntry, CreateSubnet, CreateVpc, DeleteNetworkAcl,
    DeleteNetworkAclEntry, DeleteSubnet, DeleteVpc, DescribeNetworkAcls,
    ReplaceNetworkAclAssociation, ReplaceNetworkAclEntry,
};
use api::ec2::{
    CreateNetworkAclEntryRequest, CreateNetworkAclRequest, CreateSubnetRequest, CreateVpcRequest,
    DeleteNetworkAclEntryRequest, DeleteNetworkAclRequest, DeleteSubnetRequest, DeleteVpcRequest,
    DescribeNetworkAclsRequest, IcmpTypeCode, NetworkAcl, NetworkAclEntry, PortRange,
    ReplaceNetworkAclAssociationRequest, ReplaceNetworkAclEntryRequest,
};
use smol_str::SmolStr;

fn vpc(ec2: &Ec2) -> SmolStr {
    let request = CreateVpcRequest { cidr_block: Some("10.0.0.0/16".into()), ..Default::default() };
    ec2.ok::<CreateVpc>(request).vpc.and_then(|v| v.vpc_id).expect("a VPC")
}

fn create(ec2: &Ec2, vpc: &SmolStr) -> SmolStr {
    let request = CreateNetworkAclRequest {
        vpc_id: vpc.clone(),
        tag_specifications: tagged("network-acl", "Name", "mine"),
        ..Default::default()
    };
    let made = ec2.ok::<CreateNetworkAcl>(request).network_acl;
    made.and_then(|acl| acl.network_acl_id).expect("an id")
}

fn find(ec2: &Ec2, name: &str, value: &str) -> Vec<NetworkAcl> {
    let filters = Some(vec![filter(name, &[value])]);
    let request = DescribeNetworkAclsRequest { filters, ..Default::default() };
    ec2.ok::<DescribeNetworkAcls>(request).network_acls.expect("a list")
}

fn entries(ec2: &Ec2, acl: &SmolStr) -> Vec<NetworkAclEntry> {
    find(ec2, "network-acl-id", acl).remove(0).entries.expect("entries")
}

/// HTTPS from everywhere, as rule 100.
fn https(acl: &SmolStr) -> CreateNetworkAclEntryRequest {
    CreateNetworkAclEntryRequest {
        network_acl_id: acl.clone(),
        rule_number: 100,
        protocol: "6".into(),
        rule_action: "allow".into(),
        egress: false,
        cidr_block: Some("0.0.0.0/0".into()),
        port_range: Some(PortRange { from: Some(443), to: Some(443) }),
        ..Default::default()
    }
}

fn delete(acl: &SmolStr) -> DeleteNetworkAclRequest {
    DeleteNetworkAclRequest { network_acl_id: acl.clone(), dry_run: None }
}

#[test]
fn a_new_acl_lets_nothing_through() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let id = create(&ec2, &vpc);
    let acl = find(&ec2, "tag:Name", "mine").remove(0);
    assert_eq!((acl.is_default, acl.associations), (Some(false), Some(vec![])));
    let shown: Vec<_> = entries(&ec2, &id)
        .into_iter()
        .map(|e| (e.rule_number, e.rule_action, e.protocol, e.egress, e.cidr_block))
        .collect();
    let last = |egress| {
        let text = |text: &str| Some(SmolStr::new(text));
        (Some(32_767), text("deny"), text("-1"), Some(egress), text("0.0.0.0/0"))
    };
    assert_eq!(shown, [last(true), last(false)]);
    let request = DeleteVpcRequest { vpc_id: vpc.clone(), dry_run: None };
    assert_eq!(ec2.err::<DeleteVpc>(request.clone()).0, "DependencyViolation");
    ec2.ok::<DeleteNetworkAcl>(delete(&id));
    assert_eq!(
        ec2.err::<DeleteNetworkAcl>(delete(&id)),
        ("InvalidNetworkAclID.NotFound".into(), format!("The networkAcl ID '{id}' does not exist"))
    );
    let default = find(&ec2, "vpc-id", &vpc).remove(0).network_acl_id.expect("an id");
    assert_eq!(
        ec2.err::<DeleteNetworkAcl>(delete(&default)),
        ("InvalidParameterValue".into(), format!("cannot delete default network ACL {default}"))
    );
    ec2.ok::<DeleteVpc>(request);
}

#[test]
fn entries_are_kept_in_order_replaced_and_removed() {
    let ec2 = Ec2::new();
    let id = create(&ec2, &vpc(&ec2));
    let request = https(&id);
    let ping = CreateNetworkAclEntryRequest {
        rule_number: 50,
        protocol: "1".into(),
        port_range: None,
        icmp_type_code: Some(IcmpTypeCode { r#type: Some(8), code: Some(-1) }),
        ..request.clone()
    };
    ec2.ok::<CreateNetworkAclEntry>(request.clone());
    ec2.ok::<CreateNetworkAclEntry>(ping);
    let numbers: Vec<_> =
        entries(&ec2, &id).into_iter().map(|e| (e.egress, e.rule_number)).collect();
    let expected = [(true, 32_767), (false, 50), (false, 100), (false, 32_767)];
    assert_eq!(numbers, expected.map(|(egress, number)| (Some(egress), Some(number))));
    for (name, value, hits) in [
        ("entry.port-range.from", "443", 1),
        ("entry.icmp.type", "8", 1),
        ("entry.protocol", "6", 1),
        ("entry.protocol", "17", 0),
    ] {
        assert_eq!(find(&ec2, name, value).len(), hits, "{name}={value}");
    }
    assert_eq!(
        ec2.err::<CreateNetworkAclEntry>(request.clone()),
        (
            "NetworkAclEntryAlreadyExists".into(),
            "The network acl entry identified by 100 already exists.".into()
        )
    );
    ec2.ok::<ReplaceNetworkAclEntry>(ReplaceNetworkAclEntryRequest {
        network_acl_id: id.clone(),
        rule_number: 100,
        protocol: "-1".into(),
        rule_action: "deny".into(),
        egress: false,
        ipv6_cidr_block: Some("::/0".into()),
        ..Default::default()
    });
    let replaced = entries(&ec2, &id).remove(2);
    assert_eq!(replaced.rule_action.as_deref(), Some("deny"));
    assert_eq!((replaced.ipv6_cidr_block.as_deref(), replaced.port_range), (Some("::/0"), None));
    let request = DeleteNetworkAclEntryRequest {
        network_acl_id: id.clone(),
        rule_number: 100,
        egress: false,
        dry_run: None,
    };
    ec2.ok::<DeleteNetworkAclEntry>(request.clone());
    assert_eq!(ec2.err::<DeleteNetworkAclEntry>(request).0, "InvalidNetworkAclEntry.NotFound");
}

#[test]
fn entries_are_checked() {
    let ec2 = Ec2::new();
    let id = create(&ec2, &vpc(&ec2));
    let bad = |change: fn(&mut CreateNetworkAclEntryRequest)| {
        let mut request = https(&id);
        change(&mut request);
        ec2.err::<CreateNetworkAclEntry>(request).0
    };
    assert_eq!(bad(|r| r.rule_number = 32_767), "InvalidParameterValue");
    assert_eq!(bad(|r| r.protocol = "256".into()), "InvalidParameterValue");
    assert_eq!(bad(|r| r.cidr_block = Some("x".into())), "InvalidParameterValue");
    assert_eq!(bad(|r| r.cidr_block = None), "MissingParameter");
    assert_eq!(bad(|r| r.port_range = None), "MissingParameter");
    assert_eq!(bad(|r| r.protocol = "1".into()), "MissingParameter");
    for number in 1..=20 {
        let request = CreateNetworkAclEntryRequest { rule_number: number, ..https(&id) };
        ec2.ok::<CreateNetworkAclEntry>(request);
    }
    assert_eq!(bad(|_| ()), "NetworkAclEntryLimitExceeded");
}

#[test]
fn a_subnet_moves_from_acl_to_acl() {
    let ec2 = Ec2::new();
    let vpc = vpc(&ec2);
    let request = CreateSubnetRequest {
        vpc_id: vpc.clone(),
        cidr_block: Some("10.0.1.0/24".into()),
        ..Default::default()
    };
    let subnet = ec2.ok::<CreateSubnet>(request).subnet.and_then(|s| s.subnet_id).expect("one");
    let id = create(&ec2, &vpc);
    let association = || {
        let acl = find(&ec2, "association.subnet-id", &subnet).remove(0);
        acl.associations.expect("associations").remove(0)
    };
    let old = association().network_acl_association_id.expect("an id");
    let request = ReplaceNetworkAclAssociationRequest {
        association_id: old.clone(),
        network_acl_id: id.clone(),
        dry_run: None,
    };
    let new = ec2.ok::<ReplaceNetworkAclAssociation>(request.clone()).new_association_id;
    assert_ne!(new.as_ref(), Some(&old));
    assert_eq!(association().network_acl_association_id, new);
    assert_eq!(association().network_acl_id.as_ref(), Some(&id));
    assert_eq!(ec2.err::<ReplaceNetworkAclAssociation>(request).0, "InvalidAssociationID.NotFound");
    assert_eq!(
        ec2.err::<DeleteNetworkAcl>(delete(&id)),
        (
            "DependencyViolation".into(),
            format!("The networkAcl '{id}' has dependencies and cannot be deleted.")
        )
    );
    let default = find(&ec2, "default", "true");
    let other = default.into_iter().find(|acl| acl.vpc_id.as_ref() != Some(&vpc)).expect("another");
    let far = ReplaceNetworkAclAssociationRequest {
        association_id: new.expect("an id"),
        network_acl_id: other.network_acl_id.expect("an id"),
        dry_run: None,
    };
    assert_eq!(ec2.err::<ReplaceNetworkAclAssociation>(far).0, "InvalidParameterValue");
    ec2.ok::<DeleteSubnet>(DeleteSubnetRequest { subnet_id: subnet.clone(), dry_run: None });
    ec2.ok::<DeleteNetworkAcl>(delete(&id));
}
