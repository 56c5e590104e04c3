//! Tags as rows keep them.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::sync::Arc;

/// Key–value pairs in the order of their keys. Shared: a thousand instances of one launch hold
/// the same tags once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(Arc<[(SmolStr, SmolStr)]>);

impl Tags {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&SmolStr> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Pairs in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SmolStr, &SmolStr)> {
        self.0.iter().map(|(k, v)| (k, v))
    }

    /// Number of tags.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These tags with others added; a key that is there already gets the new value.
    #[must_use]
    pub fn with<K, V>(&self, others: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<SmolStr>,
        V: Into<SmolStr>,
    {
        let mut all: Vec<(SmolStr, SmolStr)> = self.0.to_vec();
        for (key, value) in others {
            let (key, value) = (key.into(), value.into());
            match all.iter_mut().find(|(k, _)| *k == key) {
                Some(slot) => slot.1 = value,
                None => all.push((key, value)),
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Self(all.into())
    }

    /// These tags without those for which `unwanted` says so.
    #[must_use]
    pub fn without(&self, unwanted: impl Fn(&str, &str) -> bool) -> Self {
        Self(self.0.iter().filter(|(k, v)| !unwanted(k, v)).cloned().collect())
    }

    /// What the `tag` index of a row holds: `key=value` for each tag.
    pub fn index_values(&self) -> impl Iterator<Item = SmolStr> {
        self.0.iter().map(|(k, v)| smol_str::format_smolstr!("{k}={v}"))
    }
}

impl<K: Into<SmolStr>, V: Into<SmolStr>> FromIterator<(K, V)> for Tags {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self::default().with(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_sorted_and_unique() {
        let tags: Tags = [("b", "1"), ("a", "2"), ("b", "3")].into_iter().collect();
        let pairs: Vec<_> = tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(pairs, ["a=2", "b=3"]);
        assert_eq!(tags.without(|k, _| k == "a").len(), 1);
    }
}
