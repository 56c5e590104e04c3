//! AWS's public parameters, from the catalogue.

use super::names::{Asked, Selector};
use api::ssm::Parameter;
use catalogue::PublicParameter;
use kernel::{Snapshot, Timestamp};
use smol_str::SmolStr;

/// Where they live.
const ROOT: &str = "/aws/service";

/// Whether a name or path is one of AWS's.
pub(super) fn is_public(name: &str) -> bool {
    name.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The public parameter of this name; a made-up one where the settings allow it.
pub(super) fn find(snapshot: &Snapshot, asked: &Asked) -> Option<Parameter> {
    let region = snapshot.region();
    let known = catalogue::public_parameter(region, &asked.name);
    let found = known.or_else(|| {
        let lenient = !snapshot.settings().strict_images;
        lenient.then(|| catalogue::synthetic_public_parameter(region, &asked.name)).flatten()
    })?;
    match &asked.selector {
        Selector::Latest => {}
        Selector::Version(version) if u64::try_from(*version) == Ok(found.version) => {}
        _ => return None,
    }
    let selector = (!asked.suffix.is_empty()).then(|| asked.suffix.clone());
    Some(Parameter { selector, ..render(region, found) })
}

/// The catalogued parameters under a path.
pub(super) fn under(region: &str, path: &str, recursive: bool) -> Vec<Parameter> {
    catalogue::public_parameters_by_path(region, path, recursive)
        .into_iter()
        .map(|parameter| render(region, parameter))
        .collect()
}

fn render(region: &str, parameter: PublicParameter) -> Parameter {
    Parameter {
        arn: Some(parameter.arn(region).into()),
        r#type: Some("String".into()),
        version: Some(parameter.version as i64),
        last_modified_date: instant(&parameter.last_modified),
        data_type: Some(SmolStr::new_static(parameter.data.as_str())),
        name: Some(parameter.name.into()),
        value: Some(parameter.value.into()),
        ..Default::default()
    }
}

/// The catalogue writes instants as `2026-09-30T00:00:00.000Z`.
fn instant(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    // Days from civil: eras of 400 years that begin in March.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let in_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + in_era * 365 + in_era / 4 - in_era / 100 + day_of_year - 719_468;
    let secs = number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?;
    Some(Timestamp(days * 86_400_000).plus_secs(secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_back() {
        for text in
            ["2026-09-30T00:00:00.000Z", "2019-04-05T12:34:56.000Z", "2020-02-29T00:00:00.000Z"]
        {
            assert_eq!(instant(text).map(Timestamp::iso_millis).as_deref(), Some(text));
        }
    }
}
