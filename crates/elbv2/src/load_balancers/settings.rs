//! Attributes of load balancers.

use super::LoadBalancer;
use crate::attributes::{self, Known, flag, number, one_of, text};
use crate::names::Kind;
use api::elbv2::{
    DescribeCapacityReservationInput, DescribeCapacityReservationOutput,
    DescribeLoadBalancerAttributesInput, DescribeLoadBalancerAttributesOutput,
    LoadBalancerAttribute, ModifyLoadBalancerAttributesInput, ModifyLoadBalancerAttributesOutput,
};
use kernel::{ApiError, Caller, Snapshot, Tx};

const APPLICATION: &[Known] = &[
    flag("access_logs.s3.enabled", false),
    text("access_logs.s3.bucket"),
    text("access_logs.s3.prefix"),
    number("idle_timeout.timeout_seconds", "60", 1, 4_000),
    flag("deletion_protection.enabled", false),
    flag("routing.http2.enabled", true),
    flag("routing.http.drop_invalid_header_fields.enabled", false),
    flag("routing.http.xff_client_port.enabled", false),
    flag("routing.http.preserve_host_header.enabled", false),
    one_of("routing.http.xff_header_processing.mode", "append", &["append", "preserve", "remove"]),
    flag("load_balancing.cross_zone.enabled", true),
    one_of(
        "routing.http.desync_mitigation_mode",
        "defensive",
        &["monitor", "defensive", "strictest"],
    ),
    flag("waf.fail_open.enabled", false),
    flag("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", false),
    number("client_keep_alive.seconds", "3600", 60, 604_800),
    flag("connection_logs.s3.enabled", false),
    text("connection_logs.s3.bucket"),
    text("connection_logs.s3.prefix"),
    flag("zonal_shift.config.enabled", false),
    flag("ipv6.deny_all_igw_traffic", false),
];

const NETWORK: &[Known] = &[
    flag("access_logs.s3.enabled", false),
    text("access_logs.s3.bucket"),
    text("access_logs.s3.prefix"),
    flag("deletion_protection.enabled", false),
    flag("load_balancing.cross_zone.enabled", false),
    one_of(
        "dns_record.client_routing_policy",
        "any_availability_zone",
        &[
            "any_availability_zone",
            "availability_zone_affinity",
            "partial_availability_zone_affinity",
        ],
    ),
    flag("zonal_shift.config.enabled", false),
    flag("ipv6.deny_all_igw_traffic", false),
];

const GATEWAY: &[Known] =
    &[flag("deletion_protection.enabled", false), flag("load_balancing.cross_zone.enabled", false)];

fn known(kind: Kind) -> &'static [Known] {
    match kind {
        Kind::Application => APPLICATION,
        Kind::Network => NETWORK,
        Kind::Gateway => GATEWAY,
    }
}

fn shown(row: &LoadBalancer) -> Vec<LoadBalancerAttribute> {
    let attribute = |(key, value)| LoadBalancerAttribute { key: Some(key), value: Some(value) };
    attributes::all(&[known(row.kind)], &row.attributes).map(attribute).collect()
}

pub(super) fn describe_load_balancer_attributes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, ApiError> {
    let row = LoadBalancer::find(snapshot, &input.load_balancer_arn)?;
    Ok(DescribeLoadBalancerAttributesOutput { attributes: Some(shown(&row)) })
}

/// Capacity that a load balancer holds ready. None can be reserved here, and so none is: AWS shows
/// a load balancer without a reservation in the same way.
pub(super) fn describe_capacity_reservation(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeCapacityReservationInput,
) -> Result<DescribeCapacityReservationOutput, ApiError> {
    LoadBalancer::find(snapshot, &input.load_balancer_arn)?;
    Ok(DescribeCapacityReservationOutput {
        capacity_reservation_state: Some(Vec::new()),
        ..Default::default()
    })
}

pub(super) fn modify_load_balancer_attributes(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, ApiError> {
    let row = LoadBalancer::find(tx, &input.load_balancer_arn)?;
    let changes = input.attributes.into_iter().map(|one| (one.key, one.value));
    let set = attributes::changed("Load balancer", &[known(row.kind)], &row.attributes, changes)?;
    let row = tx.update::<LoadBalancer>(&row.arn, |row| row.attributes = set);
    Ok(ModifyLoadBalancerAttributesOutput { attributes: row.map(|row| shown(&row)) })
}
