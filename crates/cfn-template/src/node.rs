//! The template's text as a tree: every node knows its place, every scalar its raw text.
//!
//! Scalars are typed lazily. A loader that types them at once turns the account id
//! `012345678901` into another number and a version `2010-09-09` into a date; here a scalar
//! stays text until a property's schema asks for something else.

use crate::problem::Position;

/// A node of the template's tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What the node holds.
    pub value: NodeValue,
    /// Where it begins.
    pub position: Position,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// JSON `null`, YAML `~`, or nothing at all.
    Null,
    /// A scalar, with its text as written.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the text.
    Map(Vec<Entry>),
}

/// A scalar: its text after unescaping, and whether it was a bare word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text.
    pub text: String,
    /// True for a JSON number or boolean and for a plain (unquoted) YAML scalar.
    pub plain: bool,
}

/// One key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_position: Position,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The text of a scalar, whatever its style.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            NodeValue::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping, in the text's order.
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        self.value == NodeValue::Null
    }

    /// The boolean that a scalar spells, as CloudFormation reads booleans.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_text()?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The tree as JSON without evaluating anything; see [`Scalar::to_json`].
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            NodeValue::Null => serde_json::Value::Null,
            NodeValue::Scalar(scalar) => scalar.to_json(),
            NodeValue::List(items) => items.iter().map(Node::to_json).collect(),
            NodeValue::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect(),
            ),
        }
    }
}

impl Scalar {
    /// The scalar as JSON: a bare boolean or a bare number that JSON writes with the very same
    /// characters becomes one, so that nothing is lost; all else is a string.
    pub fn to_json(&self) -> serde_json::Value {
        if self.plain {
            match self.text.as_str() {
                "true" => return serde_json::Value::Bool(true),
                "false" => return serde_json::Value::Bool(false),
                text => {
                    if let Some(number) = exact_number(text) {
                        return serde_json::Value::Number(number);
                    }
                }
            }
        }
        serde_json::Value::String(self.text.clone())
    }
}

/// The number that prints as exactly this text.
fn exact_number(text: &str) -> Option<serde_json::Number> {
    if text.len() > 24 || !text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    let number: serde_json::Number = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plain(text: &str) -> serde_json::Value {
        Scalar { text: text.into(), plain: true }.to_json()
    }

    #[test]
    fn only_text_that_survives_the_round_trip_becomes_a_number() {
        assert_eq!(plain("5"), json!(5));
        assert_eq!(plain("-1.5"), json!(-1.5));
        assert_eq!(plain("true"), json!(true));
        for text in ["0755", "012345678901", "1.10", "1e3", "2010-09-09", "yes", "True", "-", ""] {
            assert_eq!(plain(text), json!(text), "{text}");
        }
    }
}
