//! Operations on the instances of a set: what they are about, and how they begin.

use super::errors;
use super::preferences::Preferences;
use super::row::{
    Action, Currency, Instance, Progress, SetOperation, StackSet, Status, Target,
};
use crate::errors::validation;
use crate::source;
use api::cloudformation as wire;
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// The accounts and regions that a request names.
pub(super) struct Selection {
    accounts: Vec<SmolStr>,
    regions: Vec<SmolStr>,
}

impl Selection {
    pub(super) fn given(
        tx: &mut Tx,
        caller: &Caller,
        accounts: Option<Vec<SmolStr>>,
        targets: Option<wire::DeploymentTargets>,
        regions: Vec<SmolStr>,
    ) -> Result<Self, ApiError> {
        let accounts = match (accounts, targets) {
            (Some(_), Some(_)) => {
                return Err(validation(
                    "You can specify Accounts or DeploymentTargets, but not both",
                ));
            }
            (Some(accounts), None) => accounts,
            (None, Some(targets)) => of_targets(tx, caller, targets)?,
            (None, None) => Vec::new(),
        };
        if accounts.is_empty() || regions.is_empty() {
            return Err(validation("Accounts and Regions must be specified"));
        }
        let known = regions_of(tx, caller);
        if let Some(unknown) = regions.iter().find(|region| !known.contains(*region)) {
            return Err(errors::unknown_region(unknown));
        }
        let twice = |list: &[SmolStr]| list.iter().collect::<BTreeSet<_>>().len() != list.len();
        if twice(&accounts) || twice(&regions) {
            return Err(validation("Accounts and Regions must not contain duplicates"));
        }
        Ok(Self { accounts, regions })
    }

    /// Every account in every region.
    fn targets(&self) -> Vec<Target> {
        let of = |region: &SmolStr| {
            let region = region.clone();
            self.accounts.iter().map(move |account| Target::new(account.clone(), region.clone()))
        };
        self.regions.iter().flat_map(of).collect()
    }

    /// The same, each of which must be an instance of the set.
    pub(super) fn existing(&self, tx: &Tx, set: &StackSet) -> Result<Vec<Target>, ApiError> {
        let targets = self.targets();
        let missing = targets.iter().find(|target| {
            !tx.contains::<Instance>(&Instance::key_of(&set.id, &target.account, &target.region))
        });
        match missing {
            Some(t) => Err(errors::no_instance(&set.name, &t.account, &t.region)),
            None => Ok(targets),
        }
    }
}

fn of_targets(
    tx: &mut Tx,
    caller: &Caller,
    targets: wire::DeploymentTargets,
) -> Result<Vec<SmolStr>, ApiError> {
    if targets.organizational_unit_ids.is_some() || targets.account_filter_type.is_some() {
        return Err(errors::no_organization());
    }
    let Some(url) = targets.accounts_url else { return Ok(targets.accounts.unwrap_or_default()) };
    let text = source::included(tx, caller, &url).map_err(validation)?;
    let names = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|n| !n.is_empty());
    let accounts: Vec<SmolStr> = names.map(SmolStr::new).collect();
    let sound = |name: &SmolStr| name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit());
    match accounts.iter().find(|name| !sound(name)) {
        Some(name) => Err(validation(format!("{name} is not a valid AWS account ID"))),
        None => Ok(accounts),
    }
}

fn regions_of(tx: &mut Tx, caller: &Caller) -> BTreeSet<SmolStr> {
    let all = ec2::DescribeRegionsRequest { all_regions: Some(true), ..Default::default() };
    let found = tx.call::<ec2::ops::DescribeRegions>(caller, all).unwrap_or_default();
    found.regions.unwrap_or_default().into_iter().filter_map(|region| region.region_name).collect()
}

/// All instances of a set, as targets.
pub(super) fn all(tx: &Tx, set: &StackSet) -> Vec<Target> {
    Instance::of(tx, &set.id).map(|i| Target::new(i.account.clone(), i.region.clone())).collect()
}

/// Regions in the order of the preferences, those that they do not name last.
fn ordered(targets: Vec<Target>, preferences: &Preferences) -> Vec<Target> {
    let order = &preferences.region_order;
    let place = |region: &SmolStr| order.iter().position(|r| r == region).unwrap_or(order.len());
    let mut first_seen: Vec<SmolStr> = Vec::new();
    for target in &targets {
        if !first_seen.contains(&target.region) {
            first_seen.push(target.region.clone());
        }
    }
    let seen = |region: &SmolStr| first_seen.iter().position(|r| r == region);
    let mut targets = targets;
    targets.sort_by_key(|target| (place(&target.region), seen(&target.region)));
    targets
}

/// Begins an operation, or queues it where the set's operations are managed.
pub(super) fn begin(
    tx: &mut Tx,
    set: &StackSet,
    action: Action,
    id: Option<SmolStr>,
    preferences: Preferences,
    targets: Vec<Target>,
    retain: bool,
) -> Result<SmolStr, ApiError> {
    let former = SetOperation::of(tx, &set.id);
    let id = id.unwrap_or_else(|| tx.new_uuid());
    if former.iter().any(|operation| operation.id == id) {
        return Err(errors::operation_exists(&id));
    }
    let running = former.iter().find(|operation| !operation.status.is_over());
    let status = match running {
        Some(running) if !set.managed_execution => {
            return Err(errors::in_progress(&set.arn, &running.id));
        }
        Some(_) => Status::Queued,
        None => Status::Running,
    };
    let operation = SetOperation {
        id: id.clone(),
        set_id: set.id.clone(),
        action,
        status,
        targets: ordered(targets, &preferences),
        preferences,
        retain,
        created_at: tx.now(),
        ended_at: None,
        number: former.len(),
    };
    for target in &operation.targets {
        let key = Instance::key_of(&set.id, &target.account, &target.region);
        tx.update::<Instance>(&key, |instance| {
            if action != Action::DetectDrift {
                instance.currency = Currency::Outdated;
            }
            instance.progress = Progress::Pending;
            instance.last_operation = id.clone();
        });
    }
    if status == Status::Running {
        tx.schedule(tx.now(), "cloudformation.stack-set", &SetOperation::key_of(&set.id, &id));
    }
    tx.put(operation);
    Ok(id)
}

/// Overrides as they are kept; `before` has the values that are to stay.
fn overrides(
    set: &StackSet,
    given: Option<&[wire::Parameter]>,
    before: &[(SmolStr, SmolStr)],
) -> Result<Vec<(SmolStr, SmolStr)>, ApiError> {
    let declared = crate::stacks::declared_template(&set.template)?.parameters;
    let mut overrides = Vec::new();
    for parameter in given.unwrap_or_default() {
        let key = parameter.parameter_key.clone().unwrap_or_default();
        if !declared.contains(&key) {
            return Err(validation(format!("Parameters: [{key}] do not exist in the template")));
        }
        let kept = before.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
        let value = match parameter.use_previous_value {
            Some(true) => kept,
            _ => parameter.parameter_value.clone(),
        };
        overrides.extend(value.map(|value| (key, value)));
    }
    Ok(overrides)
}

pub(super) fn create_stack_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::CreateStackInstancesInput,
) -> Result<wire::CreateStackInstancesOutput, ApiError> {
    let set = StackSet::active(tx, &input.stack_set_name)?;
    let (accounts, targets) = (input.accounts, input.deployment_targets);
    let selection = Selection::given(tx, caller, accounts, targets, input.regions)?;
    let preferences = Preferences::given(input.operation_preferences)?;
    let given = input.parameter_overrides.as_deref();
    let wanted = overrides(&set, given, &[])?;
    let targets = selection.targets();
    for target in &targets {
        let key = Instance::key_of(&set.id, &target.account, &target.region);
        if !tx.contains::<Instance>(&key) {
            tx.put(Instance {
                set_id: set.id.clone(),
                account: target.account.clone(),
                region: target.region.clone(),
                stack_id: None,
                overrides: wanted.clone(),
                currency: Currency::Outdated,
                progress: Progress::Pending,
                reason: SmolStr::default(),
                last_operation: SmolStr::default(),
                drift: None,
            });
        } else if given.is_some() {
            tx.update::<Instance>(&key, |instance| instance.overrides.clone_from(&wanted));
        }
    }
    let id =
        begin(tx, &set, Action::Create, input.operation_id, preferences, targets, false)?;
    Ok(wire::CreateStackInstancesOutput { operation_id: Some(id) })
}

pub(super) fn update_stack_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::UpdateStackInstancesInput,
) -> Result<wire::UpdateStackInstancesOutput, ApiError> {
    let set = StackSet::active(tx, &input.stack_set_name)?;
    let (accounts, targets) = (input.accounts, input.deployment_targets);
    let selection = Selection::given(tx, caller, accounts, targets, input.regions)?;
    let preferences = Preferences::given(input.operation_preferences)?;
    let targets = selection.existing(tx, &set)?;
    for target in &targets {
        let key = Instance::key_of(&set.id, &target.account, &target.region);
        let before = tx.get::<Instance>(&key).map(|i| i.overrides.clone()).unwrap_or_default();
        let wanted = overrides(&set, input.parameter_overrides.as_deref(), &before)?;
        tx.update::<Instance>(&key, |instance| instance.overrides = wanted);
    }
    let id =
        begin(tx, &set, Action::Update, input.operation_id, preferences, targets, false)?;
    Ok(wire::UpdateStackInstancesOutput { operation_id: Some(id) })
}

pub(super) fn delete_stack_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: wire::DeleteStackInstancesInput,
) -> Result<wire::DeleteStackInstancesOutput, ApiError> {
    let set = StackSet::active(tx, &input.stack_set_name)?;
    let (accounts, targets) = (input.accounts, input.deployment_targets);
    let selection = Selection::given(tx, caller, accounts, targets, input.regions)?;
    let preferences = Preferences::given(input.operation_preferences)?;
    let targets = selection.existing(tx, &set)?;
    let retain = input.retain_stacks;
    let id =
        begin(tx, &set, Action::Delete, input.operation_id, preferences, targets, retain)?;
    Ok(wire::DeleteStackInstancesOutput { operation_id: Some(id) })
}

pub(super) fn detect_stack_set_drift(
    tx: &mut Tx,
    _: &Caller,
    input: wire::DetectStackSetDriftInput,
) -> Result<wire::DetectStackSetDriftOutput, ApiError> {
    let set = StackSet::active(tx, &input.stack_set_name)?;
    let preferences = Preferences::given(input.operation_preferences)?;
    let targets = all(tx, &set);
    let action = Action::DetectDrift;
    let id = begin(tx, &set, action, input.operation_id, preferences, targets, false)?;
    Ok(wire::DetectStackSetDriftOutput { operation_id: Some(id) })
}
