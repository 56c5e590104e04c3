//! The schemas of all types, packed; one is unpacked when it is first asked for.
//! The format is described in `data/README.md`.

use super::Schema;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

static BYTES: &[u8] = include_bytes!("../../data/schemas.bin");
static INDEX: OnceLock<Index> = OnceLock::new();
static UNPACKED: Mutex<BTreeMap<&'static str, Arc<Schema>>> = Mutex::new(BTreeMap::new());

/// Where each type's schema is.
struct Index {
    text: String,
    groups: Vec<Group>,
    /// By name: the group, and the place inside it.
    types: Vec<Entry>,
    body: usize,
}

struct Group {
    offset: usize,
    packed: usize,
    plain: usize,
}

/// A type: its name is a range of the index's text.
struct Entry {
    name: (usize, usize),
    group: usize,
    offset: usize,
    length: usize,
}

impl Index {
    fn name(&self, entry: &Entry) -> &str {
        &self.text[entry.name.0..entry.name.1]
    }

    fn find(&self, name: &str) -> Option<&Entry> {
        let at = self.types.binary_search_by(|entry| self.name(entry).cmp(name)).ok()?;
        self.types.get(at)
    }
}

fn index() -> &'static Index {
    INDEX.get_or_init(|| read_index().expect("data/schemas.bin is whole: a test reads all of it"))
}

fn read_index() -> Option<Index> {
    let number = |at: usize| {
        let bytes = BYTES.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (packed, plain) = (number(0)?, number(4)?);
    let body = 8 + packed;
    let text = zstd::bulk::decompress(BYTES.get(8..body)?, plain).ok()?;
    let text = String::from_utf8(text).ok()?;
    let mut lines = text.lines();
    let count: usize = lines.next()?.parse().ok()?;
    let mut groups = Vec::with_capacity(count);
    for _ in 0..count {
        let mut fields = lines.next()?.split('\t').map(|field| field.parse().ok());
        let mut field = || fields.next()?;
        groups.push(Group { offset: field()?, packed: field()?, plain: field()? });
    }
    let mut types = Vec::new();
    for line in lines {
        let mut fields = line.split('\t');
        let name = fields.next()?;
        let start = name.as_ptr().addr() - text.as_ptr().addr();
        let mut field = || fields.next()?.parse().ok();
        let name = (start, start + name.len());
        types.push(Entry { name, group: field()?, offset: field()?, length: field()? });
    }
    Some(Index { groups, types, body, text })
}

/// The names of all types.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let index = index();
    index.types.iter().map(|entry| index.name(entry))
}

/// Whether there is a schema of this name.
pub(super) fn contains(name: &str) -> bool {
    index().find(name).is_some()
}

/// Unpacks a schema, or takes it from the ones unpacked before.
pub(super) fn lookup(name: &str) -> Option<Arc<Schema>> {
    let index = index();
    let entry = index.find(name)?;
    let mut unpacked = UNPACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = unpacked.get(name) {
        return Some(Arc::clone(schema));
    }
    let group = index.groups.get(entry.group)?;
    let start = index.body + group.offset;
    let plain =
        zstd::bulk::decompress(BYTES.get(start..start + group.packed)?, group.plain).ok()?;
    let text = plain.get(entry.offset..entry.offset + entry.length)?;
    let schema = Arc::new(Schema::new(name, serde_json::from_slice(text).ok()?));
    unpacked.insert(index.name(entry), Arc::clone(&schema));
    Some(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_index_can_be_unpacked() {
        let mut count = 0;
        for name in names() {
            let schema = lookup(name).unwrap_or_else(|| panic!("{name} has a schema"));
            assert!(schema.properties().next().is_some(), "{name} has properties");
            count += 1;
        }
        assert!(count > 1_800, "{count} types");
        assert!(lookup("AWS::Nope::X").is_none());
    }

    #[test]
    fn names_are_sorted_so_that_they_can_be_searched() {
        let all: Vec<&str> = names().collect();
        assert!(all.is_sorted());
    }
}
