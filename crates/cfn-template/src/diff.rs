//! What an update changes: two sets of properties, and two whole templates.

use crate::eval::same;
use crate::schema::{Replacement, Schema};
use serde_json::Value;

/// The most changes of one resource that are listed.
const MAX_CHANGES: usize = 1_000;

/// One property that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    /// The path from the resource, such as `/Properties/Tags/0/Value`.
    pub path: String,
    /// The old value, unless the property is new.
    pub before: Option<Value>,
    /// The new value, unless the property goes.
    pub after: Option<Value>,
    /// Whether the resource is replaced for this change.
    pub requires_recreation: Replacement,
}

impl PropertyChange {
    /// The top-level property that the change is in, such as `Tags`.
    pub fn property(&self) -> &str {
        self.path.trim_start_matches("/Properties/").split('/').next().unwrap_or_default()
    }
}

/// The differences between a resource's old and new properties, in the order of the new ones,
/// those that go last. `5` and `"5"` are the same value. Without a schema (custom resources)
/// nothing requires a new resource.
pub fn diff(schema: Option<&Schema>, old: &Value, new: &Value) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    let path = "/Properties".to_owned();
    compare(schema, path, Some(old), Some(new), &mut changes);
    changes
}

/// The strongest consequence of these changes.
pub fn replacement(changes: &[PropertyChange]) -> Replacement {
    changes.iter().map(|change| change.requires_recreation).max().unwrap_or(Replacement::Never)
}

/// Whether two evaluated resources or templates are the same for CloudFormation: the order of
/// members and the style of scalars do not count.
pub fn is_same(old: &Value, new: &Value) -> bool {
    same(old, new)
}

fn compare(
    schema: Option<&Schema>,
    path: String,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<PropertyChange>,
) {
    if changes.len() >= MAX_CHANGES {
        return;
    }
    match (before, after) {
        (Some(before), Some(after)) if same(before, after) => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (key, value) in new {
                compare(schema, format!("{path}/{key}"), old.get(key), Some(value), changes);
            }
            for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                compare(schema, format!("{path}/{key}"), Some(value), None, changes);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (place, (before, after)) in old.iter().zip(new).enumerate() {
                compare(schema, format!("{path}/{place}"), Some(before), Some(after), changes);
            }
        }
        (before, after) => {
            let requires_recreation =
                schema.map_or(Replacement::Never, |schema| schema.replacement(&path));
            changes.push(PropertyChange {
                path,
                before: before.cloned(),
                after: after.cloned(),
                requires_recreation,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::lookup;
    use serde_json::json;

    fn changes(type_name: &str, old: &Value, new: &Value) -> Vec<(String, Replacement)> {
        let schema = lookup(type_name).expect("a known type");
        let changes = diff(Some(&schema), old, new);
        changes.into_iter().map(|c| (c.path, c.requires_recreation)).collect()
    }

    #[test]
    fn each_changed_leaf_is_one_change() {
        let old = json!({"CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "a", "Value": "1"}],
                         "EnableDnsSupport": true});
        let new = json!({"CidrBlock": "10.1.0.0/16", "Tags": [{"Key": "a", "Value": "2"}],
                         "EnableDnsHostnames": "true"});
        assert_eq!(
            changes("AWS::EC2::VPC", &old, &new),
            [
                ("/Properties/CidrBlock".to_owned(), Replacement::Always),
                ("/Properties/Tags/0/Value".to_owned(), Replacement::Never),
                ("/Properties/EnableDnsHostnames".to_owned(), Replacement::Never),
                ("/Properties/EnableDnsSupport".to_owned(), Replacement::Never),
            ]
        );
    }

    #[test]
    fn a_list_of_another_length_changes_as_a_whole() {
        let (old, new) = (json!({"Tags": [1]}), json!({"Tags": [1, 2]}));
        let changes = diff(None, &old, &new);
        assert_eq!((changes[0].path.as_str(), changes[0].property()), ("/Properties/Tags", "Tags"));
    }

    #[test]
    fn style_and_order_are_no_change() {
        let (old, new) = (json!({"a": "5", "b": true}), json!({"b": "true", "a": 5}));
        assert_eq!(diff(None, &old, &new), []);
        assert!(is_same(&old, &new));
        assert_eq!(replacement(&[]), Replacement::Never);
    }
}
