//! Load balancers and target groups that stand before a group: its traffic sources.
//!
//! "Use Elastic Load Balancing to distribute traffic across the instances in your Auto Scaling
//! group", and the states as the API reference tells them under DescribeLoadBalancerTargetGroups.
//! An instance is registered before it is in service, and leaves service only when what stands
//! before the group has let go of it. VPC Lattice is not modelled.

mod describe;
mod operations;
mod traffic;

pub(crate) use operations::given;
pub(crate) use traffic::{Traffic, advance, check, deregister, register};

use crate::groups::Group;
use api::autoscaling as wire;
use kernel::resource;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

resource! { autoscaling:
    operations {
        write AttachLoadBalancers => operations::attach_load_balancers,
        write AttachLoadBalancerTargetGroups => operations::attach_load_balancer_target_groups,
        write AttachTrafficSources => operations::attach_traffic_sources,
        write DetachLoadBalancers => operations::detach_load_balancers,
        write DetachLoadBalancerTargetGroups => operations::detach_load_balancer_target_groups,
        write DetachTrafficSources => operations::detach_traffic_sources,
        read DescribeLoadBalancers => describe::describe_load_balancers,
        read DescribeLoadBalancerTargetGroups => describe::describe_load_balancer_target_groups,
        read DescribeTrafficSources => describe::describe_traffic_sources,
    }
}

/// What kind of thing stands before a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A Classic Load Balancer, by its name.
    Classic,
    /// A target group, by its ARN.
    TargetGroup,
}

impl Kind {
    /// The type of a traffic source.
    const fn name(self) -> &'static str {
        match self {
            Self::Classic => "elb",
            Self::TargetGroup => "elbv2",
        }
    }
}

/// How far it has been attached. A removed one is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// The group's instances are being registered.
    Adding,
    /// They all are.
    Added,
    /// Its word on the health of instances counts.
    InService,
    /// The group's instances are being deregistered.
    Removing,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Adding => "Adding",
            Self::Added => "Added",
            Self::InService => "InService",
            Self::Removing => "Removing",
        }
    }
}

/// One thing that stands before a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) kind: Kind,
    pub(crate) id: SmolStr,
    /// It was attached as a traffic source: the older operations do not know of it.
    #[serde(default)]
    pub(crate) as_source: bool,
    pub(crate) state: State,
}

impl Attachment {
    fn is(&self, kind: Kind, id: &str) -> bool {
        self.kind == kind && self.id == id
    }

    fn source(&self) -> wire::TrafficSourceIdentifier {
        wire::TrafficSourceIdentifier {
            identifier: self.id.clone(),
            r#type: Some(SmolStr::new_static(self.kind.name())),
        }
    }
}

/// What the older operations show of one kind.
pub(crate) fn named(group: &Group, kind: Kind) -> Vec<SmolStr> {
    let shown = group.attachments.iter().filter(|a| a.kind == kind && !a.as_source);
    shown.map(|a| a.id.clone()).collect()
}

/// All of it, as traffic sources.
pub(crate) fn sources(group: &Group) -> Vec<wire::TrafficSourceIdentifier> {
    group.attachments.iter().map(Attachment::source).collect()
}

/// ARNs of the target groups before a group.
pub(crate) fn target_groups(group: &Group) -> Vec<SmolStr> {
    let all = group.attachments.iter().filter(|a| a.kind == Kind::TargetGroup);
    all.map(|a| a.id.clone()).collect()
}
