//! Warm pools.

use crate::groups::Group;
use crate::members::Member;
use kernel::{Caller, Tx};
use smol_str::SmolStr;

pub(crate) fn store(_: &mut Tx, _: &Caller, _: &Group, _: &Member) {}

pub(crate) fn fill(_: &mut Tx, _: &Caller, _: &str) {}

pub(crate) fn draw(
    _: &mut Tx,
    _: &Caller,
    _: &Group,
    _: &SmolStr,
    _: usize,
    _: &[String],
) -> usize {
    0
}

pub(crate) fn take_back(_: &mut Tx, _: &Caller, _: &Group, _: &SmolStr, _: &[String]) -> bool {
    false
}

/// The desired and the minimum size of a group's warm pool.
pub(crate) fn wanted(_: &Tx, _: &Group) -> (i64, i64) {
    (0, 0)
}
