//! Stacks in stacks.

use crate::harness::{Stacks, group, named, refused, template, update, value, with};
use api::cloudformation::{self as wire, ops};
use api::s3;
use serde_json::{Value, json};

impl Stacks {
    /// Puts a template into a bucket; its URL.
    fn shelve(&self, key: &str, template: &Value) -> String {
        let bucket = s3::CreateBucketRequest {
            bucket: "shelf".into(),
            create_bucket_configuration: Some(s3::CreateBucketConfiguration {
                location_constraint: Some("us-west-1".into()),
                ..Default::default()
            }),
            ..Default::default()
        };
        // The second time it is there.
        let _ = self.call::<s3::ops::CreateBucket>(bucket);
        self.ok::<s3::ops::PutObject>(s3::PutObjectRequest {
            bucket: "shelf".into(),
            key: key.into(),
            body: Some(kernel::Body::Memory(template.to_string().into())),
            ..Default::default()
        });
        format!("https://s3.us-west-1.amazonaws.com/shelf/{key}")
    }
}

fn nested(url: &str, parameters: Value) -> Value {
    json!({
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": url, "Parameters": parameters},
    })
}

/// A parameter of the store with a value that is the stack's parameter.
fn child() -> Value {
    json!({
        "Parameters": {"Text": {"Type": "String"}},
        "Resources": {"P": value(json!({"Ref": "Text"}))},
        "Outputs": {"Name": {"Value": {"Ref": "P"}}},
    })
}

fn parent(url: &str, text: &str, more: &[(&str, Value)]) -> Value {
    let mut resources = vec![("N", nested(url, json!({"Text": text})))];
    resources.extend(more.iter().cloned());
    let mut template = template(&resources);
    template["Outputs"] = json!({"Name": {"Value": {"Fn::GetAtt": ["N", "Outputs.Name"]}}});
    template
}

fn child_of(stacks: &Stacks) -> String {
    stacks.physical("s", "N")
}

fn kept(stacks: &Stacks) -> Option<String> {
    stacks.parameter(&stacks.outputs("s").first()?.1)
}

#[test]
fn a_stack_has_a_stack_as_a_resource() {
    let stacks = Stacks::new();
    let url = stacks.shelve("child", &child());
    let id = stacks.create("s", &parent(&url, "x", &[]));
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    assert_eq!(kept(&stacks).as_deref(), Some("x"));
    let arn = child_of(&stacks);
    let child = stacks.shown(&arn);
    assert_eq!((child.parent_id.as_ref(), child.root_id.as_ref()), (Some(&id), Some(&id)));
    let name = child.stack_name.unwrap_or_default();
    assert!(name.starts_with("s-N-") && name.len() == 17, "{name}");
    stacks.update("s", &parent(&url, "y", &[]));
    assert_eq!(
        (stacks.status("s").as_str(), kept(&stacks).as_deref()),
        ("UPDATE_COMPLETE", Some("y"))
    );
    assert_eq!(stacks.status(&arn), "UPDATE_COMPLETE");
    stacks.delete("s");
    assert_eq!(stacks.status(&arn), "DELETE_COMPLETE");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
}

#[test]
fn a_template_that_changed_where_it_lies_is_found_by_an_update() {
    let stacks = Stacks::new();
    let url = stacks.shelve("child", &child());
    let of = parent(&url, "x", &[]);
    stacks.create("s", &of);
    let mut more = child();
    more["Resources"]["Q"] = named("q", "new");
    stacks.shelve("child", &more);
    stacks.update("s", &of);
    assert_eq!(stacks.parameter("q").as_deref(), Some("new"));
}

#[test]
fn a_nested_failure_is_the_parents() {
    let stacks = Stacks::new();
    let (vpc, subnet) = refused();
    let url = stacks.shelve("bad", &template(&[("V", vpc), ("Bad", subnet)]));
    stacks.begin("s", &template(&[("N", nested(&url, json!({})))]), |_| ());
    while stacks.status("s") == "CREATE_IN_PROGRESS" {
        stacks.step(50);
    }
    let arn = child_of(&stacks);
    let failed = stacks.lines_of("s", "N", 0).into_iter().find(|l| l.0 == "CREATE_FAILED");
    assert_eq!(
        failed.map(|l| l.1),
        Some(format!(
            "Embedded stack {arn} was not successfully created: The following resource(s) failed \
             to create: [Bad]."
        ))
    );
    stacks.rest();
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    assert_eq!((stacks.status(&arn).as_str(), stacks.vpcs()), ("DELETE_COMPLETE", 0));
}

#[test]
fn a_nested_stack_goes_back_with_its_parent() {
    let stacks = Stacks::new();
    let url = stacks.shelve("child", &child());
    let vpc = ("V", refused().0);
    stacks.create("s", &parent(&url, "before", std::slice::from_ref(&vpc)));
    let bad = with(refused().1, "DependsOn", "N");
    stacks.update("s", &parent(&url, "after", &[vpc, ("Bad", bad)]));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(kept(&stacks).as_deref(), Some("before"));
    assert_eq!(stacks.status(&child_of(&stacks)), "UPDATE_COMPLETE");
}

#[test]
fn a_cancelled_parent_cancels_what_is_nested() {
    let stacks = Stacks::new();
    let of = |count: u32| {
        let mut child = group(1, |g| g["Properties"]["MaxSize"] = json!("9"));
        child["Resources"]["G"]["Properties"]["DesiredCapacity"] = json!(count.to_string());
        child
    };
    let url = stacks.shelve("group", &of(1));
    let parent = template(&[("N", nested(&url, json!({})))]);
    stacks.create("s", &parent);
    let arn = child_of(&stacks);
    stacks.shelve("group", &of(5));
    stacks.ok::<ops::UpdateStack>(update("s", &parent));
    stacks.step(700);
    assert_eq!(stacks.status(&arn), "UPDATE_IN_PROGRESS");
    stacks.ok::<ops::CancelUpdateStack>(wire::CancelUpdateStackInput {
        stack_name: "s".into(),
        ..Default::default()
    });
    stacks.rest();
    assert_eq!(stacks.status(&arn), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn change_sets_list_nested_stacks_always() {
    let stacks = Stacks::new();
    let url = stacks.shelve("child", &child());
    let of = parent(&url, "x", &[]);
    stacks.create("s", &of);
    stacks.ok::<ops::CreateChangeSet>(wire::CreateChangeSetInput {
        stack_name: "s".into(),
        change_set_name: "c".into(),
        template_body: Some(of.to_string().into()),
        ..Default::default()
    });
    stacks.rest();
    let described = stacks.ok::<ops::DescribeChangeSet>(wire::DescribeChangeSetInput {
        change_set_name: "c".into(),
        stack_name: Some("s".into()),
        ..Default::default()
    });
    assert_eq!(described.status.as_deref(), Some("CREATE_COMPLETE"));
    let change = described.changes.and_then(|c| c.into_iter().next()?.resource_change);
    let details = change.and_then(|c| c.details).unwrap_or_default();
    assert_eq!(details.len(), 1);
    assert_eq!(details[0].change_source.as_deref(), Some("Automatic"));
    assert_eq!(details[0].evaluation.as_deref(), Some("Dynamic"));
}

#[test]
fn a_template_that_nests_itself_comes_to_an_end() {
    let stacks = Stacks::new();
    let url = stacks.shelve("self", &template(&[("P", value("x"))]));
    let endless = template(&[("N", nested(&url, json!({})))]);
    stacks.shelve("self", &endless);
    stacks.create("s", &endless);
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    let all = stacks.ok::<ops::ListStacks>(wire::ListStacksInput::default());
    assert_eq!(all.stack_summaries.map(|s| s.len()), Some(17));
}
