//! From what a template spells to what a property's schema wants: `"5"` to 5, `true` to `"true"`.
//!
//! CloudFormation reads scalars by the type of the property that they end in, not by their
//! style, so `MaxSize: "1"` and `MaxSize: 1` are the same.

use super::{MAX_DEPTH, Schema};
use crate::eval::{UNKNOWN, scalar_text};
use serde_json::{Number, Value};

impl Schema {
    /// Turns every scalar of a resource's properties into the type that the schema wants.
    /// What cannot be turned, and what is unknown, stays as it is.
    pub fn coerce(&self, properties: &mut Value) {
        self.coerce_value(properties, &self.document, 0);
    }

    fn coerce_value(&self, value: &mut Value, schema: &Value, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let schema = self.resolve(schema);
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    if let Some(schema) = member_schema(schema, key) {
                        self.coerce_value(member, schema, depth + 1);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = schema.get("items") {
                    items.iter_mut().for_each(|item| self.coerce_value(item, schema, depth + 1));
                }
            }
            Value::Null => {}
            Value::String(text) if text.contains(UNKNOWN) => {}
            scalar => {
                if let Some(changed) = coerced(scalar, schema) {
                    *scalar = changed;
                }
            }
        }
    }
}

/// The schema of a member of an object, by its name or by a pattern.
pub(super) fn member_schema<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    if let Some(found) = schema.get("properties").and_then(|p| p.get(key)) {
        return Some(found);
    }
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    let by_pattern = patterns.into_iter().flatten().find(|(pattern, _)| {
        regress::Regex::with_flags(pattern, "u").is_ok_and(|r| r.find(key).is_some())
    });
    match (by_pattern, schema.get("additionalProperties")) {
        (Some((_, found)), _) => Some(found),
        (None, Some(found @ Value::Object(_))) => Some(found),
        (None, _) => None,
    }
}

/// The types that a schema allows.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The scalar in the type that the schema wants; nothing if it fits already or cannot.
fn coerced(value: &Value, schema: &Value) -> Option<Value> {
    let types = types(schema);
    let own = match value {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        _ => "number",
    };
    if types.is_empty() || types.contains(&own) {
        return None;
    }
    let text = scalar_text(value)?;
    types.iter().find_map(|wanted| as_type(&text, wanted)).filter(|changed| changed != value)
}

/// A text read as a JSON type.
pub(super) fn as_type(text: &str, wanted: &str) -> Option<Value> {
    match wanted {
        "string" => Some(Value::from(text)),
        "boolean" => match text.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        "integer" => {
            let text = text.trim();
            let whole = text.strip_suffix(".0").unwrap_or(text);
            whole.parse::<i64>().ok().map(Value::from)
        }
        "number" => {
            let text = text.trim();
            if let Ok(whole) = text.parse::<i64>() {
                return Some(Value::from(whole));
            }
            let number = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
            Number::from_f64(number).map(Value::Number)
        }
        // A JSON document may be given as its text.
        "object" => {
            let parsed = text.trim_start().starts_with('{').then(|| serde_json::from_str(text));
            parsed?.ok().filter(Value::is_object)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::lookup;
    use serde_json::json;

    #[test]
    fn scalars_take_the_type_of_their_property() {
        let schema = lookup("AWS::AutoScaling::AutoScalingGroup").expect("known");
        let mut value = json!({"MaxSize": 1, "Cooldown": 300, "HealthCheckGracePeriod": "60",
            "Tags": [{"Key": "Name", "Value": 5, "PropagateAtLaunch": "true"}],
            "DesiredCapacity": "{{changeSet:KNOWN_AFTER_APPLY}}"});
        schema.coerce(&mut value);
        assert_eq!(
            value,
            json!({"MaxSize": "1", "Cooldown": "300", "HealthCheckGracePeriod": 60,
                "Tags": [{"Key": "Name", "Value": "5", "PropagateAtLaunch": true}],
                "DesiredCapacity": "{{changeSet:KNOWN_AFTER_APPLY}}"})
        );
    }

    #[test]
    fn what_cannot_be_turned_stays() {
        let schema = lookup("AWS::EC2::Volume").expect("known");
        let mut value = json!({"Size": "many", "Encrypted": "maybe"});
        schema.coerce(&mut value);
        assert_eq!(value, json!({"Size": "many", "Encrypted": "maybe"}));
    }
}
