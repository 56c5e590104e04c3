//! The reconciler: what a group should do now, decided purely.
//!
//! `plan(desired, observed, now) → Decision`: no ids, chance, I/O, or memory between calls. It is
//! never told *what* changed, only that it should look. "Auto Scaling instance lifecycle",
//! "Control which instances terminate" and "Health checks" in the user guide.

mod balance;
mod choose;
mod plan;

#[cfg(test)]
mod tests;

pub(crate) use plan::{
    Action, Decision, Desired, Machine, Observed, Purpose, Reason, Suspension, plan,
};
