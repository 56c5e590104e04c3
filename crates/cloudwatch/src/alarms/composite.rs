//! Composite alarms: alarms on the states of other alarms, with actions that another alarm can
//! suppress ("Combining alarms" and "Composite alarm action suppression", user guide).

use super::history::{self, ItemType};
use super::reasons::instant;
use super::row::{Alarm, Kind, StateValue};
use super::rule::{Rule, name_of};
use super::{actions, put, state};
use crate::errors;

use api::cloudwatch::{CompositeAlarm, PutCompositeAlarmInput};
use kernel::{ApiError, Caller, Snapshot, Timestamp, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

/// How far a change is handed on: rules may form a cycle.
const MAX_CHAIN: usize = 50;

/// The rule of a composite alarm.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Composite {
    pub(super) rule_text: SmolStr,
    /// The alarms of the rule.
    rule_children: Vec<SmolStr>,
    pub(super) suppressor: Option<Suppressor>,
    /// Set while actions wait.
    suppressed: Option<Suppressed>,
}

/// The alarm that suppresses actions while it is in ALARM.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Suppressor {
    /// As the user gave it: a name or an ARN.
    given: SmolStr,
    name: SmolStr,
    wait_secs: i64,
    extension_secs: i64,
}

/// Actions that have not been carried out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Suppressed {
    by: By,
    /// When a wait ends.
    until: Option<Timestamp>,
    /// The state before the change that they belong to.
    previous: StateValue,
    reason: SmolStr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum By {
    WaitPeriod,
    ExtensionPeriod,
    Alarm,
}

impl Composite {
    /// Alarms whose changes concern it.
    pub(super) fn children(&self) -> impl Iterator<Item = SmolStr> + '_ {
        let suppressor = self.suppressor.iter().map(|suppressor| &suppressor.name);
        self.rule_children.iter().chain(suppressor).cloned()
    }

    /// Alarms of the rule.
    pub(super) fn rule_children(&self) -> &[SmolStr] {
        &self.rule_children
    }
}

pub(super) fn put_composite_alarm(
    tx: &mut Tx,
    caller: &Caller,
    input: PutCompositeAlarmInput,
) -> Result<(), ApiError> {
    if input.action_configuration.is_some() {
        return Err(ApiError::not_implemented(
            "cloudwatch:PutCompositeAlarm with ActionConfiguration",
        ));
    }
    let rule = Rule::parse(&input.alarm_rule)?;
    let rule_children = rule.children();
    if let Some(name) = rule_children.iter().find(|name| !tx.contains::<Alarm>(name)) {
        return Err(errors::validation(format!("AlarmRule names an unknown alarm: {name}.")));
    }
    let suppressor = suppressor(tx, &input)?;
    let common = put::Common {
        name: input.alarm_name,
        description: input.alarm_description,
        actions_enabled: input.actions_enabled,
        ok_actions: input.ok_actions,
        alarm_actions: input.alarm_actions,
        insufficient_data_actions: input.insufficient_data_actions,
        tags: input.tags.unwrap_or_default(),
    };
    let name = common.name.clone();
    let verb = if tx.contains::<Alarm>(&name) { "updated" } else { "created" };
    let composite =
        Composite { rule_text: input.alarm_rule, rule_children, suppressor, suppressed: None };
    put::put(tx, caller, common, Kind::Composite(Box::new(composite)))?;
    tx.cancel("cloudwatch.suppression", &name);
    let arn = caller.arn("cloudwatch", format_args!("alarm:{name}"));
    let why = move |value: StateValue| {
        format_smolstr!("{arn} was {verb} and its alarm rule evaluates to {}", value.as_str())
    };
    evaluate(tx, caller, &name, why);
    Ok(())
}

fn suppressor(
    snapshot: &Snapshot,
    input: &PutCompositeAlarmInput,
) -> Result<Option<Suppressor>, ApiError> {
    let periods = (input.actions_suppressor_wait_period, input.actions_suppressor_extension_period);
    let Some(given) = &input.actions_suppressor else {
        return match periods {
            (None, None) => Ok(None),
            _ => Err(errors::validation(
                "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod require \
                 ActionsSuppressor.",
            )),
        };
    };
    let (Some(wait_secs), Some(extension_secs)) = periods else {
        return Err(errors::validation(
            "ActionsSuppressor requires ActionsSuppressorWaitPeriod and \
             ActionsSuppressorExtensionPeriod.",
        ));
    };
    if wait_secs < 0 || extension_secs < 0 {
        return Err(errors::validation("The periods of ActionsSuppressor must not be negative."));
    }
    let name = name_of(given);
    if !snapshot.contains::<Alarm>(&name) {
        return Err(errors::validation(format!("ActionsSuppressor names an unknown alarm: {name}.")));
    }
    Ok(Some(Suppressor { given: given.clone(), name, wait_secs, extension_secs }))
}

/// Brings a composite alarm into the state that its rule says; `why` words the reason.
fn evaluate(tx: &mut Tx, caller: &Caller, name: &str, why: impl FnOnce(StateValue) -> SmolStr) {
    let Some(alarm) = tx.get::<Alarm>(name) else { return };
    let Kind::Composite(composite) = &alarm.kind else { return };
    let Ok(rule) = Rule::parse(&composite.rule_text) else { return };
    let states = |child: &str| tx.get::<Alarm>(child).map(|child| child.state.value);
    let value = if rule.holds(&states) { StateValue::Alarm } else { StateValue::Ok };
    if value == alarm.state.value {
        return;
    }
    let children = composite.rule_children.iter().filter_map(|name| tx.get::<Alarm>(name));
    let shown = |child: Arc<Alarm>| {
        let state = &child.state;
        json!({
            "arn": child.arn,
            "state": { "value": state.value, "timestamp": instant(state.transitioned_at) },
        })
    };
    let triggering: Vec<_> =
        children.filter(|child| child.state.value == value).map(shown).collect();
    let data = json!({ "triggeringAlarms": triggering });
    let change =
        state::Change { value, reason: why(value), data: Some(data.to_string().into()) };
    state::change(tx, caller, name, change, &[]);
}

/// Hands a changed state on to the composite alarms that speak of it, or are suppressed by it.
pub(super) fn child_changed(tx: &mut Tx, caller: &Caller, child: &Alarm) {
    let parents: Vec<Arc<Alarm>> = tx.rows_by::<Alarm>("child", &child.name).cloned().collect();
    if parents.is_empty() || chain(tx, &child.name) > MAX_CHAIN {
        return;
    }
    for parent in parents {
        let Kind::Composite(composite) = &parent.kind else { continue };
        if composite.suppressor.as_ref().is_some_and(|s| s.name == child.name) {
            suppressor_changed(tx, caller, &parent.name, child);
        }
        if composite.rule_children.contains(&child.name) {
            let at = long_instant(child.state.transitioned_at);
            let arn = child.arn.clone();
            let state = child.state.value.as_str();
            evaluate(tx, caller, &parent.name, move |_| {
                format_smolstr!("{arn} transitioned to {state} at {at}")
            });
        }
    }
}

/// How often an alarm has changed at this very instant: a cycle of rules shows in that.
fn chain(tx: &Tx, name: &str) -> usize {
    let now = tx.now();
    let latest = tx.rows::<history::Item>().rev().take_while(|item| item.at >= now);
    latest.filter(|item| item.item_type == ItemType::StateUpdate && item.alarm == name).count()
}

/// `Thursday 28 September, 2017 05:36:00 UTC`
fn long_instant(at: Timestamp) -> String {
    const DAYS: [&str; 7] =
        ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    const MONTHS: [&str; 12] = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ];
    let (year, month, day, hour, minute, second, _) = at.civil();
    let weekday = DAYS[at.0.div_euclid(86_400_000).rem_euclid(7) as usize];
    let month = MONTHS[(month as usize - 1).min(11)];
    format!("{weekday} {day:02} {month}, {year} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Whether the actions of a change have to wait, which is then noted.
pub(super) fn suppresses(tx: &mut Tx, alarm: &Alarm, previous: StateValue) -> bool {
    let Kind::Composite(composite) = &alarm.kind else { return false };
    let Some(suppressor) = &composite.suppressor else { return false };
    let is_in_alarm = tx
        .get::<Alarm>(&suppressor.name)
        .is_some_and(|alarm| alarm.state.value == StateValue::Alarm);
    let suppressed = match (is_in_alarm, suppressor.wait_secs) {
        (true, _) => Some(by_alarm(tx, &suppressor.name, previous)),
        (false, 0) => None,
        (false, secs) => Some(Suppressed {
            by: By::WaitPeriod,
            until: Some(tx.now().plus_secs(secs)),
            previous,
            reason: format_smolstr!(
                "Actions suppressed by the wait period of {secs} seconds for {}",
                suppressor.name
            ),
        }),
    };
    let is_suppressed = suppressed.is_some();
    set_suppressed(tx, &alarm.name, suppressed);
    is_suppressed
}

fn by_alarm(tx: &Tx, suppressor: &str, previous: StateValue) -> Suppressed {
    let since = tx.get::<Alarm>(suppressor).map_or(tx.now(), |alarm| alarm.state.transitioned_at);
    let reason = format_smolstr!(
        "Actions suppressed by {suppressor}, which is in ALARM since {}",
        long_instant(since)
    );
    Suppressed { by: By::Alarm, until: None, previous, reason }
}

fn set_suppressed(tx: &mut Tx, name: &str, suppressed: Option<Suppressed>) {
    tx.cancel("cloudwatch.suppression", name);
    if let Some(until) = suppressed.as_ref().and_then(|suppressed| suppressed.until) {
        tx.schedule(until, "cloudwatch.suppression", name);
    }
    tx.update::<Alarm>(name, |alarm| {
        if let Kind::Composite(composite) = &mut alarm.kind {
            composite.suppressed = suppressed;
        }
    });
}

fn suppressor_changed(tx: &mut Tx, caller: &Caller, name: &str, suppressor: &Alarm) {
    let Some(alarm) = tx.get::<Alarm>(name) else { return };
    let Kind::Composite(composite) = &alarm.kind else { return };
    let (Some(rule), Some(suppressed)) = (&composite.suppressor, &composite.suppressed) else {
        return;
    };
    if suppressor.state.value == StateValue::Alarm {
        let suppressed = by_alarm(tx, &rule.name, suppressed.previous);
        return set_suppressed(tx, name, Some(suppressed));
    }
    if suppressed.by != By::Alarm {
        return;
    }
    if rule.extension_secs == 0 {
        return release(tx, caller, name);
    }
    let extended = Suppressed {
        by: By::ExtensionPeriod,
        until: Some(tx.now().plus_secs(rule.extension_secs)),
        previous: suppressed.previous,
        reason: format_smolstr!(
            "Actions suppressed by the extension period of {} seconds after {}",
            rule.extension_secs,
            rule.name
        ),
    };
    set_suppressed(tx, name, Some(extended));
}

/// Carries out the actions that have waited.
fn release(tx: &mut Tx, caller: &Caller, name: &str) {
    let Some(alarm) = tx.get::<Alarm>(name) else { return };
    let Kind::Composite(composite) = &alarm.kind else { return };
    let Some(suppressed) = &composite.suppressed else { return };
    let previous = suppressed.previous;
    set_suppressed(tx, name, None);
    actions::run(tx, caller, &alarm, previous, &[]);
}

/// A wait or extension period may have ended.
pub(super) fn suppression_ends(tx: &mut Tx, caller: &Caller, name: &str) {
    let Some(alarm) = tx.get::<Alarm>(name) else { return };
    let Kind::Composite(composite) = &alarm.kind else { return };
    let until = composite.suppressed.as_ref().and_then(|suppressed| suppressed.until);
    if until.is_some_and(|until| until <= tx.now()) {
        release(tx, caller, name);
    }
}

impl Alarm {
    /// As `CompositeAlarm`; only if it is one.
    pub(super) fn render_composite(&self) -> Option<CompositeAlarm> {
        let Kind::Composite(composite) = &self.kind else { return None };
        let suppressed = composite.suppressed.as_ref();
        let by = |suppressed: &Suppressed| {
            SmolStr::new_static(match suppressed.by {
                By::WaitPeriod => "WaitPeriod",
                By::ExtensionPeriod => "ExtensionPeriod",
                By::Alarm => "Alarm",
            })
        };
        let suppressor = composite.suppressor.as_ref();
        Some(CompositeAlarm {
            actions_enabled: Some(self.actions_enabled),
            alarm_actions: Some(self.alarm_actions.clone()),
            alarm_arn: Some(self.arn.clone()),
            alarm_configuration_updated_timestamp: Some(self.configured_at),
            alarm_description: self.description.clone(),
            alarm_name: Some(self.name.clone()),
            alarm_rule: Some(composite.rule_text.clone()),
            insufficient_data_actions: Some(self.insufficient_data_actions.clone()),
            ok_actions: Some(self.ok_actions.clone()),
            state_reason: Some(self.state.reason.clone()),
            state_reason_data: self.state.data.clone(),
            state_updated_timestamp: Some(self.state.updated_at),
            state_value: Some(SmolStr::new_static(self.state.value.as_str())),
            state_transitioned_timestamp: Some(self.state.transitioned_at),
            actions_suppressed_by: suppressed.map(by),
            actions_suppressed_reason: suppressed.map(|suppressed| suppressed.reason.clone()),
            actions_suppressor: suppressor.map(|suppressor| suppressor.given.clone()),
            actions_suppressor_wait_period: suppressor.map(|suppressor| suppressor.wait_secs),
            actions_suppressor_extension_period: suppressor.map(|s| s.extension_secs),
            action_configuration: None,
        })
    }
}
