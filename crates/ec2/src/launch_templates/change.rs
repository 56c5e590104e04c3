//! ModifyLaunchTemplate, DeleteLaunchTemplate, DeleteLaunchTemplateVersions.

use super::row::{LaunchTemplate, LaunchTemplateVersion, number};
use crate::{errors, tokens};
use api::ec2::{
    DeleteLaunchTemplateRequest, DeleteLaunchTemplateResult, DeleteLaunchTemplateVersionsRequest,
    DeleteLaunchTemplateVersionsResponseErrorItem, DeleteLaunchTemplateVersionsResponseSuccessItem,
    DeleteLaunchTemplateVersionsResult, ModifyLaunchTemplateRequest, ModifyLaunchTemplateResult,
    ResponseError,
};
use kernel::{ApiError, Caller, Row, Tx};
use smol_str::SmolStr;

/// One request may delete this many versions.
const MAX_VERSIONS: usize = 200;

/// Sets the default version.
pub(super) fn modify_launch_template(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyLaunchTemplateRequest,
) -> Result<ModifyLaunchTemplateResult, ApiError> {
    let print = tokens::fingerprint(&input);
    errors::dry_run(input.dry_run)?;
    let (id, name) = (&input.launch_template_id, &input.launch_template_name);
    let purpose = "modify the template";
    let template = LaunchTemplate::named(tx, id.as_deref(), name.as_deref(), purpose)?;
    let token = input.client_token.as_deref();
    if tokens::replayed(tx, "ModifyLaunchTemplate", token, print)?.is_none()
        && let Some(version) = input.default_version.as_deref()
    {
        let found = template.version(tx, version).map_err(|error| match error.code.as_str() {
            "InvalidLaunchTemplateId.VersionNotFound" => errors::no_such_default_version(version),
            _ => error,
        })?;
        tx.update::<LaunchTemplate>(&template.id, |row| row.default_version = found.number);
        tokens::remember(tx, "ModifyLaunchTemplate", token, print, template.id.clone());
    }
    let launch_template = tx.get::<LaunchTemplate>(&template.id).map(|row| row.render(tx));
    Ok(ModifyLaunchTemplateResult { launch_template })
}

/// Removes a template with all its versions, and shows what it was.
pub(super) fn delete_launch_template(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteLaunchTemplateRequest,
) -> Result<DeleteLaunchTemplateResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let (id, name) = (&input.launch_template_id, &input.launch_template_name);
    let purpose = "delete the template";
    let template = LaunchTemplate::named(tx, id.as_deref(), name.as_deref(), purpose)?;
    for version in template.versions(tx) {
        tx.remove::<LaunchTemplateVersion>(&version.key());
    }
    let launch_template = Some(template.render(tx));
    tx.remove::<LaunchTemplate>(&template.id);
    Ok(DeleteLaunchTemplateResult { launch_template })
}

/// Removes versions one by one: those that are not there and the default one are told as
/// unsuccessful, the others go.
pub(super) fn delete_launch_template_versions(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteLaunchTemplateVersionsRequest,
) -> Result<DeleteLaunchTemplateVersionsResult, ApiError> {
    if input.versions.is_empty() {
        return Err(errors::missing_parameter("LaunchTemplateVersion"));
    }
    if input.versions.len() > MAX_VERSIONS {
        return Err(errors::invalid_value(format!(
            "The maximum number of launch template versions that can be deleted in a single \
             request is {MAX_VERSIONS}."
        )));
    }
    let numbers: Vec<u64> =
        input.versions.iter().map(|version| number(version)).collect::<Result<_, _>>()?;
    errors::dry_run(input.dry_run)?;
    let (id, name) = (&input.launch_template_id, &input.launch_template_name);
    let purpose = "delete the versions";
    let template = LaunchTemplate::named(tx, id.as_deref(), name.as_deref(), purpose)?;
    let (mut gone, mut refused) = (Vec::new(), Vec::new());
    for number in numbers {
        let error = if number == template.default_version {
            Some(("unexpectedError", errors::default_version_stays(number)))
        } else {
            match template.version(tx, &number.to_string()) {
                Ok(row) => {
                    tx.remove::<LaunchTemplateVersion>(&row.key());
                    None
                }
                Err(error) => {
                    Some(("launchTemplateVersionDoesNotExist", error.message.to_string()))
                }
            }
        };
        match error {
            None => gone.push(DeleteLaunchTemplateVersionsResponseSuccessItem {
                launch_template_id: Some(template.id.clone()),
                launch_template_name: Some(template.name.clone()),
                version_number: Some(number as i64),
            }),
            Some((code, message)) => refused.push(DeleteLaunchTemplateVersionsResponseErrorItem {
                launch_template_id: Some(template.id.clone()),
                launch_template_name: Some(template.name.clone()),
                version_number: Some(number as i64),
                response_error: Some(ResponseError {
                    code: Some(SmolStr::new_static(code)),
                    message: Some(message.into()),
                }),
            }),
        }
    }
    let latest = template.versions(tx).last().map_or(template.latest_version, |row| row.number);
    tx.update::<LaunchTemplate>(&template.id, |row| row.latest_version = latest);
    Ok(DeleteLaunchTemplateVersionsResult {
        successfully_deleted_launch_template_versions: Some(gone),
        unsuccessfully_deleted_launch_template_versions: Some(refused),
    })
}
