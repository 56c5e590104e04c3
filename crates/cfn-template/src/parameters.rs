//! Parameters: from what a caller gives, what a stack had, and what the template defaults to,
//! to one value for each, checked against its declaration.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

mod constraints;
mod types;

pub use constraints::Pattern;
pub use types::ParameterType;

use crate::lookup::{Lookup, split_version};
use crate::problem::Problem;
use crate::template::{Parameter, Section, Template};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest parameter value, in bytes.
const MAX_VALUE: usize = 4_096;

/// One parameter as a caller of CreateStack or UpdateStack gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenParameter {
    /// The parameter's name.
    pub key: String,
    /// The new value.
    pub value: Option<String>,
    /// Whether the stack's present value is to be kept.
    pub use_previous: bool,
}

impl GivenParameter {
    /// A parameter with a value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> GivenParameter {
        GivenParameter { key: key.into(), value: Some(value.into()), use_previous: false }
    }

    /// A parameter that keeps the stack's present value.
    pub fn previous(key: impl Into<String>) -> GivenParameter {
        GivenParameter { key: key.into(), value: None, use_previous: true }
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterValue {
    /// The value as given; for a Systems Manager type, the name of the SSM parameter.
    pub value: String,
    /// What the SSM parameter held, for Systems Manager value types.
    pub resolved: Option<String>,
    /// Whether descriptions mask the value.
    pub no_echo: bool,
    /// Whether `Ref` gives a list.
    pub is_list: bool,
}

impl ParameterValue {
    /// What `Ref` gives: a string, or the trimmed elements of a list.
    pub fn to_json(&self) -> Value {
        let text = self.resolved.as_deref().unwrap_or(&self.value);
        if self.is_list {
            constraints::elements(text).map(Value::from).collect()
        } else {
            Value::from(text)
        }
    }

    /// The value as descriptions show it.
    pub fn shown(&self) -> &str {
        if self.no_echo { "****" } else { &self.value }
    }
}

/// The value of every parameter of a template, in the template's order.
pub type Parameters = Section<ParameterValue>;

/// Gives every declared parameter its value, or says what AWS would say.
///
/// `previous` are the values of the stack that is updated.
pub fn resolve_parameters(
    template: &Template,
    given: &[GivenParameter],
    previous: Option<&Parameters>,
    lookup: &dyn Lookup,
) -> Result<Parameters, Problem> {
    let mut by_key: BTreeMap<&str, &GivenParameter> = BTreeMap::new();
    for parameter in given {
        if by_key.insert(&parameter.key, parameter).is_some() {
            return Err(Problem::validation(format!(
                "Parameters: [{}] are given more than once",
                parameter.key
            )));
        }
    }
    let unknown: Vec<&str> = given
        .iter()
        .map(|parameter| parameter.key.as_str())
        .filter(|key| !template.parameters.contains(key))
        .collect();
    if !unknown.is_empty() {
        return Err(Problem::validation(format!(
            "Parameters: [{}] do not exist in the template",
            unknown.join(", ")
        )));
    }
    let values = choose(template, &by_key, previous)?;
    let mut parameters = Parameters::default();
    for ((name, declaration), value) in template.parameters.iter().zip(values) {
        parameters.push(name, settle(name, declaration, value, lookup)?);
    }
    Ok(parameters)
}

/// Picks the text of every parameter: given, previous, or default.
fn choose(
    template: &Template,
    given: &BTreeMap<&str, &GivenParameter>,
    previous: Option<&Parameters>,
) -> Result<Vec<String>, Problem> {
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for (name, declaration) in template.parameters.iter() {
        let value = match given.get(name) {
            Some(parameter) if parameter.use_previous => {
                let before = previous.and_then(|previous| previous.get(name));
                Some(before.ok_or_else(|| no_previous(name))?.value.clone())
            }
            Some(parameter) => parameter.value.clone().or_else(|| declaration.default.clone()),
            None => declaration.default.clone(),
        };
        match value {
            Some(value) => values.push(value),
            None => missing.push(name),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        let names = missing.join(", ");
        Err(Problem::validation(format!("Parameters: [{names}] must have values")))
    }
}

fn no_previous(name: &str) -> Problem {
    Problem::validation(format!(
        "Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a \
         parameter key not in the previous template"
    ))
}

/// Checks one value and resolves it if it names an SSM parameter.
fn settle(
    name: &str,
    declaration: &Parameter,
    value: String,
    lookup: &dyn Lookup,
) -> Result<ParameterValue, Problem> {
    let place =
        |problem: Problem| problem.at(declaration.position).in_path(format!("/Parameters/{name}"));
    if value.len() > MAX_VALUE {
        return Err(place(Problem::validation(format!(
            "1 validation error detected: Value at 'parameters' failed to satisfy constraint: \
             Parameter '{name}' must have length less than or equal to {MAX_VALUE}"
        ))));
    }
    constraints::check(name, declaration, &value).map_err(place)?;
    let resolved = match &declaration.parameter_type {
        ParameterType::SsmValue(_) => {
            let (path, version) = split_version(&value);
            Some(lookup.ssm_parameter(path, version).map_err(place)?)
        }
        _ => None,
    };
    Ok(ParameterValue {
        value,
        resolved,
        no_echo: declaration.no_echo,
        is_list: declaration.parameter_type.is_list(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lookup::EmptyWorld;
    use crate::lookup::Resolution;
    use serde_json::json;

    fn template(parameters: &str) -> Template {
        crate::parse::parse(&format!(
            "Parameters:\n{parameters}\nResources: {{A: {{Type: 'AWS::SNS::Topic'}}}}"
        ))
        .expect("a valid template")
    }

    fn check(parameters: &str, given: &[(&str, &str)], expected: &str) {
        let given: Vec<_> = given.iter().map(|(k, v)| GivenParameter::new(*k, *v)).collect();
        let result = resolve_parameters(&template(parameters), &given, None, &EmptyWorld);
        match result {
            Ok(_) => assert_eq!("ok", expected, "{parameters}"),
            Err(problem) => assert_eq!(problem.message, expected, "{parameters}"),
        }
    }

    #[test]
    fn names_must_match_the_template() {
        let two = "  A: {Type: String}\n  B: {Type: String}\n  C: {Type: String, Default: c}";
        check(two, &[], "Parameters: [A, B] must have values");
        check(two, &[("X", "1")], "Parameters: [X] do not exist in the template");
        check(two, &[("A", "1"), ("B", "2")], "ok");
    }

    #[test]
    fn an_empty_default_is_a_value() {
        check("  A: {Type: String, Default: ''}", &[], "ok");
    }

    #[test]
    fn values_keep_their_text_and_lists_are_trimmed() {
        let template = template(
            "  N: {Type: Number, Default: 05}\n  L: {Type: CommaDelimitedList, Default: 'a, b ,c'}",
        );
        let values = resolve_parameters(&template, &[], None, &EmptyWorld).expect("valid");
        assert_eq!(values.get("N").map(ParameterValue::to_json), Some(json!("05")));
        assert_eq!(values.get("L").map(ParameterValue::to_json), Some(json!(["a", "b", "c"])));
    }

    #[test]
    fn the_previous_value_is_kept_on_request() {
        let template = template("  A: {Type: String, NoEcho: true, Default: d}");
        let keep = [GivenParameter::previous("A")];
        let problem =
            resolve_parameters(&template, &keep, None, &EmptyWorld).expect_err("no stack");
        assert!(problem.message.starts_with("Invalid input for parameter key A."));
        let given = [GivenParameter::new("A", "old")];
        let before = resolve_parameters(&template, &given, None, &EmptyWorld).expect("valid");
        let after =
            resolve_parameters(&template, &keep, Some(&before), &EmptyWorld).expect("valid");
        let value = after.get("A").expect("A");
        assert_eq!((value.value.as_str(), value.shown()), ("old", "****"));
    }

    struct Store;
    impl Lookup for Store {
        fn reference(&self, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn attribute(&self, _: &str, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn availability_zones(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
        fn import(&self, _: &str) -> Resolution {
            Resolution::Unknown
        }
        fn ssm_parameter(&self, name: &str, version: Option<u64>) -> Result<String, Problem> {
            Ok(format!("{name}@{}", version.unwrap_or(0)))
        }
    }

    #[test]
    fn an_ssm_type_keeps_the_name_and_refers_to_the_value() {
        let template = template(
            "  A: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: '/ami:3'}",
        );
        let values = resolve_parameters(&template, &[], None, &Store).expect("valid");
        let value = values.get("A").expect("A");
        assert_eq!((value.value.as_str(), value.to_json()), ("/ami:3", json!("/ami@3")));
        let problem = resolve_parameters(&template, &[], None, &EmptyWorld).expect_err("missing");
        assert_eq!(
            problem.message,
            "Unable to fetch parameters [/ami] from parameter store for this account."
        );
    }
}
