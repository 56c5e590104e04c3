//! The clock that the user owns: virtual time as a function of wall time.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// Wall time in milliseconds since the epoch, as the shell reads it. The core never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall(pub i64);

/// How virtual time follows wall time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// One second is one second.
    Real,
    /// One second of wall time is this many virtual ones; more than zero.
    Scaled(f64),
    /// Time stands still but for steps.
    Paused,
}

impl ClockMode {
    fn factor(self) -> f64 {
        match self {
            Self::Real => 1.0,
            Self::Scaled(factor) => factor,
            Self::Paused => 0.0,
        }
    }
}

/// Virtual time: it was `anchor` when the wall showed `wall`, and has run on as `mode` says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// How it runs.
    pub mode: ClockMode,
    wall: i64,
    anchor: i64,
}

impl Clock {
    /// A clock that shows the wall's time now and runs on in `mode`.
    pub fn new(mode: ClockMode, wall: Wall) -> Self {
        Self { mode, wall: wall.0, anchor: wall.0 }
    }

    /// Virtual time when the wall shows `wall`.
    pub fn at(&self, wall: Wall) -> Timestamp {
        let elapsed = wall.0.saturating_sub(self.wall).max(0);
        match self.mode {
            ClockMode::Real => Timestamp(self.anchor.saturating_add(elapsed)),
            ClockMode::Paused => Timestamp(self.anchor),
            ClockMode::Scaled(factor) => {
                Timestamp(self.anchor.saturating_add((elapsed as f64 * factor) as i64))
            }
        }
    }

    /// The wall time at which virtual time will be `at`; none if it stands still.
    pub fn wall_at(&self, at: Timestamp) -> Option<Wall> {
        let ahead = at.0.saturating_sub(self.anchor).max(0);
        match self.mode {
            ClockMode::Paused => None,
            mode => {
                Some(Wall(self.wall.saturating_add((ahead as f64 / mode.factor()).ceil() as i64)))
            }
        }
    }

    /// The same present, but running in another mode from here on.
    pub fn switched(&self, mode: ClockMode, wall: Wall) -> Self {
        Self { mode, wall: wall.0, anchor: self.at(wall).0 }
    }

    /// The same clock set to another present.
    pub fn set(&self, now: Timestamp, wall: Wall) -> Self {
        Self { mode: self.mode, wall: wall.0, anchor: now.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_runs_at_its_own_speed() {
        let start = Wall(1_000);
        let later = Wall(3_000);
        let cases = [
            (ClockMode::Real, 3_000),
            (ClockMode::Paused, 1_000),
            (ClockMode::Scaled(60.0), 121_000),
        ];
        for (mode, now) in cases {
            assert_eq!(Clock::new(mode, start).at(later), Timestamp(now), "{mode:?}");
        }
    }

    #[test]
    fn switching_and_setting_keep_the_present() {
        let clock = Clock::new(ClockMode::Scaled(10.0), Wall(0));
        let paused = clock.switched(ClockMode::Paused, Wall(100));
        assert_eq!(paused.at(Wall(500)), Timestamp(1_000));
        let stepped = paused.set(Timestamp(5_000), Wall(500));
        assert_eq!(stepped.at(Wall(900)), Timestamp(5_000));
        assert_eq!(stepped.wall_at(Timestamp(6_000)), None);
        let real = stepped.switched(ClockMode::Real, Wall(900));
        assert_eq!(real.wall_at(Timestamp(6_000)), Some(Wall(1_900)));
    }
}
