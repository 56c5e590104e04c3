//! GetParameterHistory.

use super::{errors, names};
use super::parameters::Parameter;
use api::ssm::{GetParameterHistoryRequest, GetParameterHistoryResult, ParameterHistory};
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use smol_str::format_smolstr;

resource! { ssm: operations { read GetParameterHistory => get_parameter_history } }

const PAGE: usize = 50;

fn get_parameter_history(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetParameterHistoryRequest,
) -> Result<GetParameterHistoryResult, ApiError> {
    let row = Parameter::find(snapshot, &names::parse(&input.name).name)?;
    let decrypt = input.with_decryption == Some(true);
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE);
    let call = format_smolstr!("GetParameterHistory{}", row.name);
    let key = |number: i64| format_smolstr!("{number:020}");
    let versions = |after: &str| {
        let after = after.to_owned();
        row.versions.iter().filter(move |version| *key(version.number) > *after)
    };
    let token = input.next_token.as_deref();
    let page = paginate(&call, token, limit.clamp(1, PAGE), versions, |v| key(v.number))
        .map_err(|_| errors::invalid_next_token())?;
    let render = |version: &super::parameters::Version| ParameterHistory {
        name: Some(row.name.clone()),
        r#type: Some(row.kind.clone()),
        key_id: version.key_id.clone(),
        last_modified_date: Some(version.modified_at),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        value: Some(row.shown(snapshot, version, decrypt)),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.number),
        labels: Some(version.labels.clone()),
        tier: Some(version.tier.clone()),
        policies: Some(Vec::new()),
        data_type: Some(version.data_type.clone()),
    };
    Ok(GetParameterHistoryResult {
        parameters: Some(page.items.into_iter().map(render).collect()),
        next_token: page.next,
    })
}
