//! What is wrong with a template whose form is right: functions, references, circles, types.

mod functions;

pub(crate) use functions::unsupported as unsupported_function;

use crate::eval::{Conditions, PSEUDO_PARAMETERS, condition_order, holds};
use crate::graph::{Graph, parts};
use crate::node::Node;
use crate::problem::Problem;
use crate::references::{Reference, ReferenceKind, references, walk};
use crate::template::{Resource, Template};
use std::collections::BTreeSet;

impl Template {
    /// Everything that is wrong without knowing any parameter's value; the first problem is the
    /// one that AWS would answer. An empty list means that the template is valid.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = functions::check(self);
        problems.extend(conditions(self));
        problems.extend(declared_conditions(self));
        problems.extend(unresolved_in_resources(self, None));
        problems.extend(unresolved_in_outputs(self, None));
        problems.extend(unrecognized_types(self));
        problems.extend(circle(self));
        problems
    }

    /// The references that the conditions leave without their resource. AWS answers these when
    /// the parameters are known: at CreateStack, UpdateStack and CreateChangeSet.
    pub fn check_references(&self, conditions: &Conditions) -> Vec<Problem> {
        let mut problems: Vec<Problem> =
            unresolved_in_resources(self, Some(conditions)).into_iter().collect();
        problems.extend(unresolved_in_outputs(self, Some(conditions)));
        problems
    }
}

/// A condition may refer to parameters, mappings and other conditions, and not to itself.
fn conditions(template: &Template) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for (name, node) in template.conditions.iter() {
        let found = references(node, None);
        let wrong: Vec<&Reference> = found
            .iter()
            .filter(|r| r.kind != ReferenceKind::Value || !is_parameter(template, &r.name))
            .collect();
        if let Some(first) = wrong.first() {
            let names: BTreeSet<&str> = wrong.iter().map(|r| r.name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            problems.push(
                Problem::validation(format!(
                    "Template format error: Unresolved dependencies [{}]. Cannot reference \
                     resources in the Conditions block of the template",
                    names.join(", ")
                ))
                .at(first.position)
                .in_path(format!("/Conditions/{name}")),
            );
        }
    }
    problems.extend(condition_order(template).err().map(|p| p.in_path("/Conditions")));
    problems
}

fn is_parameter(template: &Template, name: &str) -> bool {
    template.parameters.contains(name) || PSEUDO_PARAMETERS.contains(&name)
}

/// The conditions named by resources and outputs must be declared.
fn declared_conditions(template: &Template) -> Vec<Problem> {
    let resources = template.resources.iter().map(|(name, r)| {
        (r.condition.as_deref(), r.position, format!("/Resources/{name}"), "Resources")
    });
    let outputs = template.outputs.iter().map(|(name, o)| {
        (o.condition.as_deref(), o.position, format!("/Outputs/{name}"), "Outputs")
    });
    let mut problems = Vec::new();
    for (condition, position, path, block) in resources.chain(outputs) {
        if let Some(name) = condition.filter(|name| !template.conditions.contains(name)) {
            problems.push(
                Problem::validation(format!(
                    "Template format error: Unresolved condition dependency {name} in the {block} \
                     block of the template"
                ))
                .at(position)
                .in_path(path),
            );
        }
    }
    problems
}

/// Whether a name can be referred to.
fn resolves(template: &Template, conditions: Option<&Conditions>, reference: &Reference) -> bool {
    match template.resources.get(&reference.name) {
        Some(resource) => conditions.is_none_or(|c| holds(c, resource.condition.as_deref())),
        None => reference.kind == ReferenceKind::Value && is_parameter(template, &reference.name),
    }
}

/// One problem that names every unresolved reference of the Resources block.
fn unresolved_in_resources(
    template: &Template,
    conditions: Option<&Conditions>,
) -> Option<Problem> {
    let mut names: Vec<String> = Vec::new();
    let mut place = None;
    let mut note = |name: &str, position, path: &str| {
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
        place.get_or_insert((position, path.to_owned()));
    };
    for (id, resource) in template.resources.iter() {
        if conditions.is_some_and(|c| !holds(c, resource.condition.as_deref())) {
            continue;
        }
        let path = format!("/Resources/{id}");
        for dependency in &resource.depends_on {
            // A DependsOn of a resource whose condition is false is simply dropped.
            if !template.resources.contains(&dependency.logical_id) {
                note(&dependency.logical_id, dependency.position, &path);
            }
        }
        for part in parts(resource) {
            walk(part, conditions, &mut |reference| {
                if !resolves(template, conditions, &reference) {
                    note(&reference.name, reference.position, &path);
                }
            });
        }
    }
    let (position, path) = place?;
    let text = format!(
        "Template format error: Unresolved resource dependencies [{}] in the Resources block of \
         the template",
        names.join(", ")
    );
    Some(Problem::validation(text).at(position).in_path(path))
}

fn unresolved_in_outputs(template: &Template, conditions: Option<&Conditions>) -> Option<Problem> {
    let mut names: Vec<String> = Vec::new();
    let mut place = None;
    for (name, output) in template.outputs.iter() {
        if conditions.is_some_and(|c| !holds(c, output.condition.as_deref())) {
            continue;
        }
        let parts: Vec<&Node> =
            std::iter::once(&output.value).chain(output.export_name.as_ref()).collect();
        for part in parts {
            walk(part, conditions, &mut |reference| {
                if !resolves(template, conditions, &reference) {
                    place.get_or_insert((reference.position, format!("/Outputs/{name}")));
                    if !names.contains(&reference.name) {
                        names.push(reference.name);
                    }
                }
            });
        }
    }
    let (position, path) = place?;
    let text = format!(
        "Unresolved resource dependencies [{}] in the Outputs block of the template",
        names.join(", ")
    );
    Some(Problem::validation(text).at(position).in_path(path))
}

/// Types that are neither AWS's nor custom ones.
fn unrecognized_types(template: &Template) -> Option<Problem> {
    let mut names: Vec<&str> = Vec::new();
    let mut first: Option<(&str, &Resource)> = None;
    for (id, resource) in template.resources.iter() {
        let name = resource.resource_type.as_str();
        if !crate::schema::is_type(name) {
            first.get_or_insert((id, resource));
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let (id, resource) = first?;
    let text =
        format!("Template format error: Unrecognized resource types: [{}]", names.join(", "));
    Some(Problem::validation(text).at(resource.position).in_path(format!("/Resources/{id}")))
}

/// A circle that exists whatever the conditions are: through references outside every `Fn::If`,
/// among resources without a condition. Other circles show when the conditions are decided.
fn circle(template: &Template) -> Option<Problem> {
    let always: Vec<(&str, &Resource)> =
        template.resources.iter().filter(|(_, r)| r.condition.is_none()).collect();
    let mut graph = Graph::new(always.iter().map(|(name, _)| (*name).to_owned()));
    for (name, resource) in always {
        for dependency in &resource.depends_on {
            graph.connect(name, &dependency.logical_id);
        }
        for part in parts(resource) {
            walk(part, None, &mut |reference| {
                if !reference.conditional {
                    graph.connect(name, &reference.name);
                }
            });
        }
    }
    graph.order().err().map(|problem| problem.in_path("/Resources"))
}

#[cfg(test)]
mod tests;
