//! Settings of a group that have calls of their own: lifecycle hooks, notifications, metrics.

use crate::autoscaling::lifecycle_hook;
use crate::{Context, Properties};
use api::autoscaling::{
    DeleteNotificationConfigurationType, DisableMetricsCollectionQuery,
    EnableMetricsCollectionQuery, PutNotificationConfigurationType, ops,
};
use kernel::ApiError;
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Metrics to collect, by the property `MetricsCollection`.
pub(super) fn enable_metrics(
    cx: &mut Context<'_>,
    group: &SmolStr,
    p: &Properties,
) -> Result<(), ApiError> {
    for collection in p.structures("MetricsCollection") {
        cx.call::<ops::EnableMetricsCollection>(EnableMetricsCollectionQuery {
            auto_scaling_group_name: group.clone(),
            ..collection.input::<ops::EnableMetricsCollection>()
        })?;
    }
    Ok(())
}

pub(super) fn update_metrics(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    if old.same(new, "MetricsCollection") {
        return Ok(());
    }
    cx.call::<ops::DisableMetricsCollection>(DisableMetricsCollectionQuery {
        auto_scaling_group_name: group.clone(),
        metrics: None,
    })?;
    enable_metrics(cx, group, new)
}

/// What each topic is told, by `NotificationConfigurations` and its older form for one.
fn notifications(p: &Properties) -> BTreeMap<SmolStr, Vec<SmolStr>> {
    let mut told: BTreeMap<SmolStr, Vec<SmolStr>> = BTreeMap::new();
    let one = p.structure("NotificationConfiguration");
    for configuration in one.into_iter().chain(p.structures("NotificationConfigurations")) {
        let types = configuration.texts("NotificationTypes").unwrap_or_default();
        for topic in configuration.texts("TopicARN").unwrap_or_default() {
            told.entry(topic).or_default().extend(types.iter().cloned());
        }
    }
    told
}

pub(super) fn update_notifications(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let (before, after) = (notifications(old), notifications(new));
    for topic_arn in before.keys().filter(|topic| !after.contains_key(*topic)) {
        cx.call::<ops::DeleteNotificationConfiguration>(DeleteNotificationConfigurationType {
            auto_scaling_group_name: group.clone(),
            topic_arn: topic_arn.clone(),
        })?;
    }
    for (topic_arn, notification_types) in after {
        if before.get(&topic_arn) != Some(&notification_types) {
            cx.call::<ops::PutNotificationConfiguration>(PutNotificationConfigurationType {
                auto_scaling_group_name: group.clone(),
                topic_arn,
                notification_types,
            })?;
        }
    }
    Ok(())
}

/// The hooks of `LifecycleHookSpecificationList`, by their names.
fn hooks(p: &Properties) -> BTreeMap<SmolStr, Properties> {
    let hooks = p.structures("LifecycleHookSpecificationList").into_iter();
    hooks.map(|hook| (hook.text_or_empty("LifecycleHookName"), hook)).collect()
}

pub(super) fn update_hooks(
    cx: &mut Context<'_>,
    group: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let (before, after) = (hooks(old), hooks(new));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        lifecycle_hook::delete(cx, group, name)?;
    }
    for (name, hook) in &after {
        match before.get(name) {
            Some(old) if old == hook => {}
            old => {
                let old = old.cloned().unwrap_or_default();
                lifecycle_hook::put(cx, group, name, &old, hook)?;
            }
        }
    }
    Ok(())
}
