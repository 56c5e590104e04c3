//! The nearest of some names.

/// The most edits that a typing error is taken to be.
const MAX_EDITS: usize = 3;

/// The name that is fewest edits away, if it is near enough to have been meant.
pub(super) fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let fold = |text: &str| text.to_ascii_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&fold(wrong), &fold(name));
    let limit = MAX_EDITS.min(wrong.len().div_ceil(3));
    let near = names.into_iter().map(|name| (distance(name), name));
    let (edits, name) = near.min()?;
    (edits <= limit).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_near_names_are_meant() {
        let names = ["InstanceType", "ImageId", "KeyName"];
        assert_eq!(nearest("instancetyp", names).as_deref(), Some("InstanceType"));
        assert_eq!(nearest("IamgeId", names).as_deref(), Some("ImageId"));
        assert_eq!(nearest("Foo", names), None);
    }
}
