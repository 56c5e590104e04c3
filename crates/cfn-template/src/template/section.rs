//! An ordered map from names to declarations.

use std::collections::BTreeMap;

/// The entries of a template's section: in the order of the text, and found by name.
#[derive(Clone, Debug)]
pub struct Section<T> {
    entries: Vec<(String, T)>,
    index: BTreeMap<String, usize>,
}

impl<T> Default for Section<T> {
    fn default() -> Self {
        Section { entries: Vec::new(), index: BTreeMap::new() }
    }
}

impl<T> Section<T> {
    /// The entry of this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.index.get(name).map(|&at| &self.entries[at].1)
    }

    /// Whether there is an entry of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// Where in the section's order the entry of this name stands.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// All entries in the order of the text.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &T)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// All names in the order of the text.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds an entry at the end; a name that is there already keeps its first entry.
    pub fn push(&mut self, name: impl Into<String>, entry: T) {
        let name = name.into();
        if !self.index.contains_key(&name) {
            self.index.insert(name.clone(), self.entries.len());
            self.entries.push((name, entry));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_insertion() {
        let mut section = Section::default();
        for name in ["b", "a", "c", "a"] {
            section.push(name, name.len());
        }
        assert_eq!(section.names().collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!((section.place("c"), section.place("x")), (Some(2), None));
    }
}
