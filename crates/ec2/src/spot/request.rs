//! RequestSpotInstances and CancelSpotInstanceRequests.

use super::describe::render;
use super::market::terms;
use super::row::{SpotRequest, State, Status};
use crate::entity::{Entity, specified_tags};
use crate::{errors, tokens};
use api::ec2::{
    CancelSpotInstanceRequestsRequest, CancelSpotInstanceRequestsResult,
    CancelledSpotInstanceRequest, RequestSpotInstancesRequest, RequestSpotInstancesResult,
};
use kernel::{ApiError, Caller, Tx, Wait, to_document};
use smol_str::SmolStr;
use std::sync::Arc;

/// One request may ask for this many instances; above it quotas have long said no.
const MAX_COUNT: i64 = 1_000;

/// Opens as many requests as instances are asked for; each is evaluated a little later.
pub(super) fn request_spot_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: RequestSpotInstancesRequest,
) -> Result<RequestSpotInstancesResult, ApiError> {
    let print = tokens::fingerprint(&input);
    let count = input.instance_count.unwrap_or(1);
    if count < 1 {
        let why = "Expecting a value greater than or equal to 1.";
        return Err(errors::invalid_parameter(count, "instanceCount", why));
    }
    if count > MAX_COUNT {
        return Err(ApiError::new(
            "MaxSpotInstanceCountExceeded",
            "Max spot instance count exceeded",
        ));
    }
    if input.launch_group.is_some() || input.availability_zone_group.is_some() {
        let what = "RequestSpotInstances with launch groups";
        return Err(ApiError::not_implemented(what));
    }
    let mut terms = terms(
        input.r#type.as_deref(),
        input.spot_price.as_ref(),
        input.instance_interruption_behavior.as_deref(),
        input.valid_until,
    )?;
    let Some(launch) = input.launch_specification else {
        return Err(errors::missing_parameter("LaunchSpecification.ImageId"));
    };
    if launch.image_id.is_none() {
        return Err(errors::missing_parameter("LaunchSpecification.ImageId"));
    }
    terms.launch = Arc::new(to_document(launch));
    let kind = SpotRequest::KIND;
    terms.tags = specified_tags(caller, input.tag_specifications.as_deref(), kind, &[kind])?;
    errors::dry_run(input.dry_run)?;
    let token = input.client_token.as_deref();
    if let Some(first) = tokens::replayed(tx, "RequestSpotInstances", token, print)? {
        let ids: Vec<SmolStr> = first.split(' ').map(SmolStr::new).collect();
        let rows = ids.iter().filter_map(|id| tx.get::<SpotRequest>(id));
        let spot_instance_requests = Some(rows.map(|row| render(tx, &row)).collect());
        return Ok(RequestSpotInstancesResult { spot_instance_requests });
    }
    let evaluated = tx.now().plus_millis(tx.pace().millis(Wait::SpotFulfillment));
    let at = input.valid_from.map_or(evaluated, |from| from.max(evaluated));
    let mut made = Vec::new();
    for _ in 0..count {
        let request = terms.open(tx);
        tx.schedule(at, "ec2.spot-request", &request.id);
        made.push(render(tx, &request));
        tx.put(request);
    }
    let ids: Vec<&str> = made.iter().filter_map(|r| r.spot_instance_request_id.as_deref()).collect();
    tokens::remember(tx, "RequestSpotInstances", token, print, ids.join(" ").into());
    Ok(RequestSpotInstancesResult { spot_instance_requests: Some(made) })
}

/// Cancels requests; instances that they launched go on running.
pub(super) fn cancel_spot_instance_requests(
    tx: &mut Tx,
    _: &Caller,
    input: CancelSpotInstanceRequestsRequest,
) -> Result<CancelSpotInstanceRequestsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    if input.spot_instance_request_ids.is_empty() {
        return Err(errors::missing_parameter("SpotInstanceRequestId"));
    }
    let rows = SpotRequest::find_all(tx, &input.spot_instance_request_ids)?;
    let mut cancelled = Vec::with_capacity(rows.len());
    for row in rows {
        let mut request = SpotRequest::clone(&row);
        match row.state {
            State::Open => {
                request.become_(tx, State::Cancelled, Status::CanceledBeforeFulfillment);
            }
            State::Active => {
                let status = Status::RequestCanceledAndInstanceRunning;
                request.become_(tx, State::Cancelled, status);
            }
            State::Closed | State::Cancelled | State::Failed => {}
        }
        if request.state != row.state {
            super::lifecycle::forget_later(tx, &request);
        }
        cancelled.push(CancelledSpotInstanceRequest {
            spot_instance_request_id: Some(request.id.clone()),
            state: Some(SmolStr::new_static(request.state.name())),
        });
        tx.put(request);
    }
    Ok(CancelSpotInstanceRequestsResult { cancelled_spot_instance_requests: Some(cancelled) })
}
