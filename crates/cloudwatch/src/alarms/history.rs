//! What happened to alarms, for 30 days, also after an alarm is deleted (DescribeAlarmHistory,
//! API reference).

use super::row::{Alarm, State};
use crate::errors;
use api::cloudwatch::{AlarmHistoryItem, DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput};
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Timestamp, Tx, paginate};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

const KEPT: i64 = 30 * 86_400_000;
/// Old items are forgotten in lots.
const PURGE_EVERY: i64 = 86_400_000;
/// Beyond this the oldest items go early.
const MAX_ITEMS: usize = 100_000;
const PAGE: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ItemType {
    ConfigurationUpdate,
    StateUpdate,
    Action,
}

impl ItemType {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationUpdate => "ConfigurationUpdate",
            Self::StateUpdate => "StateUpdate",
            Self::Action => "Action",
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Item {
    pub(super) at: Timestamp,
    /// Counts the items of one alarm and instant.
    pub(super) number: u32,
    pub(super) alarm: SmolStr,
    pub(super) is_composite: bool,
    pub(super) item_type: ItemType,
    pub(super) summary: SmolStr,
    pub(super) data: Data,
}

/// An item's `HistoryData`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Data {
    /// As JSON.
    Text(SmolStr),
    /// A change of state. Its texts are shared with the alarm and with the next change.
    Change(Box<(State, State)>),
}

impl Data {
    /// From one state into another.
    pub(super) fn change(old: &State, new: &State) -> Self {
        Self::Change(Box::new((old.clone(), new.clone())))
    }

    pub(super) fn value(&self) -> Value {
        match self {
            Self::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Change(states) => json!({
                "version": "1.0",
                "oldState": shown(&states.0),
                "newState": shown(&states.1),
            }),
        }
    }

    fn text(&self) -> SmolStr {
        match self {
            Self::Text(text) => text.clone(),
            Self::Change(_) => self.value().to_string().into(),
        }
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::Text(value.to_string().into())
    }
}

fn shown(state: &State) -> Value {
    let mut shown = json!({ "stateValue": state.value, "stateReason": state.reason });
    if let Some(data) = &state.data {
        let parsed = serde_json::from_str::<Value>(data);
        shown["stateReasonData"] = parsed.unwrap_or_else(|_| json!(data));
    }
    shown
}

impl Row for Item {
    const TABLE: &'static str = "cloudwatch.alarm-history";
    const INDEXES: &'static [&'static str] = &["alarm"];

    fn key(&self) -> SmolStr {
        key(self.at, &self.alarm, self.number)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("alarm", self.alarm.clone());
    }
}

/// In the order of time.
fn key(at: Timestamp, alarm: &str, number: u32) -> SmolStr {
    format_smolstr!("{:015}/{alarm}/{number:06}", at.0.max(0))
}

/// Writes an item.
pub(super) fn write(
    tx: &mut Tx,
    alarm: &Alarm,
    item_type: ItemType,
    summary: SmolStr,
    data: impl Into<Data>,
) {
    let at = tx.now();
    let free = (0..u32::MAX).find(|number| !tx.contains::<Item>(&key(at, &alarm.name, *number)));
    tx.put(Item {
        at,
        number: free.unwrap_or_default(),
        alarm: alarm.name.clone(),
        is_composite: alarm.watch().is_none(),
        item_type,
        summary,
        data: data.into(),
    });
    if tx.count::<Item>() > MAX_ITEMS {
        let oldest = tx.rows::<Item>().next().map(|item| item.key()).unwrap_or_default();
        tx.remove::<Item>(&oldest);
    }
    tx.schedule(at.plus_millis(KEPT + PURGE_EVERY), "cloudwatch.history-purge", "");
}

/// Forgets what is too old.
pub(super) fn purge(tx: &mut Tx, _: &Caller, _: &str) {
    let bound = tx.now().plus_millis(-KEPT);
    let old: Vec<SmolStr> =
        tx.rows::<Item>().take_while(|item| item.at < bound).map(|item| item.key()).collect();
    for key in old {
        tx.remove::<Item>(&key);
    }
    let next = tx.rows::<Item>().next().map(|item| item.at);
    if let Some(at) = next {
        tx.schedule(at.plus_millis(KEPT + PURGE_EVERY), "cloudwatch.history-purge", "");
    }
}

/// The items of one alarm, the oldest first.
pub(super) fn items_of(snapshot: &Snapshot, alarm: &str) -> Vec<Arc<Item>> {
    snapshot.rows_by::<Item>("alarm", alarm).cloned().collect()
}

pub(super) fn describe_alarm_history(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeAlarmHistoryInput,
) -> Result<DescribeAlarmHistoryOutput, ApiError> {
    if input.alarm_contributor_id.is_some() {
        return Err(ApiError::not_implemented(
            "cloudwatch:DescribeAlarmHistory with AlarmContributorId",
        ));
    }
    // "If you omit this parameter, only metric alarms are returned."
    let types = input.alarm_types.as_deref().unwrap_or_default();
    let is_wanted = |item: &Item| {
        let name = if item.is_composite { "CompositeAlarm" } else { "MetricAlarm" };
        let fits = match types {
            [] => !item.is_composite,
            types => types.iter().any(|wanted| wanted == name),
        };
        fits && input.history_item_type.as_ref().is_none_or(|t| t == item.item_type.as_str())
            && input.start_date.is_none_or(|start| item.at >= start)
            && input.end_date.is_none_or(|end| item.at <= end)
    };
    let mut items: Vec<Arc<Item>> = match &input.alarm_name {
        Some(name) => items_of(snapshot, name),
        None => snapshot.rows::<Item>().cloned().collect(),
    };
    items.retain(|item| is_wanted(item) && item.at >= snapshot.now().plus_millis(-KEPT));
    let is_ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    if !is_ascending {
        items.reverse();
    }
    let page = paginate(
        "DescribeAlarmHistory",
        input.next_token.as_deref(),
        input.max_records.map_or(PAGE, |max| max.clamp(1, 100) as usize),
        |after| {
            let after = SmolStr::new(after);
            items.iter().filter(move |item| {
                let key = item.key();
                after.is_empty() || if is_ascending { key > after } else { key < after }
            })
        },
        |item| item.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let rendered = page.items.into_iter().map(|item| render(item)).collect();
    Ok(DescribeAlarmHistoryOutput { alarm_history_items: Some(rendered), next_token: page.next })
}

fn render(item: &Item) -> AlarmHistoryItem {
    let kind = if item.is_composite { "CompositeAlarm" } else { "MetricAlarm" };
    AlarmHistoryItem {
        alarm_name: Some(item.alarm.clone()),
        alarm_type: Some(SmolStr::new_static(kind)),
        timestamp: Some(item.at),
        history_item_type: Some(SmolStr::new_static(item.item_type.as_str())),
        history_summary: Some(item.summary.clone()),
        history_data: Some(item.data.text()),
        ..Default::default()
    }
}
