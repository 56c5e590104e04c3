//! DescribeInstanceStatus. "Status checks for Amazon EC2 instances" in the user guide.
//!
//! Checks are not events: whether they have passed follows from how long the instance has been
//! running. They are kept nowhere and nothing is scheduled for them.

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
}

impl Checks {
    fn of(instance: &Instance, snapshot: &Snapshot) -> Self {
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
        }
    }

    /// What the one detail says; none of an instance that does not run.
    const fn reachability(self) -> Option<&'static str> {
        match self {
            Self::NotApplicable => None,
            Self::Initializing => Some("initializing"),
            Self::Passed => Some("passed"),
        }
    }
}

fn status(instance: &Instance, snapshot: &Snapshot, emit: &mut dyn FnMut(&str)) {
    emit(Checks::of(instance, snapshot).status());
}

fn reachability(instance: &Instance, snapshot: &Snapshot, emit: &mut dyn FnMut(&str)) {
    Checks::of(instance, snapshot).reachability().into_iter().for_each(emit);
}

/// Instances here have no scheduled events, so filters by them match nothing.
fn never(_: &Instance, _: &Snapshot, _: &mut dyn FnMut(&str)) {}

static FILTERS: &[FilterRow<Instance>] = &[
    FilterRow {
        name: "attached-ebs-status.status",
        values: |i, s, emit| {
            if on_nitro(i) {
                status(i, s, emit);
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
    FilterRow { name: "instance-status.reachability", values: reachability },
    FilterRow { name: "instance-status.status", values: status },
    FilterRow { name: "operator.managed", values: |_, _, emit| emit("false") },
    FilterRow { name: "operator.principal", values: never },
    FilterRow { name: "system-status.reachability", values: reachability },
    FilterRow { name: "system-status.status", values: status },
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
    let checks = Checks::of(instance, snapshot);
    let status = Some(SmolStr::new_static(checks.status()));
    let reachability = Some(SmolStr::new_static("reachability"));
    let summary = || InstanceStatusSummary {
        details: checks.reachability().map(|detail| {
            vec![InstanceStatusDetails {
                impaired_since: None,
                name: reachability.clone(),
                status: Some(SmolStr::new_static(detail)),
            }]
        }),
        status: status.clone(),
    };
    let attached = || EbsStatusSummary {
        details: checks.reachability().map(|detail| {
            vec![EbsStatusDetails {
                impaired_since: None,
                name: reachability.clone(),
                status: Some(SmolStr::new_static(detail)),
            }]
        }),
        status: status.clone(),
    };
    InstanceStatus {
        availability_zone: Some(instance.launch.zone.clone()),
        availability_zone_id: id_of_zone(snapshot, &instance.launch.zone),
        operator: Some(OperatorResponse { managed: Some(false), ..Default::default() }),
        instance_id: Some(instance.id.clone()),
        instance_state: render::state(instance.state),
        instance_status: Some(summary()),
        system_status: Some(summary()),
        attached_ebs_status: on_nitro(instance).then(attached),
        ..Default::default()
    }
}

/// Attached volumes are checked on Nitro only.
fn on_nitro(instance: &Instance) -> bool {
    catalogue::instance_type(&instance.launch.instance_type)
        .is_some_and(|type_| type_.hypervisor == Some(Hypervisor::Nitro))
}
