//! Launching instances: from the group's warm pool, or by RunInstances.

use crate::activities::{self, Kind, Status};
use crate::causes;
use crate::groups::{Group, Place};
use crate::lifecycle::{self, Begun};
use crate::members::{LifecycleState, Member};
use crate::reconcile::Purpose;
use crate::sources::{self, Offer};
use crate::{attachments, notifications, warm_pools};
use api::ec2;
use kernel::{ApiError, Caller, Timestamp, Tx};
use smol_str::SmolStr;

/// More instances than this are launched by calls for several at a time.
const SINGLE_LAUNCHES: usize = 20;
/// So many at a time.
const LAUNCH_BATCH: usize = 100;

/// One group, while it launches.
pub(crate) struct Launcher {
    group: Group,
    caller: Caller,
    /// The number of failed launches in a row and when to try again, if anything was tried.
    pub(crate) outcome: Option<(u32, Option<Timestamp>)>,
    state: LifecycleState,
}

/// What is launched together, and why.
struct Batch<'a> {
    place: &'a Place,
    cause: &'a [String],
}

impl Launcher {
    pub(crate) fn new(group: Group, caller: Caller) -> Self {
        Self { group, caller, outcome: None, state: LifecycleState::Pending }
    }

    /// The same, for the group's warm pool.
    pub(crate) fn for_pool(group: Group, caller: Caller) -> Self {
        Self { state: LifecycleState::WarmedPending, ..Self::new(group, caller) }
    }

    /// Launches `count` units of capacity into a zone. A failure is an activity, and puts off the
    /// next attempt.
    pub(crate) fn launch(
        &mut self,
        tx: &mut Tx,
        zone: &SmolStr,
        count: usize,
        purpose: &Purpose,
        sizes: (usize, usize),
    ) {
        let cause = self.launch_cause(tx.now(), zone, purpose, sizes);
        if let Err(error) = attachments::check(tx, &self.caller, &self.group) {
            self.refused(tx, &error, zone, &cause);
            return;
        }
        let mut left = count;
        if self.state == LifecycleState::Pending {
            left -= warm_pools::draw(tx, &self.caller, &self.group, zone, left, &cause);
        }
        let places = self.places_to_try(zone, purpose);
        let done = match sources::offers(tx, &self.caller, &self.group, left) {
            Ok(rounds) => {
                rounds.into_iter().all(|round| self.try_places(tx, &places, round, &cause))
            }
            Err(error) => {
                if let Some(place) = places.first() {
                    self.failed(tx, &error, "", &place.zone, &cause);
                }
                false
            }
        };
        match done {
            true => self.outcome = Some((0, None)),
            false => self.put_off(tx),
        }
    }

    /// What stands before the group is not there: nothing is launched.
    fn refused(&mut self, tx: &mut Tx, error: &ApiError, zone: &SmolStr, cause: &[String]) {
        self.fail(tx, &error.message, "", zone, cause);
        self.put_off(tx);
    }

    fn put_off(&mut self, tx: &Tx) {
        let failures = self.group.failures.saturating_add(1);
        let again = tx.now().plus_millis(tx.pace().retry_millis(failures));
        self.outcome = Some((failures, Some(again)));
    }

    /// Tries a round's offers in one zone after the other; tells whether all of it was launched.
    fn try_places(
        &self,
        tx: &mut Tx,
        places: &[Place],
        mut round: sources::Round,
        cause: &[String],
    ) -> bool {
        for place in places {
            let batch = Batch { place, cause };
            let mut refusal = None;
            for offer in &round.offers {
                match self.launch_into(tx, offer, &batch, &mut round.units) {
                    Ok(()) => return true,
                    Err((error, subnet)) => {
                        let scarce = is_scarce(&error);
                        refusal = Some((error, subnet));
                        if !scarce {
                            break;
                        }
                    }
                }
            }
            let Some((error, subnet)) = refusal else { return round.units == 0 };
            self.failed(tx, &error, &subnet, &place.zone, cause);
            if !is_scarce(&error) {
                return false;
            }
        }
        false
    }

    /// Launches into one place and no other; tells of each launch that failed, with its subnet.
    pub(crate) fn launch_into_place(
        &mut self,
        tx: &mut Tx,
        place: &Place,
        count: usize,
        cause: &[String],
    ) -> Vec<(ApiError, SmolStr)> {
        if let Err(error) = attachments::check(tx, &self.caller, &self.group) {
            self.fail(tx, &error.message, "", &place.zone, cause);
            return vec![(error, SmolStr::default())];
        }
        let rounds = match sources::offers(tx, &self.caller, &self.group, count) {
            Ok(rounds) => rounds,
            Err(error) => {
                self.failed(tx, &error, "", &place.zone, cause);
                return vec![(error, SmolStr::default())];
            }
        };
        let mut failures = Vec::new();
        for mut round in rounds {
            let batch = Batch { place, cause };
            for offer in &round.offers {
                let Err((error, subnet)) = self.launch_into(tx, offer, &batch, &mut round.units)
                else {
                    break;
                };
                self.failed(tx, &error, &subnet, &place.zone, cause);
                failures.push((error, subnet));
            }
        }
        failures
    }

    /// The zone that was chosen, and those that may stand in for it if it has no capacity.
    fn places_to_try(&self, zone: &SmolStr, purpose: &Purpose) -> Vec<Place> {
        let (mut places, others): (Vec<Place>, Vec<Place>) =
            self.group.places.iter().cloned().partition(|place| place.zone == *zone);
        let strict = self.group.distribution == "balanced-only";
        if !strict && !matches!(purpose, Purpose::Balance(_)) {
            places.extend(others);
        }
        places
    }

    /// Launches what is left into one zone. The error is that of the launch that failed, with the
    /// subnet that was tried.
    fn launch_into(
        &self,
        tx: &mut Tx,
        offer: &Offer,
        batch: &Batch<'_>,
        units: &mut usize,
    ) -> Result<(), (ApiError, SmolStr)> {
        while *units > 0 {
            let left = units.div_ceil(offer.units);
            let most = if left > SINGLE_LAUNCHES { LAUNCH_BATCH } else { 1 };
            let number = left.min(most);
            let subnet = subnet_of(batch.place, left);
            let mut request = offer.request(subnet, &batch.place.zone);
            request.min_count = number as i64;
            request.max_count = number as i64;
            request.tag_specifications =
                Some(vec![self.instance_tags(offer.instance_tags.as_slice())]);
            match tx.call::<ec2::ops::RunInstances>(&self.caller, request) {
                Ok(made) => self.join(tx, made, offer, subnet, batch),
                Err(error) => return Err((error, subnet.into())),
            }
            *units = units.saturating_sub(number * offer.units);
        }
        Ok(())
    }

    fn launch_cause(
        &self,
        now: Timestamp,
        zone: &SmolStr,
        purpose: &Purpose,
        (from, to): (usize, usize),
    ) -> Vec<String> {
        match purpose {
            _ if self.state.is_warmed() => vec![causes::preparing(now)],
            Purpose::Fill => {
                let mut cause = self.group.pending_causes.clone();
                cause.push(causes::growing(now, from, to));
                cause
            }
            Purpose::Replace => vec![causes::replacing(now)],
            Purpose::Refresh => vec![causes::refreshed(now)],
            Purpose::Balance(counts) => {
                let counts: Vec<(&str, usize)> =
                    counts.iter().map(|(zone, n)| (zone.as_str(), *n)).collect();
                causes::rebalancing(now, zone, &counts)
            }
        }
    }

    /// The group's name and its propagated tags, which win over those of a launch template.
    fn instance_tags(&self, template: &[ec2::Tag]) -> ec2::TagSpecification {
        let tag = |key: &str, value: &SmolStr| ec2::Tag {
            key: Some(key.into()),
            value: Some(value.clone()),
        };
        let mut tags = vec![tag("aws:autoscaling:groupName", &self.group.name)];
        let propagated = self.group.tags.iter().filter(|t| t.propagate);
        tags.extend(propagated.map(|t| tag(&t.key, &t.value)));
        for other in template {
            if !tags.iter().any(|t| t.key == other.key) {
                tags.push(other.clone());
            }
        }
        ec2::TagSpecification { resource_type: Some("instance".into()), tags: Some(tags) }
    }

    /// New instances become members, each with its activity.
    fn join(
        &self,
        tx: &mut Tx,
        made: ec2::Reservation,
        offer: &Offer,
        subnet: &str,
        batch: &Batch<'_>,
    ) {
        for instance in made.instances.unwrap_or_default() {
            let id = instance.instance_id.unwrap_or_default();
            let zone = instance.placement.and_then(|p| p.availability_zone).unwrap_or_default();
            // A zone of the default VPC was asked for: EC2 chose the subnet.
            let chosen = instance.subnet_id.unwrap_or_else(|| subnet.into());
            let description = match self.state.is_warmed() {
                true => format!("Launching a new EC2 instance into warm pool: {id}"),
                false => format!("Launching a new EC2 instance: {id}"),
            };
            let monitoring = instance.monitoring.and_then(|m| m.state);
            let begun = Begun {
                zone: &zone,
                instance: &id,
                kind: Kind::Launch,
                description,
                status: Status::PreInService,
                progress: 30,
            };
            let activity = lifecycle::begin_in(tx, &self.group, begun, &chosen, batch.cause);
            tx.put(Member {
                group: self.group.name.clone(),
                instance_type: instance.instance_type.unwrap_or_default(),
                image_id: instance.image_id.unwrap_or_default(),
                zone,
                launch_configuration: offer.configuration.clone(),
                template: offer.template.clone(),
                weight: offer.weight,
                spot: offer.spot,
                detailed: matches!(monitoring.as_deref(), Some("enabled" | "pending")),
                state: self.state,
                protected: self.group.protect_new,
                activity: Some(activity.id),
                ..Member::new(id, tx.now())
            });
        }
    }

    /// A launch that EC2 refused is a failed activity.
    fn failed(&self, tx: &mut Tx, error: &ApiError, subnet: &str, zone: &str, cause: &[String]) {
        // EC2 wraps unknown image ids into a list; Auto Scaling does not.
        let text = error.message.replace("'[", "'").replace("]'", "'");
        let full_stop = if text.ends_with('.') { "" } else { "." };
        let message = format!("{text}{full_stop} Launching EC2 instance failed.");
        self.fail(tx, &message, subnet, zone, cause);
    }

    /// A launch that came to nothing is a failed activity.
    fn fail(&self, tx: &mut Tx, message: &str, subnet: &str, zone: &str, cause: &[String]) {
        let begun = Begun {
            zone,
            instance: "",
            kind: Kind::Launch,
            description: "Launching a new EC2 instance".to_owned(),
            status: Status::InProgress,
            progress: 0,
        };
        let activity = lifecycle::begin_in(tx, &self.group, begun, subnet, cause);
        if let Some(ended) = activities::end(tx, &activity.id, Status::Failed, message) {
            notifications::activity_ended(tx, &self.caller, &self.group, &ended);
        }
    }
}

/// Whether another type or zone may have what this one lacks.
fn is_scarce(error: &ApiError) -> bool {
    matches!(
        error.code.as_str(),
        "InsufficientInstanceCapacity" | "UnfulfillableCapacity" | "SpotMaxPriceTooLow"
    )
}

/// Subnets of a zone take turns.
fn subnet_of(place: &Place, turn: usize) -> &str {
    match place.subnets.len() {
        0 => "",
        count => &place.subnets[turn % count],
    }
}
