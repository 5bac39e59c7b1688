//! Organisation or person? Decided on the certificate's own statements and the register.

use sohoa_document::fold::fold;

use super::{
    report::{SubjectKind, SubjectKindBasis},
    trust::{Agency, Trust},
};
use crate::{
    certificate::{Certificate, names_a_citizen},
    oid,
};

/// Who a certificate belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) kind: SubjectKind,
    pub(crate) basis: SubjectKindBasis,
    /// Identifier of the registered agency.
    pub(crate) agency: Option<String>,
    pub(crate) tax_code: Option<String>,
    pub(crate) budget_code: Option<String>,
    pub(crate) has_citizen_id: bool,
}

pub(crate) fn classify(certificate: &Certificate<'_>, trust: &Trust) -> Subject {
    let identifiers = certificate.subject.all(oid::USER_ID);
    let code = |prefix: &str| {
        identifiers.iter().find_map(|value| {
            let (kind, code) = value.split_once(':')?;
            (kind.trim().eq_ignore_ascii_case(prefix)).then(|| code.trim().to_owned())
        })
    };
    let (tax_code, budget_code) = (code("MST"), code("MNS"));
    let has_citizen_id = identifiers.iter().any(|value| names_a_citizen(oid::USER_ID, value));
    let has_code = tax_code.is_some() || budget_code.is_some();
    let registered = registered_certificate(certificate, &trust.agencies);
    let named = registered_names(certificate, &trust.agencies);
    let (kind, basis) = if registered.is_some() {
        (SubjectKind::Organisation, SubjectKindBasis::RegisteredCertificate)
    } else if has_citizen_id && has_code {
        (SubjectKind::PersonInOrganisation, SubjectKindBasis::UidCitizen)
    } else if has_citizen_id {
        (SubjectKind::Person, SubjectKindBasis::UidCitizen)
    } else if has_code {
        (SubjectKind::Organisation, SubjectKindBasis::UidOrganisation)
    } else if !named.is_empty() {
        (SubjectKind::Organisation, SubjectKindBasis::RegisteredName)
    } else {
        (SubjectKind::Person, SubjectKindBasis::Default)
    };
    // A name that several agencies share tells the kind, not the agency.
    let only = match named.as_slice() {
        [only] if kind == SubjectKind::Organisation => {
            Some(*only).filter(|only| is_known_by_name(only, certificate))
        }
        _ => None,
    };
    let agency = registered.or(only).map(|agency| agency.id.clone());
    Subject { kind, basis, agency, tax_code, budget_code, has_citizen_id }
}

fn registered_certificate<'a>(
    certificate: &Certificate<'_>,
    agencies: &'a [Agency],
) -> Option<&'a Agency> {
    let own = certificate.sha256();
    agencies
        .iter()
        .find(|agency| agency.certificates.iter().any(|known| known.eq_ignore_ascii_case(&own)))
}

/// Agencies whose name is the certificate's `CN`, or its `CN, O`: many `CN` say only "Ủy ban nhân
/// dân", and then only the longer form tells which.
fn registered_names<'a>(certificate: &Certificate<'_>, agencies: &'a [Agency]) -> Vec<&'a Agency> {
    let Some((short, long)) = names(certificate) else { return Vec::new() };
    let called = |wanted: &str| -> Vec<&'a Agency> {
        agencies.iter().filter(|agency| is_called(agency, wanted)).collect()
    };
    let exact = long.map(|long| called(&long)).unwrap_or_default();
    if exact.is_empty() { called(&short) } else { exact }
}

/// Whether the name alone says that a certificate is this agency's. It does not where the agency's
/// certificates are listed, which tell more; nor where agencies of that `CN` are told apart by their
/// `O`, and the certificate has another one.
fn is_known_by_name(agency: &Agency, certificate: &Certificate<'_>) -> bool {
    let contradicts = |short: &str, long: &str| {
        let longer = format!("{short}, ");
        !is_called(agency, long) && agency.names.iter().any(|name| spelt(name).starts_with(&longer))
    };
    let other = names(certificate)
        .is_some_and(|(short, long)| long.is_some_and(|long| contradicts(&short, &long)));
    agency.certificates.is_empty() && !other
}

/// A certificate's `CN`, and its `CN, O` where it has an `O`.
fn names(certificate: &Certificate<'_>) -> Option<(String, Option<String>)> {
    let part = |attribute| certificate.subject.last(attribute).map(|text| spelt(&text));
    let short = part(oid::COMMON_NAME)?;
    let long = part(oid::ORGANISATION).map(|above| format!("{short}, {above}"));
    Some((short, long))
}

fn is_called(agency: &Agency, wanted: &str) -> bool {
    agency.names.iter().any(|name| spelt(name) == wanted)
}

/// A name as it is compared: folded, and without the usual abbreviations.
fn spelt(name: &str) -> String {
    let whole = |word: &str| match word {
        "ubnd" => "uy ban nhan dan".to_owned(),
        "hdnd" => "hoi dong nhan dan".to_owned(),
        "tp" => "thanh pho".to_owned(),
        word => word.to_owned(),
    };
    // With the dot, and with or without a space behind it.
    fold(name).replace("tp.", "tp ").split_whitespace().map(whole).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    /// The kind and the agency of a certificate with these names and no identifiers.
    fn told(common: &str, above: &str, agency: Agency) -> (SubjectKind, bool) {
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.distinguished_name.push(DnType::CommonName, common);
        if !above.is_empty() {
            own.distinguished_name.push(DnType::OrganizationName, above);
        }
        let own = own.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let trust = Trust { agencies: vec![agency], ..Trust::default() };
        let subject = classify(&Certificate::parse(own.der()).unwrap(), &trust);
        (subject.kind, subject.agency.is_some())
    }

    fn agency(names: &[&str], certificates: &[&str]) -> Agency {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Agency { id: "H99".into(), names: all(names), certificates: all(certificates) }
    }

    #[test]
    fn a_namesake_under_another_authority_is_another_agency() {
        let known = ["Sở Y tế", "Sở Y tế, UBND TP Đà Nẵng"];
        let of = |above| told("SỞ Y TẾ", above, agency(&known, &[]));
        let organisation = SubjectKind::Organisation;
        assert_eq!(of("ỦY BAN NHÂN DÂN THÀNH PHỐ ĐÀ NẴNG"), (organisation, true));
        for above in ["Uỷ ban nhân dân tp. Đà Nẵng", "UBND TP.Đà Nẵng"] {
            assert_eq!(of(above), (organisation, true), "{above}");
        }
        assert_eq!(of(""), (organisation, true), "nothing contradicts");
        assert_eq!(of("ỦY BAN NHÂN DÂN TỈNH QUẢNG NGÃI"), (organisation, false));
        // Where nobody said what is above it, its name has to be enough.
        let short = |above| told("Sở Y tế", above, agency(&known[..1], &[]));
        assert_eq!(short("ỦY BAN NHÂN DÂN TỈNH QUẢNG NGÃI"), (organisation, true));
    }

    #[test]
    fn where_certificates_are_listed_no_name_is_believed() {
        let known = agency(&["Sở Y tế, UBND TP Đà Nẵng", "Sở Y tế"], &["00"]);
        let found = told("Sở Y tế", "UBND TP Đà Nẵng", known);
        assert_eq!(found, (SubjectKind::Organisation, false), "the name tells the kind");
    }
}
