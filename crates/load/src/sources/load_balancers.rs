//! AWS/ApplicationELB: what a target group's demand does to its load balancer. "CloudWatch metrics
//! for your Application Load Balancer" in the user guide: a value a minute; counts that are zero
//! are not told.

use super::{MINUTE, middle, minutes};
use crate::history::{History, Point, latest, subjects};
use crate::model::{BYTES_IN, BYTES_OUT, answer_secs, requests_per_second, utilization};
use crate::settings::{Bearer, Setting, of};
use kernel::{MetricName, MetricQuery, MetricSource, Sample, Snapshot, Timestamp};
use smol_str::SmolStr;
use std::sync::Arc;

pub(super) const SOURCE: MetricSource =
    MetricSource { namespace: "AWS/ApplicationELB", unit, list, read };

/// Every metric with its unit, and whether the target group's name alone names it too.
const METRICS: [(&str, &str, bool); 9] = [
    ("RequestCount", "Count", false),
    ("RequestCountPerTarget", "None", true),
    ("TargetResponseTime", "Seconds", false),
    ("HTTPCode_Target_2XX_Count", "Count", false),
    ("HTTPCode_ELB_5XX_Count", "Count", false),
    ("RejectedConnectionCount", "Count", false),
    ("ProcessedBytes", "Bytes", false),
    ("HealthyHostCount", "Count", false),
    ("UnHealthyHostCount", "Count", false),
];

fn unit(name: &str) -> Option<&'static str> {
    METRICS.iter().find(|(metric, ..)| *metric == name).map(|(_, unit, _)| *unit)
}

fn list(snapshot: &Snapshot, _: Timestamp, tell: &mut dyn FnMut(MetricName)) {
    for subject in subjects(snapshot, "target-group/") {
        let Some(point) = latest(snapshot, &subject) else { continue };
        let [balancer, group] = point.linked.as_slice() else { continue };
        if !balancer.starts_with("app/") {
            continue;
        }
        for (name, _, alone) in METRICS {
            let of_group = (SmolStr::new_static("TargetGroup"), group.clone());
            let of_balancer = (SmolStr::new_static("LoadBalancer"), balancer.clone());
            let name = SmolStr::new_static(name);
            if alone {
                tell(MetricName { name: name.clone(), dimensions: vec![of_group.clone()] });
            }
            tell(MetricName { name, dimensions: vec![of_balancer, of_group] });
        }
    }
}

/// A target group as a query means it.
struct TargetGroup {
    history: History,
    setting: Option<Arc<Setting>>,
}

fn read(snapshot: &Snapshot, query: &MetricQuery<'_>, tell: &mut dyn FnMut(Timestamp, Sample)) {
    let dimension = |name: &str| {
        query.dimensions.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let known = |(key, _): &(SmolStr, SmolStr)| matches!(key.as_str(), "LoadBalancer" | "TargetGroup");
    let (balancer, group) = (dimension("LoadBalancer"), dimension("TargetGroup"));
    if !query.dimensions.iter().all(known) || (balancer.is_none() && group.is_none()) {
        return;
    }
    let mut meant = Vec::new();
    for subject in subjects(snapshot, "target-group/") {
        let Some(point) = latest(snapshot, &subject) else { continue };
        let [its_balancer, its_group] = point.linked.as_slice() else { continue };
        if balancer.is_none_or(|b| b == its_balancer) && group.is_none_or(|g| g == its_group) {
            let arn = subject.strip_prefix("target-group/").unwrap_or_default();
            meant.push(TargetGroup {
                history: History::since(snapshot, &subject, query.from),
                setting: of(snapshot, &Bearer::TargetGroup(arn.into())),
            });
        }
    }
    for minute in minutes(query) {
        let at = middle(minute, MINUTE);
        for target_group in &meant {
            if let Some(sample) = target_group.sample(query.name, at) {
                tell(minute, sample);
            }
        }
    }
}

impl TargetGroup {
    fn sample(&self, name: &str, at: Timestamp) -> Option<Sample> {
        let point = self.history.at(at)?;
        let healthy = f64::from(point.serving_count());
        match name {
            "HealthyHostCount" => return Some(Sample::of(healthy)),
            "UnHealthyHostCount" => return Some(Sample::of(f64::from(point.unhealthy))),
            _ => {}
        }
        let (load, rate) = self.setting.as_ref()?.value(at)?;
        let traffic = Traffic::of(point, rate, load.capacity);
        let count = |count: f64| (count > 0.0).then(|| Sample::of(count));
        match name {
            "RequestCount" => count((rate * 60.0).round()),
            "RequestCountPerTarget" if healthy > 0.0 => count(rate * 60.0 / healthy),
            "HTTPCode_Target_2XX_Count" => count((traffic.served * 60.0).round()),
            "HTTPCode_ELB_5XX_Count" | "RejectedConnectionCount" => {
                count((traffic.refused * 60.0).round())
            }
            "ProcessedBytes" => count((traffic.served * 60.0 * (BYTES_IN + BYTES_OUT)).round()),
            "TargetResponseTime" if traffic.served > 0.0 => {
                let answers = (traffic.served * 60.0).round().max(1.0);
                Some(Sample::repeated(answer_secs(traffic.cpu), answers))
            }
            _ => None,
        }
    }
}

/// Requests per second that are answered, and that are not.
struct Traffic {
    served: f64,
    refused: f64,
    cpu: f64,
}

impl Traffic {
    fn of(point: &Point, rate: f64, capacity: Option<f64>) -> Self {
        let healthy = f64::from(point.serving_count());
        if healthy == 0.0 {
            return Self { served: 0.0, refused: rate, cpu: 0.0 };
        }
        let kind = point.serving.first().map_or("", |(kind, _)| kind);
        let each = requests_per_second(kind, capacity);
        let served = rate.min(each * healthy);
        Self { served, refused: rate - served, cpu: utilization(rate / healthy, each) }
    }
}
