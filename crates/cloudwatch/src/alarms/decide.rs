//! From datapoints to a state: the rules of "Evaluating an alarm" and "Configuring how CloudWatch
//! alarms treat missing data" (user guide). Pure.

use super::row::StateValue;
use kernel::Timestamp;

/// A period of the evaluation range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) value: f64,
    pub(super) samples: Option<f64>,
    pub(super) breaches: bool,
}

/// What is made of periods without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

impl Treatment {
    pub(super) fn of(setting: Option<&str>) -> Self {
        match setting {
            Some("ignore") => Self::Ignore,
            Some("breaching") => Self::Breaching,
            Some("notBreaching") => Self::NotBreaching,
            _ => Self::Missing,
        }
    }
}

/// The outcome of a look.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decision {
    /// None: the alarm keeps its state.
    pub(super) state: Option<StateValue>,
    /// The real datapoints that were looked at, the newest first.
    pub(super) evaluated: Vec<Point>,
    /// How many missing ones were made up for.
    pub(super) filled: usize,
}

/// Periods that are fetched for N evaluation periods: a few more, so that late data is seen.
pub(super) const fn range(evaluation_periods: i64) -> i64 {
    evaluation_periods + 2
}

/// Decides on the evaluation range, the newest period first; `n` periods count, `m` breaching ones
/// make an alarm.
pub(super) fn decide(range: &[Option<Point>], n: usize, m: usize, missing: Treatment) -> Decision {
    let evaluated: Vec<Point> = range.iter().flatten().take(n).copied().collect();
    let breaching = evaluated.iter().filter(|point| point.breaches).count();
    let filled = n - evaluated.len();
    let alarm_if = |is_alarm: bool| {
        Some(if is_alarm { StateValue::Alarm } else { StateValue::Ok })
    };
    let state = if filled == 0 || missing == Treatment::NotBreaching {
        alarm_if(breaching >= m)
    } else if missing == Treatment::Breaching {
        alarm_if(breaching + filled >= m)
    } else if evaluated.is_empty() {
        (missing == Treatment::Missing).then_some(StateValue::InsufficientData)
    } else if breaching >= m {
        Some(StateValue::Alarm)
    } else if breaching < evaluated.len() {
        Some(StateValue::Ok)
    } else {
        // All that is there breaches, but it is too little. "Avoiding premature transitions": the
        // oldest of it must be at least `m` periods old.
        let oldest = range.iter().rposition(Option::is_some).map_or(0, |index| index + 1);
        (missing == Treatment::Missing && oldest >= m).then_some(StateValue::Alarm)
    };
    Decision { state, evaluated, filled }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Option<StateValue> = Some(StateValue::Ok);
    const ALARM: Option<StateValue> = Some(StateValue::Alarm);
    const INSUFFICIENT: Option<StateValue> = Some(StateValue::InsufficientData);
    const RETAIN: Option<StateValue> = None;

    /// The newest period is the last character. The states are those for missing data treated as
    /// missing, ignore, breaching, not breaching.
    #[track_caller]
    fn check(points: &str, m: usize, expected: [Option<StateValue>; 4]) {
        let point = |c: char| {
            (c != '-').then_some(Point {
                at: Timestamp(0),
                value: 1.0,
                samples: None,
                breaches: c == 'X',
            })
        };
        let range: Vec<_> = points.chars().rev().map(point).collect();
        let settings =
            [Treatment::Missing, Treatment::Ignore, Treatment::Breaching, Treatment::NotBreaching];
        let found = settings.map(|missing| decide(&range, 3, m, missing).state);
        assert_eq!(found, expected, "{points} with {m} of 3");
    }

    #[test]
    fn three_of_three_as_the_table_of_the_user_guide() {
        check("0-X-X", 3, [OK; 4]);
        check("0----", 3, [OK; 4]);
        check("-----", 3, [INSUFFICIENT, RETAIN, ALARM, OK]);
        check("0XX-X", 3, [ALARM; 4]);
        check("--X--", 3, [ALARM, RETAIN, ALARM, OK]);
    }

    #[test]
    fn two_of_three_as_the_table_of_the_user_guide() {
        check("0-X-X", 2, [ALARM; 4]);
        check("00X0X", 2, [ALARM; 4]);
        check("0-X--", 2, [OK, OK, ALARM, OK]);
        check("----0", 2, [OK, OK, ALARM, OK]);
        check("---X-", 2, [ALARM, RETAIN, ALARM, OK]);
    }

    #[test]
    fn an_alarm_is_not_raised_before_its_oldest_breach_is_old_enough() {
        check("----X", 3, [RETAIN, RETAIN, ALARM, OK]);
        check("---X-", 3, [RETAIN, RETAIN, ALARM, OK]);
    }

    #[test]
    fn missing_datapoints_are_made_up_for_as_seldom_as_possible() {
        let real = Some(Point { at: Timestamp(0), value: 1.0, samples: None, breaches: true });
        let decision = decide(&[real, None, real, None, None], 3, 3, Treatment::Breaching);
        assert_eq!((decision.filled, decision.evaluated.len()), (1, 2));
        let decision = decide(&[real, None, real, real, None], 3, 3, Treatment::NotBreaching);
        assert_eq!((decision.filled, decision.state), (0, ALARM));
    }
}
