//! The command line.

mod explain;
mod fault;
mod load;
mod outbox;
mod plan;
mod simulate;
mod validate;

use crate::client::Client;
use crate::config::ServeOptions;
use crate::{environment, serve};
use ::simulate::duration;
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::process::ExitCode;

/// What a subcommand may fail with: a sentence for the user.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A local, AWS-compatible cloud of EC2, Auto Scaling and CloudFormation.
///
/// Start it with `lowcloud serve`, then point any AWS client at it:
/// `eval "$(lowcloud env)"; aws ec2 describe-instances`.
#[derive(Debug, Parser)]
#[command(name = "lowcloud", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a cloud until interrupted.
    Serve(ServeOptions),
    /// Run a command against a private cloud of its own, and take the cloud down (for CI).
    ///
    /// The cloud listens on a free port; the command gets the variables of `lowcloud env` and its
    /// exit code is returned.
    Run(RunOptions),
    /// Say all that is wrong with CloudFormation templates, before they are sent.
    ///
    /// Needs no server. The exit code is 1 if there are errors.
    Validate(validate::ValidateOptions),
    /// Show what deploying a CloudFormation template would add, change, replace and delete, and why.
    ///
    /// With --stack against that stack of a running cloud, without as a new stack of an empty one.
    Plan(plan::PlanOptions),
    /// Play hours or days of load, faults and calls on a private cloud, and tell what happened.
    ///
    /// The exit code is 1 if an assertion of the scenario fails, and 2 if the scenario is wrong.
    Simulate(Box<simulate::SimulateOptions>),
    /// Print the variables that AWS clients need: `eval "$(lowcloud env)"`.
    Env(Remote),
    /// Show how a running cloud stands.
    Status(Remote),
    /// Forget everything in a running cloud.
    Reset(Remote),
    /// Show or change the clock of a running cloud.
    Clock(ClockOptions),
    /// Let things go wrong in a running cloud.
    Fault(fault::FaultOptions),
    /// Give instances a load, show it, take it away.
    Load(load::LoadOptions),
    /// Tell what happened to a group, an instance or an alarm, and why.
    Explain(explain::ExplainOptions),
    /// Show the mail, telephone messages and web calls that left a running cloud.
    Outbox(outbox::OutboxOptions),
    /// List the operations that are implemented.
    Coverage(CoverageOptions),
}

/// A running server.
#[derive(Args, Clone, Debug)]
pub(crate) struct Remote {
    /// Where the cloud is.
    #[arg(
        long,
        env = "LOWCLOUD_ENDPOINT",
        default_value = "http://127.0.0.1:4566",
        global = true,
        value_name = "URL"
    )]
    endpoint: String,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// A region of a running cloud.
#[derive(Args, Clone, Debug)]
pub(crate) struct Region {
    /// The region.
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    region: Option<String>,
    /// The account; the server's default, if none is given.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

impl Region {
    /// As the control API is told it.
    fn query(&self) -> String {
        let fallback = || std::env::var("AWS_DEFAULT_REGION").ok();
        let region = self.region.clone().or_else(fallback).unwrap_or("us-east-1".to_owned());
        let account = self.account.as_ref().map(|account| format!("&account={account}"));
        format!("region={region}{}", account.unwrap_or_default())
    }
}

#[derive(Args, Debug)]
struct RunOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// The command and its arguments, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Args, Debug)]
struct ClockOptions {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: Option<ClockAction>,
}

#[derive(Debug, Subcommand)]
enum ClockAction {
    /// Show the time and how it runs (the default).
    Show,
    /// Let time stand still.
    Pause,
    /// Let time run as on the wall.
    Resume,
    /// Let time run this many times as fast.
    Scale {
        /// Virtual seconds per second, such as 60.
        factor: f64,
    },
    /// Move time on, carrying out everything on the way.
    Step {
        /// How far: 90s, 15m, 1h, 2d, or 1h30m; a bare number is seconds.
        #[arg(value_parser = duration)]
        duration: f64,
    },
    /// Let time run on.
    Run {
        /// Until nothing is pending but housekeeping.
        #[arg(long, required = true)]
        until_idle: bool,
        /// But no further than this.
        #[arg(long, value_parser = duration)]
        limit: Option<f64>,
    },
}

#[derive(Args, Debug)]
struct CoverageOptions {
    #[command(flatten)]
    remote: Remote,
    /// One service only.
    service: Option<String>,
}

impl Arguments {
    /// Carries out the command.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Serve(options) => serve::serve(options)?,
            Command::Run(options) => return serve::run(options.serve, &options.command),
            Command::Validate(options) => return Ok(validate::validate(&options)),
            Command::Plan(options) => plan::plan(&options)?,
            Command::Simulate(options) => return simulate::simulate(&options),
            Command::Env(remote) => env(&remote),
            Command::Status(remote) => status(&remote)?,
            Command::Reset(remote) => reset(&remote)?,
            Command::Clock(options) => clock(options)?,
            Command::Fault(options) => fault::fault(&options)?,
            Command::Load(options) => load::load(&options)?,
            Command::Explain(options) => explain::explain(&options)?,
            Command::Outbox(options) => outbox::outbox(&options)?,
            Command::Coverage(options) => coverage(&options)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_json(value: &Value) {
    println!("{value:#}");
}

fn env(remote: &Remote) {
    let variables = environment::variables(&remote.endpoint);
    if remote.json {
        let map: serde_json::Map<String, Value> =
            variables.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
        return print_json(&Value::Object(map));
    }
    for (name, value) in variables {
        println!("export {name}='{value}'");
    }
    if std::io::stdout().is_terminal() {
        println!("# To set these in this shell: eval \"$(lowcloud env)\"");
    }
}

fn status(remote: &Remote) -> Result<(), Failure> {
    let status = Client::new(&remote.endpoint).get("status")?;
    if remote.json {
        print_json(&status);
        return Ok(());
    }
    let text = |key: &str| status[key].as_str().unwrap_or("-").to_owned();
    println!("endpoint   {}", remote.endpoint);
    println!("time       {}  ({})", text("now"), clock_words(&status["clock"]));
    println!("account    {}", text("account"));
    println!("pace       {}   seed {}", text("pace"), status["seed"]);
    println!("commits    {}   pending tasks {}", status["commits"], status["pending_tasks"]);
    for (table, rows) in status["rows"].as_object().into_iter().flatten() {
        println!("  {table:<34} {rows:>8}");
    }
    Ok(())
}

fn reset(remote: &Remote) -> Result<(), Failure> {
    let answer = Client::new(&remote.endpoint).post("reset", &json!({}))?;
    if remote.json {
        print_json(&answer);
    } else {
        println!("The cloud is as new.");
    }
    Ok(())
}

fn clock_words(clock: &Value) -> String {
    match clock["mode"].as_str() {
        Some("paused") => "paused".to_owned(),
        Some("scaled") => format!("{} times as fast", clock["scale"]),
        _ => "real time".to_owned(),
    }
}

fn clock(options: ClockOptions) -> Result<(), Failure> {
    let client = Client::new(&options.remote.endpoint);
    let change = match options.action.unwrap_or(ClockAction::Show) {
        ClockAction::Show => None,
        ClockAction::Pause => Some(json!({ "mode": "paused" })),
        ClockAction::Resume => Some(json!({ "mode": "real" })),
        ClockAction::Scale { factor } => Some(json!({ "scale": factor })),
        ClockAction::Step { duration } => Some(json!({ "step_seconds": duration })),
        ClockAction::Run { limit, .. } => {
            Some(json!({ "run_until_idle": true, "limit_seconds": limit }))
        }
    };
    let answer = match &change {
        None => client.get("clock")?,
        Some(change) => client.post("clock", change)?,
    };
    if options.remote.json {
        print_json(&answer);
        return Ok(());
    }
    println!("{}", clock_line(&answer));
    if let Some(advice) = advice(&answer) {
        println!("{advice}");
    }
    if answer["truncated"] == json!(true) {
        println!("Broken off with more to do: run it again, or raise --limit.");
    }
    Ok(())
}

/// The time, how it runs, and what is due next.
fn clock_line(answer: &Value) -> String {
    let pending = match (answer["waiting_tasks"].as_u64(), answer["next_task_at"].as_str()) {
        (Some(1), Some(at)) => format!(", 1 task pending, due at {at}"),
        (Some(count), Some(at)) => format!(", {count} tasks pending, the next due at {at}"),
        _ => ", nothing pending".to_owned(),
    };
    format!("{}  ({}{pending})", answer["now"].as_str().unwrap_or("-"), clock_words(answer))
}

/// What to do when time stands still and something waits for it.
fn advice(answer: &Value) -> Option<&'static str> {
    let stands = answer["mode"] == json!("paused") && answer["idle"] == json!(false);
    stands.then_some("Time is paused. To let it pass: lowcloud clock step 1m, or clock resume.")
}

fn coverage(options: &CoverageOptions) -> Result<(), Failure> {
    let mut answer = Client::new(&options.remote.endpoint).get("coverage")?;
    if let Some(wanted) = &options.service {
        let services = answer["services"].as_object_mut().ok_or("the server answered no list")?;
        services.retain(|name, _| name == wanted);
        if services.is_empty() {
            return Err(format!("there is no service '{wanted}'").into());
        }
    }
    if options.remote.json {
        print_json(&answer);
        return Ok(());
    }
    for (name, service) in answer["services"].as_object().into_iter().flatten() {
        let list = |key: &str| service[key].as_array().cloned().unwrap_or_default();
        let (implemented, known) = (list("implemented"), list("known"));
        println!("{name:<26} {:>4} of {:>4}", implemented.len(), known.len());
        if options.service.is_some() {
            for operation in implemented.iter().filter_map(Value::as_str) {
                println!("  {operation}");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_clock_says_what_waits_for_it() {
        let mut clock = json!({
            "now": "T", "mode": "paused", "idle": false, "waiting_tasks": 3, "next_task_at": "U",
        });
        assert_eq!(clock_line(&clock), "T  (paused, 3 tasks pending, the next due at U)");
        assert!(advice(&clock).is_some());
        clock["mode"] = json!("real");
        assert!(advice(&clock).is_none());
        let idle = json!({ "now": "T", "mode": "paused", "idle": true, "waiting_tasks": 0 });
        assert_eq!(clock_line(&idle), "T  (paused, nothing pending)");
        assert!(advice(&idle).is_none());
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
