//! The template: its sections as values, in the order of the text.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>

mod read;
mod section;

pub(crate) use read::{RESOURCE_KEYS, read};
pub use section::Section;

use crate::node::Node;
use crate::parameters::ParameterType;
use crate::problem::Position;

/// A template as its author wrote it, with nothing evaluated.
#[derive(Clone, Debug, Default)]
pub struct Template {
    /// Whether it has the transform `AWS::LanguageExtensions`.
    pub extensions: bool,
    /// `AWSTemplateFormatVersion`; AWS knows only `2010-09-09`.
    pub format_version: Option<String>,
    /// `Description`.
    pub description: Option<String>,
    /// `Metadata`, free-form.
    pub metadata: Option<Node>,
    /// `Transform`: the macros that the whole template goes through, in order.
    pub transforms: Vec<Transform>,
    /// `Rules`, kept as written.
    pub rules: Option<Node>,
    /// `Parameters`.
    pub parameters: Section<Parameter>,
    /// `Mappings`: each a map of maps.
    pub mappings: Section<Node>,
    /// `Conditions`.
    pub conditions: Section<Node>,
    /// `Resources`.
    pub resources: Section<Resource>,
    /// `Outputs`.
    pub outputs: Section<Output>,
}

/// The transform that extends the language.
pub(crate) const EXTENSIONS: &str = "AWS::LanguageExtensions";

/// The transform that includes texts.
pub(crate) const INCLUDE: &str = "AWS::Include";

/// A macro named under `Transform`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// The macro's name, such as `AWS::LanguageExtensions`.
    pub name: String,
    /// Where it is named.
    pub position: Position,
}

/// A template parameter's declaration.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The declared type.
    pub parameter_type: ParameterType,
    /// The type as spelled in the template.
    pub type_name: String,
    /// The text of `Default`.
    pub default: Option<String>,
    /// Whether the value is masked in descriptions.
    pub no_echo: bool,
    /// `Description`.
    pub description: Option<String>,
    /// The text that replaces the broken constraint in an error.
    pub constraint_description: Option<String>,
    /// What a value must satisfy.
    pub constraints: Constraints,
    /// Where the declaration begins.
    pub position: Position,
}

/// What a parameter's value must satisfy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// The only values allowed; empty means any.
    pub allowed_values: Vec<String>,
    /// A regular expression that the whole value must match.
    pub allowed_pattern: Option<String>,
    /// The least number of characters.
    pub min_length: Option<u64>,
    /// The greatest number of characters.
    pub max_length: Option<u64>,
    /// The least number.
    pub min_value: Option<f64>,
    /// The greatest number.
    pub max_value: Option<f64>,
}

/// A resource's declaration.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `Type`, such as `AWS::EC2::VPC`.
    pub resource_type: String,
    /// `Properties`.
    pub properties: Option<Node>,
    /// `DependsOn`.
    pub depends_on: Vec<Dependency>,
    /// `Condition`: the name of the condition under which the resource exists.
    pub condition: Option<String>,
    /// `DeletionPolicy`.
    pub deletion_policy: Option<RetentionPolicy>,
    /// `UpdateReplacePolicy`.
    pub update_replace_policy: Option<RetentionPolicy>,
    /// `Metadata`, free-form; may hold functions.
    pub metadata: Option<Node>,
    /// `CreationPolicy`; may hold functions.
    pub creation_policy: Option<Node>,
    /// `UpdatePolicy`; may hold functions.
    pub update_policy: Option<Node>,
    /// Where the logical id stands.
    pub position: Position,
}

/// One name under `DependsOn`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dependency {
    /// The logical id of the resource that comes first.
    pub logical_id: String,
    /// Where it is named.
    pub position: Position,
}

/// What happens to a resource that leaves its stack or is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetentionPolicy {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays unless the operation that made it is rolled back (`DeletionPolicy` only).
    RetainExceptOnCreate,
    /// A snapshot is taken, then it is deleted.
    Snapshot,
}

impl RetentionPolicy {
    /// Reads the value of a policy attribute.
    pub fn from_name(name: &str) -> Option<RetentionPolicy> {
        Some(match name {
            "Delete" => RetentionPolicy::Delete,
            "Retain" => RetentionPolicy::Retain,
            "RetainExceptOnCreate" => RetentionPolicy::RetainExceptOnCreate,
            "Snapshot" => RetentionPolicy::Snapshot,
            _ => return None,
        })
    }

    /// The policy as templates spell it.
    pub fn name(self) -> &'static str {
        match self {
            RetentionPolicy::Delete => "Delete",
            RetentionPolicy::Retain => "Retain",
            RetentionPolicy::RetainExceptOnCreate => "RetainExceptOnCreate",
            RetentionPolicy::Snapshot => "Snapshot",
        }
    }
}

/// An output's declaration.
#[derive(Clone, Debug)]
pub struct Output {
    /// `Value`.
    pub value: Node,
    /// `Description`.
    pub description: Option<String>,
    /// `Export.Name`.
    pub export_name: Option<Node>,
    /// `Condition`.
    pub condition: Option<String>,
    /// Where the output's name stands.
    pub position: Position,
}
