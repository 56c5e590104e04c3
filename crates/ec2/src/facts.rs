//! Describe calls over what AWS itself publishes — regions, zones, types, images — rather than
//! over rows: the same filters and pages, without a table behind them.

use crate::entity;
use crate::errors;
use api::ec2::Filter;
use kernel::{ApiError, FilterRow, Filters, Page, Tags, paginate};
use smol_str::SmolStr;
use std::sync::LazyLock;

static NO_TAGS: LazyLock<Tags> = LazyLock::new(Tags::default);

/// The tags of something that has none.
pub(crate) fn no_tags<R>(_: &R) -> &Tags {
    &NO_TAGS
}

/// Filters of something that cannot be tagged: filters by tag are unknown there.
pub(crate) fn filters<R>(
    table: &'static [FilterRow<R>],
    given: Option<&[Filter]>,
) -> Result<Filters<R>, ApiError> {
    for filter in given.unwrap_or_default() {
        let name = filter.name.as_deref().unwrap_or_default();
        if name.starts_with("tag:") || matches!(name, "tag-key" | "tag-value") {
            return Err(errors::unknown_filter(name));
        }
    }
    entity::parse_filters(table, no_tags, given)
}

/// One page of `items`, which are in the order of their keys.
pub(crate) fn page<T>(
    operation: &str,
    token: Option<&str>,
    limit: usize,
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> SmolStr,
) -> Result<Page<T>, ApiError> {
    let after = |after: &str| {
        let after = SmolStr::new(after);
        let key = &key;
        items.into_iter().skip_while(move |item| !after.is_empty() && key(item) <= after)
    };
    paginate(operation, token, limit, after, &key).map_err(|_| errors::invalid_next_token())
}
