//! Identifiers for things AWS has and the data lacks: the same words always give the same id.

/// A 17-digit hexadecimal id tail, first digit 0 as in AWS's long ids, made from `words`.
pub(crate) fn id_tail(words: &[&str]) -> String {
    // FNV-1a over the words and a separator, then splitmix64's finisher, which spreads
    // neighbouring inputs over the whole range.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    format!("0{:016x}", hash ^ (hash >> 31))
}

#[cfg(test)]
mod tests {
    use super::id_tail;

    #[test]
    fn tails_have_seventeen_digits_and_depend_on_every_word() {
        let tail = id_tail(&["us-west-1", "x"]);
        assert_eq!(tail.len(), 17);
        assert!(tail.starts_with('0') && tail.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(tail, id_tail(&["us-west-1", "x"]));
        assert_ne!(tail, id_tail(&["us-west-2", "x"]));
        assert_ne!(id_tail(&["ab", "c"]), id_tail(&["a", "bc"]));
    }
}
