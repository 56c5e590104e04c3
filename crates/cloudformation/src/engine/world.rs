//! The world as templates see it: other resources of the stack, exports, parameters, zones.

use super::custom::Custom;
use super::placeholder::Placeholder;
use crate::exports::Export;
use crate::resources::StackResource;
use crate::source;
use crate::stacks::Stack;
use api::{ec2, ssm};
use cfn_resources::{Context, Provider, StackFacts};
use cfn_template::{Lookup, Problem, Resolution, no_export, no_ssm_parameter, schema};
use kernel::{Caller, Timestamp, Tx};
use serde_json::Value;
use smol_str::SmolStr;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Answers what an evaluation asks, from the transaction's state. Providers and evaluation share
/// the transaction, never at the same time.
pub(crate) struct World<'a> {
    tx: RefCell<&'a mut Tx>,
    caller: Caller,
    facts: StackFacts,
    /// Resources whose values do not hold yet: they are to be made, changed or replaced.
    pending: RefCell<BTreeSet<SmolStr>>,
    /// Names of the exports that were asked for.
    imports: RefCell<BTreeSet<SmolStr>>,
    /// Since when the operation is at the resource that it looks at.
    since: Cell<Timestamp>,
}

/// How many stacks a stack is nested in.
fn depth(tx: &Tx, stack: &Stack) -> usize {
    let parent = |id: &Option<SmolStr>| tx.get::<Stack>(id.as_deref()?);
    let above = std::iter::successors(parent(&stack.parent_id), |stack| parent(&stack.parent_id));
    above.take(cfn_resources::MAX_DEPTH).count()
}

impl<'a> World<'a> {
    /// The world of a stack.
    pub(crate) fn new(tx: &'a mut Tx, caller: &Caller, stack: &Stack) -> Self {
        let facts = StackFacts {
            id: stack.id.clone(),
            name: stack.name.clone(),
            tags: stack.tags.clone(),
            capabilities: stack.capabilities.clone(),
            depth: depth(tx, stack),
        };
        Self {
            tx: RefCell::new(tx),
            caller: caller.via("cloudformation"),
            facts,
            pending: RefCell::default(),
            imports: RefCell::default(),
            since: Cell::default(),
        }
    }

    /// The world outside of any stack: enough for parameters and conditions.
    pub(crate) fn outside(tx: &'a mut Tx, caller: &Caller) -> Self {
        Self {
            tx: RefCell::new(tx),
            caller: caller.via("cloudformation"),
            facts: StackFacts::default(),
            pending: RefCell::default(),
            imports: RefCell::default(),
            since: Cell::default(),
        }
    }

    /// Uses the transaction.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Tx, &Caller) -> T) -> T {
        work(&mut self.tx.borrow_mut(), &self.caller)
    }

    /// Calls a provider.
    pub(crate) fn provide<T>(
        &self,
        logical_id: &str,
        resource_type: &str,
        work: impl FnOnce(&dyn Provider, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let (custom, placeholder) = (Custom { resource_type }, Placeholder { resource_type });
        let provider: &dyn Provider = match cfn_resources::provider(resource_type) {
            Some(provider) => provider,
            None if schema::is_custom(resource_type) => &custom,
            None if self.with(|tx, _| tx.settings().placeholders) => &placeholder,
            None => return None,
        };
        let mut tx = self.tx.borrow_mut();
        let mut context = Context {
            tx: &mut tx,
            caller: &self.caller,
            stack: &self.facts,
            logical_id,
            since: self.since.get(),
        };
        Some(work(provider, &mut context))
    }

    /// Says since when the operation is at the resource that it looks at now.
    pub(super) fn set_since(&self, since: Timestamp) {
        self.since.set(since);
    }

    /// Says that a resource's values do not hold yet, or that they do.
    pub(super) fn set_pending(&self, logical_id: &str, pending: bool) {
        let mut set = self.pending.borrow_mut();
        if pending {
            set.insert(logical_id.into());
        } else {
            set.remove(logical_id);
        }
    }

    /// The exports that evaluations have used.
    pub(super) fn imports(&self) -> Vec<SmolStr> {
        self.imports.borrow().iter().cloned().collect()
    }

    /// A resource of the stack whose values hold.
    fn resource(&self, logical_id: &str) -> Option<std::sync::Arc<StackResource>> {
        if self.pending.borrow().contains(logical_id) {
            return None;
        }
        let key = StackResource::key_of(&self.facts.id, logical_id);
        let row = self.tx.borrow().get::<StackResource>(&key)?;
        (row.status.exists() && !row.physical_id.is_empty()).then_some(row)
    }
}

impl Lookup for World<'_> {
    fn reference(&self, logical_id: &str) -> Resolution {
        let Some(row) = self.resource(logical_id) else { return Resolution::Unknown };
        match cfn_resources::provider(&row.resource_type) {
            Some(provider) => Resolution::Known(provider.reference(&row.physical_id)),
            None => Resolution::Known(Value::from(row.physical_id.as_str())),
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Resolution {
        let Some(row) = self.resource(logical_id) else { return Resolution::Unknown };
        let answer = self.provide(logical_id, &row.resource_type, |provider, cx| {
            provider.attribute(cx, &row.physical_id, attribute)
        });
        match answer {
            Some(Ok(Some(value))) => Resolution::Known(value),
            Some(Ok(None)) => Resolution::Missing(Problem::validation(format!(
                "Resource type {} does not support attribute {{{attribute}}}.",
                row.resource_type
            ))),
            Some(Err(error)) => Resolution::Missing(Problem::validation(error.message)),
            None => Resolution::Unknown,
        }
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        let place = Caller { region: region.into(), ..self.caller.clone() };
        let filter =
            ec2::Filter { name: Some("default-for-az".into()), values: Some(vec!["true".into()]) };
        let subnets =
            ec2::DescribeSubnetsRequest { filters: Some(vec![filter]), ..Default::default() };
        let mut tx = self.tx.borrow_mut();
        let found = tx.call::<ec2::ops::DescribeSubnets>(&place, subnets).unwrap_or_default();
        let subnets = found.subnets.unwrap_or_default();
        let mut zones: Vec<String> = subnets
            .into_iter()
            .filter_map(|subnet| subnet.availability_zone)
            .map(|zone| zone.to_string())
            .collect();
        if zones.is_empty() {
            let all = ec2::DescribeAvailabilityZonesRequest::default();
            let found = tx.call::<ec2::ops::DescribeAvailabilityZones>(&place, all);
            let found = found.unwrap_or_default().availability_zones.unwrap_or_default();
            let names = found.into_iter().filter_map(|zone| zone.zone_name);
            zones = names.map(|zone| zone.to_string()).collect();
        }
        zones.sort();
        zones.dedup();
        zones
    }

    fn import(&self, export_name: &str) -> Resolution {
        match self.tx.borrow().get::<Export>(export_name) {
            Some(export) => {
                self.imports.borrow_mut().insert(export_name.into());
                Resolution::Known(Value::from(export.value.as_str()))
            }
            None => Resolution::Missing(no_export(export_name)),
        }
    }

    fn include(&self, location: &str) -> Result<String, Problem> {
        let mut tx = self.tx.borrow_mut();
        source::included(&mut tx, &self.caller, location).map_err(Problem::validation)
    }

    fn ssm_parameter(&self, name: &str, version: Option<u64>) -> Result<String, Problem> {
        let name: SmolStr = match version {
            Some(version) => format!("{name}:{version}").into(),
            None => name.into(),
        };
        let request = ssm::GetParameterRequest { name: name.clone(), with_decryption: None };
        let found = self.tx.borrow_mut().call::<ssm::ops::GetParameter>(&self.caller, request);
        found
            .ok()
            .and_then(|found| found.parameter)
            .and_then(|parameter| parameter.value)
            .map(|value| value.to_string())
            .ok_or_else(|| no_ssm_parameter(&name))
    }
}
