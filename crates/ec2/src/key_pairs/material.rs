//! Private keys: made from the transaction's chance, written in the forms that `ssh` and PuTTY
//! read, and then forgotten. They are never kept and never logged.

use super::public::{PublicKey, colon_hex, put_mpint, put_string};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit, Mac};
use kernel::Rng;
use rsa::PrivateKey as RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PrivateKeyParts;
use sha1::{Digest, Sha1};

/// EC2's own RSA keys have this many bits.
const RSA_BITS: usize = 2_048;

/// A private key that was just made.
pub(super) enum PrivateKey {
    Rsa(Box<RsaPrivateKey>),
    Ed25519(Box<SigningKey>),
}

impl PrivateKey {
    /// A new RSA key.
    pub(super) fn rsa(rng: &mut Rng) -> Self {
        let key = RsaPrivateKey::new(rng.stream(), RSA_BITS);
        Self::Rsa(Box::new(key.expect("2048 bits make a key")))
    }

    /// A new ED25519 key.
    pub(super) fn ed25519(rng: &mut Rng) -> Self {
        let mut seed = [0; 32];
        for chunk in seed.chunks_exact_mut(8) {
            chunk.copy_from_slice(&rng.bits().to_le_bytes());
        }
        Self::Ed25519(Box::new(SigningKey::from_bytes(&seed)))
    }

    pub(super) fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => PublicKey::Rsa(key.to_public_key()),
            Self::Ed25519(key) => PublicKey::Ed25519(key.verifying_key().to_bytes()),
        }
    }

    /// The fingerprint that EC2 shows for a key of its own making: SHA-1 of the PKCS#8 private
    /// key for RSA, the public key's for ED25519.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs8_der().expect("an RSA key has a DER form");
                colon_hex(&Sha1::digest(der.as_bytes()))
            }
            Self::Ed25519(_) => self.public().fingerprint(),
        }
    }

    /// PKCS#1 for RSA, OpenSSH's own format for ED25519.
    pub(super) fn pem(&self) -> String {
        match self {
            Self::Rsa(key) => {
                let pem = key.to_pkcs1_pem(LineEnding::LF).expect("an RSA key has a PEM form");
                pem.trim_end().to_owned()
            }
            Self::Ed25519(key) => armour(&openssh(key)),
        }
    }

    /// PuTTY's format, version 2, without a passphrase (appendix C of PuTTY's manual).
    pub(super) fn ppk(&self, comment: &str) -> String {
        let public = self.public();
        let (algorithm, public, private) =
            (public.algorithm(), public.blob(), self.putty_private());
        let mut signed = Vec::new();
        for part in [algorithm.as_bytes(), b"none", comment.as_bytes(), &public, &private] {
            put_string(&mut signed, part);
        }
        let key = Sha1::digest(b"putty-private-key-file-mac-key");
        let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(&signed);
        let mac: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let (public, private) = (lines(&public, 64), lines(&private, 64));
        format!(
            "PuTTY-User-Key-File-2: {algorithm}\nEncryption: none\nComment: {comment}\n\
             Public-Lines: {}\n{}\nPrivate-Lines: {}\n{}\nPrivate-MAC: {mac}\n",
            public.len(),
            public.join("\n"),
            private.len(),
            private.join("\n"),
        )
    }

    fn putty_private(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Rsa(key) => {
                let [p, q] = key.primes() else { unreachable!("RSA keys have two primes") };
                let inverse = key.crt_coefficient().expect("two primes have a coefficient");
                for number in [key.d(), p, q, &inverse] {
                    put_mpint(&mut out, &number.to_be_bytes());
                }
            }
            Self::Ed25519(key) => put_string(&mut out, &key.to_bytes()),
        }
        out
    }
}

/// `openssh-key-v1` without a passphrase (OpenSSH's PROTOCOL.key).
fn openssh(key: &SigningKey) -> Vec<u8> {
    let (seed, point) = (key.to_bytes(), key.verifying_key().to_bytes());
    let public = PublicKey::Ed25519(point);
    // Two equal numbers tell OpenSSH that it decrypted well; nothing is encrypted here.
    let check = &point[..4];
    let mut secret = [check, check].concat();
    put_string(&mut secret, public.algorithm().as_bytes());
    put_string(&mut secret, &point);
    put_string(&mut secret, &[seed, point].concat());
    put_string(&mut secret, b"");
    let padding = secret.len().wrapping_neg() % 8;
    secret.extend((1..).take(padding).map(|n: u8| n));
    let mut out = b"openssh-key-v1\0".to_vec();
    for part in [&b"none"[..], b"none", b""] {
        put_string(&mut out, part);
    }
    out.extend_from_slice(&1_u32.to_be_bytes());
    put_string(&mut out, &public.blob());
    put_string(&mut out, &secret);
    out
}

fn armour(bytes: &[u8]) -> String {
    let body = lines(bytes, 70).join("\n");
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
}

/// Base64 in lines of a width.
fn lines(bytes: &[u8], width: usize) -> Vec<String> {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(width).map(|c| String::from_utf8_lossy(c).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsa::pkcs1::DecodeRsaPrivateKey;

    #[test]
    fn rsa_keys_are_pkcs1_with_a_sha1_fingerprint_of_pkcs8() {
        let key = PrivateKey::rsa(&mut Rng::of(1, 1));
        let pem = key.pem();
        assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"), "{pem}");
        assert!(pem.ends_with("\n-----END RSA PRIVATE KEY-----"), "{pem}");
        let again = RsaPrivateKey::from_pkcs1_pem(&pem).expect("it reads its own form");
        let der = again.to_pkcs8_der().expect("a DER form");
        assert_eq!(key.fingerprint(), colon_hex(&Sha1::digest(der.as_bytes())));
        assert_eq!(key.fingerprint().len(), 59);
        let ppk = key.ppk("demo");
        assert!(ppk.starts_with("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\n"), "{ppk}");
    }

    #[test]
    fn the_same_seed_makes_the_same_key() {
        let make = |seed| PrivateKey::ed25519(&mut Rng::of(seed, 1)).pem();
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }

    #[test]
    fn ed25519_keys_are_openssh_s() {
        let key = PrivateKey::ed25519(&mut Rng::of(1, 1));
        let pem = key.pem();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = STANDARD.decode(body).expect("base64");
        assert!(pem.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"), "{pem}");
        assert!(bytes.starts_with(b"openssh-key-v1\0"));
        // The secret part is the last string, padded to blocks of 8.
        let blob = key.public().blob();
        let secret = bytes.len() - (15 + 8 + 8 + 4 + 4 + 4 + blob.len() + 4);
        assert_eq!(secret % 8, 0);
        assert_eq!(key.fingerprint().len(), 44);
    }
}
