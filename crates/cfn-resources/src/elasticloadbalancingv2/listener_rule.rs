//! `AWS::ElasticLoadBalancingV2::ListenerRule`

use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, RulePriorityPair, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct ListenerRule;

impl Provider for ListenerRule {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancingV2::ListenerRule"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = cx.call::<ops::CreateRule>(p.input::<ops::CreateRule>())?;
        let made = made.rules.and_then(|mut all| all.pop());
        Ok(made.and_then(|one| one.rule_arn).unwrap_or_default())
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        cx.call::<ops::ModifyRule>(elbv2::ModifyRuleInput {
            rule_arn: id.into(),
            ..new.input::<ops::ModifyRule>()
        })?;
        if !old.same(new, "Priority") {
            cx.call::<ops::SetRulePriorities>(elbv2::SetRulePrioritiesInput {
                rule_priorities: vec![RulePriorityPair {
                    rule_arn: Some(id.into()),
                    priority: new.integer("Priority"),
                }],
            })?;
        }
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        cx.call::<ops::DeleteRule>(elbv2::DeleteRuleInput { rule_arn: id.into() })?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok(match name {
            "RuleArn" => Some(json!(id)),
            "IsDefault" => Some(json!(false)),
            _ => None,
        })
    }
}
