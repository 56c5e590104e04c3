//! The forms of AWS's ids.

use crate::Rng;
use smol_str::{SmolStr, format_smolstr};

/// An EC2-style id: the prefix (`i-`, `vpc-cidr-assoc-`), then 17 hex digits of which the first
/// is 0, as recorded in real output.
pub(crate) fn resource_id(rng: &mut Rng, prefix: &str) -> SmolStr {
    format_smolstr!("{prefix}0{:016x}", rng.bits())
}

/// A version-4 UUID.
pub fn random_uuid(rng: &mut Rng) -> SmolStr {
    let bits = (u128::from(rng.bits()) << 64) | u128::from(rng.bits());
    let uuid = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
    format_smolstr!("{}", uuid.hyphenated())
}

/// A time-based (version 1) UUID, as CloudFormation puts into stack ids. `millis` is the instant.
pub(crate) fn time_uuid(rng: &mut Rng, millis: i64) -> SmolStr {
    // 100-nanosecond ticks since 1582-10-15.
    let ticks = (millis.max(0) as u64 * 10_000 + rng.below(10_000)) + 0x01b2_1dd2_1381_4000;
    let clock = 0x8000 | rng.below(0x4000) as u16;
    let node = rng.bits() & 0xffff_ffff_ffff;
    format_smolstr!(
        "{:08x}-{:04x}-{:04x}-{clock:04x}-{node:012x}",
        ticks & 0xffff_ffff,
        (ticks >> 32) & 0xffff,
        0x1000 | (ticks >> 48) & 0x0fff,
    )
}

/// Whether `id` has EC2's form: the prefix (with its dash), then 8 or 17 lower-case hex digits.
pub fn is_resource_id(id: &str, prefix: &str) -> bool {
    id.strip_prefix(prefix).is_some_and(|hex| {
        matches!(hex.len(), 8 | 17) && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_aws_forms() {
        let mut rng = Rng::of(1, 1);
        let id = resource_id(&mut rng, "i-");
        assert!(is_resource_id(&id, "i-") && id.starts_with("i-0") && id.len() == 19);
        let uuid = random_uuid(&mut rng);
        assert_eq!((uuid.len(), uuid.as_bytes()[14]), (36, b'4'));
    }

    #[test]
    fn time_uuids_carry_their_instant() {
        let uuid = time_uuid(&mut Rng::of(1, 1), 1_506_576_906_123);
        // 2017-09-28 falls into the high bits 11e7 of version-1 UUIDs.
        assert_eq!(&uuid[14..18], "11e7");
    }

    #[test]
    fn malformed_ids_are_told_apart() {
        for (id, good) in [
            ("i-0123456789abcdef0", true),
            ("i-12345678", true),
            ("i-1234567", false),
            ("i-0123456789ABCDEF0", false),
            ("vpc-12345678", false),
        ] {
            assert_eq!(is_resource_id(id, "i-"), good, "{id}");
        }
    }
}
