//! What all EC2 resources have in common: an id with a prefix, tags, filters, and a Describe call
//! that pages over them.

use crate::errors;
use api::ec2::{Filter, Tag, TagSpecification};
use kernel::{
    ApiError, Caller, FilterRow, Filters, Page, Row, Snapshot, Tags, is_resource_id, paginate,
    partition_of,
};
use smol_str::SmolStr;
use std::sync::Arc;

/// A row of EC2 that has an id of its own and can be tagged.
pub(crate) trait Entity: Row {
    /// Its name in tag specifications and DescribeTags: `vpc`, `instance`, …
    const KIND: &'static str;
    /// Its id's prefix with the dash.
    const PREFIX: &'static str;
    /// The filters of its Describe call; `tag:<key>` and `tag-key` come by themselves.
    const FILTERS: &'static [FilterRow<Self>];
    /// Filters that an index of the row answers: (filter, index). The first that a request asks
    /// for with one exact value narrows the rows to look at.
    const INDEXED: &'static [(&'static str, &'static str)] = &[];

    /// Its id.
    fn id(&self) -> SmolStr {
        self.key()
    }

    /// The row of this id. Those whose key is not their id say how to find them.
    fn by_id(snapshot: &Snapshot, id: &str) -> Option<Arc<Self>> {
        snapshot.get(id)
    }

    /// Its tags.
    fn tags(&self) -> &Tags;
    /// Its tags, to change them.
    fn tags_mut(&mut self) -> &mut Tags;
    /// The error for ids that name nothing.
    fn not_found(ids: &[&str]) -> ApiError;
    /// The error for an id that does not have the form of its kind.
    fn malformed(id: &str) -> ApiError;

    /// The row of this id, or AWS's error.
    fn find(snapshot: &Snapshot, id: &str) -> Result<Arc<Self>, ApiError> {
        match Self::by_id(snapshot, id) {
            Some(row) => Ok(row),
            None if is_resource_id(id, Self::PREFIX) => Err(Self::not_found(&[id])),
            None => Err(Self::malformed(id)),
        }
    }

    /// The rows of all these ids; the error names every one that is missing.
    fn find_all(snapshot: &Snapshot, ids: &[SmolStr]) -> Result<Vec<Arc<Self>>, ApiError> {
        let mut found = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        for id in ids {
            match Self::by_id(snapshot, id) {
                Some(row) => found.push(row),
                None if !is_resource_id(id, Self::PREFIX) => return Err(Self::malformed(id)),
                None => missing.push(id.as_str()),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(Self::not_found(&missing)) }
    }
}

/// The parameters that Describe calls share.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    /// The operation, which its page tokens belong to.
    pub(crate) operation: &'static str,
    /// Explicit ids.
    pub(crate) ids: Option<&'a [SmolStr]>,
    /// Filters.
    pub(crate) filters: Option<&'a [Filter]>,
    /// Page size.
    pub(crate) max_results: Option<i64>,
    /// Where the page begins.
    pub(crate) next_token: Option<&'a str>,
}

/// How many rows a page has at most when the caller does not say.
const UNLIMITED: usize = 1_000_000;

impl Query<'_> {
    /// One page of the rows that were asked for. An id that names nothing is an error, a filter
    /// that matches nothing is not.
    pub(crate) fn run<E: Entity>(&self, snapshot: &Snapshot) -> Result<Page<Arc<E>>, ApiError> {
        self.run_where(snapshot, |_| true)
    }

    /// The same, of the rows that `visible` accepts.
    pub(crate) fn run_where<E: Entity>(
        &self,
        snapshot: &Snapshot,
        visible: impl Fn(&E) -> bool,
    ) -> Result<Page<Arc<E>>, ApiError> {
        self.run_by(snapshot, E::FILTERS, visible)
    }

    /// The same, for a call that has filters of its own.
    pub(crate) fn run_by<E: Entity>(
        &self,
        snapshot: &Snapshot,
        table: &'static [FilterRow<E>],
        visible: impl Fn(&E) -> bool,
    ) -> Result<Page<Arc<E>>, ApiError> {
        let filters = parse_filters(table, E::tags, self.filters)?;
        let limit = page_size(self.max_results)?;
        let wanted = |row: &&Arc<E>| visible(row) && filters.matches(row, snapshot);
        let key = |row: &Arc<E>| row.key();
        if let Some(ids) = self.ids.filter(|ids| !ids.is_empty()) {
            let mut rows = E::find_all(snapshot, ids)?;
            rows.sort_by_key(|row| row.key());
            rows.dedup_by_key(|row| row.key());
            rows.retain(|row| wanted(&row));
            return Ok(Page { items: rows, next: None });
        }
        let by_filter = E::INDEXED
            .iter()
            .find_map(|(filter, index)| Some((*index, filters.exact(filter)?.clone())));
        let by_tag = || {
            let tag = filters.exact_tag().filter(|_| E::INDEXES.contains(&"tag"))?;
            Some(("tag", tag))
        };
        let page = match by_filter.or_else(by_tag) {
            Some((index, value)) => paginate(
                self.operation,
                self.next_token,
                limit,
                |after| {
                    let after = SmolStr::new(after);
                    snapshot
                        .rows_by::<E>(index, &value)
                        .filter(move |row| row.key() > after)
                        .filter(wanted)
                        .cloned()
                },
                key,
            ),
            None => paginate(
                self.operation,
                self.next_token,
                limit,
                |after| snapshot.rows_after::<E>(after).filter(wanted).cloned(),
                key,
            ),
        };
        page.map_err(|_| errors::invalid_next_token())
    }
}

/// A request's filters, looked up in a table.
pub(crate) fn parse_filters<R>(
    table: &'static [FilterRow<R>],
    tags: fn(&R) -> &Tags,
    given: Option<&[Filter]>,
) -> Result<Filters<R>, ApiError> {
    let given = given.unwrap_or_default();
    let mut pairs = Vec::with_capacity(given.len());
    for filter in given {
        let Some(name) = filter.name.as_deref() else {
            return Err(errors::unknown_filter("null"));
        };
        let values = filter.values.as_deref().unwrap_or_default();
        if values.len() > 200 {
            return Err(ApiError::new(
                "FilterLimitExceeded",
                "The maximum number of filter values specified on a single call is 200",
            ));
        }
        pairs.push((name, values));
    }
    Filters::new(table, tags, pairs).map_err(errors::unknown_filter)
}

/// The page size that a request asks for: at least 5, cut to 1,000.
pub(crate) fn page_size(max_results: Option<i64>) -> Result<usize, ApiError> {
    match max_results {
        None => Ok(UNLIMITED),
        Some(n) if n < 5 => Err(errors::invalid_value(format!(
            "Value ( {n} ) for parameter maxResults is invalid. Expecting a value greater than 5."
        ))),
        Some(n) => Ok(usize::try_from(n).unwrap_or(UNLIMITED).min(1_000)),
    }
}

/// The ARN of a resource of this view's account and region.
pub(crate) fn arn(snapshot: &Snapshot, kind: &str, id: &str) -> SmolStr {
    let (region, account) = (snapshot.region(), snapshot.account());
    smol_str::format_smolstr!("arn:{}:ec2:{region}:{account}:{kind}/{id}", partition_of(region))
}

/// Tags as the wire has them.
pub(crate) fn render_tags(tags: &Tags) -> Option<Vec<Tag>> {
    let render = |(key, value): (&SmolStr, &SmolStr)| Tag {
        key: Some(key.clone()),
        value: Some(value.clone()),
    };
    (!tags.is_empty()).then(|| tags.iter().map(render).collect())
}

/// Tags as those calls show them that write an empty list rather than none.
pub(crate) fn render_tag_list(tags: &Tags) -> Option<Vec<Tag>> {
    Some(render_tags(tags).unwrap_or_default())
}

/// The tags that a creating call gives to the new resource of `kind`. Only the kinds that the
/// call makes (`allowed`) may be named.
pub(crate) fn specified_tags(
    caller: &Caller,
    specifications: Option<&[TagSpecification]>,
    kind: &str,
    allowed: &[&str],
) -> Result<Tags, ApiError> {
    let mut tags = Tags::default();
    for specification in specifications.unwrap_or_default() {
        let given = specification.resource_type.as_deref().unwrap_or_default();
        if !allowed.contains(&given) {
            return Err(errors::invalid_value(format!(
                "'{given}' is not a valid taggable resource type for this operation."
            )));
        }
        let list = specification.tags.as_deref().unwrap_or_default();
        if list.is_empty() {
            return Err(errors::invalid_value("Tag specification must have at least one tag"));
        }
        if given == kind {
            tags = add_tags(caller, &tags, list)?;
        }
    }
    Ok(tags)
}

/// `tags` with more of them, within AWS's limits. Keys that begin with `aws:` are for services.
pub(crate) fn add_tags(caller: &Caller, tags: &Tags, more: &[Tag]) -> Result<Tags, ApiError> {
    for tag in more {
        let key = tag.key.as_deref().unwrap_or_default();
        let value = tag.value.as_deref().unwrap_or_default();
        if key.is_empty() {
            return Err(errors::invalid_value("Tag key cannot be empty"));
        }
        if key.starts_with("aws:") && caller.invoked_by.is_none() {
            return Err(errors::reserved_tag_key(key));
        }
        if key.chars().count() > 128 {
            return Err(errors::invalid_value(format!(
                "Tag key exceeds the maximum length of 128 characters: '{key}'"
            )));
        }
        if value.chars().count() > 256 {
            return Err(errors::invalid_value(format!(
                "Tag value exceeds the maximum length of 256 characters: '{value}'"
            )));
        }
    }
    let mut keys: Vec<&str> = more.iter().filter_map(|tag| tag.key.as_deref()).collect();
    keys.sort_unstable();
    if let Some(twice) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        let text = format!("Duplicate tag key '{}' specified.", twice[0]);
        return Err(errors::invalid_value(text));
    }
    let all =
        tags.with(more.iter().map(|tag| {
            (tag.key.clone().unwrap_or_default(), tag.value.clone().unwrap_or_default())
        }));
    if all.iter().filter(|(key, _)| !key.starts_with("aws:")).count() > 50 {
        return Err(errors::tag_limit_exceeded());
    }
    Ok(all)
}
