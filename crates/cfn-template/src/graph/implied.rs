//! Edges that no reference shows: what a resource needs besides what it names.
//!
//! AWS's page on `DependsOn` lists the types that need an attached gateway; a template that
//! leaves the attribute out works when the attachment happens to come first. Here it always does.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html#gatewayattachment>

use crate::node::Node;
use crate::template::Resource;

/// One implied edge: resources of type `dependent` wait for those of type `dependency`.
struct Rule {
    dependent: &'static str,
    dependency: &'static str,
    via: Via,
}

/// How the two resources of a rule are told to belong together.
enum Via {
    /// Both refer to the same resource in these properties.
    Same { dependent: &'static str, dependency: &'static str },
    /// The dependency has this property.
    Has(&'static str),
}

const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";

const RULES: &[Rule] = &[
    Rule {
        dependent: "AWS::EC2::Route",
        dependency: ATTACHMENT,
        via: Via::Same { dependent: "GatewayId", dependency: "InternetGatewayId" },
    },
    Rule {
        dependent: "AWS::EC2::Route",
        dependency: ATTACHMENT,
        via: Via::Same { dependent: "GatewayId", dependency: "VpnGatewayId" },
    },
    Rule {
        dependent: "AWS::EC2::VPNGatewayRoutePropagation",
        dependency: ATTACHMENT,
        via: Via::Same { dependent: "VpnGatewayId", dependency: "VpnGatewayId" },
    },
    Rule { dependent: "AWS::EC2::EIP", dependency: ATTACHMENT, via: Via::Has("InternetGatewayId") },
];

/// The implied edges among these resources, as (dependent, dependency).
pub(super) fn edges<'a>(resources: &[(&'a str, &'a Resource)]) -> Vec<(&'a str, &'a str)> {
    let of_type = |name: &'static str| {
        resources.iter().filter(move |(_, r)| r.resource_type == name).copied()
    };
    let mut edges = Vec::new();
    for rule in RULES {
        for (early, dependency) in of_type(rule.dependency) {
            for (late, dependent) in of_type(rule.dependent) {
                if related(&rule.via, dependent, dependency) {
                    edges.push((late, early));
                }
            }
        }
    }
    edges
}

fn related(via: &Via, dependent: &Resource, dependency: &Resource) -> bool {
    match via {
        Via::Same { dependent: own, dependency: other } => {
            let own = referred(dependent, own);
            own.is_some() && own == referred(dependency, other)
        }
        Via::Has(property) => {
            dependency.properties.as_ref().is_some_and(|p| p.get(property).is_some())
        }
    }
}

/// The name that a property refers to with a plain `Ref`.
fn referred<'a>(resource: &'a Resource, property: &str) -> Option<&'a str> {
    resource.properties.as_ref()?.get(property)?.get("Ref").and_then(Node::as_text)
}
