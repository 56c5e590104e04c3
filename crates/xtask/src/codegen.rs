//! `codegen`: the operations that services register → `crates/api/src/<service>.rs`.
//!
//! Sources of operations are the `operations { read X => x, write Y => y }` parts of
//! `resource!` blocks in service crates. The result is checked in; a test fails when it is stale.

mod emit;
mod names;

use crate::Failure;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates that hold one service each; `basics` holds one per module.
const SERVICE_CRATES: [&str; 6] =
    ["ec2", "autoscaling", "cloudformation", "s3", "cloudwatch", "elbv2"];

/// Operations to generate, by service.
pub(crate) type Wanted = BTreeMap<&'static str, BTreeSet<String>>;

/// Writes the generated files, or with `check` fails when one differs from what is there.
pub fn run(root: &Path, check: bool) -> Result<(), Failure> {
    let mut stale = Vec::new();
    for (path, content) in generate(root)? {
        if fs::read_to_string(&path).is_ok_and(|old| old == content) {
            continue;
        }
        if !check {
            fs::write(&path, content)?;
        }
        stale.push(path);
    }
    if check && !stale.is_empty() {
        return Err(format!("run `cargo xtask codegen`; stale: {stale:?}").into());
    }
    stale.iter().for_each(|path| println!("wrote {}", path.display()));
    Ok(())
}

fn generate(root: &Path) -> Result<Vec<(PathBuf, String)>, Failure> {
    let wanted = wanted(root)?;
    let src = root.join("crates/api/src");
    let mut files = Vec::new();
    for (&service, operations) in &wanted {
        let model = model::service(service).expect("names were checked when collected");
        let file = format!("{}.rs", names::module(service));
        files.push((src.join(file), emit::service(model, operations)?));
    }
    files.push((src.join("lib.rs"), emit::library(wanted.keys().copied())));
    Ok(files)
}

/// Every registered operation, by service.
pub(crate) fn wanted(root: &Path) -> Result<Wanted, Failure> {
    let mut wanted = Wanted::new();
    for service in SERVICE_CRATES {
        scan(&root.join("crates").join(service).join("src"), service, &mut wanted)?;
    }
    let basics = root.join("crates/basics/src");
    for service in model::all_services() {
        let module = names::module(service);
        scan(&basics.join(&module), service, &mut wanted)?;
        scan(&basics.join(format!("{module}.rs")), service, &mut wanted)?;
    }
    Ok(wanted)
}

fn add(wanted: &mut Wanted, service: &str, operation: &str) -> Result<(), Failure> {
    let model = model::service(service).ok_or_else(|| format!("unknown service {service}"))?;
    model.operation(operation).ok_or_else(|| format!("{service} has no operation {operation}"))?;
    wanted.entry(model.name).or_default().insert(operation.to_owned());
    Ok(())
}

/// Adds every operation registered in a file or below a folder.
fn scan(path: &Path, service: &str, wanted: &mut Wanted) -> Result<(), Failure> {
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path)?.map(|e| Ok(e?.path())).collect::<Result<_, std::io::Error>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| scan(entry, service, wanted));
    }
    if path.extension().is_some_and(|e| e == "rs") && path.exists() {
        for operation in registered(&fs::read_to_string(path)?) {
            add(wanted, service, &operation).map_err(|e| format!("{}: {e}", path.display()))?;
        }
    }
    Ok(())
}

/// Names of the operations in a file's `resource!` blocks.
fn registered(source: &str) -> Vec<String> {
    let code: Vec<&str> =
        source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut names = Vec::new();
    for block in code.split("operations {").skip(1) {
        let rows = block.split('}').next().unwrap_or_default();
        for row in rows.split(',') {
            let mut words = row.split_whitespace();
            if let (Some("read" | "write"), Some(name)) = (words.next(), words.next()) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_code_is_fresh() {
        run(&crate::root(), true).expect("checked-in code matches the registered operations");
    }

    #[test]
    fn rows_of_operations_blocks_are_found() {
        let source = "resource! { ec2:\n operations {\n write RunInstances => run, // read Not => \
                      not\n read DescribeInstances => describe\n}\ntables { Write }\n}\nfn x() \
                      {}\nresource! { ec2: operations { read A => a, } }";
        assert_eq!(registered(source), ["RunInstances", "DescribeInstances", "A"]);
        assert!(registered("let operations = {}; macro operations").is_empty());
    }
}
