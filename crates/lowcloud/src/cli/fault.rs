//! `lowcloud fault`: what goes wrong in a running cloud.

use super::{Failure, Remote, duration, print_json};
use crate::client::Client;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

/// Arguments of `lowcloud fault`.
#[derive(Args, Debug)]
pub(crate) struct FaultOptions {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    action: FaultAction,
}

#[derive(Debug, Subcommand)]
enum FaultAction {
    /// Let something go wrong.
    ///
    /// KIND is insufficient-capacity, zone-outage, zonal-shift, status-check, boot-failure,
    /// spot-interruption, throttle, latency, server-error, quota, health-check, resource-failure or
    /// resource-stall. What is not said matches everything; texts may hold * and ?.
    Add(Box<AddOptions>),
    /// List the faults.
    List,
    /// End one fault, or all.
    Clear {
        /// The fault's id, such as f-1.
        id: Option<String>,
    },
}

#[derive(Args, Debug)]
struct AddOptions {
    /// What goes wrong.
    kind: String,
    /// In this zone.
    #[arg(long)]
    zone: Option<String>,
    /// For this instance type.
    #[arg(long)]
    instance_type: Option<String>,
    /// On this market: spot or on-demand.
    #[arg(long)]
    market: Option<String>,
    /// For calls of this operation, such as `ec2:RunInstances` or `autoscaling:*`; of a stack's
    /// resource: create, update or delete.
    #[arg(long)]
    operation: Option<String>,
    /// To this instance.
    #[arg(long, value_name = "ID")]
    instance: Option<String>,
    /// To instances of this Auto Scaling group.
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// To resources of this stack.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// To the resource with this logical id.
    #[arg(long, value_name = "LOGICAL-ID")]
    resource: Option<String>,
    /// So often, then no more.
    #[arg(long)]
    count: Option<u64>,
    /// With this probability, 0 to 1.
    #[arg(long)]
    rate: Option<f64>,
    /// Beginning after this time (virtual): 90s, 15m, 1h30m.
    #[arg(long = "in", value_parser = duration, value_name = "DURATION")]
    in_seconds: Option<f64>,
    /// Lasting this long (virtual): 90s, 15m, 1h30m.
    #[arg(long = "for", value_parser = duration, value_name = "DURATION")]
    for_seconds: Option<f64>,
    /// For latency: how many milliseconds answers take longer.
    #[arg(long)]
    millis: Option<u64>,
    /// For quota: how many vCPUs may run; without it, no more than run now.
    #[arg(long, value_name = "VCPUS")]
    limit: Option<u64>,
    /// For status-check: instance or system.
    #[arg(long)]
    check: Option<String>,
}

impl AddOptions {
    fn request(&self) -> Value {
        let members = [
            ("kind", json!(self.kind)),
            ("zone", json!(self.zone)),
            ("instance_type", json!(self.instance_type)),
            ("market", json!(self.market)),
            ("operation", json!(self.operation)),
            ("instance", json!(self.instance)),
            ("group", json!(self.group)),
            ("stack", json!(self.stack)),
            ("resource", json!(self.resource)),
            ("count", json!(self.count)),
            ("rate", json!(self.rate)),
            ("in_seconds", json!(self.in_seconds)),
            ("for_seconds", json!(self.for_seconds)),
            ("millis", json!(self.millis)),
            ("limit", json!(self.limit)),
            ("check", json!(self.check)),
        ];
        let given = members.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(given.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
    }
}

/// Carries out `lowcloud fault`.
pub(super) fn fault(options: &FaultOptions) -> Result<(), Failure> {
    let client = Client::new(&options.remote.endpoint);
    let answer = match &options.action {
        FaultAction::Add(wanted) => client.post("faults", &wanted.request())?,
        FaultAction::List => client.get("faults")?,
        FaultAction::Clear { id: None } => client.delete("faults")?,
        FaultAction::Clear { id: Some(id) } => client.delete(&format!("faults/{id}"))?,
    };
    if options.remote.json {
        print_json(&answer);
        return Ok(());
    }
    match &options.action {
        FaultAction::Add(_) => println!("{}", line(&answer)),
        FaultAction::List => {
            let faults = answer["faults"].as_array().cloned().unwrap_or_default();
            faults.iter().for_each(|fault| println!("{}", line(fault)));
            if faults.is_empty() {
                println!("Nothing goes wrong.");
            }
        }
        FaultAction::Clear { .. } => {
            let cleared = answer["cleared"].as_array().map_or(0, Vec::len);
            println!("{cleared} cleared.");
        }
    }
    Ok(())
}

/// `f-1  zone-outage  active  zone=us-west-1a  struck 3 times`
fn line(fault: &Value) -> String {
    let text = |name: &str| fault[name].as_str().unwrap_or("-").to_owned();
    let mut out = format!("{:<6} {:<21} {:<8}", text("id"), text("kind"), text("state"));
    let told = ["id", "kind", "state", "tries", "strikes"];
    for (name, value) in fault.as_object().into_iter().flatten() {
        if !told.contains(&name.as_str()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push_str(&format!(" {name}={value}"));
        }
    }
    out.push_str(&format!("  struck {} times", fault["strikes"]));
    out
}
