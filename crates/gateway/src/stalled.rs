//! A word for whoever waits for a cloud whose time stands still: AWS's waiters would poll until
//! they give up, and nobody would know why.

use kernel::{Cloud, OperationRow, Timestamp, Wall};
use smol_str::{SmolStr, format_smolstr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Polls of one operation, with no time passing in between, until it looks like waiting.
const PATIENCE: u32 = 3;
/// At most one line in so many milliseconds.
const EVERY_MILLIS: i64 = 30_000;

/// What was asked lately while time stood still.
#[derive(Debug, Default)]
pub(crate) struct Stalled {
    polls: Mutex<Polls>,
}

#[derive(Debug, Default)]
struct Polls {
    operation: SmolStr,
    at: Timestamp,
    count: u32,
    told_at: Option<Wall>,
}

impl Stalled {
    /// A question was answered. Leaves a line in the log if it seems to be one of a waiter that
    /// waits in vain.
    pub(crate) fn answered(&self, cloud: &Cloud, row: &dyn OperationRow, wall: Wall) {
        if !row.is_read() || !cloud.is_paused() {
            return;
        }
        let operation = format_smolstr!("{}:{}", row.service(), row.name());
        if self.looks_like_waiting(operation, cloud.now(wall), wall) {
            let status = cloud.status(wall);
            if let Some(text) = words(status.waiting) {
                self.polls().told_at = Some(wall);
                tracing::warn!("{text}");
            }
        }
    }

    fn looks_like_waiting(&self, operation: SmolStr, now: Timestamp, wall: Wall) -> bool {
        let mut polls = self.polls();
        if polls.operation != operation || polls.at != now {
            (polls.operation, polls.at, polls.count) = (operation, now, 0);
        }
        polls.count = polls.count.saturating_add(1);
        let lately = polls.told_at.is_some_and(|Wall(at)| wall.0 - at < EVERY_MILLIS);
        polls.count >= PATIENCE && !lately
    }

    fn polls(&self) -> MutexGuard<'_, Polls> {
        self.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn words(waiting: usize) -> Option<String> {
    let tasks = match waiting {
        0 => return None,
        1 => "1 task waits".to_owned(),
        count => format!("{count} tasks wait"),
    };
    Some(format!("time is paused; {tasks} for it: lowcloud clock step 1m"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poller_is_told_once_in_half_a_minute() {
        let (instances, vpcs) = ("ec2:DescribeInstances", "ec2:DescribeVpcs");
        let stalled = Stalled::default();
        let ask = |operation: &str, now: i64, wall: i64| {
            stalled.looks_like_waiting(operation.into(), Timestamp(now), Wall(wall))
        };
        assert_eq!([0, 1, 2].map(|wall| ask(instances, 0, wall)), [false, false, true]);
        stalled.polls().told_at = Some(Wall(2));
        assert!(!ask(instances, 0, 30_001) && ask(instances, 0, 30_002));
        // Time has passed, or something else was asked: nobody waits yet.
        assert!(!ask(instances, 60_000, 80_000) && !ask(instances, 60_000, 81_000));
        assert!(!ask(vpcs, 60_000, 82_000) && !ask(instances, 60_000, 83_000));
    }

    #[test]
    fn nothing_is_said_when_nothing_waits() {
        assert_eq!(words(0), None);
        let text = words(3).expect("words");
        assert_eq!(text, "time is paused; 3 tasks wait for it: lowcloud clock step 1m");
    }
}
