//! Stack policies: their form, and what they keep updates from.

use crate::harness::{Stacks, named, template, update, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};

fn policy(body: &str) -> wire::SetStackPolicyInput {
    wire::SetStackPolicyInput {
        stack_name: "s".into(),
        stack_policy_body: Some(body.into()),
        ..Default::default()
    }
}

impl Stacks {
    fn policy(&self) -> Option<String> {
        let input = wire::GetStackPolicyInput { stack_name: "s".into() };
        self.ok::<ops::GetStackPolicy>(input).stack_policy_body.map(Into::into)
    }
}

/// Everything is allowed but this.
fn denying(action: &str, resource: &str) -> Value {
    json!({"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": action, "Principal": "*", "Resource": resource},
    ]})
}

#[test]
fn a_policy_comes_back_as_it_was_set() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    assert_eq!(stacks.policy(), None);
    stacks.ok::<ops::SetStackPolicy>(policy("{}"));
    assert_eq!(stacks.policy().as_deref(), Some("{}"));
    stacks.update("s", &template(&[("P", value("y"))]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
}

#[test]
fn nonsense_is_no_policy() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", value("x"))]));
    let of = |statement: Value| json!({"Statement": [statement]}).to_string();
    for body in [
        "no json".to_owned(),
        of(json!({"Effect": "Allow", "Action": "Update:*", "Principal": "me", "Resource": "*"})),
        of(json!({"Effect": "Allow", "Action": "Delete:*", "Principal": "*", "Resource": "*"})),
        of(json!({"Effect": "Maybe", "Action": "Update:*", "Principal": "*", "Resource": "*"})),
        of(json!({"Effect": "Allow", "Principal": "*", "Resource": "*"})),
    ] {
        stacks.fails::<ops::SetStackPolicy>(
            policy(&body),
            "ValidationError",
            "Error validating stack policy: Invalid stack policy",
        );
    }
    let both = wire::SetStackPolicyInput {
        stack_policy_url: Some("https://s3.amazonaws.com/b/k".into()),
        ..policy("{}")
    };
    stacks.fails::<ops::SetStackPolicy>(
        both,
        "ValidationError",
        "You cannot specify both StackPolicyURL and StackPolicyBody",
    );
}

#[test]
fn what_is_denied_fails_and_rolls_back() {
    for (action, change) in [
        ("Update:Modify", template(&[("P", named("p", "y")), ("Q", value("q"))])),
        ("Update:Replace", template(&[("P", named("other", "x")), ("Q", value("q"))])),
        ("Update:Delete", template(&[("Q", value("q2"))])),
        ("Update:*", template(&[("P", named("p", "y")), ("Q", value("q"))])),
    ] {
        let stacks = Stacks::new();
        stacks.create("s", &template(&[("P", named("p", "x")), ("Q", value("q"))]));
        let denied = denying(action, "LogicalResourceId/P").to_string();
        stacks.ok::<ops::SetStackPolicy>(policy(&denied));
        stacks.update("s", &change);
        assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE", "{action}");
        let reasons = stacks.lines_of("s", "P", 0);
        let failed = reasons.iter().find(|(status, _)| status == "UPDATE_FAILED");
        let reason = &failed.expect("it failed").1;
        assert!(reason.contains("Action denied by stack policy"), "{reason}");
        assert_eq!(stacks.parameter("p").as_deref(), Some("x"));
        assert_eq!(stacks.resources("s").len(), 2);
    }
}

#[test]
fn what_no_statement_allows_is_denied() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "x")), ("Q", named("q", "x"))]));
    let only_topics = json!({"Statement": [{
        "Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*",
        "Condition": {"StringLike": {"ResourceType": ["AWS::SNS::*"]}},
    }, {
        "Effect": "Allow", "Action": "Update:Modify", "Principal": "*",
        "NotResource": "LogicalResourceId/P",
    }]});
    stacks.ok::<ops::SetStackPolicy>(policy(&only_topics.to_string()));
    stacks.update("s", &template(&[("P", named("p", "x")), ("Q", named("q", "y"))]));
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    stacks.update("s", &template(&[("P", named("p", "y")), ("Q", named("q", "y"))]));
    assert_eq!(stacks.status("s"), "UPDATE_ROLLBACK_COMPLETE");
}

#[test]
fn an_update_may_bring_a_policy_of_its_own() {
    let stacks = Stacks::new();
    stacks.create("s", &template(&[("P", named("p", "x"))]));
    let denied = denying("Update:*", "LogicalResourceId/P").to_string();
    stacks.ok::<ops::SetStackPolicy>(policy(&denied));
    let open = denying("Update:Delete", "LogicalResourceId/P").to_string();
    stacks.ok::<ops::UpdateStack>(wire::UpdateStackInput {
        stack_policy_during_update_body: Some(open.as_str().into()),
        ..update("s", &template(&[("P", named("p", "y"))]))
    });
    assert_eq!(stacks.policy(), Some(open), "while the update runs");
    stacks.rest();
    assert_eq!(stacks.status("s"), "UPDATE_COMPLETE");
    assert_eq!(stacks.policy(), Some(denied));
}
