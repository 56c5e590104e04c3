//! The series as CSV: a line per sample and group.

use crate::record::Report;
use kernel::Timestamp;
use std::fmt::{Display, Write};

const HEADING: &str = "time,seconds,group,demand,cpu,min,max,desired,in_service,pending,\
                       terminating,alarms";

/// The series. A cell is empty where there is no value; `alarms` names those in the state ALARM.
pub fn csv(report: &Report) -> String {
    let mut text = format!("{HEADING}\n");
    for (number, millis) in report.times.iter().enumerate() {
        let time = Timestamp(report.scenario.start_millis + millis).iso_seconds();
        let alarms = alarms_at(report, *millis);
        for group in &report.groups {
            // A group that is not there has no line.
            if group.desired.get(number).copied().flatten().is_none() {
                continue;
            }
            let _ = write!(text, "{time},{},{}", millis / 1_000, quoted(&group.name));
            cell(&mut text, group.demand.get(number));
            cell(&mut text, group.cpu.get(number));
            for series in [
                &group.min,
                &group.max,
                &group.desired,
                &group.in_service,
                &group.pending,
                &group.terminating,
            ] {
                cell(&mut text, series.get(number));
            }
            let _ = writeln!(text, ",{}", quoted(&alarms));
        }
    }
    text
}

fn cell<T: Display + Copy>(text: &mut String, value: Option<&Option<T>>) {
    text.push(',');
    if let Some(value) = value.copied().flatten() {
        let _ = write!(text, "{value}");
    }
}

fn alarms_at(report: &Report, millis: i64) -> String {
    let rings = |alarm: &&crate::record::Alarm| {
        // Where two states meet, the later one counts.
        let state = alarm.states.iter().rev().find(|s| s.from <= millis && millis <= s.to);
        state.is_some_and(|state| state.value == "ALARM")
    };
    let names: Vec<&str> = report.alarms.iter().filter(rings).map(|a| a.name.as_str()).collect();
    names.join(";")
}

fn quoted(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
