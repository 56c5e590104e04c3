//! What DescribeStacks and its neighbours show.

use crate::harness::{Stacks, describe, template, value};
use api::cloudformation::{self as wire, ops};
use smol_str::SmolStr;

#[test]
fn a_new_stack_shows_these_members() {
    let stacks = Stacks::new();
    let id = stacks.create("s", &template(&[("P", value("x"))]));
    let (stack, name, uuid) = {
        let mut parts = id.rsplit('/');
        let (uuid, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        (stacks.shown("s"), name.to_owned(), uuid.to_owned())
    };
    assert!(id.starts_with("arn:aws:cloudformation:us-west-1:"), "{id}");
    assert_eq!(name, "s");
    assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(uuid.split('-').nth(2).is_some_and(|part| part.starts_with('1')), "time-based: {uuid}");
    assert_eq!(stack.stack_name.as_deref(), Some("s"));
    assert_eq!(stack.creation_time, Some(kernel::Timestamp(1_506_576_906_123)));
    assert_eq!(stack.stack_status.as_deref(), Some("CREATE_COMPLETE"));
    assert_eq!(stack.disable_rollback, Some(false));
    assert_eq!(stack.notification_arns, Some(vec![]));
    assert_eq!(stack.rollback_configuration, Some(wire::RollbackConfiguration::default()));
    assert_eq!(stack.tags, Some(vec![]));
    assert_eq!(stack.enable_termination_protection, Some(false));
    let drift = stack.drift_information.and_then(|d| d.stack_drift_status);
    assert_eq!(drift.as_deref(), Some("NOT_CHECKED"));
    let absent = (stack.change_set_id, stack.last_updated_time, stack.deletion_time);
    assert_eq!(absent, (None, None, None));
    assert_eq!((stack.capabilities, stack.description), (None, None));
    assert_eq!((stack.parameters, stack.outputs), (None, None));
    let operations = stack.last_operations.unwrap_or_default();
    let kinds: Vec<_> = operations.iter().filter_map(|o| o.operation_type.as_deref()).collect();
    assert_eq!(kinds, ["CREATE_STACK"]);
}

#[test]
fn members_follow_the_stacks_history() {
    let stacks = Stacks::new();
    let id = stacks.begin("s", &template(&[("P", value("x"))]), |input| {
        input.capabilities = Some(vec!["CAPABILITY_NAMED_IAM".into(), "CAPABILITY_IAM".into()]);
    });
    stacks.rest();
    let order: Option<Vec<SmolStr>> =
        Some(vec!["CAPABILITY_NAMED_IAM".into(), "CAPABILITY_IAM".into()]);
    assert_eq!(stacks.shown("s").capabilities, order);
    stacks.step(5_000);
    stacks.update("s", &template(&[("P", value("y"))]));
    let updated = stacks.shown("s");
    assert!(updated.last_updated_time > updated.creation_time);
    assert_eq!((updated.deletion_time, updated.change_set_id), (None, None));
    stacks.delete("s");
    let deleted = stacks.shown(&id);
    assert!(deleted.deletion_time > deleted.last_updated_time);
    assert_eq!(deleted.enable_termination_protection, None);
    let operations = deleted.last_operations.unwrap_or_default();
    assert_eq!(operations[0].operation_type.as_deref(), Some("DELETE_STACK"));
}

#[test]
fn missing_stacks_are_worded_three_ways() {
    let stacks = Stacks::new();
    let code = "ValidationError";
    stacks.fails::<ops::DescribeStacks>(describe("s"), code, "Stack with id s does not exist");
    stacks.fails::<ops::GetTemplate>(
        wire::GetTemplateInput { stack_name: Some("s".into()), ..Default::default() },
        code,
        "Stack with id s does not exist",
    );
    stacks.fails::<ops::DescribeStackEvents>(
        wire::DescribeStackEventsInput { stack_name: "s".into(), next_token: None },
        code,
        "Stack [s] does not exist",
    );
    stacks.fails::<ops::DescribeStackResource>(
        wire::DescribeStackResourceInput {
            stack_name: "s".into(),
            logical_resource_id: "P".into(),
        },
        code,
        "Stack 's' does not exist",
    );
}

#[test]
fn lists_show_deleted_stacks_and_descriptions_do_not() {
    let stacks = Stacks::new();
    stacks.create("one", &template(&[("P", value("x"))]));
    stacks.step(1_000);
    stacks.create("two", &template(&[("P", value("x"))]));
    stacks.delete("one");
    let shown = stacks.ok::<ops::DescribeStacks>(wire::DescribeStacksInput::default());
    let names: Vec<_> = shown.stacks.into_iter().flatten().filter_map(|s| s.stack_name).collect();
    assert_eq!(names, ["two"]);
    let listed = |status: Option<&str>| -> Vec<SmolStr> {
        let found = stacks.ok::<ops::ListStacks>(wire::ListStacksInput {
            stack_status_filter: status.map(|s| vec![s.into()]),
            ..Default::default()
        });
        found.stack_summaries.into_iter().flatten().filter_map(|s| s.stack_name).collect()
    };
    assert_eq!(listed(None), ["two", "one"], "the newest first");
    assert_eq!(listed(Some("DELETE_COMPLETE")), ["one"]);
}

#[test]
fn a_template_comes_back_as_it_was_sent() {
    let stacks = Stacks::new();
    let text = "# a comment\nResources:\n  P:\n    Type: AWS::SSM::Parameter\n    Properties: \
                {Type: String, Value: x}\n";
    let input = wire::CreateStackInput {
        stack_name: "s".into(),
        template_body: Some(text.into()),
        ..Default::default()
    };
    stacks.ok::<ops::CreateStack>(input);
    let found = stacks.ok::<ops::GetTemplate>(wire::GetTemplateInput {
        stack_name: Some("s".into()),
        ..Default::default()
    });
    assert_eq!(found.template_body.as_deref(), Some(text));
    assert_eq!(found.stages_available, Some(vec!["Original".into(), "Processed".into()]));
}

#[test]
fn a_resource_is_described_with_its_metadata() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    let found = stacks.ok::<ops::DescribeStackResource>(wire::DescribeStackResourceInput {
        stack_name: "s".into(),
        logical_resource_id: "P".into(),
    });
    let detail = found.stack_resource_detail.expect("a detail");
    assert_eq!(detail.metadata.as_deref(), Some("{}"));
    assert_eq!(detail.resource_status.as_deref(), Some("CREATE_COMPLETE"));
    let name = detail.physical_resource_id.expect("it is made");
    let suffix = name.strip_prefix("CFN-P-").expect("a name of its own");
    assert_eq!(suffix.len(), 12);
    let drift = detail.drift_information.and_then(|d| d.stack_resource_drift_status);
    assert_eq!(drift.as_deref(), Some("NOT_CHECKED"));
}
