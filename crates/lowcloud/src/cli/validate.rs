//! `lowcloud validate`: everything that is wrong with templates, before they are sent.

use super::{Failure, print_json};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use cfn_template::{Finding, GivenParameter};
use clap::Args;
use serde_json::{Value, json};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `lowcloud validate`.
#[derive(Args, Debug)]
pub(crate) struct ValidateOptions {
    /// CloudFormation templates, YAML or JSON; `-` is standard input.
    #[arg(required = true, value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
    /// Values of parameters: KEY=VALUE, or a JSON file as the aws CLI takes it. Others are left
    /// open.
    #[arg(long, num_args = 1.., value_name = "KEY=VALUE|FILE")]
    parameters: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Carries out `lowcloud validate`: exit code 1 if there are errors, 2 if a file cannot be read.
pub(super) fn validate(options: &ValidateOptions) -> ExitCode {
    look(options).unwrap_or_else(|error| {
        eprintln!("lowcloud: {error}");
        ExitCode::from(2)
    })
}

fn look(options: &ValidateOptions) -> Result<ExitCode, Failure> {
    let given = parameters(&options.parameters)?;
    let mut found: Vec<Value> = Vec::new();
    let mut errors = 0;
    for path in &options.templates {
        let text = read(path)?;
        let mut findings = cfn_template::findings(&text, &given);
        if findings.iter().all(|finding| !finding.is_error) {
            findings.extend(absent(&text));
        }
        errors += findings.iter().filter(|finding| finding.is_error).count();
        for finding in &findings {
            match options.json {
                true => found.push(as_json(path, finding)),
                false => println!("{}\n", drawn(path, &text, finding)),
            }
        }
    }
    if options.json {
        print_json(&Value::Array(found));
    } else {
        conclude(options, errors);
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn conclude(options: &ValidateOptions, errors: usize) {
    let files = match options.templates.as_slice() {
        [one] => one.display().to_string(),
        several => format!("{} templates", several.len()),
    };
    match errors {
        0 => println!("{files}: no errors"),
        1 => println!("{files}: 1 error"),
        errors => println!("{files}: {errors} errors"),
    }
}

/// The text of a file, or of standard input.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// Parameters as `--parameters` has them: KEY=VALUE, or a file in the aws CLI's form.
pub(super) fn parameters(arguments: &[String]) -> Result<Vec<GivenParameter>, Failure> {
    let mut given = Vec::new();
    for argument in arguments {
        if let Some((key, value)) = argument.split_once('=') {
            given.push(GivenParameter::new(key, value));
            continue;
        }
        let path = argument.strip_prefix("file://").unwrap_or(argument);
        let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
        let list: Value =
            serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        for entry in list.as_array().into_iter().flatten() {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            given.push(GivenParameter::new(text("ParameterKey"), text("ParameterValue")));
        }
    }
    Ok(given)
}

/// Types of AWS's that this lowcloud lacks: no fault of the template.
fn absent(text: &str) -> Vec<Finding> {
    let Ok(template) = cfn_template::parse(text) else { return Vec::new() };
    let lacks = |name: &str| {
        cfn_resources::provider(name).is_none() && !cfn_template::schema::is_custom(name)
    };
    let resources = template.resources.iter().filter(|(_, r)| lacks(&r.resource_type));
    resources
        .map(|(id, resource)| Finding {
            is_error: false,
            message: format!("lowcloud does not implement {} yet", resource.resource_type),
            path: format!("/Resources/{id}"),
            position: Some(resource.position),
            suggestion: None,
        })
        .collect()
}

fn as_json(path: &Path, finding: &Finding) -> Value {
    json!({
        "file": path.display().to_string(),
        "line": finding.position.map(|place| place.line),
        "column": finding.position.map(|place| place.column),
        "severity": if finding.is_error { "error" } else { "warning" },
        "message": finding.message,
        "path": finding.path,
        "suggestion": finding.suggestion,
    })
}

/// A finding with its line, a caret and the name that may have been meant.
fn drawn(path: &Path, text: &str, finding: &Finding) -> String {
    let level = if finding.is_error { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(finding.message.as_str());
    let renderer = match std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let Some(place) = finding.position else {
        return renderer.render(&[annotate_snippets::Group::with_title(title)]);
    };
    let start = offset(text, place.line as usize, place.column as usize);
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '!' | '.');
    let rest = &text[start..];
    let marked = rest.find(|c| !word(c)).map_or(rest, |end| &rest[..end]).trim_end_matches(':');
    let end = (start + marked.len().max(1)).min(text.len());
    let mut mark = AnnotationKind::Primary.span(start..end);
    let hint = finding.suggestion.as_ref().map(|name| format!("did you mean {name}?"));
    if let Some(hint) = &hint {
        mark = mark.label(hint.as_str());
    }
    let file = path.display().to_string();
    let snippet = Snippet::source(text).path(file.as_str()).annotation(mark);
    renderer.render(&[title.element(snippet)])
}

/// The byte at a line and column, both counted from one.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    (start + within).min(text.len())
}
