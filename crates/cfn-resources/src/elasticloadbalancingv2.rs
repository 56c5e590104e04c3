//! `AWS::ElasticLoadBalancingV2::…`

mod tagging;

crate::resource_types! {
    listener::Listener,
    listener_certificate::ListenerCertificate,
    listener_rule::ListenerRule,
    load_balancer::LoadBalancer,
    target_group::TargetGroup,
}
