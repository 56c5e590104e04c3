//! Exports, and stacks that import them.

use crate::harness::{Stacks, deletion, value};
use api::cloudformation::{self as wire, ops};
use serde_json::{Value, json};

/// A stack that exports a value as `shared`.
fn exporting(text: &str) -> Value {
    json!({
        "Resources": {"P": value(text)},
        "Outputs": {"O": {
            "Value": {"Fn::GetAtt": ["P", "Value"]}, "Export": {"Name": "shared"},
        }},
    })
}

fn importing() -> Value {
    json!({"Resources": {"P": value(json!({"Fn::ImportValue": "shared"}))}})
}

/// Both stacks.
fn both() -> Stacks {
    let stacks = Stacks::new();
    stacks.create("giver", &exporting("one"));
    stacks.create("taker", &importing());
    assert_eq!(stacks.status("taker"), "CREATE_COMPLETE");
    stacks
}

#[test]
fn an_export_is_listed_and_imported() {
    let stacks = both();
    let taken = stacks.parameter(&stacks.physical("taker", "P"));
    assert_eq!(taken.as_deref(), Some("one"));
    let exports = stacks.ok::<ops::ListExports>(wire::ListExportsInput::default()).exports;
    assert_eq!(
        exports,
        Some(vec![wire::Export {
            exporting_stack_id: stacks.shown("giver").stack_id,
            name: Some("shared".into()),
            value: Some("one".into()),
        }])
    );
    let input = wire::ListImportsInput { export_name: "shared".into(), next_token: None };
    let imports = stacks.ok::<ops::ListImports>(input).imports;
    assert_eq!(imports, Some(vec!["taker".into()]));
}

#[test]
fn an_export_in_use_keeps_its_stack_whole() {
    let stacks = both();
    let parameter = stacks.physical("giver", "P");
    stacks.ok::<ops::DeleteStack>(deletion("giver"));
    stacks.rest();
    let status = stacks.status("giver");
    assert_eq!(status, "DELETE_FAILED");
    let reason = stacks.lines_of("giver", "giver", 0).pop().expect("an event").1;
    assert_eq!(reason, "Export shared cannot be deleted as it is in use by taker");
    assert_eq!(stacks.parameter(&parameter).as_deref(), Some("one"), "nothing was deleted");
    stacks.delete("taker");
    let id = stacks.shown("giver").stack_id.expect("a stack has an id");
    stacks.delete("giver");
    assert_eq!(stacks.status(&id), "DELETE_COMPLETE");
    assert_eq!(stacks.parameter(&parameter), None);
}

#[test]
fn an_export_in_use_cannot_change() {
    let stacks = both();
    let parameter = stacks.physical("giver", "P");
    stacks.update("giver", &exporting("two"));
    assert_eq!(stacks.status("giver"), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(stacks.parameter(&parameter).as_deref(), Some("one"));
    let lines = stacks.lines_of("giver", "giver", 0);
    let why = lines.iter().find(|line| line.0 == "UPDATE_ROLLBACK_IN_PROGRESS");
    assert_eq!(
        why.map(|line| line.1.as_str()),
        Some("Export shared cannot be updated as it is in use by taker")
    );
}

#[test]
fn an_export_not_in_use_changes_and_goes() {
    let stacks = Stacks::new();
    stacks.create("giver", &exporting("one"));
    stacks.update("giver", &exporting("two"));
    let exports = || stacks.ok::<ops::ListExports>(wire::ListExportsInput::default()).exports;
    let value = exports().and_then(|mut e| e.pop()?.value);
    assert_eq!(value.as_deref(), Some("two"));
    stacks.delete("giver");
    assert_eq!(exports(), Some(vec![]));
}

#[test]
fn a_name_is_exported_once() {
    let stacks = Stacks::new();
    stacks.create("first", &exporting("one"));
    stacks.create("second", &exporting("two"));
    assert_eq!(stacks.status("second"), "ROLLBACK_COMPLETE");
    let reason = &stacks.lines_of("second", "second", 0)[1].1;
    let expected = "Export with name shared is already exported by stack first";
    assert!(reason.starts_with(expected), "{reason}");
}

#[test]
fn an_unknown_export_fails_what_imports_it() {
    let stacks = Stacks::new();
    stacks.create("s", &importing());
    assert_eq!(stacks.status("s"), "ROLLBACK_COMPLETE");
    let lines = stacks.lines_of("s", "P", 0);
    let failed = lines.iter().find(|line| line.0 == "CREATE_FAILED").expect("the resource failed");
    assert!(failed.1.contains("No export named shared found"), "{}", failed.1);
}
