//! Where templates come from: the request, or an object in S3.

use crate::errors;
use api::s3;
use kernel::{ApiError, Body, Caller, Tx};

/// A template in S3 may have this many bytes; one in the request is limited by the model.
const MAX_OBJECT: u64 = 1_000_000;

/// The text of the template, if the request names one.
pub(crate) fn text(
    tx: &mut Tx,
    caller: &Caller,
    body: Option<&str>,
    url: Option<&str>,
) -> Result<Option<String>, ApiError> {
    match (body, url) {
        (Some(_), Some(_)) => {
            Err(errors::validation("Only one of TemplateBody or TemplateURL may be specified."))
        }
        (Some(body), None) => Ok(Some(body.to_owned())),
        (None, Some(url)) => object(tx, caller, url).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads a template from S3, by any of the forms in which an object's URL can be written.
pub(crate) fn object(tx: &mut Tx, caller: &Caller, url: &str) -> Result<String, ApiError> {
    if let Some(rest) = url.strip_prefix("s3://") {
        let bucket = rest.split('/').next().unwrap_or_default();
        return Err(errors::validation(format!(
            "S3 error: Domain name specified in {bucket} is not a valid S3 domain"
        )));
    }
    let (bucket, key) =
        parse(url).ok_or_else(|| errors::validation("TemplateURL must be a supported URL."))?;
    let found = get(tx, caller, &bucket, &key)
        .map_err(|error| errors::validation(format!("S3 error: {}", error.message)))?;
    let body = found.body.unwrap_or_default();
    if body.len() > MAX_OBJECT {
        return Err(errors::validation(format!(
            "Template may not exceed {MAX_OBJECT} bytes in size."
        )));
    }
    match body {
        Body::Memory(bytes) => String::from_utf8(bytes.to_vec())
            .map_err(|_| errors::validation("Template format error: unsupported structure.")),
        // Objects of this size are never kept outside of memory.
        Body::Stored { .. } => Err(ApiError::internal()),
    }
}

/// The text that a template includes from `s3://bucket/key`; the error is a text for the user.
pub(crate) fn included(tx: &mut Tx, caller: &Caller, location: &str) -> Result<String, String> {
    let place = location.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let place = place.map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
    let (bucket, key) = place
        .or_else(|| parse(location))
        .ok_or_else(|| format!("The location parameter is not a valid S3 uri: {location}"))?;
    let found = get(tx, caller, &bucket, &key).map_err(|error| match error.code.as_str() {
        "NoSuchBucket" => format!("S3 bucket [{bucket}] does not exist."),
        "NoSuchKey" => format!("S3 object [{key}] does not exist in bucket [{bucket}]."),
        _ => error.message.clone(),
    })?;
    match found.body.unwrap_or_default() {
        Body::Memory(bytes) if bytes.len() as u64 <= MAX_OBJECT => {
            String::from_utf8(bytes.to_vec()).map_err(|_| format!("{location} is no text"))
        }
        _ => Err(format!("{location} is larger than {MAX_OBJECT} bytes")),
    }
}

fn get(
    tx: &mut Tx,
    caller: &Caller,
    bucket: &str,
    key: &str,
) -> Result<s3::GetObjectOutput, ApiError> {
    let request =
        s3::GetObjectRequest { bucket: bucket.into(), key: key.into(), ..Default::default() };
    tx.call::<s3::ops::GetObject>(&caller.via("cloudformation"), request)
}

/// Bucket and key of an object's URL: path style on any host (S3's, or this cloud's own), or
/// virtual-host style.
fn parse(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/')?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let path = unescape(path)?;
    let split = |path: &str| {
        let (bucket, key) = path.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key.to_owned()))
    };
    let local = name == "localhost"
        || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
        || !name.contains('.')
        || host.starts_with('[');
    if local {
        return split(&path);
    }
    let aws =
        name.strip_suffix(".amazonaws.com.cn").or_else(|| name.strip_suffix(".amazonaws.com"));
    let service = aws.or_else(|| name.strip_suffix(".localhost"))?;
    let is_s3 = |label: &str| label == "s3" || label.starts_with("s3-");
    let labels: Vec<&str> = service.split('.').collect();
    let at = labels.iter().rposition(|label| is_s3(label))?;
    if at == 0 {
        return split(&path);
    }
    (!path.is_empty()).then(|| (labels[..at].join("."), path))
}

/// Undoes percent-encoding.
fn unescape(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_every_form_of_their_url() {
        for url in [
            "https://s3.amazonaws.com/bucket/a/b.yml",
            "https://s3.us-west-1.amazonaws.com/bucket/a/b.yml",
            "https://s3-us-west-1.amazonaws.com/bucket/a/b.yml",
            "https://bucket.s3.amazonaws.com/a/b.yml",
            "https://bucket.s3.us-west-1.amazonaws.com/a%2Fb.yml",
            "https://bucket.s3-us-west-1.amazonaws.com/a/b.yml?versionId=null",
            "http://127.0.0.1:4566/bucket/a/b.yml",
            "http://localhost:4566/bucket/a/b.yml",
            "http://bucket.s3.localhost:4566/a/b.yml",
        ] {
            assert_eq!(parse(url), Some(("bucket".into(), "a/b.yml".into())), "{url}");
        }
        for url in
            ["https://example.com/bucket/key", "ftp://x/y", "https://s3.amazonaws.com/b", "x"]
        {
            assert_eq!(parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_bucket_may_have_dots() {
        let url = "https://a.b.c.s3.eu-west-1.amazonaws.com/k";
        assert_eq!(parse(url), Some(("a.b.c".into(), "k".into())));
    }
}
