//! Reading parameters by name and by path.

use super::filters::Matcher;
use super::names::{self, Asked, Selector};
use super::parameters::{Parameter, Version};
use super::{errors, public};
use api::ssm::{
    self, GetParameterRequest, GetParameterResult, GetParametersByPathRequest,
    GetParametersByPathResult, GetParametersRequest, GetParametersResult,
};
use kernel::{ApiError, Caller, Snapshot, paginate, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { ssm:
    operations {
        read GetParameter => get_parameter,
        read GetParameters => get_parameters,
        read GetParametersByPath => get_parameters_by_path,
    }
}

/// Page size of a path, unless the caller says less.
const PAGE: usize = 10;

struct Reader<'a> {
    snapshot: &'a Snapshot,
    caller: &'a Caller,
    decrypt: bool,
}

impl Reader<'_> {
    fn render(&self, row: &Parameter, version: &Version, suffix: &SmolStr) -> ssm::Parameter {
        ssm::Parameter {
            name: Some(row.name.clone()),
            r#type: Some(row.kind.clone()),
            value: Some(row.shown(self.snapshot, version, self.decrypt)),
            version: Some(version.number),
            selector: (!suffix.is_empty()).then(|| suffix.clone()),
            source_result: None,
            last_modified_date: Some(version.modified_at),
            arn: Some(names::arn(self.caller, &row.name)),
            data_type: Some(version.data_type.clone()),
        }
    }

    fn read(&self, asked: &Asked) -> Result<ssm::Parameter, ApiError> {
        if public::is_public(&asked.name) {
            return public::find(self.snapshot, asked).ok_or_else(errors::parameter_not_found);
        }
        let row = Parameter::find(self.snapshot, &asked.name)?;
        let version = match &asked.selector {
            Selector::Latest => Ok(row.latest()),
            Selector::Version(number) => row
                .version(*number)
                .ok_or_else(|| errors::version_not_found(&asked.name, number)),
            Selector::Label(label) => {
                row.labelled(label).ok_or_else(|| errors::label_not_found(&asked.name, label))
            }
        };
        Ok(self.render(&row, version?, &asked.suffix))
    }
}

fn get_parameter(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetParameterRequest,
) -> Result<GetParameterResult, ApiError> {
    let reader = Reader { snapshot, caller, decrypt: input.with_decryption == Some(true) };
    Ok(GetParameterResult { parameter: Some(reader.read(&names::parse(&input.name))?) })
}

fn get_parameters(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetParametersRequest,
) -> Result<GetParametersResult, ApiError> {
    let reader = Reader { snapshot, caller, decrypt: input.with_decryption == Some(true) };
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in input.names {
        match reader.read(&names::parse(&name)) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(GetParametersResult { parameters: Some(found), invalid_parameters: Some(invalid) })
}

fn get_parameters_by_path(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetParametersByPathRequest,
) -> Result<GetParametersByPathResult, ApiError> {
    let path = &input.path;
    if !path.starts_with('/') {
        return Err(errors::validation(
            "The parameter doesn't meet the parameter name requirements. The parameter name must \
             begin with a forward slash \"/\". It can't be prefixed with \"aws\" or \"ssm\" \
             (case-insensitive). It must use only letters, numbers, or the following symbols: . \
             (period), - (hyphen), _ (underscore). Special characters are not allowed. All \
             sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: \
             /get/parameters2-/by1./path0_.",
        ));
    }
    let recursive = input.recursive == Some(true);
    let filters = input.parameter_filters.as_deref().unwrap_or_default();
    let matcher = Matcher::of_path(filters)?;
    let reader = Reader { snapshot, caller, decrypt: input.with_decryption == Some(true) };
    let limit = input.max_results.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).min(PAGE);
    let call = format_smolstr!("GetParametersByPath{recursive}{path}");
    let token = input.next_token.as_deref();
    let found = |after: &str| {
        let after = after.to_owned();
        let all: Vec<ssm::Parameter> = if public::is_public(path) {
            public::under(snapshot.region(), path, recursive)
        } else {
            let under = |row: &Parameter| names::is_under(&row.name, path, recursive);
            let rows = snapshot.rows::<Parameter>().filter(|row| under(row) && *row.name > *after);
            rows.filter_map(|row| {
                let (version, suffix) = matcher.choose(row)?;
                Some(reader.render(row, version, &suffix))
            })
            .take(limit + 1)
            .collect()
        };
        all.into_iter().filter(move |p| p.name.as_deref().is_some_and(|name| *name > *after))
    };
    let key = |parameter: &ssm::Parameter| parameter.name.clone().unwrap_or_default();
    let page = paginate(&call, token, limit, found, key).map_err(|_| errors::invalid_next_token())?;
    Ok(GetParametersByPathResult { parameters: Some(page.items), next_token: page.next })
}
