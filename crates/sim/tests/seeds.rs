//! A few hundred seeds at every run of the tests; `cargo run --release -p sim` plays more.

use sim::{Action, Scaling};

#[test]
fn histories_hold_whatever_happens() {
    let problems: Vec<String> = (0..200).filter_map(|seed| sim::run(seed).err()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// Plays a script that once failed.
fn holds(script: &[Action]) {
    if let Err(problem) = sim::play(0, script) {
        panic!("{problem}");
    }
}

#[test]
fn a_warm_pool_is_filled_although_the_group_was_looked_at_before_its_reaction() {
    holds(&[
        Action::CreateGroup { group: 0, size: 4 },
        Action::Step { millis: 16_384 },
        Action::Scale(Scaling::PutPool { group: 0, state: 2, reuse: true }),
        Action::Step { millis: 64 },
    ]);
}

#[test]
fn an_instance_that_is_stopped_while_it_is_prepared_is_replaced() {
    holds(&[
        Action::CreateGroup { group: 0, size: 0 },
        Action::Scale(Scaling::PutPool { group: 0, state: 0, reuse: false }),
        Action::Step { millis: 1_024 },
        Action::Stop { instance: 15 },
    ]);
}

#[test]
fn a_region_that_is_younger_than_a_fault_hears_of_its_end() {
    holds(&[
        Action::Scale(Scaling::Fault { kind: 1, zone: 1, secs: 1_541 }),
        Action::CreateStack { stack: 0, template: 0, size: 2 },
        Action::Step { millis: 2_097_152 },
    ]);
}
