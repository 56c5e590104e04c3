//! A cloud of these services alone, on a clock that only the test moves.

use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall, Wiring,
};
use serde_json::Value;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-west-1";

pub(crate) struct Harness {
    pub(crate) cloud: Cloud,
    pub(crate) caller: Caller,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    /// With all other services around them.
    pub(crate) fn whole() -> Self {
        Self::wired(&lowcloud::wiring(), Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let wiring = Wiring { services: basics::services().into(), wakes: Vec::new() };
        Self::wired(&wiring, settings)
    }

    fn wired(wiring: &Wiring, settings: Settings) -> Self {
        let clock = Clock::new(ClockMode::Paused, Wall(1_700_000_000_000));
        let cloud = Cloud::new(wiring, settings, clock, Box::new(MemoryJournal));
        Self { cloud: cloud.expect("memory never fails"), caller: Caller::new(ACCOUNT, REGION) }
    }

    pub(crate) fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        self.call_as::<O>(&self.caller, input)
    }

    pub(crate) fn call_as<O: Operation>(
        &self,
        caller: &Caller,
        input: O::Input,
    ) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(Wall(0), row, caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own type"))
    }

    /// A control that clients may use.
    pub(crate) fn control(&self, name: &str, request: &Value) -> Result<Value, ApiError> {
        assert!(self.cloud.controls().any(|control| control.name() == name), "{name} is public");
        self.internal(name, request)
    }

    /// Any control.
    pub(crate) fn internal(&self, name: &str, request: &Value) -> Result<Value, ApiError> {
        let control = self.cloud.internal_control(name).expect("the control is registered");
        self.cloud.control(Wall(0), control, &self.caller, request)
    }

    pub(crate) fn step(&self, secs: i64) {
        self.cloud.step(Wall(0), secs * 1_000).expect("memory never fails");
    }
}

/// Code and text of a refusal.
pub(crate) fn refusal<T>(answer: Result<T, ApiError>) -> (String, String, u16) {
    match answer {
        Ok(_) => ("none".into(), String::new(), 200),
        Err(error) => (error.code.into(), error.message, error.status),
    }
}
