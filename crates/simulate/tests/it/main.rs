//! Scenarios on the whole wiring.

mod lesson;
mod playing;
mod wrong;
