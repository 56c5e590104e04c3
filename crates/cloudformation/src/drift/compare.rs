//! Comparing what a template says with what there is.

use super::shown;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// The most differences that are told of one resource.
const MAX_DIFFERENCES: usize = 100;

/// One property that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Difference {
    /// `/SecurityGroupIngress/0/FromPort`
    pub(super) path: String,
    pub(super) expected: String,
    pub(super) actual: String,
    /// `ADD`, `REMOVE`, `NOT_EQUAL`
    pub(super) kind: SmolStr,
}

/// The actual values of the properties that a template sets, and where they differ. Properties
/// whose actual value is not told are taken to be as they should.
pub(super) fn differences(expected: &Value, live: &Value) -> (Value, Vec<Difference>) {
    let mut actual = Map::new();
    for (name, value) in expected.as_object().into_iter().flatten() {
        match live.get(name) {
            Some(Value::Null) => {}
            Some(found) => drop(actual.insert(name.clone(), found.clone())),
            None => drop(actual.insert(name.clone(), value.clone())),
        }
    }
    let actual = Value::Object(actual);
    let mut found = Vec::new();
    walk(String::new(), Some(expected), Some(&actual), &mut found);
    (actual, found)
}

fn walk(
    path: String,
    expected: Option<&Value>,
    actual: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    if found.len() >= MAX_DIFFERENCES {
        return;
    }
    match (expected, actual) {
        (Some(expected), Some(actual)) if cfn_template::is_same(expected, actual) => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for (name, value) in old {
                walk(format!("{path}/{name}"), Some(value), new.get(name), found);
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                walk(format!("{path}/{name}"), None, Some(value), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for place in 0..old.len().max(new.len()) {
                walk(format!("{path}/{place}"), old.get(place), new.get(place), found);
            }
        }
        (expected, actual) => {
            let kind = match (expected, actual) {
                (None, _) => "ADD",
                (_, None) => "REMOVE",
                _ => "NOT_EQUAL",
            };
            let text = |value: Option<&Value>| value.map_or_else(|| "null".to_owned(), shown);
            found.push(Difference {
                path,
                expected: text(expected),
                actual: text(actual),
                kind: SmolStr::new_static(kind),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_the_template_sets_is_compared() {
        let expected = json!({"A": "1", "B": {"C": true}, "L": ["x"], "Unknown": 5, "Gone": "g"});
        let live = json!({"A": 1, "B": {"C": false}, "L": ["x", "y"], "More": 1, "Gone": null});
        let (actual, found) = differences(&expected, &live);
        assert_eq!(actual, json!({"A": 1, "B": {"C": false}, "L": ["x", "y"], "Unknown": 5}));
        let told: Vec<String> = found
            .iter()
            .map(|d| format!("{} {} {} {}", d.kind, d.path, d.expected, d.actual))
            .collect();
        assert_eq!(told, ["NOT_EQUAL /B/C true false", "ADD /L/1 null y", "REMOVE /Gone g null"]);
    }
}
