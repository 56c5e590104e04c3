//! Outputs that cannot be: found when an operation begins, before any resource is touched.

use cfn_template::{Evaluator, ReferenceKind, Template, references, schema};

/// The reason for which a stack fails whose outputs ask for an attribute that a type does not
/// have, in the text recorded from AWS.
pub(super) fn unsupported(evaluator: &Evaluator<'_>, template: &Template) -> Option<String> {
    let active = template.outputs.iter().filter(|(_, o)| evaluator.holds(o.condition.as_deref()));
    for (output, declaration) in active {
        for reference in references(&declaration.value, Some(evaluator.conditions())) {
            let ReferenceKind::Attribute(Some(attribute)) = &reference.kind else { continue };
            let Some(resource) = template.resources.get(&reference.name) else { continue };
            let type_name = &resource.resource_type;
            let known = schema::lookup(type_name).is_none_or(|s| s.has_attribute(attribute));
            if !known {
                return Some(wording(output, type_name, attribute));
            }
        }
    }
    None
}

/// The recorded text; the attribute stands in literal braces.
fn wording(output: &str, type_name: &str, attribute: &str) -> String {
    format!(
        "[Error] /Outputs/{output}/Value/Fn::GetAtt: Resource type {type_name} does not support \
         attribute {{{attribute}}}."
    )
}
