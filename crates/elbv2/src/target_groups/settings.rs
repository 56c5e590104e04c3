//! Attributes of target groups.

use super::{TargetGroup, TargetType};
use crate::attributes::{self, Known, flag, number, one_of, share, text};
use crate::names::Kind;
use api::elbv2::{
    DescribeTargetGroupAttributesInput, DescribeTargetGroupAttributesOutput,
    ModifyTargetGroupAttributesInput, ModifyTargetGroupAttributesOutput, TargetGroupAttribute,
};
use kernel::{ApiError, Caller, Snapshot, Tx};

const DELAY: Known = number("deregistration_delay.timeout_seconds", "300", 0, 3_600);
const CROSS_ZONE: Known = one_of(
    "load_balancing.cross_zone.enabled",
    "use_load_balancer_configuration",
    &["true", "false", "use_load_balancer_configuration"],
);

const HEALTH: &[Known] = &[
    number("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1", 1, 1_000),
    share("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
    Known {
        key: "target_group_health.dns_failover.minimum_healthy_targets.count",
        default: "1",
        form: attributes::Form::Share,
    },
    share("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
];

const APPLICATION: &[Known] = &[
    flag("stickiness.enabled", false),
    DELAY,
    one_of("stickiness.type", "lb_cookie", &["lb_cookie", "app_cookie"]),
    number("stickiness.lb_cookie.duration_seconds", "86400", 1, 604_800),
    number("slow_start.duration_seconds", "0", 0, 900),
    one_of(
        "load_balancing.algorithm.type",
        "round_robin",
        &["round_robin", "least_outstanding_requests", "weighted_random"],
    ),
    text("stickiness.app_cookie.cookie_name"),
    number("stickiness.app_cookie.duration_seconds", "86400", 1, 604_800),
    CROSS_ZONE,
    one_of("load_balancing.algorithm.anomaly_mitigation", "off", &["on", "off"]),
];

const FUNCTION: &[Known] = &[
    flag("lambda.multi_value_headers.enabled", false),
    CROSS_ZONE,
];

const NETWORK: &[Known] = &[
    flag("proxy_protocol_v2.enabled", false),
    DELAY,
    flag("deregistration_delay.connection_termination.enabled", false),
    flag("stickiness.enabled", false),
    one_of("stickiness.type", "source_ip", &["source_ip"]),
    CROSS_ZONE,
    flag("target_health_state.unhealthy.connection_termination.enabled", true),
    number("target_health_state.unhealthy.draining_interval_seconds", "0", 0, 360_000),
];

const KEEPS_CLIENT: &[Known] = &[flag("preserve_client_ip.enabled", true)];
const HIDES_CLIENT: &[Known] = &[flag("preserve_client_ip.enabled", false)];

const GATEWAY: &[Known] = &[
    DELAY,
    flag("stickiness.enabled", false),
    one_of(
        "stickiness.type",
        "source_ip_dest_ip_proto",
        &["source_ip_dest_ip", "source_ip_dest_ip_proto"],
    ),
    one_of("target_failover.on_deregistration", "no_rebalance", &["rebalance", "no_rebalance"]),
    one_of("target_failover.on_unhealthy", "no_rebalance", &["rebalance", "no_rebalance"]),
];

fn known(row: &TargetGroup) -> [&'static [Known]; 3] {
    let protocol = row.protocol.as_deref().unwrap_or("HTTP");
    if row.kind == TargetType::Lambda {
        return [FUNCTION, HEALTH, &[]];
    }
    match Kind::of_protocol(protocol) {
        Kind::Application => [APPLICATION, HEALTH, &[]],
        Kind::Gateway => [GATEWAY, &[], &[]],
        // Addresses behind TCP and TLS see the load balancer's address unless told otherwise.
        Kind::Network if row.kind == TargetType::Ip && matches!(protocol, "TCP" | "TLS") => {
            [NETWORK, HEALTH, HIDES_CLIENT]
        }
        Kind::Network => [NETWORK, HEALTH, KEEPS_CLIENT],
    }
}

fn shown(row: &TargetGroup) -> Vec<TargetGroupAttribute> {
    let attribute = |(key, value)| TargetGroupAttribute { key: Some(key), value: Some(value) };
    attributes::all(&known(row), &row.attributes).map(attribute).collect()
}

pub(super) fn describe_target_group_attributes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeTargetGroupAttributesInput,
) -> Result<DescribeTargetGroupAttributesOutput, ApiError> {
    let row = TargetGroup::find(snapshot, &input.target_group_arn)?;
    Ok(DescribeTargetGroupAttributesOutput { attributes: Some(shown(&row)) })
}

pub(super) fn modify_target_group_attributes(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyTargetGroupAttributesInput,
) -> Result<ModifyTargetGroupAttributesOutput, ApiError> {
    let row = TargetGroup::find(tx, &input.target_group_arn)?;
    let changes = input.attributes.into_iter().map(|one| (one.key, one.value));
    let set = attributes::changed("Target group", &known(&row), &row.attributes, changes)?;
    let row = tx.update::<TargetGroup>(&row.arn, |row| row.attributes = set);
    Ok(ModifyTargetGroupAttributesOutput { attributes: row.map(|row| shown(&row)) })
}
