//! The instances that belong to groups.

use api::autoscaling as wire;
use kernel::{IndexSink, Row, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Where an instance is in its life in the group. Texts are AWS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum LifecycleState {
    Pending,
    PendingWait,
    PendingProceed,
    InService,
    Terminating,
    TerminatingWait,
    TerminatingProceed,
    Detaching,
    EnteringStandby,
    Standby,
    WarmedPending,
    WarmedPendingWait,
    WarmedPendingProceed,
    WarmedStopped,
    WarmedRunning,
    WarmedHibernated,
    WarmedTerminating,
    WarmedTerminatingWait,
    WarmedTerminatingProceed,
}

impl LifecycleState {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::PendingWait => "Pending:Wait",
            Self::PendingProceed => "Pending:Proceed",
            Self::InService => "InService",
            Self::Terminating => "Terminating",
            Self::TerminatingWait => "Terminating:Wait",
            Self::TerminatingProceed => "Terminating:Proceed",
            Self::Detaching => "Detaching",
            Self::EnteringStandby => "EnteringStandby",
            Self::Standby => "Standby",
            Self::WarmedPending => "Warmed:Pending",
            Self::WarmedPendingWait => "Warmed:Pending:Wait",
            Self::WarmedPendingProceed => "Warmed:Pending:Proceed",
            Self::WarmedStopped => "Warmed:Stopped",
            Self::WarmedRunning => "Warmed:Running",
            Self::WarmedHibernated => "Warmed:Hibernated",
            Self::WarmedTerminating => "Warmed:Terminating",
            Self::WarmedTerminatingWait => "Warmed:Terminating:Wait",
            Self::WarmedTerminatingProceed => "Warmed:Terminating:Proceed",
        }
    }

    /// On its way into service.
    pub(crate) const fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::PendingWait | Self::PendingProceed)
    }

    /// On its way out for good, from the group or from its warm pool.
    pub(crate) const fn is_terminating(self) -> bool {
        matches!(
            self,
            Self::Terminating
                | Self::TerminatingWait
                | Self::TerminatingProceed
                | Self::WarmedTerminating
                | Self::WarmedTerminatingWait
                | Self::WarmedTerminatingProceed
        )
    }

    /// In the warm pool, and so not among the group's instances.
    pub(crate) const fn is_warmed(self) -> bool {
        self.is_prepared()
            || matches!(
                self,
                Self::WarmedPending
                    | Self::WarmedPendingWait
                    | Self::WarmedPendingProceed
                    | Self::WarmedTerminating
                    | Self::WarmedTerminatingWait
                    | Self::WarmedTerminatingProceed
            )
    }

    /// In the warm pool, ready to be taken.
    pub(crate) const fn is_prepared(self) -> bool {
        matches!(self, Self::WarmedStopped | Self::WarmedRunning | Self::WarmedHibernated)
    }

    /// Whether it waits for the lifecycle actions of hooks.
    pub(crate) const fn is_waiting(self) -> bool {
        matches!(
            self,
            Self::PendingWait
                | Self::TerminatingWait
                | Self::WarmedPendingWait
                | Self::WarmedTerminatingWait
        )
    }
}

/// A lifecycle action that an instance waits for: one hook's, in its present transition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LifecycleAction {
    pub(crate) hook: SmolStr,
    pub(crate) token: SmolStr,
    pub(crate) heartbeat_secs: i64,
    /// What becomes of it when time is up: CONTINUE, or else ABANDON.
    pub(crate) default_continues: bool,
    /// The end of the present heartbeat.
    pub(crate) expires_at: Timestamp,
    /// No heartbeat leads beyond this: 48 hours, or 100 heartbeats if that is less.
    pub(crate) ends_at: Timestamp,
    pub(crate) result: Option<ActionResult>,
}

/// How a lifecycle action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ActionResult {
    Continued,
    /// By CompleteLifecycleAction.
    Abandoned,
    /// Its time was up, and the default is ABANDON.
    TimedOut,
}

/// The launch template version that an instance was launched from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplateVersion {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    /// A number: `$Latest` has been resolved.
    pub(crate) version: SmolStr,
}

impl TemplateVersion {
    pub(crate) fn render(&self) -> wire::LaunchTemplateSpecification {
        wire::LaunchTemplateSpecification {
            launch_template_id: Some(self.id.clone()),
            launch_template_name: Some(self.name.clone()),
            version: Some(self.version.clone()),
        }
    }
}

/// Why a member was found unhealthy: by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ailment {
    /// EC2 says that it does not run.
    #[default]
    Ec2State,
    /// EC2's status checks fail.
    Ec2Status,
    /// A load balancer's health check fails.
    Elb,
    /// SetInstanceHealth.
    User,
    /// EC2 recommends to rebalance this Spot instance.
    Spot,
}

/// An instance of a group or of its warm pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) instance_id: SmolStr,
    pub(crate) group: SmolStr,
    pub(crate) instance_type: SmolStr,
    pub(crate) image_id: SmolStr,
    pub(crate) zone: SmolStr,
    /// Empty for an attached instance and for one of a launch template.
    pub(crate) launch_configuration: SmolStr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) template: Option<TemplateVersion>,
    /// Units of capacity that it counts for; 1 in groups without weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<u16>,
    #[serde(default)]
    pub(crate) spot: bool,
    /// Whether it is monitored by the minute.
    #[serde(default)]
    pub(crate) detailed: bool,
    pub(crate) state: LifecycleState,
    pub(crate) healthy: bool,
    pub(crate) protected: bool,
    pub(crate) joined_at: Timestamp,
    /// Since when EC2 says it runs; registering begins then.
    pub(crate) running_since: Option<Timestamp>,
    /// Since when EC2 says it does not run although it should, or its status checks fail.
    pub(crate) down_since: Option<Timestamp>,
    /// Since when it is in service: the grace period and the warm-up count from here.
    pub(crate) in_service_since: Option<Timestamp>,
    /// What makes it unhealthy, if it is.
    #[serde(default)]
    pub(crate) ailment: Ailment,
    /// The activity that its present transition belongs to.
    pub(crate) activity: Option<SmolStr>,
    /// The lifecycle actions of its present transition; none if they have not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) actions: Option<Vec<LifecycleAction>>,
    /// Load balancers still let its connections end.
    #[serde(default)]
    pub(crate) draining: bool,
    /// EC2 has been told to terminate it.
    #[serde(default)]
    pub(crate) ended: bool,
    /// EC2 has said that it is terminated; EC2 forgets that after an hour.
    #[serde(default)]
    pub(crate) gone: bool,
    /// It comes from the warm pool, or has come from there.
    #[serde(default)]
    pub(crate) from_pool: bool,
    /// It goes back to the warm pool when its termination hooks are done.
    #[serde(default)]
    pub(crate) pool_bound: bool,
}

impl Member {
    /// A healthy instance that has just come, with nothing else known of it.
    pub(crate) fn new(instance_id: SmolStr, now: Timestamp) -> Self {
        Self {
            instance_id,
            group: SmolStr::default(),
            instance_type: SmolStr::default(),
            image_id: SmolStr::default(),
            zone: SmolStr::default(),
            launch_configuration: SmolStr::default(),
            template: None,
            weight: None,
            spot: false,
            detailed: false,
            state: LifecycleState::Pending,
            healthy: true,
            protected: false,
            joined_at: now,
            running_since: None,
            down_since: None,
            in_service_since: None,
            ailment: Ailment::default(),
            activity: None,
            actions: None,
            draining: false,
            ended: false,
            gone: false,
            from_pool: false,
            pool_bound: false,
        }
    }

    /// Units of capacity.
    pub(crate) fn units(&self) -> usize {
        self.weight.map_or(1, usize::from)
    }
}

impl Row for Member {
    const TABLE: &'static str = "autoscaling.members";
    const INDEXES: &'static [&'static str] = &["group", "token"];

    fn key(&self) -> SmolStr {
        self.instance_id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("group", self.group.clone());
        for action in self.actions.iter().flatten() {
            sink.put("token", action.token.clone());
        }
    }
}
