//! Where the change of a property comes from: the template's text, a parameter, another resource.

use super::change::{Detail, Recreation};
use cfn_template::{Conditions, Node, ReferenceKind, Template, references};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;

/// What is known of the update when a resource is looked at.
pub(super) struct Causes<'a> {
    pub(super) old: Option<&'a Template>,
    pub(super) new: &'a Template,
    pub(super) conditions: &'a Conditions,
    /// Parameters with another value than before.
    pub(super) parameters: BTreeSet<SmolStr>,
    /// Resources that are replaced.
    pub(super) replaced: BTreeSet<SmolStr>,
    /// Resources that change in place, or may do so.
    pub(super) modified: BTreeSet<SmolStr>,
}

/// A cause: `ChangeSource` and `CausingEntity`.
type Cause = (&'static str, SmolStr);

impl Causes<'_> {
    /// The details of a property that has another value: one for each cause.
    pub(super) fn of_property(&self, id: &str, change: &Detail) -> Vec<Detail> {
        let node = property(self.new, id, &change.name);
        let causes = node.map_or_else(Vec::new, |node| self.certain(node));
        let before = self.old.and_then(|old| property(old, id, &change.name));
        let edited = match (before, node) {
            (Some(before), Some(node)) => before.to_json() != node.to_json(),
            (before, node) => before.is_some() || node.is_some(),
        };
        let mut details: Vec<Detail> = causes
            .iter()
            .map(|(source, causing)| Detail {
                source: SmolStr::new_static(source),
                causing: causing.clone(),
                ..change.clone()
            })
            .collect();
        let of_parameter = causes.iter().any(|(source, _)| *source == "ParameterReference");
        let is_static = edited || causes.is_empty();
        details.push(Detail {
            is_static,
            with_values: !is_static && !of_parameter,
            ..change.clone()
        });
        details
    }

    /// Details of properties that take an attribute of a resource that is changed in place: its
    /// value may change too.
    pub(super) fn doubtful(
        &self,
        id: &str,
        recreation: impl Fn(&str) -> Recreation,
    ) -> Vec<Detail> {
        let properties = self.new.resources.get(id).and_then(|r| r.properties.as_ref());
        let entries = properties.and_then(Node::as_map).unwrap_or_default();
        let mut details = Vec::new();
        for entry in entries {
            for reference in references(&entry.value, Some(self.conditions)) {
                let ReferenceKind::Attribute(Some(attribute)) = &reference.kind else { continue };
                if self.modified.contains(&*reference.name) {
                    details.push(Detail {
                        attribute: SmolStr::new_static("Properties"),
                        name: entry.key.as_str().into(),
                        path: format_smolstr!("/Properties/{}", entry.key),
                        recreation: recreation(&entry.key),
                        is_static: false,
                        source: SmolStr::new_static("ResourceAttribute"),
                        causing: format_smolstr!("{}.{attribute}", reference.name),
                        before: None,
                        after: None,
                        with_values: false,
                    });
                }
            }
        }
        details
    }

    /// The parameters that have changed and the resources that are replaced, among what a part
    /// of the template refers to.
    fn certain(&self, node: &Node) -> Vec<Cause> {
        let mut causes: Vec<Cause> = Vec::new();
        for reference in references(node, Some(self.conditions)) {
            let name = SmolStr::new(&reference.name);
            let cause = match &reference.kind {
                ReferenceKind::Value if self.parameters.contains(&name) => {
                    ("ParameterReference", name)
                }
                ReferenceKind::Value if self.replaced.contains(&name) => {
                    ("ResourceReference", name)
                }
                ReferenceKind::Attribute(Some(attribute)) if self.replaced.contains(&name) => {
                    ("ResourceAttribute", format_smolstr!("{name}.{attribute}"))
                }
                _ => continue,
            };
            if !causes.contains(&cause) {
                causes.push(cause);
            }
        }
        causes
    }
}

/// The text of a top-level property.
fn property<'t>(template: &'t Template, id: &str, name: &str) -> Option<&'t Node> {
    template.resources.get(id)?.properties.as_ref()?.get(name)
}
