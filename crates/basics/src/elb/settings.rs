//! Health checks and attributes of Classic Load Balancers.

use super::load_balancers::LoadBalancer;
use super::{errors, registrations};
use api::elb::{
    AccessLog, AdditionalAttribute, ConfigureHealthCheckInput, ConfigureHealthCheckOutput,
    ConnectionDraining, ConnectionSettings, CrossZoneLoadBalancing,
    DescribeLoadBalancerAttributesInput, DescribeLoadBalancerAttributesOutput,
    HealthCheck as Wire, LoadBalancerAttributes, ModifyLoadBalancerAttributesInput,
    ModifyLoadBalancerAttributesOutput,
};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

resource! { elb:
    operations {
        write ConfigureHealthCheck => configure_health_check,
        write ModifyLoadBalancerAttributes => modify_load_balancer_attributes,
        read DescribeLoadBalancerAttributes => describe_load_balancer_attributes,
    }
}

/// How instances are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HealthCheck {
    /// `TCP:80`, `HTTP:80/path`, …
    pub(super) target: SmolStr,
    pub(super) interval_secs: i64,
    pub(super) timeout_secs: i64,
    pub(super) healthy: i64,
    pub(super) unhealthy: i64,
}

impl HealthCheck {
    pub(super) fn default_of(port: i64) -> Self {
        Self {
            target: format_smolstr!("TCP:{port}"),
            interval_secs: 30,
            timeout_secs: 5,
            healthy: 10,
            unhealthy: 2,
        }
    }

    /// The port that is checked.
    pub(super) fn port(&self) -> Option<i64> {
        let (_, rest) = self.target.split_once(':')?;
        rest.split('/').next()?.parse().ok()
    }

    pub(super) fn render(&self) -> Wire {
        Wire {
            target: self.target.clone(),
            interval: self.interval_secs,
            timeout: self.timeout_secs,
            unhealthy_threshold: self.unhealthy,
            healthy_threshold: self.healthy,
        }
    }
}

/// `PROTOCOL:port`, with a path for HTTP and HTTPS.
fn check_target(target: &str) -> Result<(), ApiError> {
    let sound = target.split_once(':').is_some_and(|(protocol, rest)| {
        let (port, path) = match rest.split_once('/') {
            Some((port, _)) => (port, true),
            None => (rest, false),
        };
        let web = match protocol.to_ascii_uppercase().as_str() {
            "HTTP" | "HTTPS" => true,
            "TCP" | "SSL" => false,
            _ => return false,
        };
        web == path && port.parse().is_ok_and(|port: i64| (1..=65_535).contains(&port))
    });
    match sound {
        true => Ok(()),
        false => Err(errors::validation(format_args!(
            "HealthCheck Target '{target}' must be of the form PROTOCOL:PORT[/PATH]"
        ))),
    }
}

fn configure_health_check(
    tx: &mut Tx,
    _: &Caller,
    input: ConfigureHealthCheckInput,
) -> Result<ConfigureHealthCheckOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let wire = input.health_check;
    check_target(&wire.target)?;
    for (what, value, min, max) in [
        ("interval", wire.interval, 5, 300),
        ("timeout", wire.timeout, 2, 60),
        ("healthy threshold", wire.healthy_threshold, 2, 10),
        ("unhealthy threshold", wire.unhealthy_threshold, 2, 10),
    ] {
        if !(min..=max).contains(&value) {
            return Err(errors::validation(format_args!(
                "HealthCheck {what} must be between {min} and {max}"
            )));
        }
    }
    if wire.timeout >= wire.interval {
        return Err(errors::validation("HealthCheck timeout must be less than interval"));
    }
    let check = HealthCheck {
        target: wire.target,
        interval_secs: wire.interval,
        timeout_secs: wire.timeout,
        healthy: wire.healthy_threshold,
        unhealthy: wire.unhealthy_threshold,
    };
    let shown = check.render();
    tx.update::<LoadBalancer>(&row.name, |row| row.check = check);
    registrations::wake(tx, &row.name);
    Ok(ConfigureHealthCheckOutput { health_check: Some(shown) })
}

/// The attributes of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attributes {
    cross_zone: bool,
    pub(super) draining: bool,
    pub(super) draining_secs: i64,
    idle_secs: i64,
    log: Option<Log>,
    /// `monitor`, `defensive` or `strictest`
    desync: SmolStr,
}

/// Where access logs go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Log {
    bucket: SmolStr,
    prefix: Option<SmolStr>,
    minutes: i64,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            cross_zone: false,
            draining: false,
            draining_secs: 300,
            idle_secs: 60,
            log: None,
            desync: SmolStr::new_static("defensive"),
        }
    }
}

const DESYNC: &str = "elb.http.desyncmitigationmode";

impl Attributes {
    fn render(&self) -> LoadBalancerAttributes {
        let log = self.log.as_ref();
        LoadBalancerAttributes {
            cross_zone_load_balancing: Some(CrossZoneLoadBalancing { enabled: self.cross_zone }),
            access_log: Some(AccessLog {
                enabled: log.is_some(),
                s3_bucket_name: log.map(|log| log.bucket.clone()),
                emit_interval: log.map(|log| log.minutes),
                s3_bucket_prefix: log.and_then(|log| log.prefix.clone()),
            }),
            connection_draining: Some(ConnectionDraining {
                enabled: self.draining,
                timeout: Some(self.draining_secs),
            }),
            connection_settings: Some(ConnectionSettings { idle_timeout: self.idle_secs }),
            additional_attributes: Some(vec![AdditionalAttribute {
                key: Some(SmolStr::new_static(DESYNC)),
                value: Some(self.desync.clone()),
            }]),
        }
    }

    /// These with what a request says.
    fn with(&self, wire: LoadBalancerAttributes) -> Result<Self, ApiError> {
        let mut new = self.clone();
        if let Some(zones) = wire.cross_zone_load_balancing {
            new.cross_zone = zones.enabled;
        }
        if let Some(draining) = wire.connection_draining {
            new.draining = draining.enabled;
            new.draining_secs = draining.timeout.unwrap_or(new.draining_secs);
        }
        if let Some(settings) = wire.connection_settings {
            new.idle_secs = settings.idle_timeout;
        }
        if let Some(log) = wire.access_log {
            new.log = match (log.enabled, log.s3_bucket_name) {
                (false, _) => None,
                (true, Some(bucket)) => {
                    let minutes = log.emit_interval.unwrap_or(60);
                    Some(Log { bucket, prefix: log.s3_bucket_prefix, minutes })
                }
                (true, None) => {
                    return Err(errors::invalid_configuration(
                        "An S3 bucket must be specified when access logs are enabled",
                    ));
                }
            };
        }
        for extra in wire.additional_attributes.unwrap_or_default() {
            let value = extra.value.unwrap_or_default();
            let known = extra.key.as_deref() == Some(DESYNC)
                && matches!(&*value, "monitor" | "defensive" | "strictest");
            if !known {
                return Err(errors::invalid_configuration(format_args!(
                    "The attribute {} with value '{value}' is not valid",
                    extra.key.unwrap_or_default()
                )));
            }
            new.desync = value;
        }
        let minutes = new.log.as_ref().map_or(60, |log| log.minutes);
        let sound = (1..=3_600).contains(&new.draining_secs)
            && (1..=4_000).contains(&new.idle_secs)
            && matches!(minutes, 5 | 60);
        match sound {
            true => Ok(new),
            false => Err(errors::invalid_configuration("An attribute's value is out of range")),
        }
    }
}

fn describe_load_balancer_attributes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, ApiError> {
    let row = LoadBalancer::find(snapshot, &input.load_balancer_name)?;
    let shown = row.attributes.render();
    Ok(DescribeLoadBalancerAttributesOutput { load_balancer_attributes: Some(shown) })
}

fn modify_load_balancer_attributes(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_name)?;
    let attributes = row.attributes.with(input.load_balancer_attributes)?;
    let shown = attributes.render();
    tx.update::<LoadBalancer>(&row.name, |row| row.attributes = attributes);
    Ok(ModifyLoadBalancerAttributesOutput {
        load_balancer_name: Some(row.name.clone()),
        load_balancer_attributes: Some(shown),
    })
}
