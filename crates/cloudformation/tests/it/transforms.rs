//! Transforms of AWS's own, and rules.

use crate::harness::{Stacks, creation, given, template, update, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};
use smol_str::SmolStr;

fn loops(names: &[&str]) -> Value {
    json!({
        "Transform": "AWS::LanguageExtensions",
        "Resources": {
            "Fn::ForEach::All": ["Name", names, {
                "P${Name}": value("${Name}"),
            }],
        },
        "Outputs": {"Count": {"Value": {"Fn::Length": names}}},
    })
}

fn consent(input: &mut wire::CreateStackInput) {
    input.capabilities = Some(vec!["CAPABILITY_AUTO_EXPAND".into()]);
}

fn stage(stacks: &Stacks, stage: &str) -> String {
    let found = stacks.ok::<ops::GetTemplate>(wire::GetTemplateInput {
        stack_name: Some("s".into()),
        template_stage: Some(stage.into()),
        ..Default::default()
    });
    assert_eq!(found.stages_available, Some(vec!["Original".into(), "Processed".into()]));
    found.template_body.unwrap_or_default().into()
}

#[test]
fn loops_make_resources() {
    let stacks = Stacks::new();
    stacks.fails::<ops::CreateStack>(
        creation("s", &loops(&["A", "B"])),
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_AUTO_EXPAND]",
    );
    stacks.begin("s", &loops(&["A", "B"]), consent);
    stacks.rest();
    let names = || stacks.resources("s").into_iter().map(|r| r.0).collect::<Vec<_>>();
    assert_eq!(names(), ["PA", "PB"]);
    assert_eq!(stacks.outputs("s"), [("Count".to_owned(), "2".to_owned())]);
    assert_eq!(stage(&stacks, "Original"), loops(&["A", "B"]).to_string());
    let processed: Value = serde_json::from_str(&stage(&stacks, "Processed")).expect("JSON");
    assert_eq!(processed["Resources"]["PB"], value("B"));
    assert_eq!(processed.get("Transform"), None);
    let mut input = update("s", &loops(&["B", "C"]));
    input.capabilities = Some(vec!["CAPABILITY_AUTO_EXPAND".into()]);
    stacks.ok::<ops::UpdateStack>(input);
    stacks.rest();
    assert_eq!(names(), ["PB", "PC"]);
}

#[test]
fn what_is_wrong_with_a_transform_is_told() {
    let stacks = Stacks::new();
    let mut broken = loops(&["A"]);
    broken["Resources"]["Fn::ForEach::All"][1] = json!("A");
    let mut input = creation("s", &broken);
    consent(&mut input);
    stacks.fails::<ops::CreateStack>(
        input,
        "ValidationError",
        "Transform AWS::LanguageExtensions failed with: Fn::ForEach layout is incorrect",
    );
    let mut sam = template(&[("P", value("x"))]);
    sam["Transform"] = json!("AWS::Serverless-2016-10-31");
    let mut input = creation("s", &sam);
    consent(&mut input);
    stacks.fails::<ops::CreateStack>(
        input,
        "ValidationError",
        "Transform AWS::Serverless-2016-10-31 failed with: lowcloud runs no functions, so it has \
         neither macros nor the SAM transform.",
    );
}

#[test]
fn a_summary_tells_of_the_transforms() {
    let stacks = Stacks::new();
    let found = stacks.ok::<ops::GetTemplateSummary>(wire::GetTemplateSummaryInput {
        template_body: Some(loops(&["A"]).to_string().into()),
        ..Default::default()
    });
    assert_eq!(found.declared_transforms, Some(vec!["AWS::LanguageExtensions".into()]));
    assert_eq!(found.capabilities, Some(vec!["CAPABILITY_AUTO_EXPAND".into()]));
}

#[test]
fn an_inclusion_that_is_not_there_fails_with_its_bucket() {
    let stacks = Stacks::new();
    let mut of = template(&[("P", value("x"))]);
    of["Transform"] =
        json!({"Name": "AWS::Include", "Parameters": {"Location": "s3://nowhere/part.yml"}});
    let mut input = creation("s", &of);
    consent(&mut input);
    stacks.fails::<ops::CreateStack>(
        input,
        "ValidationError",
        "Transform AWS::Include failed with: S3 bucket [nowhere] does not exist.",
    );
}

#[test]
fn rules_are_asserted_before_anything_is_made() {
    let stacks = Stacks::new();
    let of = json!({
        "Parameters": {"Stage": {"Type": "String"}},
        "Rules": {"Known": {"Assertions": [{
            "Assert": {"Fn::Contains": [["test", "prod"], {"Ref": "Stage"}]},
            "AssertDescription": "There are two stages",
        }]}},
        "Resources": {"P": value("x")},
    });
    let with = |stage: &str| {
        let mut input = creation("s", &of);
        input.parameters = Some(vec![given("Stage", stage)]);
        input
    };
    stacks.fails::<ops::CreateStack>(
        with("other"),
        "ValidationError",
        "Assertion of rule Known failed: There are two stages",
    );
    assert!(stacks.call::<ops::DescribeStacks>(crate::harness::describe("s")).is_err());
    let made: Option<SmolStr> = stacks.ok::<ops::CreateStack>(with("test")).stack_id;
    assert!(made.is_some());
}
