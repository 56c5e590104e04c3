//! JSON bodies (json 1.0 and 1.1, rest-json).
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use super::{MAX_DEPTH, scalar};
use model::{ApiError, Kind, Place, Service, Shape, ShapeId, Timestamp, Value};
use serde_json::Value as Json;

/// Reads a body as the members of `shape` that travel in the body. No bytes are an empty object.
pub(crate) fn read(service: &'static Service, id: ShapeId, body: &[u8]) -> Result<Value, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Struct(Vec::new()));
    }
    // serde_json stops at 128 levels.
    let json: Json = serde_json::from_slice(body).map_err(|_| serialization(""))?;
    value(service, id, json, 0)
}

/// What JSON services answer to a body that they cannot read.
pub(crate) fn serialization(text: impl Into<String>) -> ApiError {
    ApiError::new("SerializationException", text)
}

fn value(
    service: &'static Service,
    id: ShapeId,
    json: Json,
    depth: usize,
) -> Result<Value, ApiError> {
    if depth > MAX_DEPTH {
        return Err(serialization("The request is nested too deeply."));
    }
    let shape = service.shape(id);
    Ok(match (shape.kind, json) {
        (_, Json::Null) => Value::Null,
        (Kind::Structure, Json::Object(object)) => {
            let known = service.members(shape);
            let mut members = Vec::with_capacity(object.len());
            for (name, json) in object {
                let member = known
                    .iter()
                    .find(|m| m.place == Place::Body && (m.wire == name || m.name == name));
                if let Some(member) = member {
                    let value = value(service, member.shape, json, depth + 1)?;
                    members.push((member.name, value));
                }
            }
            Value::Struct(members)
        }
        (Kind::List, Json::Array(items)) => {
            let items = items
                .into_iter()
                .map(|json| value(service, shape.element, json, depth + 1))
                .collect::<Result<_, _>>()?;
            Value::List(items)
        }
        (Kind::Map, Json::Object(object)) => {
            let entries = object
                .into_iter()
                .map(|(key, json)| {
                    Ok((key.into(), value(service, shape.element, json, depth + 1)?))
                })
                .collect::<Result<_, ApiError>>()?;
            Value::Map(entries)
        }
        (_, json) => scalar(shape, &json).ok_or_else(|| mismatch(shape, &json))?,
    })
}

fn scalar(shape: &Shape, json: &Json) -> Option<Value> {
    Some(match (shape.kind, json) {
        (Kind::String, Json::String(text)) => Value::Text(text.as_str().into()),
        (Kind::Boolean, Json::Bool(it)) => Value::Bool(*it),
        (Kind::Integer, Json::Number(_)) => {
            Value::Int(i64::from(i32::try_from(integer(json)?).ok()?))
        }
        (Kind::Long, Json::Number(_)) => Value::Int(integer(json)?),
        (Kind::Double, Json::Number(n)) => Value::Float(n.as_f64()?),
        // JSON has no word for these, so they come as strings.
        (Kind::Double, Json::String(text))
            if matches!(&**text, "NaN" | "Infinity" | "-Infinity") =>
        {
            scalar::parse(shape, text)?
        }
        (Kind::Timestamp, Json::Number(n)) => Value::Time(Timestamp::from_seconds(n.as_f64()?)?),
        (Kind::Timestamp, Json::String(text)) => Value::Time(Timestamp::parse(text)?),
        (Kind::Blob, Json::String(text)) => Value::Blob(scalar::base64(text)?),
        _ => return None,
    })
}

/// Whole numbers, also when spelled as floats (`3.0`).
fn integer(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| {
        let float = json.as_f64()?;
        // Beyond 2^53 a float does not name one integer.
        (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
    })
}

fn mismatch(shape: &Shape, json: &Json) -> ApiError {
    let given = match json {
        Json::Null => "NULL_VALUE",
        Json::Bool(true) => "TRUE_VALUE",
        Json::Bool(false) => "FALSE_VALUE",
        Json::Number(n) if n.is_f64() => "DECIMAL_VALUE",
        Json::Number(_) => "NUMBER_VALUE",
        Json::String(_) => "STRING_VALUE",
        Json::Array(_) => "START_ARRAY",
        Json::Object(_) => "START_OBJECT",
    };
    let wanted = match shape.kind {
        Kind::Structure => "Struct",
        Kind::List => "List",
        Kind::Map => "Map",
        Kind::String => "String",
        Kind::Boolean => "Boolean",
        Kind::Integer => "Integer",
        Kind::Long => "Long",
        Kind::Double => "Double",
        Kind::Timestamp => "Timestamp",
        Kind::Blob => "Blob",
    };
    serialization(format!("{given} can not be converted to {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_ssm(operation: &str, body: &str) -> Result<Value, ApiError> {
        let ssm = model::service("ssm").expect("listed");
        read(ssm, ssm.operation(operation).expect("SSM has it").input, body.as_bytes())
    }

    #[test]
    fn nulls_and_unknown_members_are_absent() {
        let value = read_ssm("GetParameters", r#"{"Names":["a"],"WithDecryption":null,"X":{}}"#);
        assert_eq!(
            value,
            Ok(Value::Struct(vec![
                ("Names", Value::List(vec![Value::Text("a".into())])),
                ("WithDecryption", Value::Null),
            ]))
        );
    }

    #[test]
    fn bodies_of_another_form_are_serialization_errors() {
        let cases = [
            ("[]", "START_ARRAY can not be converted to Struct"),
            (r#"{"Names":"a"}"#, "STRING_VALUE can not be converted to List"),
            (r#"{"Names":[1]}"#, "NUMBER_VALUE can not be converted to String"),
            (r#"{"Names":["#, ""),
        ];
        for (body, text) in cases {
            let error = read_ssm("GetParameters", body).expect_err(body);
            assert_eq!((&*error.code, &*error.message), ("SerializationException", text));
        }
    }

    #[test]
    fn whole_floats_are_integers() {
        let value = read_ssm("DescribeParameters", r#"{"MaxResults":5.0}"#);
        assert_eq!(value, Ok(Value::Struct(vec![("MaxResults", Value::Int(5))])));
        assert!(read_ssm("DescribeParameters", r#"{"MaxResults":5.5}"#).is_err());
        assert!(read_ssm("DescribeParameters", r#"{"MaxResults":5000000000}"#).is_err());
    }
}
