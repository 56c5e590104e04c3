//! `coverage`: the registered operations and resource types → `COVERAGE.md`, which nobody edits.

use crate::{Failure, codegen};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const FILE: &str = "COVERAGE.md";

/// Writes the table, or with `check` fails when it is stale.
pub fn run(root: &Path, check: bool) -> Result<(), Failure> {
    let text = render(root)?;
    let path = root.join(FILE);
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if check {
        return Err(format!("run `cargo xtask coverage`; {FILE} is stale").into());
    }
    fs::write(&path, text)?;
    println!("wrote {FILE}");
    Ok(())
}

fn render(root: &Path) -> Result<String, Failure> {
    let mut text = String::from(
        "# What is built\n\n\
         Made by `cargo xtask coverage` from what the services register. An operation that AWS has and\n\
         that is not listed here is known, parsed and checked, and answers HTTP 501 naming it.\n\n\
         ## Operations\n\n| service | built | of | operations |\n| --- | --- | --- | --- |\n",
    );
    for (service, operations) in codegen::wanted(root)? {
        let known = model::service(service).map_or(0, |model| model.operations.len());
        let names: Vec<&str> = operations.iter().map(String::as_str).collect();
        let (count, names) = (names.len(), names.join(", "));
        writeln!(text, "| {service} | {count} | {known} | {names} |")?;
    }
    text.push_str("\n## CloudFormation resource types\n\n");
    let mut types = Vec::new();
    type_names(&root.join("crates/cfn-resources/src"), &mut types)?;
    // These two are the engine's own.
    types.extend(["AWS::CloudFormation::CustomResource", "Custom::*"].map(str::to_owned));
    types.sort();
    for name in types {
        writeln!(text, "- `{name}`")?;
    }
    Ok(text)
}

/// The types that providers answer to, by their text.
fn type_names(path: &Path, types: &mut Vec<String>) -> Result<(), Failure> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            type_names(&entry?.path(), types)?;
        }
        return Ok(());
    }
    let source = fs::read_to_string(path)?;
    let Some((_, body)) = source.split_once("fn type_name(&self)") else { return Ok(()) };
    let body = body.split("fn ").next().unwrap_or_default();
    let quoted = body.split('"').skip(1).step_by(2);
    types.extend(quoted.filter(|text| text.starts_with("AWS::")).map(str::to_owned));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_fresh() {
        run(&crate::root(), true).expect("the checked-in table matches what is registered");
    }

    #[test]
    fn types_are_found_in_every_provider() {
        let mut types = Vec::new();
        type_names(&crate::root().join("crates/cfn-resources/src"), &mut types).expect("readable");
        for name in ["AWS::EC2::VPC", "AWS::EC2::SecurityGroupEgress", "AWS::S3::Bucket"] {
            assert!(types.iter().any(|t| t == name), "{name} in {types:?}");
        }
    }
}
