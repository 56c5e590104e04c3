//! Launch templates, as EC2 keeps them.

use super::TemplateRef;
use crate::errors;
use crate::members::TemplateVersion;
use api::autoscaling as wire;
use api::ec2;
use kernel::{ApiError, Caller, Tx};
use smol_str::SmolStr;

/// A launch from one version of a template, with what a group puts over it.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) version: TemplateVersion,
    pub(super) instance_type: Option<SmolStr>,
    pub(super) image_id: Option<SmolStr>,
    /// The highest price, empty for the on-demand price; none for an on-demand launch.
    pub(super) spot: Option<SmolStr>,
    /// The template's first network interface, if it has any: the subnet goes there.
    pub(super) interface: Option<ec2::InstanceNetworkInterfaceSpecification>,
}

impl Base {
    pub(super) fn request(&self, subnet: &str, zone: &str) -> ec2::RunInstancesRequest {
        let subnet_id = (!subnet.is_empty()).then(|| SmolStr::from(subnet));
        let mut request = ec2::RunInstancesRequest {
            launch_template: Some(ec2::LaunchTemplateSpecification {
                launch_template_id: Some(self.version.id.clone()),
                version: Some(self.version.version.clone()),
                ..Default::default()
            }),
            instance_type: self.instance_type.clone(),
            image_id: self.image_id.clone(),
            placement: Some(ec2::Placement {
                availability_zone: Some(zone.into()),
                ..Default::default()
            }),
            instance_market_options: self.spot.as_ref().map(|price| {
                ec2::InstanceMarketOptionsRequest {
                    market_type: Some(SmolStr::new_static("spot")),
                    spot_options: Some(ec2::SpotMarketOptions {
                        max_price: (!price.is_empty()).then(|| price.clone()),
                        ..Default::default()
                    }),
                }
            }),
            ..Default::default()
        };
        match &self.interface {
            None => request.subnet_id = subnet_id,
            Some(interface) => {
                let mut interface = interface.clone();
                interface.subnet_id = subnet_id.or(interface.subnet_id);
                request.network_interfaces = Some(vec![interface]);
            }
        }
        request
    }
}

/// The template that a request names. It must be there.
pub(crate) fn named(
    tx: &mut Tx,
    caller: &Caller,
    given: &wire::LaunchTemplateSpecification,
) -> Result<TemplateRef, ApiError> {
    let (id, name) = (given.launch_template_id.clone(), given.launch_template_name.clone());
    if id.is_none() == name.is_none() {
        return Err(errors::validation(match id {
            None => "Valid requests must contain either launchTemplateId or LaunchTemplateName",
            Some(_) => {
                "Valid requests must contain only one of launchTemplateId or launchTemplateName"
            }
        }));
    }
    let mut wanted = TemplateRef {
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        version: given.version.clone(),
    };
    let found = describe(tx, caller, &wanted)?;
    wanted.id = found.launch_template_id.unwrap_or_default();
    wanted.name = found.launch_template_name.unwrap_or_default();
    Ok(wanted)
}

/// EC2's refusals, as Auto Scaling tells them.
fn refused(error: &ApiError) -> ApiError {
    errors::validation(format!(
        "You must use a valid fully-formed launch template. {}",
        error.message
    ))
}

fn describe(
    tx: &mut Tx,
    caller: &Caller,
    template: &TemplateRef,
) -> Result<ec2::LaunchTemplateVersion, ApiError> {
    let by_id = !template.id.is_empty();
    let request = ec2::DescribeLaunchTemplateVersionsRequest {
        launch_template_id: by_id.then(|| template.id.clone()),
        launch_template_name: (!by_id).then(|| template.name.clone()),
        versions: Some(vec![template.version().into()]),
        ..Default::default()
    };
    let caller = caller.via("autoscaling");
    let found = tx.call::<ec2::ops::DescribeLaunchTemplateVersions>(&caller, request);
    let found = found.map_err(|error| errors::validation(error.message))?;
    let versions = found.launch_template_versions.unwrap_or_default();
    versions.into_iter().next().ok_or_else(|| {
        errors::validation(format!(
            "Could not find the specified version {} for the launch template with ID {}.",
            template.version(),
            template.id
        ))
    })
}

/// A template's version as it is now, ready to be launched from, and what it gives to instances.
pub(crate) fn resolve(
    tx: &mut Tx,
    caller: &Caller,
    template: &TemplateRef,
) -> Result<Resolved, ApiError> {
    let found = describe(tx, caller, template)?;
    let data = found.launch_template_data.unwrap_or_default();
    let interface = data.network_interfaces.and_then(|list| list.into_iter().next());
    let tags = data.tag_specifications.unwrap_or_default();
    let tags = tags.into_iter().filter(|t| t.resource_type.as_deref() == Some("instance"));
    Ok(Resolved {
        version: TemplateVersion {
            id: found.launch_template_id.unwrap_or_default(),
            name: found.launch_template_name.unwrap_or_default(),
            version: found.version_number.unwrap_or(1).to_string().into(),
        },
        instance_type: data.instance_type,
        image_id: data.image_id,
        is_spot: data
            .instance_market_options
            .is_some_and(|m| m.market_type.as_deref() == Some("spot")),
        tags: tags.filter_map(|t| t.tags).flatten().collect(),
        interface: interface.map(launchable),
    })
}

/// What a template's version says.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) version: TemplateVersion,
    pub(crate) instance_type: Option<SmolStr>,
    pub(crate) image_id: Option<SmolStr>,
    pub(super) is_spot: bool,
    pub(super) tags: Vec<ec2::Tag>,
    pub(super) interface: Option<ec2::InstanceNetworkInterfaceSpecification>,
}

fn launchable(
    shown: ec2::LaunchTemplateInstanceNetworkInterfaceSpecification,
) -> ec2::InstanceNetworkInterfaceSpecification {
    ec2::InstanceNetworkInterfaceSpecification {
        associate_public_ip_address: shown.associate_public_ip_address,
        delete_on_termination: shown.delete_on_termination,
        description: shown.description,
        device_index: shown.device_index,
        groups: shown.groups,
        interface_type: shown.interface_type,
        ipv6_address_count: shown.ipv6_address_count,
        network_card_index: shown.network_card_index,
        secondary_private_ip_address_count: shown.secondary_private_ip_address_count,
        subnet_id: shown.subnet_id,
        ..Default::default()
    }
}

/// Templates are checked when a group names them: a launch is tried and not carried out. What only
/// the group knows (its subnets) is left out.
pub(crate) fn check_template(
    tx: &mut Tx,
    caller: &Caller,
    template: &TemplateRef,
) -> Result<Resolved, ApiError> {
    let resolved = resolve(tx, caller, template)?;
    if let Some(image) = &resolved.image_id {
        let request = ec2::DescribeImagesRequest {
            image_ids: Some(vec![image.clone()]),
            ..Default::default()
        };
        let found = tx.call::<ec2::ops::DescribeImages>(&caller.via("autoscaling"), request);
        found.map_err(|error| refused(&error))?;
    }
    if let Some(kind) =
        resolved.instance_type.as_ref().filter(|t| catalogue::instance_type(t).is_none())
    {
        return Err(refused(&ApiError::new(
            "",
            format!("Invalid value '{kind}' for InstanceType."),
        )));
    }
    Ok(resolved)
}
