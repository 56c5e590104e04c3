//! Rules of listeners: which requests go elsewhere than by default.
//!
//! "Listener rules" in the user guide. Rules are tried by priority; the default rule comes last
//! and has the listener's actions. Regular expressions and transforms are left out.

use crate::actions::{self, Action};
use crate::conditions::{self, Condition};
use crate::listeners::Listener;
use crate::load_balancers::page_size;
use crate::{errors, names, tags, targets};
use api::elbv2::{
    CreateRuleInput, CreateRuleOutput, DeleteRuleInput, DeleteRuleOutput, DescribeRulesInput,
    DescribeRulesOutput, ModifyRuleInput, ModifyRuleOutput, Rule as Wire, SetRulePrioritiesInput,
    SetRulePrioritiesOutput,
};
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tags, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// AWS's default quota, without the default rules.
const MAX_RULES: usize = 100;

resource! { elbv2:
    operations {
        write CreateRule => create_rule,
        read DescribeRules => describe_rules,
        write ModifyRule => modify_rule,
        write DeleteRule => delete_rule,
        write SetRulePriorities => set_rule_priorities,
    }
    tables { Rule }
}

/// A rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) arn: SmolStr,
    /// ARN of its listener.
    pub(crate) listener: SmolStr,
    /// ARN of the listener's load balancer.
    pub(crate) load_balancer: SmolStr,
    /// None for the default rule, whose actions are the listener's.
    pub(crate) priority: Option<i64>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) actions: Vec<Action>,
    pub(crate) tags: Tags,
}

impl Row for Rule {
    const TABLE: &'static str = "elbv2.rules";
    const INDEXES: &'static [&'static str] = &["listener", "target-group", "tag"];

    fn key(&self) -> SmolStr {
        self.arn.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("listener", self.listener.clone());
        self.target_groups().for_each(|group| sink.put("target-group", group.clone()));
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Rule {
    /// The rule of this ARN, or AWS's error.
    pub(crate) fn find(snapshot: &Snapshot, arn: &str) -> Result<Arc<Self>, ApiError> {
        names::resource_of(arn, "listener-rule/", "listener rule")?;
        snapshot.get::<Self>(arn).ok_or_else(errors::rules_not_found)
    }

    /// A new listener's default rule.
    pub(crate) fn default_of(listener: &Listener, suffix: SmolStr) -> Self {
        Self {
            arn: arn_below(&listener.arn, &suffix),
            listener: listener.arn.clone(),
            load_balancer: listener.load_balancer.clone(),
            priority: None,
            conditions: Vec::new(),
            actions: Vec::new(),
            tags: Tags::default(),
        }
    }

    /// ARNs of the groups that it forwards to.
    pub(crate) fn target_groups(&self) -> impl Iterator<Item = &SmolStr> {
        actions::target_groups(&self.actions)
    }

    /// Where it stands among the rules of its listener.
    fn rank(&self) -> i64 {
        self.priority.unwrap_or(i64::MAX)
    }

    fn render(&self, snapshot: &Snapshot) -> Wire {
        let listener = snapshot.get::<Listener>(&self.listener);
        let shown = listener.map(|listener| {
            let own = if self.priority.is_some() { &self.actions } else { &listener.actions };
            actions::render(own, listener.kind)
        });
        Wire {
            rule_arn: Some(self.arn.clone()),
            priority: Some(match self.priority {
                Some(priority) => format_smolstr!("{priority}"),
                None => SmolStr::new_static("default"),
            }),
            conditions: Some(self.conditions.iter().map(Condition::render).collect()),
            actions: Some(shown.unwrap_or_default()),
            is_default: Some(self.priority.is_none()),
            transforms: Some(Vec::new()),
        }
    }
}

/// `listener/app/…` → `listener-rule/app/…/<suffix>`
fn arn_below(listener: &str, suffix: &str) -> SmolStr {
    format_smolstr!("{}/{suffix}", listener.replacen(":listener/", ":listener-rule/", 1))
}

fn wake(tx: &mut Tx, groups: BTreeSet<SmolStr>) {
    groups.iter().for_each(|group| targets::wake_group(tx, group));
}

fn check_priority(priority: i64) -> Result<(), ApiError> {
    match (1..=50_000).contains(&priority) {
        true => Ok(()),
        false => Err(errors::validation(format_args!(
            "Priority '{priority}' must be between '1' and '50000'"
        ))),
    }
}

fn create_rule(
    tx: &mut Tx,
    _: &Caller,
    input: CreateRuleInput,
) -> Result<CreateRuleOutput, ApiError> {
    let listener = Listener::find(tx, &input.listener_arn)?;
    if listener.kind != names::Kind::Application {
        return Err(errors::validation(
            "Rules are supported on listeners of Application Load Balancers only",
        ));
    }
    if input.transforms.is_some_and(|list| !list.is_empty()) {
        return Err(ApiError::not_implemented("rules with transforms"));
    }
    check_priority(input.priority)?;
    let conditions = conditions::checked(input.conditions)?;
    let actions = actions::checked(tx, listener.place(), input.actions)?;
    let tags = tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    let others = || tx.rows_by::<Rule>("listener", &listener.arn);
    if others().any(|other| other.priority == Some(input.priority)) {
        return Err(errors::priority_in_use(input.priority));
    }
    let of_balancer = tx
        .rows_by::<Listener>("load-balancer", &listener.load_balancer)
        .map(|listener| tx.rows_by::<Rule>("listener", &listener.arn).count() - 1);
    if of_balancer.sum::<usize>() >= MAX_RULES {
        return Err(errors::too_many(
            "Rules",
            "The maximum number of rules for this load balancer has been reached",
        ));
    }
    let row = Rule {
        arn: arn_below(&listener.arn, &names::suffix(tx)),
        listener: listener.arn.clone(),
        load_balancer: listener.load_balancer.clone(),
        priority: Some(input.priority),
        conditions,
        actions,
        tags,
    };
    tx.put(row.clone());
    wake(tx, row.target_groups().cloned().collect());
    Ok(CreateRuleOutput { rules: Some(vec![row.render(tx)]) })
}

/// Of a listener by priority, the default rule last; or those that are named.
fn describe_rules(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeRulesInput,
) -> Result<DescribeRulesOutput, ApiError> {
    let arns = input.rule_arns.unwrap_or_default();
    let of = input.listener_arn.unwrap_or_default();
    if of.is_empty() == arns.is_empty() {
        return Err(errors::validation("You must specify either listener rule ARNs or a listener ARN"));
    }
    let mut found: Vec<Arc<Rule>> = if of.is_empty() {
        arns.iter().map(|arn| Rule::find(snapshot, arn)).collect::<Result<_, _>>()?
    } else {
        let listener = Listener::find(snapshot, &of)?;
        snapshot.rows_by::<Rule>("listener", &listener.arn).cloned().collect()
    };
    let place = |rule: &Rule| format_smolstr!("{:020}{}", rule.rank(), rule.arn);
    found.sort_by_key(|rule| place(rule));
    found.dedup_by_key(|rule| rule.key());
    let size = page_size(input.page_size)?;
    let rows = |after: &str| {
        let after = after.to_owned();
        found.into_iter().filter(move |rule| *place(rule) > *after)
    };
    let page = paginate("DescribeRules", input.marker.as_deref(), size, rows, |rule| place(rule))
        .map_err(|_| errors::invalid_marker())?;
    Ok(DescribeRulesOutput {
        rules: Some(page.items.iter().map(|rule| rule.render(snapshot)).collect()),
        next_marker: page.next,
    })
}

fn modify_rule(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyRuleInput,
) -> Result<ModifyRuleOutput, ApiError> {
    let old = Rule::find(tx, &input.rule_arn)?;
    if old.priority.is_none() {
        return Err(errors::not_permitted(format_args!(
            "Default rule '{}' cannot be modified",
            old.arn
        )));
    }
    if input.transforms.is_some_and(|list| !list.is_empty()) {
        return Err(ApiError::not_implemented("rules with transforms"));
    }
    let listener = Listener::find(tx, &old.listener)?;
    let mut row = Rule::clone(&old);
    if let Some(given) = input.conditions {
        row.conditions = conditions::checked(given)?;
    }
    if let Some(given) = input.actions {
        row.actions = actions::checked(tx, listener.place(), given)?;
    }
    tx.put(row.clone());
    wake(tx, old.target_groups().chain(row.target_groups()).cloned().collect());
    Ok(ModifyRuleOutput { rules: Some(vec![row.render(tx)]) })
}

fn delete_rule(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteRuleInput,
) -> Result<DeleteRuleOutput, ApiError> {
    let row = Rule::find(tx, &input.rule_arn)?;
    if row.priority.is_none() {
        return Err(errors::not_permitted(format_args!(
            "Default rule '{}' cannot be deleted",
            row.arn
        )));
    }
    tx.remove::<Rule>(&row.arn);
    wake(tx, row.target_groups().cloned().collect());
    Ok(DeleteRuleOutput {})
}

/// All of them or none: rules may swap their priorities.
fn set_rule_priorities(
    tx: &mut Tx,
    _: &Caller,
    input: SetRulePrioritiesInput,
) -> Result<SetRulePrioritiesOutput, ApiError> {
    let mut wanted: BTreeMap<SmolStr, i64> = BTreeMap::new();
    let mut listeners: BTreeSet<SmolStr> = BTreeSet::new();
    for pair in input.rule_priorities {
        let row = Rule::find(tx, &pair.rule_arn.unwrap_or_default())?;
        if row.priority.is_none() {
            return Err(errors::not_permitted(format_args!(
                "Default rule '{}' cannot have its priority changed",
                row.arn
            )));
        }
        let priority = pair.priority.unwrap_or_default();
        check_priority(priority)?;
        listeners.insert(row.listener.clone());
        wanted.insert(row.arn.clone(), priority);
    }
    for listener in &listeners {
        let mut taken = BTreeSet::new();
        for rule in tx.rows_by::<Rule>("listener", listener) {
            let Some(own) = rule.priority else { continue };
            let priority = wanted.get(&rule.arn).copied().unwrap_or(own);
            if !taken.insert(priority) {
                return Err(errors::priority_in_use(priority));
            }
        }
    }
    let mut rules = Vec::with_capacity(wanted.len());
    for (arn, priority) in wanted {
        let row = tx.update::<Rule>(&arn, |row| row.priority = Some(priority));
        rules.extend(row);
    }
    rules.sort_by_key(|rule| rule.rank());
    let shown = rules.iter().map(|rule| rule.render(tx)).collect();
    Ok(SetRulePrioritiesOutput { rules: Some(shown) })
}
