//! The metrics that come of load and sizes, minute by minute.

mod auto_scaling;
mod demand;
mod ec2;
mod load_balancers;

use kernel::{MetricQuery, Timestamp, resource};

resource! { load:
    metrics { auto_scaling::SOURCE, ec2::SOURCE, load_balancers::SOURCE }
}

const MINUTE: i64 = 60_000;

/// The minutes of a query, by their starts.
fn minutes(query: &MetricQuery<'_>) -> impl Iterator<Item = Timestamp> + use<> {
    steps(query, MINUTE)
}

/// The stretches of `millis` of a query that are over, by their starts.
fn steps(query: &MetricQuery<'_>, millis: i64) -> impl Iterator<Item = Timestamp> + use<> {
    let first = query.from.0.div_euclid(millis) * millis;
    let first = if first < query.from.0 { first + millis } else { first };
    let to = query.to.0;
    (0..).map(move |n| first + n * millis).take_while(move |at| at + millis <= to).map(Timestamp)
}

/// The middle of a stretch: what is asked to stand for all of it.
fn middle(start: Timestamp, millis: i64) -> Timestamp {
    start.plus_millis(millis / 2)
}

/// A dimension's value, if it is the metric's only one.
fn only<'a>(query: &MetricQuery<'a>, name: &str) -> Option<&'a str> {
    match query.dimensions {
        [(key, value)] if key == name => Some(value),
        _ => None,
    }
}
