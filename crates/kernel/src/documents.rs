//! Shapes of AWS's models as JSON: how a row keeps what a request said in full (a launch
//! template's data), and how shapes of like-named members are made of each other.
//!
//! The JSON has the model's member names. Reading is guided by the model: members that the shape
//! lacks are dropped, and scalars that are spelled as text (as in CloudFormation's templates) are
//! taken as what the shape says.

use model::{Document, Input, Kind, Operation, Service, Shape, ShapeId, Timestamp, Value};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

/// The shape as JSON; only members that are there.
pub fn to_document<T: Document>(shape: T) -> Json {
    json(shape.into_value())
}

/// The shape that a JSON object describes.
pub fn from_document<T: Document>(document: &Json) -> T {
    let value = model::service(T::SERVICE).and_then(|service| {
        structure(service, service.shapes.iter().find(|s| s.name == T::SHAPE)?, document)
    });
    T::from_value(value.unwrap_or(Value::Struct(Vec::new())))
}

/// An operation's input that a JSON object describes.
pub fn input_from_document<O: Operation>(document: &Json) -> O::Input {
    let value = model::service(O::SERVICE).and_then(|service| {
        let shape = service.operation(O::NAME)?.input;
        structure(service, service.shape(shape), document)
    });
    O::Input::from_value(value.unwrap_or(Value::Struct(Vec::new())))
}

fn json(value: Value) -> Json {
    match value {
        // A body in a blob store is not the document's to keep.
        Value::Null | Value::Body(_) => Json::Null,
        Value::Bool(it) => it.into(),
        Value::Int(it) => it.into(),
        Value::Float(it) => it.into(),
        Value::Text(it) => it.as_str().into(),
        Value::Time(it) => it.0.into(),
        Value::Blob(it) => it.iter().copied().map(Json::from).collect(),
        Value::List(items) => items.into_iter().map(json).collect(),
        Value::Struct(members) => {
            let members = members.into_iter().map(|(name, v)| (name.to_owned(), json(v)));
            Json::Object(members.collect::<Map<_, _>>())
        }
        Value::Map(entries) => {
            let entries = entries.into_iter().map(|(name, v)| (name.to_string(), json(v)));
            Json::Object(entries.collect::<Map<_, _>>())
        }
    }
}

fn structure(service: &'static Service, shape: &Shape, json: &Json) -> Option<Value> {
    let given = json.as_object()?;
    let members = service.members(shape).iter().filter_map(|member| {
        Some((member.name, value(service, member.shape, given.get(member.name)?)?))
    });
    Some(Value::Struct(members.collect()))
}

fn value(service: &'static Service, id: ShapeId, json: &Json) -> Option<Value> {
    let shape = service.shape(id);
    match shape.kind {
        Kind::Structure => structure(service, shape, json),
        Kind::List => {
            let items = json.as_array()?.iter().filter_map(|v| value(service, shape.element, v));
            Some(Value::List(items.collect()))
        }
        Kind::Map => {
            let entry = |(key, v): (&String, &Json)| {
                Some((SmolStr::new(key), value(service, shape.element, v)?))
            };
            Some(Value::Map(json.as_object()?.iter().filter_map(entry).collect()))
        }
        Kind::String => match json {
            Json::String(text) => Some(Value::Text(text.into())),
            Json::Number(number) => Some(Value::Text(number.to_string().into())),
            Json::Bool(flag) => Some(Value::Text(flag.to_string().into())),
            _ => None,
        },
        Kind::Boolean => match json {
            Json::Bool(flag) => Some(Value::Bool(*flag)),
            Json::String(text) => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
            _ => None,
        },
        Kind::Integer | Kind::Long => match json {
            Json::Number(number) => number
                .as_i64()
                .or_else(|| number.as_f64().map(|float| float as i64))
                .map(Value::Int),
            Json::String(text) => text.trim().parse().ok().map(Value::Int),
            _ => None,
        },
        Kind::Double => match json {
            Json::Number(number) => number.as_f64().map(Value::Float),
            Json::String(text) => text.trim().parse().ok().map(Value::Float),
            _ => None,
        },
        Kind::Timestamp => match json {
            Json::String(text) => Timestamp::parse(text).map(Value::Time),
            millis => millis.as_i64().map(|at| Value::Time(Timestamp(at))),
        },
        Kind::Blob => {
            let bytes: Option<Vec<u8>> =
                json.as_array()?.iter().map(|v| u8::try_from(v.as_u64()?).ok()).collect();
            bytes.map(|bytes| Value::Blob(bytes.into()))
        }
    }
}
