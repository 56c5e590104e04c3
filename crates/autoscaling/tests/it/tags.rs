//! Tags of groups, and which of them instances get.

use crate::harness::Auto;
use api::autoscaling::{self, ops};
use smol_str::SmolStr;

fn tag(key: &str, value: &str, propagate: bool) -> autoscaling::Tag {
    autoscaling::Tag {
        resource_id: Some("g".into()),
        resource_type: Some("auto-scaling-group".into()),
        key: key.into(),
        value: Some(value.into()),
        propagate_at_launch: Some(propagate),
    }
}

fn pairs(tags: &[(&str, &str)]) -> Vec<(SmolStr, SmolStr)> {
    tags.iter().map(|(key, value)| (SmolStr::new(key), SmolStr::new(value))).collect()
}

#[test]
fn propagated_tags_reach_the_instances_of_a_new_group() {
    let auto = Auto::new();
    auto.group_with(1, 1, 1, |g| {
        g.tags = Some(vec![tag("Name", "web", true), tag("cost", "low", false)]);
    });
    auto.rest();
    assert_eq!(
        auto.machine_tags(&auto.only()),
        pairs(&[("Name", "web"), ("aws:autoscaling:groupName", "g")])
    );
}

#[test]
fn later_tags_reach_only_later_instances() {
    let auto = Auto::new();
    auto.group(1, 2, 1);
    let old = auto.only();
    let tags = vec![tag("team", "blue", true)];
    auto.ok::<ops::CreateOrUpdateTags>(autoscaling::CreateOrUpdateTagsType { tags });
    auto.set_desired(2);
    auto.rest();
    for id in auto.ids() {
        let mut expected = pairs(&[("aws:autoscaling:groupName", "g")]);
        if id != old {
            expected.extend(pairs(&[("team", "blue")]));
        }
        assert_eq!(auto.machine_tags(&id), expected);
    }
}

#[test]
fn a_tag_is_changed_described_and_deleted() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |g| g.tags = Some(vec![tag("a", "1", true), tag("b", "2", false)]));
    let tags = vec![tag("a", "3", false)];
    auto.ok::<ops::CreateOrUpdateTags>(autoscaling::CreateOrUpdateTagsType { tags });
    let described = || {
        let found = auto.ok::<ops::DescribeTags>(autoscaling::DescribeTagsType::default());
        found.tags.expect("a list of tags")
    };
    let tags = described();
    assert_eq!(Some(&tags), auto.shown().tags.as_ref());
    assert_eq!(tags.len(), 2);
    assert_eq!(tags[0].resource_id.as_deref(), Some("g"));
    assert_eq!(tags[0].resource_type.as_deref(), Some("auto-scaling-group"));
    assert_eq!((tags[0].key.as_deref(), tags[0].value.as_deref()), (Some("a"), Some("3")));
    assert_eq!(tags[0].propagate_at_launch, Some(false));
    let tags = vec![tag("a", "3", false)];
    auto.ok::<ops::DeleteTags>(autoscaling::DeleteTagsType { tags });
    let left: Vec<_> = described().into_iter().filter_map(|tag| tag.key).collect();
    assert_eq!(left, ["b"]);
}

#[test]
fn keys_of_aws_are_reserved() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |_| ());
    let tags = vec![tag("aws:mine", "1", true)];
    let error = auto.call::<ops::CreateOrUpdateTags>(autoscaling::CreateOrUpdateTagsType { tags });
    assert_eq!(error.expect_err("it is reserved").code, "ValidationError");
    assert_eq!(auto.shown().tags, Some(vec![]));
}

#[test]
fn groups_are_found_by_their_tags() {
    let auto = Auto::new();
    auto.group_with(0, 1, 0, |g| g.tags = Some(vec![tag("team", "blue", false)]));
    let count = |name: &str, value: &str| {
        let filter =
            autoscaling::Filter { name: Some(name.into()), values: Some(vec![value.into()]) };
        let found =
            auto.ok::<ops::DescribeAutoScalingGroups>(autoscaling::AutoScalingGroupNamesType {
                filters: Some(vec![filter]),
                ..Default::default()
            });
        found.auto_scaling_groups.unwrap_or_default().len()
    };
    assert_eq!((count("tag:team", "blue"), count("tag:team", "red")), (1, 0));
    assert_eq!((count("tag-key", "team"), count("tag-value", "team")), (1, 0));
}
