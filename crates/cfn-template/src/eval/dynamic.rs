//! Dynamic references: `{{resolve:ssm:name:version}}` is replaced in every string of a value,
//! after the functions, so that a name may be put together by `Fn::Sub`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
//!
//! References to secrets (`ssm-secure`, `secretsmanager`) must not show in events and stay in
//! place for the resource's own code; they are reported beside the value.

use super::{Pass, UNKNOWN};
use crate::lookup::split_version;
use crate::problem::Problem;
use serde_json::Value;

const OPEN: &str = "{{resolve:";

/// Replaces the references in all strings of a value.
pub(super) fn resolve(pass: &mut Pass<'_, '_>, value: &mut Value) -> Result<(), Problem> {
    match value {
        Value::String(text) if text.contains(OPEN) => {
            *text = resolve_text(pass, text)?;
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| resolve(pass, item)),
        Value::Object(members) => members.values_mut().try_for_each(|v| resolve(pass, v)),
        _ => Ok(()),
    }
}

fn resolve_text(pass: &mut Pass<'_, '_>, text: &str) -> Result<String, Problem> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let Some(length) = rest[start..].find("}}") else { break };
        let whole = &rest[start..start + length + 2];
        let inner = &rest[start + OPEN.len()..start + length];
        result.push_str(&rest[..start]);
        match inner.split_once(':') {
            Some(("ssm", name)) if !inner.contains(UNKNOWN) => {
                let (name, version) = split_version(name);
                result.push_str(&pass.evaluator.lookup.ssm_parameter(name, version)?);
            }
            Some(("ssm-secure" | "secretsmanager", _)) => {
                pass.dynamic_references.insert(whole.to_owned());
                result.push_str(whole);
            }
            Some(("ssm", _)) => result.push_str(whole),
            _ => {
                return Err(Problem::validation(format!(
                    "Incorrect format is used in the following SSM reference: [{whole}]"
                )));
            }
        }
        rest = &rest[start + length + 2..];
    }
    result.push_str(rest);
    Ok(result)
}
