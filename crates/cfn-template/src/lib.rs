//! The CloudFormation template language: parse, check, evaluate, graph, diff.
//!
//! Every step is a pure function from value to value; nothing here knows a service, a clock or a
//! file. What a template needs to know about the world it asks through [`Lookup`].
//!
//! ```text
//! text ─parse─▶ Template ─check─▶ ─resolve_parameters─▶ ─Evaluator─▶ properties ─diff─▶ changes
//!                                                          └dependencies─▶ Graph (order)
//! ```
//!
//! ```
//! use cfn_template::{EmptyWorld, Evaluator, GivenParameter, PseudoValues, UNKNOWN};
//!
//! let template = cfn_template::parse(r#"
//! Parameters:
//!   Prefix: {Type: String, Default: demo}
//! Resources:
//!   Subnet:
//!     Type: AWS::EC2::Subnet
//!     Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}
//!   Vpc:
//!     Type: AWS::EC2::VPC
//!     Properties: {CidrBlock: 10.0.0.0/16, Tags: [{Key: Name, Value: !Sub "${Prefix}-vpc"}]}
//! "#)?;
//! assert!(template.check().is_empty());
//!
//! let given = [GivenParameter::new("Prefix", "shop")];
//! let parameters = cfn_template::resolve_parameters(&template, &given, None, &EmptyWorld)?;
//! let pseudo = PseudoValues { region: "eu-west-1".into(), ..PseudoValues::default() };
//! let evaluator = Evaluator::new(&template, &parameters, &pseudo, &EmptyWorld)?;
//!
//! assert_eq!(evaluator.properties("Vpc")?.value["Tags"][0]["Value"], "shop-vpc");
//! let subnet = evaluator.properties("Subnet")?; // its VPC is still to be made
//! assert_eq!(subnet.value["VpcId"], UNKNOWN);
//! assert_eq!(subnet.unknown.first().map(|awaited| awaited.logical_id.as_str()), Some("Vpc"));
//!
//! let graph = cfn_template::dependencies(&template, evaluator.conditions());
//! assert_eq!(graph.order()?, ["Vpc", "Subnet"]);
//!
//! let schema = cfn_template::schema::lookup("AWS::EC2::Subnet").expect("AWS has subnets");
//! assert!(schema.validate(&subnet.value).is_empty());
//! # Ok::<(), cfn_template::Problem>(())
//! ```
//!
//! A text with transforms of AWS's own is a [`Draft`] first, which [`Draft::expand`] writes out.
//! Macros and the SAM transform are refused by name: they are functions that would have to run.

mod check;
mod diff;
mod eval;
mod expand;
mod findings;
mod graph;
mod lookup;
mod node;
mod parameters;
mod parse;
mod problem;
mod references;
mod rules;
pub mod schema;
mod summary;
mod template;

pub use diff::{PropertyChange, diff, is_same, replacement};
pub use eval::{
    Awaited, Conditions, Evaluated, EvaluatedOutput, Evaluator, PSEUDO_PARAMETERS, PseudoValues,
    UNKNOWN, is_unknown, scalar_text,
};
pub use expand::{Draft, draft};
pub use findings::{Finding, findings};
pub use graph::{Graph, dependencies};
pub use lookup::{EmptyWorld, Lookup, Resolution, no_export, no_ssm_parameter};
pub use node::{Entry, Node, NodeValue, Scalar};
pub use parameters::{
    GivenParameter, ParameterType, ParameterValue, Parameters, Pattern, resolve_parameters,
};
pub use parse::{MAX_BYTES, Parsed, parse, parse_all, parse_tree};
pub use problem::{Code, Position, Problem};
pub use references::{Reference, ReferenceKind, references};
pub use schema::Replacement;
pub use summary::{ParameterSummary, ResourceIdentifier, Summary, summary};
pub use template::{
    Constraints, Dependency, Output, Parameter, Resource, RetentionPolicy, Section, Template,
    Transform,
};
