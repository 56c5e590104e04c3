//! Alarms: what they watch, when they change their state, and what follows.
//!
//! ("Using Amazon CloudWatch alarms", user guide.) All alarms of a region are looked at together
//! once a minute, those with periods below a minute every ten seconds; a look that changes nothing
//! writes nothing. Composite alarms are looked at when an alarm that they speak of changes.

mod actions;
mod composite;
mod decide;
mod delete;
mod describe;
mod evaluate;
mod explain;
mod history;
mod notification;
mod put;
mod reasons;
mod row;
mod rule;
mod state;
mod switch;

pub(crate) use row::Alarm;

use kernel::resource;

resource! { cloudwatch:
    operations {
        write PutMetricAlarm => put::put_metric_alarm,
        write PutCompositeAlarm => composite::put_composite_alarm,
        write DeleteAlarms => delete::delete_alarms,
        write EnableAlarmActions => switch::enable_alarm_actions,
        write DisableAlarmActions => switch::disable_alarm_actions,
        write SetAlarmState => state::set_alarm_state,
        read DescribeAlarms => describe::describe_alarms,
        read DescribeAlarmsForMetric => describe::describe_alarms_for_metric,
        read DescribeAlarmHistory => history::describe_alarm_history,
    }
    tables { Alarm, history::Item }
    tasks {
        "cloudwatch.alarm" => evaluate::first_look,
        "cloudwatch.suppression" => composite::suppression_ends,
    }
    housekeeping {
        "cloudwatch.evaluate" => evaluate::every_minute,
        "cloudwatch.evaluate-fast" => evaluate::every_ten_seconds,
        "cloudwatch.history-purge" => history::purge,
    }
    controls { read "alarms/explain" => explain::explain }
}
