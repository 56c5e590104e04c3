//! Classic Load Balancers: creating, describing, deleting.

use super::listeners::{Listener, checked_listeners};
use super::network::{self, Subnet};
use super::policies::Policy;
use super::registrations::{self, Registration};
use super::settings::{Attributes, HealthCheck};
use super::{errors, tags};
use api::elb::{
    AppCookieStickinessPolicy, BackendServerDescription, CreateAccessPointInput,
    CreateAccessPointOutput, DeleteAccessPointInput, DeleteAccessPointOutput,
    DescribeAccessPointsInput, DescribeAccessPointsOutput, Instance, LBCookieStickinessPolicy,
    LoadBalancerDescription, Policies, SourceSecurityGroup,
};
use kernel::{
    ApiError, Caller, IndexSink, Row, Snapshot, Tags, Timestamp, Tx, dns_suffix, paginate,
    resource,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;
use std::sync::Arc;

/// AWS's default quotas.
const MAX_LOAD_BALANCERS: usize = 20;
const PAGE: usize = 400;

resource! { elb:
    operations {
        write CreateLoadBalancer => create_load_balancer,
        read DescribeLoadBalancers => describe_load_balancers,
        write DeleteLoadBalancer => delete_load_balancer,
    }
    tables { LoadBalancer }
}

/// A load balancer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LoadBalancer {
    pub(super) name: SmolStr,
    pub(super) internal: bool,
    pub(super) vpc: SmolStr,
    pub(super) subnets: Vec<Subnet>,
    pub(super) groups: Vec<SmolStr>,
    pub(super) listeners: Vec<Listener>,
    pub(super) check: HealthCheck,
    pub(super) attributes: Attributes,
    pub(super) policies: BTreeMap<SmolStr, Policy>,
    /// Policies of instances' ports.
    pub(super) backends: BTreeMap<i64, Vec<SmolStr>>,
    pub(super) dns_name: SmolStr,
    pub(super) created_at: Timestamp,
    pub(super) tags: Tags,
}

impl Row for LoadBalancer {
    const TABLE: &'static str = "elb.load-balancers";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.name.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl LoadBalancer {
    /// The load balancer of this name, or AWS's error.
    pub(super) fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(name).ok_or_else(|| errors::not_found(name))
    }

    fn render(&self, snapshot: &Snapshot, caller: &Caller) -> LoadBalancerDescription {
        let mut instances: Vec<&Arc<Registration>> =
            snapshot.rows_by::<Registration>("balancer", &self.name).collect();
        instances.sort_by_key(|row| (row.registered_at, row.instance.clone()));
        let instance =
            |row: &&Arc<Registration>| Instance { instance_id: Some(row.instance.clone()) };
        let backend = |(port, names): (&i64, &Vec<SmolStr>)| BackendServerDescription {
            instance_port: Some(*port),
            policy_names: Some(names.clone()),
        };
        let zones = catalogue::hosted_zones(&caller.region);
        let source = self.groups.first().map(|id| SourceSecurityGroup {
            owner_alias: Some(caller.account.clone()),
            group_name: network::group_name(snapshot, caller, id),
        });
        LoadBalancerDescription {
            load_balancer_name: Some(self.name.clone()),
            dns_name: Some(self.dns_name.clone()),
            canonical_hosted_zone_name: (!self.internal).then(|| self.dns_name.clone()),
            canonical_hosted_zone_name_id: zones.map(|zones| SmolStr::new_static(zones.application)),
            listener_descriptions: Some(self.listeners.iter().map(Listener::render).collect()),
            policies: Some(self.render_policies()),
            backend_server_descriptions: Some(self.backends.iter().map(backend).collect()),
            availability_zones: Some(self.zones()),
            subnets: Some(self.subnets.iter().map(|subnet| subnet.id.clone()).collect()),
            vpc_id: Some(self.vpc.clone()),
            instances: Some(instances.iter().map(instance).collect()),
            health_check: Some(self.check.render()),
            source_security_group: source,
            security_groups: Some(self.groups.clone()),
            created_time: Some(self.created_at),
            scheme: Some(scheme(self.internal)),
        }
    }

    pub(super) fn zones(&self) -> Vec<SmolStr> {
        self.subnets.iter().map(|subnet| subnet.zone.clone()).collect()
    }

    fn render_policies(&self) -> Policies {
        let (mut app, mut lb, mut other) = (Vec::new(), Vec::new(), Vec::new());
        for (name, policy) in &self.policies {
            match &*policy.kind {
                "AppCookieStickinessPolicyType" => app.push(AppCookieStickinessPolicy {
                    policy_name: Some(name.clone()),
                    cookie_name: policy.value("CookieName").cloned(),
                }),
                "LBCookieStickinessPolicyType" => lb.push(LBCookieStickinessPolicy {
                    policy_name: Some(name.clone()),
                    cookie_expiration_period: policy
                        .value("CookieExpirationPeriod")
                        .and_then(|secs| secs.parse().ok()),
                }),
                _ => other.push(name.clone()),
            }
        }
        Policies {
            app_cookie_stickiness_policies: Some(app),
            lb_cookie_stickiness_policies: Some(lb),
            other_policies: Some(other),
        }
    }
}

fn scheme(internal: bool) -> SmolStr {
    SmolStr::new_static(if internal { "internal" } else { "internet-facing" })
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    if name.is_empty() || !name.bytes().all(usual) {
        return Err(errors::validation(
            "LoadBalancer name cannot contain characters that are not letters, or digits or the \
             dash.",
        ));
    }
    if name.len() > 32 {
        return Err(errors::validation("LoadBalancer name cannot be longer than 32 characters"));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err(errors::validation("LoadBalancer name cannot begin or end with a dash."));
    }
    Ok(())
}

/// The subnets that a request names, or the default ones of the zones it names.
fn subnets(
    tx: &Snapshot,
    caller: &Caller,
    input: &CreateAccessPointInput,
) -> Result<Vec<Subnet>, ApiError> {
    let ids = input.subnets.as_deref().unwrap_or_default();
    let zones = input.availability_zones.as_deref().unwrap_or_default();
    let subnets = match (ids.is_empty(), zones.is_empty()) {
        (true, true) => {
            return Err(errors::validation("Either AvailabilityZones or SubnetIds must be specified"));
        }
        (false, false) => {
            return Err(errors::validation(
                "Only one of SubnetIds or AvailabilityZones may be specified",
            ));
        }
        (false, true) => network::subnets(tx, caller, ids)?,
        (true, false) => zones
            .iter()
            .map(|zone| network::default_subnet(tx, caller, zone))
            .collect::<Result<_, _>>()?,
    };
    check_subnets(&subnets)?;
    Ok(subnets)
}

/// One subnet for each zone, all of one VPC.
pub(super) fn check_subnets(subnets: &[Subnet]) -> Result<(), ApiError> {
    for (at, subnet) in subnets.iter().enumerate() {
        if subnet.vpc != subnets[0].vpc {
            return Err(errors::invalid_configuration("All subnets must belong to the same VPC"));
        }
        if subnets[..at].iter().any(|other| other.zone == subnet.zone) {
            return Err(errors::invalid_configuration(
                "ELB cannot be attached to multiple subnets in the same AZ.",
            ));
        }
    }
    Ok(())
}

/// Creating it again with the same settings finds it.
fn create_load_balancer(
    tx: &mut Tx,
    caller: &Caller,
    input: CreateAccessPointInput,
) -> Result<CreateAccessPointOutput, ApiError> {
    check_name(&input.load_balancer_name)?;
    let internal = match input.scheme.as_deref() {
        None | Some("internet-facing") => false,
        Some("internal") => true,
        Some(_) => return Err(errors::invalid_scheme()),
    };
    let listeners = checked_listeners(&[], &input.listeners)?;
    let Some(first) = listeners.first() else {
        return Err(errors::validation("Listeners cannot be empty"));
    };
    let subnets = subnets(tx, caller, &input)?;
    let vpc = subnets[0].vpc.clone();
    let groups = match input.security_groups.filter(|groups| !groups.is_empty()) {
        Some(groups) => groups,
        None => network::default_group(tx, caller, &vpc).into_iter().collect(),
    };
    network::check_groups(tx, caller, &vpc, &groups)?;
    let tags = tags::checked(&Tags::default(), input.tags.as_deref().unwrap_or_default())?;
    let name = input.load_balancer_name;
    if let Some(old) = tx.get::<LoadBalancer>(&name) {
        let same = old.internal == internal
            && old.subnets == subnets
            && old.groups == groups
            && old.listeners == listeners
            && (tags.is_empty() || tags == old.tags);
        return match same {
            true => Ok(CreateAccessPointOutput { dns_name: Some(old.dns_name.clone()) }),
            false => Err(errors::duplicate(&name)),
        };
    }
    if tx.count::<LoadBalancer>() >= MAX_LOAD_BALANCERS {
        return Err(errors::too_many("LoadBalancers", "Exceeded quota of account"));
    }
    let prefix = if internal { "internal-" } else { "" };
    let number = 10_000_000 + tx.random().below(2_140_000_000);
    let domain = format_smolstr!("{}.elb.{}", tx.region(), dns_suffix(tx.region()));
    let dns_name = format_smolstr!("{prefix}{name}-{number}.{domain}");
    let check = HealthCheck::default_of(first.instance_port);
    tx.put(LoadBalancer {
        name,
        internal,
        vpc,
        subnets,
        groups,
        check,
        listeners,
        attributes: Attributes::default(),
        policies: BTreeMap::new(),
        backends: BTreeMap::new(),
        dns_name: dns_name.clone(),
        created_at: tx.now(),
        tags,
    });
    Ok(CreateAccessPointOutput { dns_name: Some(dns_name) })
}

fn describe_load_balancers(
    snapshot: &Snapshot,
    caller: &Caller,
    input: DescribeAccessPointsInput,
) -> Result<DescribeAccessPointsOutput, ApiError> {
    let names = input.load_balancer_names.unwrap_or_default();
    for name in &names {
        LoadBalancer::find(snapshot, name)?;
    }
    let size = input.page_size.and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE);
    let rows = |after: &str| {
        snapshot
            .rows_after::<LoadBalancer>(after)
            .filter(|row| names.is_empty() || names.contains(&row.name))
    };
    let size = size.clamp(1, PAGE);
    let page =
        paginate("elb:DescribeLoadBalancers", input.marker.as_deref(), size, rows, |r| r.key())
            .map_err(|_| errors::invalid_marker())?;
    let shown = page.items.iter().map(|row| row.render(snapshot, caller)).collect();
    Ok(DescribeAccessPointsOutput {
        load_balancer_descriptions: Some(shown),
        next_marker: page.next,
    })
}

/// Deleting one that is not there succeeds.
fn delete_load_balancer(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteAccessPointInput,
) -> Result<DeleteAccessPointOutput, ApiError> {
    let name = &input.load_balancer_name;
    let below: Vec<SmolStr> =
        tx.rows_by::<Registration>("balancer", name).map(|row| row.key()).collect();
    for key in below {
        registrations::forget(tx, &key);
    }
    tx.remove::<LoadBalancer>(name);
    Ok(DeleteAccessPointOutput {})
}
