//! Filter policies: which messages a subscription wants.
//!
//! "Amazon SNS message filtering" in the developer guide. All keys of a policy must match, of each
//! key's values any one; `$or` holds alternatives. With the scope `MessageAttributes` the keys are
//! those of the message's attributes, with `MessageBody` those of its body, which must be JSON.

use kernel::glob_matches;
use serde_json::{Map, Value};
use std::net::Ipv4Addr;

/// Whether a policy, which is a JSON object, accepts what a message says.
pub(super) fn accepts(policy: &Value, said: &Value) -> bool {
    let Some(keys) = policy.as_object() else { return true };
    keys.iter().all(|(key, rule)| match (key.as_str(), rule) {
        ("$or", Value::Array(alternatives)) => alternatives.iter().any(|a| accepts(a, said)),
        (_, Value::Array(conditions)) => {
            let values = values_of(said, key);
            conditions.iter().any(|condition| meets(condition, &values))
        }
        (_, Value::Object(_)) => within(said, key).iter().any(|inner| accepts(rule, inner)),
        _ => false,
    })
}

/// What is wrong with the form of a policy, if anything.
pub(super) fn problem(policy: &Map<String, Value>) -> Option<String> {
    policy.iter().find_map(|(key, rule)| match rule {
        Value::Array(items) if items.is_empty() => {
            Some(format!("Empty arrays are not allowed for \"{key}\""))
        }
        Value::Array(items) if key == "$or" => items.iter().find_map(|item| match item {
            Value::Object(inner) => problem(inner),
            _ => Some("\"$or\" must hold objects".to_owned()),
        }),
        Value::Array(items) => items.iter().find_map(condition_problem),
        Value::Object(inner) => problem(inner),
        _ => Some(format!("\"{key}\" must be an object or an array")),
    })
}

/// The operators of conditions.
const OPERATORS: [&str; 9] = [
    "anything-but",
    "cidr",
    "equals-ignore-case",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
    "equals",
];

fn condition_problem(condition: &Value) -> Option<String> {
    match condition {
        Value::Object(operator) if operator.len() != 1 => {
            Some("Only one key allowed in match expression".to_owned())
        }
        Value::Object(operator) => {
            let name = operator.keys().next()?;
            let unknown = !OPERATORS.contains(&name.as_str());
            unknown.then(|| format!("Unrecognized match type {name}"))
        }
        Value::Array(_) => {
            Some("Match value must be String, number, true, false, or null".to_owned())
        }
        _ => None,
    }
}

/// All values at a key; lists give each of theirs.
fn values_of<'a>(said: &'a Value, key: &str) -> Vec<&'a Value> {
    within(said, key).into_iter().filter(|value| !value.is_object()).collect()
}

fn within<'a>(said: &'a Value, key: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    match said {
        Value::Object(members) => {
            if let Some(value) = members.get(key) {
                flatten(value, &mut found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| found.extend(within(item, key))),
        _ => {}
    }
    found
}

fn flatten<'a>(value: &'a Value, into: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, into)),
        value => into.push(value),
    }
}

fn meets(condition: &Value, values: &[&Value]) -> bool {
    let Value::Object(operator) = condition else {
        return values.iter().any(|value| same(condition, value));
    };
    let Some((name, operand)) = operator.iter().next() else { return false };
    match name.as_str() {
        "exists" => operand.as_bool() == Some(!values.is_empty()),
        "anything-but" => {
            !values.is_empty() && values.iter().all(|value| !is_one_of(operand, value))
        }
        _ => values.iter().any(|value| holds(name, operand, value)),
    }
}

/// What `anything-but` excludes: a value, several, or what an operator holds for.
fn is_one_of(operand: &Value, value: &Value) -> bool {
    match operand {
        Value::Array(items) => items.iter().any(|item| same(item, value)),
        Value::Object(operator) => operator.iter().any(|(name, operand)| match operand {
            Value::Array(items) => items.iter().any(|item| holds(name, item, value)),
            operand => holds(name, operand, value),
        }),
        single => same(single, value),
    }
}

fn same(wanted: &Value, value: &Value) -> bool {
    match (wanted.as_f64(), value.as_f64()) {
        (Some(wanted), Some(value)) => wanted == value,
        _ => wanted == value,
    }
}

fn holds(operator: &str, operand: &Value, value: &Value) -> bool {
    if operator == "numeric" {
        return value.as_f64().is_some_and(|number| in_range(operand, number));
    }
    let (Some(operand), Some(text)) = (operand.as_str(), value.as_str()) else { return false };
    match operator {
        "prefix" => text.starts_with(operand),
        "suffix" => text.ends_with(operand),
        "equals-ignore-case" => text.to_lowercase() == operand.to_lowercase(),
        "wildcard" => glob_matches(operand, text),
        "cidr" => in_network(operand, text),
        _ => false,
    }
}

/// `["=", 5]`, `[">", 0, "<=", 100]`
fn in_range(operand: &Value, number: f64) -> bool {
    let Some(parts) = operand.as_array().filter(|parts| !parts.is_empty()) else { return false };
    parts.chunks(2).all(|pair| {
        let (Some(sign), Some(bound)) = (pair[0].as_str(), pair.get(1).and_then(Value::as_f64))
        else {
            return false;
        };
        match sign {
            "=" => number == bound,
            "<" => number < bound,
            "<=" => number <= bound,
            ">" => number > bound,
            ">=" => number >= bound,
            _ => false,
        }
    })
}

fn in_network(network: &str, address: &str) -> bool {
    let parsed = || {
        let (base, bits) = network.split_once('/')?;
        let (base, bits) = (base.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok()?);
        let address = address.parse::<Ipv4Addr>().ok()?;
        let mask = if bits == 0 { 0 } else { u32::MAX.checked_shl(32_u32.checked_sub(bits)?)? };
        Some(u32::from(base) & mask == u32::from(address) & mask)
    };
    parsed().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn messages_are_chosen_as_the_policy_says() {
        let said = json!({"store": "example_corp", "price": 210.75, "ip": "10.0.0.255",
            "interests": ["soccer", "rugby"], "encrypted": false, "none": null});
        for (policy, expected) in [
            (json!({"store": ["example_corp"]}), true),
            (json!({"store": ["other", "example_corp"]}), true),
            (json!({"store": ["example_corp"], "price": [1]}), false),
            (json!({"price": [210.75]}), true),
            (json!({"encrypted": [false]}), true),
            (json!({"none": [null]}), true),
            (json!({"interests": ["rugby"]}), true),
            (json!({"interests": ["tennis"]}), false),
            (json!({"store": [{"prefix": "example"}]}), true),
            (json!({"store": [{"suffix": "_corp"}]}), true),
            (json!({"store": [{"equals-ignore-case": "EXAMPLE_CORP"}]}), true),
            (json!({"store": [{"wildcard": "ex*corp"}]}), true),
            (json!({"store": [{"anything-but": ["tennis", "baseball"]}]}), true),
            (json!({"store": [{"anything-but": "example_corp"}]}), false),
            (json!({"store": [{"anything-but": {"prefix": "example"}}]}), false),
            (json!({"interests": [{"anything-but": ["rugby"]}]}), false),
            (json!({"absent": [{"anything-but": ["rugby"]}]}), false),
            (json!({"price": [{"numeric": ["=", 210.75]}]}), true),
            (json!({"price": [{"numeric": [">", 0, "<=", 200]}]}), false),
            (json!({"price": [{"numeric": [">", 0, "<", 300]}]}), true),
            (json!({"price": [{"prefix": "2"}]}), false),
            (json!({"absent": [{"exists": false}]}), true),
            (json!({"store": [{"exists": false}]}), false),
            (json!({"store": [{"exists": true}]}), true),
            (json!({"ip": [{"cidr": "10.0.0.0/24"}]}), true),
            (json!({"ip": [{"cidr": "10.0.1.0/24"}]}), false),
            (json!({"ip": [{"cidr": "0.0.0.0/0"}]}), true),
            (json!({"$or": [{"store": ["x"]}, {"price": [{"numeric": [">", 1]}]}]}), true),
            (json!({"$or": [{"store": ["x"]}, {"price": [1]}]}), false),
        ] {
            assert_eq!(accepts(&policy, &said), expected, "{policy}");
        }
    }

    #[test]
    fn bodies_are_searched_in_depth() {
        let said = json!({"person": {"name": "Ann", "towns": [{"id": 1}, {"id": 2}]}});
        assert!(accepts(&json!({"person": {"name": ["Ann"]}}), &said));
        assert!(accepts(&json!({"person": {"towns": {"id": [2]}}}), &said));
        assert!(!accepts(&json!({"person": {"towns": {"id": [3]}}}), &said));
        assert!(!accepts(&json!({"name": ["Ann"]}), &said));
    }

    #[test]
    fn malformed_policies_are_told() {
        for policy in [
            json!({"a": "b"}),
            json!({"a": []}),
            json!({"a": [{"nope": 1}]}),
            json!({"a": [{"prefix": "x", "suffix": "y"}]}),
            json!({"a": [["x"]]}),
        ] {
            assert!(problem(policy.as_object().expect("an object")).is_some(), "{policy}");
        }
        let sound = json!({"a": [{"prefix": "x"}, 1], "b": {"c": [true]}, "$or": [{"d": [1]}]});
        assert_eq!(problem(sound.as_object().expect("an object")), None);
    }
}
