//! Metric data queries: metrics with a statistic, and expressions on them. GetMetricData, alarms
//! on expressions and widgets all ask through here.

use crate::errors;
use crate::get_metric_statistics::check_period;
use crate::math::{self, Expression};
use crate::metric_data::read::{Wanted, read};
use crate::metric_data::{Metric, checked_dimensions, sorted, units};
use crate::statistics::Statistic;
use api::cloudwatch as wire;
use kernel::{ApiError, Dimensions, Snapshot, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Queries of an alarm.
const MAX_ALARM_QUERIES: usize = 10;
/// Points that the answers to one request may hold in all.
const MAX_HELD: usize = 20_000_000;
/// How deep expressions may refer to each other.
const MAX_REFERENCES: usize = 100;

/// One query.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) id: SmolStr,
    pub(crate) what: What,
    pub(crate) label: Option<SmolStr>,
    /// As the user gave it; it is true if not given.
    return_data: Option<bool>,
    /// Seconds; of expressions.
    period: Option<i64>,
    account_id: Option<SmolStr>,
}

/// What a query asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum What {
    Metric(MetricStat),
    Expression(SmolStr),
}

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MetricStat {
    pub(crate) namespace: SmolStr,
    pub(crate) name: SmolStr,
    /// Sorted by name.
    pub(crate) dimensions: Dimensions,
    pub(crate) stat: SmolStr,
    pub(crate) unit: Option<SmolStr>,
    /// Seconds.
    pub(crate) period: i64,
}

impl Query {
    pub(crate) fn returns_data(&self) -> bool {
        self.return_data.unwrap_or(true)
    }

    /// Seconds; expressions may leave it open.
    pub(crate) fn period(&self) -> Option<i64> {
        match &self.what {
            What::Metric(metric) => Some(metric.period),
            What::Expression(_) => self.period,
        }
    }

    /// Namespace and name of its metric.
    pub(crate) fn metric(&self) -> Option<(&SmolStr, &SmolStr)> {
        match &self.what {
            What::Metric(metric) => Some((&metric.namespace, &metric.name)),
            What::Expression(_) => None,
        }
    }

    pub(crate) fn dimensions(&self) -> Option<&Dimensions> {
        match &self.what {
            What::Metric(metric) => Some(&metric.dimensions),
            What::Expression(_) => None,
        }
    }

    /// As the wire has it.
    pub(crate) fn render(&self) -> wire::MetricDataQuery {
        let mut shown = wire::MetricDataQuery {
            id: self.id.clone(),
            label: self.label.clone(),
            return_data: self.return_data,
            account_id: self.account_id.clone(),
            period: self.period,
            ..Default::default()
        };
        match &self.what {
            What::Expression(text) => shown.expression = Some(text.clone()),
            What::Metric(metric) => {
                let name = Metric::render(&metric.namespace, &metric.name, &metric.dimensions);
                shown.metric_stat = Some(wire::MetricStat {
                    metric: name,
                    period: metric.period,
                    stat: metric.stat.clone(),
                    unit: metric.unit.clone(),
                });
            }
        }
        shown
    }

    /// As an SNS message has it.
    pub(crate) fn notified(&self) -> Value {
        let mut shown = json!({});
        match &self.what {
            What::Expression(text) => shown["Expression"] = json!(text),
            What::Metric(metric) => {
                let pair =
                    |(name, value): &(SmolStr, SmolStr)| json!({"value": value, "name": name});
                let dimensions: Vec<Value> = metric.dimensions.iter().map(pair).collect();
                shown["MetricStat"] = json!({
                    "Metric": {
                        "Dimensions": dimensions,
                        "MetricName": metric.name,
                        "Namespace": metric.namespace,
                    },
                    "Period": metric.period,
                    "Stat": metric.stat,
                });
            }
        }
        shown["Id"] = json!(self.id);
        if let Some(label) = &self.label {
            shown["Label"] = json!(label);
        }
        shown["ReturnData"] = json!(self.returns_data());
        shown
    }

    /// `m1 = Average of Namespace/Name`
    pub(crate) fn in_words(&self) -> String {
        match &self.what {
            What::Expression(text) => format!("{} = {text}", self.id),
            What::Metric(metric) => {
                format!("{} = {} of {}/{}", self.id, metric.stat, metric.namespace, metric.name)
            }
        }
    }
}

/// Checks queries: their names, what they ask for, and that expressions name what is there.
/// `parameter` is how the request calls the list.
pub(crate) fn checked(
    queries: &[wire::MetricDataQuery],
    parameter: &str,
) -> Result<Vec<Query>, ApiError> {
    let mut found: Vec<Query> = Vec::with_capacity(queries.len());
    for (number, query) in queries.iter().enumerate() {
        let parameter = format!("{parameter}.member.{}", number + 1);
        let is_id = query.id.starts_with(|c: char| c.is_ascii_lowercase())
            && query.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_id {
            return Err(errors::validation(format!(
                "The value {} for parameter {parameter}.Id is not matching the expected pattern \
                 ^[a-z][a-zA-Z0-9_]*$.",
                query.id
            )));
        }
        if found.iter().any(|other| other.id == query.id) {
            return Err(errors::validation(format!(
                "The values for parameter id in {} are not unique.",
                parameter.split('.').next().unwrap_or_default()
            )));
        }
        found.push(check(query, &parameter)?);
    }
    for query in &found {
        let What::Expression(text) = &query.what else { continue };
        let fails =
            |what: &str| errors::validation(format!("Error in expression '{}': {what}", query.id));
        let expression = math::parse(text).map_err(|error| fails(&error))?;
        if let Some(function) = expression.unbuilt() {
            return Err(ApiError::not_implemented(format_args!("cloudwatch:{function}()")));
        }
        for name in expression.names() {
            if !found.iter().any(|other| other.id == name) {
                return Err(fails(&format!("Undefined variable: {name}")));
            }
        }
        if refers_to_itself(&found, &query.id) {
            return Err(fails("The expression refers to itself"));
        }
    }
    Ok(found)
}

fn check(query: &wire::MetricDataQuery, parameter: &str) -> Result<Query, ApiError> {
    let what = match (&query.metric_stat, &query.expression) {
        (Some(stat), None) => What::Metric(check_stat(stat, &format!("{parameter}.MetricStat"))?),
        (None, Some(text)) => What::Expression(text.clone()),
        (Some(_), Some(_)) => {
            return Err(errors::exclusive(
                format_args!("{parameter}.MetricStat"),
                format_args!("{parameter}.Expression"),
            ));
        }
        (None, None) => {
            return Err(errors::missing_parameter(format!(
                "Either {parameter}.MetricStat or {parameter}.Expression must be specified."
            )));
        }
    };
    if let Some(period) = query.period {
        if matches!(what, What::Metric(_)) {
            return Err(errors::validation(format!(
                "{parameter}.Period must not be specified with MetricStat."
            )));
        }
        check_period(period, &format!("{parameter}.Period"))?;
    }
    Ok(Query {
        id: query.id.clone(),
        what,
        label: query.label.clone(),
        return_data: query.return_data,
        period: query.period,
        account_id: query.account_id.clone(),
    })
}

fn check_stat(stat: &wire::MetricStat, parameter: &str) -> Result<MetricStat, ApiError> {
    let given = |text: &Option<SmolStr>, member: &str| {
        text.clone().ok_or_else(|| errors::required(format_args!("{parameter}.Metric.{member}")))
    };
    check_period(stat.period, &format!("{parameter}.Period"))?;
    if stat.stat.parse::<Statistic>().is_err() {
        return Err(errors::validation(format!(
            "The value {} for parameter {parameter}.Stat is not supported.",
            stat.stat
        )));
    }
    if let Some(unit) = stat.unit.as_deref().filter(|unit| units::number(unit).is_none()) {
        return Err(errors::bad_parameter(unit, format_args!("{parameter}.Unit")));
    }
    let dimensions = stat.metric.dimensions.as_deref();
    checked_dimensions(dimensions, &format!("{parameter}.Metric.Dimensions"))?;
    Ok(MetricStat {
        namespace: given(&stat.metric.namespace, "Namespace")?,
        name: given(&stat.metric.metric_name, "MetricName")?,
        dimensions: sorted(dimensions),
        stat: stat.stat.clone(),
        unit: stat.unit.clone(),
        period: stat.period,
    })
}

fn refers_to_itself(queries: &[Query], start: &str) -> bool {
    let mut open = vec![SmolStr::new(start)];
    let mut seen: Vec<SmolStr> = Vec::new();
    while let Some(id) = open.pop() {
        let query = queries.iter().find(|query| query.id == id);
        let Some(What::Expression(text)) = query.map(|query| &query.what) else { continue };
        for name in math::parse(text).map_or(Vec::new(), |expression| expression.names()) {
            if name == start {
                return true;
            }
            if !seen.contains(&name) {
                seen.push(name.clone());
                open.push(name);
            }
        }
    }
    false
}

/// The queries of an alarm: exactly one returns data, and all know their period.
pub(crate) fn for_alarm(queries: &[wire::MetricDataQuery]) -> Result<Vec<Query>, ApiError> {
    if queries.len() > MAX_ALARM_QUERIES {
        return Err(errors::validation("An alarm can have no more than 10 metrics."));
    }
    let found = checked(queries, "Metrics")?;
    if found.iter().filter(|query| query.returns_data()).count() != 1 {
        return Err(errors::validation(
            "Exactly one element of the metrics list should return data.",
        ));
    }
    if found.iter().filter_map(Query::period).next().is_none() {
        return Err(errors::validation(
            "Period must not be null when the expression has no metrics.",
        ));
    }
    let periods = found.iter().filter_map(Query::period);
    if periods.into_iter().any(|period| matches!(period, 1 | 5)) {
        return Err(errors::validation("Period must be 10, 20, 30 or a multiple of 60."));
    }
    let searches = |query: &Query| match &query.what {
        What::Expression(text) => math::parse(text).is_ok_and(|e| e.calls("SEARCH")),
        What::Metric(_) => false,
    };
    match found.iter().any(searches) {
        true => Err(errors::validation("SEARCH is not supported in alarms.")),
        false => Ok(found),
    }
}

/// A line of values: what a query comes to. An expression may come to several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// In the order of time.
    pub(crate) points: Vec<(Timestamp, f64)>,
    /// Milliseconds.
    pub(crate) period: i64,
    pub(crate) label: SmolStr,
    /// Units in which the metric came, if they are several.
    pub(crate) mixed_units: Vec<&'static str>,
    /// What it is a line of, if it is of one metric.
    pub(crate) metric: Option<Rc<MetricStat>>,
}

/// The stretch of time in which queries are answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Periods are counted from here.
    pub(crate) origin: Timestamp,
}

/// Answers some queries; each is answered once, however many expressions name it.
pub(crate) struct Answers<'a> {
    snapshot: &'a Snapshot,
    queries: &'a [Query],
    window: Window,
    known: RefCell<BTreeMap<SmolStr, math::Value>>,
    held: Cell<usize>,
}

impl<'a> Answers<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, queries: &'a [Query], window: Window) -> Self {
        Self { snapshot, queries, window, known: RefCell::default(), held: Cell::new(0) }
    }

    /// What a query comes to.
    pub(crate) fn lines(&self, query: &Query) -> Result<Vec<Line>, String> {
        match self.value(&query.id, 0)? {
            math::Value::Line(line) => Ok(vec![line]),
            math::Value::Lines(lines) => Ok(lines),
            _ => Err("The expression must return a time series".into()),
        }
    }

    fn value(&self, id: &str, depth: usize) -> Result<math::Value, String> {
        if let Some(known) = self.known.borrow().get(id) {
            return Ok(known.clone());
        }
        if depth > MAX_REFERENCES {
            return Err("Expressions refer to each other too deeply".into());
        }
        let query = self.queries.iter().find(|query| query.id == id);
        let query = query.ok_or_else(|| format!("Undefined variable: {id}"))?;
        let value = match &query.what {
            What::Metric(metric) => math::Value::Line(self.metric(metric)),
            What::Expression(text) => {
                let expression: Expression = math::parse(text)?;
                let scope = Scope { answers: self, depth: depth + 1, period: query.period };
                let mut value = math::evaluate(&expression, &scope)?;
                if let math::Value::Line(line) = &mut value {
                    line.label = query.id.clone();
                    line.metric = None;
                }
                value
            }
        };
        self.held.set(self.held.get() + value.size());
        if self.held.get() > MAX_HELD {
            return Err("The expressions have too many datapoints".into());
        }
        self.known.borrow_mut().insert(id.into(), value.clone());
        Ok(value)
    }

    /// The values of one metric. If it came in several units, those of the first.
    fn metric(&self, metric: &MetricStat) -> Line {
        let Window { from, to, origin } = self.window;
        let statistic = metric.stat.parse::<Statistic>().unwrap_or(Statistic::Average);
        let period = metric.period * 1_000;
        let wanted = Wanted {
            namespace: &metric.namespace,
            name: &metric.name,
            dimensions: &metric.dimensions,
            unit: metric.unit.as_deref().and_then(units::number),
            period,
            origin,
            from,
            to,
            values: !statistic.is_basic(),
        };
        let found = read(self.snapshot, &wanted);
        let points = found.first().into_iter().flat_map(|line| &line.points);
        Line {
            points: points.filter_map(|(at, tally)| Some((*at, statistic.of(tally)?))).collect(),
            period,
            label: metric.name.clone(),
            mixed_units: match found.len() {
                0 | 1 => Vec::new(),
                _ => found.iter().map(|line| line.unit).collect(),
            },
            metric: Some(Rc::new(metric.clone())),
        }
    }
}

/// What an expression can name.
struct Scope<'a> {
    answers: &'a Answers<'a>,
    depth: usize,
    /// The expression's own period, in seconds.
    period: Option<i64>,
}

impl math::Scope for Scope<'_> {
    fn named(&self, id: &str) -> Result<math::Value, String> {
        self.answers.value(id, self.depth)
    }

    fn metrics(&self, containing: &str) -> Vec<Line> {
        let queries = self.answers.queries.iter().filter(|query| query.id.contains(containing));
        let metric = |query: &Query| match self.answers.value(&query.id, self.depth) {
            Ok(math::Value::Line(line)) if query.metric().is_some() => Some(line),
            _ => None,
        };
        queries.filter_map(metric).collect()
    }

    fn search(&self, search: &str, stat: &str, period: Option<i64>) -> Result<Vec<Line>, String> {
        let period = period.or(self.period).unwrap_or(300);
        let found = math::search::find(self.answers.snapshot, search)?;
        let line = |known: crate::metric_data::Known| {
            self.answers.metric(&MetricStat {
                namespace: known.namespace,
                name: known.name,
                dimensions: known.dimensions,
                stat: stat.into(),
                unit: None,
                period,
            })
        };
        Ok(found.into_iter().map(line).collect())
    }

    fn window(&self) -> Window {
        self.answers.window
    }

    fn period(&self) -> i64 {
        let given = self.answers.queries.iter().filter_map(Query::period).min();
        self.period.or(given).unwrap_or(60) * 1_000
    }
}

/// The values of the query that returns data, for an alarm; none if the expression fails.
pub(crate) fn returned(
    snapshot: &Snapshot,
    queries: &[Query],
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, f64)> {
    let answers = Answers::new(snapshot, queries, Window { from, to, origin: to });
    let lines = queries.iter().find(|query| query.returns_data()).map(|query| answers.lines(query));
    match lines {
        Some(Ok(lines)) => lines.into_iter().next().map_or(Vec::new(), |line| line.points),
        _ => Vec::new(),
    }
}

/// `[Milliseconds, Seconds]`
pub(crate) fn unit_list(units: &[&str]) -> SmolStr {
    format_smolstr!("[{}]", units.join(", "))
}
