//! DescribeParameters.

use super::errors;
use super::filters::Matcher;
use super::names;
use super::parameters::Parameter;
use api::ssm::{DescribeParametersRequest, DescribeParametersResult, ParameterMetadata};
use kernel::{ApiError, Caller, Row, Snapshot, paginate, resource};

resource! { ssm: operations { read DescribeParameters => describe_parameters } }

const PAGE: usize = 50;

fn describe_parameters(
    snapshot: &Snapshot,
    caller: &Caller,
    input: DescribeParametersRequest,
) -> Result<DescribeParametersResult, ApiError> {
    let old = input.filters.as_deref().unwrap_or_default();
    let new = input.parameter_filters.as_deref().unwrap_or_default();
    if !old.is_empty() && !new.is_empty() {
        return Err(errors::validation(
            "You can use either Filters or ParameterFilters in a single request.",
        ));
    }
    let (old, new) = (Matcher::of_old(old), Matcher::of_describe(new)?);
    let shared = input.shared == Some(true);
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let rows = |after: &str| {
        snapshot
            .rows_after::<Parameter>(after)
            .filter(|row| !shared && old.matches(row) && new.matches(row))
    };
    let token = input.next_token.as_deref();
    let page = paginate("DescribeParameters", token, limit.clamp(1, PAGE), rows, |row| row.key())
        .map_err(|_| errors::invalid_next_token())?;
    let parameters = page.items.into_iter().map(|row| render(caller, row)).collect();
    Ok(DescribeParametersResult { parameters: Some(parameters), next_token: page.next })
}

fn render(caller: &Caller, row: &Parameter) -> ParameterMetadata {
    let version = row.latest();
    ParameterMetadata {
        name: Some(row.name.clone()),
        arn: Some(names::arn(caller, &row.name)),
        r#type: Some(row.kind.clone()),
        key_id: version.key_id.clone(),
        last_modified_date: Some(version.modified_at),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.number),
        tier: Some(version.tier.clone()),
        policies: Some(Vec::new()),
        data_type: Some(version.data_type.clone()),
    }
}
