//! Parameters: their rows, PutParameter and labels.

use super::{errors, names};
use api::ssm::{
    LabelParameterVersionRequest, LabelParameterVersionResult, PutParameterRequest,
    PutParameterResult,
};
use kernel::{ApiError, Caller, Row, Snapshot, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::collections::VecDeque;
use std::sync::Arc;

resource! { ssm:
    operations {
        write PutParameter => put_parameter,
        write LabelParameterVersion => label_parameter_version,
    }
    tables { Parameter }
}

const MAX_VERSIONS: usize = 100;
const MAX_LABELS: usize = 10;
const STANDARD_BYTES: usize = 4_096;
const ADVANCED_BYTES: usize = 8_192;

/// One version of a parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) value: Arc<str>,
    pub(super) modified_at: Timestamp,
    pub(super) modified_by: SmolStr,
    pub(super) description: Option<SmolStr>,
    pub(super) allowed_pattern: Option<SmolStr>,
    pub(super) tier: SmolStr,
    pub(super) labels: Vec<SmolStr>,
    /// Of a secure string.
    pub(super) key_id: Option<SmolStr>,
    pub(super) data_type: SmolStr,
}

/// A parameter with its versions, the newest last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: SmolStr,
    pub(super) kind: SmolStr,
    pub(super) tags: Tags,
    pub(super) versions: VecDeque<Version>,
}

impl Row for Parameter {
    const TABLE: &'static str = "ssm.parameters";

    fn key(&self) -> SmolStr {
        self.name.clone()
    }
}

impl Parameter {
    pub(super) fn find(snapshot: &Snapshot, name: &str) -> Result<Arc<Self>, ApiError> {
        snapshot.get::<Self>(name).ok_or_else(errors::parameter_not_found)
    }

    pub(super) fn latest(&self) -> &Version {
        self.versions.back().expect("a parameter has a version")
    }

    pub(super) fn version(&self, number: i64) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    pub(super) fn labelled(&self, label: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.labels.iter().any(|l| l == label))
    }

    pub(super) fn is_secure(&self) -> bool {
        self.kind == "SecureString"
    }

    /// The value as it is shown: secure strings only to those who ask for decryption.
    pub(super) fn shown(&self, snapshot: &Snapshot, version: &Version, decrypt: bool) -> SmolStr {
        if decrypt || !self.is_secure() {
            return SmolStr::new(&*version.value);
        }
        // Begins as KMS's ciphertexts do, and stays the same for the same version.
        let name = format!("{}/{}/{}/{}", snapshot.account(), snapshot.region(), self.name, version.number);
        let mut rng = kernel::Rng::named(snapshot.settings().seed, &name);
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        format_smolstr!("AQICAH{}==", rng.text(alphabet, 208))
    }
}

fn put_parameter(
    tx: &mut Tx,
    caller: &Caller,
    input: PutParameterRequest,
) -> Result<PutParameterResult, ApiError> {
    let name = names::parse(&input.name).name;
    let old = tx.get::<Parameter>(&name);
    if old.is_none() || !name.starts_with("/aws/") {
        names::check(&name)?;
    }
    check_flags(&input, old.as_deref())?;
    let kind = match (&input.r#type, &old) {
        (Some(kind), Some(old)) if *kind != old.kind => return Err(errors::type_mismatch()),
        (Some(kind), _) => kind.clone(),
        (None, Some(old)) => old.kind.clone(),
        (None, None) => {
            return Err(errors::validation("A parameter type is required when you create a parameter."));
        }
    };
    let tier = tier_of(&input, old.as_deref())?;
    check_value(&input, &kind)?;
    let number = old.as_ref().map_or(1, |old| old.latest().number + 1);
    let secure = kind == "SecureString";
    let default_key = || SmolStr::new_static("alias/aws/ssm");
    let version = Version {
        number,
        value: input.value.as_str().into(),
        modified_at: tx.now(),
        modified_by: caller.global_arn("iam", "root"),
        description: input.description,
        allowed_pattern: input.allowed_pattern.filter(|pattern| !pattern.is_empty()),
        tier: tier.clone(),
        labels: Vec::new(),
        key_id: secure.then(|| input.key_id.unwrap_or_else(default_key)),
        data_type: input.data_type.unwrap_or_else(|| SmolStr::new_static("text")),
    };
    let mut row = match &old {
        Some(old) => Parameter::clone(old),
        None => {
            let pairs = input.tags.iter().flatten();
            let tags = pairs.map(|tag| (tag.key.clone(), tag.value.clone())).collect();
            Parameter { name, kind, tags, versions: VecDeque::new() }
        }
    };
    if row.versions.len() >= MAX_VERSIONS {
        match row.versions.front() {
            Some(oldest) if !oldest.labels.is_empty() => return Err(errors::max_versions(&row.name)),
            _ => row.versions.pop_front(),
        };
    }
    row.versions.push_back(version);
    tx.put(row);
    Ok(PutParameterResult { version: Some(number), tier: Some(tier) })
}

fn check_flags(input: &PutParameterRequest, old: Option<&Parameter>) -> Result<(), ApiError> {
    let overwrite = input.overwrite == Some(true);
    if overwrite && input.tags.as_ref().is_some_and(|tags| !tags.is_empty()) {
        return Err(errors::validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter \
             with tags, please remove overwrite flag. To update tags for an existing parameter, \
             please use AddTagsToResource or RemoveTagsFromResource.",
        ));
    }
    if old.is_some() && !overwrite {
        return Err(errors::already_exists());
    }
    if input.policies.as_deref().is_some_and(|text| !matches!(text.trim(), "" | "{}" | "[{}]" | "[]")) {
        return Err(ApiError::not_implemented("parameter policies"));
    }
    Ok(())
}

fn tier_of(input: &PutParameterRequest, old: Option<&Parameter>) -> Result<SmolStr, ApiError> {
    let length = input.value.len();
    let before = old.map(|old| old.latest().tier.clone());
    let was_advanced = before.as_deref() == Some("Advanced");
    let tier = match input.tier.as_deref() {
        Some("Standard") if was_advanced => return Err(errors::tier_cannot_fall()),
        Some("Intelligent-Tiering") if was_advanced || length > STANDARD_BYTES => "Advanced",
        Some("Advanced") => "Advanced",
        None if was_advanced => "Advanced",
        _ => "Standard",
    };
    match tier {
        "Standard" if length > STANDARD_BYTES => Err(errors::too_large_for_standard()),
        _ if length > ADVANCED_BYTES => Err(errors::too_large_for_advanced()),
        tier => Ok(SmolStr::new_static(tier)),
    }
}

fn check_value(input: &PutParameterRequest, kind: &str) -> Result<(), ApiError> {
    if input.value.is_empty() {
        return Err(errors::validation(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        ));
    }
    match input.data_type.as_deref() {
        None | Some("text") => {}
        Some("aws:ec2:image") if kind != "String" => {
            return Err(errors::validation("Data type aws:ec2:image only supports type String."));
        }
        Some("aws:ec2:image") if !catalogue::is_image_id(&input.value) => {
            return Err(errors::invalid_image(&input.value));
        }
        Some("aws:ec2:image") => {}
        Some("aws:ssm:integration") => return Err(errors::unsupported_data_type()),
        Some(other) => {
            return Err(errors::validation(format!(
                "The following data type is not supported: {other}. Supported data types are: \
                 text, aws:ec2:image"
            )));
        }
    }
    let Some(pattern) = input.allowed_pattern.as_deref().filter(|p| !p.is_empty()) else {
        return Ok(());
    };
    // The whole of each value must match.
    let compiled = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .map_err(|_| errors::invalid_pattern())?;
    let whole = std::iter::once(&*input.value);
    let fits = match kind {
        "StringList" => input.value.split(',').all(|item| compiled.is_match(item)),
        _ => whole.into_iter().all(|item| compiled.is_match(item)),
    };
    if fits { Ok(()) } else { Err(errors::pattern_mismatch(pattern)) }
}

/// A label belongs to one version only: another version's is moved.
fn label_parameter_version(
    tx: &mut Tx,
    _: &Caller,
    input: LabelParameterVersionRequest,
) -> Result<LabelParameterVersionResult, ApiError> {
    let row = Parameter::find(tx, &names::parse(&input.name).name)?;
    let number = input.parameter_version.unwrap_or(row.latest().number);
    let Some(version) = row.version(number) else {
        return Err(errors::version_not_found(&row.name, number));
    };
    let (sound, unsound): (Vec<SmolStr>, Vec<SmolStr>) =
        input.labels.into_iter().partition(|label| is_label(label));
    let new = sound.iter().filter(|label| !version.labels.contains(label)).count();
    if version.labels.len() + new > MAX_LABELS {
        return Err(errors::too_many_labels());
    }
    tx.update::<Parameter>(&row.name, |row| {
        for version in &mut row.versions {
            if version.number == number {
                let known = version.labels.clone();
                version.labels.extend(sound.iter().filter(|label| !known.contains(label)).cloned());
            } else {
                version.labels.retain(|label| !sound.contains(label));
            }
        }
    });
    Ok(LabelParameterVersionResult {
        invalid_labels: Some(unsound),
        parameter_version: Some(number),
    })
}

/// Letters, digits, `_`, `-` and `.`; not beginning with a digit, `aws` or `ssm`.
fn is_label(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    label.len() <= 100
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !lower.starts_with("aws")
        && !lower.starts_with("ssm")
}
