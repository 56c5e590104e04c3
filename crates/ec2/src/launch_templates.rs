//! DescribeLaunchTemplates. Launch templates cannot be made yet, so there are none: a list is
//! empty, and naming one is the error that AWS gives for unknown ones.

use crate::entity::page_size;
use crate::errors;
use api::ec2::{DescribeLaunchTemplatesRequest, DescribeLaunchTemplatesResult};
use kernel::{ApiError, Caller, Snapshot, is_resource_id, resource};

/// Filters of DescribeLaunchTemplates; tags come on top.
const FILTERS: [&str; 3] = ["create-time", "launch-template-name", "launch-template-id"];

fn describe_launch_templates(
    _: &Snapshot,
    _: &Caller,
    input: DescribeLaunchTemplatesRequest,
) -> Result<DescribeLaunchTemplatesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    page_size(input.max_results)?;
    if input.next_token.is_some() {
        return Err(errors::invalid_next_token());
    }
    for filter in input.filters.iter().flatten() {
        let name = filter.name.as_deref().unwrap_or("null");
        if !FILTERS.contains(&name) && !name.starts_with("tag:") && name != "tag-key" {
            return Err(errors::unknown_filter(name));
        }
    }
    if let Some(id) = input.launch_template_ids.iter().flatten().next() {
        return Err(match is_resource_id(id, "lt-") {
            true => errors::launch_template_not_found(Some(id), None),
            false => errors::malformed("InvalidLaunchTemplateId.Malformed", id, "lt-"),
        });
    }
    if input.launch_template_names.is_some_and(|names| !names.is_empty()) {
        return Err(ApiError::new(
            "InvalidLaunchTemplateName.NotFoundException",
            "At least one of the launch templates specified in the request does not exist.",
        ));
    }
    Ok(DescribeLaunchTemplatesResult { launch_templates: Some(Vec::new()), next_token: None })
}

resource! { ec2: operations { read DescribeLaunchTemplates => describe_launch_templates } }
