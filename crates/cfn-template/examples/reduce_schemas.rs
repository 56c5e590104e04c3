//! Makes `data/schemas.bin` from the published resource schemas.
//!
//! ```text
//! cargo run -p cfn-template --release --example reduce_schemas -- SCHEMAS SPEC OUT
//! ```
//!
//! `SCHEMAS` is either cfn-lint's `data/schemas` directory or one JSON object from type name to
//! schema; `SPEC` is a JSON object from type name to `{ref, attributes}` as taken from
//! `@aws-cdk/aws-service-spec`. JSON files may be zstd-compressed. See `data/README.md`.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

/// Uncompressed size at which a group of schemas is closed: small enough to unpack in a moment.
const GROUP_BYTES: usize = 256 * 1024;
const LEVEL: i32 = 19;

/// Top-level members that are carried over.
const MEMBERS: &[&str] = &[
    "additionalProperties",
    "properties",
    "patternProperties",
    "definitions",
    "required",
    "requiredXor",
    "requiredOr",
    "dependentRequired",
    "dependentExcluded",
    "oneOf",
    "anyOf",
    "allOf",
    "primaryIdentifier",
    "readOnlyProperties",
    "writeOnlyProperties",
    "createOnlyProperties",
    "conditionalCreateOnlyProperties",
    "tagging",
];
/// Keywords that say nothing about whether a value is valid.
const DROPPED: &[&str] =
    &["format", "default", "insertionOrder", "relationshipRef", "permissions", "arrayType"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [schemas, spec, out] = arguments.as_slice() else {
        return Err("usage: reduce_schemas SCHEMAS SPEC OUT".into());
    };
    let schemas = read_schemas(Path::new(schemas))?;
    let Value::Object(spec) = read_json(Path::new(spec))? else {
        return Err("the specification is not an object".into());
    };
    let mut groups: Vec<Vec<u8>> = vec![Vec::new()];
    let mut types = String::new();
    for (name, schema) in &schemas {
        let text = serde_json::to_string(&reduce(schema, spec.get(name)))?;
        if groups.last().is_some_and(|g| !g.is_empty() && g.len() + text.len() > GROUP_BYTES) {
            groups.push(Vec::new());
        }
        let number = groups.len() - 1;
        let group = &mut groups[number];
        types += &format!("{name}\t{number}\t{}\t{}\n", group.len(), text.len());
        group.extend_from_slice(text.as_bytes());
    }
    let mut index = format!("{}\n", groups.len());
    let mut body = Vec::new();
    for group in &groups {
        let packed = zstd::bulk::compress(group, LEVEL)?;
        index += &format!("{}\t{}\t{}\n", body.len(), packed.len(), group.len());
        body.extend(packed);
    }
    index += &types;
    let packed = zstd::bulk::compress(index.as_bytes(), LEVEL)?;
    let mut file = Vec::new();
    file.extend(u32::try_from(packed.len())?.to_le_bytes());
    file.extend(u32::try_from(index.len())?.to_le_bytes());
    file.extend(packed);
    file.extend(body);
    std::fs::write(out, &file)?;
    println!("{} types, {} groups, {} bytes", schemas.len(), groups.len(), file.len());
    Ok(())
}

/// Type name to schema, from one file or from cfn-lint's directory.
fn read_schemas(path: &Path) -> Result<BTreeMap<String, Value>, Box<dyn Error>> {
    let listed = if path.is_dir() {
        let providers =
            ["us_east_1.json", "us-east-1.json"].map(|n| path.join("providers").join(n));
        let provider = providers.iter().find(|p| p.exists()).ok_or("no provider file")?;
        let mut all = Map::new();
        for (name, file) in read_json(provider)?.as_object().ok_or("provider is no object")? {
            let file = file.as_str().ok_or("a file name is not a string")?;
            all.insert(name.clone(), read_json(&path.join("resources").join(file))?);
        }
        Value::Object(all)
    } else {
        read_json(path)?
    };
    match listed {
        Value::Object(members) => Ok(members.into_iter().collect()),
        _ => Err("the schemas are not an object".into()),
    }
}

fn read_json(path: &Path) -> Result<Value, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    if path.extension().is_some_and(|extension| extension == "zst") {
        Ok(serde_json::from_slice(&zstd::stream::decode_all(bytes.as_slice())?)?)
    } else {
        Ok(serde_json::from_slice(&bytes)?)
    }
}

fn reduce(schema: &Value, spec: Option<&Value>) -> Value {
    let mut reduced = Map::new();
    for member in MEMBERS {
        if let Some(value) = schema.get(member) {
            let named = matches!(*member, "properties" | "definitions" | "patternProperties");
            reduced.insert((*member).to_owned(), strip(value, named));
        }
    }
    if let Some(names) = spec.and_then(|s| s.get("ref")).filter(|names| !names.is_null()) {
        reduced.insert("ref".to_owned(), names.clone());
    }
    if let Some(names) = spec.and_then(|s| s.get("attributes")) {
        reduced.insert("attributes".to_owned(), names.clone());
    }
    json!(reduced)
}

/// Drops unused keywords. In a map of names (`named`) every key is a name, not a keyword.
fn strip(value: &Value, named: bool) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .filter(|(key, _)| {
                    named || !(DROPPED.contains(&key.as_str()) || key.as_str() == "description")
                })
                .map(|(key, value)| {
                    let names = ["properties", "definitions", "patternProperties"];
                    (key.clone(), strip(value, !named && names.contains(&key.as_str())))
                })
                .collect(),
        ),
        Value::Array(items) => items.iter().map(|item| strip(item, false)).collect(),
        other => other.clone(),
    }
}
