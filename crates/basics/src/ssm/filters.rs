//! Filters of DescribeParameters and GetParametersByPath.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html>

use super::errors;
use super::names;
use super::parameters::{Parameter, Version};
use api::ssm::{ParameterStringFilter, ParametersFilter};
use kernel::ApiError;
use smol_str::{SmolStr, format_smolstr};

/// A filter's key and the options that it takes; the first is the default.
type Known = (&'static str, &'static [&'static str]);

const DESCRIBE: [Known; 7] = [
    ("Type", &["Equals", "BeginsWith"]),
    ("KeyId", &["Equals", "BeginsWith"]),
    ("Name", &["Equals", "BeginsWith", "Contains"]),
    ("Label", &["Equals", "BeginsWith"]),
    ("Path", &["OneLevel", "Recursive"]),
    ("Tier", &["Equals", "BeginsWith"]),
    ("DataType", &["Equals", "BeginsWith"]),
];

const BY_PATH: [Known; 3] = [
    ("Type", &["Equals", "BeginsWith"]),
    ("KeyId", &["Equals", "BeginsWith"]),
    ("Label", &["Equals", "BeginsWith"]),
];

struct Clause {
    key: SmolStr,
    option: SmolStr,
    values: Vec<SmolStr>,
}

/// Parsed filters: all must hold, each by one of its values.
pub(super) struct Matcher {
    clauses: Vec<Clause>,
}

impl Matcher {
    /// Filters of DescribeParameters.
    pub(super) fn of_describe(filters: &[ParameterStringFilter]) -> Result<Self, ApiError> {
        Self::parse(filters, &DESCRIBE, true)
    }

    /// Filters of GetParametersByPath.
    pub(super) fn of_path(filters: &[ParameterStringFilter]) -> Result<Self, ApiError> {
        Self::parse(filters, &BY_PATH, false)
    }

    /// The older `Filters` of DescribeParameters: names begin with a value, others equal one.
    pub(super) fn of_old(filters: &[ParametersFilter]) -> Self {
        let clause = |filter: &ParametersFilter| Clause {
            key: filter.key.clone(),
            option: if filter.key == "Name" { "BeginsWith".into() } else { "Equals".into() },
            values: filter.values.clone(),
        };
        Self { clauses: filters.iter().map(clause).collect() }
    }

    fn parse(
        filters: &[ParameterStringFilter],
        known: &[Known],
        tags: bool,
    ) -> Result<Self, ApiError> {
        let mut clauses = Vec::new();
        for filter in filters {
            let options: &[&str] = match known.iter().find(|(key, _)| *key == filter.key) {
                Some((_, options)) => options,
                None if tags && filter.key.starts_with("tag:") => &["Equals"],
                None => {
                    let valid: Vec<&str> = known.iter().map(|(key, _)| *key).collect();
                    return Err(errors::invalid_filter_key(&filter.key, &valid));
                }
            };
            let option = filter.option.clone().unwrap_or_else(|| SmolStr::new_static(options[0]));
            if !options.contains(&option.as_str()) {
                return Err(errors::invalid_filter_option(&option, options));
            }
            let values = filter.values.clone().unwrap_or_default();
            if values.is_empty() && !filter.key.starts_with("tag:") {
                return Err(errors::invalid_filter_value());
            }
            clauses.push(Clause { key: filter.key.clone(), option, values });
        }
        Ok(Self { clauses })
    }

    /// Whether a parameter's latest version passes.
    pub(super) fn matches(&self, row: &Parameter) -> bool {
        self.clauses.iter().all(|clause| match clause.key.as_str() {
            "Label" => row.versions.iter().any(|version| clause.hits_label(version).is_some()),
            _ => clause.hits(row),
        })
    }

    /// The version of a parameter that a path shows: the one with the label asked for, else the
    /// latest; and how it was chosen.
    pub(super) fn choose<'a>(&self, row: &'a Parameter) -> Option<(&'a Version, SmolStr)> {
        if !self.matches(row) {
            return None;
        }
        let label = self.clauses.iter().find(|clause| clause.key == "Label");
        let Some(clause) = label else { return Some((row.latest(), SmolStr::default())) };
        let hit = |version: &'a Version| {
            let label = clause.hits_label(version)?;
            Some((version, format_smolstr!(":{label}")))
        };
        row.versions.iter().rev().find_map(hit)
    }
}

impl Clause {
    fn accepts(&self, text: &str) -> bool {
        self.values.iter().any(|value| match self.option.as_str() {
            "BeginsWith" => text.starts_with(value.as_str()),
            "Contains" => text.contains(value.as_str()),
            _ => text == value,
        })
    }

    fn hits_label<'a>(&self, version: &'a Version) -> Option<&'a SmolStr> {
        version.labels.iter().find(|label| self.accepts(label))
    }

    fn hits(&self, row: &Parameter) -> bool {
        let latest = row.latest();
        match self.key.as_str() {
            // Names may be asked for with or without their first slash.
            "Name" => {
                self.accepts(&row.name)
                    || row.name.strip_prefix('/').is_some_and(|rest| self.accepts(rest))
            }
            "Type" => self.accepts(&row.kind),
            "KeyId" => latest.key_id.as_ref().is_some_and(|key| self.accepts(key)),
            "Tier" => self.accepts(&latest.tier),
            "DataType" => self.accepts(&latest.data_type),
            "Path" => {
                let recursive = self.option == "Recursive";
                self.values.iter().any(|path| names::is_under(&row.name, path, recursive))
            }
            key => {
                let value = key.strip_prefix("tag:").and_then(|key| row.tags.get(key));
                value.is_some_and(|value| self.values.is_empty() || self.accepts(value))
            }
        }
    }
}
