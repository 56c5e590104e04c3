//! Scripts: what happens to a cloud, drawn from a seed.

use crate::scaling::{self, Scaling};
use kernel::Rng;

/// One thing that happens. Numbers pick among what is there when it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A stack is made from one of the templates.
    CreateStack {
        /// Its name's number.
        stack: u8,
        /// Which template.
        template: u8,
        /// Its group's size.
        size: u8,
    },
    /// A stack's group gets another size.
    UpdateStack {
        /// Its name's number.
        stack: u8,
        /// Which template.
        template: u8,
        /// Its group's size.
        size: u8,
    },
    /// A stack is deleted.
    DeleteStack {
        /// Its name's number.
        stack: u8,
    },
    /// A group of one's own is made.
    CreateGroup {
        /// Its name's number.
        group: u8,
        /// Its size.
        size: u8,
    },
    /// A group's desired capacity is set.
    SetDesired {
        /// Picks a group.
        group: u8,
        /// Its size.
        size: u8,
    },
    /// A group is deleted by force.
    DeleteGroup {
        /// Picks a group.
        group: u8,
    },
    /// An instance is terminated behind its group's back.
    Terminate {
        /// Picks an instance.
        instance: u8,
    },
    /// An instance is stopped behind its group's back.
    Stop {
        /// Picks an instance.
        instance: u8,
    },
    /// An instance is terminated through its group, which shrinks.
    TerminateInGroup {
        /// Picks an instance.
        instance: u8,
    },
    /// An instance is moved to standby, or back.
    Standby {
        /// Picks an instance.
        instance: u8,
    },
    /// Launches or boots fail with this probability (in percent) from here on.
    Faults {
        /// Of launches.
        launch: u8,
        /// Of boots.
        boot: u8,
    },
    /// Time passes.
    Step {
        /// So many milliseconds.
        millis: i64,
    },
    /// The process is killed and started again.
    Crash,
    /// Something happens to a group of one's own.
    Scale(Scaling),
}

/// The script of a seed.
pub fn script(seed: u64) -> Vec<Action> {
    let mut rng = Rng::of(seed, 0x5c21);
    let length = 10 + rng.below(50);
    (0..length).map(|_| action(&mut rng)).collect()
}

fn action(rng: &mut Rng) -> Action {
    let small = |rng: &mut Rng, bound| rng.below(bound) as u8;
    // Most stacks keep to a template of their own, so that updates change a few things only.
    let template = |rng: &mut Rng, stack: u8| if rng.below(4) == 0 { small(rng, 3) } else { stack };
    match rng.below(46) {
        0..=3 => {
            let stack = small(rng, 3);
            Action::CreateStack { stack, template: template(rng, stack), size: small(rng, 5) }
        }
        4..=5 => {
            let stack = small(rng, 3);
            Action::UpdateStack { stack, template: template(rng, stack), size: small(rng, 5) }
        }
        6..=7 => Action::DeleteStack { stack: small(rng, 3) },
        8..=9 => Action::CreateGroup { group: small(rng, 3), size: small(rng, 6) },
        10..=11 => Action::SetDesired { group: small(rng, 6), size: small(rng, 8) },
        12 => Action::DeleteGroup { group: small(rng, 6) },
        13..=14 => Action::Terminate { instance: small(rng, 16) },
        15 => Action::Stop { instance: small(rng, 16) },
        16 => Action::TerminateInGroup { instance: small(rng, 16) },
        17 => Action::Standby { instance: small(rng, 16) },
        18 => Action::Faults { launch: small(rng, 60), boot: small(rng, 40) },
        19 => Action::Crash,
        20..=25 => Action::Step { millis: 1 << rng.below(17) },
        26..=29 => Action::Step { millis: 1 << rng.below(23) },
        _ => Action::Scale(scaling::draw(rng)),
    }
}
