//! GetConsoleOutput and GetPasswordData.
//!
//! The guests are simulated: their console says so in its first line, and then what a Linux of
//! the instance's facts prints while it boots. "Troubleshoot an unreachable instance" in the user
//! guide: the output is posted shortly after a transition; its latest state is to be had on Nitro
//! only.

use super::render::Renderer;
use super::row::{Instance, State};
use crate::entity::Entity;
use crate::errors;
use api::ec2::{
    GetConsoleOutputRequest, GetConsoleOutputResult, GetPasswordDataRequest, GetPasswordDataResult,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Hypervisor;
use kernel::{ApiError, Caller, Snapshot, Timestamp, Wait};

pub(super) fn get_console_output(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetConsoleOutputRequest,
) -> Result<GetConsoleOutputResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let instance = Instance::find(snapshot, &input.instance_id)?;
    let latest = input.latest == Some(true);
    let nitro = catalogue::instance_type(&instance.launch.instance_type)
        .is_some_and(|type_| type_.hypervisor == Some(Hypervisor::Nitro));
    if latest && !nitro {
        return Err(errors::latest_console_unsupported());
    }
    let posted = posted_at(snapshot, &instance, latest);
    Ok(GetConsoleOutputResult {
        instance_id: Some(instance.id.clone()),
        timestamp: Some(posted.unwrap_or(instance.launched_at).whole_seconds()),
        output: Some(match posted {
            Some(_) => STANDARD.encode(boot_log(snapshot, &instance)).into(),
            None => Default::default(),
        }),
    })
}

/// When the console's output was posted; nothing while there is none yet.
fn posted_at(snapshot: &Snapshot, instance: &Instance, latest: bool) -> Option<Timestamp> {
    let booted = match (instance.state, instance.running_since) {
        (State::Pending, _) => return None,
        (_, Some(since)) => since,
        // It ran once; when exactly it booted is no longer known.
        (_, None) => return Some(instance.launched_at),
    };
    let delay = if latest { 0 } else { snapshot.pace().millis(Wait::InstanceChecks) };
    let posted = booted.plus_millis(delay);
    (posted <= snapshot.now()).then_some(if latest { snapshot.now() } else { posted })
}

fn boot_log(snapshot: &Snapshot, instance: &Instance) -> String {
    let launch = &*instance.launch;
    let address = instance.primary(snapshot).map(|interface| interface.private_ip);
    let host = address.map(|ip| Renderer::new(snapshot).private_dns(instance, ip));
    let host = host.as_deref().and_then(|name| name.split('.').next()).unwrap_or("localhost");
    let memory = catalogue::instance_type(&launch.instance_type).map_or(0, |t| t.memory_mib);
    let mut log = format!(
        "lowcloud: the guest {id} is simulated; this is what a Linux would print.\r\n\
         [    0.000000] Linux version 6.1.0 ({arch}) #1 SMP\r\n\
         [    0.000000] Command line: root={root} ro console=tty0 console=ttyS0,115200n8\r\n\
         [    0.003512] DMI: Amazon EC2 {type_}\r\n\
         [    0.214021] smp: Brought up 1 node, {cpus} CPUs\r\n\
         [    0.220710] Memory: {memory}M available\r\n\
         [    1.481902] EXT4-fs ({root}): mounted filesystem with ordered data mode\r\n\
         [    2.630771] systemd[1]: Set hostname to <{host}>.\r\n",
        id = instance.id,
        arch = launch.architecture,
        root = launch.root_device_name,
        type_ = launch.instance_type,
        cpus = u32::from(launch.cores) * u32::from(launch.threads_per_core),
    );
    if let Some(ip) = address {
        log += &format!("ci-info: | ens5 | True | {ip} | global |\r\n");
    }
    if !launch.key_name.is_empty() {
        log += &format!("ci-info: authorized key '{}' for the default user\r\n", launch.key_name);
    }
    if !launch.user_data.is_empty() {
        log += "cloud-init: user data was given; simulated guests do not run it\r\n";
    }
    log += &format!("\r\n{host} login: ");
    log
}

/// Linux has no administrator's password. A Windows guest would make one itself, and simulated
/// guests do not.
pub(super) fn get_password_data(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetPasswordDataRequest,
) -> Result<GetPasswordDataResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let instance = Instance::find(snapshot, &input.instance_id)?;
    if instance.launch.platform.as_deref() == Some("windows") {
        return Err(ApiError::not_implemented("GetPasswordData of Windows instances"));
    }
    Ok(GetPasswordDataResult {
        instance_id: Some(instance.id.clone()),
        timestamp: Some(instance.launched_at.whole_seconds()),
        password_data: Some(Default::default()),
    })
}
