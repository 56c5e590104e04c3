//! What can be changed about an instance.

use crate::harness::{Ec2, described, launch, running, stop};
use api::ec2::ops::{
    DescribeInstanceAttribute, DescribeInstanceCreditSpecifications, ModifyInstanceAttribute,
    ModifyInstanceMetadataOptions, MonitorInstances, ResetInstanceAttribute, TerminateInstances,
    UnmonitorInstances,
};
use api::ec2::{
    AttributeBooleanValue, AttributeValue, DescribeInstanceAttributeRequest,
    DescribeInstanceCreditSpecificationsRequest, EbsInstanceBlockDeviceSpecification,
    InstanceAttribute, InstanceBlockDeviceMappingSpecification, ModifyInstanceAttributeRequest,
    ModifyInstanceMetadataOptionsRequest, MonitorInstancesRequest, ResetInstanceAttributeRequest,
    SecureBlobAttributeValue, TerminateInstancesRequest, UnmonitorInstancesRequest,
};
use smol_str::SmolStr;

fn attribute(ec2: &Ec2, id: &SmolStr, name: &str) -> InstanceAttribute {
    ec2.ok::<DescribeInstanceAttribute>(DescribeInstanceAttributeRequest {
        instance_id: id.clone(),
        attribute: name.into(),
        dry_run: None,
    })
}

fn modify(id: &SmolStr) -> ModifyInstanceAttributeRequest {
    ModifyInstanceAttributeRequest { instance_id: id.clone(), ..Default::default() }
}

fn flag(value: bool) -> Option<AttributeBooleanValue> {
    Some(AttributeBooleanValue { value: Some(value) })
}

fn text(value: &str) -> Option<AttributeValue> {
    Some(AttributeValue { value: Some(value.into()) })
}

#[test]
fn the_type_changes_while_stopped_and_for_one_instance_only() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 2);
    let request =
        ModifyInstanceAttributeRequest { instance_type: text("t2.large"), ..modify(&ids[0]) };
    let message = format!("The instance '{}' is not in the 'stopped' state.", ids[0]);
    assert_eq!(
        ec2.err::<ModifyInstanceAttribute>(request.clone()),
        ("IncorrectInstanceState".into(), message)
    );
    stop(&ec2, &ids[0]);
    ec2.ok::<ModifyInstanceAttribute>(request.clone());
    let changed = described(&ec2, &ids[0]);
    assert_eq!(changed.instance_type.as_deref(), Some("t2.large"));
    assert_eq!(changed.cpu_options.and_then(|c| c.core_count), Some(2));
    assert_eq!(described(&ec2, &ids[1]).instance_type.as_deref(), Some("t2.micro"));
    for (name, code) in
        [("t9.nano", "InvalidInstanceAttributeValue"), ("t4g.nano", "InvalidParameterValue")]
    {
        let request =
            ModifyInstanceAttributeRequest { instance_type: text(name), ..request.clone() };
        assert_eq!(ec2.err::<ModifyInstanceAttribute>(request).0, code);
    }
}

#[test]
fn one_attribute_per_request() {
    let ec2 = Ec2::new();
    let id = &running(&ec2, 1)[0];
    let two = ModifyInstanceAttributeRequest {
        disable_api_stop: flag(true),
        disable_api_termination: flag(true),
        ..modify(id)
    };
    assert_eq!(ec2.err::<ModifyInstanceAttribute>(two).0, "InvalidParameterCombination");
    assert_eq!(ec2.err::<ModifyInstanceAttribute>(modify(id)).1, "No attributes specified.");
    let unknown = ModifyInstanceAttributeRequest {
        attribute: Some("nope".into()),
        value: Some("x".into()),
        ..modify(id)
    };
    assert_eq!(
        ec2.err::<ModifyInstanceAttribute>(unknown).1,
        "Value (nope) for parameter attribute is invalid. Unknown attribute."
    );
}

#[test]
fn protection_is_lifted_by_either_form_of_the_request() {
    let ec2 = Ec2::new();
    let id = running(&ec2, 1).remove(0);
    ec2.ok::<ModifyInstanceAttribute>(ModifyInstanceAttributeRequest {
        disable_api_termination: flag(true),
        ..modify(&id)
    });
    let terminate =
        TerminateInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    assert_eq!(ec2.err::<TerminateInstances>(terminate.clone()).0, "OperationNotPermitted");
    ec2.ok::<ModifyInstanceAttribute>(ModifyInstanceAttributeRequest {
        attribute: Some("disableApiTermination".into()),
        value: Some("false".into()),
        ..modify(&id)
    });
    let now = attribute(&ec2, &id, "disableApiTermination").disable_api_termination;
    assert_eq!(now, flag(false));
    ec2.ok::<TerminateInstances>(terminate);
    let late = ModifyInstanceAttributeRequest { disable_api_stop: flag(true), ..modify(&id) };
    assert_eq!(ec2.err::<ModifyInstanceAttribute>(late).0, "IncorrectInstanceState");
}

#[test]
fn user_data_comes_back_as_base64_and_changes_while_stopped() {
    let ec2 = Ec2::new();
    let reservation = launch(&ec2, 1, |r| r.user_data = Some("aGVsbG8=".into()));
    let id = reservation.instances.expect("one").remove(0).instance_id.expect("an id");
    ec2.step(60_000);
    assert_eq!(attribute(&ec2, &id, "userData").user_data, text("aGVsbG8="));
    stop(&ec2, &id);
    let value = Some(b"bye".to_vec().into());
    ec2.ok::<ModifyInstanceAttribute>(ModifyInstanceAttributeRequest {
        user_data: Some(SecureBlobAttributeValue { value }),
        ..modify(&id)
    });
    assert_eq!(attribute(&ec2, &id, "userData").user_data, text("Ynll"));
}

#[test]
fn every_attribute_can_be_described() {
    let ec2 = Ec2::new();
    let id = running(&ec2, 1).remove(0);
    for name in [
        "blockDeviceMapping",
        "disableApiStop",
        "disableApiTermination",
        "ebsOptimized",
        "enaSupport",
        "enclaveOptions",
        "groupSet",
        "instanceInitiatedShutdownBehavior",
        "instanceType",
        "kernel",
        "productCodes",
        "ramdisk",
        "rootDeviceName",
        "sourceDestCheck",
        "sriovNetSupport",
        "userData",
    ] {
        let bare = InstanceAttribute { instance_id: Some(id.clone()), ..Default::default() };
        assert_ne!(attribute(&ec2, &id, name), bare, "{name}");
    }
    assert_eq!(
        attribute(&ec2, &id, "instanceInitiatedShutdownBehavior")
            .instance_initiated_shutdown_behavior,
        text("stop")
    );
}

#[test]
fn the_network_check_and_the_fate_of_disks_change_while_running() {
    let ec2 = Ec2::new();
    let id = running(&ec2, 1).remove(0);
    let request = ModifyInstanceAttributeRequest { source_dest_check: flag(false), ..modify(&id) };
    ec2.ok::<ModifyInstanceAttribute>(request);
    assert_eq!(described(&ec2, &id).source_dest_check, Some(false));
    ec2.ok::<ResetInstanceAttribute>(ResetInstanceAttributeRequest {
        instance_id: id.clone(),
        attribute: "sourceDestCheck".into(),
        dry_run: None,
    });
    assert_eq!(described(&ec2, &id).source_dest_check, Some(true));
    let disk = |device: &str| {
        let ebs = EbsInstanceBlockDeviceSpecification {
            delete_on_termination: Some(false),
            volume_id: None,
        };
        ModifyInstanceAttributeRequest {
            block_device_mappings: Some(vec![InstanceBlockDeviceMappingSpecification {
                device_name: Some(device.into()),
                ebs: Some(ebs),
                ..Default::default()
            }]),
            ..modify(&id)
        }
    };
    let root = described(&ec2, &id).root_device_name.expect("a root device");
    ec2.ok::<ModifyInstanceAttribute>(disk(&root));
    let disks = described(&ec2, &id).block_device_mappings.expect("a list");
    assert_eq!(disks[0].ebs.as_ref().and_then(|e| e.delete_on_termination), Some(false));
    let error = ec2.err::<ModifyInstanceAttribute>(disk("/dev/nope"));
    assert_eq!(error.0, "InvalidInstanceAttributeValue");
}

#[test]
fn detailed_monitoring_is_switched_on_and_off() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 1);
    let state = |list: Option<Vec<api::ec2::InstanceMonitoring>>| {
        let one = list.expect("a list").remove(0);
        one.monitoring.and_then(|m| m.state).expect("a state").to_string()
    };
    let on = || MonitorInstancesRequest { instance_ids: ids.clone(), ..Default::default() };
    assert_eq!(state(ec2.ok::<MonitorInstances>(on()).instance_monitorings), "pending");
    assert_eq!(state(ec2.ok::<MonitorInstances>(on()).instance_monitorings), "enabled");
    let now = described(&ec2, &ids[0]).monitoring.and_then(|m| m.state);
    assert_eq!(now.as_deref(), Some("enabled"));
    let off = UnmonitorInstancesRequest { instance_ids: ids.clone(), ..Default::default() };
    assert_eq!(state(ec2.ok::<UnmonitorInstances>(off).instance_monitorings), "disabling");
}

#[test]
fn metadata_options_change_one_by_one() {
    let ec2 = Ec2::new();
    let ids = running(&ec2, 2);
    let request = ModifyInstanceMetadataOptionsRequest {
        instance_id: ids[0].clone(),
        http_tokens: Some("required".into()),
        ..Default::default()
    };
    let answer = ec2.ok::<ModifyInstanceMetadataOptions>(request.clone());
    let options = answer.instance_metadata_options.expect("options");
    assert_eq!(options.state.as_deref(), Some("pending"));
    let now = |id| described(&ec2, id).metadata_options.expect("options");
    assert_eq!(now(&ids[0]).http_tokens.as_deref(), Some("required"));
    assert_eq!(now(&ids[0]).http_put_response_hop_limit, Some(1));
    assert_eq!(now(&ids[0]).state.as_deref(), Some("applied"));
    assert_eq!(now(&ids[1]).http_tokens.as_deref(), Some("optional"), "the other keeps its own");
    let far =
        ModifyInstanceMetadataOptionsRequest { http_put_response_hop_limit: Some(65), ..request };
    assert_eq!(ec2.err::<ModifyInstanceMetadataOptions>(far).0, "InvalidParameterValue");
}

#[test]
fn credits_belong_to_burstable_types() {
    let ec2 = Ec2::new();
    let credits = |ids: Option<Vec<SmolStr>>| DescribeInstanceCreditSpecificationsRequest {
        instance_ids: ids,
        ..Default::default()
    };
    let t2 = running(&ec2, 1);
    let t3 = launch(&ec2, 1, |r| r.instance_type = Some("t3.micro".into()));
    let m5 = launch(&ec2, 1, |r| r.instance_type = Some("m5.large".into()));
    let named = ec2.ok::<DescribeInstanceCreditSpecifications>(credits(Some(t2)));
    let named = named.instance_credit_specifications.expect("a list");
    assert_eq!(named[0].cpu_credits.as_deref(), Some("standard"));
    let unlimited = ec2.ok::<DescribeInstanceCreditSpecifications>(credits(None));
    let unlimited = unlimited.instance_credit_specifications.expect("a list");
    assert_eq!(unlimited.len(), 1);
    assert_eq!(unlimited[0].instance_id, t3.instances.expect("one")[0].instance_id);
    let m5 = m5.instances.expect("one").remove(0).instance_id.expect("an id");
    let error = ec2.err::<DescribeInstanceCreditSpecifications>(credits(Some(vec![m5])));
    assert_eq!(error.0, "InvalidParameterValue");
}
