//! `lowcloud outbox`: what left the cloud, or would have.

use super::{Failure, Remote, print_json};
use crate::client::Client;
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `lowcloud outbox`.
#[derive(Args, Debug)]
pub(crate) struct OutboxOptions {
    #[command(flatten)]
    remote: Remote,
    /// Of this account; the server's default one if not said.
    #[arg(long, global = true)]
    account: Option<String>,
    /// Of this region.
    #[arg(long, global = true, default_value = "us-east-1")]
    region: String,
    #[command(subcommand)]
    action: Option<OutboxAction>,
}

#[derive(Debug, Subcommand)]
enum OutboxAction {
    /// Show mail, telephone messages and calls of web endpoints (the default).
    Show,
    /// Forget those that are over.
    Clear,
}

/// Carries out `lowcloud outbox`.
pub(super) fn outbox(options: &OutboxOptions) -> Result<(), Failure> {
    let client = Client::new(&options.remote.endpoint);
    let account = options.account.as_ref().map(|id| format!("&account={id}"));
    let place = format!("region={}{}", options.region, account.unwrap_or_default());
    let clears = matches!(options.action, Some(OutboxAction::Clear));
    let answer = match clears {
        true => client.post(&format!("outbox/clear?{place}"), &json!({}))?,
        false => client.get(&format!("outbox?{place}"))?,
    };
    if options.remote.json {
        print_json(&answer);
        return Ok(());
    }
    if clears {
        println!("{} forgotten.", answer["cleared"]);
        return Ok(());
    }
    let deliveries = answer["outbox"].as_array().cloned().unwrap_or_default();
    for delivery in &deliveries {
        let text = |name: &str| delivery[name].as_str().unwrap_or("-");
        println!(
            "{}  {:<10} {:<8} {}  {}",
            text("at"),
            text("protocol"),
            text("state"),
            text("endpoint"),
            delivery["subject"].as_str().or(delivery["error"].as_str()).unwrap_or_default(),
        );
    }
    if deliveries.is_empty() {
        println!("Nothing was sent.");
    }
    Ok(())
}
