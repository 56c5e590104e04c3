//! Evaluated properties, read by type. The engine has checked and coerced them by the schema;
//! what is absent or of another kind reads as absent.

use kernel::{Operation, input_from_document};
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// The properties of a resource, or a structure within them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(Value);

impl From<Value> for Properties {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Properties {
    /// The JSON itself.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The input of an operation whose members are called as the properties are. What the
    /// operation does not know by that name is left out.
    pub fn input<O: Operation>(&self) -> O::Input {
        input_from_document::<O>(&self.0)
    }

    /// The members, if it is a structure.
    pub fn members(&self) -> Option<&Map<String, Value>> {
        self.0.as_object()
    }

    /// Whether the property is there.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A string; numbers and booleans are spelled out.
    pub fn text(&self, name: &str) -> Option<SmolStr> {
        spell(self.0.get(name)?)
    }

    /// A string, empty if absent.
    pub fn text_or_empty(&self, name: &str) -> SmolStr {
        self.text(name).unwrap_or_default()
    }

    /// A whole number, also if spelled as a string.
    pub fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|f| f as i64)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A boolean, also if spelled as a string.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A list of strings; a single string is a list of one.
    pub fn texts(&self, name: &str) -> Option<Vec<SmolStr>> {
        match self.0.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(spell).collect()),
            Value::Null => None,
            single => spell(single).map(|text| vec![text]),
        }
    }

    /// A structure.
    pub fn structure(&self, name: &str) -> Option<Self> {
        self.0.get(name).filter(|value| value.is_object()).cloned().map(Self)
    }

    /// A list of structures; empty if absent.
    pub fn structures(&self, name: &str) -> Vec<Self> {
        match self.0.get(name) {
            Some(Value::Array(items)) => {
                items.iter().filter(|item| item.is_object()).cloned().map(Self).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A policy document or other free-form JSON, as compact text; a string stays as it is.
    pub fn document(&self, name: &str) -> Option<SmolStr> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.as_str().into()),
            value => Some(value.to_string().into()),
        }
    }

    /// A list of `{Key, Value}`.
    pub fn tags(&self, name: &str) -> Vec<(SmolStr, SmolStr)> {
        self.structures(name)
            .iter()
            .map(|tag| (tag.text_or_empty("Key"), tag.text_or_empty("Value")))
            .collect()
    }

    /// Whether the property has been taken away.
    pub fn lost(&self, before: &Self, name: &str) -> bool {
        before.has(name) && !self.has(name)
    }

    /// Whether a property is the same in both.
    pub fn same(&self, other: &Self, name: &str) -> bool {
        self.0.get(name) == other.0.get(name)
    }
}

/// The items of a list that another one lacks.
pub(crate) fn without<T: Clone + PartialEq>(list: &[T], other: &[T]) -> Vec<T> {
    list.iter().filter(|item| !other.contains(item)).cloned().collect()
}

fn spell(value: &Value) -> Option<SmolStr> {
    match value {
        Value::String(text) => Some(text.as_str().into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(flag) => Some(flag.to_string().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn properties_are_read_whatever_their_spelling() {
        let p = Properties::from(json!({
            "N": "5", "M": 5, "T": true, "F": "False", "L": ["a", 1], "S": "x",
            "Tags": [{"Key": "k", "Value": "v"}], "D": {"a": 1},
        }));
        assert_eq!((p.integer("N"), p.integer("M")), (Some(5), Some(5)));
        assert_eq!((p.boolean("T"), p.boolean("F")), (Some(true), Some(false)));
        assert_eq!(p.texts("L").as_deref(), Some(&["a".into(), "1".into()][..]));
        assert_eq!(p.texts("S").map(|l| l.len()), Some(1));
        assert_eq!(p.tags("Tags"), [("k".into(), "v".into())]);
        assert_eq!(p.document("D").as_deref(), Some("{\"a\":1}"));
        assert_eq!(p.text("Absent"), None);
    }
}
