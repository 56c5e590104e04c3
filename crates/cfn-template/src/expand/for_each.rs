//! `Fn::ForEach`: members of a map, once for each element of a collection.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html>

use crate::eval::{Evaluator, scalar_text};
use crate::node::{Entry, Node, NodeValue, Scalar};
use crate::problem::Problem;
use serde_json::Value;

/// What the key of a loop begins with; the loop's name follows.
pub(crate) const PREFIX: &str = "Fn::ForEach::";

/// Loops are nested at most this deep.
const MAX_DEPTH: usize = 5;

const LAYOUT: &str = "Fn::ForEach layout is incorrect";

/// Writes out all loops in a part of a template; `room` is how many nodes may still come.
pub(super) fn expand(
    node: &mut Node,
    evaluator: &Evaluator<'_>,
    room: &mut usize,
) -> Result<(), Problem> {
    Expansion { evaluator, room }.node(node, 0)
}

struct Expansion<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    room: &'e mut usize,
}

impl Expansion<'_, '_> {
    fn node(&mut self, node: &mut Node, depth: usize) -> Result<(), Problem> {
        match &mut node.value {
            NodeValue::Null | NodeValue::Scalar(_) => {}
            NodeValue::List(items) => {
                for item in items {
                    self.node(item, depth)?;
                }
            }
            NodeValue::Map(entries) => {
                if entries.iter().any(|entry| entry.key.starts_with(PREFIX)) {
                    *entries = self.entries(std::mem::take(entries), depth)?;
                }
                for entry in entries {
                    self.node(&mut entry.value, depth)?;
                }
            }
        }
        Ok(())
    }

    /// The members of a map with its loops written out.
    fn entries(&mut self, entries: Vec<Entry>, depth: usize) -> Result<Vec<Entry>, Problem> {
        let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.key.starts_with(PREFIX) {
                true => self.turns(&entry, depth, &mut out)?,
                false => out.push(entry),
            }
        }
        for (place, entry) in out.iter().enumerate() {
            if out[..place].iter().any(|other| other.key == entry.key) {
                let text = format!("Fn::ForEach produces the key {} more than once", entry.key);
                return Err(Problem::validation(text).at(entry.key_position));
            }
        }
        Ok(out)
    }

    fn turns(&mut self, entry: &Entry, depth: usize, out: &mut Vec<Entry>) -> Result<(), Problem> {
        let layout = || Problem::validation(LAYOUT).at(entry.key_position);
        if depth >= MAX_DEPTH {
            let text = format!("Fn::ForEach loops may be nested at most {MAX_DEPTH} deep");
            return Err(Problem::validation(text).at(entry.key_position));
        }
        let Some([identifier, collection, body]) = entry.value.as_list() else {
            return Err(layout());
        };
        let identifier = identifier.as_text().ok_or_else(layout)?;
        let body = body.as_map().ok_or_else(layout)?;
        for element in self.elements(collection)? {
            let mut members: Vec<Entry> = Vec::with_capacity(body.len());
            for member in body {
                let turn = Turn { identifier, element: &element };
                let written = Entry {
                    key: turn.text(&member.key),
                    key_position: member.key_position,
                    value: turn.node(&member.value),
                };
                self.take(&written.value)?;
                members.push(written);
            }
            out.extend(self.entries(members, depth + 1)?);
        }
        Ok(())
    }

    /// The elements of a collection: a list whose items may be functions, or a function.
    fn elements(&self, collection: &Node) -> Result<Vec<String>, Problem> {
        let wrong = || Problem::validation(LAYOUT).at(collection.position);
        let mut elements = Vec::new();
        match self.evaluator.value(collection)?.value {
            Value::Array(items) => {
                for item in items {
                    match item {
                        Value::Array(nested) => elements.extend(
                            nested
                                .iter()
                                .map(|item| scalar_text(item).ok_or_else(wrong))
                                .collect::<Result<Vec<String>, Problem>>()?,
                        ),
                        item => elements.push(scalar_text(&item).ok_or_else(wrong)?),
                    }
                }
            }
            _ => return Err(wrong()),
        }
        Ok(elements)
    }

    /// Counts what was written, so that loops in loops cannot fill the memory.
    fn take(&mut self, node: &Node) -> Result<(), Problem> {
        let size = size(node);
        if size > *self.room {
            let text = "Fn::ForEach produces a template that is too large";
            return Err(Problem::validation(text).at(node.position));
        }
        *self.room -= size;
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        NodeValue::Null | NodeValue::Scalar(_) => 0,
        NodeValue::List(items) => items.iter().map(size).sum::<usize>(),
        NodeValue::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
    }
}

/// One turn of a loop: what its identifier stands for.
struct Turn<'t> {
    identifier: &'t str,
    element: &'t str,
}

impl Turn<'_> {
    /// `${Identifier}` is the element, `&{Identifier}` its letters and digits.
    fn text(&self, text: &str) -> String {
        if !text.contains("${") && !text.contains("&{") {
            return text.to_owned();
        }
        let bare: String = self.element.chars().filter(char::is_ascii_alphanumeric).collect();
        let whole = format!("${{{}}}", self.identifier);
        let stripped = format!("&{{{}}}", self.identifier);
        text.replace(&whole, self.element).replace(&stripped, &bare)
    }

    fn node(&self, node: &Node) -> Node {
        if let Some([entry]) = node.as_map()
            && entry.key == "Ref"
            && entry.value.as_text() == Some(self.identifier)
        {
            let scalar = Scalar { text: self.element.to_owned(), plain: false };
            return Node { value: NodeValue::Scalar(scalar), position: node.position };
        }
        let value = match &node.value {
            NodeValue::Null => NodeValue::Null,
            NodeValue::Scalar(scalar) => {
                NodeValue::Scalar(Scalar { text: self.text(&scalar.text), plain: scalar.plain })
            }
            NodeValue::List(items) => {
                NodeValue::List(items.iter().map(|item| self.node(item)).collect())
            }
            NodeValue::Map(entries) => NodeValue::Map(
                entries
                    .iter()
                    .map(|entry| Entry {
                        key: self.text(&entry.key),
                        key_position: entry.key_position,
                        value: self.node(&entry.value),
                    })
                    .collect(),
            ),
        };
        Node { value, position: node.position }
    }
}
