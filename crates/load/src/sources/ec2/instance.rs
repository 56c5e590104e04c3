//! A single instance, as EC2 shows it.

use super::super::demand::{Group, Work, alone};
use super::super::{MINUTE, middle, steps};
use super::{BASIC, amount, caller, credits};
use crate::checks;
use crate::model::{IDLE_PERCENT, requests_per_second};
use crate::settings::{Bearer, Setting, of};
use api::ec2;
use kernel::{MetricQuery, Sample, Snapshot, Timestamp};
use smol_str::SmolStr;
use std::sync::Arc;

/// Instances that a listing names at most.
const MAX_LISTED: usize = 10_000;

/// What its metrics are computed from.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) id: SmolStr,
    pub(super) kind: SmolStr,
    image: SmolStr,
    pub(super) group: Option<SmolStr>,
    pub(super) detailed: bool,
    pub(super) launched: Timestamp,
    /// When it stopped or terminated.
    ended: Option<Timestamp>,
}

impl Instance {
    pub(super) fn find(snapshot: &Snapshot, id: &str) -> Option<Self> {
        let request = ec2::DescribeInstancesRequest {
            instance_ids: Some(vec![id.into()]),
            ..Default::default()
        };
        Self::ask(snapshot, request).next()
    }

    /// Every instance that EC2 shows.
    pub(super) fn all(snapshot: &Snapshot) -> impl Iterator<Item = Self> {
        Self::ask(snapshot, ec2::DescribeInstancesRequest::default()).take(MAX_LISTED)
    }

    fn ask(
        snapshot: &Snapshot,
        request: ec2::DescribeInstancesRequest,
    ) -> impl Iterator<Item = Self> + use<> {
        let found = snapshot.ask::<ec2::ops::DescribeInstances>(&caller(snapshot), request);
        let reservations = found.ok().and_then(|f| f.reservations).unwrap_or_default();
        reservations.into_iter().filter_map(|r| r.instances).flatten().filter_map(Self::of)
    }

    fn of(shown: ec2::Instance) -> Option<Self> {
        let tags = shown.tags.unwrap_or_default();
        let group = tags
            .into_iter()
            .find(|t| t.key.as_deref() == Some("aws:autoscaling:groupName"))
            .and_then(|t| t.value);
        let state = shown.state.and_then(|s| s.name).unwrap_or_default();
        let gone = matches!(state.as_str(), "stopped" | "terminated" | "stopping" | "shutting-down");
        Some(Self {
            id: shown.instance_id?,
            kind: shown.instance_type.unwrap_or_default(),
            image: shown.image_id.unwrap_or_default(),
            group,
            detailed: shown.monitoring.and_then(|m| m.state).as_deref() == Some("enabled"),
            launched: shown.launch_time?,
            ended: gone
                .then(|| transition(shown.state_transition_reason.as_deref().unwrap_or_default())),
        })
    }

    pub(super) fn is_of(&self, query: &MetricQuery<'_>) -> bool {
        query.dimensions.iter().all(|(name, value)| match name.as_str() {
            "ImageId" => self.image == *value,
            "InstanceType" => self.kind == *value,
            _ => false,
        })
    }

    /// Whether this kind of instance has the metric.
    pub(super) fn has(&self, name: &str) -> bool {
        let kind = catalogue::instance_type(&self.kind);
        match name.split_at(name.len().min(3)).0 {
            "Dis" => kind.is_some_and(|k| k.instance_storage.is_some()),
            "EBS" => kind.is_some_and(|k| k.hypervisor == Some(catalogue::Hypervisor::Nitro)),
            _ if name.starts_with("CPUCredit") => credits::of_type(&self.kind).is_some(),
            _ => true,
        }
    }

    fn runs(&self, from: Timestamp, to: Timestamp) -> bool {
        self.launched <= from && self.ended.is_none_or(|at| at >= to)
    }

    /// Tells the samples of one of its metrics.
    pub(super) fn read(
        &self,
        snapshot: &Snapshot,
        query: &MetricQuery<'_>,
        tell: &mut dyn FnMut(Timestamp, Sample),
    ) {
        if !self.has(query.name) {
            return;
        }
        if query.name.starts_with("StatusCheckFailed") {
            return self.checks(snapshot, query, tell);
        }
        let worker = Worker::read(snapshot, self, query.from);
        if query.name.starts_with("CPUCredit") {
            return credits::read(self, &worker, query, tell);
        }
        let length = if self.detailed { MINUTE } else { BASIC };
        for start in steps(query, length) {
            if !self.runs(start, start.plus_millis(length)) {
                continue;
            }
            let work = worker.work(middle(start, length));
            // Disks here are idle.
            let value = amount(query.name, &work, length as f64 / 1_000.0).unwrap_or(0.0);
            tell(start, Sample::of(value));
        }
    }

    fn checks(
        &self,
        snapshot: &Snapshot,
        query: &MetricQuery<'_>,
        tell: &mut dyn FnMut(Timestamp, Sample),
    ) {
        let checks = checks::of(snapshot, &self.id);
        for start in steps(query, MINUTE) {
            let end = start.plus_millis(MINUTE);
            if self.runs(start, end) {
                let failed = checks.as_ref().is_some_and(|c| c.failed(query.name, start, end));
                tell(start, Sample::of(f64::from(u8::from(failed))));
            }
        }
    }
}

/// `User initiated (2017-09-28 05:35:06 GMT)`: when; long ago, if it does not say.
fn transition(reason: &str) -> Timestamp {
    let time = reason.split_once('(').and_then(|(_, rest)| rest.split_once(" GMT"));
    let parsed = time.and_then(|(time, _)| format!("{time}Z").parse::<jiff::Timestamp>().ok());
    parsed.map_or(Timestamp::default(), |at| Timestamp(at.as_millisecond()))
}

/// What an instance does at an instant.
pub(super) struct Worker {
    kind: SmolStr,
    setting: Option<Arc<Setting>>,
    group: Option<Group>,
}

impl Worker {
    fn read(snapshot: &Snapshot, instance: &Instance, from: Timestamp) -> Self {
        Self {
            kind: instance.kind.clone(),
            setting: of(snapshot, &Bearer::Instance(instance.id.clone())),
            group: instance
                .group
                .as_ref()
                .map(|group| Group::read(snapshot, group, from.min(instance.launched))),
        }
    }

    pub(super) fn work(&self, at: Timestamp) -> Work {
        if let Some((load, value)) = self.setting.as_ref().and_then(|s| s.value(at)) {
            return alone(load, value, &self.kind);
        }
        let group = self.group.as_ref().and_then(|group| {
            let total = group.point(at)?.serving_count();
            Some(group.each(at, &self.kind, f64::from(total)))
        });
        group.unwrap_or(Work {
            count: 1.0,
            cpu: IDLE_PERCENT,
            served: requests_per_second(&self.kind, None) * IDLE_PERCENT / 100.0,
        })
    }
}
