//! What the generated readers and writers are made of.

use model::{Location, Member, TimeFormat};

/// A member of which everything but the name is ordinary.
pub(crate) const NONE: Member = Member {
    wire: "",
    item: None,
    key: "",
    entry: "",
    flat: false,
    time: TimeFormat::Default,
    location: Location::Body,
};

/// From values: each function gives `None` for a value of another kind.
#[allow(dead_code, reason = "which kinds occur depends on the implemented operations")]
pub(crate) mod take {
    use bytes::Bytes;
    use model::{Body, Input, Timestamp, Value};
    use smol_str::SmolStr;

    pub(crate) fn members(value: Value) -> Vec<(&'static str, Value)> {
        match value {
            Value::Struct(members) => members,
            _ => Vec::new(),
        }
    }

    pub(crate) fn structure<T: Input>(value: Value) -> Option<T> {
        matches!(value, Value::Struct(_)).then(|| T::from_value(value))
    }

    pub(crate) fn list<T>(value: Value, each: impl Fn(Value) -> Option<T>) -> Option<Vec<T>> {
        match value {
            Value::List(items) => Some(items.into_iter().filter_map(each).collect()),
            _ => None,
        }
    }

    pub(crate) fn map<T>(
        value: Value,
        each: impl Fn(Value) -> Option<T>,
    ) -> Option<Vec<(SmolStr, T)>> {
        match value {
            Value::Map(entries) => Some(
                entries.into_iter().filter_map(|(key, value)| Some((key, each(value)?))).collect(),
            ),
            _ => None,
        }
    }

    pub(crate) fn text(value: Value) -> Option<SmolStr> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(value: Value) -> Option<bool> {
        match value {
            Value::Bool(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn integer(value: Value) -> Option<i64> {
        match value {
            Value::Int(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn float(value: Value) -> Option<f64> {
        match value {
            Value::Float(it) => Some(it),
            Value::Int(it) => Some(it as f64),
            _ => None,
        }
    }

    pub(crate) fn time(value: Value) -> Option<Timestamp> {
        match value {
            Value::Time(it) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn blob(value: Value) -> Option<Bytes> {
        match value {
            Value::Blob(it) | Value::Body(Body::Memory(it)) => Some(it),
            _ => None,
        }
    }

    pub(crate) fn body(value: Value) -> Option<Body> {
        match value {
            Value::Body(it) => Some(it),
            Value::Blob(it) => Some(Body::Memory(it)),
            _ => None,
        }
    }
}

/// To values.
#[allow(dead_code, reason = "which kinds occur depends on the implemented operations")]
pub(crate) mod give {
    use model::Value;
    use smol_str::SmolStr;

    pub(crate) fn list<T>(items: Vec<T>, each: impl Fn(T) -> Value) -> Value {
        Value::List(items.into_iter().map(each).collect())
    }

    pub(crate) fn map<T>(entries: Vec<(SmolStr, T)>, each: impl Fn(T) -> Value) -> Value {
        Value::Map(entries.into_iter().map(|(key, value)| (key, each(value))).collect())
    }
}

/// To writers.
#[allow(dead_code, reason = "which kinds occur depends on the implemented operations")]
pub(crate) mod put {
    use bytes::Bytes;
    use model::{Body, Member, Output, Timestamp, Writer};
    use smol_str::SmolStr;

    type M = &'static Member;

    pub(crate) fn structure<T: Output>(w: &mut dyn Writer, m: M, value: &T) {
        w.open(m);
        value.write(w);
        w.close(m);
    }

    pub(crate) fn list<T>(
        w: &mut dyn Writer,
        m: M,
        items: &[T],
        each: impl Fn(&mut dyn Writer, M, &T),
    ) {
        w.open_list(m, items.len());
        let element = m.item.expect("generated descriptions of lists name their elements");
        items.iter().for_each(|item| each(w, element, item));
        w.close_list(m, items.len());
    }

    pub(crate) fn map<T>(
        w: &mut dyn Writer,
        m: M,
        entries: &[(SmolStr, T)],
        each: impl Fn(&mut dyn Writer, M, &T),
    ) {
        w.open_map(m, entries.len());
        let element = m.item.expect("generated descriptions of maps name their values");
        for (key, value) in entries {
            w.key(m, key);
            each(w, element, value);
            w.close_entry(m);
        }
        w.close_map(m, entries.len());
    }

    pub(crate) fn text(w: &mut dyn Writer, m: M, value: &SmolStr) {
        w.text(m, value);
    }

    pub(crate) fn boolean(w: &mut dyn Writer, m: M, value: &bool) {
        w.boolean(m, *value);
    }

    pub(crate) fn integer(w: &mut dyn Writer, m: M, value: &i64) {
        w.integer(m, *value);
    }

    pub(crate) fn float(w: &mut dyn Writer, m: M, value: &f64) {
        w.float(m, *value);
    }

    pub(crate) fn time(w: &mut dyn Writer, m: M, value: &Timestamp) {
        w.time(m, *value);
    }

    pub(crate) fn blob(w: &mut dyn Writer, m: M, value: &Bytes) {
        w.blob(m, value);
    }

    pub(crate) fn body(w: &mut dyn Writer, m: M, value: &Body) {
        w.body(m, value);
    }
}
