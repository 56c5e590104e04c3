//! Which parameters and resources a part of a template refers to.

use crate::eval::{Conditions, Target, call, sub, target};
use crate::eval::{GetAttAttribute, taken_branch};
use crate::node::{Node, NodeValue};
use crate::problem::Position;

/// A name that a part of a template refers to: a parameter, pseudo parameter or resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The name; for an attribute, the resource's logical id.
    pub name: String,
    /// Whether the value or an attribute is meant.
    pub kind: ReferenceKind,
    /// Where the reference stands.
    pub position: Position,
    /// Whether it stands in a branch of an `Fn::If`.
    pub conditional: bool,
}

/// What a reference asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// `Ref`, or `${Name}` in `Fn::Sub`.
    Value,
    /// `Fn::GetAtt`, or `${Name.Attribute}` in `Fn::Sub`; no text when the attribute's name is
    /// computed.
    Attribute(Option<String>),
}

/// The references in a part of a template, in the order of the text. With conditions, only the
/// taken branch of each `Fn::If` counts; without, both do.
pub fn references(node: &Node, conditions: Option<&Conditions>) -> Vec<Reference> {
    let mut found = Vec::new();
    walk(node, conditions, &mut |reference| found.push(reference));
    found
}

/// Calls `visit` for each reference.
pub(crate) fn walk(node: &Node, conditions: Option<&Conditions>, visit: &mut dyn FnMut(Reference)) {
    Walker { conditions, visit }.node(node, false);
}

struct Walker<'a> {
    conditions: Option<&'a Conditions>,
    visit: &'a mut dyn FnMut(Reference),
}

impl Walker<'_> {
    fn node(&mut self, node: &Node, conditional: bool) {
        if let Some((function, argument)) = call(node) {
            return self.call(function.name, argument, node.position, conditional);
        }
        match &node.value {
            NodeValue::List(items) => items.iter().for_each(|item| self.node(item, conditional)),
            NodeValue::Map(entries) => {
                entries.iter().for_each(|entry| self.node(&entry.value, conditional));
            }
            NodeValue::Null | NodeValue::Scalar(_) => {}
        }
    }

    fn call(&mut self, function: &str, argument: &Node, position: Position, conditional: bool) {
        match function {
            "Ref" => {
                if let Some(name) = argument.as_text() {
                    self.found(name, ReferenceKind::Value, position, conditional);
                }
            }
            "Fn::GetAtt" => {
                if let Some(Target { logical_id, attribute }) = target(argument) {
                    let (text, computed) = match attribute {
                        GetAttAttribute::Text(text) => (Some(text.to_owned()), None),
                        GetAttAttribute::Computed(node) => (None, Some(node)),
                    };
                    self.found(logical_id, ReferenceKind::Attribute(text), position, conditional);
                    if let Some(node) = computed {
                        self.node(node, conditional);
                    }
                }
            }
            "Fn::Sub" => self.sub(argument, position, conditional),
            "Fn::If" => match self.conditions {
                Some(conditions) => {
                    if let Some(branch) = taken_branch(argument, conditions) {
                        self.node(branch, true);
                    }
                }
                None => self.node(argument, true),
            },
            _ => self.node(argument, conditional),
        }
    }

    fn sub(&mut self, argument: &Node, position: Position, conditional: bool) {
        let Some((text, names)) = sub::arguments(argument) else { return };
        for part in sub::parts(text).unwrap_or_default() {
            let sub::Part::Variable(name) = part else { continue };
            if names.iter().any(|entry| entry.key == name) {
                continue;
            }
            let (name, kind) = match name.split_once('.') {
                Some((id, attribute)) => (id, ReferenceKind::Attribute(Some(attribute.to_owned()))),
                None => (name, ReferenceKind::Value),
            };
            self.found(name, kind, position, conditional);
        }
        names.iter().for_each(|entry| self.node(&entry.value, conditional));
    }

    fn found(&mut self, name: &str, kind: ReferenceKind, position: Position, conditional: bool) {
        (self.visit)(Reference { name: name.to_owned(), kind, position, conditional });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, conditions: Option<&Conditions>) -> Vec<String> {
        let tree = crate::parse::parse_tree(text).expect("well-formed");
        let show = |r: Reference| match r.kind {
            ReferenceKind::Value => r.name,
            ReferenceKind::Attribute(attribute) => {
                format!("{}.{}", r.name, attribute.unwrap_or("?".into()))
            }
        };
        references(&tree, conditions).into_iter().map(show).collect()
    }

    #[test]
    fn every_form_of_reference_is_found() {
        let text = "a: !Ref A\nb: !GetAtt B.x.y\nc: !Sub '${C}${D.z}${!E}'\n\
                    d: !Sub ['${own}${F}', {own: !Ref G}]\ne: !GetAtt [H, !Ref P]\n\
                    f: {Condition: {Ref: I}}";
        assert_eq!(names(text, None), ["A", "B.x.y", "C", "D.z", "F", "G", "H.?", "P", "I"]);
    }

    #[test]
    fn only_the_taken_branch_counts_under_conditions() {
        let text = "a: !If [c, !Ref A, !Ref B]";
        assert_eq!(names(text, None), ["A", "B"]);
        let conditions = Conditions::from([("c".to_owned(), false)]);
        assert_eq!(names(text, Some(&conditions)), ["B"]);
    }
}
