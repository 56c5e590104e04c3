//! The report as JSON.

use crate::record::Report;
use serde_json::Value;

/// The whole report, with a line break at its end. Times are milliseconds from the start.
pub fn json(report: &Report) -> String {
    let mut text = String::new();
    write(&mut text, &serde_json::to_value(report).unwrap_or_default(), 0);
    text.push('\n');
    text
}

/// Indented, but lists of plain values are on one line: a series would be thousands of them.
fn write(text: &mut String, value: &Value, depth: usize) {
    let plain = |value: &Value| !value.is_array() && !value.is_object();
    match value {
        Value::Array(items) if !items.iter().all(plain) => {
            text.push('[');
            for (number, item) in items.iter().enumerate() {
                next(text, number, depth + 1);
                write(text, item, depth + 1);
            }
            line(text, depth);
            text.push(']');
        }
        Value::Object(members) if !members.is_empty() => {
            text.push('{');
            for (number, (name, member)) in members.iter().enumerate() {
                next(text, number, depth + 1);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(": ");
                write(text, member, depth + 1);
            }
            line(text, depth);
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn next(text: &mut String, number: usize, depth: usize) {
    if number > 0 {
        text.push(',');
    }
    line(text, depth);
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn series_stay_on_one_line_and_the_text_is_json() {
        let value =
            json!({ "a": [1, null, 2.5], "b": [{ "c": "\"x\"" }], "d": {}, "e": [[1], []] });
        let mut text = String::new();
        write(&mut text, &value, 0);
        assert!(text.contains("\"a\": [1,null,2.5]"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
    }
}
