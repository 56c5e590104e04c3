//! `cargo run -p sim -- --seeds N`: plays many seeds and prints the first that fails.

use clap::Parser;
use std::process::ExitCode;

/// Plays seeded histories on the whole cloud and checks what must always hold.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Print what each seed's cloud was asked and answered.
    #[arg(long)]
    show: bool,
}

fn main() -> ExitCode {
    let Arguments { seeds, from, show } = Arguments::parse();
    for seed in from..from.saturating_add(seeds) {
        if show {
            let transcript = sim::play(seed, &sim::script(seed));
            println!("{}", transcript.unwrap_or_else(|problem| problem));
        }
        if let Err(problem) = sim::run(seed) {
            println!("{problem}");
            println!("Again: cargo run --release -p sim -- --from {seed} --seeds 1");
            return ExitCode::FAILURE;
        }
        if (seed - from + 1) % 100 == 0 {
            println!("{} seeds played", seed - from + 1);
        }
    }
    println!("{seeds} seeds hold.");
    ExitCode::SUCCESS
}
