//! A resource's properties against its schema.
//!
//! Unknown parts are skipped: they are checked again when they are known. Scalars count as what
//! [`Schema::coerce`] would make of them.

use super::coerce::{as_type, member_schema, types};
use super::{MAX_DEPTH, Schema};
use crate::eval::{UNKNOWN, scalar_text};
use serde_json::Value;

/// The longest text that a pattern is tried on; the engine backtracks.
const MAX_PATTERN_TEXT: usize = 8_192;
/// How many problems of one resource are listed.
const MAX_PROBLEMS: usize = 100;

/// How a property fails its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaProblemKind {
    /// There is no such property.
    Unsupported,
    /// A required property is not there.
    Required,
    /// The value has another type.
    Type,
    /// The value breaks a rule about its content.
    Constraint,
    /// A rule that AWS itself does not publish; a hint at most.
    Advice,
}

/// One way in which a resource's properties fail their schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// How it fails.
    pub kind: SchemaProblemKind,
    /// The JSON pointer among the properties; empty for the properties as a whole.
    pub path: String,
    /// AWS's text for this one failure.
    pub message: String,
}

/// The reason that AWS gives when it refuses properties, if any of the problems makes it refuse.
///
/// The first form is recorded; the second is how the registry's handlers word a broken
/// constraint.
pub fn validation_failure(logical_id: &str, problems: &[SchemaProblem]) -> Option<String> {
    let of = |wanted: &[SchemaProblemKind]| -> Vec<&str> {
        let chosen = problems.iter().filter(|problem| wanted.contains(&problem.kind));
        chosen.map(|problem| problem.message.as_str()).collect()
    };
    let shape =
        of(&[SchemaProblemKind::Unsupported, SchemaProblemKind::Required, SchemaProblemKind::Type]);
    if !shape.is_empty() {
        return Some(format!("Property validation failure: [{}]", shape.join(", ")));
    }
    let constraints = of(&[SchemaProblemKind::Constraint]);
    (!constraints.is_empty()).then(|| {
        let list = constraints.join("\n");
        format!("Properties validation failed for resource {logical_id} with message:\n{list}")
    })
}

impl Schema {
    /// Checks a resource's evaluated properties; an empty list means that they are valid.
    pub fn validate(&self, properties: &Value) -> Vec<SchemaProblem> {
        let mut validator = Validator { schema: self, problems: Vec::new() };
        validator.object(properties, &self.document, "", 0);
        if let Some(members) = properties.as_object() {
            validator.read_only(members);
        }
        validator.problems
    }
}

struct Validator<'s> {
    schema: &'s Schema,
    problems: Vec<SchemaProblem>,
}

impl<'s> Validator<'s> {
    fn fail(&mut self, kind: SchemaProblemKind, path: &str, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(SchemaProblem { kind, path: path.to_owned(), message });
        }
    }

    fn keyword(&mut self, kind: SchemaProblemKind, path: &str, keyword: &str) {
        let text = format!("#{path}: failed validation constraint for keyword [{keyword}]");
        self.fail(kind, path, text);
    }

    /// A property that only the service sets is not a property that a template may set.
    fn read_only(&mut self, members: &serde_json::Map<String, Value>) {
        let read_only = self.schema.read_only();
        let settable = |name: &str| self.schema.primary_identifier().iter().all(|id| id != name);
        let wrong: Vec<&str> = members
            .keys()
            .map(String::as_str)
            .filter(|name| read_only.iter().any(|r| r == name) && settable(name))
            .collect();
        if !wrong.is_empty() {
            let names = wrong.join(", ");
            let text = format!("Encountered unsupported properties in {{/}}: [{names}]");
            self.fail(SchemaProblemKind::Unsupported, "", text);
        }
    }

    fn value(&mut self, value: &Value, schema: &'s Value, path: &str, depth: usize) {
        if depth > MAX_DEPTH || matches!(value, Value::String(text) if text.contains(UNKNOWN)) {
            return;
        }
        let schema = self.schema.resolve(schema);
        let types = types(schema);
        let Some(seen) = seen_as(value, &types) else {
            let wanted = type_name(types.first().copied().unwrap_or_default());
            let text = format!("Value of property {{{path}}} does not match type {{{wanted}}}");
            return self.fail(SchemaProblemKind::Type, path, text);
        };
        self.choice(&seen, schema, path);
        match &seen {
            Value::Object(_) => self.object(&seen, schema, path, depth),
            Value::Array(items) => self.array(items, schema, path, depth),
            Value::Null => {}
            _ => self.scalar(&seen, schema, path),
        }
    }

    fn choice(&mut self, value: &Value, schema: &'s Value, path: &str) {
        for list in ["enum", "enumCaseInsensitive"] {
            let Some(allowed) = schema.get(list).and_then(Value::as_array) else { continue };
            let equal = |allowed: &Value| {
                let (a, b) = (scalar_text(allowed), scalar_text(value));
                allowed == value
                    || (a.is_some() && a == b)
                    || (list != "enum"
                        && a.map(|t| t.to_lowercase()) == b.map(|t| t.to_lowercase()))
            };
            if !allowed.iter().any(equal) {
                self.keyword(SchemaProblemKind::Constraint, path, "enum");
            }
        }
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            self.keyword(SchemaProblemKind::Constraint, path, "const");
        }
    }

    fn object(&mut self, value: &Value, schema: &'s Value, path: &str, depth: usize) {
        let Some(members) = value.as_object() else { return };
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let mut unsupported = Vec::new();
        for (key, member) in members {
            match member_schema(schema, key) {
                Some(schema) => self.value(member, schema, &format!("{path}/{key}"), depth + 1),
                None if closed => unsupported.push(key.as_str()),
                None => {}
            }
        }
        if !unsupported.is_empty() {
            let place = if path.is_empty() { "/" } else { path };
            let names = unsupported.join(", ");
            let text = format!("Encountered unsupported properties in {{{place}}}: [{names}]");
            self.fail(SchemaProblemKind::Unsupported, path, text);
        }
        for name in strings(schema, "required") {
            if !members.contains_key(name) {
                let text = format!("The property {{{path}/{name}}} is required");
                self.fail(SchemaProblemKind::Required, &format!("{path}/{name}"), text);
            }
        }
        self.count(members.len(), schema, path, ["minProperties", "maxProperties"]);
        self.members(members, schema, path);
        self.alternatives(value, schema, path);
    }

    /// Rules about which members go together; most are additions of the linter.
    fn members(&mut self, members: &serde_json::Map<String, Value>, schema: &'s Value, path: &str) {
        let present = |names: &[&str]| names.iter().filter(|n| members.contains_key(**n)).count();
        for (keyword, fits, wanted) in [
            ("requiredXor", (|n| n == 1) as fn(usize) -> bool, "Exactly one"),
            ("requiredOr", |n| n > 0, "At least one"),
        ] {
            let names: Vec<&str> = strings(schema, keyword).collect();
            if !names.is_empty() && !fits(present(&names)) {
                let text = format!("{wanted} of the properties [{}] is needed", names.join(", "));
                self.fail(SchemaProblemKind::Advice, path, text);
            }
        }
        for (keyword, wanted, verb) in
            [("dependentRequired", true, "needs"), ("dependentExcluded", false, "excludes")]
        {
            let rules = schema.get(keyword).and_then(Value::as_object);
            for (name, others) in rules.into_iter().flatten() {
                let others = others.as_array().into_iter().flatten().filter_map(Value::as_str);
                let others: Vec<&str> = others.collect();
                if members.contains_key(name)
                    && others.iter().any(|other| members.contains_key(*other) != wanted)
                {
                    let text = format!("The property {name} {verb} [{}]", others.join(", "));
                    self.fail(SchemaProblemKind::Advice, path, text);
                }
            }
        }
    }

    fn alternatives(&mut self, value: &Value, schema: &'s Value, path: &str) {
        let Some(members) = value.as_object() else { return };
        let fits = |alternative: &Value| {
            strings(self.schema.resolve(alternative), "required")
                .all(|name| members.contains_key(name))
        };
        for (keyword, all) in [("anyOf", false), ("oneOf", false), ("allOf", true)] {
            let Some(list) = schema.get(keyword).and_then(Value::as_array) else { continue };
            let holds = if all { list.iter().all(fits) } else { list.iter().any(fits) };
            if !holds {
                self.keyword(SchemaProblemKind::Advice, path, keyword);
            }
        }
    }

    fn array(&mut self, items: &[Value], schema: &'s Value, path: &str, depth: usize) {
        self.count(items.len(), schema, path, ["minItems", "maxItems"]);
        if schema.get("uniqueItems") == Some(&Value::Bool(true))
            && items.len() <= 1_000
            && !items.iter().any(crate::eval::is_unknown)
            && items.iter().enumerate().any(|(at, item)| items[..at].contains(item))
        {
            self.keyword(SchemaProblemKind::Constraint, path, "uniqueItems");
        }
        if let Some(schema) = schema.get("items") {
            for (place, item) in items.iter().enumerate() {
                self.value(item, schema, &format!("{path}/{place}"), depth + 1);
            }
        }
    }

    fn scalar(&mut self, value: &Value, schema: &'s Value, path: &str) {
        if let Value::String(text) = value {
            self.count(text.chars().count(), schema, path, ["minLength", "maxLength"]);
            if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
                && text.len() <= MAX_PATTERN_TEXT
                && !matches(pattern, text)
            {
                self.keyword(SchemaProblemKind::Constraint, path, "pattern");
            }
        }
        let Some(number) = scalar_text(value).and_then(|text| text.trim().parse::<f64>().ok())
        else {
            return;
        };
        let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        for (keyword, broken) in [
            ("minimum", limit("minimum").is_some_and(|least| number < least)),
            ("maximum", limit("maximum").is_some_and(|most| number > most)),
            ("exclusiveMinimum", limit("exclusiveMinimum").is_some_and(|least| number <= least)),
            ("exclusiveMaximum", limit("exclusiveMaximum").is_some_and(|most| number >= most)),
            ("multipleOf", limit("multipleOf").is_some_and(|step| number % step != 0.0)),
        ] {
            if broken {
                self.keyword(SchemaProblemKind::Constraint, path, keyword);
            }
        }
    }

    fn count(&mut self, count: usize, schema: &'s Value, path: &str, keywords: [&str; 2]) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
        if limit(keywords[0]).is_some_and(|least| count < least) {
            self.keyword(SchemaProblemKind::Constraint, path, keywords[0]);
        }
        if limit(keywords[1]).is_some_and(|most| count > most) {
            self.keyword(SchemaProblemKind::Constraint, path, keywords[1]);
        }
    }
}

/// The value as one of the types, after the turn that [`Schema::coerce`] would make.
fn seen_as(value: &Value, types: &[&str]) -> Option<Value> {
    let own: &[&str] = match value {
        Value::Null => return Some(Value::Null),
        Value::Object(_) => &["object"],
        Value::Array(_) => &["array"],
        Value::String(_) => &["string"],
        Value::Bool(_) => &["boolean"],
        Value::Number(number) if number.is_i64() || number.is_u64() => &["integer", "number"],
        Value::Number(_) => &["number"],
    };
    if types.is_empty() || own.iter().any(|name| types.contains(name)) {
        return Some(value.clone());
    }
    let text = scalar_text(value)?;
    types.iter().find_map(|wanted| as_type(&text, wanted))
}

/// The type as AWS's text names it.
fn type_name(json_type: &str) -> &'static str {
    match json_type {
        "string" => "String",
        "boolean" => "Boolean",
        "integer" => "Integer",
        "number" => "Number",
        "array" => "List",
        _ => "Map",
    }
}

/// Whether a text has a match; patterns that the engine cannot read do not count against it.
fn matches(pattern: &str, text: &str) -> bool {
    regress::Regex::with_flags(pattern, "u")
        .or_else(|_| regress::Regex::new(pattern))
        .map_or(true, |regex| regex.find(text).is_some())
}

fn strings<'s>(schema: &'s Value, list: &str) -> impl Iterator<Item = &'s str> + use<'s> {
    let items = schema.get(list).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}
