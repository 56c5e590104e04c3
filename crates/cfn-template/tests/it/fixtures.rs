//! Runs every case of `fixtures/templates/*.md`.
//!
//! A case is a heading with prose, a template block (`yaml` or `json template`), optionally what
//! the caller gives (`json parameters`) and what the world knows (`json world`), and the expected
//! outcome (`json evaluated` or `text problems`). `UPDATE_EXPECT=1` rewrites the last block.

use cfn_template::{
    Evaluator, GivenParameter, Lookup, Problem, PseudoValues, Resolution, Template, dependencies,
    no_export, no_ssm_parameter, parse_all, resolve_parameters, schema,
};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

#[test]
fn every_fixture_gives_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/templates");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_name().is_none_or(|name| name != "README.md"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no fixtures in {}", folder.display());
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let rewritten = run_file(&text);
        if rewritten == text {
            continue;
        }
        if update {
            std::fs::write(&file, rewritten).expect("writable");
        } else {
            failures.push(format!("{}:\n{}", file.display(), first_difference(&text, &rewritten)));
        }
    }
    assert!(failures.is_empty(), "UPDATE_EXPECT=1 accepts:\n{}", failures.join("\n"));
}

fn first_difference(old: &str, new: &str) -> String {
    let at = old.lines().zip(new.lines()).take_while(|(old, new)| old == new).count();
    let show = |text: &str| text.lines().skip(at).take(12).collect::<Vec<_>>().join("\n    ");
    format!("  line {}, expected:\n    {}\n  got:\n    {}", at + 1, show(old), show(new))
}

/// The file as it would be if every expectation held.
fn run_file(text: &str) -> String {
    let mut result = String::new();
    let mut case = Case::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        result.push_str(line);
        result.push('\n');
        if line.starts_with('#') {
            case = Case::default();
        }
        let Some(label) = line.strip_prefix("```").filter(|label| !label.is_empty()) else {
            continue;
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut body = body.join("\n");
        body.push('\n');
        match label {
            "yaml" | "json template" => case.template.clone_from(&body),
            "json parameters" => case.parameters = object(&body),
            "json world" => case.world = World(object(&body)),
            "json evaluated" | "text problems" => {
                let (actual, text) = case.run();
                assert_eq!(actual, label, "after {:?}:\n{text}", case.template);
                body = text;
            }
            _ => {}
        }
        result.push_str(&body);
        result.push_str("```\n");
    }
    result
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("the block is a JSON object")
}

#[derive(Default)]
struct Case {
    template: String,
    parameters: Map<String, Value>,
    world: World,
}

impl Case {
    /// The label and content of the block that tells the outcome.
    fn run(&self) -> (&'static str, String) {
        let parsed = parse_all(&self.template);
        let mut problems = parsed.problems;
        if let Some(template) = parsed.template.filter(|_| problems.is_empty()) {
            problems = template.check();
            if problems.is_empty() {
                match self.evaluate(&template) {
                    Ok(value) => {
                        let text = serde_json::to_string_pretty(&value).expect("values are JSON");
                        return ("json evaluated", text + "\n");
                    }
                    Err(found) => problems = found,
                }
            }
        }
        ("text problems", problems.iter().map(show).collect())
    }

    fn evaluate(&self, template: &Template) -> Result<Value, Vec<Problem>> {
        let one = |problem: Problem| vec![problem];
        let given: Vec<GivenParameter> = self
            .parameters
            .iter()
            .map(|(key, value)| GivenParameter::new(key, value.as_str().unwrap_or_default()))
            .collect();
        let parameters = resolve_parameters(template, &given, None, &self.world).map_err(one)?;
        let pseudo = pseudo();
        let evaluator = Evaluator::new(template, &parameters, &pseudo, &self.world).map_err(one)?;
        let unresolved = template.check_references(evaluator.conditions());
        if !unresolved.is_empty() {
            return Err(unresolved);
        }
        let graph = dependencies(template, evaluator.conditions());
        let mut resources = Map::new();
        for name in graph.order().map_err(one)? {
            let resource = template.resources.get(name).expect("the graph names resources");
            resources.insert(name.to_owned(), describe(&evaluator, name, resource)?);
        }
        let mut result = Map::from_iter([("Resources".to_owned(), Value::Object(resources))]);
        let outputs = evaluator.outputs().map_err(one)?;
        if !outputs.is_empty() {
            let values = outputs.into_iter().map(|output| {
                let value = match output.export_name {
                    Some(name) => json!({"Value": output.value.value, "Export": name}),
                    None => output.value.value,
                };
                (output.name, value)
            });
            result.insert("Outputs".to_owned(), Value::Object(values.collect()));
        }
        Ok(Value::Object(result))
    }
}

/// One resource: its properties, what they wait for, and whether its schema refuses them.
fn describe(
    evaluator: &Evaluator<'_>,
    name: &str,
    resource: &cfn_template::Resource,
) -> Result<Value, Vec<Problem>> {
    let mut properties = evaluator.properties(name).map_err(|problem| vec![problem])?;
    let mut members = Map::new();
    if let Some(schema) = schema::lookup(&resource.resource_type) {
        schema.coerce(&mut properties.value);
        let problems = schema.validate(&properties.value);
        if let Some(failure) = schema::validation_failure(name, &problems) {
            members.insert("Fails".to_owned(), Value::from(failure));
        }
    }
    members.insert("Properties".to_owned(), properties.value);
    if !properties.unknown.is_empty() {
        let waits = properties.unknown.into_iter().map(|awaited| match awaited.attribute {
            Some(attribute) => format!("{}.{attribute}", awaited.logical_id),
            None => awaited.logical_id,
        });
        members.insert("WaitsFor".to_owned(), waits.map(Value::from).collect());
    }
    Ok(Value::Object(members))
}

fn show(problem: &Problem) -> String {
    let place = problem.position.map_or_else(String::new, |p| format!("{}:{} ", p.line, p.column));
    format!("{place}{}\n", problem.message)
}

fn pseudo() -> PseudoValues {
    PseudoValues {
        account_id: "123456789012".into(),
        region: "eu-west-1".into(),
        partition: "aws".into(),
        url_suffix: "amazonaws.com".into(),
        stack_id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/demo/\
                   5dd694c0-992c-11f0-9d8f-0affd8a1b2c3"
            .into(),
        stack_name: "demo".into(),
        notification_arns: Vec::new(),
    }
}

/// The world of a case: `{"refs": {}, "attributes": {}, "exports": {}, "ssm": {}}`.
#[derive(Default)]
struct World(Map<String, Value>);

impl World {
    fn find(&self, kind: &str, key: &str) -> Option<Value> {
        self.0.get(kind)?.get(key).cloned()
    }
}

impl Lookup for World {
    fn reference(&self, logical_id: &str) -> Resolution {
        self.find("refs", logical_id).map_or(Resolution::Unknown, Resolution::Known)
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Resolution {
        self.find("attributes", &format!("{logical_id}.{attribute}"))
            .map_or(Resolution::Unknown, Resolution::Known)
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect()
    }

    fn import(&self, export_name: &str) -> Resolution {
        self.find("exports", export_name)
            .map_or_else(|| Resolution::Missing(no_export(export_name)), Resolution::Known)
    }

    fn ssm_parameter(&self, name: &str, _version: Option<u64>) -> Result<String, Problem> {
        self.find("ssm", name)
            .and_then(|value| value.as_str().map(str::to_owned))
            .ok_or_else(|| no_ssm_parameter(name))
    }
}
