//! `check`: what continuous integration runs, and nothing else: format, lints, tidiness, tests.

use crate::{Failure, tidy};
use std::path::Path;
use std::process::Command;

/// Runs every step in turn and stops at the first failure.
pub fn run(root: &Path) -> Result<(), Failure> {
    step(root, "format", &["fmt", "--all", "--check"])?;
    println!("== tidy");
    tidy::run(root)?;
    step(
        root,
        "lints",
        &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"],
    )?;
    if has_nextest(root) {
        step(root, "tests", &["nextest", "run", "--workspace", "--no-fail-fast"])
    } else {
        step(root, "tests", &["test", "--workspace", "--quiet"])
    }
}

fn has_nextest(root: &Path) -> bool {
    cargo(root, &["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}

fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(args).current_dir(root);
    command
}

fn step(root: &Path, name: &str, args: &[&str]) -> Result<(), Failure> {
    println!("== {name}: cargo {}", args.join(" "));
    let status = cargo(root, args).status()?;
    if status.success() { Ok(()) } else { Err(format!("{name} failed").into()) }
}
