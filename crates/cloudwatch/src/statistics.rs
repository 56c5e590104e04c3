//! Statistics and extended statistics ("CloudWatch statistics definitions", user guide).

use crate::metric_data::tally::Tally;
use smol_str::SmolStr;
use std::str::FromStr;

/// What is computed from the values of a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// `p99`
    Percentile(f64),
    /// `tm99`, `TM(10%:90%)`, `IQM`: the mean of what lies within.
    TrimmedMean(Range),
    /// `wm98`: the mean with what lies outside moved to the bounds.
    WinsorizedMean(Range),
    /// `tc99`
    TrimmedCount(Range),
    /// `ts99`
    TrimmedSum(Range),
    /// `PR(100:2000)`: how much of the values lies within, in per cent.
    PercentileRank(Option<f64>, Option<f64>),
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Range {
    /// Between two percentages of the sorted values.
    Percent(f64, f64),
    /// Above the first value, up to the second.
    Absolute(Option<f64>, Option<f64>),
}

impl FromStr for Statistic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text {
            "SampleCount" => Self::SampleCount,
            "Average" => Self::Average,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "IQM" => Self::TrimmedMean(Range::Percent(25.0, 75.0)),
            _ => return extended(text).ok_or(()),
        })
    }
}

fn extended(text: &str) -> Option<Statistic> {
    if let Some((kind, range)) = text.split_once('(') {
        let range = range.strip_suffix(')')?;
        if kind == "PR" {
            let (low, high) = bounds(range)?;
            return Some(Statistic::PercentileRank(low, high));
        }
        let range = match range.contains('%') {
            true => percent_range(range)?,
            false => {
                let (low, high) = bounds(range)?;
                Range::Absolute(low, high)
            }
        };
        return trimmed(kind, range);
    }
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (kind, number) = text.split_at(digits);
    let number = percentage(number)?;
    match kind {
        "p" => Some(Statistic::Percentile(number)),
        "tm" | "wm" | "tc" | "ts" => {
            trimmed(&kind.to_ascii_uppercase(), Range::Percent(0.0, number))
        }
        _ => None,
    }
}

fn trimmed(kind: &str, range: Range) -> Option<Statistic> {
    match kind {
        "TM" => Some(Statistic::TrimmedMean(range)),
        "WM" => Some(Statistic::WinsorizedMean(range)),
        "TC" => Some(Statistic::TrimmedCount(range)),
        "TS" => Some(Statistic::TrimmedSum(range)),
        _ => None,
    }
}

/// From 0 to 100, with up to ten decimal places.
fn percentage(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    let number: f64 = text.parse().ok().filter(|_| is_plain && places <= 10)?;
    (0.0..=100.0).contains(&number).then_some(number)
}

fn percent_range(range: &str) -> Option<Range> {
    let (low, high) = range.split_once(':')?;
    let bound = |text: &str, open: f64| match text.is_empty() {
        true => Some(open),
        false => percentage(text.strip_suffix('%')?),
    };
    let (low, high) = (bound(low, 0.0)?, bound(high, 100.0)?);
    (low < high).then_some(Range::Percent(low, high))
}

fn bounds(range: &str) -> Option<(Option<f64>, Option<f64>)> {
    let (low, high) = range.split_once(':')?;
    let bound = |text: &str| match text.is_empty() {
        true => Some(None),
        false => text.parse::<f64>().ok().filter(|v| v.is_finite()).map(Some),
    };
    let (low, high) = (bound(low)?, bound(high)?);
    match (low, high) {
        (None, None) => None,
        (Some(low), Some(high)) if low >= high => None,
        range => Some(range),
    }
}

impl Statistic {
    /// Whether it is one of the five of a statistic set.
    pub(crate) fn is_basic(self) -> bool {
        use Statistic::{Average, Maximum, Minimum, SampleCount, Sum};
        matches!(self, SampleCount | Average | Sum | Minimum | Maximum)
    }

    /// Its value; none where the distribution is needed and not known, or nothing lies within.
    pub(crate) fn of(self, tally: &Tally) -> Option<f64> {
        let sample = &tally.sample;
        match self {
            Self::SampleCount => return Some(sample.count),
            Self::Average => return Some(sample.sum / sample.count),
            Self::Sum => return Some(sample.sum),
            Self::Minimum => return Some(sample.min),
            Self::Maximum => return Some(sample.max),
            _ => (),
        }
        let mut values = tally.values.clone()?;
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mean = |(sum, count): (f64, f64)| (count > 0.0).then(|| sum / count);
        match self {
            Self::Percentile(p) => percentile(&values, p),
            Self::TrimmedMean(range) => mean(within(&values, range)),
            Self::WinsorizedMean(range) => mean(winsorized(&values, range)?),
            Self::TrimmedCount(range) => Some(within(&values, range).1),
            Self::TrimmedSum(range) => Some(within(&values, range).0),
            Self::PercentileRank(low, high) => {
                let count = within(&values, Range::Absolute(low, high)).1;
                Some(100.0 * count / total(&values))
            }
            _ => None,
        }
    }

    /// Values that a percentile must be made of to mean something ("Percentile-based alarms and
    /// low data samples", user guide).
    pub(crate) fn needed_samples(self) -> Option<f64> {
        match self {
            Self::Percentile(p) if (50.0..100.0).contains(&p) => Some(10.0 / (1.0 - p / 100.0)),
            Self::Percentile(p) if p > 0.0 && p < 50.0 => Some(10.0 / (p / 100.0)),
            _ => None,
        }
    }
}

fn total(values: &[(f64, f64)]) -> f64 {
    values.iter().map(|(_, count)| count).sum()
}

/// The smallest value that so much of the values does not exceed.
fn percentile(sorted: &[(f64, f64)], percent: f64) -> Option<f64> {
    let rank = percent / 100.0 * total(sorted);
    let mut seen = 0.0;
    let found = sorted.iter().find(|(_, count)| {
        seen += count;
        seen >= rank - 1e-9
    });
    found.or(sorted.last()).map(|(value, _)| *value)
}

/// Sum and count of what lies within.
fn within(sorted: &[(f64, f64)], range: Range) -> (f64, f64) {
    let all = total(sorted);
    let mut seen = 0.0;
    let mut kept = (0.0, 0.0);
    for (value, count) in sorted {
        let weight = match range {
            Range::Percent(low, high) => {
                let (from, to) = (low / 100.0 * all, high / 100.0 * all);
                ((seen + count).min(to) - seen.max(from)).max(0.0)
            }
            Range::Absolute(low, high) => {
                let is_in = low.is_none_or(|l| *value > l) && high.is_none_or(|h| *value <= h);
                if is_in { *count } else { 0.0 }
            }
        };
        seen += count;
        kept.0 += value * weight;
        kept.1 += weight;
    }
    kept
}

fn winsorized(sorted: &[(f64, f64)], range: Range) -> Option<(f64, f64)> {
    let (low, high) = match range {
        Range::Percent(low, high) => (percentile(sorted, low)?, percentile(sorted, high)?),
        Range::Absolute(low, high) => {
            (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
        }
    };
    let moved = sorted.iter().map(|(value, count)| (value.max(low).min(high) * count, count));
    Some(moved.fold((0.0, 0.0), |kept, (sum, count)| (kept.0 + sum, kept.1 + count)))
}

/// The name of a statistic as SNS messages have it: `AVERAGE`, `SAMPLE_COUNT`.
pub(crate) fn shouted(name: &str) -> SmolStr {
    match name {
        "SampleCount" => "SAMPLE_COUNT".into(),
        _ => name.to_ascii_uppercase().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric_data::tally::Entry;

    fn check(statistic: &str, expected: Option<f64>) {
        let mut tally = Tally::new(&Entry::Repeated { value: 1.0, count: 1.0 }, true);
        for value in 2..=10 {
            tally.add(&Entry::Repeated { value: f64::from(value), count: 1.0 });
        }
        let parsed: Statistic = statistic.parse().expect("a statistic");
        assert_eq!(parsed.of(&tally), expected, "{statistic}");
    }

    #[test]
    fn statistics_of_one_to_ten() {
        for (statistic, expected) in [
            ("SampleCount", 10.0),
            ("Average", 5.5),
            ("Sum", 55.0),
            ("Minimum", 1.0),
            ("Maximum", 10.0),
            ("p50", 5.0),
            ("p90", 9.0),
            ("p100", 10.0),
            ("p99.9", 10.0),
            ("tm90", 5.0),
            ("tc90", 9.0),
            ("ts90", 45.0),
            ("wm90", 5.4),
            ("TM(10%:90%)", 5.5),
            ("TM(2:4)", 3.5),
            ("TC(:3)", 3.0),
            ("TS(80%:)", 19.0),
            ("PR(:3)", 30.0),
            ("PR(3:)", 70.0),
            ("PR(3:5)", 20.0),
            ("IQM", 5.5),
        ] {
            check(statistic, Some(expected));
        }
        check("TM(20:30)", None);
    }

    #[test]
    fn what_is_no_statistic_is_refused() {
        for text in
            ["", "p", "p101", "P90", "p9x", "TM", "TM()", "TM(:)", "TM(9:1)", "zz90", "average"]
        {
            assert!(text.parse::<Statistic>().is_err(), "{text}");
        }
    }

    #[test]
    fn percentiles_need_ten_values_beyond_them() {
        let needed =
            |text: &str| text.parse::<Statistic>().ok().and_then(Statistic::needed_samples);
        assert_eq!(needed("p95").map(f64::round), Some(200.0));
        assert_eq!(needed("p10").map(f64::round), Some(100.0));
        assert_eq!(needed("Average"), None);
    }
}
