//! S3's `aws-chunked` bodies: content in signed or unsigned chunks, perhaps with trailers.
//!
//! ```text
//! 5;chunk-signature=…\r\nhello\r\n0;chunk-signature=…\r\nx-amz-checksum-crc32:…\r\n\r\n
//! ```
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>. Signatures are
//! skipped, not verified.

use crate::head::RequestHead;
use bytes::{Buf, Bytes, BytesMut};
use model::ApiError;

/// Longest chunk header or trailer line.
const MAX_LINE: usize = 8_192;
/// Most trailers.
const MAX_TRAILERS: usize = 32;

/// How `x-amz-content-sha256` says that a body is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkedKind {
    /// Chunks with signatures.
    Signed,
    /// Chunks with signatures, then trailers with one.
    SignedTrailer,
    /// Chunks, then trailers.
    UnsignedTrailer,
}

impl ChunkedKind {
    /// The framing of a request's body; `None` when it comes as it is.
    pub fn of(head: &RequestHead<'_>) -> Option<Self> {
        match head.header("x-amz-content-sha256")? {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" | "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD" => {
                Some(Self::Signed)
            }
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            | "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER" => Some(Self::SignedTrailer),
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Some(Self::UnsignedTrailer),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At a chunk's header line.
    Header,
    /// So many bytes of content are left.
    Content(u64),
    /// At the line break after content.
    Break,
    /// After the last chunk.
    Trailers,
    Done,
}

/// An incremental decoder: feed it what arrives, keep what it gives back.
#[derive(Debug)]
pub struct AwsChunked {
    state: State,
    /// What could not be used yet: at most one line.
    rest: BytesMut,
    trailers: Vec<(String, String)>,
    decoded: u64,
}

impl Default for AwsChunked {
    fn default() -> Self {
        Self { state: State::Header, rest: BytesMut::new(), trailers: Vec::new(), decoded: 0 }
    }
}

impl AwsChunked {
    /// A decoder at the beginning of a body.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the body and hands every complete piece of content to `sink`.
    ///
    /// # Errors
    ///
    /// `IncompleteBody` when the framing is wrong.
    pub fn feed(&mut self, bytes: &Bytes, mut sink: impl FnMut(Bytes)) -> Result<(), ApiError> {
        let mut given = bytes.clone();
        while !given.is_empty() {
            match self.state {
                State::Content(left) => {
                    let count = given.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    let part = given.split_to(count);
                    self.decoded += count as u64;
                    let left = left - count as u64;
                    self.state = if left == 0 { State::Break } else { State::Content(left) };
                    sink(part);
                }
                State::Done => return Err(broken()),
                State::Header | State::Break | State::Trailers => {
                    let Some(end) = given.iter().position(|b| *b == b'\n') else {
                        self.rest.extend_from_slice(&given);
                        return if self.rest.len() > MAX_LINE { Err(broken()) } else { Ok(()) };
                    };
                    self.rest.extend_from_slice(&given[..end]);
                    given.advance(end + 1);
                    let line = self.rest.split();
                    if line.len() > MAX_LINE {
                        return Err(broken());
                    }
                    self.line(line.strip_suffix(b"\r").unwrap_or(&line))?;
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), ApiError> {
        let line = str::from_utf8(line).map_err(|_| broken())?;
        match self.state {
            State::Header => {
                let size = line.split(';').next().unwrap_or_default().trim();
                // `+` would be taken for a sign.
                let digits = !size.is_empty() && size.bytes().all(|b| b.is_ascii_hexdigit());
                let size = u64::from_str_radix(size, 16).ok().filter(|_| digits);
                self.state = match size.ok_or_else(broken)? {
                    0 => State::Trailers,
                    size => State::Content(size),
                };
            }
            State::Break if line.is_empty() => self.state = State::Header,
            State::Trailers if line.is_empty() => self.state = State::Done,
            State::Trailers => {
                let (name, value) = line.split_once(':').ok_or_else(broken)?;
                if self.trailers.len() == MAX_TRAILERS {
                    return Err(broken());
                }
                let name = name.trim().to_ascii_lowercase();
                self.trailers.push((name, value.trim().to_owned()));
            }
            _ => return Err(broken()),
        }
        Ok(())
    }

    /// Ends the body: the number of bytes of content and the trailers (names in lower case,
    /// `x-amz-trailer-signature` among them).
    ///
    /// # Errors
    ///
    /// `IncompleteBody` when the last chunk is missing, or the content is not as long as
    /// `x-amz-decoded-content-length` (`announced`) said.
    pub fn finish(self, announced: Option<u64>) -> Result<(u64, Vec<(String, String)>), ApiError> {
        // Some clients leave out the empty line after the trailers.
        let ended = matches!(self.state, State::Done | State::Trailers) && self.rest.is_empty();
        if !ended || announced.is_some_and(|n| n != self.decoded) {
            return Err(broken());
        }
        Ok((self.decoded, self.trailers))
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn broken() -> ApiError {
    ApiError::new(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BODY: &[u8] = b"5;chunk-signature=ab\r\nhello\r\n6;chunk-signature=cd\r\n world\r\n\
        0;chunk-signature=ef\r\nx-amz-checksum-crc32:DUoRhQ==\r\nx-amz-trailer-signature:00\r\n\r\n";

    type Decoded = Result<(Vec<u8>, Vec<(String, String)>), ApiError>;

    fn decode(body: &[u8], step: usize, announced: Option<u64>) -> Decoded {
        let mut decoder = AwsChunked::new();
        let mut content = Vec::new();
        for part in body.chunks(step) {
            decoder
                .feed(&Bytes::copy_from_slice(part), |bytes| content.extend_from_slice(&bytes))?;
        }
        let (length, trailers) = decoder.finish(announced)?;
        assert_eq!(length, content.len() as u64);
        Ok((content, trailers))
    }

    #[test]
    fn content_and_trailers_are_the_same_however_they_arrive() {
        for step in 1..BODY.len() {
            let (content, trailers) = decode(BODY, step, Some(11)).expect("well framed");
            assert_eq!(content, b"hello world");
            assert_eq!(trailers[0], ("x-amz-checksum-crc32".into(), "DUoRhQ==".into()));
        }
    }

    #[test]
    fn broken_framing_is_refused() {
        for body in [
            &b"5\r\nhell"[..],
            b"5\r\nhello\r\n",
            b"5\r\nhelloX\r\n0\r\n\r\n",
            b"zz\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"0\r\n\r\nmore",
            b"ffffffffffffffffff\r\n",
        ] {
            assert!(decode(body, 3, None).is_err(), "{}", String::from_utf8_lossy(body));
        }
        assert!(decode(BODY, 7, Some(10)).is_err());
        assert!(decode(&b"1".repeat(10_000), 100, None).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(body: Vec<u8>, step in 1usize..50) {
            let _ = decode(&body, step, None);
        }
    }
}
