//! Changes of an alarm's state, by a look or by SetAlarmState, and what follows from them.

use super::decide::Point;
use super::history::{self, Data, ItemType};
use super::row::{Alarm, State, StateValue};
use super::{actions, composite};
use crate::errors;
use api::cloudwatch::SetAlarmStateInput;
use kernel::{ApiError, Caller, Tx};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

/// A state to come into.
pub(super) struct Change {
    pub(super) value: StateValue,
    pub(super) reason: SmolStr,
    pub(super) data: Option<SmolStr>,
}

/// Temporarily: the next round puts a metric alarm back into its real state. Actions follow only
/// if the value is another.
pub(super) fn set_alarm_state(
    tx: &mut Tx,
    caller: &Caller,
    input: SetAlarmStateInput,
) -> Result<(), ApiError> {
    let alarm = Alarm::find(tx, &input.alarm_name)?;
    let value = StateValue::from_text(&input.state_value).ok_or_else(|| {
        let rule = "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]";
        errors::constraint(&input.state_value, "stateValue", rule)
    })?;
    if let Some(data) = &input.state_reason_data
        && serde_json::from_str::<Value>(data).is_err()
    {
        return Err(errors::invalid_format("StateReasonData must be valid JSON."));
    }
    let change = Change { value, reason: input.state_reason, data: input.state_reason_data };
    self::change(tx, caller, &alarm.name, change, &[]);
    Ok(())
}

/// Brings an alarm into a state.
pub(super) fn change(
    tx: &mut Tx,
    caller: &Caller,
    name: &str,
    change: Change,
    evaluated: &[Point],
) {
    let now = tx.now();
    let Some(old) = tx.get::<Alarm>(name) else { return };
    let is_new = old.state.value != change.value;
    let alarm = tx.update::<Alarm>(name, |alarm| {
        alarm.state = State {
            value: change.value,
            reason: change.reason,
            data: change.data,
            updated_at: now,
            transitioned_at: if is_new { now } else { alarm.state.transitioned_at },
        };
    });
    let Some(alarm) = alarm.filter(|_| is_new) else { return };
    let summary = format_smolstr!(
        "Alarm updated from {} to {}",
        old.state.value.as_str(),
        alarm.state.value.as_str()
    );
    let data = Data::change(&old.state, &alarm.state);
    history::write(tx, &alarm, ItemType::StateUpdate, summary, data);
    if !composite::suppresses(tx, &alarm, old.state.value) {
        actions::run(tx, caller, &alarm, old.state.value, evaluated);
    }
    composite::child_changed(tx, caller, &alarm);
}
