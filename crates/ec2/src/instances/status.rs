//! DescribeInstanceStatus. "Status checks for Amazon EC2 instances" in the user guide.
//!
//! Checks are not events: whether they have passed follows from how long the instance has been
//! running; nothing is scheduled for them. Only those that a fault lets fail are kept, in the row.

use super::render;
use super::row::{Instance, State};
use crate::entity::Query;
use crate::errors;
use crate::subnets::id_of_zone;
use api::ec2::{
    DescribeInstanceStatusRequest, DescribeInstanceStatusResult, EbsStatusDetails,
    EbsStatusSummary, InstanceStatus, InstanceStatusDetails, InstanceStatusSummary,
    OperatorResponse,
};
use catalogue::Hypervisor;
use kernel::{ApiError, Caller, FilterRow, Snapshot, Wait};
use smol_str::SmolStr;

/// How both checks stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checks {
    /// The instance does not run.
    NotApplicable,
    Initializing,
    Passed,
    Failed,
}

/// Which check.
#[derive(Clone, Copy)]
enum Check {
    System,
    Instance,
    /// Of the attached volumes.
    Ebs,
}

impl Checks {
    fn of(instance: &Instance, snapshot: &Snapshot, check: Check) -> Self {
        let fails = instance.impaired.as_ref().is_some_and(|impaired| match check {
            Check::System => impaired.system,
            Check::Instance => impaired.instance,
            Check::Ebs => false,
        });
        if fails && instance.state == State::Running {
            return Self::Failed;
        }
        match (instance.state, instance.running_since) {
            (State::Pending, _) => Self::Initializing,
            (State::Running, Some(since)) => {
                let wait = snapshot.pace().millis(Wait::InstanceChecks);
                let passed = snapshot.now() >= since.plus_millis(wait);
                if passed { Self::Passed } else { Self::Initializing }
            }
            _ => Self::NotApplicable,
        }
    }

    const fn status(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Initializing => "initializing",
            Self::Passed => "ok",
            Self::Failed => "impaired",
        }
    }

    /// What the one detail says; none of an instance that does not run.
    const fn reachability(self) -> Option<&'static str> {
        match self {
            Self::NotApplicable => None,
            Self::Initializing => Some("initializing"),
            Self::Passed => Some("passed"),
            Self::Failed => Some("failed"),
        }
    }
}

/// A filter by the status of a check, and one by its detail.
macro_rules! by_check {
    ($name:literal, $check:expr, status) => {
        FilterRow { name: $name, values: |i, s, emit| emit(Checks::of(i, s, $check).status()) }
    };
    ($name:literal, $check:expr, reachability) => {
        FilterRow {
            name: $name,
            values: |i, s, emit| {
                Checks::of(i, s, $check).reachability().into_iter().for_each(emit);
            },
        }
    };
}

/// Instances here have no scheduled events, so filters by them match nothing.
fn never(_: &Instance, _: &Snapshot, _: &mut dyn FnMut(&str)) {}

static FILTERS: &[FilterRow<Instance>] = &[
    FilterRow {
        name: "attached-ebs-status.status",
        values: |i, s, emit| {
            if on_nitro(i) {
                emit(Checks::of(i, s, Check::Ebs).status());
            }
        },
    },
    FilterRow { name: "availability-zone", values: |i, _, emit| emit(&i.launch.zone) },
    FilterRow {
        name: "availability-zone-id",
        values: |i, s, emit| id_of_zone(s, &i.launch.zone).iter().for_each(|id| emit(id)),
    },
    FilterRow { name: "event.code", values: never },
    FilterRow { name: "event.description", values: never },
    FilterRow { name: "event.instance-event-id", values: never },
    FilterRow { name: "event.not-after", values: never },
    FilterRow { name: "event.not-before", values: never },
    FilterRow { name: "event.not-before-deadline", values: never },
    FilterRow {
        name: "instance-state-code",
        values: |i, _, emit| emit(&smol_str::ToSmolStr::to_smolstr(&i.state.code())),
    },
    FilterRow { name: "instance-state-name", values: |i, _, emit| emit(i.state.name()) },
    by_check!("instance-status.reachability", Check::Instance, reachability),
    by_check!("instance-status.status", Check::Instance, status),
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: never },
    by_check!("system-status.reachability", Check::System, reachability),
    by_check!("system-status.status", Check::System, status),
];

/// The checks of running instances; with IncludeAllInstances, of all.
pub(super) fn describe_instance_status(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstanceStatusRequest,
) -> Result<DescribeInstanceStatusResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.instance_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("instancesSet", "maxResults"));
    }
    let all = input.include_all_instances == Some(true);
    let page = Query {
        operation: "DescribeInstanceStatus",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run_by::<Instance>(snapshot, FILTERS, |row| all || row.state == State::Running)?;
    let statuses = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeInstanceStatusResult { instance_statuses: Some(statuses), next_token: page.next })
}

fn render(snapshot: &Snapshot, instance: &Instance) -> InstanceStatus {
    let name = Some(SmolStr::new_static("reachability"));
    let checked = |check| {
        let checks = Checks::of(instance, snapshot, check);
        let since = instance.impaired.as_ref().map(|impaired| impaired.since.whole_seconds());
        (checks, since.filter(|_| checks == Checks::Failed))
    };
    let summary = |check| {
        let (checks, impaired_since) = checked(check);
        InstanceStatusSummary {
            details: checks.reachability().map(|detail| {
                let status = Some(SmolStr::new_static(detail));
                vec![InstanceStatusDetails { impaired_since, name: name.clone(), status }]
            }),
            status: Some(SmolStr::new_static(checks.status())),
        }
    };
    let attached = || {
        let (checks, impaired_since) = checked(Check::Ebs);
        EbsStatusSummary {
            details: checks.reachability().map(|detail| {
                let status = Some(SmolStr::new_static(detail));
                vec![EbsStatusDetails { impaired_since, name: name.clone(), status }]
            }),
            status: Some(SmolStr::new_static(checks.status())),
        }
    };
    InstanceStatus {
        availability_zone: Some(instance.launch.zone.clone()),
        availability_zone_id: id_of_zone(snapshot, &instance.launch.zone),
        operator: Some(OperatorResponse { managed: Some(false), ..Default::default() }),
        instance_id: Some(instance.id.clone()),
        instance_state: render::state(instance.state),
        instance_status: Some(summary(Check::Instance)),
        system_status: Some(summary(Check::System)),
        attached_ebs_status: on_nitro(instance).then(attached),
        ..Default::default()
    }
}

/// Attached volumes are checked on Nitro only.
fn on_nitro(instance: &Instance) -> bool {
    catalogue::instance_type(&instance.launch.instance_type)
        .is_some_and(|type_| type_.hypervisor == Some(Hypervisor::Nitro))
}
