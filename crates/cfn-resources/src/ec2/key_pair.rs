//! `AWS::EC2::KeyPair`
//!
//! Without `PublicKeyMaterial` EC2 makes the key, and the private half goes into the Systems
//! Manager parameter `/ec2/keypair/<key pair id>`, as on AWS.

use super::tagging;
use crate::{Context, Deletion, Properties, Provider};
use api::{ec2, ssm};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct KeyPair;

fn find(cx: &mut Context<'_>, name: &str) -> Result<ec2::KeyPairInfo, ApiError> {
    let input = ec2::DescribeKeyPairsRequest {
        key_names: Some(vec![name.into()]),
        ..Default::default()
    };
    let found = cx.call::<ec2::ops::DescribeKeyPairs>(input)?;
    Ok(found.key_pairs.and_then(|k| k.into_iter().next()).unwrap_or_default())
}

fn parameter(key_pair_id: &str) -> SmolStr {
    format_smolstr!("/ec2/keypair/{key_pair_id}")
}

impl Provider for KeyPair {
    fn type_name(&self) -> &'static str {
        "AWS::EC2::KeyPair"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let key_name = p.text_or_empty("KeyName");
        let tag_specifications = tagging::specification(cx, "key-pair", p);
        if let Some(material) = p.text("PublicKeyMaterial") {
            let input = ec2::ImportKeyPairRequest {
                key_name: key_name.clone(),
                public_key_material: material.as_bytes().to_vec().into(),
                tag_specifications,
                dry_run: None,
            };
            cx.call::<ec2::ops::ImportKeyPair>(input)?;
            return Ok(key_name);
        }
        let input = ec2::CreateKeyPairRequest {
            key_name: key_name.clone(),
            key_type: p.text("KeyType"),
            key_format: p.text("KeyFormat"),
            tag_specifications,
            dry_run: None,
        };
        let made = cx.call::<ec2::ops::CreateKeyPair>(input)?;
        let input = ssm::PutParameterRequest {
            name: parameter(&made.key_pair_id.unwrap_or_default()),
            value: made.key_material.unwrap_or_default(),
            r#type: Some("SecureString".into()),
            ..Default::default()
        };
        cx.call::<ssm::ops::PutParameter>(input)?;
        Ok(key_name)
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let key = find(cx, id)?.key_pair_id.unwrap_or_default();
        tagging::update(cx, &key, old, new)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        let key = find(cx, id)?.key_pair_id.unwrap_or_default();
        let input = ec2::DeleteKeyPairRequest { key_name: Some(id.into()), ..Default::default() };
        cx.call::<ec2::ops::DeleteKeyPair>(input)?;
        if !p.has("PublicKeyMaterial") {
            let input = ssm::DeleteParameterRequest { name: parameter(&key) };
            // The user may have removed it already.
            let _ = cx.call::<ssm::ops::DeleteParameter>(input);
        }
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let key = find(cx, id)?;
        let text = |value: Option<SmolStr>| value.map(|v| json!(v.as_str()));
        Ok(match name {
            "KeyFingerprint" => text(key.key_fingerprint),
            "KeyPairId" => text(key.key_pair_id),
            _ => None,
        })
    }
}
