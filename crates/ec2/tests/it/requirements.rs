//! Attribute-based selection of instance types.

use crate::harness::Ec2;
use api::ec2::ops::GetInstanceTypesFromInstanceRequirements;
use api::ec2::{
    AcceleratorCountRequest, BaselinePerformanceFactorsRequest,
    GetInstanceTypesFromInstanceRequirementsRequest, InstanceRequirementsRequest, MemoryMiBRequest,
    VCpuCountRangeRequest,
};

fn wanted(vcpus: (i64, i64), memory: (i64, i64)) -> InstanceRequirementsRequest {
    InstanceRequirementsRequest {
        v_cpu_count: VCpuCountRangeRequest { min: vcpus.0, max: Some(vcpus.1) },
        memory_mi_b: MemoryMiBRequest { min: memory.0, max: Some(memory.1) },
        ..Default::default()
    }
}

fn request(
    requirements: InstanceRequirementsRequest,
) -> GetInstanceTypesFromInstanceRequirementsRequest {
    GetInstanceTypesFromInstanceRequirementsRequest {
        architecture_types: vec!["x86_64".into()],
        virtualization_types: vec!["hvm".into()],
        instance_requirements: requirements,
        ..Default::default()
    }
}

fn found(requirements: InstanceRequirementsRequest) -> Vec<String> {
    let ec2 = Ec2::with("us-east-1", kernel::Settings::default());
    let answer = ec2.ok::<GetInstanceTypesFromInstanceRequirements>(request(requirements));
    let types = answer.instance_types.expect("a list").into_iter();
    types.filter_map(|t| t.instance_type).map(|t| t.to_string()).collect()
}

#[test]
fn burstable_types_are_left_out_unless_asked_for() {
    let plain = found(wanted((2, 2), (4_096, 4_096)));
    assert!(plain.contains(&"c5.large".to_owned()) && !plain.contains(&"t3.medium".to_owned()));
    let burstable = InstanceRequirementsRequest {
        burstable_performance: Some("required".into()),
        ..wanted((2, 2), (4_096, 4_096))
    };
    let burstable = found(burstable);
    assert!(burstable.contains(&"t3.medium".to_owned()));
    assert!(!burstable.contains(&"c5.large".to_owned()));
}

#[test]
fn types_can_be_allowed_and_excluded_by_pattern() {
    let allowed = InstanceRequirementsRequest {
        allowed_instance_types: Some(vec!["m5.*".into()]),
        ..wanted((2, 4), (1, 100_000))
    };
    assert_eq!(found(allowed), ["m5.large", "m5.xlarge"]);
    let excluded = InstanceRequirementsRequest {
        excluded_instance_types: Some(vec!["m*".into(), "c*".into()]),
        ..wanted((2, 4), (1, 100_000))
    };
    assert!(found(excluded).iter().all(|name| !name.starts_with(['m', 'c'])));
}

#[test]
fn makers_and_accelerators_are_told_apart() {
    let amd = InstanceRequirementsRequest {
        cpu_manufacturers: Some(vec!["amd".into()]),
        ..wanted((2, 2), (1, 100_000))
    };
    let amd = found(amd);
    assert!(amd.contains(&"m5a.large".to_owned()) && !amd.contains(&"m5.large".to_owned()));
    let gpus = InstanceRequirementsRequest {
        accelerator_count: Some(AcceleratorCountRequest { min: Some(1), max: None }),
        accelerator_names: Some(vec!["t4".into()]),
        ..wanted((4, 4), (1, 100_000))
    };
    assert_eq!(found(gpus), ["g4dn.xlarge"]);
}

#[test]
fn attributes_that_nobody_knows_are_refused_by_name() {
    let ec2 = Ec2::new();
    let factors = InstanceRequirementsRequest {
        baseline_performance_factors: Some(BaselinePerformanceFactorsRequest::default()),
        ..wanted((1, 2), (1, 2))
    };
    let error = ec2.err::<GetInstanceTypesFromInstanceRequirements>(request(factors));
    assert!(error.1.contains("BaselinePerformanceFactors"), "{}", error.1);
}
