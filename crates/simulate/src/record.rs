//! What is written down while a scenario plays.

use crate::assertions::Verdict;
use crate::words::Span;
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Version of the JSON report.
const FORMAT: u32 = 1;

/// Everything that a report tells. Times are milliseconds from the scenario's start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Version of this form.
    pub format: u32,
    /// How it was played.
    pub scenario: Setup,
    /// The stack, if there was one.
    pub stack: Option<Stack>,
    /// When samples were taken.
    pub times: Vec<i64>,
    /// The groups, with a value per sample.
    pub groups: Vec<GroupSeries>,
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// The groups' activities, the oldest first.
    pub activities: Vec<Activity>,
    /// Whether there were more activities than a report holds.
    pub more_activities: bool,
    /// Loads, faults, calls and what became of the stack.
    pub events: Vec<Event>,
    /// The faults.
    pub faults: Vec<Stretch>,
    /// Hours that instances ran, by type.
    pub instance_hours: BTreeMap<SmolStr, f64>,
    /// What they cost, if prices were given.
    pub cost: Option<Cost>,
    /// What came of the assertions.
    pub assertions: Vec<Verdict>,
}

/// How a scenario was played.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Setup {
    /// What the report is headed by.
    pub title: String,
    /// Where.
    pub region: SmolStr,
    /// When it began.
    pub start: String,
    /// Its beginning in milliseconds since 1970.
    #[serde(skip)]
    pub start_millis: i64,
    /// How long it lasted, in milliseconds.
    pub lasts: i64,
    /// How often it was looked at, in milliseconds.
    pub sample: i64,
    /// What ids and choices followed from.
    pub seed: u64,
    /// How long AWS's waits took.
    pub pace: String,
    /// The scenario's text.
    pub text: String,
}

/// What became of the stack.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stack {
    /// Its name.
    pub name: SmolStr,
    /// Its status in the end.
    pub status: SmolStr,
    /// Why.
    pub reason: String,
}

/// A group over time: a value for each sample, none while the group was not there (or, for
/// measured values, where nothing was measured).
#[derive(Clone, Debug, Default, Serialize)]
pub struct GroupSeries {
    /// Its name.
    pub name: SmolStr,
    /// Its logical id in the stack.
    pub resource: Option<SmolStr>,
    /// Requests per second that it is given.
    pub demand: Vec<Option<f64>>,
    /// Average CPU in percent, as CloudWatch tells it.
    pub cpu: Vec<Option<f64>>,
    /// Its bounds.
    pub min: Vec<Option<u32>>,
    /// Its bounds.
    pub max: Vec<Option<u32>>,
    /// Capacity that it wants.
    pub desired: Vec<Option<u32>>,
    /// Instances in service.
    pub in_service: Vec<Option<u32>>,
    /// The fewest instances in service since the last sample.
    pub in_service_least: Vec<Option<u32>>,
    /// Instances on their way in: the most since the last sample.
    pub pending: Vec<Option<u32>>,
    /// Instances on their way out: the most since the last sample.
    pub terminating: Vec<Option<u32>>,
    /// Its policies.
    pub policies: Vec<Policy>,
}

/// A policy of a group, as it stood in the end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Policy {
    /// Its name.
    pub name: SmolStr,
    /// `TargetTrackingScaling`, …
    pub kind: SmolStr,
    /// The metric that it tracks.
    pub metric: Option<SmolStr>,
    /// And its target.
    pub target: Option<f64>,
}

/// An alarm and its states.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Alarm {
    /// Its name.
    pub name: SmolStr,
    /// The group whose CPU it watches, if that is what it does.
    pub group: Option<SmolStr>,
    /// Its threshold.
    pub threshold: Option<f64>,
    /// Its states, in the order of time.
    pub states: Vec<State>,
}

impl Alarm {
    /// What people call it: alarms of target tracking without the id at their end.
    pub fn label(&self) -> &str {
        const ID: usize = "-3fff640e-8056-4cab-b8a6-2028b71a6704".len();
        match self.name.starts_with("TargetTracking-") && self.name.len() > ID {
            true => self.name.get(..self.name.len() - ID).unwrap_or(&self.name),
            false => &self.name,
        }
    }
}

/// A state that an alarm was in.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Since when.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub value: SmolStr,
}

/// An activity of a group.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Activity {
    /// When it began.
    pub at: i64,
    /// When it ended.
    pub ended: Option<i64>,
    /// Whose.
    pub group: SmolStr,
    /// `Successful`, `Failed`, …
    pub status: SmolStr,
    /// What was done.
    pub description: String,
    /// Why.
    pub cause: String,
}

/// Something that the scenario, or the stack, did.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// When.
    pub at: i64,
    /// What.
    pub what: String,
    /// How it went.
    pub outcome: String,
}

/// A stretch of time.
#[derive(Clone, Debug, Serialize)]
pub struct Stretch {
    /// Since when.
    pub from: i64,
    /// Until when.
    pub to: i64,
    /// What was the matter.
    pub label: String,
}

impl Activity {
    /// Whether it failed or was cancelled.
    pub fn failed(&self) -> bool {
        matches!(self.status.as_str(), "Failed" | "Cancelled")
    }

    /// Whether it launched an instance, or is about to.
    pub fn launches(&self) -> bool {
        !self.failed() && self.description.starts_with("Launching")
    }

    /// Whether it terminated an instance, or is about to.
    pub fn terminates(&self) -> bool {
        !self.failed() && self.description.starts_with("Terminating")
    }
}

/// What the instances cost, at the user's prices.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// All together, in US dollars.
    pub usd: f64,
    /// Types for which the user gave no price.
    pub unpriced: Vec<SmolStr>,
}

/// A group at one instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupSample {
    pub(crate) name: SmolStr,
    pub(crate) resource: Option<SmolStr>,
    pub(crate) demand: Option<f64>,
    pub(crate) cpu: Option<f64>,
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) desired: u32,
    pub(crate) in_service: u32,
    pub(crate) in_service_least: u32,
    pub(crate) pending: u32,
    pub(crate) terminating: u32,
}

impl GroupSeries {
    /// Every series up to `length` samples, with nothing in what is missing.
    fn pad(&mut self, length: usize) {
        self.demand.resize(length, None);
        self.cpu.resize(length, None);
        for series in [
            &mut self.min,
            &mut self.max,
            &mut self.desired,
            &mut self.in_service,
            &mut self.in_service_least,
            &mut self.pending,
            &mut self.terminating,
        ] {
            series.resize(length, None);
        }
    }

    fn push(&mut self, sample: GroupSample) {
        self.demand.push(sample.demand);
        self.cpu.push(sample.cpu);
        self.min.push(Some(sample.min));
        self.max.push(Some(sample.max));
        self.desired.push(Some(sample.desired));
        self.in_service.push(Some(sample.in_service));
        self.in_service_least.push(Some(sample.in_service_least));
        self.pending.push(Some(sample.pending));
        self.terminating.push(Some(sample.terminating));
    }

    /// What people call it.
    pub fn label(&self) -> &str {
        self.resource.as_deref().unwrap_or(&self.name)
    }

    /// The target of CPU that a policy tracks.
    pub fn cpu_target(&self) -> Option<f64> {
        let tracks = |p: &&Policy| p.metric.as_deref() == Some("ASGAverageCPUUtilization");
        self.policies.iter().find(tracks)?.target
    }
}

impl Report {
    pub(crate) fn new(scenario: Setup) -> Self {
        Self { format: FORMAT, scenario, ..Self::default() }
    }

    /// Notes how groups stand.
    pub(crate) fn sample(&mut self, at: i64, samples: Vec<GroupSample>) {
        let length = self.times.len();
        self.times.push(at);
        for sample in samples {
            let place = self.groups.iter().position(|group| group.name == sample.name);
            let place = place.unwrap_or_else(|| {
                self.groups.push(GroupSeries { name: sample.name.clone(), ..Default::default() });
                self.groups.len() - 1
            });
            let group = &mut self.groups[place];
            group.pad(length);
            group.resource = sample.resource.clone().or(group.resource.take());
            group.push(sample);
        }
        for group in &mut self.groups {
            group.pad(length + 1);
        }
    }

    /// Notes the state of an alarm: from its transition on, which may be before this sample.
    pub(crate) fn alarm(&mut self, at: i64, since: i64, seen: Alarm, value: &str) {
        let place = self.alarms.iter().position(|alarm| alarm.name == seen.name);
        let place = place.unwrap_or_else(|| {
            self.alarms.push(seen.clone());
            self.alarms.len() - 1
        });
        let alarm = &mut self.alarms[place];
        (alarm.group, alarm.threshold) = (seen.group, seen.threshold);
        match alarm.states.last_mut() {
            Some(last) if last.value == value => last.to = at,
            last => {
                // It was in the old state until the new one began, if that is known.
                let from = since.clamp(last.as_ref().map_or(0, |last| last.to), at);
                if let Some(last) = last {
                    last.to = from;
                }
                alarm.states.push(State { from, to: at, value: value.into() });
            }
        }
    }

    /// The logical id of a group.
    pub fn resource_of(&self, group: &str) -> Option<&str> {
        self.groups.iter().find(|it| it.name == group)?.resource.as_deref()
    }

    /// Whether everything that had to hold did.
    pub fn holds(&self) -> bool {
        self.assertions.iter().all(|verdict| verdict.holds)
    }

    /// How long it lasted.
    pub fn lasts(&self) -> Span {
        Span(self.scenario.lasts)
    }

    /// Tells what the instances cost at these prices, in US dollars per hour by type.
    pub fn price(&mut self, prices: &BTreeMap<SmolStr, f64>) {
        let priced =
            self.instance_hours.iter().filter_map(|(kind, hours)| Some(prices.get(kind)? * hours));
        let usd = (priced.sum::<f64>() * 10_000.0).round() / 10_000.0;
        let unpriced =
            self.instance_hours.keys().filter(|kind| !prices.contains_key(*kind)).cloned();
        self.cost = Some(Cost { usd, unpriced: unpriced.collect() });
    }
}
