//! CreateLaunchTemplate and CreateLaunchTemplateVersion.

use super::data;
use super::row::{LaunchTemplate, LaunchTemplateVersion};
use crate::entity::{Entity, specified_tags};
use crate::{errors, tokens};
use api::ec2::{
    CreateLaunchTemplateRequest, CreateLaunchTemplateResult, CreateLaunchTemplateVersionRequest,
    CreateLaunchTemplateVersionResult, RequestLaunchTemplateData,
};
use kernel::{ApiError, Caller, Tx, to_document};
use serde_json::Value;
use smol_str::{SmolStr, ToSmolStr};

/// Quotas of an account in a region, and of one template.
const MAX_TEMPLATES: usize = 5_000;
const MAX_VERSIONS: usize = 10_000;
const MAX_DESCRIPTION: usize = 255;

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-()./_".contains(&b);
    match (3..=128).contains(&name.len()) && name.bytes().all(allowed) {
        true => Ok(()),
        false => Err(errors::launch_template_name_malformed()),
    }
}

fn check_description(description: Option<&str>) -> Result<(), ApiError> {
    match description {
        Some(text) if text.chars().count() > MAX_DESCRIPTION => Err(errors::invalid_parameter(
            text,
            "versionDescription",
            "A version description may have at most 255 characters.",
        )),
        _ => Ok(()),
    }
}

/// The data as a document, its shape checked.
fn document(caller: &Caller, data: RequestLaunchTemplateData) -> Result<Value, ApiError> {
    data::check(caller, &data)?;
    Ok(to_document(data))
}

/// Makes a template and its first version, which is the default and the latest one.
pub(super) fn create_launch_template(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateLaunchTemplateRequest,
) -> Result<CreateLaunchTemplateResult, ApiError> {
    let print = tokens::fingerprint(&input);
    check_name(&input.launch_template_name)?;
    check_description(input.version_description.as_deref())?;
    if input.launch_template_data == RequestLaunchTemplateData::default() {
        return Err(errors::missing_parameter("LaunchTemplateData"));
    }
    let specified = input.tag_specifications.as_deref();
    let kind = LaunchTemplate::KIND;
    let tags = specified_tags(caller, specified, kind, &[kind])?;
    let data = document(caller, input.launch_template_data)?;
    errors::dry_run(input.dry_run)?;
    let token = input.client_token.as_deref();
    if let Some(id) = tokens::replayed(tx, "CreateLaunchTemplate", token, print)? {
        let first = tx.get::<LaunchTemplate>(&id).map(|template| template.render(tx));
        return Ok(CreateLaunchTemplateResult { launch_template: first, warning: None });
    }
    if LaunchTemplate::by_name(tx, &input.launch_template_name).is_some() {
        return Err(errors::launch_template_name_taken());
    }
    if tx.count::<LaunchTemplate>() >= MAX_TEMPLATES {
        return Err(errors::too_many("launch templates", MAX_TEMPLATES));
    }
    let template = LaunchTemplate {
        id: tx.new_id(LaunchTemplate::PREFIX),
        name: input.launch_template_name,
        created_at: tx.now(),
        default_version: 1,
        latest_version: 1,
        last_number: 1,
        tags,
    };
    tx.put(LaunchTemplateVersion {
        template_id: template.id.clone(),
        number: 1,
        description: input.version_description,
        created_at: tx.now(),
        data,
    });
    tokens::remember(tx, "CreateLaunchTemplate", token, print, template.id.clone());
    let launch_template = Some(template.render(tx));
    tx.put(template);
    Ok(CreateLaunchTemplateResult { launch_template, warning: None })
}

/// Makes the next version: what the request says, on top of its source version if it names one.
/// Members that it gives replace the source's as a whole.
pub(super) fn create_launch_template_version(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateLaunchTemplateVersionRequest,
) -> Result<CreateLaunchTemplateVersionResult, ApiError> {
    let print = tokens::fingerprint(&input);
    check_description(input.version_description.as_deref())?;
    if input.launch_template_data == RequestLaunchTemplateData::default()
        && input.source_version.is_none()
    {
        return Err(errors::missing_parameter("LaunchTemplateData"));
    }
    let mut data = document(caller, input.launch_template_data)?;
    errors::dry_run(input.dry_run)?;
    let (id, name) = (&input.launch_template_id, &input.launch_template_name);
    let purpose = "create a new version";
    let template = LaunchTemplate::named(tx, id.as_deref(), name.as_deref(), purpose)?;
    let token = input.client_token.as_deref();
    let operation = "CreateLaunchTemplateVersion";
    if let Some(number) = tokens::replayed(tx, operation, token, print)? {
        let first = template.version(tx, &number)?.render(tx, &template);
        let launch_template_version = Some(first);
        return Ok(CreateLaunchTemplateVersionResult { launch_template_version, warning: None });
    }
    if let Some(source) = &input.source_version {
        let source = template.version(tx, source)?;
        data = data::inherit(&source.data, data);
    }
    if template.versions(tx).len() >= MAX_VERSIONS {
        return Err(errors::too_many("versions of a launch template", MAX_VERSIONS));
    }
    let mut template = LaunchTemplate::clone(&template);
    template.last_number += 1;
    template.latest_version = template.last_number;
    let version = LaunchTemplateVersion {
        template_id: template.id.clone(),
        number: template.last_number,
        description: input.version_description,
        created_at: tx.now(),
        data,
    };
    let number: SmolStr = version.number.to_smolstr();
    tokens::remember(tx, operation, token, print, number);
    let mut rendered = version.render(tx, &template);
    if input.resolve_alias == Some(true) {
        data::resolve_alias(tx, caller, &mut rendered)?;
    }
    tx.put(version);
    tx.put(template);
    let launch_template_version = Some(rendered);
    Ok(CreateLaunchTemplateVersionResult { launch_template_version, warning: None })
}
