//! Durations as policies of templates write them: ISO 8601, such as `PT1H30M`.

/// The milliseconds of a duration in hours, minutes and seconds; nothing for any other text.
pub(super) fn millis(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix("PT").filter(|rest| !rest.is_empty())?;
    let mut total = 0_i64;
    for (unit, seconds) in [('H', 3_600), ('M', 60), ('S', 1)] {
        if let Some((number, after)) = rest.split_once(unit) {
            let number: i64 = number.parse().ok().filter(|n| (0..=1_000_000).contains(n))?;
            total += number * seconds;
            rest = after;
        }
    }
    rest.is_empty().then_some(total * 1_000)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn hours_minutes_and_seconds_add_up_in_their_order() {
        for (text, seconds) in [
            ("PT5M", Some(300)),
            ("PT0S", Some(0)),
            ("PT1H30M5S", Some(5_405)),
            ("PT90S", Some(90)),
            ("PT", None),
            ("5M", None),
            ("PT5", None),
            ("PT1M1H", None),
            ("PT-5M", None),
            ("P1D", None),
        ] {
            assert_eq!(millis(text), seconds.map(|s| s * 1_000), "{text}");
        }
    }
}
