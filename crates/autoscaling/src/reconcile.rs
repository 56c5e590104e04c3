//! The reconciler: what a group should do now, decided purely.
//!
//! `plan(desired, observed, now) → Decision` decides how many instances there are and which;
//! `step(walker, now) → Step` leads one instance through its lifecycle. No ids, chance, I/O, or
//! memory between calls; they are never told *what* changed, only that they should look.
//! "Amazon EC2 Auto Scaling instance lifecycle", "Control which instances terminate" and "Health
//! checks" in the user guide.

mod balance;
mod choose;
mod plan;
mod replace;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use plan::{
    Action, Decision, Desired, Machine, Observed, Purpose, Reason, Suspension, plan,
};
pub(crate) use walk::{Hooks, Step, Walker, step};
