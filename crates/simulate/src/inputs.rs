//! Inputs of calls as documents: checked against AWS's model, more strictly than AWS's own services
//! do, since a member that is misspelled would be a scenario that tests something else.

use crate::Failure;
use crate::scenario::{CallName, Reference};
use base64::Engine;
use kernel::Timestamp;
use model::{Body, Kind, Protocol, Service, ShapeId, Value};
use serde_json::Value as Json;
use smol_str::{SmolStr, ToSmolStr};

/// Depth of documents.
const MAX_DEPTH: usize = 32;

/// Checks an input as far as that is possible before its references are known.
pub(crate) fn check(call: &CallName, input: &Json) -> Result<(), Failure> {
    let mut referred = false;
    let filled = resolve(input, &mut |_| {
        referred = true;
        Ok(SmolStr::new_static("placeholder"))
    })?;
    let value = read(call, &filled)?;
    match referred {
        true => Ok(()),
        false => valid(call, &value),
    }
}

/// The operation's input.
pub(crate) fn decode(
    call: &CallName,
    input: &Json,
    find: &mut dyn FnMut(&Reference) -> Result<SmolStr, Failure>,
) -> Result<Value, Failure> {
    let value = read(call, &resolve(input, find)?)?;
    valid(call, &value)?;
    Ok(value)
}

fn valid(call: &CallName, value: &Value) -> Result<(), Failure> {
    let protocol = call.service.protocols.first().copied().unwrap_or(Protocol::Query);
    wire::check(call.service, call.operation, protocol, value)
        .map_err(|error| Failure(format!("{}: {}", error.code, error.message)))
}

/// The document with its references replaced by what they refer to.
fn resolve(
    json: &Json,
    find: &mut dyn FnMut(&Reference) -> Result<SmolStr, Failure>,
) -> Result<Json, Failure> {
    if let Some(reference) = Reference::of(json) {
        return Ok(Json::String(find(&reference)?.into()));
    }
    Ok(match json {
        Json::Array(items) => {
            Json::Array(items.iter().map(|it| resolve(it, find)).collect::<Result<_, _>>()?)
        }
        Json::Object(members) => {
            let mut filled = serde_json::Map::new();
            for (name, value) in members {
                filled.insert(name.clone(), resolve(value, find)?);
            }
            Json::Object(filled)
        }
        other => other.clone(),
    })
}

fn read(call: &CallName, input: &Json) -> Result<Value, Failure> {
    let empty = Json::Object(serde_json::Map::new());
    let input = if input.is_null() { &empty } else { input };
    match call.operation.input.some() {
        Some(id) => value(call.service, id, input, &mut vec!["input".to_owned()]),
        None if input.as_object().is_some_and(|members| members.is_empty()) => {
            Ok(Value::Struct(Vec::new()))
        }
        None => Err(Failure::say("input: the operation takes none")),
    }
}

fn value(
    service: &'static Service,
    id: ShapeId,
    json: &Json,
    path: &mut Vec<String>,
) -> Result<Value, Failure> {
    if path.len() > MAX_DEPTH {
        return Err(Failure(format!("{}: nested too deeply", path.join("."))));
    }
    let shape = service.shape(id);
    match (shape.kind, json) {
        (Kind::Structure, Json::Object(given)) => {
            let known = service.members(shape);
            let mut members = Vec::new();
            for (name, json) in given {
                let Some(member) = known.iter().find(|member| member.name == name) else {
                    let names: Vec<&str> = known.iter().map(|member| member.name).collect();
                    return Err(Failure(format!(
                        "{}: there is no member '{name}', expected one of {}",
                        path.join("."),
                        names.join(", ")
                    )));
                };
                path.push(name.clone());
                members.push((member.name, value(service, member.shape, json, path)?));
                path.pop();
            }
            Ok(Value::Struct(members))
        }
        (Kind::List, Json::Array(items)) => {
            let mut list = Vec::new();
            for (number, item) in items.iter().enumerate() {
                path.push(number.to_string());
                list.push(value(service, shape.element, item, path)?);
                path.pop();
            }
            Ok(Value::List(list))
        }
        (Kind::Map, Json::Object(given)) => {
            let mut entries = Vec::new();
            for (key, json) in given {
                path.push(key.clone());
                entries.push((key.into(), value(service, shape.element, json, path)?));
                path.pop();
            }
            Ok(Value::Map(entries))
        }
        (kind, json) => scalar(kind, shape.streaming, json).ok_or_else(|| {
            Failure(format!("{}: {json} is no {}", path.join("."), kind_name(kind)))
        }),
    }
}

/// Numbers and flags stand for texts too, as in templates: YAML leaves out quotes.
fn scalar(kind: Kind, streaming: bool, json: &Json) -> Option<Value> {
    Some(match (kind, json) {
        (Kind::String, Json::String(text)) => Value::Text(text.into()),
        (Kind::String, Json::Number(number)) => Value::Text(number.to_smolstr()),
        (Kind::String, Json::Bool(flag)) => Value::Text(flag.to_smolstr()),
        (Kind::Boolean, Json::Bool(flag)) => Value::Bool(*flag),
        (Kind::Integer | Kind::Long, Json::Number(number)) => Value::Int(number.as_i64()?),
        (Kind::Double, Json::Number(number)) => Value::Float(number.as_f64()?),
        (Kind::Timestamp, Json::String(text)) => {
            let at: jiff::Timestamp = text.parse().ok()?;
            Value::Time(Timestamp(at.as_millisecond()))
        }
        (Kind::Timestamp, Json::Number(number)) => {
            Value::Time(Timestamp((number.as_f64()? * 1_000.0) as i64))
        }
        (Kind::Blob, Json::String(text)) if streaming => {
            Value::Body(Body::Memory(text.clone().into_bytes().into()))
        }
        (Kind::Blob, Json::String(text)) => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
            Value::Blob(bytes.into())
        }
        _ => return None,
    })
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Structure => "structure (name: value)",
        Kind::List => "list",
        Kind::Map => "map (key: value)",
        Kind::String => "text",
        Kind::Boolean => "true or false",
        Kind::Integer | Kind::Long => "whole number",
        Kind::Double => "number",
        Kind::Timestamp => "instant such as 2017-09-28T00:00:00Z",
        Kind::Blob => "base64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check_call(call: &str, input: &Json) -> Result<(), String> {
        let call: CallName = call.parse()?;
        check(&call, input).map_err(|Failure(why)| why)
    }

    #[test]
    fn inputs_are_checked_against_the_model() {
        let set = "autoscaling:SetDesiredCapacity";
        let good = json!({ "AutoScalingGroupName": { "resource": "G" }, "DesiredCapacity": 3 });
        assert_eq!(check_call(set, &good), Ok(()));
        for (input, why) in [
            (
                json!({ "AutoScalingGroup": "g", "DesiredCapacity": 3 }),
                "input: there is no member 'AutoScalingGroup', expected one of \
                 AutoScalingGroupName, DesiredCapacity, HonorCooldown",
            ),
            (
                json!({ "AutoScalingGroupName": "g", "DesiredCapacity": "three" }),
                "input.DesiredCapacity: \"three\" is no whole number",
            ),
            (
                json!({ "AutoScalingGroupName": "g" }),
                "ValidationError: 1 validation error detected: Value null at 'desiredCapacity' \
                 failed to satisfy constraint: Member must not be null",
            ),
            (json!([]), "input: [] is no structure (name: value)"),
        ] {
            assert_eq!(check_call(set, &input), Err(why.to_owned()));
        }
    }

    #[test]
    fn calls_that_aws_lacks_are_refused() {
        for (call, why) in [
            ("SetDesiredCapacity", "'SetDesiredCapacity' is no call"),
            ("asg:SetDesiredCapacity", "there is no service 'asg'"),
            ("autoscaling:setDesiredCapacity", "did you mean SetDesiredCapacity?"),
        ] {
            let error = call.parse::<CallName>().map(drop).expect_err(call);
            assert!(error.contains(why), "{error}");
        }
    }
}
