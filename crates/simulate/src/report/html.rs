//! The report as one HTML file that needs nothing else: pictures drawn as SVG by our own code, a
//! light and a dark theme, and a few lines of script for the values below the pointer.

mod chart;
mod scale;
mod tables;

use crate::record::{Activity, Alarm, GroupSeries, Report};
use crate::words::Span;
use serde_json::json;
use std::fmt::Write;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Groups that have a picture; the rest are in the JSON and CSV reports.
const MAX_PICTURES: usize = 24;
/// Values that the pointer can read off.
const MAX_READ: usize = 5_000;

/// The page.
pub fn html(report: &Report) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
        escaped(&report.scenario.title)
    );
    page.push_str(&head(report));
    page.push_str(&figures(report));
    for group in report.groups.iter().take(MAX_PICTURES) {
        page.push_str(&picture(report, group));
    }
    if report.groups.len() > MAX_PICTURES {
        let more = report.groups.len() - MAX_PICTURES;
        let _ = writeln!(page, "<p class=\"sub\">And {more} groups more, without pictures.</p>");
    }
    page.push_str(&other_alarms(report));
    page.push_str("<div class=\"pair\">\n");
    page.push_str(&tables::assertions(report));
    page.push_str(&tables::hours(report));
    page.push_str("</div>\n");
    page.push_str(&tables::activities(report));
    page.push_str(&tables::events(report));
    if !report.scenario.text.is_empty() {
        let _ = writeln!(
            page,
            "<section><div class=\"title\"><h2>Scenario</h2></div><pre>{}</pre></section>",
            escaped(&report.scenario.text)
        );
    }
    let _ = write!(
        page,
        "<footer>Played by lowcloud. The same scenario and seed give this page again, byte for \
         byte.</footer>\n</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

/// Text in a page: markup is text.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn head(report: &Report) -> String {
    let failed = report.assertions.iter().filter(|verdict| !verdict.holds).count();
    let badge = match (failed, report.assertions.len()) {
        (_, 0) => String::new(),
        (0, 1) => "<div class=\"badge good\">The assertion holds</div>".to_owned(),
        (0, all) => format!("<div class=\"badge good\">All {all} assertions hold</div>"),
        (failed, all) => {
            format!("<div class=\"badge bad\">{failed} of {all} assertions fail</div>")
        }
    };
    let setup = &report.scenario;
    let stack = report.stack.as_ref().map(|it| format!(" · stack {} {}", it.name, it.status));
    format!(
        "<header><div><h1>{}</h1><p>{} from {} in {} · pace {} · seed {}{}</p></div>{badge}</header>\n",
        escaped(&setup.title),
        report.lasts(),
        escaped(&setup.start),
        escaped(&setup.region),
        escaped(&setup.pace),
        setup.seed,
        escaped(&stack.unwrap_or_default())
    )
}

/// The few numbers that people ask for first.
fn figures(report: &Report) -> String {
    let highest = |series: fn(&GroupSeries) -> &Vec<Option<f64>>| {
        let values = report.groups.iter().flat_map(|group| series(group).iter().copied().flatten());
        values.reduce(f64::max)
    };
    let sizes = || report.groups.iter().flat_map(|group| group.in_service.iter().flatten());
    let count = |fits: fn(&Activity) -> bool| {
        report.activities.iter().filter(|activity| fits(activity)).count().to_string()
    };
    let mut figures = Vec::new();
    if let Some(demand) = highest(|group| &group.demand) {
        figures.push((format!("{demand:.0}"), "requests/s, peak"));
    }
    if let Some(cpu) = highest(|group| &group.cpu) {
        figures.push((format!("{cpu:.0} %"), "CPU, peak"));
    }
    if let Some(most) = sizes().max() {
        figures.push((most.to_string(), "instances, peak"));
    }
    figures.push((count(Activity::launches), "launches"));
    figures.push((count(Activity::terminates), "terminations"));
    figures.push((count(Activity::failed), "failed activities"));
    let hours: f64 = report.instance_hours.values().sum();
    figures.push((format!("{hours:.1}"), "instance-hours"));
    if let Some(cost) = &report.cost {
        figures.push((format!("{:.2}", cost.usd), "USD"));
    }
    let cells: Vec<String> = figures
        .into_iter()
        .map(|(number, name)| format!("<div><b>{number}</b><span>{name}</span></div>"))
        .collect();
    format!("<section class=\"figures\">{}</section>\n", cells.join(""))
}

fn picture(report: &Report, group: &GroupSeries) -> String {
    let name = match &group.resource {
        Some(resource) => {
            format!("{} <span class=\"sub\">{}</span>", escaped(resource), escaped(&group.name))
        }
        None => escaped(&group.name),
    };
    let policies: Vec<String> = group
        .policies
        .iter()
        .map(|policy| format!("{} ({})", escaped(&policy.name), escaped(&policy.kind)))
        .collect();
    let policies = match policies.is_empty() {
        true => String::new(),
        false => format!("<span class=\"sub\">policies: {}</span>", policies.join(", ")),
    };
    format!(
        "<section><div class=\"title\"><h2>{name}</h2>{policies}</div>\n<div class=\"chart\">{}\
         <div class=\"tip\"></div>{}</div>\n{KEY}</section>\n",
        chart::of_group(report, group),
        readings(report, group)
    )
}

const KEY: &str = "<div class=\"key\">\
    <span><i style=\"background:var(--service)\"></i>in service</span>\
    <span><i style=\"background:var(--pending)\"></i>pending</span>\
    <span><i class=\"dash\" style=\"color:var(--desired)\"></i>desired</span>\
    <span><i class=\"dash\" style=\"color:var(--bound)\"></i>minimum, maximum</span>\
    <span><i style=\"background:var(--alarm)\"></i>ALARM</span>\
    <span><i style=\"background:var(--ok)\"></i>OK</span>\
    <span><i style=\"background:var(--unknown)\"></i>insufficient data</span>\
    <span><i style=\"background:var(--fault)\"></i>fault</span></div>";

/// What the script shows below the pointer.
fn readings(report: &Report, group: &GroupSeries) -> String {
    let every = report.times.len().div_ceil(MAX_READ).max(1);
    let measured = |series: &[Option<f64>]| json!(series.iter().step_by(every).collect::<Vec<_>>());
    let counted = |series: &[Option<u32>]| json!(series.iter().step_by(every).collect::<Vec<_>>());
    let times: Vec<String> =
        report.times.iter().step_by(every).map(|at| Span(*at).to_string()).collect();
    let data = json!({
        "left": scale::LEFT,
        "width": scale::WIDTH,
        "times": times,
        "series": [
            ["demand", measured(&group.demand), "/s"],
            ["CPU", measured(&group.cpu), " %"],
            ["desired", counted(&group.desired), ""],
            ["in service", counted(&group.in_service), ""],
            ["pending", counted(&group.pending), ""],
        ],
    });
    // There is no text of a user's in it, but a "</script>" must never be.
    let data = data.to_string().replace('<', "\\u003c");
    format!("<script type=\"application/json\">{data}</script>")
}

fn other_alarms(report: &Report) -> String {
    let known = |name: &smol_str::SmolStr| report.groups.iter().any(|group| group.name == *name);
    let others: Vec<&Alarm> =
        report.alarms.iter().filter(|it| !it.group.as_ref().is_some_and(known)).collect();
    if others.is_empty() {
        return String::new();
    }
    format!(
        "<section><div class=\"title\"><h2>Alarms</h2></div>\n{}</section>\n",
        chart::of_alarms(report, &others)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Setup;

    #[test]
    fn names_are_text_and_never_markup() {
        let setup = Setup { title: "<script>'\"&".to_owned(), lasts: 60_000, ..Default::default() };
        let group = GroupSeries { name: "<b>".into(), ..Default::default() };
        let report =
            Report { scenario: setup, times: vec![0], groups: vec![group], ..Default::default() };
        let page = html(&report);
        assert!(page.contains("<h1>&lt;script&gt;&#39;&quot;&amp;</h1>"));
        assert!(!page.contains("<b>\n") && page.contains("&lt;b&gt;"));
    }

    #[test]
    fn the_page_asks_for_nothing_from_elsewhere() {
        let page = html(&Report::default());
        for address in ["http:", "https:", "//cdn", "@import", "url(", "src=", "href="] {
            assert!(!page.contains(address), "{address}");
        }
    }
}
