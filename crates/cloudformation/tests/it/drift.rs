//! Drift: what was changed behind a stack's back.

use crate::harness::{Stacks, group, named, refused, template, update, value};
use api::cloudformation::{self as wire, ops};
use api::{autoscaling, ec2, ssm};
use serde_json::{Value, json};

impl Stacks {
    /// Detects the drift of `s`: the status, and each resource's.
    fn detect(&self) -> (String, Vec<(String, String)>) {
        let id = self
            .ok::<ops::DetectStackDrift>(wire::DetectStackDriftInput {
                stack_name: "s".into(),
                ..Default::default()
            })
            .stack_drift_detection_id
            .expect("an id");
        let ask = || {
            self.ok::<ops::DescribeStackDriftDetectionStatus>(
                wire::DescribeStackDriftDetectionStatusInput {
                    stack_drift_detection_id: id.clone(),
                },
            )
        };
        assert_eq!(ask().detection_status.as_deref(), Some("DETECTION_IN_PROGRESS"));
        self.rest();
        let done = ask();
        assert_eq!(done.detection_status.as_deref(), Some("DETECTION_COMPLETE"));
        let drifts = self.drifts();
        let bad = |d: &&wire::StackResourceDrift| {
            matches!(d.stack_resource_drift_status.as_deref(), Some("MODIFIED" | "DELETED"))
        };
        let count = drifts.iter().filter(bad).count() as i64;
        assert_eq!(done.drifted_stack_resource_count, Some(count));
        let states = drifts.into_iter().map(|d| {
            let text = |text: Option<smol_str::SmolStr>| text.unwrap_or_default().to_string();
            (text(d.logical_resource_id), text(d.stack_resource_drift_status))
        });
        (done.stack_drift_status.unwrap_or_default().into(), states.collect())
    }

    fn drifts(&self) -> Vec<wire::StackResourceDrift> {
        self.ok::<ops::DescribeStackResourceDrifts>(wire::DescribeStackResourceDriftsInput {
            stack_name: "s".into(),
            ..Default::default()
        })
        .stack_resource_drifts
        .unwrap_or_default()
    }

    fn drift_of(&self, id: &str) -> wire::StackResourceDrift {
        let mut drifts = self.drifts().into_iter();
        drifts.find(|d| d.logical_resource_id.as_deref() == Some(id)).expect("compared")
    }

    fn overwrite(&self, name: &str, value: &str) {
        self.ok::<ssm::ops::PutParameter>(ssm::PutParameterRequest {
            name: name.into(),
            value: value.into(),
            overwrite: Some(true),
            ..Default::default()
        });
    }
}

fn line(difference: &wire::PropertyDifference) -> String {
    let text = |text: &Option<smol_str::SmolStr>| text.as_deref().unwrap_or("-").to_owned();
    format!(
        "{} {} {} {}",
        text(&difference.difference_type),
        text(&difference.property_path),
        text(&difference.expected_value),
        text(&difference.actual_value)
    )
}

#[test]
fn a_stack_is_in_sync_until_something_is_changed_behind_it() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "x")), ("Q", named("q", "x"))]));
    let shown = stacks.shown("s").drift_information.expect("information");
    assert_eq!(shown.stack_drift_status.as_deref(), Some("NOT_CHECKED"));
    let in_sync = [("P".to_owned(), "IN_SYNC".to_owned()), ("Q".into(), "IN_SYNC".into())];
    assert_eq!(stacks.detect(), ("IN_SYNC".to_owned(), in_sync.to_vec()));
    stacks.overwrite("p", "changed");
    let (status, states) = stacks.detect();
    assert_eq!((status.as_str(), states[0].1.as_str()), ("DRIFTED", "MODIFIED"));
    let drift = stacks.drift_of("P");
    let differences = drift.property_differences.unwrap_or_default();
    assert_eq!(differences.iter().map(line).collect::<Vec<_>>(), ["NOT_EQUAL /Value x changed"]);
    let actual: Value = serde_json::from_str(&drift.actual_properties.unwrap_or_default()).unwrap();
    assert_eq!(actual, json!({"Type": "String", "Value": "changed", "Name": "p"}));
    let shown = stacks.shown("s").drift_information.expect("information");
    assert_eq!(shown.stack_drift_status.as_deref(), Some("DRIFTED"));
    assert!(shown.last_check_timestamp.is_some());
    stacks.update("s", &template(&[("P", named("p", "new")), ("Q", named("q", "x"))]));
    let shown = stacks.shown("s").drift_information.expect("information");
    assert_eq!(shown.stack_drift_status.as_deref(), Some("NOT_CHECKED"), "an update begins anew");
}

#[test]
fn what_is_gone_is_deleted() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "x")), ("V", refused().0)]));
    stacks.ok::<ssm::ops::DeleteParameter>(ssm::DeleteParameterRequest { name: "p".into() });
    stacks.ok::<ec2::ops::DeleteVpc>(ec2::DeleteVpcRequest {
        vpc_id: stacks.physical("s", "V").into(),
        ..Default::default()
    });
    let gone = |id: &str| (id.to_owned(), "DELETED".to_owned());
    assert_eq!(stacks.detect(), ("DRIFTED".to_owned(), vec![gone("P"), gone("V")]));
    assert_eq!(stacks.drift_of("P").actual_properties, None);
}

#[test]
fn sizes_and_rules_are_compared() {
    let stacks = Stacks::new();
    let rule = |port: u32| {
        json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port.to_string(),
               "CidrIp": "0.0.0.0/0"})
    };
    let mut of = group(1, |g| g["Properties"]["MaxSize"] = json!("4"));
    of["Resources"]["SG"] = json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {
        "GroupDescription": "web", "SecurityGroupIngress": [rule(80), rule(22)]}});
    stacks.create("s", &of);
    let (status, states) = stacks.detect();
    assert_eq!(status, "IN_SYNC");
    assert!(states.contains(&("LC".to_owned(), "NOT_CHECKED".to_owned())), "{states:?}");
    stacks.ok::<autoscaling::ops::UpdateAutoScalingGroup>(
        autoscaling::UpdateAutoScalingGroupType {
            auto_scaling_group_name: stacks.physical("s", "G").into(),
            max_size: Some(9),
            ..Default::default()
        },
    );
    stacks.ok::<ec2::ops::RevokeSecurityGroupIngress>(ec2::RevokeSecurityGroupIngressRequest {
        group_name: Some(stacks.physical("s", "SG").into()),
        ip_permissions: Some(vec![ec2::IpPermission {
            ip_protocol: Some("tcp".into()),
            from_port: Some(22),
            to_port: Some(22),
            ip_ranges: Some(vec![ec2::IpRange {
                cidr_ip: Some("0.0.0.0/0".into()),
                description: None,
            }]),
            ..Default::default()
        }]),
        ..Default::default()
    });
    assert_eq!(stacks.detect().0, "DRIFTED");
    let told = |id: &str| {
        let found = stacks.drift_of(id).property_differences.unwrap_or_default();
        found.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(told("G"), ["NOT_EQUAL /MaxSize 4 9"]);
    let rules = told("SG");
    assert_eq!(rules.len(), 1);
    assert!(rules[0].starts_with("REMOVE /SecurityGroupIngress/1 "), "{rules:?}");
}

#[test]
fn one_resource_can_be_looked_at() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "x")), ("Q", value("x"))]));
    stacks.overwrite("p", "y");
    let ask = |id: &str| wire::DetectStackResourceDriftInput {
        stack_name: "s".into(),
        logical_resource_id: id.into(),
    };
    let found = stacks.ok::<ops::DetectStackResourceDrift>(ask("P")).stack_resource_drift;
    let status = found.and_then(|drift| drift.stack_resource_drift_status);
    assert_eq!(status.as_deref(), Some("MODIFIED"));
    stacks.fails::<ops::DetectStackResourceDrift>(
        ask("R"),
        "ValidationError",
        "Resource R does not exist for stack s",
    );
    stacks.ok::<ops::UpdateStack>(update("s", &template(&[("P", named("p", "z"))])));
    assert!(stacks.call::<ops::DetectStackResourceDrift>(ask("P")).is_err(), "not while it moves");
}
