//! `AWS::ElasticLoadBalancing::…`: Classic Load Balancers.

crate::resource_types! {
    load_balancer::LoadBalancer,
}
