//! A small world for the tests of this crate.

use crate::eval::{Evaluator, PseudoValues};
use crate::lookup::{Lookup, Resolution, no_export, no_ssm_parameter};
use crate::parameters::{GivenParameter, resolve_parameters};
use crate::problem::Problem;
use serde_json::{Value, json};

/// A world where resources whose names begin with `New` are still to be made.
pub(crate) struct World;

impl Lookup for World {
    fn reference(&self, logical_id: &str) -> Resolution {
        if logical_id.starts_with("New") {
            Resolution::Unknown
        } else {
            Resolution::Known(json!(format!("id-of-{logical_id}")))
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Resolution {
        match attribute {
            "Nope" => Resolution::Missing(Problem::validation("no such attribute")),
            "List" => Resolution::Known(json!(["a", "b"])),
            _ if logical_id.starts_with("New") => Resolution::Unknown,
            _ => Resolution::Known(json!(format!("{attribute}-of-{logical_id}"))),
        }
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }

    fn import(&self, export_name: &str) -> Resolution {
        match export_name {
            "net-vpc" => Resolution::Known(json!("vpc-1")),
            _ => Resolution::Missing(no_export(export_name)),
        }
    }

    fn ssm_parameter(&self, name: &str, version: Option<u64>) -> Result<String, Problem> {
        match name {
            "/missing" => Err(no_ssm_parameter(name)),
            _ => Ok(format!("{name}@{}", version.unwrap_or(9))),
        }
    }
}

/// The pseudo values of the tests.
pub(crate) fn pseudo() -> PseudoValues {
    PseudoValues {
        account_id: "123456789012".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        url_suffix: "amazonaws.com".into(),
        stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/demo/5dd694c0".into(),
        stack_name: "demo".into(),
        notification_arns: vec!["arn:aws:sns:eu-west-1:123456789012:news".into()],
    }
}

/// Evaluates the properties of resource `A`.
pub(crate) fn properties_of_a(
    text: &str,
    given: &[(&str, &str)],
) -> Result<crate::eval::Evaluated, Problem> {
    let template = crate::parse::parse(text)?;
    let given: Vec<_> = given.iter().map(|(k, v)| GivenParameter::new(*k, *v)).collect();
    let parameters = resolve_parameters(&template, &given, None, &World)?;
    let pseudo = pseudo();
    Evaluator::new(&template, &parameters, &pseudo, &World)?.properties("A")
}

/// The value of one expression as property `x` of resource `A`.
pub(crate) fn value(expression: &str) -> Result<Value, String> {
    let text = format!(
        "Parameters:\n  P: {{Type: String, Default: p}}\n  \
         L: {{Type: CommaDelimitedList, Default: 'l, m'}}\n  N: {{Type: Number, Default: 1}}\n\
         Mappings: {{M: {{eu-west-1: {{ami: ami-1, zones: [x, y]}}}}}}\n\
         Conditions:\n  Yes: !Equals [!Ref P, p]\n  No: !Not [!Condition Yes]\n\
         Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties:\n      x: {expression}\n  \
         B: {{Type: 'AWS::SNS::Topic'}}\n  New: {{Type: 'AWS::SNS::Topic'}}\n  \
         Gone: {{Type: 'AWS::SNS::Topic', Condition: No}}"
    );
    let evaluated = properties_of_a(&text, &[]).map_err(|problem| problem.message)?;
    Ok(evaluated.value.get("x").cloned().unwrap_or(json!("(no value)")))
}
