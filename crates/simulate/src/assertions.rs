//! What must hold of a scenario: `max(cpu) < 80 after 10m`.

use crate::record::{GroupSeries, Report};
use crate::words::{Span, words};
use serde::Serialize;
use smol_str::SmolStr;
use std::fmt;
use std::str::FromStr;

/// An assertion, and the text that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    text: String,
    what: What,
    comparison: Comparison,
    bound: f64,
    window: Window,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// A statistic of a series: of one group, or of all groups together.
    Series { statistic: Statistic, series: Series, group: Option<SmolStr> },
    /// How many things happened.
    Count { happening: Happening, name: Option<SmolStr> },
    /// Hours of running instances.
    InstanceHours,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Statistic {
    Max,
    Min,
    Mean,
    Final,
    Percentile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Series {
    Demand,
    Cpu,
    Desired,
    InService,
    InServiceLeast,
    Pending,
    Terminating,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    Activities,
    Failed,
    Launches,
    Terminations,
    /// Times that an alarm came into the state ALARM.
    Alarms,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

/// From and to, in milliseconds from the start; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: i64,
    to: i64,
}

const SERIES: [(&str, Series); 6] = [
    ("demand", Series::Demand),
    ("cpu", Series::Cpu),
    ("desired", Series::Desired),
    ("in_service", Series::InService),
    ("pending", Series::Pending),
    ("terminating", Series::Terminating),
];

const HAPPENINGS: [(&str, Happening); 5] = [
    ("activities", Happening::Activities),
    ("failed_activities", Happening::Failed),
    ("launches", Happening::Launches),
    ("terminations", Happening::Terminations),
    ("alarms", Happening::Alarms),
];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

const FORM: &str = "say STATISTIC(SERIES) < NUMBER, such as max(cpu) < 80 after 10m, \
                    min(in_service) >= 2 between 1h and 23h, count(failed_activities) == 0 or \
                    sum(instance_hours) < 60";

fn one_of<T: Copy>(table: &[(&str, T)], word: &str, what: &str) -> Result<T, String> {
    let found = table.iter().find(|(name, _)| *name == word);
    found.map(|(_, it)| *it).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        format!("'{word}' is no {what}, expected one of {}", names.join(", "))
    })
}

impl FromStr for Assertion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("'{text}' is no assertion: {FORM}");
        let (function, rest) = text.split_once('(').ok_or_else(bad)?;
        let (argument, rest) = rest.split_once(')').ok_or_else(bad)?;
        let (subject, name) = match argument.split_once(" of ") {
            Some((subject, name)) => (subject.trim(), Some(SmolStr::new(name.trim()))),
            None => (argument.trim(), None),
        };
        let what = what(function.trim(), subject, name)?;
        let rest = rest.trim_start();
        let (sign, comparison) =
            COMPARISONS
                .into_iter()
                .find(|(sign, _)| rest.starts_with(sign))
                .ok_or_else(|| format!("'{text}': expected <, <=, ==, !=, >= or > after ')'"))?;
        let mut words = rest[sign.len()..].split_whitespace();
        let number = words.next().unwrap_or_default();
        let bound = number.trim_end_matches('%').parse::<f64>();
        let bound = bound.ok().filter(|bound| bound.is_finite());
        let bound = bound
            .ok_or_else(|| format!("'{text}': expected a number after {sign}, not '{number}'"))?;
        let window = window(&words.collect::<Vec<_>>())?;
        if what == What::InstanceHours && window != Window::ALL {
            return Err(format!("'{text}': instance_hours are those of the whole scenario"));
        }
        Ok(Self { text: text.to_owned(), what, comparison, bound, window })
    }
}

words! { Assertion: "an assertion such as max(cpu) < 80 after 10m" }

fn what(function: &str, subject: &str, name: Option<SmolStr>) -> Result<What, String> {
    if function == "count" {
        let happening = one_of(&HAPPENINGS, subject, "thing that can be counted")?;
        return Ok(What::Count { happening, name });
    }
    if function == "sum" {
        return match subject {
            "instance_hours" if name.is_none() => Ok(What::InstanceHours),
            other => Err(format!("sum is of instance_hours, not of '{other}'")),
        };
    }
    let percentile = function.strip_prefix('p').and_then(|rank| rank.parse::<f64>().ok());
    let statistic = match (function, percentile) {
        ("max", _) => Statistic::Max,
        ("min", _) => Statistic::Min,
        ("mean", _) => Statistic::Mean,
        ("final", _) => Statistic::Final,
        (_, Some(rank)) if (0.0..=100.0).contains(&rank) => Statistic::Percentile(rank),
        (other, _) => {
            return Err(format!(
                "'{other}' is no statistic, expected one of max, min, mean, final, p0 to p100, \
                 count, sum"
            ));
        }
    };
    Ok(What::Series { statistic, series: one_of(&SERIES, subject, "series")?, group: name })
}

fn window(words: &[&str]) -> Result<Window, String> {
    let span = |text: &str| text.parse::<Span>().map(|span| span.0);
    match words {
        [] => Ok(Window::ALL),
        ["after", from] => Ok(Window { from: span(from)?, ..Window::ALL }),
        ["before", to] => Ok(Window { to: span(to)?, ..Window::ALL }),
        ["between", from, "and", to] => match (span(from)?, span(to)?) {
            (from, to) if from <= to => Ok(Window { from, to }),
            _ => Err(format!("between {from} and {to} is no time at all")),
        },
        other => Err(format!(
            "'{}' is no time: say after 10m, before 2h, or between 1h and 23h",
            other.join(" ")
        )),
    }
}

impl Window {
    const ALL: Self = Self { from: 0, to: i64::MAX };

    fn holds(self, at: i64) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// What came of an assertion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The assertion.
    pub text: String,
    /// Whether it held.
    pub holds: bool,
    /// What was found; none if there was nothing to find it by.
    pub actual: Option<f64>,
    /// What stands in the way, if anything does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
}

impl Verdict {
    /// What was found, in words.
    pub fn found(&self) -> String {
        match self.actual {
            Some(actual) => actual.to_string(),
            None => self.remark.clone(),
        }
    }
}

impl fmt::Display for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Assertion {
    /// Whether it holds of what happened.
    pub fn judge(&self, report: &Report) -> Verdict {
        let found = match &self.what {
            What::InstanceHours => Ok(Some(report.instance_hours.values().sum())),
            What::Count { happening, name } => {
                Ok(Some(self.count(report, *happening, name.as_deref())))
            }
            What::Series { statistic, series, group } => {
                // Who asks for the fewest means between samples, too.
                let series = match (statistic, series) {
                    (Statistic::Min, Series::InService) => Series::InServiceLeast,
                    _ => *series,
                };
                self.values(report, series, group.as_deref()).map(|points| statistic.of(points))
            }
        };
        let (actual, remark) = match found {
            Ok(Some(actual)) => (Some(round(actual)), String::new()),
            Ok(None) => (None, "nothing was measured in that time".to_owned()),
            Err(why) => (None, why),
        };
        let holds = actual.is_some_and(|actual| self.comparison.holds(actual, self.bound));
        Verdict { text: self.text.clone(), holds, actual, remark }
    }

    fn values(
        &self,
        report: &Report,
        series: Series,
        group: Option<&str>,
    ) -> Result<Vec<(i64, f64)>, String> {
        let of_group = |it: &&GroupSeries| {
            group.is_none_or(|name| it.name == name || it.resource.as_deref() == Some(name))
        };
        let groups: Vec<&GroupSeries> = report.groups.iter().filter(of_group).collect();
        if groups.is_empty() {
            return Err(match group {
                Some(name) => format!("there was no group '{name}'"),
                None => "there was no group".to_owned(),
            });
        }
        let mut points = Vec::new();
        for group in groups {
            for (number, millis) in report.times.iter().enumerate() {
                if let Some(value) = series.at(group, number).filter(|_| self.window.holds(*millis))
                {
                    points.push((*millis, value));
                }
            }
        }
        points.sort_by_key(|(at, _)| *at);
        Ok(points)
    }

    fn count(&self, report: &Report, happening: Happening, name: Option<&str>) -> f64 {
        if happening == Happening::Alarms {
            let alarms = report.alarms.iter().filter(|alarm| name.is_none_or(|n| alarm.name == n));
            let risings = alarms
                .flat_map(|alarm| &alarm.states)
                .filter(|state| state.value == "ALARM" && self.window.holds(state.from));
            return risings.count() as f64;
        }
        let fits = |activity: &&crate::record::Activity| {
            let kind = match happening {
                Happening::Failed => activity.failed(),
                Happening::Launches => activity.launches(),
                Happening::Terminations => activity.terminates(),
                Happening::Activities | Happening::Alarms => true,
            };
            kind && name.is_none_or(|name| {
                activity.group == name || report.resource_of(&activity.group) == Some(name)
            }) && self.window.holds(activity.at)
        };
        report.activities.iter().filter(fits).count() as f64
    }
}

impl Series {
    fn at(self, group: &GroupSeries, number: usize) -> Option<f64> {
        let whole = |values: &[Option<u32>]| values.get(number).copied().flatten().map(f64::from);
        match self {
            Self::Demand => group.demand.get(number).copied().flatten(),
            Self::Cpu => group.cpu.get(number).copied().flatten(),
            Self::Desired => whole(&group.desired),
            Self::InService => whole(&group.in_service),
            Self::InServiceLeast => whole(&group.in_service_least),
            Self::Pending => whole(&group.pending),
            Self::Terminating => whole(&group.terminating),
        }
    }
}

impl Statistic {
    /// Of values in the order of time.
    fn of(self, points: Vec<(i64, f64)>) -> Option<f64> {
        let mut values: Vec<f64> = points.into_iter().map(|(_, value)| value).collect();
        if let Self::Final = self {
            return values.last().copied();
        }
        values.sort_by(f64::total_cmp);
        let count = values.len();
        match self {
            _ if count == 0 => None,
            Self::Min => values.first().copied(),
            Self::Max => values.last().copied(),
            Self::Mean => Some(values.iter().sum::<f64>() / count as f64),
            Self::Percentile(rank) => {
                let at = (rank / 100.0 * count as f64).ceil() as usize;
                values.get(at.clamp(1, count) - 1).copied()
            }
            Self::Final => None,
        }
    }
}

impl Comparison {
    fn holds(self, actual: f64, bound: f64) -> bool {
        match self {
            Self::Less => actual < bound,
            Self::LessOrEqual => actual <= bound,
            Self::Equal => actual == bound,
            Self::NotEqual => actual != bound,
            Self::GreaterOrEqual => actual >= bound,
            Self::Greater => actual > bound,
        }
    }
}

/// To three places, which is more than anybody reads.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let counts = |values: [u32; 4]| values.map(Some).to_vec();
        let group = GroupSeries {
            name: "simulation-Web-1".into(),
            resource: Some("Web".into()),
            cpu: vec![None, Some(90.0), Some(60.0), Some(50.0)],
            in_service: counts([0, 2, 3, 3]),
            in_service_least: counts([0, 2, 1, 3]),
            desired: counts([2, 3, 3, 3]),
            ..Default::default()
        };
        Report {
            times: vec![0, 60_000, 120_000, 180_000],
            groups: vec![group],
            instance_hours: [("t2.micro".into(), 0.15)].into(),
            ..Default::default()
        }
    }

    #[test]
    fn assertions_hold_or_not() {
        for (text, holds, actual) in [
            ("max(cpu) < 80", false, Some(90.0)),
            ("max(cpu) < 80 after 2m", true, Some(60.0)),
            ("max(cpu)<=90%", true, Some(90.0)),
            ("min(in_service of Web) >= 2 between 1m and 3m", false, Some(1.0)),
            ("p0(in_service of Web) >= 2 between 1m and 3m", true, Some(2.0)),
            ("final(desired) == 3", true, Some(3.0)),
            ("final(desired) != 3", false, Some(3.0)),
            ("final(cpu) == 90 before 1m", true, Some(90.0)),
            ("mean(in_service) > 2", false, Some(2.0)),
            ("p50(cpu) == 60", true, Some(60.0)),
            ("p100(cpu) == 90", true, Some(90.0)),
            ("max(cpu) < 80 after 1h", false, None),
            ("max(cpu of Other) < 80", false, None),
            ("max(demand) < 80", false, None),
            ("count(failed_activities) == 0", true, Some(0.0)),
            ("sum(instance_hours) < 0.2", true, Some(0.15)),
        ] {
            let assertion: Assertion = text.parse().expect(text);
            let verdict = assertion.judge(&report());
            assert_eq!((verdict.holds, verdict.actual), (holds, actual), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn what_is_no_assertion_says_what_is_expected() {
        for (text, why) in [
            ("cpu < 80", "say STATISTIC(SERIES) < NUMBER"),
            ("max(cpuu) < 80", "expected one of demand, cpu, desired, in_service"),
            ("top(cpu) < 80", "expected one of max, min, mean"),
            ("max(cpu) = 80", "expected <, <=, ==, !=, >= or >"),
            ("max(cpu) < much", "expected a number after <, not 'much'"),
            ("max(cpu) < 80 since 10m", "say after 10m, before 2h"),
            ("max(cpu) < 80 between 2h and 1h", "no time at all"),
            ("count(apples) == 0", "expected one of activities, failed_activities"),
            ("sum(cpu) < 5", "sum is of instance_hours"),
        ] {
            let error = text.parse::<Assertion>().expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
