//! Instance refreshes.

use crate::groups::Group;
use crate::members::Member;
use kernel::{Caller, Tx};

pub(crate) fn warmup_secs(_: &Tx, group: &Group) -> i64 {
    group.warmup_secs.unwrap_or(0)
}

pub(crate) fn percentages(_: &Tx, _: &Group) -> Option<(usize, usize)> {
    None
}

pub(crate) struct Matcher;

impl Matcher {
    pub(crate) fn new(_: &Tx, _: &Group) -> Self {
        Self
    }

    pub(crate) fn is_outdated(&self, _: &Member) -> bool {
        false
    }
}

pub(crate) fn advance(_: &mut Tx, _: &Caller, _: &str) {}
