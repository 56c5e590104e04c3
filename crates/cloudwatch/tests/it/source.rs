//! A service whose metrics are computed when asked for, and that takes scaling actions.

use kernel::{
    ApiError, Caller, Control, MetricName, MetricQuery, MetricSource, Resource, Row, Sample,
    Service, Snapshot, TableDef, Timestamp, Tx, Wiring,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// One message of an alarm to a scaling policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Heard {
    number: usize,
    message: Value,
}

impl Row for Heard {
    const TABLE: &'static str = "sundial.heard";

    fn key(&self) -> SmolStr {
        format!("{:06}", self.number).into()
    }
}

const SOURCE: MetricSource = MetricSource {
    namespace: "AWS/Sundial",
    unit: |name| (name == "MinuteOfHour").then_some("Count"),
    list: |_, _, tell| tell(MetricName { name: "MinuteOfHour".into(), dimensions: garden() }),
    read,
};

static RESOURCE: Resource = Resource {
    operations: &[],
    tables: &[TableDef::of::<Heard>()],
    tasks: &[],
    controls: &[
        Control::internal("autoscaling.alarm-action", hear),
        Control::read("sundial/heard", heard),
    ],
    metrics: &[SOURCE],
};

static RESOURCES: &[&Resource] = &[&RESOURCE];

fn garden() -> kernel::Dimensions {
    vec![("Place".into(), "garden".into())]
}

/// Each minute's value is its number within the hour.
fn read(_: &Snapshot, query: &MetricQuery<'_>, tell: &mut dyn FnMut(Timestamp, Sample)) {
    if query.name != "MinuteOfHour" || query.dimensions != garden() {
        return;
    }
    let mut at = query.from;
    while at < query.to {
        tell(at, Sample::of((at.0 / 60_000 % 60) as f64));
        at = at.plus_secs(60);
    }
}

fn hear(tx: &mut Tx, _: &Caller, message: &Value) -> Result<Value, ApiError> {
    if message["policyArn"].as_str().is_some_and(|arn| arn.ends_with("/broken")) {
        return Err(ApiError::new("ValidationError", "Metric data points must be provided"));
    }
    tx.put(Heard { number: tx.count::<Heard>(), message: message.clone() });
    Ok(Value::Null)
}

fn heard(snapshot: &Snapshot, _: &Caller, _: &Value) -> Result<Value, ApiError> {
    Ok(json!(snapshot.rows::<Heard>().map(|row| row.message.clone()).collect::<Vec<_>>()))
}

/// CloudWatch with that service.
pub fn wiring() -> Wiring {
    let sundial = Service { name: "sundial", resources: RESOURCES, genesis: None };
    let mut services = vec![cloudwatch::service(), sundial];
    services.extend(basics::services());
    Wiring { services, wakes: Vec::new() }
}
