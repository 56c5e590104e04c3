//! What a template says about itself: the answers of ValidateTemplate and GetTemplateSummary.

use crate::node::Node;
use crate::template::{Constraints, Resource, Template};
use serde_json::Value;
use std::collections::BTreeMap;

/// The IAM types that need the caller's consent, each with the property that names it, if a name
/// may be chosen.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
const IAM_TYPES: &[(&str, Option<&str>)] = &[
    ("AWS::IAM::AccessKey", None),
    ("AWS::IAM::Group", Some("GroupName")),
    ("AWS::IAM::InstanceProfile", Some("InstanceProfileName")),
    ("AWS::IAM::ManagedPolicy", Some("ManagedPolicyName")),
    ("AWS::IAM::Policy", None),
    ("AWS::IAM::Role", Some("RoleName")),
    ("AWS::IAM::User", Some("UserName")),
    ("AWS::IAM::UserToGroupAddition", None),
];

/// A template, described.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The parameters, in the template's order.
    pub parameters: Vec<ParameterSummary>,
    /// `Description`.
    pub description: Option<String>,
    /// `AWSTemplateFormatVersion`.
    pub version: Option<String>,
    /// `Metadata`, as JSON.
    pub metadata: Option<Value>,
    /// The types of the resources, each once, in order of appearance.
    pub resource_types: Vec<String>,
    /// The macros that the template names.
    pub declared_transforms: Vec<String>,
    /// What the caller has to consent to, such as `CAPABILITY_IAM`.
    pub capabilities: Vec<&'static str>,
    /// Why; absent when nothing is needed.
    pub capabilities_reason: Option<String>,
    /// For each type, its resources and what identifies them.
    pub resource_identifiers: Vec<ResourceIdentifier>,
}

/// A parameter, described.
#[derive(Clone, Debug)]
pub struct ParameterSummary {
    /// The name.
    pub key: String,
    /// The type, as spelled.
    pub type_name: String,
    /// `Default`.
    pub default: Option<String>,
    /// `NoEcho`.
    pub no_echo: bool,
    /// `Description`.
    pub description: Option<String>,
    /// What a value must satisfy.
    pub constraints: Constraints,
}

/// The resources of one type and the properties that identify them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceIdentifier {
    /// The type.
    pub resource_type: String,
    /// The resources of this type.
    pub logical_ids: Vec<String>,
    /// The identifying properties.
    pub identifiers: Vec<String>,
}

/// Describes a template.
pub fn summary(template: &Template) -> Summary {
    let mut resource_types: Vec<String> = Vec::new();
    let mut by_type: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, resource) in template.resources.iter() {
        if !resource_types.contains(&resource.resource_type) {
            resource_types.push(resource.resource_type.clone());
        }
        by_type.entry(&resource.resource_type).or_default().push(id.to_owned());
    }
    let (capabilities, capabilities_reason) = capabilities(template);
    let resource_identifiers = resource_types.iter().filter_map(|name| {
        let schema = crate::schema::lookup(name)?;
        Some(ResourceIdentifier {
            resource_type: name.clone(),
            logical_ids: by_type.remove(name.as_str()).unwrap_or_default(),
            identifiers: schema.primary_identifier(),
        })
    });
    Summary {
        resource_identifiers: resource_identifiers.collect(),
        parameters: parameters(template),
        description: template.description.clone(),
        version: template.format_version.clone(),
        metadata: template.metadata.as_ref().map(Node::to_json),
        declared_transforms: template.transforms.iter().map(|t| t.name.clone()).collect(),
        capabilities,
        capabilities_reason,
        resource_types,
    }
}

fn parameters(template: &Template) -> Vec<ParameterSummary> {
    let describe = |(key, parameter): (&str, &crate::template::Parameter)| ParameterSummary {
        key: key.to_owned(),
        type_name: parameter.type_name.clone(),
        default: parameter.default.clone(),
        no_echo: parameter.no_echo,
        description: parameter.description.clone(),
        constraints: parameter.constraints.clone(),
    };
    template.parameters.iter().map(describe).collect()
}

/// What the caller has to consent to, and why.
fn capabilities(template: &Template) -> (Vec<&'static str>, Option<String>) {
    let mut iam: Vec<&str> = Vec::new();
    let mut named = false;
    for (_, resource) in template.resources.iter() {
        let Some((name, property)) = IAM_TYPES.iter().find(|(n, _)| *n == resource.resource_type)
        else {
            continue;
        };
        named |= property.is_some_and(|property| has(resource, property));
        if !iam.contains(name) {
            iam.push(name);
        }
    }
    let mut capabilities = Vec::new();
    let mut reasons = Vec::new();
    if !iam.is_empty() {
        capabilities.push(if named { "CAPABILITY_NAMED_IAM" } else { "CAPABILITY_IAM" });
        reasons
            .push(format!("The following resource(s) require capabilities: [{}]", iam.join(", ")));
    }
    if !template.transforms.is_empty() {
        capabilities.push("CAPABILITY_AUTO_EXPAND");
        let names: Vec<&str> = template.transforms.iter().map(|t| t.name.as_str()).collect();
        reasons.push(format!(
            "The following transform(s) require capabilities: [{}]",
            names.join(", ")
        ));
    }
    (capabilities, (!reasons.is_empty()).then(|| reasons.join(" ")))
}

fn has(resource: &Resource, property: &str) -> bool {
    resource.properties.as_ref().is_some_and(|properties| properties.get(property).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Summary {
        summary(&crate::parse::parse_all(text).template.expect("a template"))
    }

    #[test]
    fn recorded_summary_of_named_iam_resources() {
        let summary =
            of("AWSTemplateFormatVersion: '2010-09-09'\nMetadata: {a: 1}\nResources:\n  \
             Bucket: {Type: 'AWS::S3::Bucket'}\n  \
             Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: r}}\n  \
             Other: {Type: 'AWS::IAM::Role'}");
        assert_eq!(summary.capabilities, ["CAPABILITY_NAMED_IAM"]);
        assert_eq!(
            summary.capabilities_reason.as_deref(),
            Some("The following resource(s) require capabilities: [AWS::IAM::Role]")
        );
        let identifiers: Vec<_> = summary
            .resource_identifiers
            .iter()
            .map(|r| (r.resource_type.as_str(), r.logical_ids.join(","), r.identifiers.join(",")))
            .collect();
        assert_eq!(
            identifiers,
            [
                ("AWS::S3::Bucket", "Bucket".into(), "BucketName".into()),
                ("AWS::IAM::Role", "Role,Other".into(), "RoleName".into()),
            ]
        );
        assert_eq!(summary.version.as_deref(), Some("2010-09-09"));
    }

    #[test]
    fn unnamed_iam_and_transforms_need_their_own_capabilities() {
        let iam = of("Resources: {P: {Type: 'AWS::IAM::InstanceProfile'}}");
        assert_eq!(iam.capabilities, ["CAPABILITY_IAM"]);
        let transform = of("Transform: M\nResources: {T: {Type: 'AWS::SNS::Topic'}}");
        assert_eq!(transform.capabilities, ["CAPABILITY_AUTO_EXPAND"]);
        assert_eq!(transform.declared_transforms, ["M"]);
        let plain = of("Resources: {T: {Type: 'AWS::SNS::Topic'}}");
        assert_eq!((plain.capabilities.len(), plain.capabilities_reason), (0, None));
    }
}
