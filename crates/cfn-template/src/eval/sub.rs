//! `Fn::Sub`: text with `${Name}`, `${Resource.Attribute}` and `${!Literal}`.

use super::{Function, Outcome, Pass, UNKNOWN, scalar_text};
use crate::node::{Entry, Node};
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;

pub(super) const FUNCTION: Function = Function { name: "Fn::Sub", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: One or more Fn::Sub intrinsic functions don't specify \
                     expected arguments. Specify a string as first argument, and an optional \
                     second argument to specify a mapping of values to replace in the string";
const NAMES: &str = "Template error: variable names in Fn::Sub syntax must contain only \
                     alphanumeric characters, underscores, periods, and colons";

/// A piece of a `Fn::Sub` text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'n> {
    /// Text as it is.
    Text(&'n str),
    /// The name between `${` and `}`.
    Variable(&'n str),
}

/// The text and the map of own names of a `Fn::Sub`'s argument.
pub(crate) fn arguments(argument: &Node) -> Option<(&str, &[Entry])> {
    match argument.as_list() {
        None => Some((argument.as_text()?, &[])),
        Some([text]) => Some((text.as_text()?, &[])),
        Some([text, names]) => Some((text.as_text()?, names.as_map()?)),
        Some(_) => None,
    }
}

/// Cuts a text into its parts. A `$` without `{`, and a `${` that is never closed, are text.
pub(crate) fn parts(text: &str) -> Result<Vec<Part<'_>>, Problem> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        if start > 0 {
            parts.push(Part::Text(&rest[..start]));
        }
        let name = &rest[start + 2..start + length];
        if let Some(literal) = name.strip_prefix('!') {
            parts.extend([Part::Text("${"), Part::Text(literal), Part::Text("}")]);
        } else {
            let name = name.trim();
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
            if name.is_empty() || !name.chars().all(fits) {
                return Err(Problem::validation(NAMES));
            }
            parts.push(Part::Variable(name));
        }
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    let (text, _) = arguments(argument).ok_or_else(|| Problem::validation(SHAPE))?;
    parts(text).map(|_| ())
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let (text, names) = arguments(argument).ok_or_else(|| Problem::validation(SHAPE))?;
    let mut result = String::with_capacity(text.len());
    for part in parts(text)? {
        match part {
            Part::Text(text) => result.push_str(text),
            Part::Variable(name) => {
                let own = names.iter().find(|entry| entry.key == name);
                let value = match (own, name.split_once('.')) {
                    (Some(entry), _) => pass.value(&entry.value)?,
                    (None, Some((id, attribute))) => super::get_att::resolve(pass, id, attribute)?,
                    (None, None) => super::r#ref::resolve(pass, name)?,
                };
                result.push_str(&replacement(name, value)?);
            }
        }
    }
    Ok(Some(Value::from(result)))
}

fn replacement(name: &str, value: Option<Value>) -> Result<String, Problem> {
    match value {
        None => Ok(String::new()),
        Some(value) if super::is_unknown(&value) && scalar_text(&value).is_none() => {
            Ok(UNKNOWN.to_owned())
        }
        Some(value) => scalar_text(&value).ok_or_else(|| {
            Problem::validation(format!(
                "Template error: variable {name} in Fn::Sub expression does not resolve to a string"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_variables() {
        let cut = parts("a-${B}-${C.D}${AWS::Region}$x ${!E} ${").expect("valid");
        assert_eq!(
            cut,
            [
                Part::Text("a-"),
                Part::Variable("B"),
                Part::Text("-"),
                Part::Variable("C.D"),
                Part::Variable("AWS::Region"),
                Part::Text("$x "),
                Part::Text("${"),
                Part::Text("E"),
                Part::Text("}"),
                Part::Text(" ${"),
            ]
        );
        assert_eq!(parts("${a b}").expect_err("a space").message, NAMES);
        assert_eq!(parts("${}").expect_err("no name").message, NAMES);
    }
}
