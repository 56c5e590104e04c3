//! What the published schemas leave out and AWS accepts. Every row says where it was seen.

/// Attributes that `Fn::GetAtt` takes although the schema does not list them as read-only.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html#aws-resource-ssm-parameter-return-values>
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("AWS::SSM::Parameter", &["Type", "Value"]),
    ("AWS::EC2::NetworkAcl", &["Id"]),
    ("AWS::CloudFormation::WaitCondition", &["Data"]),
];

/// The additional attributes of a type.
pub(super) fn attributes(type_name: &str) -> &'static [&'static str] {
    ATTRIBUTES.iter().find(|(name, _)| *name == type_name).map_or(&[], |(_, names)| names)
}
