//! Public keys: the forms in which users bring them, OpenSSH's form, and EC2's fingerprints.
//!
//! "Create a key pair using a third-party tool" in the user guide: RSA keys of 1024, 2048 or 4096
//! bits as an OpenSSH line, as base64 of DER or as an RFC 4716 file; ED25519 keys as an OpenSSH
//! line. DSA and ECDSA keys are not taken.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use md5::{Digest, Md5};
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PublicKey as RsaPublicKey};
use sha2::Sha256;

const RSA: &str = "ssh-rsa";
const ED25519: &str = "ssh-ed25519";
/// The whole text of an imported key may have this many bytes.
const MAX_MATERIAL: usize = 16_384;

/// A public key of a kind that EC2 takes.
#[derive(Debug, PartialEq)]
pub(super) enum PublicKey {
    Rsa(RsaPublicKey),
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// `rsa` or `ed25519`
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa",
            Self::Ed25519(_) => "ed25519",
        }
    }

    /// The key's name in the SSH protocol.
    pub(super) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => RSA,
            Self::Ed25519(_) => ED25519,
        }
    }

    /// The key as the SSH protocol sends it (RFC 4253 section 6.6, RFC 8709 section 4).
    pub(super) fn blob(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, self.algorithm().as_bytes());
        match self {
            Self::Rsa(key) => {
                put_mpint(&mut out, &key.e().to_be_bytes());
                put_mpint(&mut out, &key.n().to_be_bytes());
            }
            Self::Ed25519(key) => put_string(&mut out, key),
        }
        out
    }

    /// OpenSSH's one-line form, with a comment.
    pub(super) fn line(&self, comment: &str) -> String {
        format!("{} {} {comment}", self.algorithm(), STANDARD.encode(self.blob()))
    }

    /// The fingerprint that EC2 shows for an imported key: MD5 of the DER public key for RSA,
    /// OpenSSH's own, padded, for ED25519.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Rsa(key) => {
                let der = key.to_public_key_der().expect("an RSA key has a DER form");
                colon_hex(&Md5::digest(der.as_bytes()))
            }
            Self::Ed25519(_) => STANDARD.encode(Sha256::digest(self.blob())),
        }
    }

    /// Reads a key in any form that EC2 takes; nothing if it is none.
    pub(super) fn parse(material: &[u8]) -> Option<Self> {
        if material.len() > MAX_MATERIAL {
            return None;
        }
        let text = std::str::from_utf8(material).ok()?.trim();
        if text.starts_with("---- BEGIN SSH2 PUBLIC KEY ----") {
            return Self::of_blob(&STANDARD.decode(rfc4716_body(text)?).ok()?);
        }
        if text.starts_with("-----BEGIN ") {
            return Self::of_pem(text);
        }
        let mut words = text.split_ascii_whitespace();
        let first = words.next()?;
        if matches!(first, RSA | ED25519) {
            let key = Self::of_blob(&STANDARD.decode(words.next()?).ok()?)?;
            return (key.algorithm() == first).then_some(key);
        }
        let compact: String = text.split_ascii_whitespace().collect();
        Self::of_der(&STANDARD.decode(compact).ok()?)
    }

    fn of_pem(text: &str) -> Option<Self> {
        let key = RsaPublicKey::from_public_key_pem(text)
            .ok()
            .or_else(|| RsaPublicKey::from_pkcs1_pem(text).ok())?;
        Self::of_rsa(key)
    }

    fn of_der(der: &[u8]) -> Option<Self> {
        let key = RsaPublicKey::from_public_key_der(der)
            .ok()
            .or_else(|| RsaPublicKey::from_pkcs1_der(der).ok())?;
        Self::of_rsa(key)
    }

    fn of_rsa(key: RsaPublicKey) -> Option<Self> {
        matches!(key.n().bit_width(), 1_024 | 2_048 | 4_096).then_some(Self::Rsa(key))
    }

    fn of_blob(blob: &[u8]) -> Option<Self> {
        let mut rest = blob;
        let algorithm = take_string(&mut rest)?;
        let key = if algorithm == RSA.as_bytes() {
            let (e, n) = (take_mpint(&mut rest)?, take_mpint(&mut rest)?);
            Self::of_rsa(RsaPublicKey::new(n, e).ok()?)?
        } else if algorithm == ED25519.as_bytes() {
            let bytes: [u8; 32] = take_string(&mut rest)?.try_into().ok()?;
            VerifyingKey::from_bytes(&bytes).ok()?;
            Self::Ed25519(bytes)
        } else {
            return None;
        };
        rest.is_empty().then_some(key)
    }
}

/// `1f:51:ae:…`
pub(super) fn colon_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len() * 3);
    for (n, byte) in bytes.iter().enumerate() {
        let colon = if n == 0 { "" } else { ":" };
        write!(out, "{colon}{byte:02x}").expect("a string takes everything");
    }
    out
}

/// The base64 text between the headers and the end line of an RFC 4716 file. A header goes on in
/// the next line when its line ends with a backslash.
fn rfc4716_body(text: &str) -> Option<String> {
    let mut body = String::new();
    let mut continued = false;
    for line in text.lines().skip(1).map(str::trim) {
        if line.starts_with("---- END SSH2 PUBLIC KEY ----") {
            return Some(body);
        }
        let header = continued || line.contains(':');
        continued = header && line.ends_with('\\');
        if !header {
            body.push_str(line);
        }
    }
    None
}

/// Length and bytes, as SSH writes every string.
pub(super) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("keys are short");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A positive number as SSH writes it: big-endian without needless zeros, but with one where the
/// first bit would make it negative.
pub(super) fn put_mpint(out: &mut Vec<u8>, big_endian: &[u8]) {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = &big_endian[zeros..];
    let mut number = Vec::with_capacity(digits.len() + 1);
    if digits.first().is_some_and(|byte| *byte >= 0x80) {
        number.push(0);
    }
    number.extend_from_slice(digits);
    put_string(out, &number);
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (bytes, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    *rest = after;
    Some(bytes)
}

fn take_mpint(rest: &mut &[u8]) -> Option<BoxedUint> {
    let bytes = take_string(rest)?;
    if bytes.len() > 2_049 {
        return None;
    }
    Some(BoxedUint::from_be_slice_vartime(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `ssh-keygen`; fingerprints by `openssl` and `ssh-keygen -lf`.
    const RSA_LINE: &str = include_str!("testdata/rsa.pub");
    const RSA_FINGERPRINT: &str = include_str!("testdata/rsa.md5");
    const ED25519_LINE: &str = include_str!("testdata/ed25519.pub");
    const ED25519_FINGERPRINT: &str = include_str!("testdata/ed25519.sha256");

    #[test]
    fn an_imported_rsa_key_has_an_md5_fingerprint() {
        let key = PublicKey::parse(RSA_LINE.as_bytes()).expect("a good key");
        assert_eq!((key.kind(), key.fingerprint().as_str()), ("rsa", RSA_FINGERPRINT.trim()));
        assert_eq!(key.line("someone@example.com"), RSA_LINE.trim());
    }

    #[test]
    fn an_ed25519_key_has_openssh_s_fingerprint() {
        let key = PublicKey::parse(ED25519_LINE.as_bytes()).expect("a good key");
        assert_eq!(
            (key.kind(), key.fingerprint().as_str()),
            ("ed25519", ED25519_FINGERPRINT.trim())
        );
        assert_eq!(key.line("someone@example.com"), ED25519_LINE.trim());
    }

    #[test]
    fn every_documented_form_gives_the_same_key() {
        let key = PublicKey::parse(RSA_LINE.as_bytes()).expect("a good key");
        for form in [
            include_str!("testdata/rsa.rfc4716"),
            include_str!("testdata/rsa.pem"),
            include_str!("testdata/rsa.der.base64"),
        ] {
            assert_eq!(PublicKey::parse(form.as_bytes()).as_ref(), Some(&key), "{form}");
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        let blob = RSA_LINE.split(' ').nth(1).expect("a blob");
        let lying = format!("ssh-ed25519 {blob}");
        let cut = &RSA_LINE[..RSA_LINE.len() / 2];
        for text in [
            "",
            "ssh-rsa",
            "ssh-rsa AAAA",
            "ssh-dss AAAAB3NzaC1kc3MAAACBAA==",
            "not a key",
            &lying,
            cut,
            "---- BEGIN SSH2 PUBLIC KEY ----",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert_eq!(PublicKey::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(PublicKey::parse(&[0xff, 0xfe]), None);
    }
}
