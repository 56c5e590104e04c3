//! Check sums that clients give and ask for.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use crate::errors;
use base64::prelude::{BASE64_STANDARD, Engine};
use kernel::{ApiError, Checksum, Digests};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};

/// A check sum as an object keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// The algorithm's name.
    pub(crate) algorithm: SmolStr,
    /// In base64; of parts' check sums with their number behind: `…-3`.
    pub(crate) value: SmolStr,
    /// Of the parts' check sums, not of the content.
    pub(crate) composite: bool,
}

impl Kept {
    pub(crate) fn new(checksum: Checksum, bytes: &[u8]) -> Self {
        let value = BASE64_STANDARD.encode(bytes).into();
        Self { algorithm: checksum.name().into(), value, composite: false }
    }

    pub(crate) fn kind(&self) -> SmolStr {
        SmolStr::new_static(if self.composite { "COMPOSITE" } else { "FULL_OBJECT" })
    }

    /// The value, if the algorithm is this.
    pub(crate) fn of(&self, checksum: Checksum) -> Option<SmolStr> {
        (self.algorithm == checksum.name()).then(|| self.value.clone())
    }
}

/// The bytes of a check sum in base64; none unless they are as many as the algorithm makes.
pub(crate) fn decoded(checksum: Checksum, text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok().filter(|bytes| bytes.len() == checksum.length())
}

/// The check sums in a request's `checksum_…` members.
#[macro_export]
#[doc(hidden)]
macro_rules! given_checksums {
    ($input:expr) => {
        $crate::checksums::Given::of(
            [
                (kernel::Checksum::Crc32, $input.checksum_crc32.as_ref()),
                (kernel::Checksum::Crc32c, $input.checksum_crc32_c.as_ref()),
                (kernel::Checksum::Crc64nvme, $input.checksum_crc64_nvme.as_ref()),
                (kernel::Checksum::Sha1, $input.checksum_sha1.as_ref()),
                (kernel::Checksum::Sha256, $input.checksum_sha256.as_ref()),
            ],
            [
                $input.checksum_sha512.as_ref(),
                $input.checksum_md5.as_ref(),
                $input.checksum_xxhash64.as_ref(),
                $input.checksum_xxhash3.as_ref(),
                $input.checksum_xxhash128.as_ref(),
            ],
        )
    };
}

/// Puts a kept check sum into an answer's `checksum_…` members.
#[macro_export]
#[doc(hidden)]
macro_rules! show_checksum {
    ($output:expr, $kept:expr) => {
        if let Some(kept) = $kept {
            $output.checksum_crc32 = kept.of(kernel::Checksum::Crc32);
            $output.checksum_crc32_c = kept.of(kernel::Checksum::Crc32c);
            $output.checksum_crc64_nvme = kept.of(kernel::Checksum::Crc64nvme);
            $output.checksum_sha1 = kept.of(kernel::Checksum::Sha1);
            $output.checksum_sha256 = kept.of(kernel::Checksum::Sha256);
        }
    };
}

/// The one check sum that a request may give.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) checksum: Checksum,
    pub(crate) value: SmolStr,
}

impl Given {
    pub(crate) fn of(
        known: [(Checksum, Option<&SmolStr>); 5],
        unknown: [Option<&SmolStr>; 5],
    ) -> Result<Option<Self>, ApiError> {
        if unknown.iter().any(Option::is_some) {
            return Err(ApiError::not_implemented("this checksum algorithm"));
        }
        let mut given = known.into_iter().filter_map(|(checksum, value)| Some((checksum, value?)));
        match (given.next(), given.next()) {
            (_, Some(_)) => Err(errors::invalid_request(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not \
                 allowed.",
            )),
            (Some((checksum, value)), None) => Ok(Some(Self { checksum, value: value.clone() })),
            (None, None) => Ok(None),
        }
    }

    /// Fails unless the content has this check sum.
    pub(crate) fn verify(&self, digests: &Digests) -> Result<(), ApiError> {
        let name = self.checksum.name();
        let given = decoded(self.checksum, &self.value);
        let given = given.ok_or_else(|| errors::invalid_checksum_header(name))?;
        match self.checksum.of(digests) {
            Some(made) if made == given => Ok(()),
            _ => Err(errors::bad_checksum(name)),
        }
    }
}

/// Which digests have to be made for a request.
pub(crate) fn wanted(given: Option<&Given>) -> Vec<Checksum> {
    given.iter().map(|given| given.checksum).collect()
}

/// What an object or part with these digests keeps: what was given, else CRC64NVME.
pub(crate) fn kept(given: Option<&Given>, digests: &Digests) -> Option<Kept> {
    let checksum = given.map_or(Checksum::Crc64nvme, |given| given.checksum);
    checksum.of(digests).map(|bytes| Kept::new(checksum, &bytes))
}

/// Checks a `Content-MD5`.
pub(crate) fn verify_md5(given: Option<&str>, md5: [u8; 16]) -> Result<(), ApiError> {
    let Some(given) = given else { return Ok(()) };
    match BASE64_STANDARD.decode(given).ok().filter(|bytes| bytes.len() == 16) {
        None => Err(errors::invalid_digest(given)),
        Some(bytes) if bytes == md5 => Ok(()),
        Some(_) => Err(errors::bad_md5(given, BASE64_STANDARD.encode(md5))),
    }
}

/// An entity tag, without its quotes.
pub(crate) fn hex(bytes: &[u8]) -> SmolStr {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text.into()
}

/// The entity tag of an object made of parts with these entity tags.
pub(crate) fn etag_of_parts<'a>(etags: impl ExactSizeIterator<Item = &'a SmolStr>) -> SmolStr {
    let count = etags.len();
    let mut whole = Md5::new();
    for etag in etags {
        let digit = |at: usize| char::from(etag.as_bytes()[at]).to_digit(16).unwrap_or_default();
        let bytes: Vec<u8> =
            (0..etag.len() / 2).map(|n| (digit(2 * n) << 4 | digit(2 * n + 1)) as u8).collect();
        whole.update(&bytes);
    }
    let digest: [u8; 16] = whole.finalize().into();
    format_smolstr!("{}-{count}", hex(&digest))
}

/// An entity tag for a range of stored bytes, which are not read again: it follows from the
/// source's entity tag and the range, and is as opaque as those of encrypted objects on AWS.
pub(crate) fn etag_of_range(source: &str, offset: u64, length: u64) -> SmolStr {
    let digest: [u8; 16] = Md5::digest(format!("{source}/{offset}+{length}")).into();
    hex(&digest)
}
