//! Rollback triggers: alarms that are watched while an operation goes on, and for a while after.

use super::operation::{Kind, Phase};
use super::run::Run;
use api::cloudwatch::{DescribeAlarmsInput, ops};
use smol_str::SmolStr;

/// Alarms are looked at this far apart.
const LOOK_MILLIS: i64 = 60_000;

impl Run<'_, '_> {
    /// Why the operation is undone: alarms of its triggers that are in alarm, or not there.
    pub(super) fn alarmed(&mut self) -> Option<String> {
        let watched = matches!(self.operation.kind, Kind::Create | Kind::Update)
            && matches!(self.operation.phase, Phase::Acting | Phase::Finishing);
        if !watched || self.stack.triggers.alarms.is_empty() {
            return None;
        }
        self.wake_at(self.now.plus_millis(LOOK_MILLIS));
        let alarms = self.stack.triggers.alarms.clone();
        let name = |arn: &SmolStr| SmolStr::new(arn.splitn(7, ':').nth(6).unwrap_or_default());
        let input = DescribeAlarmsInput {
            alarm_names: Some(alarms.iter().map(|(arn, _)| name(arn)).collect()),
            alarm_types: Some(vec!["MetricAlarm".into(), "CompositeAlarm".into()]),
            ..Default::default()
        };
        let found = self
            .world
            .with(|tx, caller| tx.call::<ops::DescribeAlarms>(caller, input))
            .unwrap_or_default();
        let metric = found.metric_alarms.unwrap_or_default().into_iter();
        let composite = found.composite_alarms.unwrap_or_default().into_iter();
        let states: Vec<(Option<SmolStr>, Option<SmolStr>)> = metric
            .map(|alarm| (alarm.alarm_arn, alarm.state_value))
            .chain(composite.map(|alarm| (alarm.alarm_arn, alarm.state_value)))
            .collect();
        let bad = |arn: &SmolStr| {
            let state = states.iter().find(|(known, _)| known.as_ref() == Some(arn));
            state.is_none_or(|(_, state)| state.as_deref() == Some("ALARM"))
        };
        let fired: Vec<&str> =
            alarms.iter().filter(|(arn, _)| bad(arn)).map(|(arn, _)| arn.as_str()).collect();
        (!fired.is_empty()).then(|| {
            format!("The following rollback triggers are in ALARM state: [{}].", fired.join(", "))
        })
    }

    /// How long the alarms are watched once the resources are done, in milliseconds.
    pub(super) fn monitoring_millis(&self) -> i64 {
        let triggers = &self.stack.triggers;
        match triggers.alarms.is_empty() {
            true => 0,
            false => triggers.monitoring_minutes.unwrap_or(0) * 60_000,
        }
    }
}
