//! The public parameters of the Systems Manager parameter store.
//!
//! Catalogued: `/aws/service/ami-amazon-linux-latest/…` per region, and the part of
//! `/aws/service/global-infrastructure/regions/…` that [`crate::regions`] can answer. Every other
//! path of an image publisher resolves, when the caller's policy allows, to an image id made from
//! region and path.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html>

use serde_json::json;
use smol_str::SmolStr;

use crate::{hash::id_tail, images::IMAGES, is_image_id, region, regions, stored::StoredParameter};

const INFRASTRUCTURE: &str = "/aws/service/global-infrastructure/regions";

/// Longest parameter name that the parameter store takes.
const MAX_NAME: usize = 2048;

/// The DataType of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterData {
    /// `text`.
    Text,
    /// `aws:ec2:image`.
    Image,
}

impl ParameterData {
    /// The API's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "aws:ec2:image",
        }
    }
}

/// A public parameter; its Type is always `String`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicParameter {
    /// Name: the whole path.
    pub name: String,
    /// Value.
    pub value: String,
    /// Version.
    pub version: u64,
    /// DataType.
    pub data: ParameterData,
    /// LastModifiedDate, `2026-09-30T00:00:00.000Z`.
    pub last_modified: SmolStr,
    /// Not in the catalogue: made up for a client's path.
    pub synthetic: bool,
}

impl PublicParameter {
    /// The parameter's ARN, which names no account.
    pub fn arn(&self, region_name: &str) -> String {
        let partition = region(region_name).map_or("aws", |region| region.partition.as_str());
        format!("arn:{partition}:ssm:{region_name}::parameter{}", self.name)
    }
}

/// The catalogued parameter at a path.
pub fn public_parameter(region_name: &str, path: &str) -> Option<PublicParameter> {
    if path.starts_with(INFRASTRUCTURE) {
        return infrastructure().find(|parameter| parameter.name == path);
    }
    stored(region_name).iter().find(|stored| name_of(stored) == path).map(whole)
}

/// The catalogued parameters under a path (with or without a slash at its end), sorted by name:
/// those directly under it, or all of them when `recursive`.
pub fn public_parameters_by_path(
    region_name: &str,
    path: &str,
    recursive: bool,
) -> Vec<PublicParameter> {
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let under = |name: &str| {
        name.strip_prefix(&prefix).is_some_and(|rest| recursive || !rest.contains('/'))
    };
    let images = stored(region_name).iter().filter(|stored| under(name_of(stored))).map(whole);
    let places = infrastructure().filter(|parameter| under(&parameter.name));
    let mut all: Vec<_> = images.chain(places).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The parameter that an image publisher would have at a path, with an image id made from region
/// and path. `None` when the path has not the form of one of AWS's image parameters.
pub fn synthetic_public_parameter(region_name: &str, path: &str) -> Option<PublicParameter> {
    let kind = image_path(path)?;
    let (image_path, text) = match kind {
        ImagePath::Id => (path.to_owned(), None),
        // `…/recommended` is a JSON text whose image_id is the value of `…/recommended/image_id`.
        ImagePath::Recommended => (format!("{path}/image_id"), Some(())),
    };
    let id = format!("ami-{}", id_tail(&["parameter", region_name, &image_path]));
    let value = match text {
        None => id,
        Some(()) => {
            let system = path.split('/').nth(5).unwrap_or("amazon-linux-2");
            json!({ "schema_version": 1, "image_name": system, "image_id": id, "os": system })
                .to_string()
        }
    };
    Some(PublicParameter {
        name: path.to_owned(),
        data: if is_image_id(&value) { ParameterData::Image } else { ParameterData::Text },
        value,
        version: 1,
        last_modified: "2026-09-30T00:00:00.000Z".into(),
        synthetic: true,
    })
}

enum ImagePath {
    /// Its value is an image id.
    Id,
    /// Its value is a JSON text with an image id in it.
    Recommended,
}

/// Recognises the path forms that AWS and the Linux publishers document.
fn image_path(path: &str) -> Option<ImagePath> {
    let rest = path.strip_prefix("/aws/service/")?;
    let word = |word: &str| {
        let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        !word.is_empty() && word.bytes().all(usual)
    };
    let words: Vec<&str> = rest.split('/').collect();
    if path.len() > MAX_NAME || words.len() > 14 || !words.iter().all(|w| word(w)) {
        return None;
    }
    match words.as_slice() {
        ["ami-amazon-linux-latest" | "ami-windows-latest" | "ami-macos-latest", _, ..] => {
            Some(ImagePath::Id)
        }
        ["debian", "release" | "daily", _, "latest", _] => Some(ImagePath::Id),
        ["ecs", "optimized-ami", _, .., "recommended"] => Some(ImagePath::Recommended),
        [_, _, .., "ami-id" | "image_id" | "image-id"] => Some(ImagePath::Id),
        _ => None,
    }
}

/// `/aws/service/global-infrastructure/regions/<region>` and below.
fn infrastructure() -> impl Iterator<Item = PublicParameter> {
    regions().iter().flat_map(|region| {
        let base = format!("{INFRASTRUCTURE}/{}", region.name);
        let named = [
            (base.clone(), region.name.clone()),
            (format!("{base}/longName"), region.long_name.clone()),
            (format!("{base}/domain"), region.dns_suffix.clone()),
            (format!("{base}/partition"), region.partition.clone()),
            (format!("{base}/geolocationCountry"), region.country.clone()),
        ];
        let zones = region
            .zones
            .iter()
            .map(move |zone| (format!("{base}/availability-zones/{}", zone.id), zone.id.clone()));
        named.into_iter().chain(zones).map(|(name, value)| PublicParameter {
            name,
            value: value.into(),
            version: 1,
            data: ParameterData::Text,
            last_modified: "2019-04-05T00:00:00.000Z".into(),
            synthetic: false,
        })
    })
}

fn stored(region_name: &str) -> &'static [StoredParameter] {
    let all = &IMAGES.parameters;
    match all.binary_search_by(|(known, _)| known.as_str().cmp(region_name)) {
        Ok(at) => &all[at].1,
        Err(_) => &[],
    }
}

fn name_of(stored: &StoredParameter) -> &'static str {
    &IMAGES.parameter_names[usize::from(stored.name)]
}

fn whole(stored: &StoredParameter) -> PublicParameter {
    PublicParameter {
        name: name_of(stored).to_owned(),
        value: stored.image.to_string(),
        version: u64::from(stored.version),
        data: ParameterData::Image,
        last_modified: "2026-09-30T00:00:00.000Z".into(),
        synthetic: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image;

    const LINUX: &str = "/aws/service/ami-amazon-linux-latest";

    #[test]
    fn every_catalogued_image_parameter_names_a_catalogued_image() {
        for region in regions() {
            let all = public_parameters_by_path(&region.name, LINUX, false);
            assert!(all.len() > 20, "{}", region.name);
            for parameter in all {
                assert!(image(&region.name, &parameter.value).is_some(), "{parameter:?}");
                assert_eq!(
                    public_parameter(&region.name, &parameter.name).as_ref(),
                    Some(&parameter)
                );
            }
        }
    }

    #[test]
    fn the_usual_parameter_resolves_with_its_version() {
        let path = format!("{LINUX}/al2023-ami-kernel-6.1-x86_64");
        let parameter = public_parameter("us-west-1", &path).unwrap();
        assert_eq!(parameter.value, "ami-00c8bfae6cbc202c2");
        assert!(parameter.version > 100 && !parameter.synthetic);
        assert_eq!(parameter.data.as_str(), "aws:ec2:image");
        assert_eq!(parameter.arn("us-west-1"), format!("arn:aws:ssm:us-west-1::parameter{path}"));
        assert!(public_parameter("us-west-1", "/aws/service/other").is_none());
    }

    #[test]
    fn image_paths_of_many_publishers_resolve_to_stable_ids() {
        for path in [
            "/aws/service/ami-amazon-linux-latest/amzn9-ami-hvm-x86_64-gp9",
            "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
            "/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base",
            "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id",
            "/aws/service/eks/optimized-ami/1.31/amazon-linux-2023/x86_64/standard/recommended/image_id",
            "/aws/service/bottlerocket/aws-k8s-1.31/x86_64/latest/image_id",
            "/aws/service/debian/release/12/latest/amd64",
        ] {
            let parameter = synthetic_public_parameter("eu-west-1", path).expect(path);
            assert!(is_image_id(&parameter.value) && parameter.synthetic, "{path}");
            assert_eq!(synthetic_public_parameter("eu-west-1", path), Some(parameter.clone()));
            let elsewhere = synthetic_public_parameter("eu-west-2", path).unwrap();
            assert_ne!(parameter.value, elsewhere.value, "{path}");
        }
    }

    #[test]
    fn the_recommended_text_holds_the_recommended_image_id() {
        let path = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended";
        let whole = synthetic_public_parameter("us-east-1", path).unwrap();
        let id = synthetic_public_parameter("us-east-1", &format!("{path}/image_id")).unwrap();
        let text: serde_json::Value = serde_json::from_str(&whole.value).unwrap();
        assert_eq!(text["image_id"], id.value.as_str());
        assert_eq!(text["os"], "amazon-linux-2023");
        assert_eq!(whole.data, ParameterData::Text);
    }

    #[test]
    fn other_paths_are_not_made_up() {
        for path in [
            "",
            "/aws/service/",
            "/aws/service/ami-amazon-linux-latest",
            "/aws/service/ami-amazon-linux-latest/",
            "/aws/service/canonical/ubuntu/server/22.04//ami-id",
            "/aws/service/canonical/ubuntu/server/22.04/stable",
            "/aws/service/global-infrastructure/regions/us-east-9",
            "/my/service/x/ami-id",
            "/aws/service/x/y/ami-id?",
        ] {
            assert!(synthetic_public_parameter("us-east-1", path).is_none(), "{path}");
        }
        let deep = format!("/aws/service{}/ami-id", "/a".repeat(5000));
        assert!(synthetic_public_parameter("us-east-1", &deep).is_none());
    }

    #[test]
    fn infrastructure_lists_regions_and_their_zones() {
        let regions_only = public_parameters_by_path("us-east-1", INFRASTRUCTURE, false);
        assert_eq!(regions_only.len(), regions().len());
        let long = public_parameter("eu-west-1", &format!("{INFRASTRUCTURE}/us-west-1/longName"));
        assert_eq!(long.unwrap().value, "US West (N. California)");
        let zones = format!("{INFRASTRUCTURE}/us-west-1/availability-zones");
        assert_eq!(public_parameters_by_path("us-east-1", &zones, true).len(), 2);
    }
}
