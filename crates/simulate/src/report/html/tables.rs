//! What a picture does not show: assertions, activities with their causes, events, hours.

use super::escaped;
use crate::record::Report;
use crate::words::Span;
use std::fmt::Write;

/// Activities that the page lists; all are in the JSON report.
const MAX_ROWS: usize = 1_000;

/// What had to hold.
pub(super) fn assertions(report: &Report) -> String {
    if report.assertions.is_empty() {
        return String::new();
    }
    let mut page = String::from(
        "<section><div class=\"title\"><h2>Assertions</h2></div>\n<table><tr><th></th>\
         <th>what had to hold</th><th class=\"num\">found</th></tr>\n",
    );
    for verdict in &report.assertions {
        let mark = match verdict.holds {
            true => "<td class=\"yes\">holds</td>",
            false => "<td class=\"no\">fails</td>",
        };
        let _ = writeln!(
            page,
            "<tr>{mark}<td><code>{}</code></td><td class=\"num\">{}</td></tr>",
            escaped(&verdict.text),
            escaped(&verdict.found())
        );
    }
    page + "</table></section>\n"
}

/// Hours, and what they cost.
pub(super) fn hours(report: &Report) -> String {
    let mut page = String::from(
        "<section><div class=\"title\"><h2>Instance-hours</h2></div>\n<table><tr><th>type</th>\
         <th class=\"num\">hours</th></tr>\n",
    );
    for (kind, hours) in &report.instance_hours {
        let _ = writeln!(
            page,
            "<tr><td><code>{}</code></td><td class=\"num\">{hours:.1}</td></tr>",
            escaped(kind)
        );
    }
    if let Some(cost) = &report.cost {
        let without = match cost.unpriced.as_slice() {
            [] => String::new(),
            kinds => format!(", without {}", kinds.join(", ")),
        };
        let _ = writeln!(
            page,
            "<tr><td>at the prices given{}</td><td class=\"num\">{:.2} USD</td></tr>",
            escaped(&without),
            cost.usd
        );
    }
    page + "</table></section>\n"
}

/// What the scenario did.
pub(super) fn events(report: &Report) -> String {
    let mut page = String::from(
        "<section><div class=\"title\"><h2>Events</h2></div>\n<div class=\"scroll\"><table>\
         <tr><th>at</th><th>what</th><th></th></tr>\n",
    );
    for event in &report.events {
        let _ = writeln!(
            page,
            "<tr><td class=\"when\">{}</td><td>{}</td><td class=\"long\">{}</td></tr>",
            Span(round_secs(event.at)),
            escaped(&event.what),
            escaped(&event.outcome)
        );
    }
    page + "</table></div></section>\n"
}

/// What the groups did, and why.
pub(super) fn activities(report: &Report) -> String {
    let all = report.activities.len();
    let shown = match all > MAX_ROWS || report.more_activities {
        true => format!("the first {} of {all}", all.min(MAX_ROWS)),
        false => format!("{all}"),
    };
    let mut page = format!(
        "<section><div class=\"title\"><h2>Activities</h2><span class=\"sub\">{shown}</span></div>\n\
         <div class=\"scroll\"><table><tr><th>at</th><th class=\"num\">took</th><th>group</th>\
         <th>status</th><th>what, and why</th></tr>\n"
    );
    for activity in report.activities.iter().take(MAX_ROWS) {
        let took = activity.ended.map(|ended| Span(round_secs(ended - activity.at)).to_string());
        let class = match activity.status.as_str() {
            "Successful" => "yes",
            "Failed" | "Cancelled" => "no",
            _ => "",
        };
        let _ = writeln!(
            page,
            "<tr><td class=\"when\">{}</td><td class=\"num\">{}</td><td>{}</td>\
             <td class=\"{class}\">{}</td><td>{}<div class=\"long\">{}</div></td></tr>",
            Span(round_secs(activity.at)),
            took.unwrap_or_default(),
            escaped(report.resource_of(&activity.group).unwrap_or(&activity.group)),
            escaped(&activity.status),
            escaped(&activity.description),
            escaped(&activity.cause)
        );
    }
    page + "</table></div></section>\n"
}

fn round_secs(millis: i64) -> i64 {
    millis - millis.rem_euclid(1_000)
}
