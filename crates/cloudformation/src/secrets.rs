//! What is not to be shown: values of `NoEcho` parameters, and data that custom resources'
//! providers marked so. Descriptions, events and change sets show `****` in their place.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use crate::custom_resources;
use crate::stacks::Stack;
use kernel::Snapshot;
use serde_json::Value;
use std::sync::Arc;

const MASK: &str = "****";

/// The secrets of a stack.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of a stack as it is.
    pub(crate) fn of(snapshot: &Snapshot, stack: &Stack) -> Self {
        let mut secrets = custom_resources::secrets(snapshot, &stack.id);
        let hidden = stack.parameters.iter().filter(|parameter| parameter.no_echo);
        secrets.extend(hidden.map(|parameter| parameter.value.clone()));
        secrets.retain(|text| !text.is_empty());
        Self(secrets)
    }

    /// Those of a stack that is to become another. A parameter that the new template shows is no
    /// secret any more.
    pub(crate) fn between(snapshot: &Snapshot, old: &Stack, new: &Stack) -> Self {
        let mut secrets = Self::of(snapshot, new);
        let shown = |key: &str| new.parameters.iter().any(|p| p.key == key && !p.no_echo);
        let former = old.parameters.iter().filter(|p| p.no_echo && !shown(&p.key));
        secrets.0.extend(former.map(|p| p.value.clone()).filter(|text| !text.is_empty()));
        secrets
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text without them.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// A JSON text whose strings are without them.
    pub(crate) fn masked_json(&self, text: Arc<str>) -> Arc<str> {
        if self.is_empty() {
            return text;
        }
        let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
        self.mask(&mut value);
        value.to_string().into()
    }

    fn mask(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.masked(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.mask(member)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_are_masked() {
        let secrets = Secrets(vec!["pass".to_owned()]);
        let text = r#"{"password":["my pass","x"],"n":1}"#;
        let masked = r#"{"password":["my ****","x"],"n":1}"#;
        assert_eq!(&*secrets.masked_json(text.into()), masked);
        assert_eq!(&*Secrets::default().masked_json(text.into()), text);
    }
}
