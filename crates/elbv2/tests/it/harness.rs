//! A whole cloud, and typed calls on it.

use api::{ec2, elbv2};
use kernel::{
    ApiError, Caller, Clock, ClockMode, Cloud, FaultKind, FaultPlan, FaultRule, MemoryJournal,
    Operation, Pace, Settings, Wall,
};
use smol_str::SmolStr;

/// When the tests happen: 2017-09-28T05:35:06.123Z.
const WALL: Wall = Wall(1_506_576_906_123);

/// A new account in us-west-1. Time stands still until stepped.
pub struct Elb {
    pub cloud: Cloud,
    caller: Caller,
}

/// State, reason and description of a target's health.
pub type Health = (String, String, String);

pub fn health(state: &str, reason: &str, description: &str) -> Health {
    (state.into(), reason.into(), description.into())
}

impl Elb {
    pub fn new() -> Self {
        Self::at(Pace::Brisk)
    }

    pub fn at(pace: Pace) -> Self {
        let settings = Settings { pace, ..Settings::default() };
        let caller = Caller::new(settings.account.clone(), "us-west-1");
        let clock = Clock::new(ClockMode::Paused, WALL);
        let cloud = Cloud::new(&lowcloud::wiring(), settings, clock, Box::new(MemoryJournal));
        Self { cloud: cloud.expect("a journal in memory never fails"), caller }
    }

    pub fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output, ApiError> {
        let row = self.cloud.operation(O::SERVICE, O::NAME).expect("the operation is registered");
        let output = self.cloud.invoke(WALL, row, &self.caller, Box::new(input))?;
        Ok(*output.into_any().downcast().expect("an operation answers its own output type"))
    }

    /// A call that works.
    #[track_caller]
    pub fn ok<O: Operation>(&self, input: O::Input) -> O::Output {
        match self.call::<O>(input) {
            Ok(output) => output,
            Err(error) => panic!("{}: {} {}", O::NAME, error.code, error.message),
        }
    }

    /// A call that fails with exactly this.
    #[track_caller]
    pub fn fails<O: Operation>(&self, input: O::Input, code: &str, message: &str) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => assert_eq!((&*error.code, &*error.message), (code, message)),
        }
    }

    /// A call that fails with this code.
    #[track_caller]
    pub fn fails_as<O: Operation>(&self, input: O::Input, code: &str) {
        match self.call::<O>(input) {
            Ok(_) => panic!("{} was expected to fail", O::NAME),
            Err(error) => assert_eq!(error.code, code, "{}", error.message),
        }
    }

    /// Lets so many milliseconds pass.
    pub fn step(&self, millis: i64) {
        self.cloud.step(WALL, millis).expect("a journal in memory never fails");
    }

    /// Lets everything come to rest, within a day.
    #[track_caller]
    pub fn rest(&self) {
        let settled = self.cloud.run_until_idle(WALL, 86_400_000);
        assert!(!settled.expect("a journal in memory never fails").truncated, "it never rests");
    }

    /// Health checks of these targets (a pattern) fail from now on, or see this status.
    pub fn break_checks(&self, targets: Option<(&str, Option<u16>)>) {
        let rule = |(target, code): (&str, Option<u16>)| FaultRule {
            instance: Some(target.into()),
            code,
            ..FaultRule::of(FaultKind::HealthCheck)
        };
        let rules = targets.map(rule).into_iter().collect();
        self.cloud.set_faults(FaultPlan { rules, numbered: 0 }).expect("a journal in memory");
    }

    /// A question to the control API.
    pub fn asked(&self, name: &str, request: &serde_json::Value) -> serde_json::Value {
        let control = self.cloud.controls().find(|it| it.name() == name && it.is_read());
        let control = control.expect("there is such a control");
        self.cloud.control(WALL, control, &self.caller, request).expect("an answer")
    }

    /// The default VPC.
    pub fn vpc(&self) -> SmolStr {
        let found = self.ok::<ec2::ops::DescribeVpcs>(Default::default()).vpcs;
        found.and_then(|mut all| all.pop()?.vpc_id).expect("a default VPC")
    }

    /// Ids of the default subnets, in the order of their zones.
    pub fn subnets(&self) -> Vec<SmolStr> {
        let found = self.ok::<ec2::ops::DescribeSubnets>(Default::default()).subnets;
        let mut found = found.expect("a list of subnets");
        found.sort_by_key(|subnet| subnet.availability_zone.clone());
        found.into_iter().filter_map(|subnet| subnet.subnet_id).collect()
    }

    /// The VPC's default security group.
    pub fn default_group(&self) -> SmolStr {
        let found = self.ok::<ec2::ops::DescribeSecurityGroups>(Default::default());
        let mut groups = found.security_groups.expect("a list of groups");
        groups.retain(|group| group.group_name.as_deref() == Some("default"));
        groups.pop().and_then(|group| group.group_id).expect("a default group")
    }

    /// A new security group that lets nothing in.
    pub fn closed_group(&self, name: &str) -> SmolStr {
        let input = ec2::CreateSecurityGroupRequest {
            group_name: name.into(),
            description: "scenario".into(),
            vpc_id: Some(self.vpc()),
            ..Default::default()
        };
        self.ok::<ec2::ops::CreateSecurityGroup>(input).group_id.expect("an id")
    }

    /// Lets a group's members be reached on a port from everywhere.
    pub fn open(&self, group: &SmolStr, port: i64) {
        let range = ec2::IpRange { cidr_ip: Some("0.0.0.0/0".into()), ..Default::default() };
        let rule = ec2::IpPermission {
            ip_protocol: Some("tcp".into()),
            from_port: Some(port),
            to_port: Some(port),
            ip_ranges: Some(vec![range]),
            ..Default::default()
        };
        self.ok::<ec2::ops::AuthorizeSecurityGroupIngress>(
            ec2::AuthorizeSecurityGroupIngressRequest {
                group_id: Some(group.clone()),
                ip_permissions: Some(vec![rule]),
                ..Default::default()
            },
        );
    }

    /// New running instances in the first default subnet, in these groups or the default one.
    pub fn instances(&self, count: i64, groups: Option<Vec<SmolStr>>) -> Vec<SmolStr> {
        let made = self.ok::<ec2::ops::RunInstances>(ec2::RunInstancesRequest {
            image_id: Some("ami-09d2fb69".into()),
            instance_type: Some("t2.micro".into()),
            min_count: count,
            max_count: count,
            subnet_id: Some(self.subnets()[0].clone()),
            security_group_ids: groups,
            ..Default::default()
        });
        let made = made.instances.expect("a list of instances");
        self.step(5_000);
        made.into_iter().filter_map(|instance| instance.instance_id).collect()
    }

    /// A load balancer in the default subnets.
    pub fn balancer_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut elbv2::CreateLoadBalancerInput),
    ) -> elbv2::LoadBalancer {
        let mut input = new_balancer(name, self.subnets());
        change(&mut input);
        let made = self.ok::<elbv2::ops::CreateLoadBalancer>(input).load_balancers;
        made.and_then(|mut all| all.pop()).expect("a load balancer")
    }

    /// An application load balancer, already active: its ARN.
    pub fn balancer(&self, name: &str) -> SmolStr {
        let made = self.balancer_with(name, |_| ());
        self.step(1_000);
        made.load_balancer_arn.expect("an ARN")
    }

    /// An HTTP group of instances on port 80: its ARN.
    pub fn group(&self, name: &str) -> SmolStr {
        self.group_with(name, |_| ()).target_group_arn.expect("an ARN")
    }

    pub fn group_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut elbv2::CreateTargetGroupInput),
    ) -> elbv2::TargetGroup {
        let mut input = new_group(name, self.vpc());
        change(&mut input);
        let made = self.ok::<elbv2::ops::CreateTargetGroup>(input).target_groups;
        made.and_then(|mut all| all.pop()).expect("a target group")
    }

    /// An HTTP listener that forwards to a group: its ARN.
    pub fn listener(&self, balancer: &SmolStr, port: i64, group: &SmolStr) -> SmolStr {
        let made = self.ok::<elbv2::ops::CreateListener>(new_listener(balancer, port, group));
        let made = made.listeners.and_then(|mut all| all.pop()).expect("a listener");
        made.listener_arn.expect("an ARN")
    }

    pub fn register(&self, group: &SmolStr, ids: &[SmolStr]) {
        self.ok::<elbv2::ops::RegisterTargets>(elbv2::RegisterTargetsInput {
            target_group_arn: group.clone(),
            targets: ids.iter().map(target).collect(),
        });
    }

    pub fn deregister(&self, group: &SmolStr, id: &SmolStr) {
        self.ok::<elbv2::ops::DeregisterTargets>(elbv2::DeregisterTargetsInput {
            target_group_arn: group.clone(),
            targets: vec![target(id)],
        });
    }

    /// How all targets of a group fare.
    pub fn all_health(&self, group: &SmolStr) -> Vec<Health> {
        self.health_of(group, None)
    }

    fn health_of(
        &self,
        group: &SmolStr,
        targets: Option<Vec<elbv2::TargetDescription>>,
    ) -> Vec<Health> {
        let input = elbv2::DescribeTargetHealthInput {
            target_group_arn: group.clone(),
            targets,
            ..Default::default()
        };
        let shown = self.ok::<elbv2::ops::DescribeTargetHealth>(input);
        let shown = shown.target_health_descriptions.expect("a list");
        let text = |text: Option<SmolStr>| text.unwrap_or_default().to_string();
        let told = |one: elbv2::TargetHealthDescription| {
            let health = one.target_health.expect("a health");
            (text(health.state), text(health.reason), text(health.description))
        };
        shown.into_iter().map(told).collect()
    }

    /// How a target fares, asked for by its id.
    #[track_caller]
    pub fn health(&self, group: &SmolStr, id: &SmolStr) -> Health {
        self.health_of(group, Some(vec![target(id)])).pop().expect("an answer")
    }

    /// The state alone.
    #[track_caller]
    pub fn state(&self, group: &SmolStr, id: &SmolStr) -> String {
        self.health(group, id).0
    }

    /// A load balancer with a listener on port 80, a group behind it, and an instance in it that
    /// is healthy: ARNs of the load balancer and the group, and the instance's id.
    pub fn served(&self) -> (SmolStr, SmolStr, SmolStr) {
        self.open(&self.default_group(), 80);
        let (balancer, group) = (self.balancer("web"), self.group("web"));
        self.listener(&balancer, 80, &group);
        let id = self.instances(1, None).remove(0);
        self.register(&group, std::slice::from_ref(&id));
        self.step(1_000);
        assert_eq!(self.state(&group, &id), "healthy");
        (balancer, group, id)
    }
}

pub fn target(id: &SmolStr) -> elbv2::TargetDescription {
    elbv2::TargetDescription { id: id.clone(), ..Default::default() }
}

pub fn new_balancer(name: &str, subnets: Vec<SmolStr>) -> elbv2::CreateLoadBalancerInput {
    elbv2::CreateLoadBalancerInput {
        name: name.into(),
        subnets: Some(subnets),
        ..Default::default()
    }
}

pub fn new_group(name: &str, vpc: SmolStr) -> elbv2::CreateTargetGroupInput {
    elbv2::CreateTargetGroupInput {
        name: name.into(),
        protocol: Some("HTTP".into()),
        port: Some(80),
        vpc_id: Some(vpc),
        ..Default::default()
    }
}

pub fn forward(group: &SmolStr) -> elbv2::Action {
    elbv2::Action {
        r#type: "forward".into(),
        target_group_arn: Some(group.clone()),
        ..Default::default()
    }
}

pub fn new_listener(balancer: &SmolStr, port: i64, group: &SmolStr) -> elbv2::CreateListenerInput {
    elbv2::CreateListenerInput {
        load_balancer_arn: balancer.clone(),
        protocol: Some("HTTP".into()),
        port: Some(port),
        default_actions: vec![forward(group)],
        ..Default::default()
    }
}
