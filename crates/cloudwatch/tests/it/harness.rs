//! A cloud with a manual clock, and short ways to put data and alarms.

use api::cloudwatch::{self as cw, ops};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, FaultRule, MemoryJournal, Operation, Settings,
    Timestamp, Wall,
};
use smol_str::SmolStr;

/// When the tests happen: 2017-09-28T05:35:06.123Z.
pub const WALL: Wall = Wall(1_506_576_906_123);

/// The namespace of everything here.
pub const NAMESPACE: &str = "Test";

/// An account in us-west-1. Time stands still until stepped.
pub struct Watched {
    cloud: Cloud,
    caller: Caller,
}

impl Watched {
    pub fn new() -> Self {
        Self::of(&lowcloud::wiring())
    }

    pub fn of(wiring: &kernel::Wiring) -> Self {
        let settings = Settings::default();
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(wiring, settings, clock, Box::new(MemoryJournal));
        Self { cloud: cloud.expect("a journal in memory never fails"), caller }
    }

    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(WALL, row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
    }

    /// A call that works.
    #[track_caller]
    pub fn ok<O: Operation>(&self, input: O::Input) -> O::Output {
        match self.call::<O>(input) {
            Ok(output) => output,
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    /// A call that fails with exactly this.
    #[track_caller]
    pub fn fails<O: Operation>(&self, input: O::Input, code: &str, message: &str) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => assert_eq!((&*error.code, &*error.message), (code, message)),
        }
    }

    /// A call that fails with this code, in words that AWS does not document.
    #[track_caller]
    pub fn refuses<O: Operation>(&self, input: O::Input, code: &str) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => assert_eq!(&*error.code, code, "{}", error.message),
        }
    }

    /// A control that the control API answers.
    #[track_caller]
    pub fn control(&self, name: &str, request: &serde_json::Value) -> serde_json::Value {
        let control = self.cloud.controls().find(|c| c.name() == name).expect("the control exists");
        self.cloud.control(WALL, control, &self.caller, request).expect("an answer")
    }

    /// A fault begins.
    pub fn fault(&self, rule: FaultRule) {
        self.cloud.add_fault(WALL, rule).expect("the fault is taken");
    }

    /// The virtual present.
    pub fn now(&self) -> Timestamp {
        self.cloud.status(WALL).now
    }

    /// Number of commits so far.
    pub fn commits(&self) -> u64 {
        self.cloud.status(WALL).sequence
    }

    /// Number of rows of a table.
    pub fn rows(&self, table: &str) -> usize {
        let rows = self.cloud.status(WALL).rows;
        rows.iter().find(|(name, _)| *name == table).map_or(0, |(_, count)| *count)
    }

    /// Lets so many seconds pass.
    pub fn step(&self, secs: i64) {
        self.cloud.step(WALL, secs * 1_000).expect("a journal in memory never fails");
    }

    /// Lets time pass until the next whole minute.
    pub fn to_minute(&self) {
        let left = 60_000 - self.now().0 % 60_000;
        self.cloud.step(WALL, left).expect("a journal in memory never fails");
    }

    pub fn idle(&self) {
        self.cloud.run_until_idle(WALL, 1 << 40).expect("a journal in memory never fails");
    }

    /// Puts a value of the metric `m` now.
    pub fn put(&self, value: f64) {
        self.put_datum(datum("m", |datum| datum.value = Some(value)));
    }

    /// Puts a value of `m` so many seconds ago.
    pub fn put_ago(&self, secs: i64, value: f64) {
        let at = self.now().plus_secs(-secs);
        self.put_datum(datum("m", |datum| {
            datum.value = Some(value);
            datum.timestamp = Some(at);
        }));
    }

    pub fn put_datum(&self, datum: cw::MetricDatum) {
        self.ok::<ops::PutMetricData>(data(vec![datum]));
    }

    /// Statistics of `m` over the last seconds.
    pub fn statistics(
        &self,
        secs: i64,
        change: impl FnOnce(&mut cw::GetMetricStatisticsInput),
    ) -> Vec<cw::Datapoint> {
        let mut input = cw::GetMetricStatisticsInput {
            namespace: NAMESPACE.into(),
            metric_name: "m".into(),
            start_time: self.now().plus_secs(-secs),
            end_time: self.now().plus_secs(60),
            period: 60,
            statistics: Some(
                ["Average", "Sum", "SampleCount", "Minimum", "Maximum"].map(SmolStr::new).to_vec(),
            ),
            ..Default::default()
        };
        change(&mut input);
        let found = self.ok::<ops::GetMetricStatistics>(input);
        found.datapoints.expect("a list of datapoints")
    }

    /// Results of queries over the last seconds.
    pub fn query(&self, secs: i64, queries: Vec<cw::MetricDataQuery>) -> Vec<cw::MetricDataResult> {
        let input = cw::GetMetricDataInput {
            metric_data_queries: queries,
            start_time: self.now().plus_secs(-secs),
            end_time: self.now().plus_secs(60),
            scan_by: Some("TimestampAscending".into()),
            ..Default::default()
        };
        self.ok::<ops::GetMetricData>(input).metric_data_results.expect("a list of results")
    }

    /// An alarm `a` on the average of `m`: above 10 in one period of a minute.
    pub fn alarm(&self, change: impl FnOnce(&mut cw::PutMetricAlarmInput)) {
        self.ok::<ops::PutMetricAlarm>(alarm(change));
    }

    /// The alarm of this name.
    #[track_caller]
    pub fn shown(&self, name: &str) -> cw::MetricAlarm {
        let input =
            cw::DescribeAlarmsInput { alarm_names: Some(vec![name.into()]), ..Default::default() };
        let found = self.ok::<ops::DescribeAlarms>(input).metric_alarms.expect("a list of alarms");
        found.into_iter().next().expect("the alarm is there")
    }

    /// The state of `a`, and why.
    #[track_caller]
    pub fn state(&self) -> (SmolStr, SmolStr) {
        let alarm = self.shown("a");
        (alarm.state_value.expect("a state"), alarm.state_reason.expect("a reason"))
    }

    /// Type and summary of what happened to an alarm, the newest first.
    pub fn history(&self, name: &str) -> Vec<(SmolStr, SmolStr)> {
        let input = cw::DescribeAlarmHistoryInput {
            alarm_name: Some(name.into()),
            alarm_types: Some(vec!["MetricAlarm".into(), "CompositeAlarm".into()]),
            ..Default::default()
        };
        let items = self.ok::<ops::DescribeAlarmHistory>(input).alarm_history_items;
        let told = |item: cw::AlarmHistoryItem| {
            (item.history_item_type.expect("a type"), item.history_summary.expect("a summary"))
        };
        items.expect("a list of items").into_iter().map(told).collect()
    }

    pub fn set_state(&self, name: &str, value: &str) {
        self.ok::<ops::SetAlarmState>(cw::SetAlarmStateInput {
            alarm_name: name.into(),
            state_value: value.into(),
            state_reason: "because".into(),
            state_reason_data: None,
        });
    }
}

/// A datum of a metric.
pub fn datum(name: &str, change: impl FnOnce(&mut cw::MetricDatum)) -> cw::MetricDatum {
    let mut datum = cw::MetricDatum { metric_name: name.into(), ..Default::default() };
    change(&mut datum);
    datum
}

pub fn data(data: Vec<cw::MetricDatum>) -> cw::PutMetricDataInput {
    cw::PutMetricDataInput {
        namespace: NAMESPACE.into(),
        metric_data: Some(data),
        ..Default::default()
    }
}

pub fn dimension(name: &str, value: &str) -> cw::Dimension {
    cw::Dimension { name: name.into(), value: value.into() }
}

pub fn alarm(change: impl FnOnce(&mut cw::PutMetricAlarmInput)) -> cw::PutMetricAlarmInput {
    let mut input = cw::PutMetricAlarmInput {
        alarm_name: "a".into(),
        namespace: Some(NAMESPACE.into()),
        metric_name: Some("m".into()),
        statistic: Some("Average".into()),
        period: Some(60),
        evaluation_periods: Some(1),
        threshold: Some(10.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        ..Default::default()
    };
    change(&mut input);
    input
}

/// A query of the average of a metric by the minute.
pub fn metric(id: &str, name: &str) -> cw::MetricDataQuery {
    cw::MetricDataQuery {
        id: id.into(),
        metric_stat: Some(cw::MetricStat {
            metric: cw::Metric {
                namespace: Some(NAMESPACE.into()),
                metric_name: Some(name.into()),
                dimensions: Some(Vec::new()),
            },
            period: 60,
            stat: "Average".into(),
            unit: None,
        }),
        ..Default::default()
    }
}

pub fn expression(id: &str, text: &str) -> cw::MetricDataQuery {
    cw::MetricDataQuery { id: id.into(), expression: Some(text.into()), ..Default::default() }
}
