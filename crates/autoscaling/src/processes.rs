//! Suspending and resuming a group's processes.

use crate::groups::{Group, Suspended};
use crate::{driver, errors};
use api::autoscaling::{ProcessType, ProcessesType, ScalingProcessQuery};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use smol_str::{SmolStr, format_smolstr};

resource! { autoscaling:
    operations {
        write SuspendProcesses => suspend_processes,
        write ResumeProcesses => resume_processes,
        read DescribeScalingProcessTypes => describe_scaling_process_types,
    }
}

const PROCESSES: [&str; 9] = [
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

/// The processes of a request: all of them if it names none.
fn named(input: &ScalingProcessQuery) -> Result<Vec<SmolStr>, ApiError> {
    let given = input.scaling_processes.as_deref().unwrap_or_default();
    if given.is_empty() {
        return Ok(PROCESSES.into_iter().map(SmolStr::new_static).collect());
    }
    match given.iter().find(|name| !PROCESSES.contains(&name.as_str())) {
        Some(unknown) => Err(errors::constraint(
            unknown,
            "scalingProcesses",
            &format!("Member must satisfy enum value set: [{}]", PROCESSES.join(", ")),
        )),
        None => Ok(given.to_vec()),
    }
}

/// A process that is suspended already keeps its reason.
fn suspend_processes(
    tx: &mut Tx,
    _: &Caller,
    input: ScalingProcessQuery,
) -> Result<(), ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let mut group = Group::clone(&row);
    let reason = format_smolstr!("User suspended at {}", tx.now().iso_seconds());
    for process in named(&input)? {
        if !group.is_suspended(&process) {
            group.suspended.push(Suspended { process, reason: reason.clone() });
        }
    }
    group.suspended.sort_by(|a, b| a.process.cmp(&b.process));
    tx.put(group);
    Ok(())
}

/// What a resumed process has missed, it does now.
fn resume_processes(tx: &mut Tx, _: &Caller, input: ScalingProcessQuery) -> Result<(), ApiError> {
    let row = Group::find(tx, &input.auto_scaling_group_name)?;
    let mut group = Group::clone(&row);
    let resumed = named(&input)?;
    group.suspended.retain(|s| !resumed.contains(&s.process));
    driver::react(tx, &mut group);
    tx.put(group);
    Ok(())
}

fn describe_scaling_process_types(
    _: &Snapshot,
    _: &Caller,
    (): (),
) -> Result<ProcessesType, ApiError> {
    let process = |name| ProcessType { process_name: Some(SmolStr::new_static(name)) };
    Ok(ProcessesType { processes: Some(PROCESSES.into_iter().map(process).collect()) })
}
