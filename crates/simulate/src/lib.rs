//! Scenarios: what happens to a cloud, over hours or days, in a moment.
//!
//! A [`Scenario`] names a template (or calls), loads, faults, and what must hold. [`play`] carries
//! it out on a private cloud whose clock it steps, and looks at the groups as any client could.
//! The [`Report`] that comes of it is the same whenever scenario and seed are: there is no wall
//! clock and no chance in here but the cloud's own.

mod assertions;
mod inputs;
mod outputs;
mod play;
mod prices;
mod record;
mod report;
mod scenario;
mod watch;
mod words;

pub use assertions::{Assertion, Verdict};
pub use play::{Progress, play};
pub use prices::read_prices;
pub use record::{
    Activity, Alarm, Cost, Event, GroupSeries, Policy, Report, Setup, Stack, State, Stretch,
};
pub use report::{csv, html, json, summary};
pub use scenario::{Amount, Call, CallName, Fault, Load, Reference, Scenario, Shape};
pub use words::{Instant, PaceWord, Span, duration};

/// What is wrong with a scenario: a sentence for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    pub(crate) fn say(text: &str) -> Self {
        Self(text.to_owned())
    }
}
