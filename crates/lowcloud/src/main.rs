//! The `lowcloud` command: the server, and thin clients of its control API.

mod cli;
mod client;
mod config;
mod environment;
mod serve;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match arguments.run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lowcloud: {error}");
            ExitCode::from(1)
        }
    }
}
