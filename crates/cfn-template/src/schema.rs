//! What AWS knows about each resource type: properties, attributes, what replaces the resource.
//!
//! The facts are those of the CloudFormation registry, reduced into `data/schemas.bin`; nothing
//! is listed by hand except the few exceptions of `exceptions`.

mod coerce;
mod data;
mod exceptions;
mod validate;

pub use validate::{SchemaProblem, SchemaProblemKind, validation_failure};

use serde_json::Value;
use std::sync::Arc;

/// How deep a value is followed into its schema.
const MAX_DEPTH: usize = 64;

/// Whether changing a property makes a new resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replacement {
    /// The resource is changed in place.
    Never,
    /// It depends on more than the property; each type has its own rule.
    Conditional,
    /// The resource is replaced.
    Always,
}

/// How a type takes tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagging {
    /// The property that holds the tags, such as `Tags`.
    pub property: String,
    /// Whether the tags are a map; otherwise a list of `{Key, Value}`.
    pub is_map: bool,
    /// Whether CloudFormation adds its own `aws:cloudformation:` tags.
    pub system_tags: bool,
}

/// The schema of one resource type.
#[derive(Debug)]
pub struct Schema {
    type_name: String,
    document: Value,
}

/// The schema of a type; nothing for custom resources and types that AWS does not have.
pub fn lookup(type_name: &str) -> Option<Arc<Schema>> {
    if is_custom(type_name) { None } else { data::lookup(type_name) }
}

/// All types that have a schema, in alphabetical order.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    data::names()
}

/// The type that the AWS CDK puts into its templates; AWS publishes no schema of it.
const CDK_METADATA: &str = "AWS::CDK::Metadata";

/// Whether a resource may have this type: AWS's types and custom resources.
pub fn is_type(type_name: &str) -> bool {
    data::contains(type_name) || is_custom(type_name) || type_name == CDK_METADATA
}

/// Whether the type is a custom resource.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html>
pub fn is_custom(type_name: &str) -> bool {
    if type_name == "AWS::CloudFormation::CustomResource" {
        return true;
    }
    let name = type_name.strip_prefix("Custom::").unwrap_or_default();
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'@' | b'-');
    !name.is_empty() && type_name.len() <= 60 && name.bytes().all(fits)
}

impl Schema {
    fn new(type_name: &str, document: Value) -> Schema {
        Schema { type_name: type_name.to_owned(), document }
    }

    /// The type's name.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The reduced JSON schema.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The names of all top-level properties, read-only ones included.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        let properties = self.document.get("properties").and_then(Value::as_object);
        properties.into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    /// The names that `Fn::GetAtt` takes.
    pub fn attributes(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.pointers("readOnlyProperties").map(|pointer| pointer.join(".")).collect();
        names.extend(self.strings("attributes").map(str::to_owned));
        names.extend(exceptions::attributes(&self.type_name).iter().map(|n| (*n).to_owned()));
        names.retain(|name| !name.contains('*'));
        names.sort();
        names.dedup();
        names
    }

    /// Whether `Fn::GetAtt` takes this name; every output of a nested stack is one.
    pub fn has_attribute(&self, name: &str) -> bool {
        if is_custom(&self.type_name) {
            return true;
        }
        if self.type_name == "AWS::CloudFormation::Stack" && name.starts_with("Outputs.") {
            return true;
        }
        self.attributes().iter().any(|attribute| attribute == name)
    }

    /// The names of the members that a value at this JSON pointer among the properties may have.
    pub fn members(&self, pointer: &str) -> Vec<&str> {
        let mut schema = &self.document;
        for step in pointer.split('/').filter(|step| !step.is_empty()) {
            schema = self.resolve(schema);
            let next = match step.parse::<usize>() {
                Ok(_) => schema.get("items"),
                Err(_) => schema.get("properties").and_then(|members| members.get(step)),
            };
            let Some(next) = next else { return Vec::new() };
            schema = next;
        }
        let members = self.resolve(schema).get("properties").and_then(Value::as_object);
        members.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// The properties whose values make up the resource's identity, as dotted names.
    pub fn primary_identifier(&self) -> Vec<String> {
        self.pointers("primaryIdentifier").map(|pointer| pointer.join(".")).collect()
    }

    /// The properties that `Ref` gives, joined with `|` when there are several.
    pub fn reference(&self) -> Vec<String> {
        let exceptions: Vec<String> = self.strings("ref").map(str::to_owned).collect();
        if exceptions.is_empty() { self.primary_identifier() } else { exceptions }
    }

    /// Properties that only the service sets.
    pub fn read_only(&self) -> Vec<String> {
        self.pointers("readOnlyProperties").map(|pointer| pointer.join(".")).collect()
    }

    /// Properties that cannot be read back.
    pub fn write_only(&self) -> Vec<String> {
        self.pointers("writeOnlyProperties").map(|pointer| pointer.join(".")).collect()
    }

    /// Properties that replace the resource when they change.
    pub fn create_only(&self) -> Vec<String> {
        self.pointers("createOnlyProperties").map(|pointer| pointer.join(".")).collect()
    }

    /// How the type takes tags, if it does.
    pub fn tagging(&self) -> Option<Tagging> {
        let tagging = self.document.get("tagging").and_then(Value::as_object);
        let named = tagging.and_then(|t| t.get("tagProperty")).and_then(Value::as_str);
        let property = named.map_or("Tags", |name| name.trim_start_matches("/properties/"));
        let schema = self.document.get("properties")?.get(property)?;
        let resolved = self.resolve(schema);
        let system = tagging.and_then(|t| t.get("cloudFormationSystemTags"));
        Some(Tagging {
            property: property.to_owned(),
            is_map: resolved.get("type").and_then(Value::as_str) == Some("object"),
            system_tags: system.and_then(Value::as_bool).unwrap_or(true),
        })
    }

    /// What a change of a property does. The path is that of the property among the resource's
    /// properties, such as `VpcId` or `/Ebs/0/VolumeType`, with or without `/Properties` before it.
    pub fn replacement(&self, path: &str) -> Replacement {
        let path = path.strip_prefix("/Properties/").unwrap_or(path);
        let changed: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let touches = |list: &str| self.pointers(list).any(|pointer| overlap(&pointer, &changed));
        if touches("createOnlyProperties") {
            Replacement::Always
        } else if touches("conditionalCreateOnlyProperties") {
            Replacement::Conditional
        } else {
            Replacement::Never
        }
    }

    /// The JSON pointers of a list of properties, without `/properties`, cut into steps.
    fn pointers<'s>(&'s self, list: &str) -> impl Iterator<Item = Vec<&'s str>> {
        self.strings(list).map(|pointer| {
            let path = pointer.strip_prefix('/').unwrap_or(pointer);
            let path = path.strip_prefix("properties/").unwrap_or(path);
            path.split('/').filter(|step| *step != "properties").collect()
        })
    }

    fn strings<'s>(&'s self, list: &str) -> impl Iterator<Item = &'s str> {
        let items = self.document.get(list).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    /// Follows `$ref`s to the schema that they name.
    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        for _ in 0..MAX_DEPTH {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
            let Some(found) = self.document.pointer(reference.trim_start_matches('#')) else {
                break;
            };
            schema = found;
        }
        schema
    }
}

/// Whether a change of `changed` changes what `pointer` names: one is a part of the other.
fn overlap(pointer: &[&str], changed: &[&str]) -> bool {
    let same = |(step, part): (&&str, &&str)| {
        step == part || (*step == "*" && part.bytes().all(|b| b.is_ascii_digit()))
    };
    // Some pointers leave out the element of a list: `/Volumes/Size` for `/Volumes/*/Size`.
    let plain: Vec<&str> =
        changed.iter().copied().filter(|part| !part.bytes().all(|b| b.is_ascii_digit())).collect();
    pointer.iter().zip(changed).all(same)
        || (!pointer.contains(&"*") && pointer.iter().zip(&plain).all(same))
}

#[cfg(test)]
mod tests;
