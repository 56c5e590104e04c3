//! `lowcloud load`: what the simulated instances have to do.

use super::{Failure, Region, Remote, duration, print_json};
use crate::client::Client;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `lowcloud load`.
#[derive(Args, Debug)]
pub(crate) struct LoadOptions {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    region: Region,
    #[command(subcommand)]
    action: LoadAction,
}

#[derive(Debug, Subcommand)]
enum LoadAction {
    /// Give an instance, a group or a target group a load.
    ///
    /// Either a CPU utilization, or a demand in requests per second that the instances in service
    /// share: adding instances lowers the CPU of each. An instance serves 100 requests per second
    /// and vCPU at 100 % CPU, unless --capacity says otherwise.
    Set(Box<SetOptions>),
    /// Show the loads in force.
    Show(Bearer),
    /// Take a load away, or all.
    Clear(Bearer),
}

/// Whose load.
#[derive(Args, Debug)]
struct Bearer {
    /// Of this instance.
    #[arg(long, value_name = "ID", group = "bearer")]
    instance: Option<String>,
    /// Of this Auto Scaling group.
    #[arg(long, value_name = "NAME", group = "bearer")]
    group: Option<String>,
    /// Of this target group.
    #[arg(long, value_name = "ARN", group = "bearer")]
    target_group: Option<String>,
}

impl Bearer {
    fn members(&self) -> Vec<(&'static str, &String)> {
        [("instance", &self.instance), ("group", &self.group), ("targetGroup", &self.target_group)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)))
            .collect()
    }
}

#[derive(Args, Debug)]
#[allow(clippy::option_option, reason = "an option that may be there with or without a value")]
struct SetOptions {
    #[command(flatten)]
    bearer: Bearer,
    /// CPU utilization in percent; with --ramp, --sine, --steps or --trace: no value.
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, conflicts_with = "demand")]
    cpu: Option<Option<f64>>,
    /// Requests per second; with --ramp, --sine, --steps or --trace: no value.
    #[arg(long, value_name = "RPS", num_args = 0..=1)]
    demand: Option<Option<f64>>,
    /// Requests per second that one instance serves at 100 % CPU.
    #[arg(long, value_name = "RPS")]
    capacity: Option<f64>,
    /// From one value to another, such as 10..90; --over says how fast.
    #[arg(long, value_name = "FROM..TO", value_parser = range, group = "shape")]
    ramp: Option<(f64, f64)>,
    /// How long a ramp takes.
    #[arg(long, value_parser = duration, value_name = "DURATION", requires = "ramp")]
    over: Option<f64>,
    /// Up and down between two values, such as 20..300, beginning at the first.
    #[arg(long, value_name = "LOW..HIGH", value_parser = range, group = "shape")]
    sine: Option<(f64, f64)>,
    /// How long a sine takes from low to low.
    #[arg(long, value_parser = duration, value_name = "DURATION", default_value = "24h")]
    period: f64,
    /// Values with the times at which they begin, such as 0=50,10m=400,1h=80.
    #[arg(long, value_name = "TIME=VALUE,…", group = "shape")]
    steps: Option<String>,
    /// A file of lines `seconds,value` (a first line that is no number is a heading).
    #[arg(long, value_name = "FILE.csv", group = "shape")]
    trace: Option<PathBuf>,
    /// Begin steps or a trace anew after so long.
    #[arg(long, value_parser = duration, value_name = "DURATION")]
    repeat: Option<f64>,
}

/// `10..90`
fn range(text: &str) -> Result<(f64, f64), String> {
    let numbers = text.split_once("..").and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    numbers.ok_or_else(|| format!("'{text}' is no range: say 10..90"))
}

impl SetOptions {
    fn request(&self) -> Result<Value, Failure> {
        let (name, value) = match (self.cpu, self.demand) {
            (Some(value), None) => ("cpu", value),
            (None, Some(value)) => ("demand", value),
            _ => return Err("say what it is a load of: --cpu or --demand".into()),
        };
        let shape = match (self.shape()?, value) {
            (Some(shape), None) => shape,
            (None, Some(value)) => json!(value),
            (Some(_), Some(_)) => {
                return Err(format!("with a shape, --{name} has no value").into());
            }
            (None, None) => return Err(format!("say how much: --{name} 70, or a shape").into()),
        };
        let mut request = json!({ name: shape });
        for (name, value) in self.bearer.members() {
            request[name] = json!(value);
        }
        if let Some(capacity) = self.capacity {
            request["capacity"] = json!(capacity);
        }
        Ok(request)
    }

    fn shape(&self) -> Result<Option<Value>, Failure> {
        if let Some((from, to)) = self.ramp {
            let over = self.over.ok_or("say how long the ramp takes: --over 30m")?;
            return Ok(Some(json!({ "ramp": { "from": from, "to": to, "over": over } })));
        }
        if let Some((low, high)) = self.sine {
            let sine = json!({ "low": low, "high": high, "period": self.period });
            return Ok(Some(json!({ "sine": sine })));
        }
        let points = match (&self.steps, &self.trace) {
            (Some(steps), _) => steps.split(',').map(step).collect::<Result<Vec<_>, _>>()?,
            (None, Some(file)) => trace(file)?,
            (None, None) => return Ok(None),
        };
        let mut steps = json!({ "points": points });
        if let Some(repeat) = self.repeat {
            steps["repeat"] = json!(repeat);
        }
        Ok(Some(json!({ "steps": steps })))
    }
}

/// `10m=400`
fn step(text: &str) -> Result<(f64, f64), Failure> {
    let bad = || format!("'{text}' is no step: say 10m=400");
    let (time, value) = text.split_once('=').ok_or_else(bad)?;
    Ok((duration(time)?, value.parse().map_err(|_| bad())?))
}

/// Reads a trace: seconds and value, separated by a comma.
pub(super) fn trace(file: &Path) -> Result<Vec<(f64, f64)>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let mut points = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair = line.split_once(',').and_then(|(at, value)| {
            Some((at.trim().parse::<f64>().ok()?, value.trim().parse::<f64>().ok()?))
        });
        match pair {
            Some(pair) => points.push(pair),
            None if number == 0 => {}
            None => {
                let line = number + 1;
                return Err(format!("{}:{line}: not 'seconds,value'", file.display()).into());
            }
        }
    }
    Ok(points)
}

/// Carries out `lowcloud load`.
pub(super) fn load(options: &LoadOptions) -> Result<(), Failure> {
    let client = Client::new(&options.remote.endpoint);
    let place = options.region.query();
    let answer = match &options.action {
        LoadAction::Set(wanted) => client.post(&format!("load?{place}"), &wanted.request()?)?,
        LoadAction::Show(bearer) => {
            let mut path = format!("load?{place}");
            for (name, value) in bearer.members() {
                path.push_str(&format!("&{name}={value}"));
            }
            client.get(&path)?
        }
        LoadAction::Clear(bearer) => {
            let mut request = json!({});
            for (name, value) in bearer.members() {
                request[name] = json!(value);
            }
            client.post(&format!("load/clear?{place}"), &request)?
        }
    };
    if options.remote.json {
        print_json(&answer);
        return Ok(());
    }
    match &options.action {
        LoadAction::Set(_) => println!("{}", line(&answer)),
        LoadAction::Show(_) => {
            let loads = answer["loads"].as_array().cloned().unwrap_or_default();
            loads.iter().for_each(|load| println!("{}", line(load)));
            if loads.is_empty() {
                println!("Nothing has a load.");
            }
        }
        LoadAction::Clear(_) => println!("{} cleared.", answer["cleared"]),
    }
    Ok(())
}

/// `group web  demand 420 requests/s now, sine 20..400 over 24h, since …`
fn line(load: &Value) -> String {
    let bearer = [("instance", "instance"), ("group", "group"), ("targetGroup", "target group")]
        .into_iter()
        .find_map(|(key, word)| Some(format!("{word} {}", load[key].as_str()?)))
        .unwrap_or_default();
    let now = load["now"].as_f64().unwrap_or(0.0);
    let amount = match load["measure"].as_str() {
        Some("cpu") => format!("CPU {now:.1} %"),
        _ => format!("demand {now:.1} requests/s"),
    };
    let shape = match load["shape"].as_object().and_then(|shape| shape.iter().next()) {
        Some((name, _)) if name == "constant" => String::new(),
        Some((name, _)) if name == "steps" => " (steps)".to_owned(),
        Some((name, value)) => format!(" ({name} {value})"),
        None => String::new(),
    };
    format!("{bearer}: {amount} now{shape}, since {}", load["since"].as_str().unwrap_or("-"))
}
