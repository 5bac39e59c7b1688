//! X.509 certificates, read leniently and kept byte for byte.

use chrono::{DateTime, NaiveDate, Utc};
use sohoa_document::fold::fold;

use crate::{
    SignError,
    der_read::{Element, Reader},
    hash::Hash,
    oid,
    pdf::object::hex,
    pem,
};

/// The DER bytes of a certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateDer(pub Vec<u8>);

impl CertificateDer {
    /// All certificates of a PEM text, in order.
    ///
    /// # Errors
    /// [`SignError::Pem`] when a block is broken.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, SignError> {
        Ok(pem::blocks(text, "CERTIFICATE")?.into_iter().map(Self).collect())
    }

    /// The last moment of its validity; none of what is no certificate.
    pub fn not_after(&self) -> Option<DateTime<Utc>> {
        Certificate::parse(&self.0).map(|certificate| certificate.not_after)
    }

    /// SHA-256 of the DER bytes, as the `signing_certs` of an agency list it.
    pub fn sha256(&self) -> [u8; 32] {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.0);
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        out
    }
}

impl std::fmt::Debug for CertificateDer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CertificateDer(sha256 {})", hex(&self.sha256()))
    }
}

/// A certificate's fields, borrowed from its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Certificate<'a> {
    pub(crate) der: &'a [u8],
    /// The bytes its issuer signed.
    pub(crate) signed_part: &'a [u8],
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: Name<'a>,
    pub(crate) subject: Name<'a>,
    pub(crate) not_before: DateTime<Utc>,
    pub(crate) not_after: DateTime<Utc>,
    /// The whole `SubjectPublicKeyInfo`.
    pub(crate) key_info: &'a [u8],
    pub(crate) signature_algorithm: Element<'a>,
    pub(crate) signature: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

/// One extension of a certificate, a list or a response.
#[derive(Debug, Clone)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// `None` when the bytes are no certificate.
    pub(crate) fn parse(der: &'a [u8]) -> Option<Self> {
        let outer = Reader(der).next().filter(|element| element.tag == 0x30)?;
        let mut parts = outer.inside();
        let signed = parts.accept(0x30)?;
        let signature_algorithm = parts.accept(0x30)?;
        let signature = parts.next()?.bits()?;
        let mut fields = signed.inside();
        // The version, absent in certificates of the first version.
        fields.accept(0xa0);
        let serial = fields.accept(2)?.content;
        fields.accept(0x30)?;
        let issuer = Name(fields.accept(0x30)?);
        let mut validity = fields.sequence()?;
        let (not_before, not_after) = (time(&validity.next()?)?, time(&validity.next()?)?);
        let subject = Name(fields.accept(0x30)?);
        let key_info = fields.accept(0x30)?.raw;
        let extensions = fields
            .find(|element| element.tag == 0xa3)
            .map_or(Some(Vec::new()), |wrapped| extensions(&wrapped))?;
        Some(Self {
            der: outer.raw,
            signed_part: signed.raw,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key_info,
            signature_algorithm,
            signature,
            extensions,
        })
    }

    pub(crate) fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).map(|found| found.value)
    }

    pub(crate) fn is_authority(&self) -> bool {
        let constraints = self.extension(oid::BASIC_CONSTRAINTS).and_then(|value| {
            let mut parts = Reader(value).sequence()?;
            Some(parts.accept(1).is_some_and(|flag| flag.content != [0]))
        });
        constraints.unwrap_or(false)
    }

    /// Authorities that may stand between this one and the signer.
    pub(crate) fn path_length(&self) -> Option<usize> {
        let mut parts = Reader(self.extension(oid::BASIC_CONSTRAINTS)?).sequence()?;
        parts.accept(1);
        let length = parts.accept(2)?.content;
        Some(magnitude(length))
    }

    /// Bit `bit` of the key usage; every use is allowed where the extension is absent.
    pub(crate) fn may(&self, bit: u8) -> bool {
        let Some(value) = self.extension(oid::KEY_USAGE) else { return true };
        let Some(usage) = Reader(value).accept(3) else { return false };
        let byte = usage.content.get(1 + usize::from(bit / 8)).copied().unwrap_or(0);
        byte & (0x80 >> (bit % 8)) != 0
    }

    /// The extended key usage lists `purpose`.
    pub(crate) fn is_for(&self, purpose: &[u8]) -> bool {
        let listed = self.extension(oid::EXTENDED_KEY_USAGE).and_then(|v| Reader(v).sequence());
        listed.is_some_and(|mut list| list.any(|item| item.content == purpose))
    }

    /// Its extended key usage is this purpose alone, and critical, as RFC 3161 (2.3) wants of who stamps.
    pub(crate) fn is_only_for(&self, purpose: &[u8]) -> bool {
        let usage = self.extensions.iter().find(|one| one.oid == oid::EXTENDED_KEY_USAGE);
        usage.is_some_and(|usage| {
            let mut listed = Reader(usage.value).sequence().into_iter().flatten();
            usage.critical
                && listed.next().is_some_and(|item| item.content == purpose)
                && listed.next().is_none()
        })
    }

    /// A responder that needs not be asked about: its issuer says so, and renews it often instead.
    pub(crate) fn needs_no_check(&self) -> bool {
        self.extension(oid::OCSP_NO_CHECK).is_some()
    }

    /// The serial number is this one; signs and leading zeros are written in several ways.
    pub(crate) fn has_serial(&self, serial: &[u8]) -> bool {
        plain(self.serial) == plain(serial)
    }

    /// The subject key identifier.
    pub(crate) fn key_identifier(&self) -> Option<&'a [u8]> {
        Some(Reader(self.extension(oid::KEY_IDENTIFIER)?).accept(4)?.content)
    }

    /// A critical extension that this crate cannot weigh.
    pub(crate) fn has_unknown_critical_extension(&self) -> bool {
        self.extensions.iter().any(|extension| {
            extension.critical && !oid::UNDERSTOOD_EXTENSIONS.contains(&extension.oid)
        })
    }

    pub(crate) fn sha256(&self) -> String {
        hex(&Hash::Sha256.of(self.der))
    }

    /// Hexadecimal, upper case, without the sign byte: as the authorities print it.
    pub(crate) fn serial_hex(&self) -> String {
        let digits = match self.serial {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        hex(digits).to_uppercase()
    }

    /// The public key's own bytes, without its algorithm.
    pub(crate) fn public_key(&self) -> Option<&'a [u8]> {
        let mut parts = Reader(self.key_info).sequence()?;
        parts.next()?;
        parts.next()?.bits()
    }
}

/// Digits without leading zeros.
pub(crate) fn plain(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&byte| byte == 0).count();
    &digits[zeros..]
}

/// A number without a sign; of one that is too large, the largest there is.
fn magnitude(digits: &[u8]) -> usize {
    digits.iter().fold(0, |n: usize, &byte| n.saturating_mul(256).saturating_add(byte.into()))
}

/// The extensions inside the tag that marks their place; `None` when one is unreadable.
pub(crate) fn extensions<'a>(wrapped: &Element<'a>) -> Option<Vec<Extension<'a>>> {
    wrapped.inside().sequence().map_or(Some(Vec::new()), |list| list.map(extension).collect())
}

fn extension(element: Element<'_>) -> Option<Extension<'_>> {
    let mut parts = element.inside();
    let oid = parts.accept(6)?.content;
    let critical = parts.accept(1).is_some_and(|flag| flag.content != [0]);
    Some(Extension { oid, critical, value: parts.accept(4)?.content })
}

/// A distinguished name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'a>(pub(crate) Element<'a>);

impl<'a> Name<'a> {
    /// Attribute types and values in the order of the certificate.
    fn attributes(self) -> impl Iterator<Item = (&'a [u8], String)> {
        self.0.inside().flat_map(|set| set.inside()).filter_map(|attribute| {
            let mut parts = attribute.inside();
            Some((parts.accept(6)?.content, text(&parts.next()?)))
        })
    }

    /// The last value of a type, which is the most specific one.
    pub(crate) fn last(self, oid: &[u8]) -> Option<String> {
        self.attributes().filter(|(kind, _)| *kind == oid).map(|(_, value)| value).last()
    }

    pub(crate) fn all(self, oid: &[u8]) -> Vec<String> {
        self.attributes().filter(|(kind, _)| *kind == oid).map(|(_, value)| value).collect()
    }

    /// Most specific part first; citizens' numbers are left out.
    pub(crate) fn printed(self) -> String {
        let mut parts: Vec<_> = self
            .attributes()
            .map(|(kind, value)| {
                let value = if names_a_citizen(kind, &value) { "…".to_owned() } else { value };
                format!("{}={}", label(kind), value.replace('\\', "\\\\").replace(',', "\\,"))
            })
            .collect();
        parts.reverse();
        parts.join(", ")
    }

    /// Equal as issuers and subjects are compared in practice: same bytes, or the same text when
    /// case, spaces and string types are set aside.
    pub(crate) fn matches(self, other: Name<'_>) -> bool {
        let folded = |name: Name<'_>| -> Vec<_> {
            name.attributes().map(|(kind, value)| (kind.to_vec(), fold(&value))).collect()
        };
        self.0.raw == other.0.raw || folded(self) == folded(other)
    }
}

/// The user identifier holds a citizen's or passport number.
pub(crate) fn names_a_citizen(kind: &[u8], value: &str) -> bool {
    let value = value.trim_start().to_uppercase();
    kind == oid::USER_ID && ["CCCD", "CMND", "CMTND", "HC"].iter().any(|p| value.starts_with(p))
}

fn label(kind: &[u8]) -> String {
    match kind {
        oid::COMMON_NAME => "CN".to_owned(),
        oid::ORGANISATION => "O".to_owned(),
        oid::USER_ID => "UID".to_owned(),
        [0x55, 4, 11] => "OU".to_owned(),
        [0x55, 4, 7] => "L".to_owned(),
        [0x55, 4, 8] => "ST".to_owned(),
        [0x55, 4, 6] => "C".to_owned(),
        [0x55, 4, 12] => "T".to_owned(),
        [0x55, 4, 5] => "serialNumber".to_owned(),
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "E".to_owned(),
        other => dotted(other),
    }
}

fn dotted(content: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut value = 0_u64;
    for &byte in content {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let top = (value / 40).min(2);
                arcs.extend([top, value - top * 40]);
            } else {
                arcs.push(value);
            }
            value = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

fn text(element: &Element<'_>) -> String {
    let bytes = element.content;
    match element.tag {
        // BMPString
        0x1e => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
        // TeletexString is Latin-1 in practice.
        0x14 if std::str::from_utf8(bytes).is_err() => {
            bytes.iter().map(|&byte| char::from(byte)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// `UTCTime` or `GeneralizedTime`, in UTC or with an offset.
pub(crate) fn time(element: &Element<'_>) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(element.content).ok()?;
    let (year_digits, short) = match element.tag {
        0x17 => (2, true),
        0x18 => (4, false),
        _ => return None,
    };
    let (digits, zone) = text.split_at_checked(text.find(['Z', '+', '-']).unwrap_or(text.len()))?;
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| whole.get(from..to)?.parse::<u32>().ok();
    let year = i32::try_from(number(0, year_digits)?).ok()?;
    let year = match year {
        0..50 if short => year + 2000,
        _ if short => year + 1900,
        _ => year,
    };
    let at = |i: usize| number(year_digits + 2 * i, year_digits + 2 * i + 2);
    let date = NaiveDate::from_ymd_opt(year, at(0)?, at(1)?)?;
    let moment = date.and_hms_opt(at(2)?, at(3).unwrap_or(0), at(4).unwrap_or(0))?.and_utc();
    let offset = match zone.as_bytes() {
        [sign @ (b'+' | b'-'), rest @ ..] if rest.len() >= 4 => {
            let minutes =
                zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(3..5)?.parse::<i64>().ok()?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => 0,
    };
    moment.checked_sub_signed(chrono::TimeDelta::minutes(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, text: &str) -> Option<String> {
        let raw = text.as_bytes();
        time(&Element { tag, content: raw, raw }).map(|time| time.to_rfc3339())
    }

    #[test]
    fn times_of_both_kinds_are_read() {
        assert_eq!(read(0x17, "491231235959Z").unwrap(), "2049-12-31T23:59:59+00:00");
        assert_eq!(read(0x17, "500101000000Z").unwrap(), "1950-01-01T00:00:00+00:00");
        assert_eq!(read(0x18, "20261120023106.25Z").unwrap(), "2026-11-20T02:31:06+00:00");
        assert_eq!(read(0x18, "20261120093106+0700").unwrap(), "2026-11-20T02:31:06+00:00");
        assert_eq!(read(0x18, "20261320093106Z"), None);
        assert_eq!(read(0x17, "ệệệệ"), None);
    }

    #[test]
    fn who_stamps_does_so_alone_and_says_so_critically() {
        let stamping = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8];
        let mail = [6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 4];
        let alone = [&[0x30, 10][..], &stamping].concat();
        let with_mail = [&[0x30, 20][..], &stamping, &mail].concat();
        let for_mail = [&[0x30, 10][..], &mail].concat();
        let only = |usage: &[u8], critical: bool| {
            let mut own = rcgen::CertificateParams::new(Vec::new()).unwrap();
            let mut usage =
                rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], usage.to_vec());
            usage.set_criticality(critical);
            own.custom_extensions.push(usage);
            let own = own.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            Certificate::parse(own.der()).unwrap().is_only_for(oid::TIME_STAMPING)
        };
        assert!(only(&alone, true));
        assert!(!only(&alone, false) && !only(&with_mail, true) && !only(&for_mail, true));
    }

    #[test]
    fn an_identifier_is_printed_with_dots() {
        assert_eq!(dotted(oid::USER_ID), "0.9.2342.19200300.100.1.1");
        assert_eq!(dotted(oid::SHA256_RSA), "1.2.840.113549.1.1.11");
    }

    #[test]
    fn a_number_past_all_numbers_stays_large() {
        assert_eq!(magnitude(&[1, 0]), 256);
        assert_eq!(magnitude(&[0xff; 9]), usize::MAX);
    }

    #[test]
    fn a_citizens_number_is_known_by_its_prefix() {
        assert!(names_a_citizen(oid::USER_ID, "CCCD:001"));
        assert!(!names_a_citizen(oid::USER_ID, "MST:001"));
        assert!(!names_a_citizen(oid::COMMON_NAME, "CCCD:001"));
    }
}
