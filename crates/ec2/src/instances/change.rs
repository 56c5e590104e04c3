//! StartInstances, StopInstances, RebootInstances, TerminateInstances.

use super::capacity;
use super::lifecycle::begin;
use super::render;
use super::row::{Instance, Reason, State};
use crate::entity::Entity;
use crate::network_interfaces::NetworkInterface;
use crate::{errors, network_interfaces};
use api::ec2::{
    InstanceStateChange, RebootInstancesRequest, StartInstancesRequest, StartInstancesResult,
    StopInstancesRequest, StopInstancesResult, TerminateInstancesRequest,
    TerminateInstancesResult,
};
use kernel::{ApiError, Caller, Timestamp, Tx, Wait};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The instances that a request names, each once, in its order. Anything wrong with one of them
/// fails the request as a whole.
pub(super) fn named(tx: &Tx, ids: &[SmolStr]) -> Result<Vec<Arc<Instance>>, ApiError> {
    if ids.is_empty() {
        return Err(errors::missing_parameter("InstanceId"));
    }
    let mut seen = BTreeSet::new();
    let rows = Instance::find_all(tx, ids)?;
    Ok(rows.into_iter().filter(|row| seen.insert(row.id.clone())).collect())
}

fn change(row: &Instance, now: State) -> InstanceStateChange {
    InstanceStateChange {
        instance_id: Some(row.id.clone()),
        current_state: render::state(now),
        previous_state: render::state(row.state),
    }
}

/// `User initiated (2017-09-28 05:35:06 GMT)`
fn user_initiated(at: Timestamp) -> SmolStr {
    let (y, mo, d, h, mi, s, _) = at.civil();
    format_smolstr!("User initiated ({y:04}-{mo:02}-{d:02} {h:02}:{mi:02}:{s:02} GMT)")
}

fn user_shutdown(at: Timestamp) -> Option<Box<Reason>> {
    Some(Box::new(Reason {
        code: "Client.UserInitiatedShutdown".into(),
        message: "Client.UserInitiatedShutdown: User initiated shutdown".into(),
        transition: user_initiated(at),
    }))
}

/// The same of an instance that hibernates.
fn user_hibernation(at: Timestamp) -> Option<Box<Reason>> {
    Some(Box::new(Reason {
        code: "Client.UserInitiatedHibernate".into(),
        message: "Client.UserInitiatedHibernate: User initiated hibernate".into(),
        transition: user_initiated(at),
    }))
}

/// Starting what runs or starts already changes nothing; what is on its way down cannot start.
pub(super) fn start_instances(
    tx: &mut Tx,
    _: &Caller,
    input: StartInstancesRequest,
) -> Result<StartInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let rows = named(tx, &input.instance_ids)?;
    if let Some(row) = rows.iter().find(|row| {
        matches!(row.state, State::ShuttingDown | State::Terminated | State::Stopping)
    }) {
        return Err(errors::cannot_be_started(&row.id));
    }
    for row in rows.iter().filter(|row| row.state == State::Stopped) {
        room_to_start(tx, row)?;
    }
    let mut changes = Vec::new();
    for row in rows {
        if row.state != State::Stopped {
            changes.push(change(&row, row.state));
            continue;
        }
        let mut instance = Instance::clone(&row);
        instance.reason = None;
        instance.launched_at = tx.now();
        begin(tx, &mut instance, State::Pending, Wait::InstanceBoot);
        changes.push(change(&row, instance.state));
        renew_public_address(tx, &instance);
        tx.put(instance);
    }
    Ok(StartInstancesResult { starting_instances: Some(changes) })
}

/// A start needs capacity as a launch does.
fn room_to_start(tx: &mut Tx, row: &Instance) -> Result<(), ApiError> {
    let Some(instance_type) = catalogue::instance_type(&row.launch.instance_type) else {
        return Ok(());
    };
    let request = capacity::Request {
        operation: "ec2:StartInstances",
        instance_type,
        zone: &row.launch.zone,
        spot: row.spot_request.is_some(),
        tags: &row.tags,
        min: 1,
        max: 1,
    };
    capacity::room(tx, &request).map(|_| ())
}

/// A started instance keeps its private address and gets another public one, if it was launched
/// with one.
fn renew_public_address(tx: &mut Tx, instance: &Instance) {
    let interface = instance.primary(tx);
    let interface = interface.filter(|e| e.auto_public_ip && e.elastic_ip(e.private_ip).is_none());
    if let Some(interface) = interface {
        let ip = network_interfaces::public_address(tx);
        tx.update::<NetworkInterface>(&interface.id, |e| e.public_ip = Some(ip));
    }
}

/// Stopping what is stopped or stopping changes nothing.
pub(super) fn stop_instances(
    tx: &mut Tx,
    _: &Caller,
    input: StopInstancesRequest,
) -> Result<StopInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let rows = named(tx, &input.instance_ids)?;
    if let Some(row) =
        rows.iter().find(|row| row.state == State::Pending || row.state.is_ending())
    {
        return Err(errors::cannot_be_stopped(&row.id));
    }
    if let Some(row) = rows.iter().find(|row| row.disable_api_stop) {
        return Err(errors::may_not_be_stopped(&row.id));
    }
    if input.hibernate == Some(true)
        && let Some(row) = rows.iter().find(|row| !row.launch.hibernation)
    {
        return Err(ApiError::new(
            "UnsupportedHibernationConfiguration",
            format!(
                "The instance {} is not hibernation-configured, so it cannot be hibernated.",
                row.id
            ),
        ));
    }
    let now = tx.now();
    let mut changes = Vec::new();
    for row in rows {
        if row.state != State::Running {
            changes.push(change(&row, row.state));
            continue;
        }
        let mut instance = Instance::clone(&row);
        instance.reason = match input.hibernate {
            Some(true) => user_hibernation(now),
            _ => user_shutdown(now),
        };
        begin(tx, &mut instance, State::Stopping, Wait::InstanceStop);
        changes.push(change(&row, instance.state));
        tx.put(instance);
    }
    Ok(StopInstancesResult { stopping_instances: Some(changes) })
}

/// A reboot leaves no trace in the instance's description.
pub(super) fn reboot_instances(
    tx: &mut Tx,
    _: &Caller,
    input: RebootInstancesRequest,
) -> Result<(), ApiError> {
    errors::dry_run(input.dry_run)?;
    let rows = named(tx, &input.instance_ids)?;
    match rows.iter().find(|row| row.state != State::Running) {
        Some(row) => Err(errors::incorrect_instance_state(format!(
            "The instance '{}' is not in a state from which it can be rebooted.",
            row.id
        ))),
        None => Ok(()),
    }
}

/// Terminating is idempotent. When some are protected, the request fails; the unprotected ones
/// are terminated all the same where no protected one shares their zone ("Enable termination
/// protection" in the user guide).
pub(super) fn terminate_instances(
    tx: &mut Tx,
    caller: &Caller,
    input: TerminateInstancesRequest,
) -> Result<TerminateInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let rows = named(tx, &input.instance_ids).map_err(|error| malformed_here(error, &input))?;
    // Auto Scaling ignores termination protection.
    let protects = |row: &Instance| {
        row.disable_api_termination && caller.invoked_by.is_none() && !row.state.is_ending()
    };
    let refused = rows.iter().find(|row| protects(row)).cloned();
    let closed: BTreeSet<SmolStr> =
        rows.iter().filter(|row| protects(row)).map(|row| row.launch.zone.clone()).collect();
    let now = tx.now();
    let mut changes = Vec::new();
    for row in rows {
        if row.state.is_ending() || closed.contains(&row.launch.zone) {
            changes.push(change(&row, row.state));
            continue;
        }
        let mut instance = Instance::clone(&row);
        instance.reason = user_shutdown(now);
        begin(tx, &mut instance, State::ShuttingDown, Wait::InstanceTerminate);
        changes.push(change(&row, instance.state));
        tx.put(instance);
    }
    if let Some(protected) = refused {
        tx.keep_on_error();
        return Err(errors::may_not_be_terminated(&protected.id));
    }
    Ok(TerminateInstancesResult { terminating_instances: Some(changes) })
}

/// TerminateInstances words a malformed id in its own way.
fn malformed_here(error: ApiError, input: &TerminateInstancesRequest) -> ApiError {
    if error.code != "InvalidInstanceID.Malformed" {
        return error;
    }
    let bad = input.instance_ids.iter().find(|id| !kernel::is_resource_id(id, Instance::PREFIX));
    ApiError::new(
        error.code,
        format!("The instance ID '{}' is malformed", bad.map(SmolStr::as_str).unwrap_or_default()),
    )
}
