//! Bodies of requests: read within limits, freed of their encodings, and checked against what
//! the request says of them. Objects' contents go to the blob store when they are large.

use crate::blobs::{Blobs, Claim, Incoming as IncomingBlob};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use kernel::{Checksum, Hasher};
use model::{ApiError, Body, Digests, StoredBody};
use std::sync::Arc;
use std::time::Duration;
use wire::{AwsChunked, ChunkedKind, RequestHead, Route};

/// An API's request may have this many bytes, before and after inflating.
pub(crate) const MAX_API_BODY: usize = 1 << 20;
/// Documents of S3: a thousand keys to delete, ten thousand parts to complete.
const MAX_DOCUMENT: usize = 4 << 20;
/// Contents up to this size stay in memory.
const MAX_IN_MEMORY: usize = 1 << 20;
/// The largest object that one request may bring: 5 GiB.
const MAX_OBJECT: u64 = 5 << 30;
/// How long a client may take to send an API's body, or the next bytes of an object.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A body that has been read.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) body: Body,
    /// Of an `aws-chunked` body: names and values.
    pub(crate) trailers: Vec<(String, String)>,
    /// Holds the file of a stored body.
    pub(crate) claim: Option<Claim>,
}

impl Received {
    pub(crate) fn memory(bytes: Bytes) -> Self {
        Self { body: Body::Memory(bytes), ..Self::default() }
    }
}

/// Reads the body of an API's request.
pub(crate) async fn collect(body: Incoming, limit: usize) -> Result<Bytes, ApiError> {
    let reading = Limited::new(body, limit).collect();
    match tokio::time::timeout(TIMEOUT, reading).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(ApiError::new("RequestEntityTooLarge", "Request size exceeded the limit.")
                .with_status(413))
        }
        Ok(Err(_)) => Err(incomplete()),
        Err(_) => Err(timed_out()),
    }
}

fn incomplete() -> ApiError {
    ApiError::new("IncompleteBody", "The request body ended early.")
}

fn timed_out() -> ApiError {
    ApiError::new("RequestTimeout", "The request body did not arrive in time.").with_status(408)
}

fn too_large() -> ApiError {
    ApiError::new("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        .with("MaxSizeAllowed", MAX_OBJECT.to_string())
}

fn unavailable(error: &std::io::Error) -> ApiError {
    tracing::error!(%error, "an object's content could not be stored");
    ApiError::new("ServiceUnavailable", "Please reduce your request rate.").with_status(503)
}

/// Undoes `Content-Encoding: gzip`.
pub(crate) fn inflated(head: &RequestHead<'_>, bytes: Bytes) -> Result<Bytes, ApiError> {
    wire::inflate(head, bytes, MAX_API_BODY)
}

/// Reads a body whose request has found its operation without it.
pub(crate) async fn receive(
    head: &RequestHead<'_>,
    route: &Route,
    body: Incoming,
    blobs: &Arc<Blobs>,
) -> Result<Received, ApiError> {
    if route.service.name != "s3" {
        let bytes = collect(body, MAX_API_BODY).await?;
        return Ok(Received::memory(inflated(head, bytes)?));
    }
    if route.streams_body() {
        return stream(head, body, blobs).await;
    }
    let bytes = collect(body, MAX_DOCUMENT).await?;
    let received = unchunked(head, bytes)?;
    // For the completion of an upload, check sums are the object's.
    let whole = route.operation.name == "CompleteMultipartUpload";
    check_document(head, &received, whole)?;
    Ok(received)
}

/// Undoes `aws-chunked` framing.
fn unchunked(head: &RequestHead<'_>, bytes: Bytes) -> Result<Received, ApiError> {
    if ChunkedKind::of(head).is_none() {
        return Ok(Received::memory(bytes));
    }
    let mut decoder = AwsChunked::new();
    let mut content = BytesMut::new();
    decoder.feed(&bytes, |part| content.extend_from_slice(&part))?;
    let (_, trailers) = decoder.finish(announced(head))?;
    Ok(Received { trailers, ..Received::memory(content.freeze()) })
}

fn announced(head: &RequestHead<'_>) -> Option<u64> {
    head.header("x-amz-decoded-content-length").and_then(|text| text.parse().ok())
}

/// Takes in an object's content, to memory as long as it is small.
async fn stream(
    head: &RequestHead<'_>,
    mut body: Incoming,
    blobs: &Arc<Blobs>,
) -> Result<Received, ApiError> {
    let mut decoder = ChunkedKind::of(head).map(|_| AwsChunked::new());
    let mut spool = Spool::new(head);
    loop {
        let frame = match tokio::time::timeout(TIMEOUT, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => return Err(incomplete()),
            Err(_) => return Err(timed_out()),
        };
        let Ok(data) = frame.into_data() else { continue };
        match &mut decoder {
            None => spool.write(&data, blobs).await?,
            Some(decoder) => {
                let mut parts = Vec::new();
                decoder.feed(&data, |part| parts.push(part))?;
                for part in parts {
                    spool.write(&part, blobs).await?;
                }
            }
        }
    }
    let trailers = match decoder {
        Some(decoder) => decoder.finish(announced(head))?.1,
        None => Vec::new(),
    };
    let sha256 = given_sha256(head);
    let (body, claim) = spool.finish().await?;
    if let Some(given) = sha256 {
        let made = match &body {
            Body::Memory(bytes) => digests(bytes, &[Checksum::Sha256]).sha256,
            Body::Stored(stored) => stored.digests.sha256,
        };
        check_sha256(given, made)?;
    }
    Ok(Received { body, trailers, claim })
}

/// A content on its way in.
struct Spool {
    memory: BytesMut,
    file: Option<IncomingBlob>,
    hasher: Hasher,
    length: u64,
}

impl Spool {
    fn new(head: &RequestHead<'_>) -> Self {
        Self { memory: BytesMut::new(), file: None, hasher: Hasher::new(&wanted(head)), length: 0 }
    }

    async fn write(&mut self, bytes: &[u8], blobs: &Arc<Blobs>) -> Result<(), ApiError> {
        self.length += bytes.len() as u64;
        if self.length > MAX_OBJECT {
            return Err(too_large());
        }
        if self.file.is_none() && self.memory.len() + bytes.len() <= MAX_IN_MEMORY {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = blobs.create().await.map_err(|error| unavailable(&error))?;
                let early = std::mem::take(&mut self.memory);
                self.hasher.update(&early);
                file.write(&early).await.map_err(|error| unavailable(&error))?;
                none.insert(file)
            }
        };
        self.hasher.update(bytes);
        file.write(bytes).await.map_err(|error| unavailable(&error))
    }

    async fn finish(self) -> Result<(Body, Option<Claim>), ApiError> {
        let Some(file) = self.file else {
            return Ok((Body::Memory(self.memory.freeze()), None));
        };
        let (piece, claim) = file.finish().await.map_err(|error| unavailable(&error))?;
        let stored = StoredBody { pieces: vec![piece], digests: self.hasher.finish() };
        Ok((Body::Stored(Arc::new(stored)), Some(claim)))
    }
}

/// The digests that a request will be checked against, or that it asks to be kept.
fn wanted(head: &RequestHead<'_>) -> Vec<Checksum> {
    let named = |name: &str| head.header(name).unwrap_or_default().to_ascii_lowercase();
    let (algorithm, trailer) = (named("x-amz-sdk-checksum-algorithm"), named("x-amz-trailer"));
    let is_wanted = |checksum: &Checksum| {
        let name = checksum.name().to_ascii_lowercase();
        let header = format!("x-amz-checksum-{name}");
        algorithm == name
            || trailer.split(',').any(|one| one.trim() == header)
            || head.headers.contains_key(&header)
            || *checksum == Checksum::Sha256 && given_sha256(head).is_some()
    };
    Checksum::ALL.into_iter().filter(is_wanted).collect()
}

/// The digest of the content that the signature covers.
fn given_sha256<'a>(head: &RequestHead<'a>) -> Option<&'a str> {
    let digits = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    head.header("x-amz-content-sha256").filter(digits)
}

fn digests(bytes: &[u8], wanted: &[Checksum]) -> Digests {
    let mut hasher = Hasher::new(wanted);
    hasher.update(bytes);
    hasher.finish()
}

fn check_sha256(given: &str, made: Option<[u8; 32]>) -> Result<(), ApiError> {
    let made: String = made.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
    if made.eq_ignore_ascii_case(given) {
        return Ok(());
    }
    let text = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    Err(ApiError::new("XAmzContentSHA256Mismatch", text)
        .with("ClientComputedContentSHA256", given)
        .with("S3ComputedContentSHA256", made))
}

/// Checks a document against the digests that its request gives.
fn check_document(
    head: &RequestHead<'_>,
    received: &Received,
    objects_sums: bool,
) -> Result<(), ApiError> {
    let Body::Memory(bytes) = &received.body else { return Ok(()) };
    let trailer = |name: &str| {
        received.trailers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    let sums: Vec<(Checksum, &str)> = Checksum::ALL
        .into_iter()
        .filter(|_| !objects_sums)
        .filter_map(|checksum| {
            let name = format!("x-amz-checksum-{}", checksum.name().to_ascii_lowercase());
            Some((checksum, head.header(&name).or_else(|| trailer(&name))?))
        })
        .collect();
    let (md5, sha256) = (head.header("content-md5"), given_sha256(head));
    if sums.is_empty() && md5.is_none() && sha256.is_none() {
        return Ok(());
    }
    let mut algorithms: Vec<Checksum> = sums.iter().map(|(checksum, _)| *checksum).collect();
    algorithms.push(Checksum::Sha256);
    let made = digests(bytes, &algorithms);
    if let Some(given) = sha256 {
        check_sha256(given, made.sha256)?;
    }
    if let Some(given) = md5 {
        check_md5(given, made.md5)?;
    }
    for (checksum, given) in sums {
        if checksum.of(&made).is_none_or(|bytes| base64(&bytes) != given) {
            let name = checksum.name();
            let text = format!("The {name} you specified did not match the calculated checksum.");
            return Err(ApiError::new("BadDigest", text));
        }
    }
    Ok(())
}

fn check_md5(given: &str, made: [u8; 16]) -> Result<(), ApiError> {
    // 16 bytes are 22 characters and two of padding.
    let usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let stem = given.strip_suffix("==").filter(|stem| stem.len() == 22 && stem.bytes().all(usual));
    if stem.is_none() {
        let text = "The Content-MD5 you specified was invalid.";
        return Err(ApiError::new("InvalidDigest", text).with("Content-MD5", given));
    }
    let made = base64(&made);
    if made == given {
        return Ok(());
    }
    let text = "The Content-MD5 you specified did not match what we received.";
    Err(ApiError::new("BadDigest", text)
        .with("ExpectedDigest", given)
        .with("CalculatedDigest", made))
}

fn base64(bytes: &[u8]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn document(headers: &[(&'static str, &'static str)], body: &'static str) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("ASCII"));
        }
        let head = RequestHead { method: "POST", path: "/b", query: "delete", headers: &map };
        let received = unchunked(&head, Bytes::from_static(body.as_bytes()));
        let checked = received.and_then(|received| check_document(&head, &received, false));
        checked.map_or_else(|error| error.code.to_string(), |()| "fine".into())
    }

    #[test]
    fn documents_are_checked_against_their_digests() {
        for (headers, want) in [
            (&[][..], "fine"),
            (&[("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], "fine"),
            (&[("content-md5", "AUFAKrxLKna5cZ2REBfFkg==")], "BadDigest"),
            (&[("content-md5", "nonsense")], "InvalidDigest"),
            (&[("x-amz-checksum-crc32", "NhCmhg==")], "fine"),
            (&[("x-amz-checksum-crc32", "AAAAAA==")], "BadDigest"),
            (
                &[(
                    "x-amz-content-sha256",
                    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                )],
                "fine",
            ),
            (
                &[(
                    "x-amz-content-sha256",
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                )],
                "XAmzContentSHA256Mismatch",
            ),
        ] {
            assert_eq!(document(headers, "hello"), want, "{headers:?}");
        }
    }

    #[test]
    fn framed_documents_are_checked_too() {
        let framed = [("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")];
        let body = |sum: &str| format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{sum}\r\n\r\n");
        assert_eq!(document(&framed, body("NhCmhg==").leak()), "fine");
        assert_eq!(document(&framed, body("AAAAAA==").leak()), "BadDigest");
    }
}
