//! What a group launches from: a launch configuration, a launch template, or a mixed instances
//! policy. "Launch templates" and "Auto Scaling groups with multiple instance types and purchase
//! options" in the user guide.

mod mixed;
mod row;
mod templates;

pub(crate) use mixed::{allocation_ranks, offers};
pub(crate) use row::{Mixed, TemplateRef};
pub(crate) use templates::check_template;

use crate::errors;
use crate::groups::Group;
use crate::launch_configurations::LaunchConfiguration;
use crate::members::{Member, TemplateVersion};
use api::autoscaling as wire;
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// What a group launches from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Source {
    Configuration(SmolStr),
    Template(TemplateRef),
    Mixed(Box<Mixed>),
}

/// How instances can be launched: one type of them, in one way.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// Its name; empty for a template's.
    pub(crate) configuration: SmolStr,
    pub(crate) template: Option<TemplateVersion>,
    /// None in groups without weights.
    pub(crate) weight: Option<u16>,
    /// Units of capacity of one instance.
    pub(crate) units: usize,
    pub(crate) spot: bool,
    /// Tags that the template gives to instances.
    pub(crate) instance_tags: Vec<ec2::Tag>,
    base: Base,
}

#[derive(Clone, Debug)]
enum Base {
    Configuration(Arc<LaunchConfiguration>),
    Template(Box<templates::Base>),
}

impl Offer {
    /// The launch in a subnet (or a zone of the default VPC).
    pub(crate) fn request(&self, subnet: &str, zone: &str) -> ec2::RunInstancesRequest {
        match &self.base {
            Base::Configuration(configuration) => configuration.request(subnet, zone),
            Base::Template(base) => base.request(subnet, zone),
        }
    }
}

/// Units that are to be launched in the same way, and the ways in the order of preference.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) units: usize,
    pub(crate) offers: Vec<Offer>,
}

/// A launch configuration's only offer.
fn of_configuration(configuration: Arc<LaunchConfiguration>) -> Offer {
    Offer {
        configuration: configuration.name.clone(),
        template: None,
        weight: None,
        units: 1,
        spot: configuration.spot_price.is_some(),
        instance_tags: Vec::new(),
        base: Base::Configuration(configuration),
    }
}

/// The parts of a request that say what to launch from.
#[derive(Debug, Default)]
pub(crate) struct Given<'a> {
    pub(crate) configuration: Option<&'a SmolStr>,
    pub(crate) template: Option<&'a wire::LaunchTemplateSpecification>,
    pub(crate) mixed: Option<&'a wire::MixedInstancesPolicy>,
    pub(crate) instance_id: Option<&'a SmolStr>,
}

/// The source that a request names, checked; none if it names none. Templates are checked at
/// once, as a launch would; configurations only for being there.
pub(crate) fn given(
    tx: &mut Tx,
    caller: &Caller,
    given: &Given<'_>,
) -> Result<Option<Source>, ApiError> {
    match (given.configuration, given.template, given.mixed) {
        (None, None, None) => Ok(None),
        (Some(name), None, None) if given.instance_id.is_none() => {
            if !tx.contains::<LaunchConfiguration>(name) {
                return Err(errors::launch_configuration_not_found(name));
            }
            Ok(Some(Source::Configuration(name.clone())))
        }
        (None, Some(template), None) if given.instance_id.is_none() => {
            let template = templates::named(tx, caller, template)?;
            check_template(tx, caller, &template)?;
            Ok(Some(Source::Template(template)))
        }
        (None, None, Some(policy)) if given.instance_id.is_none() => {
            let mixed = mixed::from_wire(tx, caller, policy)?;
            Ok(Some(Source::Mixed(Box::new(mixed))))
        }
        _ => Err(errors::no_launch_source()),
    }
}

impl Source {
    /// What a group launches from.
    pub(crate) fn of(group: &Group) -> Self {
        match (&group.template, &group.mixed) {
            (Some(template), _) => Self::Template(template.clone()),
            (None, Some(mixed)) => Self::Mixed(mixed.clone()),
            (None, None) => Self::Configuration(group.launch_configuration.clone()),
        }
    }

    /// Makes this the group's source.
    pub(crate) fn apply(self, group: &mut Group) {
        group.launch_configuration = SmolStr::default();
        group.template = None;
        group.mixed = None;
        match self {
            Self::Configuration(name) => group.launch_configuration = name,
            Self::Template(template) => group.template = Some(template),
            Self::Mixed(mixed) => group.mixed = Some(mixed),
        }
    }
}

/// What instances of a source look like now: `$Latest` and `$Default` have been resolved.
/// "Use an instance refresh with skip matching".
pub(crate) struct Matching {
    versions: Vec<TemplateVersion>,
    /// Empty if any will do.
    types: Vec<SmolStr>,
}

impl Matching {
    /// Launch configurations cannot be matched.
    pub(crate) fn of(tx: &mut Tx, caller: &Caller, source: &Source) -> Result<Self, ApiError> {
        let (template, overrides) = match source {
            Source::Template(template) => (template, &[][..]),
            Source::Mixed(mixed) => (&mixed.template, &*mixed.overrides),
            Source::Configuration(_) => {
                return Err(errors::validation(
                    "Skip matching needs a launch template, on the Auto Scaling group or in the \
                     desired configuration.",
                ));
            }
        };
        let mut versions = vec![templates::resolve(tx, caller, template)?.version];
        for template in overrides.iter().filter_map(|over| over.template.as_ref()) {
            versions.push(templates::resolve(tx, caller, template)?.version);
        }
        let types = overrides.iter().filter_map(|over| over.instance_type.clone());
        Ok(Self { versions, types: types.collect() })
    }

    pub(crate) fn matches(&self, member: &Member) -> bool {
        let same = |used: &TemplateVersion| {
            self.versions.iter().any(|v| v.id == used.id && v.version == used.version)
        };
        member.template.as_ref().is_some_and(same)
            && (self.types.is_empty() || self.types.contains(&member.instance_type))
    }
}

/// Whether an instance comes from what its group launches from now.
pub(crate) fn is_current(group: &Group, member: &Member) -> bool {
    match (&group.template, &group.mixed) {
        (None, None) => member.launch_configuration == group.launch_configuration,
        (Some(template), _) => is_of(member, template),
        (None, Some(mixed)) => is_of(member, &mixed.template),
    }
}

fn is_of(member: &Member, template: &TemplateRef) -> bool {
    let Some(used) = &member.template else { return false };
    used.id == template.id
        && match template.version() {
            "$Latest" | "$Default" => true,
            version => used.version == version,
        }
}
