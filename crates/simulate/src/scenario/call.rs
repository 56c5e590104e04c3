//! API calls of a scenario, and how they name what does not have its name yet.

use crate::Failure;
use crate::inputs;
use crate::words::{Span, words};
use model::{OperationModel, Service};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use smol_str::SmolStr;
use std::fmt;
use std::str::FromStr;

/// An API call.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// When; at the beginning, if it is not said.
    #[serde(default)]
    pub at: Span,
    /// `<service>:<Operation>`
    pub call: CallName,
    /// The operation's input, with the names of AWS's API reference.
    #[serde(default)]
    pub input: Value,
    /// A name for the answer, by which later calls refer to it.
    #[serde(default, rename = "as")]
    pub saved_as: Option<SmolStr>,
    /// The code of the error that it must fail with.
    #[serde(default)]
    pub expect_error: Option<SmolStr>,
}

impl Call {
    pub(super) fn check(&self) -> Result<(), Failure> {
        inputs::check(&self.call, &self.input)
            .map_err(|Failure(why)| Failure(format!("{}: {why}", self.call)))
    }
}

/// An operation that AWS has.
#[derive(Clone, Copy, Debug)]
pub struct CallName {
    /// Its service.
    pub service: &'static Service,
    /// Itself.
    pub operation: &'static OperationModel,
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.name, self.operation.name)
    }
}

impl FromStr for CallName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, operation) = text
            .split_once(':')
            .ok_or_else(|| format!("'{text}' is no call: say ec2:RunInstances"))?;
        let service = model::service(service).ok_or_else(|| {
            format!("'{text}': there is no service '{service}' (such as ec2, autoscaling, …)")
        })?;
        let operation = service.operation(operation).ok_or_else(|| {
            let near = service
                .operations
                .iter()
                .map(|known| known.name)
                .filter(|known| known.eq_ignore_ascii_case(operation))
                .chain(service.operations.iter().map(|known| known.name).filter(|known| {
                    operation.len() > 3 && known.contains(operation.trim_end_matches('s'))
                }))
                .next();
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            format!("'{text}': {} has no such operation{hint}", service.name)
        })?;
        Ok(Self { service, operation })
    }
}

words! { CallName: "a call such as autoscaling:SetDesiredCapacity" }

/// A name, or a way to it: `{ resource: LOGICAL_ID }` of the stack, `{ output: NAME }` of the
/// stack, or `{ result: SAVED.Member }` of an earlier call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The name itself.
    Name(SmolStr),
    /// The physical id of a resource of the stack.
    Resource(SmolStr),
    /// An output of the stack.
    Output(SmolStr),
    /// A member of a call's answer.
    Result(SmolStr),
}

impl Reference {
    /// What a value of an input refers to, if it does.
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let members = value.as_object().filter(|members| members.len() == 1)?;
        let (word, name) = members.iter().next()?;
        let name = SmolStr::new(name.as_str()?);
        match word.as_str() {
            "resource" => Some(Self::Resource(name)),
            "output" => Some(Self::Output(name)),
            "result" => Some(Self::Result(name)),
            _ => None,
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Way {
    Resource,
    Output,
    Result,
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Reference;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a name, { resource: LOGICAL_ID }, { output: NAME } or { result: SAVED.Member }",
                )
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Reference, E> {
                Ok(Reference::Name(text.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reference, A::Error> {
                let mut named: Vec<(Way, SmolStr)> = Vec::<(Way, SmolStr)>::new();
                let mut map = map;
                while let Some(way) = map.next_key::<Way>()? {
                    named.push((way, map.next_value()?));
                }
                match (named.pop(), named.is_empty()) {
                    (Some((Way::Resource, name)), true) => Ok(Reference::Resource(name)),
                    (Some((Way::Output, name)), true) => Ok(Reference::Output(name)),
                    (Some((Way::Result, name)), true) => Ok(Reference::Result(name)),
                    _ => Err(de::Error::custom(
                        "a reference has one member: resource, output or result",
                    )),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}
