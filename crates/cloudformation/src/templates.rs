//! GetTemplate, GetTemplateSummary, ValidateTemplate.

use crate::change_sets::ChangeSet;
use crate::stacks::{Stack, Status, declared_template};
use crate::{errors, source};
use api::cloudformation as wire;
use cfn_template::{ParameterSummary, Summary, Template};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use smol_str::SmolStr;

resource! { cloudformation:
    operations {
        read GetTemplate => get_template,
        write GetTemplateSummary => get_template_summary,
        write ValidateTemplate => validate_template,
    }
}

/// The text as it was sent, byte for byte; or as JSON, what its transforms made of it.
fn get_template(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::GetTemplateInput,
) -> Result<wire::GetTemplateOutput, ApiError> {
    let (original, processed) = match (&input.change_set_name, &input.stack_name) {
        (Some(set), stack) if stack.is_some() || set.starts_with("arn:") => {
            let set = ChangeSet::find(snapshot, set, stack.as_deref())?;
            (set.revision.template.clone(), set.revision.processed.clone())
        }
        (_, Some(name)) => {
            let stack = Stack::with_id(snapshot, name)?;
            (stack.template.clone(), stack.processed.clone())
        }
        (_, None) => return Err(errors::validation("StackName is a required parameter.")),
    };
    let body = match (input.template_stage.as_deref(), processed) {
        (Some("Processed"), Some(text)) => without_transform(&text),
        _ => SmolStr::new(&*original),
    };
    Ok(wire::GetTemplateOutput {
        template_body: Some(body),
        stages_available: Some(vec!["Original".into(), "Processed".into()]),
    })
}

/// A processed template has no `Transform`.
fn without_transform(text: &str) -> SmolStr {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("Transform");
    }
    value.to_string().into()
}

/// The template that a request names: a text, an object in S3, or a stack's.
fn named(
    tx: &mut Tx,
    caller: &Caller,
    (body, url): (Option<&str>, Option<&str>),
    stack: Option<&str>,
) -> Result<Template, ApiError> {
    let text = match (source::text(tx, caller, body, url)?, stack) {
        (Some(text), None) => text,
        (None, Some(name)) => {
            let stack = Stack::with_id(tx, name)?;
            if stack.status == Status::ReviewInProgress {
                return Err(errors::validation(
                    "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.",
                ));
            }
            stack.template.to_string()
        }
        (Some(_), Some(_)) => {
            return Err(errors::validation(
                "Only one of TemplateBody, TemplateURL and StackName may be specified.",
            ));
        }
        (None, None) => return Err(errors::no_template()),
    };
    declared_template(&text)
}

fn texts<S: AsRef<str>>(list: &[S]) -> Vec<SmolStr> {
    list.iter().map(|text| SmolStr::new(text.as_ref())).collect()
}

fn some(list: Vec<SmolStr>) -> Option<Vec<SmolStr>> {
    (!list.is_empty()).then_some(list)
}

fn get_template_summary(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::GetTemplateSummaryInput,
) -> Result<wire::GetTemplateSummaryOutput, ApiError> {
    if input.stack_set_name.is_some() {
        return Err(ApiError::not_implemented("GetTemplateSummary of a stack set"));
    }
    let sources = (input.template_body.as_deref(), input.template_url.as_deref());
    let template = named(tx, caller, sources, input.stack_name.as_deref())?;
    let Summary {
        parameters,
        description,
        version,
        metadata,
        resource_types,
        declared_transforms,
        capabilities,
        capabilities_reason,
        resource_identifiers,
    } = cfn_template::summary(&template);
    let declaration = |p: &ParameterSummary| wire::ParameterDeclaration {
        parameter_key: Some(p.key.as_str().into()),
        default_value: p.default.as_deref().map(SmolStr::new),
        parameter_type: Some(p.type_name.as_str().into()),
        no_echo: Some(p.no_echo),
        description: p.description.as_deref().map(SmolStr::new),
        parameter_constraints: Some(wire::ParameterConstraints {
            allowed_values: some(texts(&p.constraints.allowed_values)),
        }),
    };
    let identifiers = resource_identifiers.iter().map(|r| wire::ResourceIdentifierSummary {
        resource_type: Some(r.resource_type.as_str().into()),
        logical_resource_ids: Some(texts(&r.logical_ids)),
        resource_identifiers: Some(texts(&r.identifiers)),
    });
    Ok(wire::GetTemplateSummaryOutput {
        parameters: Some(parameters.iter().map(declaration).collect()),
        description: description.map(SmolStr::from),
        capabilities: some(texts(&capabilities)),
        capabilities_reason: capabilities_reason.map(SmolStr::from),
        resource_types: Some(texts(&resource_types)),
        version: Some(version.map_or(SmolStr::new_static("2010-09-09"), SmolStr::from)),
        metadata: metadata.map(|m| m.to_string().into()),
        declared_transforms: some(texts(&declared_transforms)),
        resource_identifier_summaries: Some(identifiers.collect()),
        warnings: None,
    })
}

fn validate_template(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::ValidateTemplateInput,
) -> Result<wire::ValidateTemplateOutput, ApiError> {
    let sources = (input.template_body.as_deref(), input.template_url.as_deref());
    let template = named(tx, caller, sources, None)?;
    let summary = cfn_template::summary(&template);
    let parameter = |p: &ParameterSummary| wire::TemplateParameter {
        parameter_key: Some(p.key.as_str().into()),
        default_value: p.default.as_deref().map(SmolStr::new),
        no_echo: Some(p.no_echo),
        description: p.description.as_deref().map(SmolStr::new),
    };
    Ok(wire::ValidateTemplateOutput {
        parameters: Some(summary.parameters.iter().map(parameter).collect()),
        description: summary.description.map(SmolStr::from),
        capabilities: some(texts(&summary.capabilities)),
        capabilities_reason: summary.capabilities_reason.map(SmolStr::from),
        declared_transforms: some(texts(&summary.declared_transforms)),
    })
}
