//! What CreateStack and UpdateStack check alike, before anything is made.

use super::row::{Stack, stored};
use super::StackParameter;
use crate::engine::World;
use crate::errors;
use api::cloudformation::{Parameter, Tag};
use cfn_template::{Evaluator, GivenParameter, Parameters, Template};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

/// A stack may have this many tags.
const MAX_TAGS: usize = 50;

/// Parses and checks a template; the first problem is the answer.
pub(crate) fn template(text: &str) -> Result<Template, ApiError> {
    let template = cfn_template::parse(text).map_err(errors::of_problem)?;
    match template.check().into_iter().next() {
        Some(problem) => Err(errors::of_problem(problem)),
        None => Ok(template),
    }
}

/// AWS's types that lowcloud lacks: the template is refused before anything is made.
pub(super) fn check_types(template: &Template) -> Result<(), ApiError> {
    let mut missing: Vec<&str> = template
        .resources
        .iter()
        .map(|(_, resource)| resource.resource_type.as_str())
        .filter(|name| cfn_resources::provider(name).is_none())
        .collect();
    missing.sort_unstable();
    missing.dedup();
    match missing.as_slice() {
        [] => Ok(()),
        names => Err(errors::validation(format!(
            "Template error: lowcloud does not implement the resource types [{}] yet.",
            names.join(", ")
        ))),
    }
}

/// Whether the caller has consented to what the template does.
pub(super) fn check_capabilities(
    template: &Template,
    given: &[SmolStr],
) -> Result<(), ApiError> {
    let needed = cfn_template::summary(template).capabilities;
    let has = |name: &str| given.iter().any(|c| c == name);
    let granted =
        |name: &str| has(name) || (name == "CAPABILITY_IAM" && has("CAPABILITY_NAMED_IAM"));
    let missing: Vec<&str> = needed.into_iter().filter(|name| !granted(name)).collect();
    if missing.is_empty() { Ok(()) } else { Err(errors::missing_capabilities(&missing)) }
}

/// The values of the parameters, with those of the stack that is updated.
pub(super) fn parameters(
    tx: &mut Tx,
    caller: &Caller,
    template: &Template,
    given: Option<&[Parameter]>,
    previous: Option<&Stack>,
) -> Result<Vec<StackParameter>, ApiError> {
    let text = |given: &Option<SmolStr>| given.as_ref().map(SmolStr::to_string);
    let given: Vec<GivenParameter> = given
        .unwrap_or_default()
        .iter()
        .map(|p| GivenParameter {
            key: text(&p.parameter_key).unwrap_or_default(),
            value: text(&p.parameter_value),
            use_previous: p.use_previous_value == Some(true),
        })
        .collect();
    let before: Option<Parameters> = previous.map(Stack::parameters);
    let world = World::outside(tx, caller);
    cfn_template::resolve_parameters(template, &given, before.as_ref(), &world)
        .map(|parameters| stored(&parameters))
        .map_err(errors::of_problem)
}

/// What can be said about the template once its parameters are known: references to resources
/// that the conditions leave out.
pub(super) fn check_references(
    tx: &mut Tx,
    caller: &Caller,
    template: &Template,
    stack: &Stack,
) -> Result<(), ApiError> {
    let (parameters, pseudo) = (stack.parameters(), stack.pseudo(caller));
    let world = World::outside(tx, caller);
    let evaluator = Evaluator::new(template, &parameters, &pseudo, &world)
        .map_err(errors::of_problem)?;
    match template.check_references(evaluator.conditions()).into_iter().next() {
        Some(problem) => Err(errors::of_problem(problem)),
        None => Ok(()),
    }
}

/// Tags as they were given, within AWS's limits.
pub(super) fn tags(given: Option<&[Tag]>) -> Result<Vec<(SmolStr, SmolStr)>, ApiError> {
    let given = given.unwrap_or_default();
    if given.len() > MAX_TAGS {
        return Err(errors::validation(format!("A stack may have at most {MAX_TAGS} tags")));
    }
    if let Some(tag) = given.iter().find(|tag| tag.key.starts_with("aws:")) {
        return Err(errors::validation(format!(
            "Tag keys that begin with 'aws:' are reserved for internal use: {}",
            tag.key
        )));
    }
    Ok(given.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect())
}
