//! What is kept of a group's launch template and mixed instances policy.

use api::autoscaling as wire;
use kernel::from_document;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A launch template as a group names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TemplateRef {
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    /// As it was given: a number, `$Latest` or `$Default`.
    pub(crate) version: Option<SmolStr>,
}

impl TemplateRef {
    /// The version, or what AWS takes for it.
    pub(crate) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("$Default")
    }

    pub(crate) fn render(&self) -> wire::LaunchTemplateSpecification {
        wire::LaunchTemplateSpecification {
            launch_template_id: Some(self.id.clone()),
            launch_template_name: Some(self.name.clone()),
            version: Some(self.version().into()),
        }
    }
}

/// A mixed instances policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mixed {
    pub(crate) template: TemplateRef,
    pub(crate) overrides: Vec<Override>,
    pub(crate) distribution: Distribution,
}

/// One of the ways in which a mixed group launches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Override {
    pub(crate) instance_type: Option<SmolStr>,
    pub(crate) weight: Option<u16>,
    pub(crate) template: Option<TemplateRef>,
    /// `InstanceRequirements`, as a document.
    pub(crate) requirements: Option<serde_json::Value>,
    #[serde(default)]
    pub(crate) image_id: Option<SmolStr>,
}

/// How a mixed group divides its capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Distribution {
    pub(crate) on_demand_strategy: SmolStr,
    pub(crate) on_demand_base: usize,
    pub(crate) on_demand_percent: usize,
    pub(crate) spot_strategy: SmolStr,
    pub(crate) spot_pools: Option<usize>,
    pub(crate) spot_max_price: SmolStr,
}

impl Mixed {
    pub(crate) fn render(&self) -> wire::MixedInstancesPolicy {
        let distribution = &self.distribution;
        wire::MixedInstancesPolicy {
            launch_template: Some(wire::LaunchTemplate {
                launch_template_specification: Some(self.template.render()),
                overrides: Some(self.overrides.iter().map(Override::render).collect()),
            }),
            instances_distribution: Some(wire::InstancesDistribution {
                on_demand_allocation_strategy: Some(distribution.on_demand_strategy.clone()),
                on_demand_base_capacity: Some(distribution.on_demand_base as i64),
                on_demand_percentage_above_base_capacity: Some(
                    distribution.on_demand_percent as i64,
                ),
                spot_allocation_strategy: Some(distribution.spot_strategy.clone()),
                spot_instance_pools: distribution.spot_pools.map(|n| n as i64),
                spot_max_price: (!distribution.spot_max_price.is_empty())
                    .then(|| distribution.spot_max_price.clone()),
                ..Default::default()
            }),
        }
    }
}

impl Distribution {
    /// Whether it is all On-Demand or all Spot.
    pub(crate) fn is_pure(&self) -> bool {
        self.on_demand_percent == 100 || (self.on_demand_base == 0 && self.on_demand_percent == 0)
    }
}

impl Override {
    fn render(&self) -> wire::LaunchTemplateOverrides {
        wire::LaunchTemplateOverrides {
            instance_type: self.instance_type.clone(),
            weighted_capacity: self.weight.map(|w| SmolStr::from(w.to_string())),
            launch_template_specification: self.template.as_ref().map(TemplateRef::render),
            instance_requirements: self.requirements.as_ref().map(from_document),
            image_id: self.image_id.clone(),
        }
    }
}
