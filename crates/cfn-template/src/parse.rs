//! Text to tree: YAML and JSON, with positions, within bounds.
//!
//! A body that begins with `{` is JSON for CloudFormation, everything else YAML; the two
//! syntax errors are worded differently. <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html>
//! YAML anchors are accepted within a bound although AWS documents them as unsupported;
//! merge keys (`<<`), several documents and duplicate keys are refused.

mod json;
mod yaml;

use crate::node::Node;
use crate::problem::{Position, Problem};
use crate::template::Template;

/// The largest template that AWS takes (from S3), in bytes.
pub const MAX_BYTES: usize = 1_000_000;
/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 96;
/// How many nodes a tree may have once aliases are expanded.
pub const MAX_NODES: usize = 250_000;

/// What became of a template's text: as much of a template as could be read, and everything
/// that is wrong with its form. The first problem is the one that AWS would answer.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The template; absent when the text has no tree or the tree is not a template at all.
    pub template: Option<Template>,
    /// The problems of form, in the order in which AWS would find them.
    pub problems: Vec<Problem>,
}

/// Reads a template, or says what AWS would say about its form.
///
/// This finds syntax and shape errors only; [`Template::check`] finds what is wrong with
/// references and functions.
pub fn parse(text: &str) -> Result<Template, Problem> {
    let parsed = parse_all(text);
    match (parsed.problems.into_iter().next(), parsed.template) {
        (None, Some(template)) => Ok(template),
        (Some(problem), _) => Err(problem),
        (None, None) => Err(unsupported_structure()),
    }
}

/// Reads a template and collects every problem of form.
pub fn parse_all(text: &str) -> Parsed {
    match parse_tree(text) {
        Ok(tree) => crate::template::read(tree),
        Err(problem) => Parsed { template: None, problems: vec![problem] },
    }
}

/// Reads the tree of any YAML or JSON text that is a template's body.
pub fn parse_tree(text: &str) -> Result<Node, Problem> {
    if text.len() > MAX_BYTES {
        return Err(Problem::validation(format!(
            "Template may not exceed {MAX_BYTES} bytes in size."
        )));
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree =
        if body.trim_start().starts_with('{') { json::read(body) } else { yaml::read(body) }?;
    if tree.as_map().is_none() { Err(unsupported_structure().at(tree.position)) } else { Ok(tree) }
}

pub(crate) fn unsupported_structure() -> Problem {
    Problem::validation("Template format error: unsupported structure.")
}

/// A syntax error in the words of AWS; what exactly is wrong follows the position.
fn not_well_formed(language: &str, position: Position, detail: &str) -> Problem {
    let Position { line, column } = position;
    let tail = if detail.is_empty() { String::new() } else { format!(" {detail}") };
    Problem::validation(format!(
        "Template format error: {language} not well-formed. (line {line}, column {column}){tail}"
    ))
    .at(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse_tree(text).expect_err("the text is refused").message
    }

    #[test]
    fn a_body_that_is_not_a_mapping_is_unsupported() {
        for text in ["https://example.com/t.yml", "", "- a\n- b", "[1]", "\"x\""] {
            assert_eq!(message(text), "Template format error: unsupported structure.", "{text:?}");
        }
    }

    #[test]
    fn the_first_character_decides_the_language() {
        assert_eq!(
            message("{\"a\": 1,}"),
            "Template format error: JSON not well-formed. (line 1, column 9)"
        );
        assert!(
            message("a: [1\nb: 2")
                .starts_with("Template format error: YAML not well-formed. (line ")
        );
    }

    #[test]
    fn a_text_over_the_limit_is_refused_unread() {
        assert!(message(&" ".repeat(MAX_BYTES + 1)).starts_with("Template may not exceed"));
    }

    #[test]
    fn json_and_yaml_give_the_same_tree() {
        let json = parse_tree("{\"A\": [1, true, \"x\\u00e9\", null]}").expect("json");
        let yaml = parse_tree("A: [1, true, \"x\\u00e9\", null]").expect("yaml");
        assert_eq!(json.to_json(), yaml.to_json());
    }
}
