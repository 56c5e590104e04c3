//! `lowcloud plan`: what a deployment would do, and why.

use super::validate::{parameters, read};
use super::{Failure, Region, Remote, print_json};
use crate::client::Client;
use cfn_template::UNKNOWN;
use clap::Args;
use kernel::{Caller, Clock, ClockMode, Cloud, MemoryJournal, Settings, Wall};
use serde_json::{Map, Value, json};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Arguments of `lowcloud plan`.
#[derive(Args, Debug)]
pub(crate) struct PlanOptions {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    region: Region,
    /// A CloudFormation template, YAML or JSON; `-` is standard input.
    #[arg(value_name = "TEMPLATE")]
    template: PathBuf,
    /// The stack of a running cloud that would be updated.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Values of parameters: KEY=VALUE, or a JSON file as the aws CLI takes it. Others keep the
    /// stack's value.
    #[arg(long, num_args = 1.., value_name = "KEY=VALUE|FILE")]
    parameters: Vec<String>,
}

/// Carries out `lowcloud plan`.
pub(super) fn plan(options: &PlanOptions) -> Result<(), Failure> {
    let given: Map<String, Value> = parameters(&options.parameters)?
        .into_iter()
        .map(|p| (p.key, p.value.map_or(Value::Null, Value::from)))
        .collect();
    let request = json!({
        "template": read(&options.template)?,
        "stack": options.stack,
        "parameters": given,
    });
    let answer = match options.stack {
        Some(_) => Client::new(&options.remote.endpoint)
            .post(&format!("stacks/plan?{}", options.region.query()), &request)?,
        None => alone(&request)?,
    };
    match options.remote.json {
        true => print_json(&answer),
        false => show(&answer),
    }
    Ok(())
}

/// Asks an empty cloud in this process.
fn alone(request: &Value) -> Result<Value, Failure> {
    let settings = Settings::default();
    let caller = Caller::new(settings.account.clone(), "us-east-1");
    let wall = Wall(0);
    let clock = Clock::new(ClockMode::Paused, wall);
    let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal))?;
    let control = cloud.internal_control("stacks/plan").ok_or("there is no CloudFormation")?;
    cloud.control(wall, control, &caller, request).map_err(|error| error.message.into())
}

/// A sign and a colour for each kind of change.
fn sign(change: &Value) -> (&'static str, &'static str) {
    match (change["action"].as_str(), change["replacement"].as_str()) {
        (Some("Add"), _) => ("+", "32"),
        (Some("Remove"), _) => ("-", "31"),
        (_, Some("True")) => ("±", "35"),
        (_, Some("Conditional")) => ("~", "35"),
        _ => ("~", "33"),
    }
}

fn show(plan: &Value) {
    let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let paint = |colour: &str, text: &str| match coloured {
        true => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    let changes = plan["changes"].as_array().cloned().unwrap_or_default();
    let width = |name: &str| {
        changes.iter().filter_map(|c| c[name].as_str()).map(str::len).max().unwrap_or_default()
    };
    let (ids, types) = (width("logicalId"), width("type"));
    for change in &changes {
        let text = |name: &str| change[name].as_str().unwrap_or_default();
        let (sign, colour) = sign(change);
        let what = match (text("action"), text("replacement")) {
            ("Add", _) => "is made".to_owned(),
            ("Remove", _) if text("policy") == "Retain" => "leaves the stack and stays".to_owned(),
            ("Remove", _) => format!("is deleted ({})", text("physicalId")),
            (_, "True") => format!("is replaced ({})", text("physicalId")),
            (_, "Conditional") => format!("is changed, perhaps replaced ({})", text("physicalId")),
            _ => format!("is changed in place ({})", text("physicalId")),
        };
        let head = format!("{sign} {:<ids$}  {:<types$}", text("logicalId"), text("type"));
        println!("{}  {what}", paint(colour, &head));
        for detail in change["details"].as_array().into_iter().flatten() {
            println!("    {}", why(detail));
        }
    }
    let count = |wanted: &str| changes.iter().filter(|change| sign(change).0 == wanted).count();
    match (changes.is_empty(), plan["beside"].as_bool()) {
        (true, Some(true)) => println!("No resources change, but outputs, tags or texts do."),
        (true, _) => println!("No changes."),
        (false, _) => println!(
            "{} to make, {} to change, {} to replace, {} to delete",
            count("+"),
            count("~"),
            count("±"),
            count("-")
        ),
    }
}

/// One changed property: its values, what it forces, and where the change comes from.
fn why(detail: &Value) -> String {
    let text = |name: &str| detail[name].as_str();
    let path = text("path").or(text("attribute")).unwrap_or_default();
    let path = path.trim_start_matches("/Properties/").replace('/', ".");
    let value = |name: &str| text(name).map(|v| v.replace(UNKNOWN, "(known afterwards)"));
    let values = match (value("before"), value("after")) {
        (Some(before), Some(after)) => format!(": {before} → {after}"),
        (None, Some(after)) => format!(": {after} is new"),
        (Some(before), None) => format!(": {before} goes"),
        (None, None) => String::new(),
    };
    let cause = match (text("source"), text("causing")) {
        (Some("ParameterReference"), Some(name)) => format!(", by parameter {name}"),
        (Some("Automatic"), _) => ", by its own template if that has changed".to_owned(),
        (Some(_), Some(name)) => format!(", by {name}"),
        _ => String::new(),
    };
    let force = match text("requiresRecreation") {
        Some("Always") => " (forces a replacement)",
        Some("Conditionally") => " (may force a replacement)",
        _ => "",
    };
    format!("{path}{values}{force}{cause}")
}
