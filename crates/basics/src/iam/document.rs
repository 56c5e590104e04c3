//! Policy documents: their form, and how the wire shows them.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>. Checked is
//! what AWS refuses at once: broken JSON, unknown elements, and elements that a policy of its
//! kind must have or must not have. Actions and conditions are not looked up.

use super::errors::malformed_policy;
use kernel::ApiError;
use serde_json::{Map, Value};
use std::fmt::Write;

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says what its bearer may do.
    Identity,
    /// Says who may assume a role.
    Trust,
}

const TOP: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// Checks a document's form.
pub(super) fn check(kind: Kind, text: &str) -> Result<(), ApiError> {
    let document: Value = serde_json::from_str(text)
        .map_err(|_| malformed_policy("This policy contains invalid Json"))?;
    let top = document.as_object().ok_or_else(syntax)?;
    if top.keys().any(|key| !TOP.contains(&key.as_str())) {
        return Err(syntax());
    }
    let versions = ["2012-10-17", "2008-10-17"];
    match top.get("Version").map(Value::as_str) {
        None => {}
        Some(Some(version)) if versions.contains(&version) => {}
        Some(_) => return Err(syntax()),
    }
    let statements = match top.get("Statement").ok_or_else(syntax)? {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    statements
        .into_iter()
        .try_for_each(|statement| check_statement(kind, statement.as_object().ok_or_else(syntax)?))
}

fn syntax() -> ApiError {
    malformed_policy("Syntax errors in policy.")
}

fn check_statement(kind: Kind, statement: &Map<String, Value>) -> Result<(), ApiError> {
    let has = |names: [&str; 2]| names.iter().filter(|name| statement.contains_key(**name)).count();
    if statement.keys().any(|key| !STATEMENT.contains(&key.as_str())) {
        return Err(syntax());
    }
    let effect =
        statement.get("Effect").ok_or_else(|| malformed_policy("Missing required field Effect"))?;
    if !matches!(effect.as_str(), Some("Allow" | "Deny")) {
        return Err(malformed_policy(&format!(
            "Invalid effect: {}",
            effect.as_str().unwrap_or_default()
        )));
    }
    let (actions, resources, principals) = (
        has(["Action", "NotAction"]),
        has(["Resource", "NotResource"]),
        has(["Principal", "NotPrincipal"]),
    );
    if actions > 1 || resources > 1 || principals > 1 {
        return Err(syntax());
    }
    match kind {
        Kind::Trust if actions == 0 => Err(malformed_policy("Missing required field Action")),
        Kind::Trust if resources > 0 => Err(malformed_policy("Has prohibited field Resource")),
        Kind::Trust if principals == 0 => Err(malformed_policy("Missing required field Principal")),
        Kind::Trust => check_trusted_actions(statement),
        Kind::Identity if principals > 0 => {
            Err(malformed_policy("Policy document should not specify a principal."))
        }
        Kind::Identity if actions == 0 => {
            Err(malformed_policy("Policy statement must contain actions."))
        }
        Kind::Identity if resources == 0 => {
            Err(malformed_policy("Policy statement must contain resources."))
        }
        Kind::Identity => check_strings(statement),
    }
}

fn strings<'a>(
    statement: &'a Map<String, Value>,
    names: [&str; 2],
) -> Result<Vec<&'a str>, ApiError> {
    let Some(value) = names.iter().find_map(|name| statement.get(*name)) else {
        return Ok(Vec::new());
    };
    match value {
        Value::String(one) => Ok(vec![one]),
        Value::Array(list) => list.iter().map(|v| v.as_str().ok_or_else(syntax)).collect(),
        _ => Err(syntax()),
    }
}

fn check_trusted_actions(statement: &Map<String, Value>) -> Result<(), ApiError> {
    let actions = strings(statement, ["Action", "NotAction"])?;
    let of_sts = |action: &str| {
        action.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("sts:")) || action == "*"
    };
    match actions.iter().all(|action| of_sts(action)) {
        true => Ok(()),
        false => {
            Err(malformed_policy("AssumeRole policy may only specify STS AssumeRole actions."))
        }
    }
}

fn check_strings(statement: &Map<String, Value>) -> Result<(), ApiError> {
    let actions = strings(statement, ["Action", "NotAction"])?;
    if actions.iter().any(|action| *action != "*" && !action.contains(':')) {
        return Err(malformed_policy(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ));
    }
    for resource in strings(statement, ["Resource", "NotResource"])? {
        let is_arn = resource.starts_with("arn:") || resource.contains(['*', '$']);
        if !is_arn {
            return Err(malformed_policy(&format!(
                "Resource {resource} must be in ARN format or \"*\"."
            )));
        }
    }
    Ok(())
}

/// Number of characters that count towards AWS's limits: white space does not.
pub(super) fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// The document as answers have it: percent-encoded after RFC 3986.
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => write!(out, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: Kind, text: &str) -> Option<String> {
        check(kind, text).err().map(|error| error.message)
    }

    #[test]
    fn sound_documents_pass() {
        for (kind, text) in [
            (Kind::Identity, r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#),
            (
                Kind::Identity,
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":["s3:*"],
                   "Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}]}"#,
            ),
            (
                Kind::Trust,
                r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},
                   "Action":["sts:AssumeRole","sts:TagSession"]}]}"#,
            ),
        ] {
            assert_eq!(problem(kind, text), None, "{text}");
        }
    }

    #[test]
    fn unsound_documents_are_refused_in_awss_words() {
        for (kind, text, want) in [
            (Kind::Identity, "not json", "This policy contains invalid Json"),
            (Kind::Identity, "[]", "Syntax errors in policy."),
            (Kind::Identity, "{}", "Syntax errors in policy."),
            (
                Kind::Identity,
                r#"{"Version":"2020-01-01","Statement":[]}"#,
                "Syntax errors in policy.",
            ),
            (
                Kind::Identity,
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}"#,
                "Policy statement must contain resources.",
            ),
            (
                Kind::Identity,
                r#"{"Statement":[{"Effect":"Allow","Action":"all","Resource":"*"}]}"#,
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                Kind::Identity,
                r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}]}"#,
                r#"Resource bucket must be in ARN format or "*"."#,
            ),
            (
                Kind::Trust,
                r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*"}]}"#,
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (
                Kind::Trust,
                r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}]}"#,
                "Has prohibited field Resource",
            ),
        ] {
            assert_eq!(problem(kind, text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn documents_are_shown_percent_encoded() {
        assert_eq!(encoded(r#"{"a": "~é"}"#), "%7B%22a%22%3A%20%22~%C3%A9%22%7D");
        assert_eq!(size("{ \"a\":\n1 }"), 7);
    }
}
