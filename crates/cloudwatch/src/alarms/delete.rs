//! DeleteAlarms (API reference): up to 100 at once, of which one may be a composite.
//!
//! Names that exist are deleted even if others do not; only when none does is it an error.

use super::history::{self, ItemType};
use super::row::{Alarm, Kind};
use crate::errors;
use api::cloudwatch::DeleteAlarmsInput;
use kernel::{ApiError, Caller, Tx};
use serde_json::json;
use smol_str::format_smolstr;
use std::sync::Arc;

pub(super) fn delete_alarms(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteAlarmsInput,
) -> Result<(), ApiError> {
    let names = &input.alarm_names;
    let mut found: Vec<Arc<Alarm>> =
        names.iter().filter_map(|name| tx.get::<Alarm>(name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    if found.is_empty() && !names.is_empty() {
        return Err(errors::not_found(""));
    }
    if found.iter().filter(|alarm| matches!(alarm.kind, Kind::Composite(_))).count() > 1 {
        return Err(errors::validation(
            "You can delete no more than one composite alarm in one operation.",
        ));
    }
    for alarm in &found {
        let parents = tx.rows_by::<Alarm>("child", &alarm.name);
        if parents.into_iter().any(|parent| !names.contains(&parent.name)) {
            return Err(errors::validation(format!(
                "Cannot delete {} as there are composite alarm(s) depending on it.",
                alarm.name
            )));
        }
    }
    for alarm in found {
        let summary = format_smolstr!("Alarm \"{}\" deleted", alarm.name);
        let data = json!({ "type": "Delete", "version": "1.0" });
        history::write(tx, &alarm, ItemType::ConfigurationUpdate, summary, data);
        tx.remove::<Alarm>(&alarm.name);
        tx.cancel("cloudwatch.alarm", &alarm.name);
        tx.cancel("cloudwatch.suppression", &alarm.name);
    }
    Ok(())
}
