//! What a plan says of one resource, as change sets keep it.

use crate::secrets::Secrets;
use cfn_template::Replacement;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Add,
    Modify,
    Remove,
    Import,
}

impl Deed {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Add => "Add",
            Self::Modify => "Modify",
            Self::Remove => "Remove",
            Self::Import => "Import",
        }
    }
}

/// The change of one resource. Changes of which a description without values cannot be sure, but
/// that known values rule out, are `doubtful`: only a description without values lists them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) logical_id: SmolStr,
    /// Empty for what is yet to be made.
    pub(crate) physical_id: SmolStr,
    pub(crate) resource_type: SmolStr,
    pub(crate) deed: Deed,
    pub(crate) doubtful: bool,
    pub(crate) details: Vec<Detail>,
    /// `Delete`, `Retain`, `ReplaceAndDelete`, …; empty if nothing goes.
    pub(crate) policy: SmolStr,
    /// The resource as it is, and as it is to be: JSON texts.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    /// Why its values could not be told.
    pub(crate) problem: Option<String>,
}

impl Change {
    /// `True`, `False` or `Conditional`: what a modification does to the physical resource.
    pub(crate) fn replacement(&self) -> &'static str {
        let recreates = |wanted: Recreation, sure: bool| {
            self.details.iter().any(|d| d.recreation == wanted && d.is_static == sure)
        };
        if recreates(Recreation::Always, true) {
            "True"
        } else if recreates(Recreation::Always, false)
            || self.details.iter().any(|d| d.recreation == Recreation::Conditionally)
        {
            "Conditional"
        } else {
            "False"
        }
    }

    /// Hides what is not to be shown.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        for context in [&mut self.before, &mut self.after].into_iter().flatten() {
            *context = secrets.masked_json(context.as_str().into()).to_string();
        }
        for detail in &mut self.details {
            for value in [&mut detail.before, &mut detail.after].into_iter().flatten() {
                *value = secrets.masked(value);
            }
        }
    }

    /// Whether the physical resource is replaced for certain.
    pub(crate) fn replaces(&self) -> bool {
        self.deed == Deed::Modify && self.replacement() == "True"
    }

    /// The attributes of the resource that change, each once.
    pub(crate) fn scope(&self) -> Vec<SmolStr> {
        let mut scope: Vec<SmolStr> =
            self.details.iter().map(|detail| detail.attribute.clone()).collect();
        scope.sort_unstable();
        scope.dedup();
        scope
    }
}

/// Whether a change makes a new physical resource, in the words of change sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Recreation {
    Never,
    Conditionally,
    Always,
}

impl Recreation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Never => "Never",
            Self::Conditionally => "Conditionally",
            Self::Always => "Always",
        }
    }
}

impl From<Replacement> for Recreation {
    fn from(replacement: Replacement) -> Self {
        match replacement {
            Replacement::Never => Self::Never,
            Replacement::Conditional => Self::Conditionally,
            Replacement::Always => Self::Always,
        }
    }
}

/// One thing that changes in a resource, and where the change comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Detail {
    /// `Properties`, `Metadata`, `Tags`, `DeletionPolicy`, …
    pub(crate) attribute: SmolStr,
    /// The top-level property; empty for other attributes.
    pub(crate) name: SmolStr,
    /// `/Properties/Tags/0/Value`
    pub(crate) path: SmolStr,
    pub(crate) recreation: Recreation,
    /// Whether the change is certain.
    pub(crate) is_static: bool,
    /// `DirectModification`, `ParameterReference`, `ResourceReference`, `ResourceAttribute`.
    pub(crate) source: SmolStr,
    /// The parameter, resource or attribute behind it; empty for a direct modification.
    pub(crate) causing: SmolStr,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    /// Whether only a description with values has it.
    pub(crate) with_values: bool,
}
