//! YAML events to tree: short-form tags, duplicate keys, bounded aliases.

use super::json::duplicate;
use super::{MAX_DEPTH, MAX_NODES, not_well_formed, unsupported_structure};
use crate::node::{Entry, Node, NodeValue, Scalar};
use crate::problem::{Position, Problem};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::collections::BTreeMap;

/// Reads the only document of a YAML text.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let mut composer =
        Composer { events: Parser::new_from_str(text), anchors: BTreeMap::new(), nodes: 0 };
    composer.document()
}

struct Composer<'a> {
    events: Parser<'a, StrInput<'a>>,
    /// Finished anchored nodes with their number of nodes.
    anchors: BTreeMap<usize, (Node, usize)>,
    /// How many nodes the tree has so far, aliases expanded.
    nodes: usize,
}

impl<'a> Composer<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Position), Problem> {
        match self.events.next_event() {
            Some(Ok((event, span))) => Ok((event, place(&span))),
            Some(Err(error)) => Err(scan_problem(&error)),
            None => Err(unsupported_structure()),
        }
    }

    fn document(&mut self) -> Result<Node, Problem> {
        let mut tree = None;
        loop {
            let (event, position) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if tree.is_some() => {
                    return Err(fail(position, "A template is a single document."));
                }
                Event::DocumentStart(_) => {
                    let (event, position) = self.next()?;
                    tree = Some(self.node(event, position, 0)?);
                }
                Event::StreamEnd => return tree.ok_or_else(unsupported_structure),
                _ => return Err(unsupported_structure().at(position)),
            }
        }
    }

    fn node(
        &mut self,
        event: Event<'a>,
        position: Position,
        depth: usize,
    ) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(fail(position, "The nesting is too deep."));
        }
        self.count(1, position)?;
        let before = self.nodes;
        let (value, anchor, tag) = match event {
            Event::Alias(id) => {
                let (node, size) = self
                    .anchors
                    .get(&id)
                    .cloned()
                    .ok_or_else(|| fail(position, "An alias stands inside its own anchor."))?;
                self.count(size, position)?;
                return Ok(node);
            }
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(text.into_owned(), style, tag.as_deref()), anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (self.sequence(depth)?, anchor, tag),
            Event::MappingStart(anchor, tag) => (self.mapping(depth)?, anchor, tag),
            _ => return Err(unsupported_structure().at(position)),
        };
        let node = long_form(Node { value, position }, tag.as_deref())?;
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn count(&mut self, more: usize, position: Position) -> Result<(), Problem> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            return Err(fail(position, "The template has too many nodes."));
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<NodeValue, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, position) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(NodeValue::List(items));
            }
            items.push(self.node(event, position, depth + 1)?);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<NodeValue, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Position> = BTreeMap::new();
        loop {
            let (event, key_position) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(NodeValue::Map(entries));
            }
            let key = match self.node(event, key_position, depth + 1)?.value {
                NodeValue::Scalar(scalar) => scalar.text,
                _ => return Err(fail(key_position, "A key must be a string.")),
            };
            if key == "<<" {
                return Err(fail(key_position, "Merge keys (<<) are not supported."));
            }
            if let Some(first) = seen.insert(key.clone(), key_position) {
                return Err(duplicate("YAML", &key, first, key_position));
            }
            let (event, position) = self.next()?;
            let value = self.node(event, position, depth + 1)?;
            entries.push(Entry { key, key_position, value });
        }
    }
}

fn place(span: &Span) -> Position {
    marker(&span.start)
}

fn marker(marker: &Marker) -> Position {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: number(marker.line().max(1)), column: number(marker.col()).saturating_add(1) }
}

fn scan_problem(error: &ScanError) -> Problem {
    not_well_formed("YAML", marker(error.marker()), "")
}

fn fail(position: Position, detail: &str) -> Problem {
    not_well_formed("YAML", position, detail)
}

/// A scalar as YAML's core schema sees it, except that only `null` gets a type here.
fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>) -> NodeValue {
    let plain = style == ScalarStyle::Plain;
    if plain && tag.is_none() && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return NodeValue::Null;
    }
    NodeValue::Scalar(Scalar { text, plain: plain && !tag.is_some_and(Tag::is_yaml_core_schema) })
}

/// `!Ref x` → `{Ref: x}`, `!GetAtt a.b` → `{Fn::GetAtt: [a, b]}`, and so on.
fn long_form(node: Node, tag: Option<&Tag>) -> Result<Node, Problem> {
    let Some(tag) = tag else { return Ok(node) };
    if tag.is_yaml_core_schema() {
        return match tag.suffix.as_str() {
            "str" | "int" | "float" | "bool" | "null" | "seq" | "map" | "timestamp" => Ok(node),
            other => Err(fail(node.position, &format!("Unsupported tag '!!{other}'."))),
        };
    }
    let known = crate::eval::function_of_tag(&tag.suffix).filter(|_| tag.handle == "!");
    let Some(function) = known else {
        let text = format!("Unrecognized tag '{}{}'.", tag.handle, tag.suffix);
        return Err(fail(node.position, &text));
    };
    let position = node.position;
    let argument = match (function, node.as_text().and_then(|text| text.split_once('.'))) {
        ("Fn::GetAtt", Some((resource, attribute))) => {
            let item = |text: &str| Node {
                value: NodeValue::Scalar(Scalar { text: text.to_owned(), plain: false }),
                position,
            };
            Node { value: NodeValue::List(vec![item(resource), item(attribute)]), position }
        }
        _ => node,
    };
    let entry = Entry { key: function.to_owned(), key_position: position, value: argument };
    Ok(Node { value: NodeValue::Map(vec![entry]), position })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(text: &str) -> serde_json::Value {
        read(text).expect("well-formed").to_json()
    }

    fn message(text: &str) -> String {
        read(text).expect_err("refused").message
    }

    #[test]
    fn short_tags_become_functions() {
        assert_eq!(
            tree("a: !Ref X\nb: !GetAtt X.Y.Z\nc: !If [c, !Sub '${X}', !Select [0, !GetAZs '']]"),
            json!({
                "a": {"Ref": "X"},
                "b": {"Fn::GetAtt": ["X", "Y.Z"]},
                "c": {"Fn::If": ["c", {"Fn::Sub": "${X}"}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}]},
            })
        );
        assert_eq!(tree("a: !Condition C\nb: !Equals [!Ref A, x]")["a"], json!({"Condition": "C"}));
    }

    #[test]
    fn scalars_keep_their_text() {
        assert_eq!(
            tree("v: 2010-09-09\nm: 0755\na: 012345678901\ny: yes\nq: \"5\"\nt: 5\nn:"),
            json!({"v": "2010-09-09", "m": "0755", "a": "012345678901", "y": "yes", "q": "5",
                   "t": 5, "n": null})
        );
    }

    #[test]
    fn an_unknown_tag_and_two_tags_are_errors_with_a_place() {
        assert!(
            message("a:\n  b: !Nope x").contains("(line 2, column 6) Unrecognized tag '!Nope'")
        );
        assert!(message("a: !Base64 !Sub x").contains("(line 1, column "));
    }

    #[test]
    fn duplicate_keys_merge_keys_and_second_documents_are_refused() {
        assert!(
            message("a: 1\nb: 2\na: 3").contains("Duplicate key 'a', first at line 1, column 1")
        );
        assert!(message("x: &x {a: 1}\ny:\n  <<: *x").contains("Merge keys (<<)"));
        assert!(message("a: 1\n---\nb: 1").contains("single document"));
    }

    #[test]
    fn aliases_are_expanded_within_a_bound() {
        assert_eq!(tree("a: &x [1, 2]\nb: *x")["b"], json!([1, 2]));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..10 {
            let one = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", [one.as_str(); 10].join(", "));
        }
        assert!(message(&bomb).contains("too many nodes"));
        assert!(message("a: &x [*x]").contains("not well-formed"));
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(message(&format!("a: {}", "[".repeat(200_000))).contains("not well-formed"));
        let mut deep = String::new();
        for level in 0..500 {
            deep += &format!("{}a:\n", " ".repeat(level));
        }
        assert!(message(&deep).contains("too deep"));
    }
}
