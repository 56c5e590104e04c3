//! The type registry: ListTypes and DescribeType, of AWS's own resource types.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/registry.html>

use crate::errors;
use api::cloudformation as wire;
use cfn_template::schema;
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

resource! { cloudformation:
    operations {
        read DescribeType => describe_type,
        read ListTypes => list_types,
    }
}

/// Types on one page.
const PAGE: usize = 100;

/// `arn:aws:cloudformation:us-west-1::type/resource/AWS-EC2-VPC`
fn arn(caller: &Caller, name: &str) -> SmolStr {
    let partition = kernel::partition_of(&caller.region);
    let name = name.replace("::", "-");
    format_smolstr!("arn:{partition}:cloudformation:{}::type/resource/{name}", caller.region)
}

fn provisioning(schema: &schema::Schema) -> &'static str {
    let handlers = &schema.document()["handlers"];
    match (handlers.get("create"), handlers.get("update")) {
        (Some(_), Some(_)) => "FULLY_MUTABLE",
        (Some(_), None) => "IMMUTABLE",
        _ => "NON_PROVISIONABLE",
    }
}

/// Types of one's own, modules and hooks cannot be registered here: there are none.
fn list_types(
    _: &Snapshot,
    caller: &Caller,
    input: wire::ListTypesInput,
) -> Result<wire::ListTypesOutput, ApiError> {
    let filters = input.filters.unwrap_or_default();
    let prefix = filters.type_name_prefix.unwrap_or_default();
    let listed = input.visibility.as_deref() == Some("PUBLIC")
        && input.r#type.as_deref().is_none_or(|kind| kind == "RESOURCE")
        && filters.category.as_deref().is_none_or(|category| category == "AWS_TYPES");
    let mutable = input.provisioning_type.as_deref();
    let fits = |name: &str| {
        listed
            && name.starts_with(prefix.as_str())
            && mutable.is_none_or(|wanted| {
                schema::lookup(name).is_some_and(|schema| provisioning(&schema) == wanted)
            })
    };
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let mut names: Vec<&str> = schema::known_types().collect();
    names.sort_unstable();
    let page = paginate(
        "ListTypes",
        input.next_token.as_deref(),
        limit,
        |after| {
            let after = after.to_owned();
            names.into_iter().filter(move |name| *name > after.as_str() && fits(name))
        },
        |name| SmolStr::new(name),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let summary = |name: &&str| wire::TypeSummary {
        r#type: Some("RESOURCE".into()),
        type_name: Some((*name).into()),
        type_arn: Some(arn(caller, name)),
        description: schema::lookup(name).and_then(|schema| description(&schema)),
        ..Default::default()
    };
    Ok(wire::ListTypesOutput {
        type_summaries: Some(page.items.iter().map(summary).collect()),
        next_token: page.next,
    })
}

fn description(schema: &schema::Schema) -> Option<SmolStr> {
    schema.document().get("description").and_then(Value::as_str).map(SmolStr::new)
}

/// The schema with its type's name, which is kept beside it here.
fn text(schema: &schema::Schema) -> SmolStr {
    let mut document = serde_json::Map::new();
    document.insert("typeName".into(), schema.type_name().into());
    document.extend(schema.document().as_object().cloned().unwrap_or_default());
    Value::Object(document).to_string().into()
}

fn describe_type(
    _: &Snapshot,
    caller: &Caller,
    input: wire::DescribeTypeInput,
) -> Result<wire::DescribeTypeOutput, ApiError> {
    let name = match (&input.type_name, &input.arn) {
        (Some(name), _) => name.clone(),
        (None, Some(arn)) => {
            arn.rsplit('/').next().unwrap_or_default().replace('-', "::").into()
        }
        (None, None) => {
            return Err(errors::validation("Either TypeName and Type, or Arn must be specified."));
        }
    };
    let resource = input.r#type.as_deref().is_none_or(|kind| kind == "RESOURCE");
    let schema = schema::lookup(&name).filter(|_| resource && !schema::is_custom(&name));
    let schema = schema.ok_or_else(|| errors::no_type(&name))?;
    Ok(wire::DescribeTypeOutput {
        arn: Some(arn(caller, &name)),
        r#type: Some("RESOURCE".into()),
        is_default_version: Some(true),
        description: description(&schema),
        schema: Some(text(&schema)),
        provisioning_type: Some(provisioning(&schema).into()),
        deprecated_status: Some("LIVE".into()),
        visibility: Some("PUBLIC".into()),
        type_name: Some(name),
        ..Default::default()
    })
}
