//! What CreateStack and UpdateStack check alike, before anything is made.

use super::row::{Stack, stored};
use super::{StackParameter, Triggers};
use crate::engine::{self, World};
use crate::errors;
use crate::resources::of_stack;
use api::cloudformation::{Parameter, RollbackConfiguration, Tag};
use cfn_template::{Draft, Evaluator, GivenParameter, Parameters, Template};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// A stack may have this many tags.
const MAX_TAGS: usize = 50;

/// What a caller asks a stack to be like.
pub(crate) struct Proposal<'a> {
    pub(crate) template: Arc<str>,
    pub(crate) parameters: Option<&'a [Parameter]>,
    pub(crate) tags: Option<&'a [Tag]>,
    pub(crate) capabilities: Option<&'a [SmolStr]>,
    pub(crate) notification_arns: Option<&'a [SmolStr]>,
    pub(crate) role_arn: Option<SmolStr>,
    pub(crate) rollback: Option<&'a RollbackConfiguration>,
}

impl Proposal<'_> {
    /// Checks it and brings it to `stack`, whose `previous` form may have values to keep. Tags
    /// and notifications that are not given stay as they are.
    pub(crate) fn apply(
        self,
        tx: &mut Tx,
        caller: &Caller,
        stack: &mut Stack,
        previous: Option<&Stack>,
    ) -> Result<Template, ApiError> {
        let draft = cfn_template::draft(&self.template).map_err(errors::of_problem)?;
        let capabilities = self.capabilities.unwrap_or_default();
        check_capabilities(draft.declarations(), capabilities)?;
        let declared = draft.declarations();
        let before = previous.map(Stack::parameters);
        stack.parameters = parameters(tx, caller, declared, self.parameters, before.as_ref())?;
        stack.processed = match draft.has_transforms() {
            true => Some(expanded(tx, caller, &draft, stack)?.into()),
            false => None,
        };
        let template = match &stack.processed {
            Some(text) => cfn_template::parse(text).map_err(errors::of_problem)?,
            None => draft.into_declarations(),
        };
        let template = checked(template)?;
        check_capabilities(&template, capabilities)?;
        if let Some(previous) = previous {
            check_unchanged_types(tx, previous, &template)?;
        }
        stack.triggers = Triggers::given(self.rollback, &stack.triggers)?;
        if self.tags.is_some() {
            stack.tags = tags(self.tags)?;
        }
        if let Some(arns) = self.notification_arns {
            stack.notification_arns = arns.to_vec();
        }
        stack.role_arn = self.role_arn.or_else(|| stack.role_arn.take());
        stack.capabilities = capabilities.to_vec();
        stack.template = self.template;
        stack.description.clone_from(&template.description);
        check_references(tx, caller, &template, stack)?;
        Ok(template)
    }
}

/// The template's text with its transforms carried out.
fn expanded(
    tx: &mut Tx,
    caller: &Caller,
    draft: &Draft,
    stack: &Stack,
) -> Result<String, ApiError> {
    let (parameters, pseudo) = (stack.parameters(), stack.pseudo(caller));
    let world = World::outside(tx, caller);
    draft.expand(&parameters, &pseudo, &world).map_err(errors::of_problem)
}

/// A logical id keeps its type for as long as it exists.
fn check_unchanged_types(
    tx: &Tx,
    previous: &Stack,
    template: &Template,
) -> Result<(), ApiError> {
    let changed: Vec<&str> = of_stack(tx, &previous.id)
        .filter(|row| row.status.exists() && !row.physical_id.is_empty())
        .filter_map(|row| Some((row, template.resources.get(&row.logical_id)?)))
        .filter(|(row, resource)| *row.resource_type != *resource.resource_type)
        .map(|(row, _)| row.logical_id.as_str())
        .collect();
    if changed.is_empty() { Ok(()) } else { Err(errors::type_changed(&changed)) }
}

/// A template as far as it can be told without its parameters: one with transforms is looked at
/// before they are carried out.
pub(crate) fn declared(text: &str) -> Result<Template, ApiError> {
    let draft = cfn_template::draft(text).map_err(errors::of_problem)?;
    match draft.has_transforms() {
        true => Ok(draft.into_declarations()),
        false => checked(draft.into_declarations()),
    }
}

/// A template without problems; the first is the answer.
fn checked(template: Template) -> Result<Template, ApiError> {
    match template.check().into_iter().next() {
        Some(problem) => Err(errors::of_problem(problem)),
        None => Ok(template),
    }
}

/// AWS's types that lowcloud lacks: the template is refused before anything is made, unless
/// placeholders are welcome. What a condition leaves out is not asked for.
fn check_types(tx: &Tx, evaluator: &Evaluator<'_>) -> Result<(), ApiError> {
    if tx.settings().placeholders {
        return Ok(());
    }
    let mut missing: Vec<&str> = evaluator
        .resources()
        .map(|(_, resource)| resource.resource_type.as_str())
        .filter(|name| !engine::is_built(name))
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
pub(crate) fn check_capabilities(
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

/// The values of the parameters; `before` has those that may stay as they were.
pub(crate) fn parameters(
    tx: &mut Tx,
    caller: &Caller,
    template: &Template,
    given: Option<&[Parameter]>,
    before: Option<&Parameters>,
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
    let world = World::outside(tx, caller);
    cfn_template::resolve_parameters(template, &given, before, &world)
        .map(|parameters| stored(&parameters))
        .map_err(errors::of_problem)
}

/// What can be said about the template once its parameters are known: references to resources
/// that the conditions leave out.
fn check_references(
    tx: &mut Tx,
    caller: &Caller,
    template: &Template,
    stack: &Stack,
) -> Result<(), ApiError> {
    let (parameters, pseudo) = (stack.parameters(), stack.pseudo(caller));
    let world = World::outside(tx, caller);
    let evaluator = Evaluator::new(template, &parameters, &pseudo, &world)
        .map_err(errors::of_problem)?;
    world.with(|tx, _| check_types(tx, &evaluator))?;
    evaluator.check_rules(template).map_err(errors::of_problem)?;
    match template.check_references(evaluator.conditions()).into_iter().next() {
        Some(problem) => Err(errors::of_problem(problem)),
        None => Ok(()),
    }
}

/// Tags as they were given, within AWS's limits.
pub(crate) fn tags(given: Option<&[Tag]>) -> Result<Vec<(SmolStr, SmolStr)>, ApiError> {
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
