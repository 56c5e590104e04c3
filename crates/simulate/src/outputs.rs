//! Answers of calls as documents, with the members' names in AWS's API reference: what later calls
//! of a scenario refer to.

use crate::scenario::CallName;
use kernel::AnyOutput;
use model::{Body, Kind, Protocol, Service, ShapeId};
use serde_json::Value;

/// An answer.
pub(crate) fn document(call: &CallName, output: &dyn AnyOutput) -> Value {
    let answer = wire::encode(call.service, call.operation, Protocol::Json, "", output);
    let written = match answer.body {
        Body::Memory(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Body::Stored { .. } => Value::Null,
    };
    match call.operation.output.some() {
        Some(id) => named(call.service, id, written),
        None => written,
    }
}

/// Answers are written with the names of the wire, which EC2 has of its own (`vpcSet`).
fn named(service: &'static Service, id: ShapeId, written: Value) -> Value {
    let shape = service.shape(id);
    match (shape.kind, written) {
        (Kind::Structure, Value::Object(members)) => {
            let known = service.members(shape);
            let members = members.into_iter().map(|(wire, value)| {
                match known.iter().find(|it| it.wire == wire || it.name == wire) {
                    Some(it) => (it.name.to_owned(), named(service, it.shape, value)),
                    None => (wire, value),
                }
            });
            Value::Object(members.collect())
        }
        (Kind::List, Value::Array(items)) => {
            items.into_iter().map(|item| named(service, shape.element, item)).collect()
        }
        (Kind::Map, Value::Object(entries)) => {
            let entries = entries.into_iter();
            let entries = entries.map(|(key, value)| (key, named(service, shape.element, value)));
            Value::Object(entries.collect())
        }
        (_, plain) => plain,
    }
}
