//! Facts about types that the rest of the house relies on.

use super::{
    Replacement, SchemaProblemKind, Tagging, is_custom, is_type, lookup, validation_failure,
};
use serde_json::{Value, json};

fn failure(type_name: &str, properties: Value) -> Option<String> {
    let schema = lookup(type_name).expect("a known type");
    validation_failure("R", &schema.validate(&properties))
}

#[test]
fn recorded_text_of_a_missing_property() {
    assert_eq!(
        failure("AWS::SSM::Parameter", json!({"Value": "x"})).as_deref(),
        Some("Property validation failure: [The property {/Type} is required]")
    );
}

#[test]
fn unknown_properties_and_wrong_types_are_named_with_their_path() {
    assert_eq!(
        failure("AWS::EC2::VPC", json!({"CidrBlock": "10.0.0.0/16", "Foo": 1, "Bar": 2}))
            .as_deref(),
        Some(
            "Property validation failure: [Encountered unsupported properties in {/}: [Foo, Bar]]"
        )
    );
    assert_eq!(
        failure(
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "a", "Valeu": "b"}]})
        )
        .as_deref(),
        Some(
            "Property validation failure: [Encountered unsupported properties in {/Tags/0}: \
             [Valeu], The property {/Tags/0/Value} is required]"
        )
    );
    assert_eq!(
        failure("AWS::EC2::VPC", json!({"EnableDnsSupport": "perhaps", "Tags": "x"})).as_deref(),
        Some(
            "Property validation failure: [Value of property {/EnableDnsSupport} does not match \
             type {Boolean}, Value of property {/Tags} does not match type {List}]"
        )
    );
}

#[test]
fn attributes_cannot_be_set() {
    assert_eq!(
        failure("AWS::EC2::Subnet", json!({"VpcId": "vpc-1", "NetworkAclAssociationId": "x"}))
            .as_deref(),
        Some(
            "Property validation failure: [Encountered unsupported properties in {/}: \
             [NetworkAclAssociationId]]"
        )
    );
}

#[test]
fn coercible_and_unknown_values_are_fine() {
    let group = json!({"MaxSize": 1, "MinSize": "1", "NewInstancesProtectedFromScaleIn": "true",
        "VPCZoneIdentifier": ["{{changeSet:KNOWN_AFTER_APPLY}}"],
        "LaunchConfigurationName": "{{changeSet:KNOWN_AFTER_APPLY}}"});
    assert_eq!(failure("AWS::AutoScaling::AutoScalingGroup", group), None);
}

#[test]
fn broken_constraints_name_their_keyword() {
    let schema = lookup("AWS::SSM::Parameter").expect("known");
    let problems = schema.validate(&json!({"Type": "Text", "Value": "x", "Name": ""}));
    assert!(problems.iter().all(|p| p.kind == SchemaProblemKind::Constraint));
    assert_eq!(
        validation_failure("Param", &problems).as_deref(),
        Some(
            "Properties validation failed for resource Param with message:\n\
             #/Type: failed validation constraint for keyword [enum]\n\
             #/Name: failed validation constraint for keyword [minLength]"
        )
    );
}

#[test]
fn replacement_follows_create_only_properties() {
    let check = |type_name: &str, path: &str, expected: Replacement| {
        let schema = lookup(type_name).expect("a known type");
        assert_eq!(schema.replacement(path), expected, "{type_name} {path}");
    };
    check("AWS::SNS::Topic", "TopicName", Replacement::Always);
    check("AWS::SNS::Topic", "/Properties/DisplayName", Replacement::Never);
    check("AWS::SSM::Parameter", "Name", Replacement::Always);
    check("AWS::SSM::Parameter", "Value", Replacement::Never);
    check("AWS::EC2::Instance", "ImageId", Replacement::Always);
    check("AWS::EC2::Instance", "InstanceType", Replacement::Conditional);
    check("AWS::EC2::Instance", "/Properties/NetworkInterfaces/0/SubnetId", Replacement::Always);
    check("AWS::EC2::Instance", "Tags/0/Value", Replacement::Never);
    check("AWS::AutoScaling::LaunchConfiguration", "ImageId", Replacement::Always);
    check("AWS::AutoScaling::AutoScalingGroup", "MaxSize", Replacement::Never);
    check(
        "AWS::AutoScaling::AutoScalingGroup",
        "LaunchConfigurationName",
        Replacement::Conditional,
    );
}

#[test]
fn references_and_attributes_are_known() {
    let reference = |name: &str| lookup(name).expect("a known type").reference();
    assert_eq!(reference("AWS::EC2::VPC"), ["VpcId"]);
    assert_eq!(reference("AWS::EC2::EIP"), ["PublicIp"]);
    let has = |name: &str, attribute: &str| lookup(name).expect("known").has_attribute(attribute);
    assert!(has("AWS::EC2::SecurityGroup", "GroupId"));
    assert!(has("AWS::EC2::Instance", "PrivateIp"));
    assert!(has("AWS::SSM::Parameter", "Value"));
    assert!(has("AWS::CloudFormation::Stack", "Outputs.Any"));
    assert!(!has("AWS::SNS::Topic", "Invalid"));
}

#[test]
fn tags_are_a_list_or_a_map() {
    let tagging = |name: &str| lookup(name).expect("a known type").tagging();
    let expected = |is_map| Some(Tagging { property: "Tags".into(), is_map, system_tags: true });
    assert_eq!(tagging("AWS::EC2::VPC"), expected(false));
    assert_eq!(tagging("AWS::SSM::Parameter"), expected(true));
    assert_eq!(tagging("AWS::AutoScaling::LaunchConfiguration"), None);
}

#[test]
fn custom_resources_are_types_without_a_schema_of_their_own() {
    assert!(is_type("Custom::My_Thing@1-2") && is_custom("AWS::CloudFormation::CustomResource"));
    assert!(!is_type("Custom::") && !is_type("AWS::EC2::Nope"));
}
