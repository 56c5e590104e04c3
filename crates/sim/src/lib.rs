//! Seeded whole-system simulation.
//!
//! A seed makes a script of requests, faults, clock steps and crashes; the script is played on
//! the whole cloud, with its real wiring, on a paused clock and a journal; in the end faults stop,
//! the cloud comes to rest, and the checkers look at it through the public API. A script that
//! fails is shrunk to the actions that it needs.

mod checks;
mod scaling;
mod script;
mod world;

pub use scaling::Scaling;
pub use script::{Action, script};
pub use world::World;

/// What playing a script came to: the transcript, or what was found wrong.
pub type Verdict = Result<String, String>;

/// Plays a script and checks the outcome.
///
/// # Errors
///
/// What is wrong, as a sentence.
pub fn play(seed: u64, actions: &[Action]) -> Verdict {
    let mut world = World::new(seed);
    for action in actions {
        world.act(action)?;
    }
    world.rest()?;
    checks::all(&mut world)?;
    Ok(world.transcript())
}

/// Makes and plays the script of a seed, twice: the same seed must give the same bytes.
///
/// # Errors
///
/// What is wrong, and the shrunk script.
pub fn run(seed: u64) -> Result<(), String> {
    let actions = script(seed);
    let first = play(seed, &actions).map_err(|problem| report(seed, &actions, &problem))?;
    let second = play(seed, &actions).map_err(|problem| report(seed, &actions, &problem))?;
    if first == second {
        return Ok(());
    }
    let differs = first.lines().zip(second.lines()).find(|(a, b)| a != b);
    Err(format!("seed {seed}: two plays differ: {differs:?}"))
}

/// The failing script, without the actions that it fails without too.
fn report(seed: u64, actions: &[Action], problem: &str) -> String {
    let small = shrink(seed, actions.to_vec());
    let last = play(seed, &small).err().unwrap_or_else(|| problem.to_owned());
    let lines: Vec<String> = small.iter().map(|action| format!("    {action:?},")).collect();
    format!("seed {seed}: {last}\nscript:\n{}", lines.join("\n"))
}

/// Drops actions, large runs first, as long as the rest still fails.
fn shrink(seed: u64, mut actions: Vec<Action>) -> Vec<Action> {
    let mut chunk = actions.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut smaller = false;
        while at < actions.len() {
            let mut rest = actions.clone();
            rest.drain(at..(at + chunk).min(actions.len()));
            if play(seed, &rest).is_err() {
                actions = rest;
                smaller = true;
            } else {
                at += chunk;
            }
        }
        if chunk == 1 && !smaller {
            return actions;
        }
        chunk = (chunk / 2).max(1);
    }
}
