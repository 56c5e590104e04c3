//! `lowcloud explain`: what happened to a group, an instance or an alarm, and why, in the order of
//! time. The server's services tell their parts; here they become one story.

use super::{Failure, Region, Remote, print_json};
use crate::client::Client;
use clap::{Args, Subcommand};
use serde_json::Value;
use std::fmt::Write;

/// Arguments of `lowcloud explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainOptions {
    #[command(flatten)]
    remote: Remote,
    #[command(flatten)]
    region: Region,
    /// Tell only the last so many things.
    #[arg(long, value_name = "COUNT", default_value_t = 40, global = true)]
    last: usize,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// An Auto Scaling group: which datapoints moved which alarm, what policies reckoned, which
    /// activities followed.
    Group {
        /// Its name.
        name: String,
    },
    /// An instance of a group: why it was launched, and there, and why it went.
    Instance {
        /// Its id.
        id: String,
    },
    /// An alarm: its rule, the datapoints that it sees now, and how it came into its state.
    Alarm {
        /// Its name.
        name: String,
    },
}

/// Carries out `lowcloud explain`.
pub(super) fn explain(options: &ExplainOptions) -> Result<(), Failure> {
    let client = Client::new(&options.remote.endpoint);
    let place = options.region.query();
    let ask = |what: &str, key: &str, name: &str| {
        client.get(&format!("{what}/explain?{place}&{key}={}", encoded(name)))
    };
    let told = match &options.what {
        What::Instance { id } => ask("instances", "instance", id)?,
        What::Alarm { name } => ask("alarms", "alarm", name)?,
        What::Group { name } => {
            let mut told = ask("groups", "group", name)?;
            let alarms = told["alarms"].as_array().cloned().unwrap_or_default();
            for name in alarms.iter().filter_map(Value::as_str) {
                // An alarm may be gone by now; then it tells nothing.
                if let Ok(alarm) = ask("alarms", "alarm", name) {
                    add_changes(&mut told, name, &alarm);
                }
            }
            told
        }
    };
    if options.remote.json {
        print_json(&told);
        return Ok(());
    }
    match &options.what {
        What::Alarm { .. } => print!("{}", alarm_text(&told)),
        _ => print!("{}{}", heading(&told), story_text(&told, options.last)),
    }
    Ok(())
}

/// A name in a query: every byte that may mean something else is spelled out.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            other => drop(write!(text, "%{other:02X}")),
        }
    }
    text
}

/// Puts an alarm's changes of state into a group's story.
fn add_changes(told: &mut Value, name: &str, alarm: &Value) {
    let Some(story) = told["story"].as_array_mut() else { return };
    for change in alarm["history"].as_array().into_iter().flatten() {
        story.push(serde_json::json!({
            "at": change["at"],
            "kind": "alarm",
            "alarm": name,
            "what": format!("alarm {name}: {}", text(&change["change"])),
            "why": change["reason"],
        }));
    }
    // An alarm that changes comes before what it leads to.
    story.sort_by(|a, b| {
        let key = |it: &Value| (text(&it["at"]).to_owned(), it["kind"] != "alarm");
        key(a).cmp(&key(b))
    });
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn heading(told: &Value) -> String {
    let mut page = String::new();
    if let Some(id) = told["instance"].as_str() {
        let _ = write!(page, "instance {id} of group {}", text(&told["group"]));
        match told["gone"] == true {
            true => page.push_str(": gone\n"),
            false => {
                let _ = writeln!(
                    page,
                    ": {} in {}{}{}",
                    text(&told["state"]),
                    text(&told["zone"]),
                    if told["healthy"] == false { ", unhealthy" } else { "" },
                    if told["protected"] == true { ", protected from scale-in" } else { "" },
                );
            }
        }
        return page;
    }
    let name = text(&told["group"]);
    if told["deleted"] == true {
        return format!("group {name}: deleted\n");
    }
    let _ = write!(page, "group {name}: desired {}", told["desired"]);
    let _ = writeln!(page, " ({} to {}); {}", told["min"], told["max"], instances(told));
    let zones = told["inServiceByZone"].as_object().into_iter().flatten();
    let zones: Vec<String> = zones.map(|(zone, count)| format!("{zone} {count}")).collect();
    let _ = writeln!(page, "  in service by zone: {}", zones.join(", "));
    let suspended = told["suspended"].as_array().into_iter().flatten();
    let suspended: Vec<&str> = suspended.map(text).collect();
    if !suspended.is_empty() {
        let _ = writeln!(page, "  suspended: {}", suspended.join(", "));
    }
    for (key, words) in [
        ("reactsAt", "reacts to the latest change at"),
        ("retriesAt", "launches failed; tries again at"),
        ("cooldownEnds", "cooldown until"),
    ] {
        if let Some(at) = told[key].as_str() {
            let _ = writeln!(page, "  {words} {at}");
        }
    }
    page
}

/// `3 InService, 1 Pending`
fn instances(told: &Value) -> String {
    let states = told["instances"].as_object().into_iter().flatten();
    let states: Vec<String> = states.map(|(state, count)| format!("{count} {state}")).collect();
    if states.is_empty() { "no instances".to_owned() } else { states.join(", ") }
}

fn story_text(told: &Value, last: usize) -> String {
    let story = told["story"].as_array().map_or(&[][..], Vec::as_slice);
    let skipped = story.len().saturating_sub(last);
    let mut page = String::from("\n");
    if skipped > 0 {
        let _ = writeln!(page, "  … {skipped} more before; --last says how many are told\n");
    }
    for item in &story[skipped..] {
        let at = text(&item["at"]);
        let _ = write!(page, "{}  {}", at.get(..19).unwrap_or(at), text(&item["what"]));
        match (item["status"].as_str(), item["tookSeconds"].as_f64()) {
            (Some(status), Some(secs)) => {
                let _ = writeln!(page, "  [{status}, {secs:.0} s]");
            }
            (Some(status), None) => drop(writeln!(page, "  [{status}]")),
            (None, _) => page.push('\n'),
        }
        // AWS joins sentences by two spaces: one a line.
        for sentence in text(&item["why"]).split("  ").filter(|it| !it.is_empty()) {
            let _ = writeln!(page, "    {sentence}");
        }
    }
    if story.is_empty() {
        page.push_str("Nothing has happened yet.\n");
    }
    page
}

fn alarm_text(told: &Value) -> String {
    let mut page = String::new();
    let (name, state) = (text(&told["alarm"]), text(&told["state"]));
    let _ = writeln!(page, "alarm {name}: {state} since {}", text(&told["since"]));
    let _ = writeln!(page, "  rule: {}", text(&told["rule"]));
    let _ = writeln!(page, "  reason: {}", text(&told["reason"]));
    if told["actionsEnabled"] == false {
        page.push_str("  its actions are disabled\n");
    }
    for point in told["datapoints"].as_array().into_iter().flatten() {
        let _ = match point["value"].as_f64() {
            None => writeln!(page, "  missing datapoint"),
            Some(value) => writeln!(
                page,
                "  {}  {value}{}",
                text(&point["timestamp"]),
                if point["breaching"] == true { "  breaching" } else { "" }
            ),
        };
    }
    for child in told["children"].as_array().into_iter().flatten() {
        let _ = writeln!(page, "  {} is {}", text(&child["alarm"]), text(&child["state"]));
    }
    let history = told["history"].as_array().cloned().unwrap_or_default();
    for change in history.iter().rev() {
        let at = text(&change["at"]);
        let _ = writeln!(page, "\n{}  {}", at.get(..19).unwrap_or(at), text(&change["change"]));
        let _ = writeln!(page, "    {}", text(&change["reason"]));
        for action in change["actions"].as_array().into_iter().flatten() {
            let _ = writeln!(page, "    {}", text(action));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_group_and_its_alarms_are_one_story() {
        let mut told = json!({
            "group": "g", "desired": 3, "min": 1, "max": 4, "instances": { "InService": 3 },
            "inServiceByZone": { "us-west-1a": 2, "us-west-1c": 1 }, "suspended": ["Launch"],
            "story": [
                { "at": "2017-09-28T00:03:00.000Z", "kind": "policy", "what": "policy p",
                  "why": "metric 70, target 50: from 2 to 3; desired 2 → 3" },
                { "at": "2017-09-28T00:03:09.000Z", "kind": "activity", "what": "Launching i-1",
                  "status": "Successful", "tookSeconds": 28.0, "why": "At T one.  At T two." },
            ],
        });
        let alarm = json!({ "history": [{
            "at": "2017-09-28T00:03:00.000Z", "change": "Alarm updated from OK to ALARM",
            "reason": "Threshold Crossed", "actions": [],
        }] });
        add_changes(&mut told, "high", &alarm);
        let page = heading(&told) + &story_text(&told, 40);
        let expected = "group g: desired 3 (1 to 4); 3 InService
  in service by zone: us-west-1a 2, us-west-1c 1
  suspended: Launch

2017-09-28T00:03:00  alarm high: Alarm updated from OK to ALARM
    Threshold Crossed
2017-09-28T00:03:00  policy p
    metric 70, target 50: from 2 to 3; desired 2 → 3
2017-09-28T00:03:09  Launching i-1  [Successful, 28 s]
    At T one.
    At T two.
";
        assert_eq!(page, expected);
        assert!(story_text(&told, 1).contains("… 2 more before"));
    }

    #[test]
    fn names_are_spelled_for_queries() {
        assert_eq!(encoded("a b&c=ü/1"), "a%20b%26c%3D%C3%BC%2F1");
    }
}
