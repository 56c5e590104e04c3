//! Check sums of bodies, made as their bytes come by: by the shell for those it stores, by a
//! service for those in memory.

use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use model::Digests;
use sha1::Sha1;
use sha2::Sha256;

/// A check sum that a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checksum {
    /// CRC-32 (ISO-HDLC).
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Checksum {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Crc32, Self::Crc32c, Self::Crc64nvme, Self::Sha1, Self::Sha256];

    /// As S3's API spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// By its name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }

    /// Number of bytes in it.
    pub const fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// This one of `digests`, if it was made.
    pub fn of(self, digests: &Digests) -> Option<Vec<u8>> {
        Some(match self {
            Self::Crc32 => digests.crc32?.to_be_bytes().to_vec(),
            Self::Crc32c => digests.crc32c?.to_be_bytes().to_vec(),
            Self::Crc64nvme => digests.crc64nvme.to_be_bytes().to_vec(),
            Self::Sha1 => digests.sha1?.to_vec(),
            Self::Sha256 => digests.sha256?.to_vec(),
        })
    }

    /// This one of some bytes.
    pub fn of_bytes(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = Hasher::new(&[self]);
        hasher.update(bytes);
        self.of(&hasher.finish()).expect("it was asked for")
    }

    const fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }
}

/// The check sum of a whole from those of its parts (with their lengths). Only cyclic
/// redundancy checks can do that.
pub fn checksum_of_parts<'a>(
    checksum: Checksum,
    parts: impl IntoIterator<Item = (&'a [u8], u64)>,
) -> Option<Vec<u8>> {
    let algorithm = checksum.crc()?;
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    let mut whole = crc_fast::checksum(algorithm, b"");
    for (part, length) in parts {
        whole = crc_fast::checksum_combine(algorithm, whole, number(part), length);
    }
    Some(whole.to_be_bytes()[8 - checksum.length()..].to_vec())
}

/// Makes the digests of a body from its bytes as they come.
pub struct Hasher {
    md5: Md5,
    crc64nvme: crc_fast::Digest,
    crc32: Option<crc_fast::Digest>,
    crc32c: Option<crc_fast::Digest>,
    sha1: Option<Sha1>,
    sha256: Option<Sha256>,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// MD5, CRC-64/NVME, and the check sums `wanted`.
    pub fn new(wanted: &[Checksum]) -> Self {
        let crc = |checksum: Checksum| {
            let algorithm = checksum.crc().filter(|_| wanted.contains(&checksum));
            algorithm.map(crc_fast::Digest::new)
        };
        Self {
            md5: Md5::new(),
            crc64nvme: crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme),
            crc32: crc(Checksum::Crc32),
            crc32c: crc(Checksum::Crc32c),
            sha1: wanted.contains(&Checksum::Sha1).then(Sha1::new),
            sha256: wanted.contains(&Checksum::Sha256).then(Sha256::new),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.crc64nvme.update(bytes);
        for crc in self.crc32.iter_mut().chain(&mut self.crc32c) {
            crc.update(bytes);
        }
        self.sha1.iter_mut().for_each(|sha| sha.update(bytes));
        self.sha256.iter_mut().for_each(|sha| sha.update(bytes));
    }

    /// The digests of all that came.
    pub fn finish(self) -> Digests {
        Digests {
            md5: self.md5.finalize().into(),
            crc64nvme: self.crc64nvme.finalize(),
            crc32: self.crc32.map(|crc| crc.finalize() as u32),
            crc32c: self.crc32c.map(|crc| crc.finalize() as u32),
            sha1: self.sha1.map(|sha| sha.finalize().into()),
            sha256: self.sha256.map(|sha| sha.finalize().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the CRC catalogue, and FIPS 180's.
    #[test]
    fn known_inputs_have_known_digests() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        for (checksum, input, want) in [
            (Checksum::Crc32, "123456789", "cbf43926"),
            (Checksum::Crc32c, "123456789", "e3069283"),
            (Checksum::Crc64nvme, "123456789", "ae8b14860a799888"),
            (Checksum::Sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                Checksum::Sha256,
                "abc",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            assert_eq!(hex(checksum.of_bytes(input.as_bytes())), want, "{checksum:?}");
        }
    }

    #[test]
    fn cyclic_checks_of_parts_make_the_wholes() {
        let parts: [&[u8]; 3] = [b"1234", b"", b"56789"];
        for checksum in Checksum::ALL {
            let sums: Vec<(Vec<u8>, u64)> =
                parts.iter().map(|p| (checksum.of_bytes(p), p.len() as u64)).collect();
            let whole = checksum_of_parts(checksum, sums.iter().map(|(s, n)| (&**s, *n)));
            let cyclic = checksum.crc().is_some();
            assert_eq!(whole, cyclic.then(|| checksum.of_bytes(b"123456789")), "{checksum:?}");
        }
    }
}
