//! What a signature says about its request: account, region, service. Signatures are parsed,
//! not verified.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use crate::head::RequestHead;
use smol_str::SmolStr;

/// How a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureKind {
    /// Not at all.
    #[default]
    None,
    /// By the `Authorization` header.
    Header,
    /// By parameters of the URL.
    Presigned,
}

/// A signature's credential scope. Fields that it does not have are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// How the request is signed.
    pub kind: SignatureKind,
    /// Access key id.
    pub access_key: SmolStr,
    /// `yyyymmdd`.
    pub date: SmolStr,
    /// Region; SigV4A has none in its scope, its first region set entry is taken.
    pub region: SmolStr,
    /// Signing name of the service.
    pub service: SmolStr,
    /// Temporary credentials' token.
    pub session_token: SmolStr,
}

impl Scope {
    /// Reads the scope from the header or the URL. A malformed one counts as none, as the
    /// signature is not verified.
    pub fn of(head: &RequestHead<'_>) -> Self {
        let token = |given: Option<&str>| SmolStr::from(given.unwrap_or_default());
        if let Some(text) = head.header("authorization") {
            let mut scope = Self::from_header(text).unwrap_or_default();
            if scope.region.is_empty() && !scope.service.is_empty() {
                scope.region = first_region(head.header("x-amz-region-set"));
            }
            scope.session_token = token(head.header("x-amz-security-token"));
            return scope;
        }
        if head.query.contains("X-Amz-Credential") {
            let value = |name| head.query_value(name);
            let credential = value("X-Amz-Credential").unwrap_or_default();
            let asymmetric = value("X-Amz-Algorithm").is_some_and(|a| is_asymmetric(&a));
            if let Some(mut scope) = Self::from_credential(&credential, asymmetric) {
                scope.kind = SignatureKind::Presigned;
                if scope.region.is_empty() {
                    scope.region = first_region(value("X-Amz-Region-Set").as_deref());
                }
                scope.session_token = token(value("X-Amz-Security-Token").as_deref());
                return scope;
            }
        }
        Self::from_old_url(head).unwrap_or_default()
    }

    fn from_header(text: &str) -> Option<Self> {
        let (algorithm, rest) = text.split_once(' ')?;
        if algorithm == "AWS" {
            // Signature version 2: `AWS key:signature`.
            let (key, _) = rest.split_once(':')?;
            return Some(Self {
                kind: SignatureKind::Header,
                access_key: key.into(),
                ..Self::default()
            });
        }
        let credential =
            rest.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
        let mut scope = Self::from_credential(credential, is_asymmetric(algorithm))?;
        scope.kind = SignatureKind::Header;
        Some(scope)
    }

    /// `AKID/date/region/service/aws4_request`; SigV4A lacks the region. Keys may contain `/`.
    fn from_credential(text: &str, asymmetric: bool) -> Option<Self> {
        let mut parts = text.rsplit('/');
        parts.next().filter(|end| *end == "aws4_request")?;
        let service = parts.next()?;
        let region = if asymmetric { "" } else { parts.next()? };
        let date = parts.next()?;
        let key_length = text.len()
            - "/aws4_request".len()
            - service.len()
            - date.len()
            - 2
            - if asymmetric { 0 } else { region.len() + 1 };
        Some(Self {
            kind: SignatureKind::None,
            access_key: text.get(..key_length)?.into(),
            date: date.into(),
            region: region.into(),
            service: service.into(),
            session_token: SmolStr::default(),
        })
    }

    /// Signature version 2 in the URL.
    fn from_old_url(head: &RequestHead<'_>) -> Option<Self> {
        if !head.query.contains("AWSAccessKeyId") {
            return None;
        }
        let key = head.query_value("AWSAccessKeyId")?;
        Some(Self { kind: SignatureKind::Presigned, access_key: key.into(), ..Self::default() })
    }
}

fn is_asymmetric(algorithm: &str) -> bool {
    algorithm.starts_with("AWS4-ECDSA")
}

fn first_region(set: Option<&str>) -> SmolStr {
    let first = set.unwrap_or_default().split(',').next().unwrap_or_default().trim();
    if first.contains('*') { SmolStr::default() } else { first.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn check(header: Option<&str>, query: &str, expected: (&str, &str, &str, SignatureKind)) {
        let mut headers = HeaderMap::new();
        if let Some(text) = header {
            headers.insert("authorization", text.parse().expect("ASCII"));
        }
        headers.insert("x-amz-region-set", "eu-west-1,*".parse().expect("ASCII"));
        let head = RequestHead { method: "GET", path: "/", query, headers: &headers };
        let scope = Scope::of(&head);
        let (key, region, service, kind) = expected;
        assert_eq!(
            (&*scope.access_key, &*scope.region, &*scope.service, scope.kind),
            (key, region, service, kind)
        );
    }

    #[test]
    fn scopes_are_read_from_every_kind_of_signature() {
        use SignatureKind::{Header, None as Unsigned, Presigned};
        check(
            Some(
                "AWS4-HMAC-SHA256 Credential=AKID/20261123/us-west-1/ec2/aws4_request, \
                 SignedHeaders=host, Signature=00",
            ),
            "",
            ("AKID", "us-west-1", "ec2", Header),
        );
        check(
            Some("AWS4-HMAC-SHA256 SignedHeaders=host,Credential=a/b/20261123/r/s3/aws4_request"),
            "",
            ("a/b", "r", "s3", Header),
        );
        check(
            Some("AWS4-ECDSA-P256-SHA256 Credential=AKID/20261123/s3/aws4_request, Signature=00"),
            "",
            ("AKID", "eu-west-1", "s3", Header),
        );
        check(
            None,
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261123%2Fus-east-1%2Fs3%2Faws4_request",
            ("AKID", "us-east-1", "s3", Presigned),
        );
        check(Some("AWS AKID:c2ln"), "", ("AKID", "", "", Header));
        check(None, "AWSAccessKeyId=AKID&Signature=x&Expires=1", ("AKID", "", "", Presigned));
        check(Some("Bearer x"), "", ("", "", "", Unsigned));
        check(None, "", ("", "", "", Unsigned));
    }
}
