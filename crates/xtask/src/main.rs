//! The house's own tools: `cargo xtask <command>`. Run without arguments for the list.

mod check;
mod codegen;
mod coverage;
mod reduce;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Anything that stops a command; shown to whoever runs it.
type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "usage: cargo xtask <command>
  check                           format, lints, tidiness, tests: what CI runs
  codegen [--check]               rebuild crates/api from the registered operations
  coverage [--check]              rebuild COVERAGE.md from what is registered
  reduce-models <botocore/data>   rebuild crates/model/data from PyPI's botocore
  tidy                            dependency edges, headers, sizes, paths";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    let outcome = match args[..] {
        ["check"] => check::run(&root),
        ["tidy"] => tidy::run(&root),
        ["codegen"] => codegen::run(&root, false),
        ["codegen", "--check"] => codegen::run(&root, true),
        ["coverage"] => coverage::run(&root, false),
        ["coverage", "--check"] => coverage::run(&root, true),
        ["reduce-models", data] => reduce::run(&root, Path::new(data)),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().and_then(Path::parent).expect("xtask lies in <root>/crates").to_owned()
}
