//! The deployment engine: a saga per stack operation.
//!
//! An [`Operation`] is a row: a list of steps, each with what it waits for and how it stands. The
//! task `cloudformation.advance` looks at it whenever something may have changed, starts what can
//! be started, asks providers how things stand, and writes the row back. So a crash or a snapshot
//! in the middle of an update resumes where it was. Rollback is another list of steps, made from
//! what the failed ones recorded.
//!
//! Sequences of events follow "Stack events" as recorded from AWS.

mod alarms;
mod begin;
mod custom;
mod duration;
mod expect;
mod faults;
mod finish;
mod guests;
mod import;
mod nested;
mod operation;
mod outputs;
mod placeholder;
mod plan;
mod remove;
mod restore;
mod rolling;
mod run;
mod settle;
mod watch;
pub(crate) mod wording;
mod world;

pub(crate) use begin::{continue_rollback, create, delete, failed_to_restore, roll_back, update};
pub(crate) use import::{Imported, import, take_in};
pub(crate) use nested::adopt;
pub(crate) use operation::{Former, Operation, awaits_signals};
pub(crate) use plan::{Change, Deed, Detail, Plan, plan};
pub(crate) use run::advance;
pub(crate) use wording::is_gone;
pub(crate) use world::World;

/// Whether resources of this type are more than placeholders.
pub(crate) fn is_built(type_name: &str) -> bool {
    cfn_resources::provider(type_name).is_some() || cfn_template::schema::is_custom(type_name)
}
