//! Metric alarms: putting, evaluating, their texts and history.

use crate::harness::Watched;

#[test]
fn a_new_alarm_has_insufficient_data_and_is_unchecked() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    let (state, reason) = cloud.state();
    assert_eq!((&*state, &*reason), ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation"));
}

#[test]
fn a_breach_raises_the_alarm_at_the_end_of_its_minute() {
    let cloud = Watched::new();
    cloud.alarm(|_| ());
    cloud.put(21.5);
    cloud.step(50);
    assert_eq!(cloud.state().0, "INSUFFICIENT_DATA");
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "ALARM");
    assert_eq!(
        reason,
        "Threshold Crossed: 1 datapoint [21.5 (28/09/17 05:35:00)] was greater than the threshold \
         (10.0)."
    );
}

#[test]
fn missing_data_treated_as_breaching_raises_the_alarm() {
    let cloud = Watched::new();
    cloud.alarm(|alarm| {
        alarm.evaluation_periods = Some(2);
        alarm.treat_missing_data = Some("breaching".into());
    });
    cloud.to_minute();
    let (state, reason) = cloud.state();
    assert_eq!(state, "ALARM");
    assert_eq!(
        reason,
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints \
         were treated as [Breaching]."
    );
}
