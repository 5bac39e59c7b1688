//! RFC 3161 time-stamps: on a signature value, or on a whole document.

use chrono::{DateTime, Utc};

use super::{
    cms::{Check, Cms},
    path::chain,
    report::TimeStamp,
    trust::Trust,
};
use crate::{certificate::time, der_read::Reader, hash::Hash, oid};

/// What a token says.
pub(crate) struct Statement {
    hash: Option<Hash>,
    imprint: Vec<u8>,
    time: DateTime<Utc>,
    /// Content octets of the policy's identifier.
    pub(crate) policy: Vec<u8>,
    /// Content octets of the number.
    pub(crate) nonce: Option<Vec<u8>>,
}

/// What a token says, whoever signed it.
pub(crate) fn statement_of(token: &[u8]) -> Option<Statement> {
    let cms = Cms::parse(token)?;
    statement(cms.content.as_ref().filter(|_| cms.content_type == oid::TST_INFO)?)
}

fn statement(content: &[u8]) -> Option<Statement> {
    let mut fields = Reader(content).sequence()?;
    fields.accept(2)?;
    let policy = fields.accept(6)?.content.to_vec();
    let mut imprint = fields.sequence()?;
    let hash = imprint.sequence()?.accept(6)?.content;
    let digest = imprint.accept(4)?.octets()?;
    fields.accept(2)?;
    let time = time(&fields.next()?)?;
    // Accuracy and ordering stand between, where they are given.
    fields.accept(0x30);
    fields.accept(1);
    let nonce = fields.accept(2).map(|number| number.content.to_vec());
    Some(Statement { hash: oid::hash(hash), imprint: digest, time, policy, nonce })
}

/// Checks a token against the digest of what it should stamp; `None` when it is no token.
pub(crate) fn check(
    token: &[u8],
    digest: impl FnOnce(Hash) -> Vec<u8>,
    trust: &Trust,
) -> Option<TimeStamp> {
    let cms = Cms::parse(token)?;
    let content = cms.content.as_ref().filter(|_| cms.content_type == oid::TST_INFO)?;
    let statement = statement(content)?;
    let authority = cms.signer_certificate();
    let signature = cms.check(|hash| hash.of(content), || Some(content.clone()));
    let trusted = authority.is_some_and(|certificate| {
        certificate.is_for(oid::TIME_STAMPING)
            && chain(certificate, &cms.certificates, trust)
                .is_some_and(|chain| chain.valid_at(statement.time))
    });
    Some(TimeStamp {
        time: statement.time,
        tsa_dn: authority.map(|certificate| certificate.subject.printed()),
        imprint_ok: statement.hash.is_some_and(|hash| digest(hash) == statement.imprint),
        signature_ok: signature == Check::Holds,
        trusted,
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa,
        KeyPair,
    };

    use super::*;
    use crate::{
        CertificateDer, der_write,
        verify::{Pin, PinnedRoot, TrustDomain},
    };

    /// A token by `openssl ts` for `message`, and a trust that pins its authority's root.
    fn token(message: &[u8]) -> (Vec<u8>, Trust) {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.distinguished_name.push(DnType::CommonName, "stamp root");
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.distinguished_name.push(DnType::CommonName, "stamp");
        // OpenSSL insists on a critical purpose, which rcgen writes only as an own extension.
        let purpose = der_write::sequence(&[&der_write::oid(oid::TIME_STAMPING)]);
        let mut purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose);
        purpose.set_criticality(true);
        own.custom_extensions.push(purpose);
        let key = KeyPair::generate().unwrap();
        let certificate = own.signed_by(&key, &root).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        };
        write("message", message);
        write("key.pem", key.serialize_pem().as_bytes());
        write("own.pem", certificate.pem().as_bytes());
        write("serial", b"01\n");
        write(
            "ts.cnf",
            b"[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_digest = sha256\n\
              default_policy = 1.2.3.4\ndigests = sha256\ness_cert_id_alg = sha256\n",
        );
        let run = |arguments: &str| {
            let arguments = arguments.split_whitespace();
            let made = Command::new("openssl")
                .arg("ts")
                .args(arguments)
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        };
        run("-query -data message -sha256 -cert -out query");
        run("-reply -config ts.cnf -section t -queryfile query -signer own.pem -inkey key.pem \
             -token_out -out token");
        let pin = Pin::Certificate(CertificateDer(root.der().to_vec()));
        let roots = vec![PinnedRoot { pin, domain: TrustDomain::Test }];
        let trust = Trust { roots, ..Trust::default() };
        (std::fs::read(folder.path().join("token")).unwrap(), trust)
    }

    #[test]
    fn a_token_holds_for_its_own_message_only() {
        let (token, trust) = token(b"signature value");
        let own = check(&token, |hash| hash.of(b"signature value"), &trust).unwrap();
        assert!(own.sound() && own.trusted, "{own:?}");
        assert_eq!(own.tsa_dn.as_deref(), Some("CN=stamp"));
        let other = check(&token, |hash| hash.of(b"another value"), &trust).unwrap();
        assert!(!other.imprint_ok && other.signature_ok);
        let stranger = check(&token, |hash| hash.of(b"signature value"), &Trust::default());
        assert!(stranger.is_some_and(|stamp| stamp.sound() && !stamp.trusted));
    }

    #[test]
    fn a_changed_token_is_not_sound() {
        let (token, trust) = token(b"value");
        let text = token.windows(2).position(|pair| pair == [0x18, 15]).unwrap();
        let mut later = token.clone();
        // The last digit of the seconds.
        later[text + 15] ^= 1;
        let judged = check(&later, |hash| hash.of(b"value"), &trust).unwrap();
        assert!(judged.imprint_ok && !judged.signature_ok);
    }
}
