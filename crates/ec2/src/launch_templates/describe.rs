//! DescribeLaunchTemplates and DescribeLaunchTemplateVersions.

use super::data;
use super::row::{LaunchTemplate, LaunchTemplateVersion, number};
use crate::entity::{Entity, Query};
use crate::{errors, facts};
use api::ec2::{
    DescribeLaunchTemplateVersionsRequest, DescribeLaunchTemplateVersionsResult,
    DescribeLaunchTemplatesRequest, DescribeLaunchTemplatesResult,
};
use kernel::{ApiError, Caller, FilterRow, Row, Snapshot};
use std::sync::Arc;

/// Both calls page by 1 to 200.
const MAX_PAGE: i64 = 200;

fn page_size(max_results: Option<i64>) -> Result<usize, ApiError> {
    match max_results {
        None => Ok(MAX_PAGE as usize),
        Some(n) if n > MAX_PAGE => Err(errors::max_results_above(n, MAX_PAGE)),
        Some(n) if n < 1 => Err(errors::invalid_value(format!(
            "Value ( {n} ) for parameter maxResults is invalid. Expecting a value greater than or \
             equal to 1."
        ))),
        Some(n) => Ok(n as usize),
    }
}

/// The templates of these ids and names, or all.
pub(super) fn describe_launch_templates(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeLaunchTemplatesRequest,
) -> Result<DescribeLaunchTemplatesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let limit = page_size(input.max_results)?;
    let ids = input.launch_template_ids.unwrap_or_default();
    let names = input.launch_template_names.unwrap_or_default();
    LaunchTemplate::find_all(snapshot, &ids)?;
    if names.iter().any(|name| LaunchTemplate::by_name(snapshot, name).is_none()) {
        return Err(errors::launch_template_names_not_found());
    }
    let all = ids.is_empty() && names.is_empty();
    let found = Query { filters: input.filters.as_deref(), ..Default::default() }
        .run_where::<LaunchTemplate>(snapshot, |row| {
            all || ids.contains(&row.id) || names.contains(&row.name)
        })?;
    let token = input.next_token.as_deref();
    let place = |row: &Arc<LaunchTemplate>| row.id.clone();
    let page = facts::page("DescribeLaunchTemplates", token, limit, found.items, place)?;
    Ok(DescribeLaunchTemplatesResult {
        launch_templates: Some(page.items.iter().map(|row| row.render(snapshot)).collect()),
        next_token: page.next,
    })
}

/// A version with its template.
struct Version {
    template: Arc<LaunchTemplate>,
    row: Arc<LaunchTemplateVersion>,
}

/// A filter by one member of the data.
macro_rules! by_member {
    ($name:literal, $pointer:literal) => {
        FilterRow {
            name: $name,
            values: |v, _, emit| v.row.text($pointer).iter().for_each(|text| emit(text)),
        }
    };
}

static VERSION_FILTERS: &[FilterRow<Version>] = &[
    FilterRow {
        name: "create-time",
        values: |v, _, emit| emit(&v.row.created_at.whole_seconds().iso_millis()),
    },
    by_member!("ebs-optimized", "/EbsOptimized"),
    by_member!("http-endpoint", "/MetadataOptions/HttpEndpoint"),
    by_member!("http-protocol-ipv4", "/MetadataOptions/HttpEndpoint"),
    by_member!("host-resource-group-arn", "/Placement/HostResourceGroupArn"),
    by_member!("iam-instance-profile", "/IamInstanceProfile/Arn"),
    by_member!("image-id", "/ImageId"),
    by_member!("instance-type", "/InstanceType"),
    FilterRow {
        name: "is-default-version",
        values: |v, _, emit| {
            emit(if v.row.number == v.template.default_version { "true" } else { "false" });
        },
    },
    by_member!("kernel-id", "/KernelId"),
    by_member!("license-configuration-arn", "/LicenseSpecifications/0/LicenseConfigurationArn"),
    by_member!("network-card-index", "/NetworkInterfaces/0/NetworkCardIndex"),
    by_member!("ram-disk-id", "/RamDiskId"),
];

/// The versions of one template, newest first; without a template, the latest or default versions
/// of all.
pub(super) fn describe_launch_template_versions(
    snapshot: &Snapshot,
    caller: &Caller,
    input: DescribeLaunchTemplateVersionsRequest,
) -> Result<DescribeLaunchTemplateVersionsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let limit = page_size(input.max_results)?;
    let filters = facts::filters(VERSION_FILTERS, input.filters.as_deref())?;
    let mut found = asked_for(snapshot, &input)?;
    found.retain(|version| filters.matches(version, snapshot));
    // Templates in the order of their ids, the versions of each from the newest on.
    let place = |v: &Version| {
        smol_str::format_smolstr!("{} {:012}", v.template.id, u64::MAX / 2 - v.row.number)
    };
    found.sort_by_cached_key(place);
    found.dedup_by_key(|version| version.row.key());
    let token = input.next_token.as_deref();
    let page = facts::page("DescribeLaunchTemplateVersions", token, limit, found, place)?;
    let mut rendered = Vec::with_capacity(page.items.len());
    for version in &page.items {
        let mut wire = version.row.render(snapshot, &version.template);
        if input.resolve_alias == Some(true) {
            data::resolve_alias(snapshot, caller, &mut wire)?;
        }
        rendered.push(wire);
    }
    let launch_template_versions = Some(rendered);
    Ok(DescribeLaunchTemplateVersionsResult { launch_template_versions, next_token: page.next })
}

fn asked_for(
    snapshot: &Snapshot,
    input: &DescribeLaunchTemplateVersionsRequest,
) -> Result<Vec<Version>, ApiError> {
    let versions = input.versions.as_deref().unwrap_or_default();
    let of = |template: &Arc<LaunchTemplate>, row| Version { template: template.clone(), row };
    let (id, name) = (&input.launch_template_id, &input.launch_template_name);
    let aliases = versions.iter().all(|v| matches!(v.as_str(), "$Latest" | "$Default"));
    if id.is_none() && name.is_none() && !versions.is_empty() && aliases {
        let mut found = Vec::new();
        for template in snapshot.rows::<LaunchTemplate>() {
            for version in versions {
                found.push(of(template, template.version(snapshot, version)?));
            }
        }
        return Ok(found);
    }
    let purpose = "describe the template versions";
    let template = LaunchTemplate::named(snapshot, id.as_deref(), name.as_deref(), purpose)?;
    if !versions.is_empty() {
        if input.min_version.is_some() || input.max_version.is_some() {
            return Err(errors::cannot_be_used_with("LaunchTemplateVersion", "MinVersion"));
        }
        let rows = versions.iter().map(|v| Ok(of(&template, template.version(snapshot, v)?)));
        return rows.collect();
    }
    let least = input.min_version.as_deref().map_or(Ok(0), number)?;
    let most = input.max_version.as_deref().map_or(Ok(u64::MAX), number)?;
    let rows = template.versions(snapshot).into_iter();
    let rows = rows.filter(|row| (least..=most).contains(&row.number));
    Ok(rows.map(|row| of(&template, row)).collect())
}
