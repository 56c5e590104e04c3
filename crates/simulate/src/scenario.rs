//! Scenarios as users write them, in YAML. What is wrong with one is said with its line.

mod amount;
mod call;

pub use amount::{Amount, Shape};
pub use call::{Call, CallName, Reference};

use crate::Failure;
use crate::assertions::Assertion;
use crate::words::{Instant, PaceWord, Span};
use kernel::{FailedCheck, FaultKind, FaultRule, Timestamp};
use serde::Deserialize;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::path::Path;

/// 2017-09-28T00:00:00Z, a Thursday: when scenarios begin that say nothing of it.
const DEFAULT_START: Timestamp = Timestamp(1_506_556_800_000);
/// AWS forgets activities after six weeks; a report could not tell of them.
const LONGEST: Span = Span(42 * 86_400_000);
/// Samples of one report.
const MAX_SAMPLES: i64 = 50_000;
/// Longest scenario, template or trace that is read, in bytes.
const MAX_FILE: u64 = 8 << 20;

/// What is to happen, and what must come of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What the report is headed by; the file's name, if there is none.
    #[serde(default)]
    pub title: Option<String>,
    /// The region it plays in [us-east-1].
    #[serde(default)]
    pub region: Option<SmolStr>,
    /// When it begins [2017-09-28T00:00:00Z].
    #[serde(default)]
    pub start: Option<Instant>,
    /// How long it lasts.
    #[serde(default, rename = "for")]
    pub lasts: Option<Span>,
    /// All ids and choices follow from it [1].
    #[serde(default)]
    pub seed: Option<u64>,
    /// How long AWS's waits take [realistic].
    #[serde(default)]
    pub pace: Option<PaceWord>,
    /// How often everything is looked at [1m].
    #[serde(default)]
    pub sample: Option<Span>,
    /// A file with a CloudFormation template, relative to the scenario.
    #[serde(default)]
    pub template: Option<String>,
    /// The template itself.
    #[serde(default)]
    pub stack: Option<serde_norway::Value>,
    /// What the stack is called [simulation].
    #[serde(default)]
    pub stack_name: Option<SmolStr>,
    /// The template's parameters.
    #[serde(default)]
    pub parameters: BTreeMap<SmolStr, serde_json::Value>,
    /// Calls before the stack is made.
    #[serde(default)]
    pub before: Vec<Call>,
    /// Loads.
    #[serde(default)]
    pub load: Vec<Load>,
    /// Faults.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Calls, each at its time.
    #[serde(default)]
    pub calls: Vec<Call>,
    /// What must hold.
    #[serde(default, rename = "assert")]
    pub assertions: Vec<Assertion>,
    /// The text that it was read from, for the report.
    #[serde(skip)]
    pub text: String,
    /// The template's text.
    #[serde(skip)]
    pub template_text: Option<String>,
}

/// A load: from when on, whose, and how much.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// When; as soon as there is such a bearer, if it is not said.
    #[serde(default)]
    pub at: Option<Span>,
    /// The bearer: an Auto Scaling group.
    #[serde(default)]
    pub group: Option<Reference>,
    /// Or an instance.
    #[serde(default)]
    pub instance: Option<Reference>,
    /// Or a target group. With none of the three, the only group that there is.
    #[serde(default)]
    pub target_group: Option<Reference>,
    /// CPU in percent.
    #[serde(default)]
    pub cpu: Option<Amount>,
    /// Requests per second, which the instances share.
    #[serde(default)]
    pub demand: Option<Amount>,
    /// Requests per second that one instance serves at 100 % CPU.
    #[serde(default)]
    pub capacity: Option<f64>,
}

/// A fault, as `lowcloud fault add` has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// When it begins.
    #[serde(default)]
    pub at: Span,
    /// How long it lasts; to the end, if it is not said.
    #[serde(default, rename = "for")]
    pub lasts: Option<Span>,
    /// What goes wrong.
    pub kind: FaultKind,
    #[serde(default)]
    zone: Option<SmolStr>,
    #[serde(default)]
    instance_type: Option<SmolStr>,
    #[serde(default)]
    market: Option<Market>,
    #[serde(default)]
    operation: Option<SmolStr>,
    #[serde(default)]
    instance: Option<Reference>,
    #[serde(default)]
    group: Option<Reference>,
    #[serde(default)]
    rate: Option<f64>,
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    millis: Option<u64>,
    #[serde(default)]
    limit: Option<u64>,
    #[serde(default)]
    code: Option<u16>,
    #[serde(default)]
    check: Option<FailedCheck>,
}

/// How an instance is bought.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Market {
    Spot,
    OnDemand,
}

impl Fault {
    /// The cloud's rule, from now on. `find` resolves references.
    pub(crate) fn rule(
        &self,
        now: Timestamp,
        find: impl Fn(&Reference) -> Result<SmolStr, Failure>,
    ) -> Result<FaultRule, Failure> {
        Ok(FaultRule {
            zone: self.zone.clone(),
            instance_type: self.instance_type.clone(),
            market: self.market.map(|market| match market {
                Market::Spot => SmolStr::new_static("spot"),
                Market::OnDemand => SmolStr::new_static("on-demand"),
            }),
            operation: self.operation.clone(),
            instance: self.instance.as_ref().map(&find).transpose()?,
            group: self.group.as_ref().map(&find).transpose()?,
            rate: self.rate,
            count: self.count,
            from: Some(now),
            until: self.lasts.map(|span| now.plus_millis(span.0)),
            millis: self.millis,
            limit: self.limit,
            code: self.code,
            check: self.check,
            ..FaultRule::of(self.kind)
        })
    }

    /// `zone-outage in us-west-1a`
    pub(crate) fn label(&self) -> String {
        let kind = serde_json::to_value(self.kind).unwrap_or_default();
        let mut label = kind.as_str().unwrap_or("fault").to_owned();
        for (word, value) in [
            (" in ", self.zone.as_deref()),
            (" of ", self.instance_type.as_deref()),
            (" of ", self.operation.as_deref()),
        ] {
            if let Some(value) = value {
                label.push_str(word);
                label.push_str(value);
            }
        }
        label
    }
}

impl Scenario {
    /// Reads a scenario's text.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let scenario: Self =
            serde_norway::from_str(text).map_err(|error| Failure(error.to_string()))?;
        Ok(Self { text: text.to_owned(), ..scenario })
    }

    /// Reads a scenario's file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the file's name.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let named = |Failure(why): Failure| Failure(format!("{}: {why}", path.display()));
        let mut scenario = Self::parse(&text_of(path)?).map_err(named)?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        scenario.title = scenario.title.or_else(|| {
            let folder = path.parent()?.file_name()?.to_str()?;
            let stem = path.file_stem()?.to_str()?;
            Some((if stem == "scenario" { folder } else { stem }).to_owned())
        });
        Ok(scenario)
    }

    /// Reads the files that it names, relative to `folder`, and checks what no parser can.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it.
    pub fn complete(&mut self, folder: &Path) -> Result<(), Failure> {
        self.template_text = match (&self.template, &self.stack) {
            (Some(_), Some(_)) => return Err(Failure::say("either template or stack, not both")),
            (Some(file), None) => Some(text_of(&folder.join(file))?),
            (None, Some(serde_norway::Value::String(text))) => Some(text.clone()),
            (None, Some(tree)) => {
                Some(serde_norway::to_string(tree).map_err(|e| Failure(format!("stack: {e}")))?)
            }
            (None, None) => None,
        };
        for (number, load) in self.load.iter_mut().enumerate() {
            let place = |Failure(why): Failure| Failure(format!("load[{number}]: {why}"));
            for amount in load.cpu.iter_mut().chain(load.demand.iter_mut()) {
                amount.complete(folder).map_err(place)?;
            }
        }
        let calls = self.before.iter_mut().chain(&mut self.calls);
        for call in calls {
            read_files(&mut call.input, folder)
                .map_err(|Failure(why)| Failure(format!("{}: {why}", call.call)))?;
        }
        self.check()
    }

    fn check(&self) -> Result<(), Failure> {
        let lasts = self.lasts.ok_or_else(|| {
            Failure::say("say how long the scenario lasts: for: 24h, or --for 24h")
        })?;
        if lasts.0 <= 0 || lasts > LONGEST {
            return Err(Failure(format!(
                "for: {lasts} is not possible; more than nothing and at most {LONGEST}, since AWS \
                 keeps activities for six weeks"
            )));
        }
        if self.sample().0 < 1_000 || lasts.0 / self.sample().0 > MAX_SAMPLES {
            return Err(Failure(format!(
                "sample: {} is not possible; at least a second, and at most {MAX_SAMPLES} samples \
                 in {lasts}",
                self.sample()
            )));
        }
        if self.template_text.is_none() && self.before.is_empty() && self.calls.is_empty() {
            return Err(Failure::say(
                "nothing would be there: name a template, or make something by calls",
            ));
        }
        let within = |place: String, at: Span| match at <= lasts {
            true => Ok(()),
            false => Err(Failure(format!("{place}.at: {at} is after the end at {lasts}"))),
        };
        for (number, load) in self.load.iter().enumerate() {
            let place = format!("load[{number}]");
            load.check().map_err(|why| Failure(format!("{place}: {why}")))?;
            within(place, load.at.unwrap_or_default())?;
        }
        for (number, fault) in self.faults.iter().enumerate() {
            let place = format!("faults[{number}]");
            fault.check().map_err(|why| Failure(format!("{place}: {why}")))?;
            within(place, fault.at)?;
        }
        for (list, calls) in [("before", &self.before), ("calls", &self.calls)] {
            for (number, call) in calls.iter().enumerate() {
                let place = format!("{list}[{number}]");
                call.check().map_err(|Failure(why)| Failure(format!("{place}: {why}")))?;
                within(place, call.at)?;
            }
        }
        Ok(())
    }

    /// When it begins.
    pub fn start(&self) -> Timestamp {
        self.start.map_or(DEFAULT_START, |Instant(at)| at)
    }

    /// How long it lasts.
    pub fn lasts(&self) -> Span {
        self.lasts.unwrap_or_default()
    }

    /// How often everything is looked at.
    pub fn sample(&self) -> Span {
        self.sample.unwrap_or(Span::minutes(1))
    }

    /// Where it plays.
    pub fn region(&self) -> SmolStr {
        self.region.clone().unwrap_or(SmolStr::new_static("us-east-1"))
    }

    /// What the stack is called.
    pub fn stack_name(&self) -> SmolStr {
        self.stack_name.clone().unwrap_or(SmolStr::new_static("simulation"))
    }
}

impl Load {
    fn check(&self) -> Result<(), String> {
        let bearers = [&self.group, &self.instance, &self.target_group];
        if bearers.into_iter().flatten().count() > 1 {
            return Err("a load has one bearer: group, instance or target_group".to_owned());
        }
        if self.cpu.is_some() == self.demand.is_some() {
            return Err("a load is either cpu or demand".to_owned());
        }
        Ok(())
    }
}

impl Fault {
    fn check(&self) -> Result<(), String> {
        if self.rate.is_some_and(|rate| !(0.0..=1.0).contains(&rate)) {
            return Err("rate is between 0 and 1".to_owned());
        }
        if self.kind == FaultKind::Latency {
            return Err("latency is of answers by the network, and here is none".to_owned());
        }
        if self.code.is_some_and(|code| !(200..600).contains(&code)) {
            return Err("code is an HTTP status from 200 to 599".to_owned());
        }
        Ok(())
    }
}

/// Puts a file's text in the place of `{ file: NAME }`.
fn read_files(input: &mut serde_json::Value, folder: &Path) -> Result<(), Failure> {
    use serde_json::Value;
    match input {
        Value::Object(members) => {
            if let (1, Some(Value::String(name))) = (members.len(), members.get("file")) {
                *input = Value::String(text_of(&folder.join(name))?);
                return Ok(());
            }
            members.values_mut().try_for_each(|value| read_files(value, folder))
        }
        Value::Array(items) => items.iter_mut().try_for_each(|value| read_files(value, folder)),
        _ => Ok(()),
    }
}

/// A file's text, if it is of a sensible size.
pub(crate) fn text_of(path: &Path) -> Result<String, Failure> {
    let bad =
        |why: &dyn std::fmt::Display| Failure(format!("{} cannot be read: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| bad(&error))?.len();
    if size > MAX_FILE {
        return Err(bad(&format_args!("it is longer than {MAX_FILE} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| bad(&error))
}
