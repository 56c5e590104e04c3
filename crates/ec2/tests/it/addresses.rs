//! Elastic IP addresses.

use crate::harness::{Ec2, described, filter, launch, running, stop, tagged};
use api::ec2::ops::{
    AllocateAddress, AssociateAddress, CreateNetworkInterface, DescribeAddresses,
    DescribeAddressesAttribute, DescribeNetworkInterfaces, DisassociateAddress, ReleaseAddress,
    StartInstances, TerminateInstances,
};
use api::ec2::{
    Address, AllocateAddressRequest, AssociateAddressRequest, CreateNetworkInterfaceRequest,
    DescribeAddressesAttributeRequest, DescribeAddressesRequest, DescribeNetworkInterfacesRequest,
    DisassociateAddressRequest, NetworkInterface, ReleaseAddressRequest, StartInstancesRequest,
    TerminateInstancesRequest,
};
use smol_str::SmolStr;

fn allocate(ec2: &Ec2) -> (SmolStr, SmolStr) {
    let made = ec2.ok::<AllocateAddress>(AllocateAddressRequest::default());
    (made.allocation_id.expect("an id"), made.public_ip.expect("an address"))
}

fn to_instance(allocation: &SmolStr, instance: &SmolStr) -> AssociateAddressRequest {
    AssociateAddressRequest {
        allocation_id: Some(allocation.clone()),
        instance_id: Some(instance.clone()),
        ..Default::default()
    }
}

fn associate(ec2: &Ec2, allocation: &SmolStr, instance: &SmolStr) -> SmolStr {
    let made = ec2.ok::<AssociateAddress>(to_instance(allocation, instance));
    made.association_id.expect("an association")
}

fn addresses(ec2: &Ec2, name: &str, value: &str) -> Vec<Address> {
    let request = DescribeAddressesRequest {
        filters: Some(vec![filter(name, &[value])]),
        ..Default::default()
    };
    ec2.ok::<DescribeAddresses>(request).addresses.expect("a list")
}

fn release(allocation: &SmolStr) -> ReleaseAddressRequest {
    ReleaseAddressRequest { allocation_id: Some(allocation.clone()), ..Default::default() }
}

fn interface_of(ec2: &Ec2, instance: &SmolStr) -> NetworkInterface {
    let request = DescribeNetworkInterfacesRequest {
        filters: Some(vec![filter("attachment.instance-id", &[instance])]),
        ..Default::default()
    };
    let found = ec2.ok::<DescribeNetworkInterfaces>(request);
    found.network_interfaces.expect("a list").remove(0)
}

#[test]
fn an_address_is_allocated_described_and_released() {
    let ec2 = Ec2::new();
    let made = ec2.ok::<AllocateAddress>(AllocateAddressRequest {
        domain: Some("vpc".into()),
        tag_specifications: tagged("elastic-ip", "Name", "nat"),
        ..Default::default()
    });
    assert_eq!(made.domain.as_deref(), Some("vpc"));
    assert_eq!(made.public_ipv4_pool.as_deref(), Some("amazon"));
    assert_eq!(made.network_border_group.as_deref(), Some("us-west-1"));
    let id = made.allocation_id.expect("an id");
    assert!(id.starts_with("eipalloc-0") && id.len() == 26, "{id}");
    let ip = made.public_ip.expect("an address");
    let found = ec2.ok::<DescribeAddresses>(DescribeAddressesRequest {
        public_ips: Some(vec![ip.clone()]),
        ..Default::default()
    });
    let address = found.addresses.expect("a list").remove(0);
    assert_eq!(address.allocation_id.as_ref(), Some(&id));
    assert_eq!((address.association_id, address.instance_id), (None, None));
    for (name, value, hits) in [
        ("allocation-id", id.as_str(), 1),
        ("public-ip", ip.as_str(), 1),
        ("domain", "vpc", 1),
        ("tag:Name", "nat", 1),
        ("instance-id", "i-*", 0),
        ("network-border-group", "us-east-1", 0),
    ] {
        assert_eq!(addresses(&ec2, name, value).len(), hits, "{name}={value}");
    }
    let request = DescribeAddressesAttributeRequest {
        allocation_ids: Some(vec![id.clone()]),
        attribute: Some("domain-name".into()),
        ..Default::default()
    };
    let attribute = ec2.ok::<DescribeAddressesAttribute>(request).addresses.expect("a list");
    assert_eq!((attribute[0].public_ip.as_ref(), &attribute[0].ptr_record), (Some(&ip), &None));
    ec2.ok::<ReleaseAddress>(release(&id));
    assert_eq!(
        ec2.err::<ReleaseAddress>(release(&id)),
        ("InvalidAllocationID.NotFound".into(), format!("The allocation ID '{id}' does not exist"))
    );
}

#[test]
fn a_region_has_five_addresses_at_most() {
    let ec2 = Ec2::new();
    (0..5).for_each(|_| drop(allocate(&ec2)));
    assert_eq!(
        ec2.err::<AllocateAddress>(AllocateAddressRequest::default()),
        ("AddressLimitExceeded".into(), "The maximum number of addresses has been reached.".into())
    );
}

#[test]
fn an_associated_address_replaces_the_instances_own_and_survives_a_stop() {
    let ec2 = Ec2::new();
    let instance = running(&ec2, 1).remove(0);
    let before = described(&ec2, &instance).public_ip_address.expect("default subnets are public");
    let (allocation, ip) = allocate(&ec2);
    assert_ne!(before, ip);
    let association = associate(&ec2, &allocation, &instance);
    assert!(association.starts_with("eipassoc-0"), "{association}");
    let shown = described(&ec2, &instance);
    assert_eq!(shown.public_ip_address.as_ref(), Some(&ip));
    let dns = format!("ec2-{}.us-west-1.compute.amazonaws.com", ip.replace('.', "-"));
    assert_eq!(shown.public_dns_name.as_deref(), Some(dns.as_str()));
    let interface = &shown.network_interfaces.expect("interfaces")[0];
    let own = interface.association.as_ref().expect("an association");
    assert_eq!(own.ip_owner_id.as_deref(), Some("123456789012"));
    let wire = interface_of(&ec2, &instance).association.expect("an association");
    assert_eq!(wire.allocation_id.as_ref(), Some(&allocation));
    assert_eq!(wire.association_id.as_ref(), Some(&association));
    let address = addresses(&ec2, "instance-id", &instance).remove(0);
    assert_eq!(address.association_id.as_ref(), Some(&association));
    assert_eq!(address.network_interface_id, interface.network_interface_id);
    assert_eq!(address.private_ip_address, interface.private_ip_address);
    stop(&ec2, &instance);
    assert_eq!(described(&ec2, &instance).public_ip_address.as_ref(), Some(&ip));
    let request =
        StartInstancesRequest { instance_ids: vec![instance.clone()], ..Default::default() };
    ec2.ok::<StartInstances>(request);
    ec2.step(60_000);
    assert_eq!(described(&ec2, &instance).public_ip_address.as_ref(), Some(&ip));
    assert_eq!(
        ec2.err::<ReleaseAddress>(release(&allocation)),
        ("InvalidIPAddress.InUse".into(), format!("Address {ip} is in use."))
    );
}

#[test]
fn an_instance_gets_a_new_address_of_amazons_when_its_elastic_one_goes() {
    let ec2 = Ec2::new();
    let instance = running(&ec2, 1).remove(0);
    let (allocation, ip) = allocate(&ec2);
    let association = associate(&ec2, &allocation, &instance);
    let request = DisassociateAddressRequest {
        association_id: Some(association.clone()),
        ..Default::default()
    };
    ec2.ok::<DisassociateAddress>(request.clone());
    let now = described(&ec2, &instance).public_ip_address.expect("another address");
    assert_ne!(now, ip);
    assert!(addresses(&ec2, "association-id", &association).is_empty());
    assert_eq!(
        ec2.err::<DisassociateAddress>(request),
        (
            "InvalidAssociationID.NotFound".into(),
            format!("The association ID '{association}' does not exist")
        )
    );
    ec2.ok::<ReleaseAddress>(release(&allocation));
}

#[test]
fn an_address_moves_unless_that_is_forbidden() {
    let ec2 = Ec2::new();
    let instances = running(&ec2, 2);
    let (allocation, ip) = allocate(&ec2);
    let first = associate(&ec2, &allocation, &instances[0]);
    assert_eq!(associate(&ec2, &allocation, &instances[0]), first, "it is idempotent");
    let mut request = to_instance(&allocation, &instances[1]);
    request.allow_reassociation = Some(false);
    assert_eq!(
        ec2.err::<AssociateAddress>(request),
        (
            "Resource.AlreadyAssociated".into(),
            format!("resource {allocation} is already associated with associate-id {first}")
        )
    );
    let second = associate(&ec2, &allocation, &instances[1]);
    assert_ne!(first, second);
    assert_eq!(described(&ec2, &instances[1]).public_ip_address.as_ref(), Some(&ip));
    assert_ne!(described(&ec2, &instances[0]).public_ip_address.as_ref(), Some(&ip));
    let (other, other_ip) = allocate(&ec2);
    associate(&ec2, &other, &instances[1]);
    assert_eq!(described(&ec2, &instances[1]).public_ip_address, Some(other_ip));
    assert!(addresses(&ec2, "public-ip", &ip)[0].association_id.is_none());
}

#[test]
fn a_secondary_private_address_can_have_one_and_it_ends_with_the_instance() {
    let ec2 = Ec2::new();
    let instance = running(&ec2, 1).remove(0);
    let subnet_id = described(&ec2, &instance).subnet_id.expect("a subnet");
    let made = ec2.ok::<CreateNetworkInterface>(CreateNetworkInterfaceRequest {
        subnet_id,
        secondary_private_ip_address_count: Some(1),
        ..Default::default()
    });
    let interface = made.network_interface.expect("an interface");
    let private = interface.private_ip_addresses.expect("addresses")[1].private_ip_address.clone();
    let (allocation, ip) = allocate(&ec2);
    let request = AssociateAddressRequest {
        allocation_id: Some(allocation),
        network_interface_id: interface.network_interface_id,
        private_ip_address: private.clone(),
        ..Default::default()
    };
    let mut wrong = request.clone();
    wrong.private_ip_address = Some("10.9.9.9".into());
    assert_eq!(ec2.err::<AssociateAddress>(wrong).0, "InvalidParameterValue");
    ec2.ok::<AssociateAddress>(request);
    let address = addresses(&ec2, "public-ip", &ip).remove(0);
    assert_eq!((address.private_ip_address, address.instance_id), (private, None));
    let (mine, _) = allocate(&ec2);
    associate(&ec2, &mine, &instance);
    let request = TerminateInstancesRequest { instance_ids: vec![instance], ..Default::default() };
    ec2.ok::<TerminateInstances>(request);
    ec2.step(60_000);
    ec2.ok::<ReleaseAddress>(release(&mine));
}

#[test]
fn association_says_what_is_wrong() {
    let ec2 = Ec2::new();
    let pending = launch(&ec2, 1, |_| ()).instances.expect("one").remove(0);
    let pending = pending.instance_id.expect("an id");
    let (allocation, _) = allocate(&ec2);
    let unknown = SmolStr::new("eipalloc-0123456789abcdef0");
    for (request, code) in [
        (to_instance(&allocation, &pending), "InvalidInstanceID"),
        (to_instance(&unknown, &pending), "InvalidAllocationID.NotFound"),
        (to_instance(&allocation, &"i-0123456789abcdef0".into()), "InvalidInstanceID.NotFound"),
        (
            AssociateAddressRequest { allocation_id: Some(allocation), ..Default::default() },
            "MissingParameter",
        ),
        (
            AssociateAddressRequest {
                public_ip: Some("52.1.2.3".into()),
                instance_id: Some(pending.clone()),
                ..Default::default()
            },
            "InvalidAddress.NotFound",
        ),
    ] {
        assert_eq!(ec2.err::<AssociateAddress>(request).0, code);
    }
    let request =
        ReleaseAddressRequest { public_ip: Some("52.1.2.3".into()), ..Default::default() };
    assert_eq!(ec2.err::<ReleaseAddress>(request).0, "InvalidParameterValue");
}
