//! Access key ids of temporary credentials. As on AWS, the id itself says which account it
//! belongs to; ours also carry a check sum, so that a key which AWS issued, lying about in
//! somebody's environment, is not taken for one of this cloud's.

use crate::Rng;
use smol_str::{SmolStr, format_smolstr};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const CHARACTERS: u32 = 16;
const CHECK_BITS: u32 = 12;
/// Below the mark of keys that name an account (1 bit) and the account (40 bits).
const FREE_BITS: u32 = CHARACTERS * 5 - 41;

/// A new key id of an account's temporary credentials: `ASIA` and 16 characters.
pub fn temporary_access_key(account: &str, rng: &mut Rng) -> SmolStr {
    let account = u128::from(account.parse::<u64>().unwrap_or_default());
    let chance = u128::from(rng.below(1 << (FREE_BITS - CHECK_BITS)));
    let head = (1 << 40 | account) << (FREE_BITS - CHECK_BITS) | chance;
    let bits = head << CHECK_BITS | check(head);
    let text: String = (0..CHARACTERS)
        .rev()
        .map(|at| char::from(ALPHABET[(bits >> (at * 5)) as usize & 31]))
        .collect();
    format_smolstr!("ASIA{text}")
}

/// The account of a key id that this cloud issued; none for any other.
pub fn account_of_temporary_key(access_key: &str) -> Option<SmolStr> {
    let bits = bits_of(access_key.strip_prefix("ASIA")?)?;
    let head = bits >> CHECK_BITS;
    (check(head) == bits & ((1 << CHECK_BITS) - 1)).then(|| account(bits)).flatten()
}

/// The account that a key id of AWS's present form names, whoever issued it.
pub fn account_of_access_key(access_key: &str) -> Option<SmolStr> {
    account(bits_of(access_key.get(4..)?)?)
}

fn account(bits: u128) -> Option<SmolStr> {
    let named = bits >> (CHARACTERS * 5 - 1) == 1;
    let account = (bits >> FREE_BITS) & ((1 << 40) - 1);
    (named && account < 1_000_000_000_000).then(|| format_smolstr!("{account:012}"))
}

fn bits_of(text: &str) -> Option<u128> {
    if text.len() != CHARACTERS as usize {
        return None;
    }
    text.bytes().try_fold(0, |bits: u128, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some(bits << 5 | digit as u128)
    })
}

fn check(head: u128) -> u128 {
    let hash = head.to_le_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    u128::from(hash >> (u64::BITS - CHECK_BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issued_key_names_its_account() {
        let mut rng = Rng::of(1, 1);
        for account in ["123456789012", "000000000001", "999999999999"] {
            let key = temporary_access_key(account, &mut rng);
            assert_eq!(key.len(), 20);
            assert_eq!(account_of_temporary_key(&key).as_deref(), Some(account));
            assert_eq!(account_of_access_key(&key).as_deref(), Some(account));
        }
    }

    #[test]
    fn keys_of_others_are_told_apart() {
        // The example of AWS's documentation, and one of another origin with an account in it.
        for key in ["ASIAIOSFODNN7EXAMPLE", "ASIAQNZGKIQY56JQ7WML", "test", "ASIAé", ""] {
            assert_eq!(account_of_temporary_key(key), None, "{key}");
        }
        assert_eq!(account_of_access_key("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        assert_eq!(account_of_access_key("ASIAIOSFODNN7EXAMPLE"), None);
    }
}
