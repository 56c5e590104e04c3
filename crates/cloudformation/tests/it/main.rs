//! Scenarios: whole stacks on a cloud whose clock is stepped by hand.

mod harness;

mod creation;
mod deletion;
mod description;
mod exports;
mod failure;
mod launch_templates;
mod load_balancing;
mod messaging;
mod parameters;
mod refusals;
mod restart;
mod rollback;
mod scaling;
mod updates;
