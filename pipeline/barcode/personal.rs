//! Whether a barcode says something about a person.
//!
//! The identity card (CCCD since 2021) has a QR code of pipe-separated fields that starts with the
//! citizen's number; the older identity number, the health insurance card and the driving licence
//! have the like. In doubt a code is personal.

use std::sync::LazyLock;

use regex::Regex;

/// A citizen's number: the code of a province (001 to 096), century and sex, year of birth, serial.
static CITIZEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9])0[0-9]{11}(?:[^0-9]|$)").expect("constant pattern, compiled in tests")
});

/// A field that is an identity number of the old kind, or a date of birth.
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[0-9]{9}|[0-9]{12}|[0-9]{2}/?[0-9]{2}/?(?:19|20)[0-9]{2})$")
        .expect("constant pattern, compiled in tests")
});

/// The machine-readable lines of an identity card or passport.
const MACHINE_READABLE: [&str; 2] = ["IDVNM", "P<VNM"];

/// Whether a barcode's text says something about a person.
pub(crate) fn is_personal(text: &str) -> bool {
    let fields = || text.split(['|', ';', '^']).map(str::trim);
    CITIZEN.is_match(text)
        || (fields().count() >= 3 && fields().any(|field| FIELD.is_match(field)))
        || FIELD.is_match(text.trim())
        || MACHINE_READABLE.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_of_persons_are_personal() {
        for text in [
            "052099001234|211234567|Nguyễn Văn Mẫu|01011999|Nam|Thôn Mẫu, Bình Định|01012021",
            "052099001234",
            "211234567",
            "https://example.vn/?cccd=052099001234",
            "DN4525212345678|4e677579|01/02/1980|1|52 - 012|-|01/01/2020",
            "IDVNM0990012341052099001234<<8",
        ] {
            assert!(is_personal(text), "{text}");
        }
    }

    #[test]
    fn codes_of_papers_are_not() {
        for text in [
            "000.00.12.H08-160412-0031",
            "https://dichvucong.example.vn/tra-cuu?ma=H08.12-240115-0007",
            "000.00.12.H08-160412-0031|1.004873.000.00.00.H08",
            "LT08.K2G3H14.0157",
            "EB123456789VN",
        ] {
            assert!(!is_personal(text), "{text}");
        }
    }
}
