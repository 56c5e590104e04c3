//! Lists against their definition, page by page.

use crate::harness::{BUCKET, Harness, code};
use api::s3::ops::{ListObjects, ListObjectsV2};
use api::s3::{ListObjectsRequest, ListObjectsV2Output, ListObjectsV2Request};
use std::collections::BTreeSet;

fn filled(keys: &[&str]) -> Harness {
    let cloud = Harness::new();
    keys.iter().for_each(|key| drop(cloud.put(key, "")));
    cloud
}

fn v2() -> ListObjectsV2Request {
    ListObjectsV2Request { bucket: BUCKET.into(), ..Default::default() }
}

fn told(page: &ListObjectsV2Output) -> Vec<String> {
    let contents = page.contents.iter().flatten().filter_map(|o| o.key.as_ref());
    let prefixes = page.common_prefixes.iter().flatten().filter_map(|p| p.prefix.as_ref());
    contents.chain(prefixes).map(ToString::to_string).collect()
}

/// Every page of a list, and how many there were.
fn pages(cloud: &Harness, prefix: &str, delimiter: &str, size: i64) -> (Vec<String>, usize) {
    let (mut all, mut token, mut count) = (Vec::new(), None, 0);
    loop {
        let input = ListObjectsV2Request {
            prefix: Some(prefix.into()),
            delimiter: Some(delimiter.into()),
            max_keys: Some(size),
            continuation_token: token,
            ..v2()
        };
        let page = cloud.call::<ListObjectsV2>(input).expect("a page");
        assert_eq!(page.is_truncated, Some(page.next_continuation_token.is_some()));
        all.extend(told(&page));
        count += 1;
        token = page.next_continuation_token;
        if token.is_none() {
            return (all, count);
        }
    }
}

/// What a list should tell, by the definition.
fn expected(keys: &[&str], prefix: &str, delimiter: &str) -> BTreeSet<String> {
    let fold = |key: &&str| match key[prefix.len()..].find(delimiter) {
        Some(at) if !delimiter.is_empty() => key[..prefix.len() + at + delimiter.len()].to_owned(),
        _ => (*key).to_owned(),
    };
    keys.iter().filter(|key| key.starts_with(prefix)).map(fold).collect()
}

#[test]
fn every_page_size_tells_the_same() {
    let keys = ["a", "a/", "a/1", "a/2/3", "a-b", "a0", "b/1", "b/2", "c", "d é", "ü/x", "~"];
    let cloud = filled(&keys);
    for prefix in ["", "a", "a/", "b/", "b/1", "no", "ü"] {
        for delimiter in ["", "/", "-"] {
            let want = expected(&keys, prefix, delimiter);
            for size in 1..=4 {
                let (got, count) = pages(&cloud, prefix, delimiter, size);
                let unique: BTreeSet<String> = got.iter().cloned().collect();
                assert_eq!(unique, want, "'{prefix}' '{delimiter}' by {size}");
                assert_eq!(got.len(), want.len(), "nothing twice: {got:?}");
                assert_eq!(count, want.len().div_ceil(size as usize).max(1));
            }
        }
    }
}

#[test]
fn a_list_begins_after_its_start() {
    let cloud = filled(&["a/1", "a/2", "b"]);
    let after = |start: &str| {
        let input = ListObjectsV2Request { start_after: Some(start.into()), ..v2() };
        told(&cloud.call::<ListObjectsV2>(input).expect("a page"))
    };
    assert_eq!(after("a/1"), ["a/2", "b"]);
    assert_eq!(after("a"), ["a/1", "a/2", "b"]);
    assert_eq!(after("b"), [""; 0]);
    let none = ListObjectsV2Request { max_keys: Some(0), ..v2() };
    let none = cloud.call::<ListObjectsV2>(none).expect("a page");
    assert_eq!((told(&none).len(), none.is_truncated), (0, Some(false)));
    let token = ListObjectsV2Request { continuation_token: Some("nonsense".into()), ..v2() };
    assert_eq!(code(cloud.call::<ListObjectsV2>(token)), "InvalidArgument");
}

#[test]
fn the_older_list_names_its_next_marker_when_it_folds() {
    let cloud = filled(&["a/1", "a/2", "b/1", "c"]);
    let page = |marker: &str| {
        let input = ListObjectsRequest {
            bucket: BUCKET.into(),
            delimiter: Some("/".into()),
            marker: Some(marker.into()),
            max_keys: Some(1),
            ..Default::default()
        };
        let page = cloud.call::<ListObjects>(input).expect("a page");
        let prefixes = page.common_prefixes.unwrap_or_default();
        let prefix = prefixes.first().and_then(|p| p.prefix.clone());
        (prefix.unwrap_or_default().to_string(), page.next_marker.unwrap_or_default().to_string())
    };
    assert_eq!(page(""), ("a/".into(), "a/".into()));
    assert_eq!(page("a/"), ("b/".into(), "b/".into()));
    assert_eq!(page("b/"), (String::new(), String::new()));
}

#[test]
fn names_are_encoded_on_demand() {
    let cloud = filled(&["d é/x"]);
    let input = ListObjectsV2Request {
        encoding_type: Some("url".into()),
        delimiter: Some("/".into()),
        ..v2()
    };
    assert_eq!(told(&cloud.call::<ListObjectsV2>(input).expect("a page")), ["d+%C3%A9/"]);
    let other = ListObjectsV2Request { encoding_type: Some("hex".into()), ..v2() };
    assert_eq!(code(cloud.call::<ListObjectsV2>(other)), "InvalidArgument");
}
