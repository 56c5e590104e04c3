//! `AWS::AutoScaling::LaunchConfiguration`: every change replaces it.

use crate::{Context, Deletion, Properties, Provider};
use api::autoscaling::{
    CreateLaunchConfigurationType, InstanceMonitoring, LaunchConfigurationNameType, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;

/// The type.
pub(crate) struct LaunchConfiguration;

impl Provider for LaunchConfiguration {
    fn type_name(&self) -> &'static str {
        "AWS::AutoScaling::LaunchConfiguration"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let name = match p.text("LaunchConfigurationName") {
            Some(name) => name,
            None => cx.physical_name(255),
        };
        cx.call::<ops::CreateLaunchConfiguration>(CreateLaunchConfigurationType {
            launch_configuration_name: name.clone(),
            ramdisk_id: p.text("RamDiskId"),
            instance_monitoring: p
                .boolean("InstanceMonitoring")
                .map(|enabled| InstanceMonitoring { enabled: Some(enabled) }),
            ..p.input::<ops::CreateLaunchConfiguration>()
        })?;
        Ok(name)
    }

    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = LaunchConfigurationNameType { launch_configuration_name: id.into() };
        cx.call::<ops::DeleteLaunchConfiguration>(input)?;
        Ok(Deletion::Done)
    }
}
