//! `AWS::CloudFormation::Stack`: a stack in a stack.
//!
//! It is made, updated and deleted by the operations that users call. How it goes back when its
//! parent's update fails is the engine's business.

use crate::{Context, Deletion, MAX_DEPTH, Properties, Provider, Readiness};
use api::cloudformation::{self as wire, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct Stack;

fn parameters(p: &Properties) -> Option<Vec<wire::Parameter>> {
    let given = p.structure("Parameters")?;
    let text = |value: &Value| match value {
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            texts.join(",").into()
        }
        other => SmolStr::from(other.to_string()),
    };
    let parameter = |(key, value): (&String, &Value)| wire::Parameter {
        parameter_key: Some(key.as_str().into()),
        parameter_value: Some(text(value)),
        ..Default::default()
    };
    Some(given.members()?.iter().map(parameter).collect())
}

/// The stack's own tags are its parent's too; CloudFormation's are not given to stacks.
fn tags(cx: &Context<'_>, p: &Properties) -> Option<Vec<wire::Tag>> {
    let tags = cx.tags(p).into_iter().filter(|(key, _)| !key.starts_with("aws:"));
    Some(tags.map(|(key, value)| wire::Tag { key, value }).collect())
}

fn find(cx: &mut Context<'_>, id: &str) -> Result<Option<wire::Stack>, ApiError> {
    let input = wire::DescribeStacksInput { stack_name: Some(id.into()), ..Default::default() };
    let found = cx.call::<ops::DescribeStacks>(input)?;
    Ok(found.stacks.and_then(|stacks| stacks.into_iter().next()))
}

/// `Embedded stack arn:… was not successfully created: …`
fn failure(stack: &wire::Stack, what: &str) -> Readiness {
    let reason = stack.stack_status_reason.as_deref().unwrap_or_default();
    let reason = reason.trim_end_matches(" Rollback requested by user.");
    let id = stack.stack_id.as_deref().unwrap_or_default();
    Readiness::Failed(format!("Embedded stack {id} was not successfully {what}: {reason}"))
}

impl Provider for Stack {
    fn type_name(&self) -> &'static str {
        "AWS::CloudFormation::Stack"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        if cx.stack.depth >= MAX_DEPTH {
            let text = format!("Stacks may be nested at most {MAX_DEPTH} deep");
            return Err(ApiError::new("ValidationError", text));
        }
        let input = wire::CreateStackInput {
            stack_name: cx.physical_name(128),
            template_url: p.text("TemplateURL"),
            parameters: parameters(p),
            tags: tags(cx, p),
            capabilities: Some(cx.stack.capabilities.clone()),
            notification_arns: p.texts("NotificationARNs"),
            timeout_in_minutes: p.integer("TimeoutInMinutes"),
            ..Default::default()
        };
        let made = cx.call::<ops::CreateStack>(input)?;
        let id = made.stack_id.unwrap_or_default();
        let request = json!({ "stack": id, "parent": cx.stack.id });
        cx.tx.control(cx.caller, "cloudformation.adopt", &request)?;
        Ok(id)
    }

    fn read(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Readiness, ApiError> {
        let stack = find(cx, id)?.unwrap_or_default();
        Ok(match stack.stack_status.as_deref().unwrap_or_default() {
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" => Readiness::InProgress,
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => {
                Readiness::Ready
            }
            status if status.starts_with("UPDATE") => failure(&stack, "updated"),
            _ => failure(&stack, "created"),
        })
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let input = wire::UpdateStackInput {
            stack_name: id.into(),
            template_url: new.text("TemplateURL"),
            parameters: parameters(new),
            tags: tags(cx, new),
            capabilities: Some(cx.stack.capabilities.clone()),
            notification_arns: new.texts("NotificationARNs"),
            ..Default::default()
        };
        match cx.call::<ops::UpdateStack>(input) {
            Err(error) if error.message == "No updates are to be performed." => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let Some(stack) = find(cx, id)? else { return Ok(Deletion::Done) };
        match stack.stack_status.as_deref().unwrap_or_default() {
            "DELETE_COMPLETE" => return Ok(Deletion::Done),
            "DELETE_IN_PROGRESS" => return Ok(Deletion::InProgress),
            "DELETE_FAILED" => {
                let id = stack.stack_id.unwrap_or_default();
                let reason = stack.stack_status_reason.unwrap_or_default();
                let text = format!("Embedded stack {id} was not successfully deleted: {reason}");
                return Err(ApiError::new("ValidationError", text));
            }
            status if status.starts_with("UPDATE") && status.ends_with("IN_PROGRESS") => {
                return Ok(Deletion::InProgress);
            }
            _ => {}
        }
        let input = wire::DeleteStackInput { stack_name: id.into(), ..Default::default() };
        cx.call::<ops::DeleteStack>(input)?;
        Ok(Deletion::InProgress)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let Some(key) = name.strip_prefix("Outputs.") else { return Ok(None) };
        let outputs = find(cx, id)?.and_then(|stack| stack.outputs).unwrap_or_default();
        let output = outputs.into_iter().find(|output| output.output_key.as_deref() == Some(key));
        Ok(output.and_then(|output| output.output_value).map(|text| Value::from(text.as_str())))
    }
}
