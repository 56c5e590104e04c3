//! Arithmetic on lines of values: only points that are in both lines combine, and a quotient by
//! zero has no point.

use super::parse::Operator;
use crate::queries::Line;
use kernel::Timestamp;
use std::cmp::Ordering;

/// What two numbers come to; none if they come to nothing.
pub(super) fn combine(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let truth = |is_true: bool| Some(if is_true { 1.0 } else { 0.0 });
    let value = match operator {
        Operator::Or => return truth(left != 0.0 || right != 0.0),
        Operator::And => return truth(left != 0.0 && right != 0.0),
        Operator::Equal => return truth(left == right),
        Operator::NotEqual => return truth(left != right),
        Operator::Less => return truth(left < right),
        Operator::LessOrEqual => return truth(left <= right),
        Operator::Greater => return truth(left > right),
        Operator::GreaterOrEqual => return truth(left >= right),
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Over => left / right,
        Operator::Power => left.powf(right),
    };
    value.is_finite().then_some(value)
}

/// A line with each point's value replaced, or dropped.
pub(super) fn mapped(line: &Line, change: impl Fn(f64) -> Option<f64>) -> Line {
    let points = line.points.iter().filter_map(|(at, value)| Some((*at, change(*value)?)));
    Line { points: points.collect(), ..line.clone() }
}

/// Two lines combined where both have points.
pub(super) fn zipped(left: &Line, right: &Line, change: impl Fn(f64, f64) -> Option<f64>) -> Line {
    let mut points = Vec::new();
    let (mut l, mut r) = (left.points.iter().peekable(), right.points.iter().peekable());
    while let (Some((at, a)), Some((other, b))) = (l.peek(), r.peek()) {
        match at.cmp(other) {
            Ordering::Less => drop(l.next()),
            Ordering::Greater => drop(r.next()),
            Ordering::Equal => {
                points.extend(change(*a, *b).map(|value| (*at, value)));
                l.next();
                r.next();
            }
        }
    }
    Line {
        points,
        period: left.period.max(right.period),
        label: left.label.clone(),
        mixed_units: Vec::new(),
        metric: None,
    }
}

/// The value at an instant.
pub(super) fn at(line: &Line, instant: Timestamp) -> Option<f64> {
    let found = line.points.binary_search_by_key(&instant, |(at, _)| *at).ok()?;
    Some(line.points[found].1)
}

pub(super) fn values(line: &Line) -> impl Iterator<Item = f64> + '_ {
    line.points.iter().map(|(_, value)| *value)
}

/// A sum over values, or an average, or another of these; none if there are no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Summary {
    Sum,
    Average,
    Minimum,
    Maximum,
    Deviation,
}

impl Summary {
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "SUM" => Self::Sum,
            "AVG" => Self::Average,
            "MIN" => Self::Minimum,
            "MAX" => Self::Maximum,
            "STDDEV" => Self::Deviation,
            _ => return None,
        })
    }

    pub(super) fn of(self, values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
        let count = values.clone().count();
        if count == 0 {
            return None;
        }
        let sum = || values.clone().sum::<f64>();
        let mean = sum() / count as f64;
        let value = match self {
            Self::Sum => sum(),
            Self::Average => mean,
            Self::Minimum => values.fold(f64::INFINITY, f64::min),
            Self::Maximum => values.fold(f64::NEG_INFINITY, f64::max),
            Self::Deviation => {
                let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
                (squares / count as f64).sqrt()
            }
        };
        value.is_finite().then_some(value)
    }
}
