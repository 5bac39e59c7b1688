//! RFC 3161 time-stamps: on a signature value, or on a whole document.

use chrono::{DateTime, Utc};

use super::{
    cms::{Check, Cms},
    path::stamp_chain,
    report::TimeStamp,
    trust::Trust,
};
use crate::{
    certificate::{Certificate, time},
    der_read::Reader,
    hash::Hash,
    oid,
};

/// What a token says.
pub(crate) struct Statement {
    hash: Option<Hash>,
    imprint: Vec<u8>,
    pub(crate) time: DateTime<Utc>,
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

/// A token's judgement, and the chain of its authority where a pinned root vouches for it.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) stamp: TimeStamp,
    pub(crate) links: Vec<Vec<u8>>,
    /// It rests on an algorithm we do not know, and nothing that we do know is against it.
    pub(crate) unsupported: bool,
    /// The authority's certificate is for time-stamps alone, as RFC 3161 (2.3) wants it.
    pub(crate) of_purpose: bool,
}

/// Checks a token against the digest of what it should stamp; `None` when it is no token.
/// `others` are certificates that may stand between its own and a root.
pub(crate) fn check(
    token: &[u8],
    digest: impl FnOnce(Hash) -> Vec<u8>,
    (trust, others): (&Trust, &[Certificate<'_>]),
) -> Option<Token> {
    let cms = Cms::parse(token)?;
    let content = cms.content.as_ref().filter(|_| cms.content_type == oid::TST_INFO)?;
    let statement = statement(content)?;
    let authority = cms.signer_certificate();
    let signature = cms.check(|hash| hash.of(content), || Some(content.clone()));
    let others: Vec<_> = cms.certificates.iter().chain(others).cloned().collect();
    let path = authority
        .filter(|certificate| certificate.is_for(oid::TIME_STAMPING))
        .and_then(|certificate| stamp_chain(certificate, &others, (trust, statement.time)))
        .filter(|chain| chain.valid_at(statement.time));
    let imprint = statement.hash.map(|hash| digest(hash) == statement.imprint);
    let unsupported = match signature {
        Check::Holds => imprint.is_none(),
        Check::Unsupported => imprint != Some(false),
        Check::Fails | Check::Substituted => false,
    };
    let stamp = TimeStamp {
        time: statement.time,
        tsa_dn: authority.map(|certificate| certificate.subject.printed()),
        imprint_ok: imprint == Some(true),
        signature_ok: signature == Check::Holds,
        trusted: path.is_some(),
        legacy: is_legacy(&cms, statement.hash) || path.as_ref().is_some_and(|path| path.legacy),
        cert_not_after: authority.map(|certificate| certificate.not_after),
    };
    let of_purpose = authority.is_none_or(|own| own.is_only_for(oid::TIME_STAMPING));
    let links = path.map(|path| path.links).unwrap_or_default();
    Some(Token { stamp, links, unsupported, of_purpose })
}

/// Whether what was stamped, or the token itself, was hashed with SHA-1.
fn is_legacy(token: &Cms<'_>, imprint: Option<Hash>) -> bool {
    let signed = token.signer.algorithm().ok().map(|made| made.hash);
    [imprint, token.signer.digest, signed].contains(&Some(Hash::Sha1))
}
