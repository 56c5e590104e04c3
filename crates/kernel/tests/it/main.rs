//! The kernel's promises, on a toy service: whole commits, undone failures, wake-ups, repeatable
//! chance, and a journal from which an equal universe comes back.

mod toy;

use kernel::{ApiError, Caller, ClockMode, FaultKind, FaultRule, Timestamp, Wall};
use toy::{Add, Boom, Get, Start, Toy};

fn caller() -> Caller {
    Caller::new("123456789012", "us-west-1")
}

#[test]
fn a_failed_operation_changes_nothing() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Add>(&caller(), "a=1").expect("added");
    let before = toy.cloud.status(Wall(0));
    let error = toy.call::<Add>(&caller(), "a=2,fail=1").expect_err("refused");
    assert_eq!(error.code, "Refused");
    assert_eq!(toy.cloud.status(Wall(0)), before);
    assert_eq!(toy.call::<Get>(&caller(), "a").expect("there"), "1");
}

#[test]
fn a_failed_nested_call_is_undone_alone() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Add>(&caller(), "a=1,try:b=2;fail=1").expect("the outer call succeeds");
    assert_eq!(toy.call::<Get>(&caller(), "a").expect("there"), "1");
    assert_eq!(toy.call::<Get>(&caller(), "b").expect_err("undone").code, "NotFound");
}

#[test]
fn regions_and_accounts_are_isolated() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Add>(&caller(), "a=1").expect("added");
    for other in
        [Caller::new("123456789012", "eu-west-1"), Caller::new("999999999999", "us-west-1")]
    {
        assert_eq!(toy.call::<Get>(&other, "a").expect_err("elsewhere").code, "NotFound");
    }
}

#[test]
fn tasks_run_in_order_each_at_its_own_instant() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Start>(&caller(), "late=2000").expect("scheduled");
    toy.call::<Start>(&caller(), "early=500").expect("scheduled");
    let settled = toy.cloud.step(Wall(0), 1_999).expect("stepped");
    assert_eq!(settled.tasks, 1);
    toy.cloud.step(Wall(0), 5_000).expect("stepped");
    assert_eq!(toy.call::<Get>(&caller(), "early").expect("ran"), "at 500");
    assert_eq!(toy.call::<Get>(&caller(), "late").expect("ran"), "at 2000");
    assert_eq!(toy.cloud.status(Wall(0)).now, Timestamp(6_999));
}

#[test]
fn a_read_sees_what_was_due_before_it() {
    let toy = Toy::new(1, ClockMode::Real);
    toy.call::<Start>(&caller(), "x=500").expect("scheduled");
    let before = toy.call_at::<Get>(Wall(499), &caller(), "x");
    assert_eq!(before.expect_err("not yet").code, "NotFound");
    assert_eq!(toy.call_at::<Get>(Wall(800), &caller(), "x").expect("ran"), "at 500");
}

#[test]
fn a_changed_row_wakes_whom_the_wiring_names_before_the_answer_is_read() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Add>(&caller(), "m1=group:red").expect("added");
    toy.call::<Add>(&caller(), "m2=group:red").expect("added");
    assert_eq!(toy.call::<Get>(&caller(), "red").expect("counted"), "2 members");
    toy.call::<Add>(&caller(), "m2=group:blue").expect("moved");
    assert_eq!(toy.call::<Get>(&caller(), "red").expect("counted"), "1 members");
    assert_eq!(toy.call::<Get>(&caller(), "blue").expect("counted"), "1 members");
}

#[test]
fn a_panicking_handler_answers_an_internal_failure_and_changes_nothing() {
    let toy = Toy::new(1, ClockMode::Paused);
    let error: ApiError = toy.call::<Boom>(&caller(), "now").expect_err("a bug");
    assert_eq!((error.code.as_str(), error.status), ("InternalFailure", 500));
    assert_eq!(toy.call::<Get>(&caller(), "boom").expect_err("undone").code, "NotFound");
    toy.call::<Add>(&caller(), "a=1").expect("still serving");
}

#[test]
fn a_panicking_task_is_dropped_and_its_fellows_run() {
    let toy = Toy::new(1, ClockMode::Paused);
    for spec in ["a=100", "boom=100", "b=100"] {
        toy.call::<Start>(&caller(), spec).expect("scheduled");
    }
    toy.cloud.step(Wall(0), 1_000).expect("stepped");
    assert_eq!(toy.call::<Get>(&caller(), "a").expect("ran"), "at 100");
    assert_eq!(toy.call::<Get>(&caller(), "b").expect("ran"), "at 100");
    assert_eq!(toy.cloud.status(Wall(0)).pending, 0);
}

#[test]
fn the_same_seed_gives_the_same_ids() {
    let ids = |seed| {
        let toy = Toy::new(seed, ClockMode::Paused);
        (0..3)
            .map(|n| toy.call::<Add>(&caller(), &format!("k{n}=id")).expect("added"))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(7), ids(7));
    assert_ne!(ids(7), ids(8));
}

#[test]
fn a_new_place_begins_alike_whatever_happened_before() {
    let fresh = Toy::new(3, ClockMode::Paused);
    let busy = Toy::new(3, ClockMode::Paused);
    busy.call::<Add>(&Caller::new("123456789012", "eu-west-1"), "a=id").expect("added");
    let genesis = |toy: &Toy| toy.call::<Get>(&caller(), "genesis").expect("made");
    assert_eq!(genesis(&fresh), genesis(&busy));
}

#[test]
fn the_journal_gives_back_an_equal_universe_at_any_point() {
    let toy = Toy::new(1, ClockMode::Paused);
    let script: [(&str, i64); 5] =
        [("a=id", 0), ("m=group:red", 10), ("a=2", 0), ("late=1", 300), ("-a", 0)];
    for (spec, step) in script {
        toy.call::<Add>(&caller(), spec).expect("added");
        toy.call::<Start>(&caller(), &format!("t{step}={}", step + 50)).expect("scheduled");
        toy.cloud.step(Wall(0), step).expect("stepped");
        let back = toy.reopened();
        assert_eq!(back.cloud.status(Wall(0)), toy.cloud.status(Wall(0)));
        assert_eq!(back.dump(), toy.dump());
        // Chance goes on where it was.
        assert_eq!(
            back.call::<Add>(&caller(), "next=id").expect("added"),
            toy.fork().call::<Add>(&caller(), "next=id").expect("added"),
        );
    }
}

#[test]
fn run_until_idle_stops_when_only_housekeeping_is_left() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Start>(&caller(), "x=90000,chore=3600000").expect("scheduled");
    toy.cloud.run_until_idle(Wall(0), 86_400_000).expect("ran");
    let status = toy.cloud.status(Wall(0));
    assert_eq!((status.now, status.pending, status.next_due), (Timestamp(90_000), 1, None));
}

#[test]
fn faults_and_what_they_have_spent_survive_a_restart() {
    let toy = Toy::new(1, ClockMode::Paused);
    toy.call::<Add>(&caller(), "a=1").expect("added");
    let rule = FaultRule {
        operation: Some("*:*".into()),
        count: Some(3),
        rate: Some(0.5),
        ..FaultRule::of(FaultKind::Throttle)
    };
    toy.cloud.add_fault(Wall(0), rule).expect("added");
    let outcomes = |toy: &Toy| -> Vec<bool> {
        (0..8).map(|_| toy.call::<Get>(&caller(), "a").is_ok()).collect()
    };
    let before = outcomes(&toy);
    let back = toy.reopened();
    assert_eq!(back.cloud.faults(), toy.cloud.faults());
    assert_eq!(outcomes(&back), outcomes(&toy), "chance goes on where it was");
    let spent = toy.cloud.faults().rules[0].strikes;
    assert_eq!(spent, 3, "{before:?}");
}
