//! From values to places on paper.

use crate::words::Span;

/// Where time goes from left to right.
pub(super) const LEFT: f64 = 56.0;
pub(super) const WIDTH: f64 = 1_124.0;

/// A place on paper: to a tenth of a unit, so that the file stays small.
pub(super) fn place(value: f64) -> String {
    let tenth = (value * 10.0).round() / 10.0;
    format!("{tenth}")
}

/// Time, from left to right.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) lasts: i64,
}

/// Distances of the time's ticks.
const TICKS: [i64; 17] = [
    1_000,
    10_000,
    60_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    345_600_000,
    604_800_000,
    1_209_600_000,
];

impl Time {
    pub(super) fn x(self, millis: i64) -> f64 {
        LEFT + WIDTH * millis as f64 / self.lasts.max(1) as f64
    }

    /// At most fourteen instants with their names.
    pub(super) fn ticks(self) -> Vec<(i64, String)> {
        let fits = |step: &&i64| self.lasts / **step <= 13;
        let step = TICKS.iter().find(fits).copied().unwrap_or(self.lasts);
        (0..=self.lasts / step.max(1)).map(|n| (n * step, named(n * step, step))).collect()
    }
}

/// In days or hours alone where the ticks are: `36h` rather than `1d12h`.
fn named(at: i64, step: i64) -> String {
    const HOUR: i64 = 3_600_000;
    match at {
        0 => "0".to_owned(),
        _ if step % (24 * HOUR) == 0 => format!("{}d", at / (24 * HOUR)),
        _ if step % HOUR == 0 => format!("{}h", at / HOUR),
        _ => Span(at).to_string(),
    }
}

/// Values, from bottom to top.
#[derive(Clone, Copy)]
pub(super) struct Height {
    pub(super) top: f64,
    pub(super) height: f64,
    /// The value at the top; the bottom is nothing.
    pub(super) most: f64,
}

impl Height {
    /// Room for values up to `most`, up to a round number.
    pub(super) fn of(top: f64, height: f64, most: f64) -> Self {
        let step = round_step(most / 4.0);
        Self { top, height, most: (most / step).ceil().max(1.0) * step }
    }

    pub(super) fn y(self, value: f64) -> f64 {
        self.top + self.height * (1.0 - (value / self.most).clamp(0.0, 1.0))
    }

    pub(super) fn bottom(self) -> f64 {
        self.top + self.height
    }

    /// Round values from nothing to the top.
    pub(super) fn ticks(self) -> Vec<f64> {
        let step = round_step(self.most / 4.0);
        let count = (self.most / step).round() as i32;
        (0..=count).map(|n| f64::from(n) * step).collect()
    }
}

/// The next of 1, 2, 2.5, 5, 10, … that is not less.
fn round_step(least: f64) -> f64 {
    if least <= 1.0 {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let whole = |step: &&f64| **step >= least - 1e-9 && step.fract() == 0.0;
    round.iter().find(whole).copied().unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_ticks() {
        for (most, ticks) in [
            (100.0, vec![0.0, 25.0, 50.0, 75.0, 100.0]),
            (500.0, vec![0.0, 200.0, 400.0, 600.0]),
            (9.0, vec![0.0, 5.0, 10.0]),
            (3.0, vec![0.0, 1.0, 2.0, 3.0]),
            (0.0, vec![0.0, 1.0]),
        ] {
            assert_eq!(Height::of(0.0, 100.0, most).ticks(), ticks, "{most}");
        }
    }

    #[test]
    fn time_has_at_most_fourteen_ticks_of_familiar_length() {
        let names = |lasts| Time { lasts }.ticks().into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(names(86_400_000)[..3], ["0", "2h", "4h"]);
        assert_eq!(names(600_000)[..3], ["0", "1m", "2m"]);
        assert_eq!(names(7 * 86_400_000).last().map(String::as_str), Some("7d"));
        assert_eq!(names(14 * 86_400_000)[..3], ["0", "2d", "4d"]);
        for lasts in [1_000, 90_000, 3_600_000, 42 * 86_400_000] {
            assert!((1..=14).contains(&names(lasts).len()), "{lasts}");
        }
    }
}
