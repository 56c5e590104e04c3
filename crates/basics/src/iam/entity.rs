//! What IAM's entities have in common: names, paths, unique ids, tags and markers.

use super::errors;
use api::iam::Tag;
use kernel::{ApiError, Caller, Page, Rng, Tags, paginate};
use smol_str::{SmolStr, format_smolstr};

/// Most tags on one entity.
const MAX_TAGS: usize = 50;
/// Page size when the caller does not say.
const PAGE: usize = 100;

/// The key of an entity's row: names differ by more than case.
pub(super) fn name_key(name: &str) -> SmolStr {
    SmolStr::from(name.to_lowercase())
}

/// A unique id: `AROA`, `AIPA`, `ANPA`, … and 17 characters.
pub(super) fn unique_id(rng: &mut Rng, prefix: &str) -> SmolStr {
    format_smolstr!("{prefix}{}", rng.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 17))
}

/// A path as given, `/` when none is.
pub(super) fn path_of(given: Option<SmolStr>) -> Result<SmolStr, ApiError> {
    let path = given.unwrap_or_else(|| SmolStr::new_static("/"));
    let sound = path.bytes().all(|b| (0x21..=0x7f).contains(&b)) && path.len() <= 512;
    if sound && path.starts_with('/') && path.ends_with('/') {
        return Ok(path);
    }
    Err(errors::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only \
         alphanumeric characters and/or / characters.",
    ))
}

/// The name, checked for the characters that IAM allows.
pub(super) fn check_name(member: &str, name: &str, longest: usize) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    if name.is_empty() || !name.bytes().all(usual) {
        return Err(errors::validation(format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric \
             characters and/or the following: +=,.@_-"
        )));
    }
    if name.len() > longest {
        return Err(errors::validation(format!(
            "1 validation error detected: Value '{name}' at '{member}' failed to satisfy \
             constraint: Member must have length less than or equal to {longest}"
        )));
    }
    Ok(())
}

/// `tags` with more of them, within IAM's limits: keys differ by more than case, and those that
/// begin with `aws:` are for services.
pub(super) fn add_tags(caller: &Caller, tags: &Tags, more: &[Tag]) -> Result<Tags, ApiError> {
    let mut seen: Vec<String> = Vec::with_capacity(more.len());
    for tag in more {
        let key = tag.key.to_lowercase();
        if key.starts_with("aws:") && caller.invoked_by.is_none() {
            return Err(errors::invalid_input(
                "Tag keys with the prefix aws: are reserved for system use.",
            ));
        }
        if seen.contains(&key) {
            return Err(errors::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        seen.push(key);
    }
    let kept = tags.without(|key, _| seen.contains(&key.to_lowercase()));
    let all = kept.with(more.iter().map(|tag| (tag.key.clone(), tag.value.clone())));
    if all.iter().filter(|(key, _)| !key.starts_with("aws:")).count() > MAX_TAGS {
        return Err(errors::quota("TagsPerRole", MAX_TAGS));
    }
    Ok(all)
}

/// Tags as the wire has them; none at all when there are none.
pub(super) fn render_tags(tags: &Tags) -> Option<Vec<Tag>> {
    let render =
        |(key, value): (&SmolStr, &SmolStr)| Tag { key: key.clone(), value: value.clone() };
    (!tags.is_empty()).then(|| tags.iter().map(render).collect())
}

/// One page: the items, whether it was cut, and the marker of the next.
pub(super) fn page<T>(
    call: &str,
    marker: Option<&str>,
    max_items: Option<i64>,
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> SmolStr,
) -> Result<Page<T>, ApiError> {
    let limit = max_items.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, 1_000);
    let rows = |after: &str| {
        let after = SmolStr::new(after);
        items
            .into_iter()
            .filter(|item| after.is_empty() || key(item) > after)
            .collect::<Vec<_>>()
            .into_iter()
    };
    paginate(call, marker, limit, rows, &key).map_err(|_| errors::invalid_marker())
}
