//! Change sets, as recorded from AWS: what they list, and what carrying them out does.

use crate::harness::{Stacks, deletion, given, named, template, told, update, value, with};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};

impl Stacks {
    #[track_caller]
    fn propose(
        &self,
        name: &str,
        kind: &str,
        template: &Value,
        parameters: &[(&str, &str)],
    ) -> wire::CreateChangeSetOutput {
        let created = self.ok::<ops::CreateChangeSet>(change_set(name, kind, template, parameters));
        self.rest();
        created
    }

    #[track_caller]
    fn described(&self, name: &str, values: bool) -> wire::DescribeChangeSetOutput {
        self.ok::<ops::DescribeChangeSet>(wire::DescribeChangeSetInput {
            change_set_name: "c".into(),
            stack_name: Some(name.into()),
            include_property_values: Some(values),
            ..Default::default()
        })
    }

    #[track_caller]
    fn execute(&self, name: &str) {
        self.ok::<ops::ExecuteChangeSet>(execution(name));
        self.rest();
    }

    /// `Action id Replacement: [source static? causing property]…` of each change, by id.
    #[track_caller]
    fn changes(&self, name: &str, values: bool) -> Vec<String> {
        let mut lines: Vec<String> = self
            .described(name, values)
            .changes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|change| change.resource_change)
            .map(|c| shown(&c))
            .collect();
        lines.sort_by_key(|line| line.split(' ').nth(1).unwrap_or_default().to_owned());
        lines
    }
}

fn change_set(
    name: &str,
    kind: &str,
    template: &Value,
    parameters: &[(&str, &str)],
) -> wire::CreateChangeSetInput {
    wire::CreateChangeSetInput {
        stack_name: name.into(),
        change_set_name: "c".into(),
        change_set_type: Some(kind.into()),
        template_body: Some(template.to_string().into()),
        parameters: Some(parameters.iter().map(|(key, value)| given(key, value)).collect()),
        ..Default::default()
    }
}

fn execution(name: &str) -> wire::ExecuteChangeSetInput {
    wire::ExecuteChangeSetInput {
        change_set_name: "c".into(),
        stack_name: Some(name.into()),
        ..Default::default()
    }
}

fn shown(change: &wire::ResourceChange) -> String {
    let text = |text: &Option<smol_str::SmolStr>| text.as_deref().unwrap_or("-").to_owned();
    let detail = |d: &wire::ResourceChangeDetail| {
        let target = d.target.as_ref().expect("a target");
        format!(
            "{} {} {} {} {}",
            text(&d.change_source),
            text(&d.evaluation),
            text(&d.causing_entity),
            target.name.as_deref().or(target.attribute.as_deref()).unwrap_or("-"),
            text(&target.requires_recreation),
        )
    };
    let mut details: Vec<String> = change.details.iter().flatten().map(detail).collect();
    details.sort();
    let head = format!(
        "{} {} {}",
        text(&change.action),
        text(&change.logical_resource_id),
        text(&change.replacement)
    );
    if details.is_empty() { head } else { format!("{head}: {}", details.join("; ")) }
}

fn topic(properties: Value) -> Value {
    json!({"Type": "AWS::SNS::Topic", "Properties": properties})
}

#[test]
fn a_stack_is_made_in_review_and_then_created() {
    let stacks = Stacks::new();
    let made = stacks.ok::<ops::CreateChangeSet>(change_set(
        "s",
        "CREATE",
        &template(&[("P", value("x"))]),
        &[],
    ));
    let id = made.id.expect("an id");
    assert!(id.starts_with("arn:aws:cloudformation:us-west-1:"), "{id}");
    assert!(id.contains(":changeSet/c/"), "{id}");
    let stack = stacks.shown("s");
    assert_eq!(stack.stack_id, made.stack_id);
    assert_eq!(stack.stack_status.as_deref(), Some("REVIEW_IN_PROGRESS"));
    assert_eq!(stack.stack_status_reason.as_deref(), Some("User Initiated"));
    assert_eq!((stack.change_set_id, stack.last_updated_time), (None, None));
    assert_eq!(stacks.described("s", false).status.as_deref(), Some("CREATE_PENDING"));
    stacks.rest();
    let set = stacks.described("s", false);
    assert_eq!(set.status.as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(set.execution_status.as_deref(), Some("AVAILABLE"));
    assert_eq!((set.capabilities, set.include_nested_stacks), (Some(vec![]), Some(false)));
    assert_eq!(stacks.changes("s", false), ["Add P -"]);
    stacks.execute("s");
    assert_eq!(
        stacks.lines("s", 0),
        told(
            "s | REVIEW_IN_PROGRESS | User Initiated
             s | CREATE_IN_PROGRESS | User Initiated
             P | CREATE_IN_PROGRESS |
             P | CREATE_IN_PROGRESS | Resource creation Initiated
             P | CREATE_COMPLETE |
             s | CREATE_COMPLETE |"
        )
    );
    let stack = stacks.shown("s");
    assert_eq!(stack.change_set_id, Some(id));
    assert!(stack.last_updated_time.is_some());
    assert_eq!(stacks.described("s", false).execution_status.as_deref(), Some("EXECUTE_COMPLETE"));
}

#[test]
fn nothing_to_change_fails_the_change_set_and_it_stays() {
    let stacks = Stacks::new();
    let same = template(&[("P", value("x"))]);
    let id = stacks.create("s", &same);
    let set = stacks.propose("s", "UPDATE", &same, &[]).id.expect("an id");
    let described = stacks.described("s", false);
    assert_eq!(described.status.as_deref(), Some("FAILED"));
    assert_eq!(described.execution_status.as_deref(), Some("UNAVAILABLE"));
    assert_eq!(described.changes.as_deref(), Some(&[][..]));
    assert_eq!(
        described.status_reason.as_deref(),
        Some(
            "The submitted information didn't contain changes. Submit different information to \
             create a change set."
        )
    );
    stacks.fails::<ops::ExecuteChangeSet>(
        execution("s"),
        "InvalidChangeSetStatus",
        &format!("ChangeSet [{set}] cannot be executed in its current status of [FAILED]"),
    );
    let listed = stacks.ok::<ops::ListChangeSets>(wire::ListChangeSetsInput {
        stack_name: id,
        ..Default::default()
    });
    assert_eq!(listed.summaries.map(|s| s.len()), Some(1));
}

#[test]
fn a_first_change_set_may_be_empty() {
    let stacks = Stacks::new();
    let nothing = json!({
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"P": with(value("x"), "Condition", "No")},
    });
    stacks.propose("s", "CREATE", &nothing, &[]);
    let set = stacks.described("s", false);
    assert_eq!(set.execution_status.as_deref(), Some("AVAILABLE"));
    assert_eq!(set.changes.as_deref(), Some(&[][..]));
    stacks.execute("s");
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
}

#[test]
fn a_literal_is_a_direct_modification() {
    let stacks = Stacks::new();
    let of = |value: Value| template(&[("T", topic(value)), ("Q", value_of_nothing())]);
    stacks.create("s", &of(json!({"DisplayName": "a", "TopicName": "t"})));
    stacks.propose("s", "UPDATE", &of(json!({"DisplayName": "b", "TopicName": "t"})), &[]);
    let expected = "Modify T False: DirectModification Static - DisplayName Never";
    assert_eq!(stacks.changes("s", false), [expected]);
    assert_eq!(stacks.changes("s", true), [expected]);
    let change = stacks.described("s", true).changes.and_then(|mut c| c.pop());
    let change = change.and_then(|c| c.resource_change).expect("a change");
    let context = |name| json!({"Properties": {"DisplayName": name, "TopicName": "t"}}).to_string();
    assert_eq!(change.before_context.as_deref(), Some(context("a").as_str()));
    assert_eq!(change.after_context.as_deref(), Some(context("b").as_str()));
    assert_eq!(change.scope, Some(vec!["Properties".into()]));
    let target = change.details.and_then(|d| d.into_iter().next()?.target).expect("a target");
    assert_eq!(target.path.as_deref(), Some("/Properties/DisplayName"));
    assert_eq!(target.before_value.as_deref(), Some("a"));
    assert_eq!(target.after_value.as_deref(), Some("b"));
    assert_eq!(target.attribute_change_type.as_deref(), Some("Modify"));
    let plain = stacks.described("s", false).changes.and_then(|mut c| c.pop());
    let plain = plain.and_then(|c| c.resource_change).expect("a change");
    assert_eq!((plain.before_context, plain.after_context), (None, None));
    assert!(plain.details.iter().flatten().all(|d| d.target.as_ref().is_some_and(|t| {
        t.path.is_none() && t.before_value.is_none() && t.attribute_change_type.is_none()
    })));
}

fn value_of_nothing() -> Value {
    value("unchanged")
}

#[test]
fn a_parameter_is_named_as_the_cause() {
    let stacks = Stacks::new();
    let of = json!({
        "Parameters": {"Name": {"Type": "String", "Default": "a"}},
        "Resources": {"T": topic(json!({"DisplayName": {"Fn::Sub": "-${Name}-"}}))},
    });
    stacks.create("s", &of);
    stacks.propose("s", "UPDATE", &of, &[("Name", "b")]);
    for values in [false, true] {
        assert_eq!(
            stacks.changes("s", values),
            ["Modify T False: DirectModification Dynamic - DisplayName Never; \
              ParameterReference Static Name DisplayName Never"]
        );
    }
}

#[test]
fn what_refers_to_a_replaced_resource_is_listed() {
    let stacks = Stacks::new();
    let of = |name: &str| {
        template(&[
            ("T", topic(json!({"TopicName": name}))),
            ("ByRef", value(json!({"Ref": "T"}))),
            ("ByAttribute", value(json!({"Fn::GetAtt": ["T", "TopicName"]}))),
        ])
    };
    stacks.create("s", &of("a"));
    stacks.propose("s", "UPDATE", &of("b"), &[]);
    let topic = "Modify T True: DirectModification Static - TopicName Always";
    assert_eq!(
        stacks.changes("s", false),
        [
            "Modify ByAttribute False: ResourceAttribute Static T.TopicName Value Never",
            "Modify ByRef False: ResourceReference Static T Value Never",
            topic,
        ]
    );
    assert_eq!(
        stacks.changes("s", true),
        [
            "Modify ByAttribute False: DirectModification Dynamic - Value Never; \
             ResourceAttribute Static T.TopicName Value Never",
            "Modify ByRef False: DirectModification Dynamic - Value Never; \
             ResourceReference Static T Value Never",
            topic,
        ]
    );
    let described = stacks.described("s", true).changes.unwrap_or_default();
    let of_ref = described.iter().filter_map(|c| c.resource_change.as_ref());
    let by_ref = of_ref.clone().find(|c| c.logical_resource_id.as_deref() == Some("ByRef"));
    let after = by_ref.and_then(|c| c.after_context.as_deref()).unwrap_or_default();
    assert!(after.contains("{{changeSet:KNOWN_AFTER_APPLY}}"), "{after}");
    let topic = of_ref.clone().find(|c| c.logical_resource_id.as_deref() == Some("T"));
    assert_eq!(topic.and_then(|c| c.policy_action.as_deref()), Some("ReplaceAndDelete"));
    stacks.execute("s");
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.parameter(&stacks.physical("s", "ByAttribute")).as_deref(), Some("b"));
}

#[test]
fn attributes_of_what_changes_in_place_are_doubtful_without_values() {
    let stacks = Stacks::new();
    let of = |text: &str| {
        template(&[
            ("A", named("/a", text)),
            ("B", value(json!({"Fn::GetAtt": ["A", "Type"]}))),
            ("C", value(json!({"Fn::GetAtt": ["B", "Type"]}))),
            ("R", value(json!({"Ref": "A"}))),
        ])
    };
    stacks.create("s", &of("x"));
    stacks.propose("s", "UPDATE", &of("y"), &[]);
    let a = "Modify A False: DirectModification Static - Value Never";
    assert_eq!(
        stacks.changes("s", false),
        [
            a,
            "Modify B False: ResourceAttribute Dynamic A.Type Value Never",
            "Modify C False: ResourceAttribute Dynamic B.Type Value Never",
        ]
    );
    assert_eq!(stacks.changes("s", true), [a]);
}

#[test]
fn what_comes_and_goes_is_listed() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("Old", value("x")), ("User", value(json!({"Ref": "Old"})))]));
    stacks.propose(
        "s",
        "UPDATE",
        &template(&[("New", value("x")), ("Next", value(json!({"Ref": "New"})))]),
        &[],
    );
    assert_eq!(
        stacks.changes("s", true),
        ["Add New -", "Add Next -", "Remove Old -", "Remove User -"]
    );
    let changes = stacks.described("s", true).changes.unwrap_or_default();
    let of = |id: &str| {
        let all = changes.iter().filter_map(|c| c.resource_change.clone());
        all.into_iter().find(|c| c.logical_resource_id.as_deref() == Some(id)).expect("listed")
    };
    const UNKNOWN: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";
    assert!(of("Next").after_context.is_some_and(|text| text.contains(UNKNOWN)));
    assert!(of("User").before_context.is_some_and(|text| text.contains(UNKNOWN)));
    assert_eq!(of("Old").policy_action.as_deref(), Some("Delete"));
    assert_eq!((of("Old").scope, of("Old").details), (Some(vec![]), Some(vec![])));
    assert!(of("Old").physical_resource_id.is_some() && of("New").physical_resource_id.is_none());
}

#[test]
fn metadata_and_tags_have_a_scope_of_their_own() {
    let stacks = Stacks::new();
    let of = |text: &str, note: &str| {
        let resource = with(value(text), "Metadata", json!({"note": note}));
        template(&[("P", resource)])
    };
    stacks.create("s", &of("x", "1"));
    stacks.propose("s", "UPDATE", &of("y", "2"), &[]);
    let changes = stacks.described("s", false).changes.unwrap_or_default();
    let change = changes.into_iter().find_map(|c| c.resource_change).expect("a change");
    assert_eq!(change.scope, Some(vec!["Metadata".into(), "Properties".into()]));
    stacks.execute("s");
    let mut input = change_set("s", "UPDATE", &of("y", "2"), &[]);
    input.change_set_name = "c2".into();
    input.tags = Some(vec![wire::Tag { key: "team".into(), value: "a".into() }]);
    let made = stacks.ok::<ops::CreateChangeSet>(input);
    stacks.rest();
    let described = stacks.ok::<ops::DescribeChangeSet>(wire::DescribeChangeSetInput {
        change_set_name: made.id.expect("an id"),
        ..Default::default()
    });
    let changes = described.changes.unwrap_or_default();
    let change = changes.into_iter().find_map(|c| c.resource_change).expect("a change");
    assert_eq!(change.scope, Some(vec!["Tags".into()]));
    assert_eq!(shown(&change), "Modify P False: DirectModification Static - Tags Never");
}

#[test]
fn an_import_that_nobody_exports_fails_only_when_carried_out() {
    let stacks = Stacks::new();
    let of = template(&[("P", value(json!({"Fn::ImportValue": "nowhere"})))]);
    stacks.propose("s", "CREATE", &of, &[]);
    let plain = stacks.described("s", false);
    assert_eq!(plain.status.as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(plain.status_reason, None);
    assert_eq!(
        stacks.described("s", true).status_reason.as_deref(),
        Some(
            "[WARN] --include-property-values option can return incomplete ChangeSet data because: \
             ChangeSet creation failed for resource [P] because: No export named nowhere found"
        )
    );
    stacks.execute("s");
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
}

#[test]
fn a_change_set_is_for_the_right_kind_of_stack() {
    let stacks = Stacks::new();
    let of = template(&[("P", value("x"))]);
    stacks.fails::<ops::CreateChangeSet>(
        change_set("s", "UPDATE", &of, &[]),
        "ValidationError",
        "Stack [s] does not exist",
    );
    let id = stacks.create("s", &of);
    stacks.fails::<ops::CreateChangeSet>(
        change_set("s", "CREATE", &of, &[]),
        "ValidationError",
        "Stack [s] already exists and cannot be created again with the changeSet [c].",
    );
    stacks.delete("s");
    stacks.fails::<ops::CreateChangeSet>(
        change_set(&id, "UPDATE", &of, &[]),
        "ValidationError",
        &format!("Stack:{id} is in DELETE_COMPLETE state and can not be updated."),
    );
    stacks.fails::<ops::CreateChangeSet>(
        change_set(&id, "CREATE", &of, &[]),
        "ValidationError",
        &format!("Stack [{id}] already exists and cannot be created again with the changeSet [c]."),
    );
}

#[test]
fn unknown_change_sets_are_not_found() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    let describe = |name: &str, stack: Option<&str>| wire::DescribeChangeSetInput {
        change_set_name: name.into(),
        stack_name: stack.map(Into::into),
        ..Default::default()
    };
    let error = stacks.call::<ops::DescribeChangeSet>(describe("c", Some("s"))).expect_err("none");
    assert_eq!((&*error.code, error.status), ("ChangeSetNotFound", 404));
    stacks.fails::<ops::DescribeChangeSet>(
        describe("c", Some("gone")),
        "ValidationError",
        "Stack [gone] does not exist",
    );
    stacks.fails::<ops::DescribeChangeSet>(
        describe("c", None),
        "ValidationError",
        "StackName must be specified if ChangeSetName is not specified as an ARN.",
    );
    stacks.ok::<ops::DeleteChangeSet>(wire::DeleteChangeSetInput {
        change_set_name: "c".into(),
        stack_name: Some("s".into()),
    });
}

#[test]
fn carrying_one_out_drops_the_others_and_an_update_outdates_them() {
    let stacks = Stacks::new();
    let of = |text: &str| template(&[("P", value(text))]);
    stacks.create("s", &of("a"));
    for name in ["c", "d"] {
        let mut input = change_set("s", "UPDATE", &of(name), &[]);
        input.change_set_name = name.into();
        stacks.ok::<ops::CreateChangeSet>(input);
    }
    stacks.rest();
    let names = || {
        let listed = stacks.ok::<ops::ListChangeSets>(wire::ListChangeSetsInput {
            stack_name: "s".into(),
            ..Default::default()
        });
        let mut names: Vec<String> = listed
            .summaries
            .unwrap_or_default()
            .into_iter()
            .filter_map(|s| Some(format!("{} {}", s.change_set_name?, s.execution_status?)))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(), ["c AVAILABLE", "d AVAILABLE"]);
    stacks.execute("s");
    assert_eq!(names(), ["c EXECUTE_COMPLETE"]);
    let mut input = change_set("s", "UPDATE", &of("e"), &[]);
    input.change_set_name = "e".into();
    stacks.ok::<ops::CreateChangeSet>(input);
    stacks.rest();
    stacks.ok::<ops::UpdateStack>(update("s", &of("f")));
    stacks.rest();
    assert_eq!(names(), ["c EXECUTE_COMPLETE", "e OBSOLETE"]);
    assert_eq!(stacks.shown("s").change_set_id, None);
    stacks.ok::<ops::DeleteStack>(deletion("s"));
    stacks.rest();
}

#[test]
fn a_logical_id_keeps_its_type() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    stacks.fails::<ops::UpdateStack>(
        update("s", &template(&[("P", topic(json!({})))])),
        "ValidationError",
        "Update of resource type is not permitted. The new template modifies resource type of the \
         following resources: [P]",
    );
}

#[test]
fn the_template_of_a_change_set_can_be_read() {
    let stacks = Stacks::new();
    let of = template(&[("P", value("x"))]);
    stacks.propose("s", "CREATE", &of, &[]);
    let found = stacks.ok::<ops::GetTemplate>(wire::GetTemplateInput {
        stack_name: Some("s".into()),
        change_set_name: Some("c".into()),
        ..Default::default()
    });
    assert_eq!(found.template_body.as_deref(), Some(of.to_string().as_str()));
    stacks.fails::<ops::GetTemplateSummary>(
        wire::GetTemplateSummaryInput { stack_name: Some("s".into()), ..Default::default() },
        "ValidationError",
        "GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.",
    );
    stacks.delete("s");
    assert!(stacks.call::<ops::DescribeStacks>(crate::harness::describe("s")).is_err());
}
