//! Pages and their opaque tokens.
//!
//! A token names the last key of its page and the call it belongs to, with a check sum: tokens
//! stay valid while rows come and go, and a token of another call, or a made-up one, is refused.

use smol_str::SmolStr;

/// One page of rows.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The token of the next page; none on the last one.
    pub next: Option<SmolStr>,
}

/// The token was not one of this call's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pagination token is not valid")]
pub struct PageError;

/// Takes one page from `rows(after)`, which gives the rows whose key comes after `after` (all,
/// for an empty `after`), in the order of their keys. `call` names the operation, so that tokens
/// do not fit elsewhere.
pub fn paginate<T, I: Iterator<Item = T>>(
    call: &str,
    token: Option<&str>,
    limit: usize,
    rows: impl FnOnce(&str) -> I,
    key: impl Fn(&T) -> SmolStr,
) -> Result<Page<T>, PageError> {
    let after = match token {
        Some(token) => open(call, token)?,
        None => String::new(),
    };
    let mut items = Vec::new();
    let mut rows = rows(&after);
    for row in rows.by_ref() {
        if items.len() == limit {
            let last = items.last().map(&key).unwrap_or_default();
            return Ok(Page { items, next: Some(seal(call, &last)) });
        }
        items.push(row);
    }
    Ok(Page { items, next: None })
}

fn check(call: &str, key: &str) -> u32 {
    let bytes = call.bytes().chain([0]).chain(key.bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    hash ^ (hash >> 15)
}

fn seal(call: &str, key: &str) -> SmolStr {
    use std::fmt::Write;
    let mut token = format!("{:08x}", check(call, key));
    for byte in key.bytes() {
        write!(token, "{byte:02x}").expect("a string takes everything");
    }
    token.into()
}

fn open(call: &str, token: &str) -> Result<String, PageError> {
    if token.len() < 8 || token.len() > 4_096 || !token.len().is_multiple_of(2) || !token.is_ascii()
    {
        return Err(PageError);
    }
    let (sum, hex) = token.split_at(8);
    let sum = u32::from_str_radix(sum, 16).map_err(|_| PageError)?;
    let bytes: Result<Vec<u8>, _> =
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16)).collect();
    let key = String::from_utf8(bytes.map_err(|_| PageError)?).map_err(|_| PageError)?;
    if check(call, &key) == sum { Ok(key) } else { Err(PageError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(call: &str, token: Option<&str>) -> Result<Page<SmolStr>, PageError> {
        let rows = |after: &str| {
            let after = after.to_owned();
            ["a", "b", "c", "d", "e"].into_iter().map(SmolStr::new).filter(move |k| **k > *after)
        };
        paginate(call, token, 2, rows, Clone::clone)
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let page = page("List", token.as_deref()).expect("a good token");
            seen.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let next = page("List", None).expect("a page").next.expect("a token");
        assert!(page("Other", Some(&next)).is_err());
        for token in ["", "zz", "deadbeef", "deadbeef61", "é", &format!("{next}0")] {
            assert!(page("List", Some(token)).is_err(), "{token}");
        }
    }
}
