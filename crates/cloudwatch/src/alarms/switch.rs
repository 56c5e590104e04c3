//! EnableAlarmActions and DisableAlarmActions. Names that do not exist are passed over.

use super::row::Alarm;
use api::cloudwatch::{DisableAlarmActionsInput, EnableAlarmActionsInput};
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

pub(super) fn enable_alarm_actions(
    tx: &mut Tx,
    _: &Caller,
    input: EnableAlarmActionsInput,
) -> Result<(), ApiError> {
    switch(tx, &input.alarm_names, true);
    Ok(())
}

pub(super) fn disable_alarm_actions(
    tx: &mut Tx,
    _: &Caller,
    input: DisableAlarmActionsInput,
) -> Result<(), ApiError> {
    switch(tx, &input.alarm_names, false);
    Ok(())
}

fn switch(tx: &mut Tx, names: &[SmolStr], enabled: bool) {
    let now = tx.now();
    for name in names {
        if tx.get::<Alarm>(name).is_some_and(|alarm| alarm.actions_enabled != enabled) {
            tx.update::<Alarm>(name, |alarm| {
                alarm.actions_enabled = enabled;
                alarm.configured_at = now;
            });
        }
    }
}
