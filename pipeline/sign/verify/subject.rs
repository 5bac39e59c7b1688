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
        [only] if kind == SubjectKind::Organisation => Some(*only),
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
    let name = certificate.subject;
    let Some(short) = name.last(oid::COMMON_NAME).map(|text| fold(&text)) else {
        return Vec::new();
    };
    let long = name.last(oid::ORGANISATION).map(|above| format!("{short}, {}", fold(&above)));
    let called = |wanted: &str| -> Vec<&'a Agency> {
        let has = |agency: &&Agency| agency.names.iter().any(|name| fold(name) == wanted);
        agencies.iter().filter(has).collect()
    };
    let exact = long.map(|long| called(&long)).unwrap_or_default();
    if exact.is_empty() { called(&short) } else { exact }
}
