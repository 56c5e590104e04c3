//! Spot Instances that EC2 wants back.

use crate::harness::Auto;
use kernel::{FaultKind, FaultRule};
use smol_str::SmolStr;

/// A group of two Spot Instances, the first of which is about to be interrupted.
fn interrupted(rebalance: Option<bool>) -> (Auto, SmolStr) {
    let auto = Auto::new();
    auto.configuration("spot", |lc| lc.spot_price = Some("0.01".into()));
    auto.group_with(0, 2, 2, |g| {
        g.launch_configuration_name = Some("spot".into());
        g.capacity_rebalance = rebalance;
    });
    auto.rest();
    let id = auto.ids().remove(0);
    auto.faults(vec![FaultRule {
        instance: Some(id.clone()),
        count: Some(1),
        ..FaultRule::of(FaultKind::SpotInterruption)
    }]);
    (auto, id)
}

#[test]
fn an_interrupted_instance_is_replaced_when_it_has_gone() {
    let (auto, id) = interrupted(None);
    auto.step(60_000);
    assert_eq!(auto.standing(&id), ("InService".into(), "Healthy".into()));
    assert_eq!(auto.ids().len(), 2);
    auto.rest();
    assert_eq!((auto.ids().contains(&id), auto.ids().len()), (false, 2));
}

#[test]
fn rebalancing_launches_a_replacement_before_the_endangered_instance_goes() {
    let (auto, id) = interrupted(Some(true));
    auto.step(500);
    assert_eq!(auto.ids().len(), 3, "the group may exceed its maximum meanwhile");
    assert_eq!(auto.standing(&id), ("InService".into(), "Healthy".into()));
    auto.step(5_000);
    // Long before the two minutes' notice is over.
    assert_eq!((auto.ids().contains(&id), auto.ids().len()), (false, 2));
    let goes = format!("Terminating EC2 instance: {id}");
    let goes = auto.history().into_iter().find(|[_, told, _]| *told == goes);
    let [_, _, cause] = goes.expect("it was terminated");
    assert!(cause.contains("rebalance recommendation"), "{cause}");
}
