//! Playing a scenario: each thing at its time, and a look at everything in between.

use crate::assertions::{Verdict, round};
use crate::record::{Event, Report, Setup, Stack, Stretch};
use crate::scenario::{Call, Fault, Load, Reference, Scenario};
use crate::watch::{self, Glance};
use crate::words::Span;
use crate::{Failure, inputs, outputs};
use api::cloudformation as cfn;
use kernel::{
    AnyOutput, ApiError, Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Pace, Settings,
    Timestamp, Wall, Wiring,
};
use serde_json::{Value, json};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Instances come and go within a minute: who looks by the minute misses them on their way.
const GLANCE: Span = Span(15_000);
/// Glances at long scenarios are further apart.
const MAX_GLANCES: i64 = 50_000;

/// How far a scenario has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Virtual time that has passed.
    pub done: Span,
    /// Of this.
    pub of: Span,
}

/// What happens at one time; in this order, if at the same.
#[derive(Clone, Copy)]
enum Cue<'a> {
    Call(usize, &'a Call),
    Fault(usize, &'a Fault),
    Load(usize, &'a Load),
}

/// The cloud on which a scenario plays.
pub(crate) struct Stage<'a> {
    scenario: &'a Scenario,
    cloud: Cloud,
    pub(crate) caller: Caller,
    /// The clock is paused: the wall shows the beginning for ever.
    wall: Wall,
    start: Timestamp,
    /// Answers of calls, by the names that they were given.
    saved: BTreeMap<SmolStr, Value>,
    /// Milliseconds between glances.
    glance: i64,
    /// When alarms and hours were noted last.
    pub(crate) looked_at: i64,
    /// Groups that were seen since the last sample.
    pub(crate) glanced: BTreeMap<SmolStr, Glance>,
    pub(crate) report: Report,
}

/// Plays a scenario on a private cloud of these services. It must be complete
/// ([`Scenario::complete`]). `tell` hears of the progress, at every sample.
///
/// # Errors
///
/// What turned out to be wrong with the scenario: names that are not there, calls that fail.
pub fn play(
    scenario: &Scenario,
    wiring: &Wiring,
    tell: &mut dyn FnMut(Progress),
) -> Result<Report, Failure> {
    let mut stage = Stage::new(scenario, wiring)?;
    for (number, call) in scenario.before.iter().enumerate() {
        stage.call(&format!("before[{number}]"), call)?;
    }
    stage.deploy()?;
    let lasts = scenario.lasts();
    let mut cues = stage.cues();
    cues.reverse();
    // Loads that begin as soon as their bearers are there.
    let mut waiting: Vec<(usize, &Load)> =
        scenario.load.iter().enumerate().filter(|(_, load)| load.at.is_none()).collect();
    let mut next_sample = 0;
    loop {
        let cue_at = cues.last().map(|(at, _)| *at).filter(|at| *at <= lasts.0);
        let at = cue_at.map_or(next_sample, |at| at.min(next_sample));
        stage.move_to(at)?;
        while let Some((_, cue)) = cues.pop_if(|(due, _)| *due <= at) {
            stage.act(cue)?;
        }
        waiting.retain(|(_, load)| stage.load(load).is_err());
        if at == next_sample {
            watch::sample(&mut stage, at)?;
            tell(Progress { done: Span(at), of: lasts });
            if at == lasts.0 {
                break;
            }
            next_sample = (at + scenario.sample().0).min(lasts.0);
        }
    }
    for (number, load) in waiting {
        stage.load(load).map_err(|Failure(why)| Failure(format!("load[{number}]: {why}")))?;
    }
    stage.finish()
}

impl<'a> Stage<'a> {
    fn new(scenario: &'a Scenario, wiring: &Wiring) -> Result<Self, Failure> {
        let start = scenario.start();
        let wall = Wall(start.0);
        let defaults = Settings::default();
        let settings = Settings {
            seed: scenario.seed.unwrap_or(defaults.seed),
            pace: scenario.pace.map_or(Pace::Realistic, |word| word.0),
            ..defaults
        };
        let caller = Caller::new(settings.account.clone(), scenario.region());
        let setup = Setup {
            title: scenario.title.clone().unwrap_or_else(|| "scenario".to_owned()),
            region: scenario.region(),
            start: start.iso_seconds().to_string(),
            start_millis: start.0,
            lasts: scenario.lasts().0,
            sample: scenario.sample().0,
            seed: settings.seed,
            pace: settings.pace.to_string(),
            text: scenario.text.clone(),
        };
        let clock = Clock::new(ClockMode::Paused, wall);
        let cloud = Cloud::new(wiring, settings, clock, Box::new(MemoryJournal));
        let cloud = cloud.map_err(|error| Failure(error.to_string()))?;
        let report = Report::new(setup);
        let stage = Self {
            scenario,
            cloud,
            caller,
            wall,
            start,
            saved: BTreeMap::new(),
            glance: GLANCE.0.max(scenario.lasts().0 / MAX_GLANCES),
            looked_at: 0,
            glanced: BTreeMap::new(),
            report,
        };
        let zones = stage.ask::<api::ec2::ops::DescribeAvailabilityZones>(Default::default())?;
        match zones.availability_zones.is_none_or(|zones| zones.is_empty()) {
            true => Err(Failure(format!("region: there is no '{}'", scenario.region()))),
            false => Ok(stage),
        }
    }

    /// Everything that has a time, in order.
    fn cues(&self) -> Vec<(i64, Cue<'a>)> {
        let scenario = self.scenario;
        let calls = scenario.calls.iter().enumerate().map(|(n, c)| (c.at.0, Cue::Call(n, c)));
        let faults = scenario.faults.iter().enumerate().map(|(n, f)| (f.at.0, Cue::Fault(n, f)));
        let loads = scenario
            .load
            .iter()
            .enumerate()
            .filter_map(|(n, load)| Some((load.at?.0, Cue::Load(n, load))));
        let mut cues: Vec<_> = calls.chain(faults).chain(loads).collect();
        cues.sort_by_key(|(at, _)| *at);
        cues
    }

    /// The stack's name, if the scenario has one.
    pub(crate) fn stack_name(&self) -> Option<SmolStr> {
        self.scenario.template_text.as_ref().map(|_| self.scenario.stack_name())
    }

    /// Virtual time from the start, in milliseconds.
    pub(crate) fn millis(&self, at: Timestamp) -> i64 {
        at.0 - self.start.0
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.cloud.now(self.wall)
    }

    /// Moves time on, with a glance now and then.
    fn move_to(&mut self, at: i64) -> Result<(), Failure> {
        loop {
            let now = self.millis(self.now());
            let next = (now - now.rem_euclid(self.glance) + self.glance).min(at);
            self.step_to(next)?;
            watch::glance(self)?;
            if next == at {
                return Ok(());
            }
        }
    }

    fn step_to(&mut self, at: i64) -> Result<(), Failure> {
        let ahead = at - self.millis(self.now());
        let settled = self.cloud.step(self.wall, ahead);
        match settled.map_err(|error| Failure(error.to_string()))?.truncated {
            false => Ok(()),
            true => Err(Failure(format!("too much happens at once around {}", Span(at)))),
        }
    }

    fn act(&mut self, cue: Cue<'_>) -> Result<(), Failure> {
        match cue {
            Cue::Call(number, call) => self.call(&format!("calls[{number}]"), call),
            Cue::Fault(number, fault) => self.fault(fault).map_err(|Failure(why)| {
                Failure(format!("faults[{number}] at {}: {why}", fault.at))
            }),
            Cue::Load(number, load) => self.load(load).map_err(|Failure(why)| {
                let at = load.at.unwrap_or_default();
                Failure(format!("load[{number}] at {at}: {why}"))
            }),
        }
    }

    pub(crate) fn note(&mut self, what: String, outcome: String) {
        let at = self.millis(self.now());
        self.report.events.push(Event { at, what, outcome });
    }

    /// Asks as a client could, but past the faults that strike clients.
    pub(crate) fn ask<O: Operation>(&self, input: O::Input) -> Result<O::Output, Failure> {
        let told =
            |error: ApiError| Failure(format!("{}: {} {}", O::NAME, error.code, error.message));
        let row = self.cloud.operation(O::SERVICE, O::NAME);
        let row = row.ok_or_else(|| Failure(format!("{}:{} is missing", O::SERVICE, O::NAME)))?;
        let snapshot = self.cloud.snapshot(self.wall, &self.caller).map_err(told)?;
        let output = row.read(&snapshot, &self.caller, Box::new(input)).map_err(told)?;
        let output = output.into_any().downcast();
        Ok(*output.expect("an operation answers its own output type"))
    }

    /// Asks the control API.
    pub(crate) fn control(&self, name: &str, request: &Value) -> Result<Value, Failure> {
        let reads = request.is_null();
        let control = self.cloud.controls().find(|c| c.name() == name && c.is_read() == reads);
        let control = control.ok_or_else(|| Failure(format!("{name} is missing")))?;
        self.cloud
            .control(self.wall, control, &self.caller, request)
            .map_err(|error| Failure(error.message.to_string()))
    }

    fn invoke(&self, call: &Call) -> Result<Result<Box<dyn AnyOutput>, ApiError>, Failure> {
        let (service, operation) = (call.call.service, call.call.operation);
        let mut find = |reference: &Reference| self.find(reference);
        let value = inputs::decode(&call.call, &call.input, &mut find)?;
        let Some(row) = self.cloud.operation(service.name, operation.name) else {
            return Ok(Err(ApiError::not_implemented(call.call)));
        };
        Ok(self.cloud.invoke(self.wall, row, &self.caller, row.decode(value)))
    }

    fn call(&mut self, place: &str, call: &Call) -> Result<(), Failure> {
        let name = call.call;
        let located = |why: String| Failure(format!("{place} ({name} at {}): {why}", call.at));
        let answer = self.invoke(call).map_err(|Failure(why)| located(why))?;
        match (answer, &call.expect_error) {
            (Ok(output), None) => {
                if let Some(word) = &call.saved_as {
                    self.saved.insert(word.clone(), outputs::document(&call.call, &*output));
                }
                self.note(name.to_string(), "done".to_owned());
                Ok(())
            }
            (Err(error), Some(code)) if error.code == *code => {
                self.note(name.to_string(), format!("{}: {}", error.code, error.message));
                Ok(())
            }
            (Ok(_), Some(code)) => Err(located(format!("{code} was expected, but it succeeded"))),
            (Err(error), _) => Err(located(format!("{}: {}", error.code, error.message))),
        }
    }

    fn fault(&mut self, fault: &Fault) -> Result<(), Failure> {
        let rule = fault.rule(self.now(), |reference| self.find(reference))?;
        let from = self.millis(self.now());
        let end = self.scenario.lasts().0;
        let to = fault.lasts.map_or(end, |span| (from + span.0).min(end));
        let added = self.cloud.add_fault(self.wall, rule);
        added.map_err(|error| Failure(error.message.to_string()))?;
        self.report.faults.push(Stretch { from, to, label: fault.label() });
        self.note(format!("fault {}", fault.label()), format!("for {}", Span(to - from)));
        Ok(())
    }

    fn load(&mut self, load: &Load) -> Result<(), Failure> {
        let bearers = [
            ("group", &load.group),
            ("instance", &load.instance),
            ("targetGroup", &load.target_group),
        ];
        let named = bearers.into_iter().find_map(|(key, it)| Some((key, it.as_ref()?)));
        let (key, name) = match named {
            Some((key, reference)) => (key, self.find(reference)?),
            None => ("group", self.only_group()?),
        };
        let mut request = json!({ key: name });
        let mut words = String::new();
        for (measure, amount) in [("cpu", &load.cpu), ("demand", &load.demand)] {
            if let Some(amount) = amount {
                request[measure] = amount.request();
                words = format!("{measure} {}", amount.words());
            }
        }
        if let Some(capacity) = load.capacity {
            request["capacity"] = json!(capacity);
        }
        self.control("load", &request)?;
        self.note(format!("load of {name}"), words);
        Ok(())
    }

    fn only_group(&self) -> Result<SmolStr, Failure> {
        let found = self.ask::<api::autoscaling::ops::DescribeAutoScalingGroups>(
            api::autoscaling::AutoScalingGroupNamesType {
                include_instances: Some(false),
                ..Default::default()
            },
        )?;
        let groups = found.auto_scaling_groups.unwrap_or_default();
        let mut names = groups.into_iter().filter_map(|group| group.auto_scaling_group_name);
        match (names.next(), names.next()) {
            (Some(name), None) => Ok(name),
            (None, _) => Err(self.stack_says("there is no group to give the load to")),
            (Some(_), Some(_)) => Err(Failure::say(
                "there is more than one group: say whose load it is, as group: NAME or group: { \
                 resource: LOGICAL_ID }",
            )),
        }
    }

    /// The name that a reference leads to.
    fn find(&self, reference: &Reference) -> Result<SmolStr, Failure> {
        match reference {
            Reference::Name(name) => Ok(name.clone()),
            Reference::Resource(id) => self.resource(id),
            Reference::Output(name) => self.output(name),
            Reference::Result(path) => self.result(path),
        }
    }

    fn resource(&self, id: &SmolStr) -> Result<SmolStr, Failure> {
        let missing = || {
            self.stack_says(&format!("the stack has no resource '{id}' yet, or none of that name"))
        };
        if self.scenario.template_text.is_none() {
            return Err(Failure(format!("{{ resource: {id} }}: the scenario has no template")));
        }
        let found =
            self.ask::<cfn::ops::DescribeStackResources>(cfn::DescribeStackResourcesInput {
                stack_name: Some(self.scenario.stack_name()),
                logical_resource_id: Some(id.clone()),
                ..Default::default()
            });
        let resources = found.ok().and_then(|it| it.stack_resources).unwrap_or_default();
        let name = resources.into_iter().find_map(|it| it.physical_resource_id);
        name.filter(|name| !name.is_empty()).ok_or_else(missing)
    }

    fn stack(&self) -> Option<cfn::Stack> {
        self.scenario.template_text.as_ref()?;
        let input = cfn::DescribeStacksInput {
            stack_name: Some(self.scenario.stack_name()),
            ..Default::default()
        };
        let found = self.ask::<cfn::ops::DescribeStacks>(input).ok()?;
        found.stacks?.into_iter().next()
    }

    fn output(&self, name: &SmolStr) -> Result<SmolStr, Failure> {
        let outputs = self.stack().and_then(|stack| stack.outputs).unwrap_or_default();
        let found = outputs.into_iter().find(|output| output.output_key.as_ref() == Some(name));
        found.and_then(|output| output.output_value).ok_or_else(|| {
            self.stack_says(&format!("the stack has no output '{name}' yet, or none of that name"))
        })
    }

    /// Why something is missing, with how the stack stands.
    fn stack_says(&self, what: &str) -> Failure {
        match self.stack() {
            None => Failure(what.to_owned()),
            Some(stack) => Failure(format!(
                "{what} (it is {}{})",
                stack.stack_status.unwrap_or_default(),
                stack.stack_status_reason.map(|why| format!(": {why}")).unwrap_or_default()
            )),
        }
    }

    /// `policy.PolicyARN`: a member of a saved answer; a number takes an item of a list.
    fn result(&self, path: &str) -> Result<SmolStr, Failure> {
        let mut steps = path.split('.');
        let word = steps.next().unwrap_or_default();
        let saved = self.saved.get(word).ok_or_else(|| {
            Failure(format!("{{ result: {path} }}: no call before this one is saved as: {word}"))
        })?;
        let mut value = saved;
        for step in steps {
            let member = match step.parse::<usize>() {
                Ok(number) => value.get(number),
                Err(_) => value.get(step),
            };
            value = member.ok_or_else(|| {
                Failure(format!("{{ result: {path} }}: there is no {step} in {value}"))
            })?;
        }
        match value {
            Value::String(text) => Ok(text.into()),
            Value::Number(number) => Ok(number.to_string().into()),
            other => Err(Failure(format!("{{ result: {path} }}: {other} is no text"))),
        }
    }

    fn deploy(&mut self) -> Result<(), Failure> {
        let Some(template) = &self.scenario.template_text else { return Ok(()) };
        let text = |value: &Value| match value {
            Value::String(text) => SmolStr::new(text),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join(",").into()
            }
            other => other.to_string().into(),
        };
        let parameter = |(name, value): (&SmolStr, &Value)| cfn::Parameter {
            parameter_key: Some(name.clone()),
            parameter_value: Some(text(value)),
            ..Default::default()
        };
        let parameters = self.scenario.parameters.iter().map(parameter).collect();
        let capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];
        let input = cfn::CreateStackInput {
            stack_name: self.scenario.stack_name(),
            template_body: Some(template.as_str().into()),
            parameters: Some(parameters),
            capabilities: Some(capabilities.map(SmolStr::new_static).to_vec()),
            ..Default::default()
        };
        let row = self.cloud.operation("cloudformation", "CreateStack");
        let row = row.ok_or_else(|| Failure::say("there is no CloudFormation here"))?;
        let made = self.cloud.invoke(self.wall, row, &self.caller, Box::new(input));
        made.map_err(|error| {
            Failure(format!("the stack cannot be made: {}: {}", error.code, error.message))
        })?;
        Ok(())
    }

    fn finish(mut self) -> Result<Report, Failure> {
        watch::finish(&mut self)?;
        if let Some(stack) = self.stack() {
            let status = stack.stack_status.unwrap_or_default();
            let reason = stack.stack_status_reason.unwrap_or_default().to_string();
            let name = stack.stack_name.unwrap_or_default();
            let holds = status.ends_with("_COMPLETE") && !status.contains("ROLLBACK");
            self.report.assertions.push(Verdict {
                text: "the stack is complete".to_owned(),
                holds,
                actual: None,
                remark: if holds { String::new() } else { format!("{status} {reason}") },
            });
            self.report.stack = Some(Stack { name, status, reason });
        }
        for hours in self.report.instance_hours.values_mut() {
            *hours = round(*hours);
        }
        let verdicts = self.scenario.assertions.iter().map(|a| a.judge(&self.report));
        let verdicts: Vec<Verdict> = verdicts.collect();
        self.report.assertions.extend(verdicts);
        self.report.events.sort_by_key(|event| event.at);
        Ok(self.report)
    }
}
