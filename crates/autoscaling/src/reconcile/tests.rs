//! The reconciler's properties, on generated groups: it converges, and then leaves things alone.

use super::balance;
use super::plan::{Suspension, plan};
use super::{Action, Desired, Machine, Observed};
use crate::members::{Ailment, LifecycleState};
use kernel::Timestamp;
use proptest::prelude::*;
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;

const ZONES: [&str; 3] = ["us-west-1a", "us-west-1b", "us-west-1c"];

/// How long an instance takes from running to in service.
const REGISTER_MILLIS: i64 = 150;

fn desired(capacity: usize, zones: usize) -> Desired {
    Desired {
        capacity,
        zones: ZONES[..zones].iter().map(|z| SmolStr::new_static(z)).collect(),
        policies: vec!["Default".into()],
        notice_millis: 400,
        ..Desired::default()
    }
}

fn member(number: usize, zone: &str, at: Timestamp) -> Observed {
    Observed {
        id: format_smolstr!("i-{number:08x}"),
        zone: zone.into(),
        state: LifecycleState::Pending,
        machine: Machine::Pending,
        healthy: true,
        ailment: Ailment::default(),
        impaired: false,
        rejected: false,
        shielded: false,
        protected: false,
        joined_at: at,
        down_since: None,
        in_service_since: None,
        source_age: (0, 0),
        current_source: true,
        endangered: false,
        outdated: false,
        units: 1,
        allocation_rank: 0,
    }
}

/// A world that does what the reconciler says at once.
struct World {
    desired: Desired,
    members: Vec<Observed>,
    now: Timestamp,
    made: usize,
    finished: bool,
    /// The most members that it ever had.
    largest: usize,
}

impl World {
    fn new(desired: Desired) -> Self {
        Self {
            desired,
            members: Vec::new(),
            now: Timestamp(1_000),
            made: 0,
            finished: false,
            largest: 0,
        }
    }

    /// Walks every instance on, then one look; tells whether anything was done.
    fn step(&mut self) -> bool {
        let walked = self.walk();
        let decision = plan(&self.desired, &self.members, self.now);
        if let Some(at) = decision.wake_at {
            assert!(at > self.now, "a wake-up lies ahead");
        }
        let idle = decision.actions.is_empty() && !walked;
        decision.actions.into_iter().for_each(|action| self.carry_out(action));
        let wake_at = decision.wake_at.into_iter().chain(self.next_walk()).min();
        if idle && let Some(at) = wake_at {
            self.now = at;
            return true;
        }
        !idle
    }

    /// What EC2 and the walks of single instances do.
    fn walk(&mut self) -> bool {
        let before = format!("{:?}", self.members);
        self.members.retain(|m| m.state != LifecycleState::Terminating);
        for member in &mut self.members {
            if member.state != LifecycleState::Pending {
                continue;
            }
            match member.machine {
                Machine::Pending => member.machine = Machine::Running,
                Machine::Running if self.now >= member.joined_at.plus_millis(REGISTER_MILLIS) => {
                    member.state = LifecycleState::InService;
                    member.in_service_since = Some(self.now);
                }
                _ => {}
            }
        }
        before != format!("{:?}", self.members)
    }

    fn next_walk(&self) -> Option<Timestamp> {
        let pending = self.members.iter().filter(|m| m.state == LifecycleState::Pending);
        pending
            .filter(|m| m.machine == Machine::Running)
            .map(|m| m.joined_at.plus_millis(REGISTER_MILLIS))
            .filter(|at| *at > self.now)
            .min()
    }

    fn carry_out(&mut self, action: Action) {
        let now = self.now;
        let mut with = |id: &SmolStr, change: &dyn Fn(&mut Observed)| {
            change(self.members.iter_mut().find(|m| m.id == *id).expect("it is there"));
        };
        match action {
            Action::NoteDown(id) => with(&id, &|m| m.down_since = Some(now)),
            Action::NoteUp(id) => with(&id, &|m| m.down_since = None),
            Action::MarkUnhealthy(id, ailment) => with(&id, &|m| {
                m.healthy = false;
                m.ailment = ailment;
            }),
            Action::Terminate { id, .. } => {
                with(&id, &|m| {
                    assert_ne!(m.state, LifecycleState::Terminating, "it goes once");
                    m.state = LifecycleState::Terminating;
                });
            }
            Action::Launch { zone, count, .. } => {
                for _ in 0..count {
                    self.made += 1;
                    self.members.push(member(self.made, &zone, now));
                }
            }
            Action::AllProtected => {}
            Action::Finish => self.finished = true,
        }
        self.largest = self.largest.max(self.staying());
    }

    fn staying(&self) -> usize {
        self.members.iter().filter(|m| m.state != LifecycleState::Terminating).count()
    }

    fn ready(&self) -> usize {
        self.members.iter().filter(|m| m.is_ready(&self.desired, self.now)).count()
    }

    fn settle(&mut self) {
        for _ in 0..400 {
            if !self.step() {
                return;
            }
        }
        panic!("the group does not come to rest");
    }

    fn in_service(&self) -> usize {
        self.members.iter().filter(|m| m.state == LifecycleState::InService).count()
    }

    fn spread(&self) -> usize {
        let mut sizes: BTreeMap<&SmolStr, usize> =
            self.desired.zones.iter().map(|z| (z, 0)).collect();
        self.members.iter().for_each(|m| *sizes.entry(&m.zone).or_default() += 1);
        sizes.values().max().unwrap_or(&0) - sizes.values().min().unwrap_or(&0)
    }
}

proptest! {
    #[test]
    fn nothing_comes_into_a_shifted_zone_until_the_shift_is_over(
        (start, target) in (0..9_usize, 0..12_usize),
        shifted in 0..3_usize,
        broken in prop::collection::vec(0..12_usize, 0..3),
    ) {
        let mut world = World::new(desired(start, 3));
        world.settle();
        let before: Vec<SmolStr> = world.members.iter().map(|m| m.id.clone()).collect();
        world.desired.shifted.insert(ZONES[shifted].into());
        world.desired.capacity = target;
        for number in broken.iter().filter(|_| start > 0) {
            world.members[number % start].machine = Machine::Down;
        }
        world.settle();
        prop_assert_eq!(world.in_service(), target);
        let came = world.members.iter().filter(|m| m.zone == ZONES[shifted]);
        prop_assert!(came.into_iter().all(|m| before.contains(&m.id)));
        world.desired.shifted.clear();
        world.settle();
        prop_assert_eq!(world.in_service(), target);
        prop_assert!(world.spread() <= 1);
    }

    #[test]
    fn a_group_comes_to_rest_at_its_desired_capacity_in_balance(
        zones in 1..=3_usize,
        targets in prop::collection::vec(0..12_usize, 1..6),
        broken in prop::collection::vec(0..12_usize, 0..4),
    ) {
        let mut world = World::new(desired(0, zones));
        for target in targets {
            world.desired.capacity = target;
            world.settle();
            for number in &broken {
                let count = world.members.len();
                if count > 0 {
                    world.members[number % count].machine = Machine::Down;
                }
            }
            world.settle();
            prop_assert_eq!(world.in_service(), target);
            prop_assert_eq!(world.members.len(), target);
            prop_assert!(world.spread() <= 1);
            let again = plan(&world.desired, &world.members, world.now);
            prop_assert!(again.actions.is_empty() && again.wake_at.is_none());
        }
    }

    #[test]
    fn protected_instances_are_never_chosen(
        protected in prop::collection::vec(any::<bool>(), 1..12),
        target in 0..12_usize,
    ) {
        let mut world = World::new(desired(protected.len(), 2));
        world.desired.suspended.az_rebalance = true;
        world.settle();
        for (member, protected) in world.members.iter_mut().zip(&protected) {
            member.protected = *protected;
        }
        world.desired.capacity = target.min(protected.len());
        let decision = plan(&world.desired, &world.members, world.now);
        let held = protected.iter().filter(|p| **p).count();
        let goes = |a: &&Action| matches!(a, Action::Terminate { .. });
        let gone = decision.actions.iter().filter(goes).count();
        prop_assert_eq!(gone, (protected.len() - world.desired.capacity).min(protected.len() - held));
        for action in decision.actions {
            if action == Action::AllProtected {
                prop_assert_eq!(held, protected.len());
                continue;
            }
            let Action::Terminate { id, .. } = action else { panic!("only terminations") };
            prop_assert!(!world.members.iter().any(|m| m.id == id && m.protected));
        }
    }
}

#[test]
fn suspended_processes_do_nothing() {
    let all = Suspension {
        launch: true,
        terminate: true,
        health_check: true,
        replace_unhealthy: true,
        az_rebalance: true,
        instance_refresh: true,
    };
    let mut world = World::new(desired(4, 2));
    world.settle();
    world.desired.suspended = all;
    for capacity in [0, 2, 9] {
        world.desired.capacity = capacity;
        world.members[0].machine = Machine::Down;
        assert_eq!(plan(&world.desired, &world.members, world.now).actions, []);
    }
}

#[test]
fn a_deleted_group_takes_everything_along_protected_or_not() {
    let mut world = World::new(desired(3, 2));
    world.settle();
    world.members[0].protected = true;
    world.members[1].state = LifecycleState::Standby;
    world.desired.deleting = true;
    world.desired.capacity = 0;
    for _ in 0..4 {
        world.step();
    }
    assert!(world.finished && world.members.is_empty());
}

#[test]
fn scale_in_takes_from_the_fullest_zone_and_the_oldest_configuration() {
    let mut world = World::new(desired(3, 2));
    world.settle();
    world.members.iter_mut().for_each(|m| m.source_age = (0, 5));
    let full: Vec<_> = world.members.iter().filter(|m| m.zone == ZONES[0]).collect();
    assert_eq!(full.len(), 2);
    let oldest = full[1].id.clone();
    let place = world.members.iter().position(|m| m.id == oldest).expect("it is there");
    world.members[place].source_age = (0, 1);
    world.desired.capacity = 2;
    let actions = plan(&world.desired, &world.members, world.now).actions;
    assert!(matches!(&actions[..], [Action::Terminate { id, .. }] if *id == oldest), "{actions:?}");
}

#[test]
fn a_zone_that_was_left_is_emptied() {
    let mut world = World::new(desired(4, 2));
    world.settle();
    world.desired.zones.truncate(1);
    world.settle();
    assert_eq!(world.in_service(), 4);
    assert!(world.members.iter().all(|m| m.zone == ZONES[0]));
}

#[test]
fn a_group_out_of_balance_looks_again_when_launches_may_be_tried() {
    let mut world = World::new(desired(4, 2));
    world.settle();
    world.members.iter_mut().for_each(|m| m.zone = ZONES[0].into());
    let again = world.now.plus_millis(500);
    world.desired.retries_at = Some(again);
    let decision = plan(&world.desired, &world.members, world.now);
    assert_eq!((decision.actions.len(), decision.wake_at), (0, Some(again)));
    world.now = again;
    world.desired.failures = balance::ATTEMPTS;
    let decision = plan(&world.desired, &world.members, world.now);
    assert_eq!((decision.actions, decision.wake_at), (vec![], None), "it gives up");
    world.desired.failures -= 1;
    world.settle();
    assert!(world.spread() == 0 && world.in_service() == 4);
}

proptest! {
    #[test]
    fn a_refresh_replaces_every_outdated_instance_within_its_percentages(
        size in 1..=12_usize,
        min in 0..=100_usize,
        extra in 0..=100_usize,
    ) {
        let max = 100 + extra;
        let mut world = World::new(desired(size, 2));
        world.settle();
        world.members.iter_mut().for_each(|m| m.outdated = true);
        world.desired.refresh = Some((min, max));
        world.largest = 0;
        let floor = (size * min).div_ceil(100);
        for _ in 0..600 {
            let more = world.step();
            // One at least may always be on its way.
            prop_assert!(world.ready() >= floor.min(size - 1), "{} of {size}", world.ready());
            if !more {
                break;
            }
        }
        prop_assert!(world.members.iter().all(|m| !m.outdated));
        prop_assert_eq!(world.in_service(), size);
        prop_assert!(world.largest <= (size * max / 100).max(size + 1));
    }

    #[test]
    fn weights_are_never_undershot_when_shrinking(
        weights in prop::collection::vec(1..6_usize, 1..10),
        target in 0..30_usize,
    ) {
        let total: usize = weights.iter().sum();
        let mut world = World::new(desired(target.min(total), 2));
        world.desired.suspended.az_rebalance = true;
        for (number, units) in weights.iter().enumerate() {
            let mut one = member(number, ZONES[number % 2], Timestamp(0));
            one.state = LifecycleState::InService;
            one.machine = Machine::Running;
            one.units = *units;
            world.members.push(one);
        }
        world.settle();
        let left: usize = world.members.iter().map(|m| m.units).sum();
        prop_assert!(left >= world.desired.capacity);
        let smallest = world.members.iter().map(|m| m.units).min().unwrap_or(usize::MAX);
        prop_assert!(left - world.desired.capacity < smallest);
    }
}

#[test]
fn instances_that_fail_their_checks_go_a_tenth_at_a_time() {
    let mut world = World::new(desired(10, 2));
    world.settle();
    world.members.iter_mut().take(5).for_each(|m| m.rejected = true);
    let actions = plan(&world.desired, &world.members, world.now).actions;
    let gone = actions.iter().filter(|a| matches!(a, Action::Terminate { .. })).count();
    assert_eq!(gone, 1, "{actions:?}");
    for _ in 0..200 {
        if !world.step() {
            break;
        }
        assert!(world.staying() <= 10);
    }
    assert!(world.members.iter().all(|m| m.healthy) && world.in_service() == 10);
}

#[test]
fn a_maintenance_policy_launches_before_it_terminates() {
    let mut world = World::new(desired(4, 2));
    world.settle();
    world.desired.maintenance = Some((100, 150));
    world.members[0].rejected = true;
    for _ in 0..60 {
        if !world.step() {
            break;
        }
        assert!(world.in_service() >= 4);
    }
    assert_eq!((world.in_service(), world.members.len()), (4, 4));
    assert!(world.members.iter().all(|m| m.healthy));
}
