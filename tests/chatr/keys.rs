//! Tests of the keys and the signatures that the server accepts.

use matou_server::store::{Forged, KeyRefused, PublicKey};
use rstest::rstest;

use crate::vectors::{KEYS, UUID, bytes};

#[test]
fn keys_and_signatures_of_java_and_openssl_are_accepted() {
    for name in KEYS {
        let key = PublicKey::from_der(&bytes(&format!("{name}.der"))).unwrap();
        assert_eq!(key.der(), bytes(&format!("{name}.der")));
        let signature = bytes(&format!("{name}.uuid.sig"));
        assert_eq!(key.verify(UUID.as_bytes(), &signature), Ok(()), "{name}");
        assert_eq!(key.verify(b"something else", &signature), Err(Forged));
        let mut broken = signature.clone();
        broken[0] ^= 1;
        assert_eq!(key.verify(UUID.as_bytes(), &broken), Err(Forged));
        assert_eq!(key.verify(UUID.as_bytes(), &[]), Err(Forged));
        assert_eq!(
            PublicKey::decoy().verify(UUID.as_bytes(), &signature),
            Err(Forged)
        );
    }
}

#[test]
fn a_signature_of_another_kind_is_refused() {
    let key = PublicKey::from_der(&bytes("openssl-2048.der")).unwrap();
    let signature = bytes("openssl-2048.uuid.pss.sig");
    assert_eq!(key.verify(UUID.as_bytes(), &signature), Err(Forged));
}

#[rstest]
#[case::too_short("java-1024.der", KeyRefused::Size { bits: 1024 })]
#[case::an_elliptic_curve("java-ec.der", KeyRefused::NotRsa)]
#[case::without_its_envelope("openssl-2048.pkcs1.der", KeyRefused::NotRsa)]
#[case::not_der("openssl-2048.pem", KeyRefused::NotRsa)]
fn other_keys_are_refused(#[case] file: &str, #[case] refused: KeyRefused) {
    assert_eq!(PublicKey::from_der(&bytes(file)), Err(refused));
}

#[test]
fn a_key_that_other_bytes_follow_is_refused() {
    let longer = [bytes("java-2048.der"), vec![0]].concat();
    assert_eq!(PublicKey::from_der(&longer), Err(KeyRefused::NotRsa));
    assert_eq!(PublicKey::from_der(&[]), Err(KeyRefused::NotRsa));
}
