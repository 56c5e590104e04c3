//! The report in a few lines, for a terminal.

use crate::record::{GroupSeries, Report};
use crate::words::Span;
use std::fmt::Write;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Characters of a sparkline.
const WIDTH: usize = 60;

/// A few lines: sparklines of each group, what happened, and what came of the assertions.
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    let setup = &report.scenario;
    let _ = writeln!(
        text,
        "{}: {} from {} in {}, pace {}, seed {}",
        setup.title,
        report.lasts(),
        setup.start,
        setup.region,
        setup.pace,
        setup.seed
    );
    if let Some(stack) = &report.stack {
        let _ = writeln!(text, "stack {}: {}", stack.name, stack.status);
    }
    for group in &report.groups {
        group_lines(&mut text, report, group);
    }
    happenings(&mut text, report);
    hours(&mut text, report);
    for verdict in &report.assertions {
        let mark = if verdict.holds { "ok    " } else { "FAILED" };
        let _ = write!(text, "{mark}  {}", verdict.text);
        match verdict.found() {
            found if found.is_empty() => text.push('\n'),
            found => {
                let _ = writeln!(text, "  ({found})");
            }
        }
    }
    text
}

fn group_lines(text: &mut String, report: &Report, group: &GroupSeries) {
    let _ = writeln!(text, "\ngroup {}", group.label());
    let whole = |series: &[Option<u32>]| -> Vec<Option<f64>> {
        series.iter().map(|value| value.map(f64::from)).collect()
    };
    let rows = [
        ("demand", group.demand.clone(), "/s"),
        ("CPU", group.cpu.clone(), " %"),
        ("in service", whole(&group.in_service), ""),
        ("desired", whole(&group.desired), ""),
    ];
    for (name, series, unit) in rows {
        let known: Vec<f64> = series.iter().copied().flatten().collect();
        let (Some(low), Some(high)) =
            (known.iter().copied().reduce(f64::min), known.iter().copied().reduce(f64::max))
        else {
            continue;
        };
        let line = sparkline(&series, high);
        let _ = writeln!(text, "  {name:<10} {line}  {low:.0} to {high:.0}{unit}");
    }
    let own = || report.activities.iter().filter(|it| it.group == group.name);
    let _ = writeln!(
        text,
        "  activities {} launches, {} terminations, {} failed",
        own().filter(|it| it.launches()).count(),
        own().filter(|it| it.terminates()).count(),
        own().filter(|it| it.failed()).count(),
    );
}

/// Each character is the highest value of its stretch.
fn sparkline(series: &[Option<f64>], high: f64) -> String {
    let width = WIDTH.min(series.len());
    (0..width)
        .map(|column| {
            let from = column * series.len() / width;
            let to = ((column + 1) * series.len() / width).max(from + 1);
            let top = series[from..to].iter().copied().flatten().reduce(f64::max);
            match top {
                None => ' ',
                Some(_) if high <= 0.0 => BARS[0],
                Some(top) => BARS[((top / high * 7.0).round() as usize).min(7)],
            }
        })
        .collect()
}

fn happenings(text: &mut String, report: &Report) {
    text.push('\n');
    for alarm in &report.alarms {
        let rung: Vec<Span> = alarm
            .states
            .iter()
            .filter(|state| state.value == "ALARM")
            .map(|state| Span(state.to - state.from))
            .collect();
        if !rung.is_empty() {
            let all = Span(rung.iter().map(|span| span.0).sum());
            let _ = writeln!(text, "alarm {}: {} times, {all} in all", alarm.label(), rung.len());
        }
    }
    for fault in &report.faults {
        let (from, lasts) = (Span(fault.from), Span(fault.to - fault.from));
        let _ = writeln!(text, "fault {}: at {from}, for {lasts}", fault.label);
    }
}

fn hours(text: &mut String, report: &Report) {
    for (kind, hours) in &report.instance_hours {
        let _ = writeln!(text, "{kind}: {hours:.1} instance-hours");
    }
    if let Some(cost) = &report.cost {
        let _ = write!(text, "cost: {:.2} USD", cost.usd);
        if !cost.unpriced.is_empty() {
            let _ = write!(text, ", without {}", cost.unpriced.join(", "));
        }
        text.push('\n');
    }
    if !report.assertions.is_empty() {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_the_highest_of_each_stretch() {
        let values = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(sparkline(&values(&[0.0, 50.0, 100.0]), 100.0), "▁▅█");
        assert_eq!(sparkline(&[None, Some(0.0)], 0.0), " ▁");
        let many: Vec<_> = (0..1_440).map(|n| Some(f64::from(n))).collect();
        assert_eq!(sparkline(&many, 1_439.0).chars().count(), WIDTH);
        assert_eq!(sparkline(&[], 1.0), "");
    }
}
