//! `AWS::ElasticLoadBalancing::LoadBalancer`
//!
//! One resource for what the service has many calls for. Its policies are left out: a template
//! that has some is refused with an error that names them.

use crate::properties::without;
use crate::{Context, Deletion, Properties, Provider, TagChanges};
use api::elb::{
    self, AccessLog, ConnectionDraining, ConnectionSettings, CrossZoneLoadBalancing, HealthCheck,
    Instance, Listener, LoadBalancerAttributes, Tag, TagKeyOnly, ops,
};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// The type.
pub(crate) struct LoadBalancer;

fn listeners(p: &Properties) -> Vec<Listener> {
    let one = |l: &Properties| Listener {
        protocol: l.text_or_empty("Protocol"),
        load_balancer_port: l.integer("LoadBalancerPort").unwrap_or_default(),
        instance_protocol: l.text("InstanceProtocol"),
        instance_port: l.integer("InstancePort").unwrap_or_default(),
        ssl_certificate_id: l.text("SSLCertificateId"),
    };
    p.structures("Listeners").iter().map(one).collect()
}

fn attributes(p: &Properties) -> LoadBalancerAttributes {
    LoadBalancerAttributes {
        cross_zone_load_balancing: p
            .boolean("CrossZone")
            .map(|enabled| CrossZoneLoadBalancing { enabled }),
        access_log: p.structure("AccessLoggingPolicy").map(|log| AccessLog {
            enabled: log.boolean("Enabled").unwrap_or(false),
            s3_bucket_name: log.text("S3BucketName"),
            emit_interval: log.integer("EmitInterval"),
            s3_bucket_prefix: log.text("S3BucketPrefix"),
        }),
        connection_draining: p.structure("ConnectionDrainingPolicy").map(|draining| {
            ConnectionDraining {
                enabled: draining.boolean("Enabled").unwrap_or(false),
                timeout: draining.integer("Timeout"),
            }
        }),
        connection_settings: p.structure("ConnectionSettings").map(|settings| {
            ConnectionSettings { idle_timeout: settings.integer("IdleTimeout").unwrap_or(60) }
        }),
        additional_attributes: None,
    }
}

fn tag((key, value): (SmolStr, SmolStr)) -> Tag {
    Tag { key, value: Some(value) }
}

fn instances(p: &Properties) -> Vec<SmolStr> {
    p.texts("Instances").unwrap_or_default()
}

fn wire(ids: Vec<SmolStr>) -> Vec<Instance> {
    ids.into_iter().map(|id| Instance { instance_id: Some(id) }).collect()
}

fn unsupported(p: &Properties) -> Result<(), ApiError> {
    let given = ["Policies", "AppCookieStickinessPolicy", "LBCookieStickinessPolicy"];
    match given.into_iter().find(|name| !p.structures(name).is_empty()) {
        Some(name) => Err(ApiError::not_implemented(format_args!(
            "{name} of AWS::ElasticLoadBalancing::LoadBalancer"
        ))),
        None => Ok(()),
    }
}

/// Attributes and health check, which have calls of their own.
fn configure(cx: &mut Context<'_>, name: &SmolStr, p: &Properties) -> Result<(), ApiError> {
    let attributes = attributes(p);
    if attributes != LoadBalancerAttributes::default() {
        cx.call::<ops::ModifyLoadBalancerAttributes>(elb::ModifyLoadBalancerAttributesInput {
            load_balancer_name: name.clone(),
            load_balancer_attributes: attributes,
        })?;
    }
    if let Some(check) = p.structure("HealthCheck") {
        let number = |name: &str| check.integer(name).unwrap_or_default();
        cx.call::<ops::ConfigureHealthCheck>(elb::ConfigureHealthCheckInput {
            load_balancer_name: name.clone(),
            health_check: HealthCheck {
                target: check.text_or_empty("Target"),
                interval: number("Interval"),
                timeout: number("Timeout"),
                unhealthy_threshold: number("UnhealthyThreshold"),
                healthy_threshold: number("HealthyThreshold"),
            },
        })?;
    }
    Ok(())
}

fn register(cx: &mut Context<'_>, name: &SmolStr, ids: Vec<SmolStr>) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let input = elb::RegisterEndPointsInput {
        load_balancer_name: name.clone(),
        instances: wire(ids),
    };
    cx.call::<ops::RegisterInstancesWithLoadBalancer>(input).map(|_| ())
}

fn deregister(cx: &mut Context<'_>, name: &SmolStr, ids: Vec<SmolStr>) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let input = elb::DeregisterEndPointsInput {
        load_balancer_name: name.clone(),
        instances: wire(ids),
    };
    cx.call::<ops::DeregisterInstancesFromLoadBalancer>(input).map(|_| ())
}

/// Takes listeners away before it adds others: a port has one.
fn change_listeners(
    cx: &mut Context<'_>,
    name: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let (before, after) = (listeners(old), listeners(new));
    let gone = without(&before, &after);
    let more = without(&after, &before);
    if !gone.is_empty() {
        let ports = gone.iter().map(|listener| listener.load_balancer_port).collect();
        cx.call::<ops::DeleteLoadBalancerListeners>(elb::DeleteLoadBalancerListenerInput {
            load_balancer_name: name.clone(),
            load_balancer_ports: ports,
        })?;
    }
    if !more.is_empty() {
        cx.call::<ops::CreateLoadBalancerListeners>(elb::CreateLoadBalancerListenerInput {
            load_balancer_name: name.clone(),
            listeners: more,
        })?;
    }
    Ok(())
}

/// Adds subnets before it takes others away: one must stay.
fn change_subnets(
    cx: &mut Context<'_>,
    name: &SmolStr,
    old: &Properties,
    new: &Properties,
) -> Result<(), ApiError> {
    let list = |p: &Properties| p.texts("Subnets").unwrap_or_default();
    let (before, after) = (list(old), list(new));
    let (gone, more) = (without(&before, &after), without(&after, &before));
    if !more.is_empty() {
        cx.call::<ops::AttachLoadBalancerToSubnets>(elb::AttachLoadBalancerToSubnetsInput {
            load_balancer_name: name.clone(),
            subnets: more,
        })?;
    }
    if !gone.is_empty() {
        cx.call::<ops::DetachLoadBalancerFromSubnets>(elb::DetachLoadBalancerFromSubnetsInput {
            load_balancer_name: name.clone(),
            subnets: gone,
        })?;
    }
    Ok(())
}

impl Provider for LoadBalancer {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancing::LoadBalancer"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        unsupported(p)?;
        let name = match p.text("LoadBalancerName") {
            Some(name) => name,
            None => cx.physical_name(32),
        };
        let tags = cx.tags(p).into_iter().map(tag).collect();
        cx.call::<ops::CreateLoadBalancer>(elb::CreateAccessPointInput {
            load_balancer_name: name.clone(),
            listeners: listeners(p),
            availability_zones: p.texts("AvailabilityZones"),
            subnets: p.texts("Subnets"),
            security_groups: p.texts("SecurityGroups"),
            scheme: p.text("Scheme"),
            tags: Some(tags),
        })?;
        configure(cx, &name, p)?;
        register(cx, &name, instances(p))?;
        Ok(name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        unsupported(new)?;
        let name = SmolStr::new(id);
        change_listeners(cx, &name, old, new)?;
        change_subnets(cx, &name, old, new)?;
        if !old.same(new, "SecurityGroups") {
            let input = elb::ApplySecurityGroupsToLoadBalancerInput {
                load_balancer_name: name.clone(),
                security_groups: new.texts("SecurityGroups").unwrap_or_default(),
            };
            cx.call::<ops::ApplySecurityGroupsToLoadBalancer>(input)?;
        }
        configure(cx, &name, new)?;
        deregister(cx, &name, without(&instances(old), &instances(new)))?;
        register(cx, &name, without(&instances(new), &instances(old)))?;
        let TagChanges { wanted, gone } = cx.tag_changes(old, new);
        let tags = wanted.into_iter().map(tag).collect();
        let gone: Vec<_> = gone.into_iter().map(|key| TagKeyOnly { key: Some(key) }).collect();
        let load_balancer_names = vec![name];
        if !gone.is_empty() {
            cx.call::<ops::RemoveTags>(elb::RemoveTagsInput {
                load_balancer_names: load_balancer_names.clone(),
                tags: gone,
            })?;
        }
        cx.call::<ops::AddTags>(elb::AddTagsInput { load_balancer_names, tags })?;
        Ok(())
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
    ) -> Result<Deletion, ApiError> {
        let input = elb::DeleteAccessPointInput { load_balancer_name: id.into() };
        cx.call::<ops::DeleteLoadBalancer>(input)?;
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let found = cx.call::<ops::DescribeLoadBalancers>(elb::DescribeAccessPointsInput {
            load_balancer_names: Some(vec![id.into()]),
            ..Default::default()
        })?;
        let row = found.load_balancer_descriptions.and_then(|mut all| all.pop());
        let row = row.unwrap_or_default();
        let source = row.source_security_group.unwrap_or_default();
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "DNSName" => text(row.dns_name),
            "CanonicalHostedZoneName" => text(row.canonical_hosted_zone_name),
            "CanonicalHostedZoneNameID" => text(row.canonical_hosted_zone_name_id),
            "SourceSecurityGroup.GroupName" => text(source.group_name),
            "SourceSecurityGroup.OwnerAlias" => text(source.owner_alias),
            _ => None,
        })
    }
}
