//! Form parameters as a tree: `Filter.1.Value.2=x` is a leaf four levels down.

use super::MAX_DEPTH;
use crate::head::{pairs, unescape};
use model::ApiError;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most parameters in one request. PutMetricData's limit of 1 MB of form holds fewer.
const MAX_PARAMETERS: usize = 100_000;

/// One level of names.
#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    /// What was given for exactly this name.
    pub value: Option<&'a str>,
    /// Longer names, by their next part.
    pub children: BTreeMap<&'a str, Node<'a>>,
}

/// A decoded name and value.
pub(crate) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Decodes the pairs of a form body or query string.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<Pair<'_>>, ApiError> {
    let text = str::from_utf8(text).map_err(|_| malformed("The request is not valid UTF-8."))?;
    let mut out = Vec::new();
    for (name, value) in pairs(text.trim_end_matches(['\r', '\n'])) {
        if out.len() == MAX_PARAMETERS {
            return Err(malformed("The request has too many parameters."));
        }
        let both = unescape(name, true).zip(unescape(value, true));
        out.push(both.ok_or_else(|| malformed("A parameter is not valid UTF-8."))?);
    }
    Ok(out)
}

fn malformed(text: impl Into<String>) -> ApiError {
    ApiError::new("MalformedQueryString", text)
}

impl<'a> Node<'a> {
    /// Grows the tree.
    pub fn of(pairs: &'a [Pair<'a>]) -> Result<Self, ApiError> {
        let mut root = Self::default();
        for (name, value) in pairs {
            let mut node = &mut root;
            for (depth, part) in name.split('.').enumerate() {
                if depth == MAX_DEPTH {
                    return Err(malformed("A parameter's name has too many parts."));
                }
                node = node.children.entry(part).or_default();
            }
            if node.value.replace(value).is_some_and(|old| old != &**value) {
                let text = format!("The parameter {} is given more than once.", shorten(name));
                return Err(malformed(text));
            }
        }
        Ok(root)
    }

    /// Children with numbers for names, in numerical order; gaps close.
    pub fn numbered(&self) -> Vec<(&'a str, &Self)> {
        let mut items: Vec<_> = self
            .children
            .iter()
            .filter_map(|(name, child)| Some((index(name)?, *name, child)))
            .collect();
        items.sort_by_key(|(n, ..)| *n);
        items.into_iter().map(|(_, name, child)| (name, child)).collect()
    }
}

/// A list index. A sign or a leading `+` is none.
pub(crate) fn index(name: &str) -> Option<u32> {
    name.bytes().all(|b| b.is_ascii_digit()).then(|| name.parse().ok())?
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_indexes_close_up_in_numerical_order() {
        let pairs =
            decode(b"A.10=ten&A.9=nine&A.999999999=far&A.x=no&A.4294967296=no").expect("valid");
        let tree = Node::of(&pairs).expect("valid");
        let values: Vec<_> =
            tree.children["A"].numbered().iter().filter_map(|(_, n)| n.value).collect();
        assert_eq!(values, ["nine", "ten", "far"]);
    }

    #[test]
    fn names_that_no_client_means_are_refused() {
        let deep = "a.".repeat(100) + "=1";
        for text in [&*deep, "A=1&A=2"] {
            let pairs = decode(text.as_bytes()).expect("decodes");
            let error = Node::of(&pairs).expect_err(text);
            assert_eq!(error.code, "MalformedQueryString");
        }
        assert!(decode(b"a=%ff").is_err());
        assert!(decode(b"\xff").is_err());
    }
}
