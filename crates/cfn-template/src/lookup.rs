//! What a template needs to know about the world, asked through one trait, so that the language
//! itself touches no service.

use crate::problem::Problem;
use serde_json::Value;

/// What the world answers about one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// The value.
    Known(Value),
    /// The value exists only after something else was made.
    Unknown,
    /// There is no such value and there never will be.
    Missing(Problem),
}

/// The world as a template sees it. Every answer must be the same for the same question while
/// one template is evaluated.
pub trait Lookup {
    /// What `Ref` of a resource gives: usually its physical id.
    fn reference(&self, logical_id: &str) -> Resolution;

    /// What `Fn::GetAtt` of a resource gives.
    fn attribute(&self, logical_id: &str, attribute: &str) -> Resolution;

    /// The zones of a region that `Fn::GetAZs` lists, in order; those with a default subnet.
    fn availability_zones(&self, region: &str) -> Vec<String>;

    /// The value of an export of another stack in this account and region.
    fn import(&self, export_name: &str) -> Resolution;

    /// The text that `AWS::Include` names by its location in S3. The problem's text is what follows
    /// `Transform AWS::Include failed with: `.
    fn include(&self, location: &str) -> Result<String, Problem> {
        Err(Problem::validation(format!("{location} cannot be read here")))
    }

    /// The value of a Systems Manager parameter; lists come as comma-separated text.
    fn ssm_parameter(&self, name: &str, version: Option<u64>) -> Result<String, Problem>;
}

/// A world in which nothing was made yet: every resource is unknown, there are no exports, no
/// parameters and no zones. This is enough to check a template.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyWorld;

impl Lookup for EmptyWorld {
    fn reference(&self, _logical_id: &str) -> Resolution {
        Resolution::Unknown
    }

    fn attribute(&self, _logical_id: &str, _attribute: &str) -> Resolution {
        Resolution::Unknown
    }

    fn availability_zones(&self, _region: &str) -> Vec<String> {
        Vec::new()
    }

    fn import(&self, export_name: &str) -> Resolution {
        Resolution::Missing(no_export(export_name))
    }

    fn ssm_parameter(&self, name: &str, _version: Option<u64>) -> Result<String, Problem> {
        Err(no_ssm_parameter(name))
    }
}

/// The problem of an import that no stack exports.
pub fn no_export(export_name: &str) -> Problem {
    Problem::validation(format!("No export named {export_name} found"))
}

/// The problem of a Systems Manager parameter that does not exist.
pub fn no_ssm_parameter(name: &str) -> Problem {
    Problem::validation(format!(
        "Unable to fetch parameters [{name}] from parameter store for this account."
    ))
}

/// Splits `name:3` into the name and the version; a name without one stays whole.
pub(crate) fn split_version(text: &str) -> (&str, Option<u64>) {
    match text.rsplit_once(':') {
        Some((name, version)) => match version.parse() {
            Ok(number) if !version.starts_with('+') => (name, Some(number)),
            _ => (text, None),
        },
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_number_after_the_last_colon() {
        assert_eq!(split_version("/a/b:12"), ("/a/b", Some(12)));
        assert_eq!(split_version("/a/b"), ("/a/b", None));
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/x";
        assert_eq!(split_version(arn), (arn, None));
    }
}
