//! Tree to template: the shape of every section, with AWS's "Template format error"s.
//!
//! The texts marked "recorded" in the tests were seen from AWS; the others are widely known.

use super::{
    Constraints, Dependency, EXTENSIONS, INCLUDE, Output, Parameter, Resource, RetentionPolicy,
    Section, Template, Transform,
};
use crate::node::{Entry, Node, NodeValue};
use crate::parameters::ParameterType;
use crate::parse::Parsed;
use crate::problem::{Position, Problem};

/// AWS's quotas per template.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
const MAX_RESOURCES: usize = 500;
const MAX_PARAMETERS: usize = 200;
const MAX_OUTPUTS: usize = 200;
const MAX_MAPPINGS: usize = 200;
/// The greatest length of `Description`, in bytes.
const MAX_DESCRIPTION: usize = 1_024;
/// The greatest length of a parameter's, mapping's, output's or resource's name.
const MAX_NAME: usize = 255;

const TOP_LEVEL: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Transform",
    "Rules",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
    "Hooks",
];
pub(crate) const RESOURCE_KEYS: &[&str] = &[
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "Version",
];
const PARAMETER_KEYS: &[&str] = &[
    "Type",
    "Default",
    "NoEcho",
    "Description",
    "ConstraintDescription",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
];
const OUTPUT_KEYS: &[&str] = &["Value", "Description", "Export", "Condition"];

/// Reads a template from its tree and collects what is wrong with its form.
pub(crate) fn read(tree: Node) -> Parsed {
    let mut reader = Reader { problems: Vec::new(), extensions: false };
    let template = reader.template(&tree);
    Parsed { template: Some(template), problems: reader.problems }
}

struct Reader {
    problems: Vec<Problem>,
    /// Whether the language's extensions may be used.
    extensions: bool,
}

impl Reader {
    fn fail(&mut self, path: &str, position: Position, message: impl Into<String>) {
        self.problems.push(Problem::validation(message).at(position).in_path(path));
    }

    fn template(&mut self, tree: &Node) -> Template {
        let entries = tree.as_map().unwrap_or_default();
        let unknown: Vec<&Entry> =
            entries.iter().filter(|e| !TOP_LEVEL.contains(&e.key.as_str())).collect();
        if let Some(first) = unknown.first() {
            let names: Vec<&str> = unknown.iter().map(|e| e.key.as_str()).collect();
            let text = format!("Invalid template property or properties [{}]", names.join(", "));
            self.fail("", first.key_position, text);
        }
        let format_version = self.version(tree.get("AWSTemplateFormatVersion"));
        let description = self.description(tree.get("Description"));
        let transforms = self.transforms(tree.get("Transform"));
        self.extensions = transforms.iter().any(|t| t.name == EXTENSIONS);
        self.nulls(tree, &mut String::new());
        Template {
            extensions: self.extensions,
            format_version,
            description,
            metadata: tree.get("Metadata").cloned(),
            transforms,
            rules: tree.get("Rules").cloned(),
            parameters: self.parameters(tree),
            mappings: self.mappings(tree),
            conditions: self.conditions(tree),
            resources: self.resources(tree),
            outputs: self.outputs(tree),
        }
    }

    /// Whether a member stands for others that a transform will write out.
    fn is_to_come(&self, entry: &Entry) -> bool {
        (self.extensions && entry.key.starts_with("Fn::ForEach::"))
            || (entry.key == "Fn::Transform"
                && entry.value.get("Name").and_then(Node::as_text) == Some(INCLUDE))
    }

    fn version(&mut self, node: Option<&Node>) -> Option<String> {
        let node = node?;
        let version = node.as_text();
        if version != Some("2010-09-09") {
            let text = "Template format error: unsupported value for AWSTemplateFormatVersion.";
            self.fail("/AWSTemplateFormatVersion", node.position, text);
        }
        version.map(str::to_owned)
    }

    fn description(&mut self, node: Option<&Node>) -> Option<String> {
        let node = node?;
        match node.as_text() {
            Some(text) if text.len() <= MAX_DESCRIPTION => Some(text.to_owned()),
            Some(_) => {
                let text = "Template format error: 'Description' length is greater than 1024.";
                self.fail("/Description", node.position, text);
                None
            }
            None => {
                let text = "Template format error: Description must be a string.";
                self.fail("/Description", node.position, text);
                None
            }
        }
    }

    /// Macros and the SAM transform are refused here, by name: functions do not run.
    fn transforms(&mut self, node: Option<&Node>) -> Vec<Transform> {
        let Some(node) = node else { return Vec::new() };
        let items = match &node.value {
            NodeValue::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut transforms = Vec::new();
        for item in items {
            let name = item.as_text().or_else(|| item.get("Name").and_then(Node::as_text));
            match name {
                Some(name) => {
                    if name != EXTENSIONS && name != INCLUDE {
                        let text = format!(
                            "Transform {name} failed with: lowcloud runs no functions, so it has \
                             neither macros nor the SAM transform."
                        );
                        self.fail("/Transform", item.position, text);
                    }
                    let transform = Transform { name: name.to_owned(), position: item.position };
                    transforms.push(transform);
                }
                None => {
                    let text = "Template format error: Any Transform member must be a string.";
                    self.fail("/Transform", item.position, text);
                }
            }
        }
        transforms
    }

    /// `null` is refused everywhere except in free-form metadata.
    fn nulls(&mut self, node: &Node, path: &mut String) {
        let length = path.len();
        match &node.value {
            NodeValue::Null => {
                let text = format!("[{path}] 'null' values are not allowed in templates");
                self.fail(path, node.position, text);
            }
            NodeValue::Scalar(_) => {}
            NodeValue::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    path.push_str(&format!("/{place}"));
                    self.nulls(item, path);
                    path.truncate(length);
                }
            }
            NodeValue::Map(entries) => {
                for entry in entries.iter().filter(|e| e.key != "Metadata") {
                    path.push('/');
                    path.push_str(&entry.key);
                    self.nulls(&entry.value, path);
                    path.truncate(length);
                }
            }
        }
    }

    /// The entries of a top-level section that must be a map.
    fn section<'n>(&mut self, tree: &'n Node, name: &str) -> &'n [Entry] {
        let Some(node) = tree.get(name) else { return &[] };
        if let Some(entries) = node.as_map() {
            return entries;
        }
        if !node.is_null() {
            let text = format!("Template format error: {name} must be a map.");
            self.fail(&format!("/{name}"), node.position, text);
        }
        &[]
    }

    fn limit(&mut self, tree: &Node, section: &str, what: &str, count: usize, maximum: usize) {
        if count > maximum {
            let position = tree.get(section).map_or_else(Position::default, |n| n.position);
            let text = format!(
                "Template format error: Number of {what}, {count}, is greater than maximum \
                 allowed, {maximum}"
            );
            self.fail(&format!("/{section}"), position, text);
        }
    }

    /// Names are letters and digits, at most 255 of them.
    fn name(&mut self, entry: &Entry, what: &str, path: &str) {
        let name = &entry.key;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            let text = format!("Template format error: {what} name {name} is non alphanumeric.");
            self.fail(path, entry.key_position, text);
        } else if name.len() > MAX_NAME {
            let text = format!(
                "Template format error: {what} name {name} is longer than {MAX_NAME} characters."
            );
            self.fail(path, entry.key_position, text);
        }
    }

    fn parameters(&mut self, tree: &Node) -> Section<Parameter> {
        let mut section = Section::default();
        let entries = self.section(tree, "Parameters");
        self.limit(tree, "Parameters", "parameters", entries.len(), MAX_PARAMETERS);
        for entry in entries {
            let path = format!("/Parameters/{}", entry.key);
            self.name(entry, "Parameter", &path);
            if let Some(parameter) = self.parameter(entry, &path) {
                section.push(&entry.key, parameter);
            }
        }
        section
    }

    fn parameter(&mut self, entry: &Entry, path: &str) -> Option<Parameter> {
        let node = &entry.value;
        let Some(entries) = node.as_map() else {
            let text = "Template format error: Any Parameters member must be a JSON object.";
            self.fail(path, node.position, text);
            return None;
        };
        for e in entries.iter().filter(|e| !PARAMETER_KEYS.contains(&e.key.as_str())) {
            let text = format!("Invalid template parameter property '{}'", e.key);
            self.fail(path, e.key_position, text);
        }
        let Some(type_name) = node.get("Type").and_then(Node::as_text) else {
            let text = "Template format error: Every Parameters object must contain a Type member.";
            self.fail(path, node.position, text);
            return None;
        };
        let Some(parameter_type) = ParameterType::from_name(type_name) else {
            let text = format!("Template format error: Unrecognized parameter type: {type_name}");
            self.fail(path, node.position, text);
            return None;
        };
        let parameter = Parameter {
            parameter_type,
            type_name: type_name.to_owned(),
            default: self.text(node, "Default", path),
            no_echo: node.get("NoEcho").and_then(Node::as_bool).unwrap_or(false),
            description: self.text(node, "Description", path),
            constraint_description: self.text(node, "ConstraintDescription", path),
            constraints: self.constraints(node, path),
            position: entry.key_position,
        };
        Some(parameter)
    }

    fn constraints(&mut self, node: &Node, path: &str) -> Constraints {
        let allowed_values = match node.get("AllowedValues") {
            None => Vec::new(),
            Some(list) => match list.as_list() {
                Some(items) => items.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
                None => {
                    let text = "Template format error: Every AllowedValues member must be a list.";
                    self.fail(path, list.position, text);
                    Vec::new()
                }
            },
        };
        let constraints = Constraints {
            allowed_values,
            allowed_pattern: self.text(node, "AllowedPattern", path),
            min_length: self.number(node, "MinLength", path),
            max_length: self.number(node, "MaxLength", path),
            min_value: self.number(node, "MinValue", path),
            max_value: self.number(node, "MaxValue", path),
        };
        if let Some(pattern) = &constraints.allowed_pattern
            && let Err(detail) = crate::parameters::Pattern::new(pattern)
        {
            let text = format!(
                "Template format error: AllowedPattern is not a valid regular expression: {detail}"
            );
            self.fail(path, node.position, text);
        }
        constraints
    }

    /// A member that must be a string (a bare number or boolean counts as one).
    fn text(&mut self, node: &Node, key: &str, path: &str) -> Option<String> {
        let member = node.get(key)?;
        if let Some(text) = member.as_text() {
            return Some(text.to_owned());
        }
        let text = format!("Template format error: Every {key} member must be a string.");
        self.fail(path, member.position, text);
        None
    }

    fn number<T: std::str::FromStr>(&mut self, node: &Node, key: &str, path: &str) -> Option<T> {
        let member = node.get(key)?;
        let number = member.as_text().and_then(|text| text.trim().parse().ok());
        if number.is_none() {
            let text = format!("Template format error: Every {key} member must be a number.");
            self.fail(path, member.position, text);
        }
        number
    }

    fn mappings(&mut self, tree: &Node) -> Section<Node> {
        let mut section = Section::default();
        let entries = self.section(tree, "Mappings");
        self.limit(tree, "Mappings", "mappings", entries.len(), MAX_MAPPINGS);
        for entry in entries {
            let path = format!("/Mappings/{}", entry.key);
            self.name(entry, "Mapping", &path);
            self.mapping(entry, &path);
            section.push(&entry.key, entry.value.clone());
        }
        section
    }

    fn mapping(&mut self, entry: &Entry, path: &str) {
        let Some(tops) = entry.value.as_map() else {
            let text =
                format!("Template format error: Every Mappings member {} must be a map", entry.key);
            return self.fail(path, entry.value.position, text);
        };
        for top in tops {
            let path = format!("{path}/{}", top.key);
            let Some(leaves) = top.value.as_map() else {
                let text = format!(
                    "Template format error: Every Mappings member {} must be a map",
                    top.key
                );
                self.fail(&path, top.value.position, text);
                continue;
            };
            for leaf in leaves {
                let fits = match &leaf.value.value {
                    NodeValue::Scalar(_) => true,
                    NodeValue::List(items) => items.iter().all(|i| i.as_text().is_some()),
                    NodeValue::Null | NodeValue::Map(_) => false,
                };
                if !fits && !leaf.value.is_null() {
                    let text = "Template format error: Every Mappings attribute must be a String \
                                or a List.";
                    self.fail(&format!("{path}/{}", leaf.key), leaf.value.position, text);
                }
            }
        }
    }

    fn conditions(&mut self, tree: &Node) -> Section<Node> {
        let mut section = Section::default();
        for entry in self.section(tree, "Conditions") {
            if self.is_to_come(entry) {
                continue;
            }
            if entry.value.as_map().is_none() {
                let text = "Template format error: Every Conditions member must be a JSON object.";
                self.fail(&format!("/Conditions/{}", entry.key), entry.value.position, text);
                continue;
            }
            section.push(&entry.key, entry.value.clone());
        }
        section
    }

    fn resources(&mut self, tree: &Node) -> Section<Resource> {
        let mut section = Section::default();
        let entries = self.section(tree, "Resources");
        if entries.is_empty() {
            let text = "Template format error: At least one Resources member must be defined.";
            self.fail("/Resources", tree.position, text);
        }
        self.limit(tree, "Resources", "resources", entries.len(), MAX_RESOURCES);
        for entry in entries {
            let path = format!("/Resources/{}", entry.key);
            if self.is_to_come(entry) {
                continue;
            }
            self.name(entry, "Resource", &path);
            if let Some(resource) = self.resource(entry, &path) {
                section.push(&entry.key, resource);
            }
        }
        section
    }

    fn resource(&mut self, entry: &Entry, path: &str) -> Option<Resource> {
        let node = &entry.value;
        let Some(entries) = node.as_map() else {
            let text = format!("Template format error: [{path}] resource definition is malformed");
            self.fail(path, node.position, text);
            return None;
        };
        for e in entries.iter().filter(|e| !RESOURCE_KEYS.contains(&e.key.as_str())) {
            let text = format!("Invalid template resource property '{}'", e.key);
            self.fail(path, e.key_position, text);
        }
        let Some(resource_type) = node.get("Type") else {
            let text = format!(
                "Template format error: [{path}] Every Resources object must contain a Type member."
            );
            self.fail(path, node.position, text);
            return None;
        };
        let Some(resource_type) = resource_type.as_text() else {
            let text = format!("Template format error: [{path}/Type] 'Type' must be a string.");
            self.fail(path, resource_type.position, text);
            return None;
        };
        let properties = node.get("Properties");
        if let Some(p) = properties
            && p.as_map().is_none()
            && !p.is_null()
        {
            let text = format!(
                "Template format error: [{path}/Properties] Any Properties member must be a JSON \
                 object."
            );
            self.fail(path, p.position, text);
        }
        Some(Resource {
            resource_type: resource_type.to_owned(),
            properties: properties.filter(|p| p.as_map().is_some()).cloned(),
            depends_on: self.depends_on(node.get("DependsOn"), path),
            condition: self.text(node, "Condition", path),
            deletion_policy: self.policy(node, "DeletionPolicy", path, &entry.key),
            update_replace_policy: self.policy(node, "UpdateReplacePolicy", path, &entry.key),
            metadata: node.get("Metadata").cloned(),
            creation_policy: node.get("CreationPolicy").cloned(),
            update_policy: node.get("UpdatePolicy").cloned(),
            position: entry.key_position,
        })
    }

    fn depends_on(&mut self, node: Option<&Node>, path: &str) -> Vec<Dependency> {
        let Some(node) = node else { return Vec::new() };
        let items = node.as_list().unwrap_or(std::slice::from_ref(node));
        let mut dependencies = Vec::new();
        for item in items {
            match item.as_text() {
                Some(text) => dependencies
                    .push(Dependency { logical_id: text.to_owned(), position: item.position }),
                None => {
                    let text = "Template format error: Every DependsOn value must be a string.";
                    self.fail(&format!("{path}/DependsOn"), item.position, text);
                }
            }
        }
        dependencies
    }

    fn policy(&mut self, node: &Node, key: &str, path: &str, id: &str) -> Option<RetentionPolicy> {
        let member = node.get(key)?;
        if self.extensions && member.as_map().is_some() {
            return None;
        }
        let Some(name) = member.as_text() else {
            let text = format!("Template format error: Every {key} member must be a string.");
            self.fail(path, member.position, text);
            return None;
        };
        let policy = RetentionPolicy::from_name(name).filter(|policy| {
            key == "DeletionPolicy" || *policy != RetentionPolicy::RetainExceptOnCreate
        });
        if policy.is_none() {
            let text =
                format!("Template format error: Unrecognized {key} {name} for resource {id}");
            self.fail(path, member.position, text);
        }
        policy
    }

    fn outputs(&mut self, tree: &Node) -> Section<Output> {
        let mut section = Section::default();
        let entries = self.section(tree, "Outputs");
        self.limit(tree, "Outputs", "outputs", entries.len(), MAX_OUTPUTS);
        for entry in entries {
            if self.is_to_come(entry) {
                continue;
            }
            let path = format!("/Outputs/{}", entry.key);
            self.name(entry, "Output", &path);
            if let Some(output) = self.output(entry, &path) {
                section.push(&entry.key, output);
            }
        }
        section
    }

    fn output(&mut self, entry: &Entry, path: &str) -> Option<Output> {
        let node = &entry.value;
        let Some(entries) = node.as_map() else {
            let text = format!("Template format error: Output {} is malformed.", entry.key);
            self.fail(path, node.position, text);
            return None;
        };
        for e in entries.iter().filter(|e| !OUTPUT_KEYS.contains(&e.key.as_str())) {
            let text = format!("Invalid template output property '{}'", e.key);
            self.fail(path, e.key_position, text);
        }
        let Some(value) = node.get("Value") else {
            let text = "Template format error: Every Outputs member must contain a Value object";
            self.fail(path, node.position, text);
            return None;
        };
        let export = node.get("Export");
        let export_name = export.and_then(|export| export.get("Name"));
        if let (Some(export), None) = (export, export_name) {
            let text = format!(
                "Template format error: Output {} is malformed. The Name field of every Export \
                 member must be specified.",
                entry.key
            );
            self.fail(path, export.position, text);
        }
        Some(Output {
            value: value.clone(),
            description: self.text(node, "Description", path),
            export_name: export_name.cloned(),
            condition: self.text(node, "Condition", path),
            position: entry.key_position,
        })
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
