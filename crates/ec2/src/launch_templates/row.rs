//! What is kept of a launch template, and how a request names one.

use crate::entity::{Entity, render_tags};
use crate::errors;
use api::ec2;
use kernel::{
    ApiError, FilterRow, IndexSink, Row, Snapshot, Tags, Timestamp, from_document, partition_of,
};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};
use std::sync::Arc;

/// A launch template.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LaunchTemplate {
    /// `lt-…`
    pub(crate) id: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) created_at: Timestamp,
    pub(crate) default_version: u64,
    /// The highest version that exists.
    pub(crate) latest_version: u64,
    /// The highest number that was ever given to a version.
    pub(crate) last_number: u64,
    pub(crate) tags: Tags,
}

/// One version of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LaunchTemplateVersion {
    pub(super) template_id: SmolStr,
    pub(super) number: u64,
    pub(super) description: Option<SmolStr>,
    pub(super) created_at: Timestamp,
    /// A document of `RequestLaunchTemplateData`.
    pub(super) data: serde_json::Value,
}

impl Row for LaunchTemplate {
    const TABLE: &'static str = "ec2.launch-templates";
    const INDEXES: &'static [&'static str] = &["name", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("name", self.name.clone());
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Row for LaunchTemplateVersion {
    const TABLE: &'static str = "ec2.launch-template-versions";
    const INDEXES: &'static [&'static str] = &["template"];

    fn key(&self) -> SmolStr {
        version_key(&self.template_id, self.number)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("template", self.template_id.clone());
    }
}

/// Numbers sort as text.
fn version_key(template_id: &str, number: u64) -> SmolStr {
    format_smolstr!("{template_id}/{number:012}")
}

impl Entity for LaunchTemplate {
    const KIND: &'static str = "launch-template";
    const PREFIX: &'static str = "lt-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow {
            name: "create-time",
            values: |t, _, emit| emit(&t.created_at.whole_seconds().iso_millis()),
        },
        FilterRow { name: "launch-template-id", values: |t, _, emit| emit(&t.id) },
        FilterRow { name: "launch-template-name", values: |t, _, emit| emit(&t.name) },
    ];
    const INDEXED: &'static [(&'static str, &'static str)] = &[("launch-template-name", "name")];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::launch_template_not_found(Some(&ids.join(", ")), None)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidLaunchTemplateId.Malformed", id, Self::PREFIX)
    }
}

impl LaunchTemplate {
    /// The template of this name.
    pub(super) fn by_name(snapshot: &Snapshot, name: &str) -> Option<Arc<Self>> {
        snapshot.rows_by("name", name).next().cloned()
    }

    /// The template that a request names by its id or its name, of which it must give one;
    /// `purpose` ends the sentence about requests that give both.
    pub(super) fn named(
        snapshot: &Snapshot,
        id: Option<&str>,
        name: Option<&str>,
        purpose: &str,
    ) -> Result<Arc<Self>, ApiError> {
        let given = |text: Option<&'_ str>| text.is_some_and(|text| !text.is_empty());
        match (id.filter(|_| given(id)), name.filter(|_| given(name))) {
            (Some(_), Some(_)) => Err(errors::launch_template_named_twice(purpose)),
            (None, None) => Err(errors::missing_parameter(
                "LaunchTemplateId or the parameter LaunchTemplateName",
            )),
            (Some(id), None) => Self::find(snapshot, id),
            (None, Some(name)) => Self::by_name(snapshot, name)
                .ok_or_else(|| errors::launch_template_not_found(None, Some(name))),
        }
    }

    /// The number that a version text means: a number, `$Latest` or `$Default`.
    pub(super) fn number(&self, version: &str) -> Result<u64, ApiError> {
        match version {
            "$Latest" => Ok(self.latest_version),
            "$Default" => Ok(self.default_version),
            _ => number(version),
        }
    }

    /// The version that a text names, or AWS's error.
    pub(super) fn version(
        &self,
        snapshot: &Snapshot,
        version: &str,
    ) -> Result<Arc<LaunchTemplateVersion>, ApiError> {
        let number = self.number(version)?;
        let row = snapshot.get(&version_key(&self.id, number));
        row.ok_or_else(|| errors::launch_template_version_not_found(&self.id, version))
    }

    /// All its versions, oldest first.
    pub(super) fn versions(&self, snapshot: &Snapshot) -> Vec<Arc<LaunchTemplateVersion>> {
        snapshot.rows_by("template", &self.id).cloned().collect()
    }

    /// How it looks on the wire.
    pub(super) fn render(&self, snapshot: &Snapshot) -> ec2::LaunchTemplate {
        ec2::LaunchTemplate {
            launch_template_id: Some(self.id.clone()),
            launch_template_name: Some(self.name.clone()),
            create_time: Some(self.created_at.whole_seconds()),
            created_by: Some(creator(snapshot)),
            default_version_number: Some(self.default_version as i64),
            latest_version_number: Some(self.latest_version as i64),
            tags: render_tags(&self.tags),
            operator: Some(ec2::OperatorResponse { managed: Some(false), ..Default::default() }),
        }
    }
}

impl LaunchTemplateVersion {
    /// How it looks on the wire.
    pub(super) fn render(
        &self,
        snapshot: &Snapshot,
        template: &LaunchTemplate,
    ) -> ec2::LaunchTemplateVersion {
        ec2::LaunchTemplateVersion {
            launch_template_id: Some(template.id.clone()),
            launch_template_name: Some(template.name.clone()),
            version_number: Some(self.number as i64),
            version_description: self.description.clone(),
            create_time: Some(self.created_at.whole_seconds()),
            created_by: Some(creator(snapshot)),
            default_version: Some(self.number == template.default_version),
            launch_template_data: Some(from_document(&self.data)),
            operator: Some(ec2::OperatorResponse { managed: Some(false), ..Default::default() }),
        }
    }

    /// A member of its data, by its path, as text.
    pub(super) fn text(&self, pointer: &str) -> Option<SmolStr> {
        match self.data.pointer(pointer)? {
            serde_json::Value::String(text) => Some(text.into()),
            serde_json::Value::Null => None,
            other => Some(other.to_smolstr()),
        }
    }
}

/// A version's number as text.
pub(super) fn number(version: &str) -> Result<u64, ApiError> {
    let digits = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
    let number = version.parse().ok().filter(|n| digits && *n > 0);
    number.ok_or_else(|| errors::invalid_template_version(version))
}

/// Identities are not told apart here: everything is made by the account itself.
fn creator(snapshot: &Snapshot) -> SmolStr {
    let partition = partition_of(snapshot.region());
    format_smolstr!("arn:{partition}:iam::{}:root", snapshot.account())
}
