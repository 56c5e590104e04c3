//! Stack policies: what an update may do to which resources.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html>

use crate::stacks::Stack;
use crate::{errors, source};
use api::cloudformation as wire;
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use serde::Deserialize;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::sync::Arc;

resource! { cloudformation:
    operations {
        read GetStackPolicy => get_stack_policy,
        write SetStackPolicy => set_stack_policy,
    }
}

/// What an update is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Modify,
    Replace,
    Delete,
}

impl Deed {
    const fn name(self) -> &'static str {
        match self {
            Self::Modify => "Update:Modify",
            Self::Replace => "Update:Replace",
            Self::Delete => "Update:Delete",
        }
    }
}

const ACTIONS: [&str; 4] = ["Update:Modify", "Update:Replace", "Update:Delete", "Update:*"];

/// A policy; without statements it protects nothing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(default)]
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(default, rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    principal: SmolStr,
    action: Option<Words>,
    not_action: Option<Words>,
    resource: Option<Words>,
    not_resource: Option<Words>,
    #[serde(default)]
    condition: BTreeMap<Test, Types>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Test {
    StringEquals,
    StringLike,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Types {
    resource_type: Words,
}

/// One word or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(SmolStr),
    Many(Vec<SmolStr>),
}

impl Words {
    fn list(&self) -> &[SmolStr] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }

    fn matches(&self, text: &str) -> bool {
        self.list().iter().any(|pattern| like(pattern, text))
    }
}

/// Whether a text fits a pattern with `*` and `?`.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

impl Statement {
    fn is_sound(&self) -> bool {
        let actions = self.action.iter().chain(&self.not_action).flat_map(|w| w.list());
        self.principal == "*"
            && self.action.is_some() != self.not_action.is_some()
            && self.resource.is_some() != self.not_resource.is_some()
            && actions.into_iter().all(|action| ACTIONS.contains(&action.as_str()))
    }

    fn is_about(&self, deed: Deed, logical_id: &str, resource_type: &str) -> bool {
        let path = format!("LogicalResourceId/{logical_id}");
        // `LogicalId` and `LogicalResourceId` are both in use.
        let short = format!("LogicalId/{logical_id}");
        let of = |words: &Words| words.matches(&path) || words.matches(&short);
        let named = |words: &Words| words.matches(deed.name());
        self.action.as_ref().is_none_or(named)
            && !self.not_action.as_ref().is_some_and(named)
            && self.resource.as_ref().is_none_or(of)
            && !self.not_resource.as_ref().is_some_and(of)
            && self.condition.iter().all(|(test, types)| match test {
                Test::StringEquals => {
                    types.resource_type.list().iter().any(|t| *t == resource_type)
                }
                Test::StringLike => types.resource_type.matches(resource_type),
            })
    }
}

/// The text of a policy that a request has, checked.
pub(crate) fn given(
    tx: &mut Tx,
    caller: &Caller,
    body: Option<&str>,
    url: Option<&str>,
) -> Result<Option<Arc<str>>, ApiError> {
    let text = match (body, url) {
        (Some(_), Some(_)) => return Err(errors::two_stack_policies()),
        (Some(body), None) => body.to_owned(),
        (None, Some(url)) => source::object(tx, caller, url)?,
        (None, None) => return Ok(None),
    };
    let sound = serde_json::from_str::<Policy>(&text)
        .is_ok_and(|policy| policy.statement.iter().all(Statement::is_sound));
    if sound { Ok(Some(text.into())) } else { Err(errors::invalid_stack_policy()) }
}

/// Why an update may not do this to a resource, if it may not: an explicit denial wins, and what
/// no statement allows is denied.
pub(crate) fn refusal(
    stack: &Stack,
    deed: Deed,
    logical_id: &str,
    resource_type: &str,
) -> Option<String> {
    let text = stack.policy_during_update.as_ref().or(stack.policy.as_ref())?;
    let value: Value = serde_json::from_str(text).ok()?;
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return None;
    }
    let policy: Policy = serde_json::from_value(value).ok()?;
    let mut about = policy
        .statement
        .iter()
        .enumerate()
        .filter(|(_, statement)| statement.is_about(deed, logical_id, resource_type));
    let denial = about.clone().find(|(_, statement)| statement.effect == Effect::Deny);
    let why = match (denial, about.next()) {
        (Some((number, _)), _) => format!("Statement [#{}] does not allow", number + 1),
        (None, Some(_)) => return None,
        (None, None) => "No statement allows".to_owned(),
    };
    Some(format!(
        "Action denied by stack policy: {why} [{}] for resource [{logical_id}]",
        deed.name()
    ))
}

fn set_stack_policy(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::SetStackPolicyInput,
) -> Result<(), ApiError> {
    let body = input.stack_policy_body.as_deref();
    let policy = given(tx, caller, body, input.stack_policy_url.as_deref())?;
    let stack = Stack::find(tx, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    tx.update::<Stack>(&stack.id, |stack| stack.policy = policy.or(stack.policy.take()));
    Ok(())
}

/// The policy of an update that is going on comes first.
fn get_stack_policy(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::GetStackPolicyInput,
) -> Result<wire::GetStackPolicyOutput, ApiError> {
    let stack = Stack::find(snapshot, &input.stack_name)
        .ok_or_else(|| errors::no_stack_in_brackets(&input.stack_name))?;
    let during = stack.policy_during_update.as_ref().filter(|_| stack.status.in_motion());
    let policy = during.or(stack.policy.as_ref());
    Ok(wire::GetStackPolicyOutput { stack_policy_body: policy.map(|p| SmolStr::new(&**p)) })
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("Update:*", "Update:Modify", true),
            ("LogicalResourceId/Prod*DB", "LogicalResourceId/ProductionDB", true),
            ("LogicalResourceId/Prod*DB", "LogicalResourceId/ProductionDBs", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxbxb", true),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }
}
