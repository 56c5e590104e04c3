//! Checks of a request against the model, in the words of each family of services.
//!
//! Services of the query and JSON protocols collect every failure: `2 validation errors
//! detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null;
//! Value …`. EC2 checks only that required parameters are there; its other rules, and S3's, have
//! words of their own and belong to the services.

use model::{
    ApiError, Constraints, Kind, OperationModel, Protocol, Service, Shape, ShapeId, Value,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Longest text that is matched against a pattern: the engine backtracks, so that its time is
/// not bounded by the text's length alone.
const MAX_MATCHED: usize = 4_096;

/// Longest value that an error repeats.
const MAX_SHOWN: usize = 2_048;

/// Most failures that one error lists.
const MAX_FAILURES: usize = 100;

/// Checks an operation's input: for requests that do not come as bytes.
///
/// # Errors
///
/// What AWS answers to it, all failures at once where the service's protocol does so.
pub fn check(
    service: &'static Service,
    operation: &OperationModel,
    protocol: Protocol,
    input: &Value,
) -> Result<(), ApiError> {
    let Some(id) = operation.input.some() else { return Ok(()) };
    let mut checker =
        Checker { service, protocol, path: String::new(), failures: Vec::new(), count: 0 };
    checker.value(id, input);
    let count = checker.count;
    if count == 0 {
        return Ok(());
    }
    let first = checker.failures.first().cloned().unwrap_or_default();
    Err(match protocol {
        Protocol::Ec2 => ApiError::new(
            "MissingParameter",
            format!("The request must contain the parameter {first}"),
        ),
        Protocol::RestXml if first.contains('.') => crate::read::xml::malformed(),
        Protocol::RestXml => ApiError::new(
            "MissingRequiredParameter",
            format!("Request is missing a required parameter: {first}"),
        ),
        _ => {
            let plural = if count == 1 { "" } else { "s" };
            let list = checker.failures.join("; ");
            let code = match (protocol, service.name) {
                (Protocol::Query, _) => "ValidationError",
                (_, "logs") => "InvalidParameterException",
                _ => "ValidationException",
            };
            ApiError::new(code, format!("{count} validation error{plural} detected: {list}"))
        }
    })
}

struct Checker {
    service: &'static Service,
    protocol: Protocol,
    path: String,
    failures: Vec<String>,
    count: usize,
}

impl Checker {
    /// Whether limits other than "required" are this layer's business.
    fn is_strict(&self) -> bool {
        !matches!(self.protocol, Protocol::Ec2 | Protocol::RestXml)
    }

    fn fail(&mut self, text: impl FnOnce(&Self) -> String) {
        self.count += 1;
        if self.failures.len() < MAX_FAILURES {
            let text = text(self);
            self.failures.push(text);
        }
    }

    fn step(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        inside(self);
        self.path.truncate(length);
    }

    fn value(&mut self, id: ShapeId, value: &Value) {
        let shape = self.service.shape(id);
        match value {
            Value::Struct(members) => self.structure(shape, members),
            Value::List(items) => self.list(shape, value, items),
            Value::Map(entries) => self.map(shape, value, entries),
            _ => {
                let broken = self.broken(shape, value);
                self.report(value, broken);
            }
        }
    }

    fn report(&mut self, value: &Value, rules: Vec<String>) {
        for rule in rules {
            self.fail(|it| {
                let shown = show(value);
                format!("Value {shown} at '{}' failed to satisfy constraint: {rule}", it.path)
            });
        }
    }

    /// The name that errors give to a member.
    fn spelled(&self, member: &model::MemberModel) -> String {
        match self.protocol {
            Protocol::Ec2 => member.query.to_owned(),
            Protocol::RestXml => member.name.to_owned(),
            _ => lower_first(member.name),
        }
    }

    fn structure(&mut self, shape: &Shape, members: &[(&'static str, Value)]) {
        for member in self.service.members(shape) {
            let given = members.iter().find(|(name, _)| *name == member.name).map(|(_, v)| v);
            let given = given.filter(|value| **value != Value::Null);
            if given.is_none() && !member.required {
                continue;
            }
            let name = self.spelled(member);
            self.step(&name, |it| match given {
                Some(value) => it.value(member.shape, value),
                None if it.is_strict() => {
                    it.report(&Value::Null, vec!["Member must not be null".into()])
                }
                None => it.fail(|it| it.path.clone()),
            });
        }
    }

    fn list(&mut self, shape: &Shape, value: &Value, items: &[Value]) {
        let rules = self.size(shape, items.len());
        self.report(value, rules);
        let element = self.service.shape(shape.element);
        if matches!(element.kind, Kind::Structure | Kind::List | Kind::Map) {
            for (i, item) in items.iter().enumerate() {
                let number = (i + 1).to_string();
                let ec2 = self.protocol == Protocol::Ec2;
                let step = if ec2 { number } else { format!("{number}.member") };
                self.step(&step, |it| it.value(shape.element, item));
            }
        } else if items.iter().any(|item| !self.broken(element, item).is_empty()) {
            // Failures of simple elements are failures of the list: every rule is named.
            let rules = self.rules(element).join(", ");
            self.report(value, vec![format!("Member must satisfy constraint: [{rules}]")]);
        }
    }

    fn map(&mut self, shape: &Shape, value: &Value, entries: &[(smol_str::SmolStr, Value)]) {
        let rules = self.size(shape, entries.len());
        self.report(value, rules);
        let (key, element) = (self.service.shape(shape.key), self.service.shape(shape.element));
        let is_broken =
            |name: &smol_str::SmolStr| !self.broken(key, &Value::Text(name.clone())).is_empty();
        if entries.iter().any(|(name, _)| is_broken(name)) {
            let rules = self.rules(key).join(", ");
            self.report(value, vec![format!("Map keys must satisfy constraint: [{rules}]")]);
        }
        if matches!(element.kind, Kind::Structure | Kind::List | Kind::Map) {
            for (name, item) in entries {
                self.step(&format!("{name}.member"), |it| it.value(shape.element, item));
            }
        } else if entries.iter().any(|(_, item)| !self.broken(element, item).is_empty()) {
            let rules = self.rules(element).join(", ");
            self.report(value, vec![format!("Map value must satisfy constraint: [{rules}]")]);
        }
    }

    fn limits(&self, shape: &Shape) -> Option<&'static Constraints> {
        self.service.constraints(shape).filter(|_| self.is_strict())
    }

    /// The rules on a container's size that are broken.
    fn size(&self, shape: &Shape, length: usize) -> Vec<String> {
        let Some(limits) = self.limits(shape) else { return Vec::new() };
        bounds(limits, "length", length as f64, false)
    }

    /// The rules that a simple value breaks.
    fn broken(&self, shape: &Shape, value: &Value) -> Vec<String> {
        let Some(limits) = self.limits(shape) else { return Vec::new() };
        match value {
            Value::Text(text) => {
                let mut rules = Vec::new();
                if !limits.values.is_empty() && !limits.values.contains(&&**text) {
                    rules.push(enum_rule(limits));
                }
                rules.extend(bounds(limits, "length", text.encode_utf16().count() as f64, false));
                if !limits.pattern.is_empty() && !matches(limits.pattern, text) {
                    rules.push(pattern_rule(limits));
                }
                rules
            }
            Value::Int(n) => bounds(limits, "value", *n as f64, false),
            Value::Float(n) => bounds(limits, "value", *n, false),
            Value::Blob(bytes) => bounds(limits, "length", bytes.len() as f64, false),
            _ => Vec::new(),
        }
    }

    /// All rules of a simple shape.
    fn rules(&self, shape: &Shape) -> Vec<String> {
        let Some(limits) = self.limits(shape) else { return Vec::new() };
        let what = match shape.kind {
            Kind::Integer | Kind::Long | Kind::Double => "value",
            _ => "length",
        };
        let mut rules = bounds(limits, what, 0.0, true);
        if !limits.pattern.is_empty() {
            rules.push(pattern_rule(limits));
        }
        if !limits.values.is_empty() {
            rules.push(enum_rule(limits));
        }
        rules
    }
}

/// The rules on a number that it breaks, or all of them.
fn bounds(limits: &Constraints, what: &str, n: f64, all: bool) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(max) = limits.max.filter(|max| all || n > *max) {
        rules.push(format!("Member must have {what} less than or equal to {}", number(max)));
    }
    if let Some(min) = limits.min.filter(|min| all || n < *min) {
        rules.push(format!("Member must have {what} greater than or equal to {}", number(min)));
    }
    rules
}

/// Limits are whole numbers nearly everywhere.
fn number(n: f64) -> String {
    if n.fract() == 0.0 { (n as i64).to_string() } else { n.to_string() }
}

fn pattern_rule(limits: &Constraints) -> String {
    format!("Member must satisfy regular expression pattern: {}", limits.pattern)
}

/// AWS lists values in an order of its own; the recorded one (CloudWatch's alarm states) is the
/// model's, reversed.
fn enum_rule(limits: &Constraints) -> String {
    let values: Vec<&str> = limits.values.iter().rev().copied().collect();
    format!("Member must satisfy enum value set: [{}]", values.join(", "))
}

fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
}

/// A value as errors repeat it: `null`, `'text'`, `'[a, b]'`.
fn show(value: &Value) -> String {
    let mut out = String::from("'");
    match value {
        Value::Null => return "null".into(),
        other => show_inside(other, &mut out),
    }
    if out.len() > MAX_SHOWN {
        let end = (0..=MAX_SHOWN).rev().find(|i| out.is_char_boundary(*i)).unwrap_or(0);
        out.truncate(end);
    }
    out.push('\'');
    out
}

fn show_inside(value: &Value, out: &mut String) {
    if out.len() > MAX_SHOWN {
        return;
    }
    let list = |out: &mut String, parts: &mut dyn Iterator<Item = (Option<&str>, &Value)>| {
        for (i, (name, value)) in parts.enumerate() {
            out.push_str(if i > 0 { ", " } else { "" });
            if let Some(name) = name {
                out.push_str(name);
                out.push('=');
            }
            show_inside(value, out);
        }
    };
    // Writing to a string cannot fail.
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Bool(it) => write!(out, "{it}"),
        Value::Int(it) => write!(out, "{it}"),
        Value::Float(it) => write!(out, "{it:?}"),
        Value::Text(it) => write!(out, "{it}"),
        Value::Time(it) => write!(out, "{it}"),
        Value::Blob(it) => write!(out, "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]", it.len()),
        Value::Body(it) => write!(out, "{} bytes", it.len()),
        Value::List(items) => {
            out.push('[');
            list(out, &mut items.iter().map(|item| (None, item)));
            write!(out, "]")
        }
        Value::Struct(members) => {
            out.push('{');
            list(out, &mut members.iter().map(|(name, value)| (Some(*name), value)));
            write!(out, "}}")
        }
        Value::Map(entries) => {
            out.push('{');
            list(out, &mut entries.iter().map(|(name, value)| (Some(&**name), value)));
            write!(out, "}}")
        }
    };
}

/// Compiled patterns; `None` for one that the engine refuses.
type Patterns = BTreeMap<&'static str, Option<Arc<regress::Regex>>>;

/// Whether the whole text matches a pattern. Patterns that the engine does not know (a few use
/// Java's own syntax) and texts beyond [`MAX_MATCHED`] count as matching.
fn matches(pattern: &'static str, text: &str) -> bool {
    static PATTERNS: Mutex<Patterns> = Mutex::new(BTreeMap::new());
    if text.len() > MAX_MATCHED {
        return true;
    }
    let compiled = {
        let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        patterns.entry(pattern).or_insert_with(|| compile(pattern).map(Arc::new)).clone()
    };
    compiled.is_none_or(|regex| regex.find(text).is_some())
}

fn compile(pattern: &str) -> Option<regress::Regex> {
    let whole = format!("^(?:{pattern})$");
    // Surrogate pairs in classes need Unicode mode; needless escapes need the other.
    regress::Regex::with_flags(&whole, "u").or_else(|_| regress::Regex::new(&whole)).ok()
}

#[cfg(test)]
mod tests;
