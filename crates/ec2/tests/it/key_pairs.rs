//! Key pairs.

use crate::harness::{Ec2, filter, tagged};
use api::ec2::ops::{CreateKeyPair, DeleteKeyPair, DescribeKeyPairs, ImportKeyPair};
use api::ec2::{
    CreateKeyPairRequest, DeleteKeyPairRequest, DescribeKeyPairsRequest, ImportKeyPairRequest,
    KeyPair, KeyPairInfo,
};

const PUBLIC: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIJ5EdyaMiDsiovwQ0sbTP2YmYAEZQSfW/ejmOTAOQ4y me@home";

fn create(ec2: &Ec2, name: &str, kind: &str) -> KeyPair {
    ec2.ok::<CreateKeyPair>(CreateKeyPairRequest {
        key_name: name.into(),
        key_type: Some(kind.into()),
        tag_specifications: tagged("key-pair", "Owner", name),
        ..Default::default()
    })
}

fn names(ec2: &Ec2, request: DescribeKeyPairsRequest) -> Vec<String> {
    let keys = ec2.ok::<DescribeKeyPairs>(request).key_pairs.expect("a list");
    keys.into_iter().map(|key| key.key_name.expect("a name").to_string()).collect()
}

fn one(ec2: &Ec2, name: &str) -> KeyPairInfo {
    let request = DescribeKeyPairsRequest {
        key_names: Some(vec![name.into()]),
        include_public_key: Some(true),
        ..Default::default()
    };
    ec2.ok::<DescribeKeyPairs>(request).key_pairs.expect("a list").remove(0)
}

#[test]
fn ed25519_and_rsa_keys_come_in_their_own_forms() {
    let ec2 = Ec2::new();
    let ed25519 = create(&ec2, "a", "ed25519");
    let material = ed25519.key_material.expect("the private key");
    assert!(material.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    assert_eq!(one(&ec2, "a").key_type.as_deref(), Some("ed25519"));
    let rsa = create(&ec2, "b", "rsa");
    let material = rsa.key_material.expect("the private key");
    assert!(material.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(rsa.key_fingerprint.as_ref().map(|f| f.len()), Some(59), "20 bytes of SHA-1");
    let described = one(&ec2, "b");
    assert!(described.public_key.is_some_and(|key| key.starts_with("ssh-rsa AAAA")));
    assert_eq!(described.key_fingerprint, rsa.key_fingerprint);
    assert!(described.create_time.is_some());
}

#[test]
fn putty_gets_its_own_format() {
    let ec2 = Ec2::new();
    let key = ec2.ok::<CreateKeyPair>(CreateKeyPairRequest {
        key_name: "putty".into(),
        key_type: Some("ed25519".into()),
        key_format: Some("ppk".into()),
        ..Default::default()
    });
    let material = key.key_material.expect("the private key");
    assert!(material.starts_with("PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n"));
}

#[test]
fn names_are_unique_and_dry_runs_make_nothing() {
    let ec2 = Ec2::new();
    let request = CreateKeyPairRequest {
        key_name: "demo".into(),
        key_type: Some("ed25519".into()),
        dry_run: Some(true),
        ..Default::default()
    };
    assert_eq!(ec2.err::<CreateKeyPair>(request.clone()).0, "DryRunOperation");
    let request = CreateKeyPairRequest { dry_run: None, ..request };
    ec2.ok::<CreateKeyPair>(request.clone());
    assert_eq!(
        ec2.err::<CreateKeyPair>(request),
        ("InvalidKeyPair.Duplicate".into(), "The keypair already exists".into())
    );
}

#[test]
fn imported_keys_are_known_by_openssh_s_fingerprint() {
    let ec2 = Ec2::new();
    let request = ImportKeyPairRequest {
        key_name: "mine".into(),
        public_key_material: PUBLIC.as_bytes().to_vec().into(),
        ..Default::default()
    };
    let key = ec2.ok::<ImportKeyPair>(request.clone());
    let fingerprint = "a1RQVcdiDej8LTVFNiRGwMHvZyeVNFgsBxQYQZYrqPo=";
    assert_eq!(key.key_fingerprint.as_deref(), Some(fingerprint));
    let stored = one(&ec2, "mine").public_key.expect("the public key");
    assert_eq!(stored, PUBLIC.replace("me@home", "mine"));
    assert_eq!(ec2.err::<ImportKeyPair>(request).0, "InvalidKeyPair.Duplicate");
    let request = ImportKeyPairRequest {
        key_name: "other".into(),
        public_key_material: b"no key".to_vec().into(),
        ..Default::default()
    };
    assert_eq!(ec2.err::<ImportKeyPair>(request).0, "InvalidKey.Format");
}

#[test]
fn keys_are_found_by_name_id_and_filter() {
    let ec2 = Ec2::new();
    let a = create(&ec2, "a", "ed25519");
    create(&ec2, "b", "ed25519");
    assert_eq!(names(&ec2, DescribeKeyPairsRequest::default()), ["a", "b"]);
    let by_id = DescribeKeyPairsRequest {
        key_pair_ids: Some(vec![a.key_pair_id.clone().unwrap()]),
        ..Default::default()
    };
    assert_eq!(names(&ec2, by_id), ["a"]);
    for given in [
        filter("key-name", &["b*"]),
        filter("tag:Owner", &["b"]),
        filter("key-pair-id", &[&names_id(&ec2, "b")]),
        filter("fingerprint", &[&one(&ec2, "b").key_fingerprint.unwrap()]),
    ] {
        let request = DescribeKeyPairsRequest { filters: Some(vec![given]), ..Default::default() };
        assert_eq!(names(&ec2, request), ["b"]);
    }
    let nope = DescribeKeyPairsRequest {
        key_names: Some(vec!["a".into(), "nope".into()]),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeKeyPairs>(nope),
        ("InvalidKeyPair.NotFound".into(), "The key pair 'nope' does not exist".into())
    );
}

fn names_id(ec2: &Ec2, name: &str) -> String {
    one(ec2, name).key_pair_id.expect("an id").to_string()
}

#[test]
fn deleting_an_unknown_key_pair_succeeds() {
    let ec2 = Ec2::new();
    let a = create(&ec2, "a", "ed25519");
    let delete = |key_name: Option<&str>, id: Option<&str>| {
        let (key_name, key_pair_id) = (key_name.map(Into::into), id.map(Into::into));
        ec2.ok::<DeleteKeyPair>(DeleteKeyPairRequest { key_name, key_pair_id, dry_run: None })
    };
    assert_eq!(delete(Some("nope"), None).key_pair_id, None);
    assert_eq!(delete(None, a.key_pair_id.as_deref()).key_pair_id, a.key_pair_id);
    assert!(names(&ec2, DescribeKeyPairsRequest::default()).is_empty());
}
