//! The picture of one group: panels above each other on one axis of time.

use super::escaped;
use super::scale::{Height, LEFT, Time, WIDTH, place};
use crate::record::{Activity, Alarm, GroupSeries, Report};
use crate::words::Span;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Points of one line; beyond, stretches are drawn by their lowest and highest values.
const MAX_POINTS: usize = 2_400;
/// Alarms that one picture shows.
const MAX_ALARMS: usize = 12;
/// Lines that are joined across what was not measured: basic monitoring tells every five minutes.
const JOINED_MILLIS: i64 = 400_000;
/// Width of what becomes one mark, and activities that its text lists.
const MARK: f64 = 8.0;
const MAX_LISTED: usize = 6;

const PANEL: f64 = 138.0;
const GAP: f64 = 44.0;
/// Where shading begins, below the names of faults.
const SHADE: f64 = 18.0;
const FIRST: f64 = 46.0;
/// About how wide a letter of a fault's name is.
const LETTER: f64 = 7.0;
const LANE: f64 = 34.0;

type Points = Vec<(i64, f64)>;

pub(super) struct Chart<'a> {
    report: &'a Report,
    group: &'a GroupSeries,
    time: Time,
    svg: String,
    /// Where the next panel begins.
    top: f64,
}

/// The picture of a group with its key.
pub(super) fn of_group(report: &Report, group: &GroupSeries) -> String {
    let time = Time { lasts: report.scenario.lasts };
    let mut chart = Chart { report, group, time, svg: String::new(), top: FIRST };
    if group.demand.iter().any(Option::is_some) {
        chart.demand();
    }
    chart.cpu();
    chart.capacity();
    let alarms: Vec<&Alarm> = report
        .alarms
        .iter()
        .filter(|alarm| alarm.group.as_ref() == Some(&group.name))
        .take(MAX_ALARMS)
        .collect();
    chart.alarms(&alarms);
    chart.activities();
    chart.finish()
}

/// Alarms that watch something other than a group's CPU.
pub(super) fn of_alarms(report: &Report, alarms: &[&Alarm]) -> String {
    let nobody = GroupSeries::default();
    let time = Time { lasts: report.scenario.lasts };
    let mut chart = Chart { report, group: &nobody, time, svg: String::new(), top: FIRST };
    chart.alarms(&alarms[..alarms.len().min(MAX_ALARMS * 4)]);
    chart.finish()
}

impl Chart<'_> {
    fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let (x, y) = (place(x), place(y));
        let text = escaped(text);
        let _ = writeln!(self.svg, r#"<text class="{class}" x="{x}" y="{y}">{text}</text>"#);
    }

    fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            let _ = writeln!(self.svg, r#"<path class="{class}" d="{path}"/>"#);
        }
    }

    fn rule(&mut self, class: &str, y: f64) {
        let (from, to, y) = (place(LEFT), place(LEFT + WIDTH), place(y));
        let _ = writeln!(
            self.svg,
            r#"<line class="{class}" x1="{from}" x2="{to}" y1="{y}" y2="{y}"/>"#
        );
    }

    /// A panel with a name, a grid, and room for values up to `most`.
    fn panel(&mut self, name: &str, most: f64, unit: &str) -> Height {
        let height = Height::of(self.top, PANEL, most);
        self.text("name", LEFT, self.top - 10.0, name);
        for tick in height.ticks() {
            self.rule("grid", height.y(tick));
            let number = format!("{tick}{unit}");
            self.text("end", LEFT - 8.0, height.y(tick) + 4.0, &number);
        }
        self.top += PANEL + GAP;
        height
    }

    fn demand(&mut self) {
        let points = self.measured(&self.group.demand);
        let height = self.panel("Demand, requests per second", most(&points), "");
        let path = self.line(&points, height);
        self.path("line demand", &path);
    }

    fn cpu(&mut self) {
        let points = self.measured(&self.group.cpu);
        let height = self.panel("CPU of the instances in service, average", 100.0, " %");
        if let Some(target) = self.group.cpu_target() {
            self.rule("target", height.y(target));
            let text = format!("target {target} %");
            self.text("end target-name", LEFT + WIDTH, height.y(target) - 5.0, &text);
        }
        for alarm in &self.report.alarms {
            let own = alarm.group.as_ref() == Some(&self.group.name);
            let tracking = alarm.name.starts_with("TargetTracking-");
            if let Some(threshold) = alarm.threshold.filter(|_| own && !tracking) {
                self.rule("bound", height.y(threshold));
                self.text("end", LEFT + WIDTH, height.y(threshold) - 5.0, &alarm.name);
            }
        }
        let path = self.line(&points, height);
        self.path("line cpu", &path);
    }

    fn capacity(&mut self) {
        let group = self.group;
        let (service, desired) = (self.counted(&group.in_service), self.counted(&group.desired));
        // A sample tells who was on the way since the one before it.
        let with_pending: Vec<Option<u32>> = group
            .in_service
            .iter()
            .zip(group.pending.iter().skip(1).chain([&Some(0)]))
            .map(|(service, pending)| Some((*service)? + (*pending)?))
            .collect();
        let all = self.counted(&with_pending);
        let height = self.panel("Instances", most(&all).max(most(&desired)).max(1.0), "");
        let path = self.area(&all, height);
        self.path("pending", &path);
        // The card's colour below, so that what is pending does not shine through.
        let path = self.area(&service, height);
        let _ = writeln!(self.svg, r#"<path style="fill:var(--card)" d="{path}"/>"#);
        self.path("service", &path);
        for bound in [&group.min, &group.max] {
            let points = self.counted(bound);
            if most(&points) <= height.most {
                let path = self.steps(&points, height);
                self.path("line bound", &path);
            }
        }
        let path = self.steps(&service, height);
        self.path("line service-line", &path);
        let path = self.steps(&desired, height);
        self.path("line desired", &path);
    }

    fn alarms(&mut self, alarms: &[&Alarm]) {
        for alarm in alarms {
            self.text("", LEFT, self.top - 6.0, alarm.label());
            for state in &alarm.states {
                let (from, to) = (self.time.x(state.from), self.time.x(state.to));
                let _ = writeln!(
                    self.svg,
                    r#"<rect class="{}" x="{}" y="{}" width="{}" height="9"><title>{} from {} to {}</title></rect>"#,
                    escaped(&state.value),
                    place(from),
                    place(self.top),
                    place((to - from).max(1.0)),
                    escaped(&state.value),
                    Span(state.from),
                    Span(state.to)
                );
            }
            self.top += LANE;
        }
    }

    fn activities(&mut self) {
        let mut lanes: BTreeMap<(usize, &str, &str), Vec<&Activity>> = BTreeMap::new();
        for activity in self.report.activities.iter().filter(|it| it.group == self.group.name) {
            lanes.entry(lane(activity)).or_default().push(activity);
        }
        for ((_, name, class), activities) in lanes {
            self.text("", LEFT, self.top - 8.0, name);
            self.rule("grid", self.top + 5.0);
            let mut at = 0;
            while at < activities.len() {
                let x = self.time.x(activities[at].at);
                let near = |it: &&Activity| self.time.x(it.at) - x < MARK;
                let count = activities[at..].iter().copied().take_while(near).count();
                self.mark(class, x, &activities[at..at + count]);
                at += count;
            }
            self.top += LANE;
        }
    }

    /// One mark for activities that are close to each other.
    fn mark(&mut self, class: &str, x: f64, activities: &[&Activity]) {
        let radius = (3.5 + (activities.len() as f64).sqrt()).min(10.0);
        let mut title = String::new();
        for activity in activities.iter().take(MAX_LISTED) {
            let _ = write!(
                title,
                "{}  {}\n{}\n\n",
                Span(activity.at),
                activity.description,
                activity.cause
            );
        }
        if activities.len() > MAX_LISTED {
            let _ = write!(title, "and {} more", activities.len() - MAX_LISTED);
        }
        let _ = writeln!(
            self.svg,
            r#"<circle class="mark {class}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>"#,
            place(x),
            place(self.top + 5.0),
            place(radius),
            escaped(title.trim_end())
        );
    }

    fn finish(self) -> String {
        let bottom = self.top - GAP.min(LANE) + 26.0;
        let mut back = String::new();
        self.faults(&mut back, bottom);
        for (at, name) in self.time.ticks() {
            let x = place(self.time.x(at));
            let _ = write!(
                back,
                r#"<line class="grid" x1="{x}" x2="{x}" y1="{SHADE}" y2="{0}"/><text class="mid" x="{x}" y="{1}">{name}</text>"#,
                place(bottom),
                place(bottom + 16.0)
            );
        }
        format!(
            "<svg viewBox=\"0 0 1200 {}\" role=\"img\" aria-label=\"{}\">\n{back}\n{}<line class=\"cursor\" y1=\"{SHADE}\" y2=\"{}\"/></svg>\n",
            place(bottom + 22.0),
            escaped(&format!("{} over time", self.group.label())),
            self.svg,
            place(bottom)
        )
    }

    /// Shades the faults, with their names above as far as there is room.
    fn faults(&self, back: &mut String, bottom: f64) {
        let mut free = LEFT;
        for fault in &self.report.faults {
            let (from, to) = (self.time.x(fault.from), self.time.x(fault.to));
            let _ = write!(
                back,
                r#"<rect class="fault" x="{}" y="{SHADE}" width="{}" height="{}"><title>{}</title></rect>"#,
                place(from),
                place((to - from).max(2.0)),
                place(bottom - SHADE),
                escaped(&fault.label)
            );
            let width = LETTER * fault.label.chars().count() as f64;
            let best = f64::midpoint(from, to) - width / 2.0;
            let begin = best.min(LEFT + WIDTH - width).max(free);
            if begin + width > LEFT + WIDTH + 1.0 || begin > to.max(best + width) {
                continue;
            }
            free = begin + width + 2.0 * LETTER;
            let _ = write!(
                back,
                r#"<text class="fault-name" x="{}" y="11">{}</text>"#,
                place(begin),
                escaped(&fault.label)
            );
        }
    }

    fn measured(&self, series: &[Option<f64>]) -> Points {
        let times = self.report.times.iter().copied();
        thinned(times.zip(series).filter_map(|(at, value)| Some((at, (*value)?))).collect())
    }

    /// Only where it changes, and the last.
    fn counted(&self, series: &[Option<u32>]) -> Points {
        let mut points: Points = Vec::new();
        let mut last = None;
        for (at, value) in self.report.times.iter().zip(series) {
            let value = value.map_or(0.0, f64::from);
            if points.last().is_none_or(|(_, known)| *known != value) {
                points.push((*at, value));
            }
            last = Some((*at, value));
        }
        points.extend(last);
        points
    }

    fn line(&self, points: &Points, height: Height) -> String {
        let mut path = String::new();
        let mut before = i64::MIN / 2;
        for (at, value) in points {
            let pen = if at - before > JOINED_MILLIS.max(self.report.scenario.sample) {
                'M'
            } else {
                'L'
            };
            let (x, y) = (place(self.time.x(*at)), place(height.y(*value)));
            let _ = write!(path, "{pen}{x} {y}");
            before = *at;
        }
        path
    }

    fn steps(&self, points: &Points, height: Height) -> String {
        let mut path = String::new();
        for (number, (at, value)) in points.iter().enumerate() {
            let (x, y) = (place(self.time.x(*at)), place(height.y(*value)));
            match number {
                0 => drop(write!(path, "M{x} {y}")),
                _ => drop(write!(path, "H{x}V{y}")),
            }
        }
        path
    }

    fn area(&self, points: &Points, height: Height) -> String {
        let (Some(first), Some(last)) = (points.first(), points.last()) else {
            return String::new();
        };
        let bottom = place(height.bottom());
        let (from, to) = (place(self.time.x(first.0)), place(self.time.x(last.0)));
        let steps = self.steps(points, height);
        format!("M{from} {bottom}L{}L{to} {bottom}Z", &steps[1..])
    }
}

/// Which lane an activity is shown in: place, name and class.
fn lane(activity: &Activity) -> (usize, &'static str, &'static str) {
    match activity {
        it if it.launches() => (0, "Launches", "launch"),
        it if it.terminates() => (1, "Terminations", "terminate"),
        it if it.failed() => (2, "Failed activities", "failed"),
        _ => (3, "Other activities", "other"),
    }
}

fn most(points: &Points) -> f64 {
    points.iter().map(|(_, value)| *value).fold(0.0, f64::max)
}

/// Long series by the lowest and the highest value of each stretch.
fn thinned(points: Points) -> Points {
    if points.len() <= MAX_POINTS {
        return points;
    }
    let stretch = points.len().div_ceil(MAX_POINTS / 2);
    points
        .chunks(stretch)
        .flat_map(|chunk| {
            let low = chunk.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a });
            let high = chunk.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
            let mut ends: Points = low.into_iter().chain(high).collect();
            ends.sort_by_key(|(at, _)| *at);
            ends
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_series_keep_their_peaks() {
        let spike = |n: i64| if n == 31_234 { 99.0 } else { 1.0 };
        let points: Points = (0..50_000).map(|n| (n, spike(n))).collect();
        let thin = thinned(points);
        assert!(thin.len() <= MAX_POINTS, "{}", thin.len());
        assert_eq!(most(&thin), 99.0);
        assert!(thin.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
}
