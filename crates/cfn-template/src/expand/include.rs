//! `AWS::Include`: a text in S3 takes the place of the transform.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/create-reusable-transform-function-snippets-and-add-to-your-template-with-aws-include-transform.html>

use crate::lookup::Lookup;
use crate::node::{Entry, Node, NodeValue};
use crate::parse::parse_tree;
use crate::problem::Problem;
use crate::template::INCLUDE;
use serde_json::Value;

/// A template includes at most this many texts.
const MAX_INCLUSIONS: usize = 50;

/// Evaluates a location, which may refer to parameters.
type Locate<'l> = &'l dyn Fn(&Node) -> Result<Value, Problem>;

/// The argument of an inclusion, if a member of a map is one.
fn location(entry: &Entry) -> Option<&Node> {
    let is_transform = entry.key == "Fn::Transform" || entry.key == "Transform";
    let named = entry.value.get("Name").and_then(Node::as_text) == Some(INCLUDE);
    (is_transform && named).then(|| entry.value.get("Parameters")?.get("Location")).flatten()
}

/// Whether a template includes anything.
pub(super) fn is_used(node: &Node) -> bool {
    match &node.value {
        NodeValue::Null | NodeValue::Scalar(_) => false,
        NodeValue::List(items) => items.iter().any(is_used),
        NodeValue::Map(entries) => {
            entries.iter().any(|entry| location(entry).is_some() || is_used(&entry.value))
        }
    }
}

/// Puts all included texts in place.
pub(super) fn expand(
    node: &mut Node,
    locate: Locate<'_>,
    lookup: &dyn Lookup,
) -> Result<(), Problem> {
    Inclusion { locate, lookup, count: 0 }.node(node)
}

struct Inclusion<'l> {
    locate: Locate<'l>,
    lookup: &'l dyn Lookup,
    count: usize,
}

impl Inclusion<'_> {
    fn node(&mut self, node: &mut Node) -> Result<(), Problem> {
        match &mut node.value {
            NodeValue::Null | NodeValue::Scalar(_) => {}
            NodeValue::List(items) => {
                for item in items {
                    self.node(item)?;
                }
            }
            NodeValue::Map(entries) => {
                let mut out: Vec<Entry> = Vec::with_capacity(entries.len());
                for mut entry in std::mem::take(entries) {
                    match location(&entry) {
                        Some(place) => {
                            for included in self.members(place)? {
                                // What the template says itself comes first.
                                if !out.iter().any(|known| known.key == included.key) {
                                    out.push(included);
                                }
                            }
                        }
                        None => {
                            self.node(&mut entry.value)?;
                            out.retain(|known| known.key != entry.key);
                            out.push(entry);
                        }
                    }
                }
                *entries = out;
            }
        }
        Ok(())
    }

    /// The members of an included text. Inclusions in it are left alone, as on AWS.
    fn members(&mut self, place: &Node) -> Result<Vec<Entry>, Problem> {
        let at = place.position;
        self.count += 1;
        if self.count > MAX_INCLUSIONS {
            let text = format!("A template may include at most {MAX_INCLUSIONS} texts");
            return Err(Problem::validation(text).at(at));
        }
        let value = (self.locate)(place)?;
        let location = value
            .as_str()
            .ok_or_else(|| Problem::validation("Location parameter must be a string").at(at))?;
        let text = self.lookup.include(location).map_err(|problem| problem.at(at))?;
        let tree = parse_tree(&text).map_err(|problem| problem.at(at))?;
        match tree.value {
            NodeValue::Map(entries) => Ok(entries),
            _ => Ok(Vec::new()),
        }
    }
}
