//! Importing resources that exist.

use crate::harness::{Stacks, lines, named, template, told, with};
use api::cloudformation::{self as wire, ops};
use api::ssm;
use serde_json::{Value, json};

fn kept(name: &str, text: &str) -> Value {
    with(named(name, text), "DeletionPolicy", "Retain")
}

fn import(stack: &str, template: &Value, what: &[(&str, &str)]) -> wire::CreateChangeSetInput {
    let one = |(id, name): &(&str, &str)| wire::ResourceToImport {
        resource_type: "AWS::SSM::Parameter".into(),
        logical_resource_id: (*id).into(),
        resource_identifier: vec![("Name".into(), (*name).into())],
    };
    wire::CreateChangeSetInput {
        stack_name: stack.into(),
        change_set_name: "i".into(),
        change_set_type: Some("IMPORT".into()),
        template_body: Some(template.to_string().into()),
        resources_to_import: Some(what.iter().map(one).collect()),
        ..Default::default()
    }
}

impl Stacks {
    fn keep(&self, name: &str, value: &str) {
        self.ok::<ssm::ops::PutParameter>(ssm::PutParameterRequest {
            name: name.into(),
            value: value.into(),
            r#type: Some("String".into()),
            ..Default::default()
        });
    }

    fn import(&self, input: wire::CreateChangeSetInput) -> wire::DescribeChangeSetOutput {
        let stack = input.stack_name.clone();
        self.ok::<ops::CreateChangeSet>(input);
        self.rest();
        self.ok::<ops::DescribeChangeSet>(wire::DescribeChangeSetInput {
            change_set_name: "i".into(),
            stack_name: Some(stack),
            ..Default::default()
        })
    }

    fn carry_out(&self, stack: &str) {
        self.ok::<ops::ExecuteChangeSet>(wire::ExecuteChangeSetInput {
            change_set_name: "i".into(),
            stack_name: Some(stack.into()),
            ..Default::default()
        });
        self.rest();
    }
}

#[test]
fn what_exists_comes_into_a_new_stack() {
    let stacks = Stacks::new();
    stacks.keep("mine", "x");
    let set = stacks.import(import("s", &template(&[("P", kept("mine", "x"))]), &[("P", "mine")]));
    assert_eq!(set.execution_status.as_deref(), Some("AVAILABLE"));
    let change = set.changes.and_then(|c| c.into_iter().next()?.resource_change).expect("a change");
    assert_eq!(change.action.as_deref(), Some("Import"));
    assert_eq!(change.physical_resource_id.as_deref(), Some("mine"));
    stacks.carry_out("s");
    assert_eq!(
        stacks.lines_of("s", "P", 0),
        lines(
            "IMPORT_IN_PROGRESS | Resource import started.
             IMPORT_COMPLETE | Resource import completed.
             UPDATE_IN_PROGRESS | Apply stack-level tags to imported resource if applicable.
             UPDATE_COMPLETE |"
        )
    );
    assert_eq!(
        stacks.lines("s", 0).into_iter().filter(|l| l.0 == "s").collect::<Vec<_>>(),
        told(
            "s | REVIEW_IN_PROGRESS | User Initiated
             s | IMPORT_IN_PROGRESS | User Initiated
             s | IMPORT_COMPLETE |"
        )
    );
    stacks.update("s", &template(&[("P", kept("mine", "y"))]));
    assert_eq!(stacks.parameter("mine").as_deref(), Some("y"), "it is the stack's now");
    stacks.fails::<ops::CreateChangeSet>(
        import("t", &template(&[("P", kept("mine", "y"))]), &[("P", "mine")]),
        "ValidationError",
        &format!("mine already exists in stack {}", stacks.shown("s").stack_id.unwrap_or_default()),
    );
}

#[test]
fn an_import_changes_nothing_else() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("Old", named("old", "x"))]));
    stacks.keep("mine", "x");
    let of = |old: &str, more: &[(&str, Value)]| {
        let mut all = vec![("Old", named("old", old)), ("P", kept("mine", "x"))];
        all.extend(more.iter().cloned());
        template(&all)
    };
    let set = stacks.import(import("s", &of("y", &[]), &[("P", "mine")]));
    assert_eq!(
        set.status_reason.as_deref(),
        Some(
            "You have modified resources [Old] in your template that are not being imported. \
             Update, create or delete operations cannot be executed during import operations."
        )
    );
    let mut input = import("s", &of("x", &[("New", named("new", "x"))]), &[("P", "mine")]);
    input.change_set_name = "j".into();
    stacks.ok::<ops::CreateChangeSet>(input);
    stacks.rest();
    let listed = stacks.ok::<ops::ListChangeSets>(wire::ListChangeSetsInput {
        stack_name: "s".into(),
        ..Default::default()
    });
    let reasons: Vec<_> =
        listed.summaries.unwrap_or_default().into_iter().filter_map(|s| s.status_reason).collect();
    assert!(reasons.contains(&"Resources [New] is missing from ResourceToImport list".into()));
}

#[test]
fn what_is_not_there_cannot_be_imported() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("Old", named("old", "x"))]));
    let of = template(&[("Old", named("old", "x")), ("P", kept("mine", "x"))]);
    stacks.import(import("s", &of, &[("P", "mine")]));
    stacks.carry_out("s");
    assert_eq!(stacks.status("s"), "IMPORT_ROLLBACK_COMPLETE");
    let failed = stacks.lines_of("s", "P", 0).pop().unwrap_or_default();
    assert_eq!(
        failed,
        (
            "IMPORT_FAILED".to_owned(),
            "Resource of type 'AWS::SSM::Parameter' with identifier 'mine' was not found."
                .to_owned()
        )
    );
    let names: Vec<_> = stacks.resources("s").into_iter().map(|r| r.0).collect();
    assert_eq!(names, ["Old"]);
    stacks.update("s", &template(&[("Old", named("old", "y"))]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
}

#[test]
fn what_is_imported_must_be_kept_on_deletion() {
    let stacks = Stacks::new();
    stacks.keep("mine", "x");
    stacks.fails::<ops::CreateChangeSet>(
        import("s", &template(&[("P", named("mine", "x"))]), &[("P", "mine")]),
        "ValidationError",
        "Following resources to import [P] must have DeletionPolicy attribute specified in the \
         template.",
    );
    let of = template(&[("P", kept("mine", "x"))]);
    let mut wrong = import("s", &of, &[("P", "mine")]);
    wrong.resources_to_import.as_mut().expect("a list")[0].resource_identifier =
        vec![("Id".into(), "mine".into())];
    stacks.fails::<ops::CreateChangeSet>(
        wrong,
        "ValidationError",
        "Resource identifiers of AWS::SSM::Parameter are [Name]",
    );
    assert_eq!(json!(stacks.parameter("mine")), json!("x"));
}

#[test]
fn what_exists_under_its_name_comes_in_on_request() {
    let stacks = Stacks::new();
    stacks.keep("mine", "x");
    let of = template(&[("P", kept("mine", "x")), ("New", named("new", "y"))]);
    let mut input = import("s", &of, &[]);
    input.change_set_type = Some("CREATE".into());
    input.resources_to_import = None;
    input.import_existing_resources = Some(true);
    let set = stacks.import(input);
    assert_eq!(set.import_existing_resources, Some(true));
    let mut actions: Vec<String> = set
        .changes
        .unwrap_or_default()
        .into_iter()
        .filter_map(|c| c.resource_change)
        .map(|c| {
            format!(
                "{} {}",
                c.action.unwrap_or_default(),
                c.logical_resource_id.unwrap_or_default()
            )
        })
        .collect();
    actions.sort();
    assert_eq!(actions, ["Add New", "Import P"]);
    stacks.carry_out("s");
    assert_eq!(stacks.status("s"), "CREATE_COMPLETE");
    assert_eq!(
        stacks.lines_of("s", "P", 0),
        lines(
            "IMPORT_IN_PROGRESS | Resource import started.
             IMPORT_COMPLETE | Resource import completed."
        )
    );
    stacks.delete("s");
    assert_eq!(stacks.parameter("mine").as_deref(), Some("x"), "as its policy says");
    assert_eq!(stacks.parameter("new"), None);
}

#[test]
fn what_would_not_be_kept_does_not_come_in() {
    let stacks = Stacks::new();
    stacks.keep("mine", "x");
    let mut input = import("s", &template(&[("P", named("mine", "x"))]), &[]);
    input.change_set_type = Some("CREATE".into());
    input.resources_to_import = None;
    input.import_existing_resources = Some(true);
    let set = stacks.import(input);
    let change = set.changes.and_then(|c| c.into_iter().next()?.resource_change).expect("a change");
    assert_eq!(change.action.as_deref(), Some("Add"));
    stacks.carry_out("s");
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE", "the name is taken");
    assert_eq!(stacks.parameter("mine").as_deref(), Some("x"), "and is left alone");
}
