//! Attributes: key–value settings of load balancers, target groups and listeners, each with its
//! default and the values it takes.
//!
//! The tables are those of "LoadBalancerAttribute", "TargetGroupAttribute" and
//! "ListenerAttribute" in the API reference.

use crate::errors;
use kernel::ApiError;
use smol_str::{SmolStr, format_smolstr};
use std::collections::BTreeMap;

/// The attributes that somebody set.
pub(crate) type Attributes = BTreeMap<SmolStr, SmolStr>;

/// An attribute that there is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) key: &'static str,
    pub(crate) default: &'static str,
    pub(crate) form: Form,
}

/// The values an attribute takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Flag,
    Number(i64, i64),
    /// A percentage or `off`.
    Share,
    OneOf(&'static [&'static str]),
    Text,
}

pub(crate) const fn flag(key: &'static str, default: bool) -> Known {
    Known { key, default: if default { "true" } else { "false" }, form: Form::Flag }
}

pub(crate) const fn number(key: &'static str, default: &'static str, min: i64, max: i64) -> Known {
    Known { key, default, form: Form::Number(min, max) }
}

pub(crate) const fn share(key: &'static str, default: &'static str) -> Known {
    Known { key, default, form: Form::Share }
}

pub(crate) const fn one_of(
    key: &'static str,
    default: &'static str,
    values: &'static [&'static str],
) -> Known {
    Known { key, default, form: Form::OneOf(values) }
}

pub(crate) const fn text(key: &'static str) -> Known {
    Known { key, default: "", form: Form::Text }
}

impl Form {
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Flag => matches!(value, "true" | "false"),
            Self::Number(min, max) => {
                value.parse().is_ok_and(|number: i64| (min..=max).contains(&number))
            }
            Self::Share => value == "off" || Self::Number(1, 100).takes(value),
            Self::OneOf(values) => values.contains(&value),
            Self::Text => value.len() <= 1_024,
        }
    }
}

/// `set` with changes, checked against what there is. `noun` is `Load balancer`, …
pub(crate) fn changed(
    noun: &str,
    known: &[&[Known]],
    set: &Attributes,
    changes: impl IntoIterator<Item = (Option<SmolStr>, Option<SmolStr>)>,
) -> Result<Attributes, ApiError> {
    let mut set = set.clone();
    let mut seen = Vec::new();
    for (key, value) in changes {
        let (key, value) = (key.unwrap_or_default(), value.unwrap_or_default());
        let Some(row) = known.iter().copied().flatten().find(|row| row.key == key) else {
            return Err(errors::validation(format_args!(
                "{noun} attribute key '{key}' is not recognized"
            )));
        };
        if !row.form.takes(&value) {
            return Err(errors::validation(format_args!(
                "{noun} attribute value '{value}' for key '{key}' is not valid"
            )));
        }
        if seen.contains(&key) {
            return Err(errors::validation(format_args!(
                "{noun} attribute key '{key}' is specified more than once"
            )));
        }
        seen.push(key.clone());
        set.insert(key, value);
    }
    Ok(set)
}

/// All attributes with their values, in the order of the tables.
pub(crate) fn all<'a>(
    known: &'a [&'a [Known]],
    set: &'a Attributes,
) -> impl Iterator<Item = (SmolStr, SmolStr)> + 'a {
    known.iter().copied().flatten().map(|row| (SmolStr::new_static(row.key), value(row, set)))
}

fn value(row: &Known, set: &Attributes) -> SmolStr {
    set.get(row.key).cloned().unwrap_or_else(|| format_smolstr!("{}", row.default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_forms() {
        for (form, good, bad) in [
            (Form::Flag, "true", "yes"),
            (Form::Number(0, 3600), "3600", "3601"),
            (Form::Share, "off", "0"),
            (Form::OneOf(&["a"]), "a", "b"),
        ] {
            assert!(form.takes(good), "{form:?}");
            assert!(!form.takes(bad), "{form:?}");
        }
    }
}
