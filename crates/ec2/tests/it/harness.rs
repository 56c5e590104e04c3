//! A cloud of EC2 alone, and typed calls on it.

use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, MemoryJournal, Operation, Settings, Wall, Wiring,
};
use smol_str::SmolStr;

/// A new account's EC2 in one region. Time stands still until it is stepped.
pub struct Ec2 {
    cloud: Cloud,
    caller: Caller,
}

impl Ec2 {
    /// In us-west-1, at the default pace.
    pub fn new() -> Self {
        Self::with("us-west-1", Settings::default())
    }

    /// In a region, with other settings.
    pub fn with(region: &str, settings: Settings) -> Self {
        let wiring = Wiring { services: vec![ec2::service()], wakes: Vec::new() };
        let caller = Caller::new(settings.account.clone(), region);
        let clock = Clock::new(ClockMode::Paused, Wall(0));
        let cloud = Cloud::new(&wiring, settings, clock, Box::new(MemoryJournal));
        Self { cloud: cloud.expect("a journal in memory never fails"), caller }
    }

    /// A client's call.
    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(Wall(0), row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
    }

    /// A client's call that works.
    #[track_caller]
    pub fn ok<O: Operation>(&self, input: O::Input) -> O::Output {
        match self.call::<O>(input) {
            Ok(output) => output,
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    /// A client's call that fails: its code and message.
    #[track_caller]
    pub fn err<O: Operation>(&self, input: O::Input) -> (String, String) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => (error.code.to_string(), error.message.to_string()),
        }
    }

    /// Lets so many milliseconds pass.
    pub fn step(&self, millis: i64) {
        self.cloud.step(Wall(0), millis).expect("a journal in memory never fails");
    }

    /// What services tell EC2 behind the scenes.
    #[track_caller]
    pub fn control(&self, name: &str, request: &serde_json::Value) -> serde_json::Value {
        let control = self.cloud.internal_control(name).expect("the control is registered");
        match self.cloud.control(Wall(0), control, &self.caller, request) {
            Ok(answer) => answer,
            Err(error) => panic!("{name}: {} {}", error.code, error.message),
        }
    }

    /// The cloud itself, for its clock and faults.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }
}

/// A filter of a Describe call.
pub fn filter(name: &str, values: &[&str]) -> api::ec2::Filter {
    api::ec2::Filter {
        name: Some(name.into()),
        values: Some(values.iter().map(SmolStr::new).collect()),
    }
}

/// A tag specification with one tag.
pub fn tagged(kind: &str, key: &str, value: &str) -> Option<Vec<api::ec2::TagSpecification>> {
    Some(vec![api::ec2::TagSpecification {
        resource_type: Some(kind.into()),
        tags: Some(vec![api::ec2::Tag { key: Some(key.into()), value: Some(value.into()) }]),
    }])
}

/// Ids of so many t2.micro instances of one launch, running.
pub fn running(ec2: &Ec2, count: i64) -> Vec<SmolStr> {
    let instances = launch(ec2, count, |_| ()).instances.expect("a reservation has instances");
    ec2.step(60_000);
    instances.into_iter().map(|i| i.instance_id.expect("an instance has an id")).collect()
}

/// The reservation of so many t2.micro instances; `change` says what else is asked for.
pub fn launch(
    ec2: &Ec2,
    count: i64,
    change: impl FnOnce(&mut api::ec2::RunInstancesRequest),
) -> api::ec2::Reservation {
    let mut request = api::ec2::RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        instance_type: Some("t2.micro".into()),
        min_count: count,
        max_count: count,
        ..Default::default()
    };
    change(&mut request);
    ec2.ok::<api::ec2::ops::RunInstances>(request)
}

/// An instance as DescribeInstances shows it.
pub fn described(ec2: &Ec2, id: &SmolStr) -> api::ec2::Instance {
    let request = api::ec2::DescribeInstancesRequest {
        instance_ids: Some(vec![id.clone()]),
        ..Default::default()
    };
    let output = ec2.ok::<api::ec2::ops::DescribeInstances>(request);
    let mut reservations = output.reservations.expect("a list of reservations");
    reservations.remove(0).instances.expect("a list of instances").remove(0)
}

/// Stops an instance and waits until it is.
pub fn stop(ec2: &Ec2, id: &SmolStr) {
    let request =
        api::ec2::StopInstancesRequest { instance_ids: vec![id.clone()], ..Default::default() };
    ec2.ok::<api::ec2::ops::StopInstances>(request);
    ec2.step(60_000);
}
