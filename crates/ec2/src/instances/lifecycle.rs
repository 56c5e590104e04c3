//! How an instance moves from state to state by itself.

use super::faults::{self, subject};
use super::row::{Instance, State};
use crate::network_interfaces::{self, NetworkInterface};
use crate::spot;
use crate::volumes::{self, Volume};
use kernel::{Caller, FaultKind, Tx, Wait};
use smol_str::SmolStr;

/// How long a terminated instance stays visible: "for a short while (usually less than one
/// hour)", as the user guide says.
const VISIBLE_SECS: i64 = 3_600;

/// Begins a transitional state: it ends after `wait`.
pub(super) fn begin(tx: &mut Tx, instance: &mut Instance, state: State, wait: Wait) {
    let due = tx.now().plus_millis(tx.pace().millis(wait));
    instance.state = state;
    instance.due = Some(due);
    tx.schedule(due, "ec2.instance", &instance.id);
}

/// The task: ends a transitional state when its time has come.
pub(super) fn look(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(row) = tx.get::<Instance>(id) else { return };
    let Some(due) = row.due else { return };
    if due > tx.now() {
        tx.schedule(due, "ec2.instance", id);
        return;
    }
    let mut instance = Instance::clone(&row);
    instance.due = None;
    match instance.state {
        State::Pending if tx.strike(FaultKind::BootFailure, &subject(&row)).is_some() => {
            instance.reason = Some(Box::new(super::row::Reason {
                code: "Client.InternalError".into(),
                message: "Client.InternalError: Client error on launch".into(),
                transition: SmolStr::default(),
            }));
            terminated(tx, &mut instance);
        }
        State::Pending => {
            instance.state = State::Running;
            instance.running_since = Some(due);
            faults::on_start(tx, &mut instance);
        }
        State::Stopping => {
            instance.state = State::Stopped;
            instance.impaired = None;
                    instance.running_since = None;
            release_public_address(tx, &instance);
        }
        State::ShuttingDown => terminated(tx, &mut instance),
        State::Running | State::Stopped | State::Terminated => return,
    }
    tx.put(instance);
}

/// A stopped instance loses its public address and keeps its Elastic IP addresses.
fn release_public_address(tx: &mut Tx, instance: &Instance) {
    let interface = instance.primary(tx);
    if let Some(interface) = interface.filter(|e| e.elastic_ip(e.private_ip).is_none()) {
        tx.update::<NetworkInterface>(&interface.id, |e| e.public_ip = None);
    }
}

/// The end: network and volumes go, the entry stays for an hour.
fn terminated(tx: &mut Tx, instance: &mut Instance) {
    instance.state = State::Terminated;
    instance.impaired = None;
    if let Some(request) = &instance.spot_request {
        let code = instance.reason.as_ref().map(|reason| reason.code.as_str());
        spot::ended(tx, request, code == Some("Server.SpotInstanceTermination"));
    }
    instance.running_since = None;
    instance.interface = None;
    instance.more_interfaces = Box::default();
    let interfaces: Vec<_> =
        tx.rows_by::<NetworkInterface>("instance", &instance.id).cloned().collect();
    for interface in interfaces {
        let goes = interface.attachment.as_ref().is_some_and(|a| a.delete_on_termination);
        if !goes {
            tx.update::<NetworkInterface>(&interface.id, |e| e.attachment = None);
            continue;
        }
        network_interfaces::remove(tx, &interface);
    }
    for id in std::mem::take(&mut instance.volumes) {
        let volume = tx.get::<Volume>(&id);
        let goes = volume
            .and_then(|v| v.attachment.as_ref().map(|a| a.delete_on_termination))
            .unwrap_or(true);
        if goes {
            tx.remove::<Volume>(&id);
        } else {
            volumes::released(tx, &id);
        }
    }
    let forgotten = tx.now().plus_secs(VISIBLE_SECS);
    tx.schedule(forgotten, "ec2.instance-purge", &instance.id);
}

/// The housekeeping task: a terminated instance's entry vanishes.
pub(super) fn purge(tx: &mut Tx, _: &Caller, id: &str) {
    if tx.get::<Instance>(id).is_some_and(|i| i.state == State::Terminated) {
        tx.remove::<Instance>(id);
    }
}
