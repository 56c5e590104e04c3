//! Types that lowcloud lacks: refused, or stood for by placeholders if the user wants that.

use crate::harness::{Stacks, creation, template, value, with};
use api::cloudformation::ops;
use kernel::Settings;
use serde_json::{Value, json};

fn absent() -> Value {
    json!({"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "images"}})
}

#[test]
fn a_template_is_refused_for_what_it_would_make() {
    let stacks = Stacks::new();
    stacks.fails::<ops::CreateStack>(
        creation("s", &template(&[("R", absent())])),
        "ValidationError",
        "Template error: lowcloud does not implement the resource types [AWS::ECR::Repository] yet.",
    );
    let mut of = template(&[("R", with(absent(), "Condition", "No")), ("P", value("x"))]);
    of["Conditions"] = json!({"No": {"Fn::Equals": ["a", "b"]}});
    stacks.create("s", &of);
    assert_eq!(
        stacks.status("s"),
        "CREATE_COMPLETE",
        "what a condition leaves out is not asked for"
    );
}

#[test]
fn a_placeholder_has_a_name_and_attributes_and_says_what_it_is() {
    let stacks = Stacks::with(Settings { placeholders: true, ..Settings::default() });
    let mut of = template(&[("R", absent()), ("P", value(json!({"Fn::GetAtt": ["R", "Arn"]})))]);
    of["Outputs"] = json!({"Uri": {"Value": {"Fn::GetAtt": ["R", "RepositoryUri"]}}});
    stacks.create("s", &of);
    assert_eq!(stacks.physical("s", "R"), "images");
    assert_eq!(
        stacks.parameter(&stacks.physical("s", "P")).as_deref(),
        Some("arn:aws:ecr:us-west-1:123456789012:images")
    );
    assert_eq!(stacks.outputs("s")[0].1, "images.repositoryuri");
    assert_eq!(
        stacks.lines_of("s", "R", 0)[0].1,
        "lowcloud does not implement AWS::ECR::Repository: a placeholder stands for it."
    );
    let wrong = json!({"Type": "AWS::ECR::Repository", "Properties": {"Nme": "x"}});
    stacks.create("t", &template(&[("R", wrong)]));
    assert_eq!(stacks.status("t"), "ROLLBACK_COMPLETE", "its properties are checked all the same");
    stacks.delete("s");
}
