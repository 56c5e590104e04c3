//! DescribeSpotInstanceRequests.

use super::row::SpotRequest;
use crate::entity::{Query, render_tags};
use crate::errors;
use crate::subnets::id_of_zone;
use api::ec2::{
    DescribeSpotInstanceRequestsRequest, DescribeSpotInstanceRequestsResult, GroupIdentifier,
    LaunchSpecification, SpotInstanceRequest, SpotInstanceStateFault, SpotInstanceStatus,
};
use kernel::{ApiError, Caller, Snapshot, from_document};
use serde_json::Value;
use smol_str::SmolStr;

pub(super) fn describe_spot_instance_requests(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeSpotInstanceRequestsRequest,
) -> Result<DescribeSpotInstanceRequestsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeSpotInstanceRequests",
        ids: input.spot_instance_request_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<SpotRequest>(snapshot)?;
    Ok(DescribeSpotInstanceRequestsResult {
        spot_instance_requests: Some(page.items.iter().map(|r| render(snapshot, r)).collect()),
        next_token: page.next,
    })
}

/// How a request looks on the wire.
pub(super) fn render(snapshot: &Snapshot, request: &SpotRequest) -> SpotInstanceRequest {
    let (code, message) = request.status.words();
    SpotInstanceRequest {
        create_time: Some(request.created_at.whole_seconds()),
        fault: request.fault.as_ref().map(|(code, message)| SpotInstanceStateFault {
            code: Some(code.clone()),
            message: Some(message.clone()),
        }),
        instance_id: request.instance_id.clone(),
        launch_specification: Some(launch_specification(&request.launch)),
        launched_availability_zone: request.zone.clone(),
        launched_availability_zone_id: request
            .zone
            .as_ref()
            .and_then(|zone| id_of_zone(snapshot, zone)),
        product_description: Some(SmolStr::new_static("Linux/UNIX")),
        spot_instance_request_id: Some(request.id.clone()),
        spot_price: request.max_price.clone(),
        state: Some(SmolStr::new_static(request.state.name())),
        status: Some(SpotInstanceStatus {
            code: Some(SmolStr::new_static(code)),
            message: Some(SmolStr::new_static(message)),
            update_time: Some(request.status_at.whole_seconds()),
        }),
        tags: render_tags(&request.tags),
        r#type: Some(SmolStr::new_static(if request.persistent {
            "persistent"
        } else {
            "one-time"
        })),
        valid_until: request.valid_until,
        instance_interruption_behavior: Some(request.interruption.clone()),
        ..Default::default()
    }
}

/// What is to be launched; security groups are shown as the pairs that they are.
fn launch_specification(launch: &Value) -> LaunchSpecification {
    let texts = |name: &str| -> Vec<SmolStr> {
        let list = launch.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).map(SmolStr::new).collect()
    };
    let ids = texts("SecurityGroupIds").into_iter();
    let names = texts("SecurityGroups").into_iter();
    let groups = ids
        .map(|id| GroupIdentifier { group_id: Some(id), group_name: None })
        .chain(names.map(|name| GroupIdentifier { group_id: None, group_name: Some(name) }));
    let mut wire: LaunchSpecification = from_document(launch);
    wire.security_groups = Some(groups.collect());
    wire
}
