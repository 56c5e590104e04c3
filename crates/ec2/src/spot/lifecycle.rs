//! How a Spot request goes from state to state.

use super::row::{SpotRequest, State, Status};
use api::ec2::{InstanceMarketOptionsRequest, RunInstancesRequest, ops::RunInstances};
use kernel::{Caller, Tx, from_document};
use smol_str::{SmolStr, format_smolstr};

/// How long requests that are over stay visible: "up to 48 hours", as the user guide says.
const VISIBLE_SECS: i64 = 48 * 3_600;

/// The task: tries to launch what an open request asks for.
pub(super) fn look(tx: &mut Tx, caller: &Caller, id: &str) {
    let Some(row) = tx.get::<SpotRequest>(id).filter(|row| row.state == State::Open) else {
        return;
    };
    let mut request = SpotRequest::clone(&row);
    if request.valid_until.is_some_and(|until| until <= tx.now()) {
        request.become_(tx, State::Cancelled, Status::ScheduleExpired);
        forget_later(tx, &request);
        tx.put(request);
        return;
    }
    request.attempts += 1;
    let input = RunInstancesRequest {
        min_count: 1,
        max_count: 1,
        client_token: Some(format_smolstr!("{id}/{}", request.attempts)),
        instance_market_options: Some(InstanceMarketOptionsRequest {
            market_type: Some(SmolStr::new_static("spot")),
            ..Default::default()
        }),
        ..from_document(&request.launch)
    };
    let attempts = request.attempts;
    tx.put(request.clone());
    let Err(error) = tx.call::<RunInstances>(&caller.via("spot"), input) else { return };
    if error.code == "InsufficientInstanceCapacity" || error.status >= 500 {
        request.become_(tx, State::Open, Status::CapacityNotAvailable);
        let next = tx.now().plus_millis(tx.pace().retry_millis(attempts));
        let next = request.valid_until.map_or(next, |until| next.min(until.max(tx.now())));
        tx.schedule(next, "ec2.spot-request", id);
    } else {
        request.become_(tx, State::Failed, Status::BadParameters);
        request.fault = Some((error.code.as_str().into(), error.message.as_str().into()));
        forget_later(tx, &request);
    }
    tx.put(request);
}

/// Notes that the instance of a request is about to be interrupted.
pub(crate) fn marked(tx: &mut Tx, id: &str) {
    if let Some(row) = tx.get::<SpotRequest>(id).filter(|row| row.state == State::Active) {
        let mut request = SpotRequest::clone(&row);
        request.become_(tx, State::Active, Status::MarkedForTermination);
        tx.put(request);
    }
}

/// Notes that the instance of a request has ended: a persistent request opens again.
pub(crate) fn ended(tx: &mut Tx, id: &str, interrupted: bool) {
    let Some(row) = tx.get::<SpotRequest>(id) else { return };
    let mut request = SpotRequest::clone(&row);
    let status = match interrupted {
        true => Status::InstanceTerminatedNoCapacity,
        false => Status::InstanceTerminatedByUser,
    };
    match row.state {
        State::Active if row.persistent => {
            request.become_(tx, State::Open, status);
            request.instance_id = None;
            request.zone = None;
            let next = tx.now().plus_millis(tx.pace().retry_millis(1));
            tx.schedule(next, "ec2.spot-request", id);
        }
        State::Active => {
            request.become_(tx, State::Closed, status);
            forget_later(tx, &request);
        }
        State::Cancelled => {
            request.become_(tx, State::Cancelled, status);
        }
        State::Open | State::Closed | State::Failed => return,
    }
    tx.put(request);
}

/// A request that is over vanishes in time.
pub(super) fn forget_later(tx: &mut Tx, request: &SpotRequest) {
    let at = tx.now().plus_secs(VISIBLE_SECS);
    tx.schedule(at, "ec2.spot-request-purge", &request.id);
}

/// The housekeeping task.
pub(super) fn purge(tx: &mut Tx, _: &Caller, id: &str) {
    let over = |row: &SpotRequest| !matches!(row.state, State::Open | State::Active);
    if tx.get::<SpotRequest>(id).is_some_and(|row| over(&row)) {
        tx.remove::<SpotRequest>(id);
    }
}
