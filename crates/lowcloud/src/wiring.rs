//! The wiring table: all services, and what wakes what. The one place where one can see it.

use kernel::{Wake, Wiring};

/// Everything that this binary serves.
pub fn wiring() -> Wiring {
    let mut services = vec![
        autoscaling::service(),
        cloudformation::service(),
        cloudwatch::service(),
        ec2::service(),
        elbv2::service(),
        load::service(),
        s3::service(),
    ];
    services.extend(basics::services());
    Wiring {
        services,
        wakes: vec![
            // An instance of a group changed: its group looks.
            Wake::on("ec2.instances", "tag", "autoscaling.reconcile")
                .with_prefix("aws:autoscaling:groupName="),
            // A group or one of its instances changed: its size is noted.
            Wake::on("autoscaling.groups", "", "load.group"),
            Wake::on("autoscaling.members", "group", "load.group"),
            // An instance has come to fail a status check, or to pass it again: it is noted.
            Wake::on("ec2.instances", "impaired", "load.checks"),
            // A target's health changed: its group looks, and what it serves is noted.
            Wake::on("elbv2.targets", "target", "autoscaling.member")
                .through("autoscaling.members", ""),
            Wake::on("elbv2.targets", "group", "load.target-group"),
            // An instance or a group that a stack waits for changed: the stack's operation looks.
            Wake::on("ec2.instances", "tag", "cloudformation.advance")
                .with_prefix("aws:cloudformation:stack-id="),
            Wake::on("autoscaling.groups", "tag", "cloudformation.advance")
                .with_prefix("aws:cloudformation:stack-id="),
            Wake::on("elbv2.load-balancers", "tag", "cloudformation.advance")
                .with_prefix("aws:cloudformation:stack-id="),
            Wake::on("ec2.volumes", "tag", "cloudformation.advance")
                .with_prefix("aws:cloudformation:stack-id="),
            Wake::on("ec2.nat-gateways", "tag", "cloudformation.advance")
                .with_prefix("aws:cloudformation:stack-id="),
            Wake::on("elb.registrations", "instance", "autoscaling.member")
                .through("autoscaling.members", ""),
            // A listener came, changed or went: so does its door.
            Wake::on("elbv2.listeners", "", "elbv2.door"),
            // What a target's health rests on changed: the target looks.
            Wake::on("ec2.instances", "", "elbv2.target").through("elbv2.targets", "target"),
            Wake::on("ec2.network-interfaces", "instance", "elbv2.target")
                .through("elbv2.targets", "target"),
            Wake::on("ec2.security-group-rules", "group", "elbv2.target")
                .through("elbv2.targets", "security-group"),
            Wake::on("ec2.instances", "", "elb.registration")
                .through("elb.registrations", "instance"),
            Wake::on("ec2.network-interfaces", "instance", "elb.registration")
                .through("elb.registrations", "instance"),
            Wake::on("ec2.security-group-rules", "group", "elb.registration")
                .through("elb.registrations", "security-group"),
        ],
    }
}
