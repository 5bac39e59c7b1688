//! The province's statistics: who keeps how many documents, of which years and kinds, in dossiers of
//! which size. Everything about a document follows from its number, so two runs make the same index.

use uuid::Uuid;

/// Its code.
pub(crate) const PROVINCE: &str = "H63";

/// Months the backfill takes.
pub(crate) const MONTHS: u64 = 12;

/// Agencies of a province after the mergers of 2025: departments, and communes.
pub(crate) const AGENCIES: usize = 140;

/// Documents of twelve dossiers, of one to twelve documents.
const TWELVE_DOSSIERS: u64 = 78;

const FIRST_YEAR: i32 = 1976;
const YEARS: i32 = 51;

/// Pages of a document: three in the mean.
const PAGES: [u64; 8] = [1, 1, 2, 2, 2, 3, 4, 9];

/// Kinds of documents with their shares of a hundred: code, abbreviation, name, notation.
const KINDS: [(u64, &str, &str, &str, &str); 6] = [
    (55, "02", "QĐ", "QUYẾT ĐỊNH", "QĐ-UBND"),
    (20, "32", "GCN", "GIẤY CHỨNG NHẬN", "GCN"),
    (10, "16", "TTr", "TỜ TRÌNH", "TTr-STNMT"),
    (8, "17", "HĐ", "HỢP ĐỒNG", "HĐ"),
    (5, "09", "TB", "THÔNG BÁO", "TB-UBND"),
    (2, "13", "BB", "BIÊN BẢN", "BB"),
];

/// Sums of shares, for drawing.
#[derive(Debug)]
pub(crate) struct Province {
    pub(crate) documents: u64,
    agencies: Vec<f64>,
    years: Vec<f64>,
}

/// A document's facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document {
    pub(crate) number: u64,
    pub(crate) dossier: u64,
    pub(crate) ordinal: i32,
    pub(crate) agency: usize,
    pub(crate) year: i32,
    pub(crate) kind: usize,
    pub(crate) pages: u64,
    /// For whatever else is drawn.
    pub(crate) seed: u64,
}

impl Province {
    pub(crate) fn new(documents: u64) -> Self {
        // Zipf among agencies; later years kept more.
        let agencies = sums((1..=AGENCIES).map(|rank| 1.0 / rank as f64));
        let years = sums((1..=YEARS).map(|year| f64::from(year + 6).powf(1.2)));
        Self { documents, agencies, years }
    }

    /// Numbers of the documents of a month.
    pub(crate) fn of_month(&self, month: u64) -> std::ops::Range<u64> {
        self.documents * month / MONTHS..self.documents * (month + 1) / MONTHS
    }

    pub(crate) fn document(&self, number: u64) -> Document {
        let (dossier, ordinal) = dossier_of(number);
        let (of_dossier, seed) = (mix(dossier ^ 0xD055), mix(number));
        // Of a hundred dossiers' documents nine are of another year than the dossier.
        let of_year = if seed % 100 < 9 { mix(seed) } else { mix(of_dossier) };
        let mut share = mix(seed ^ 1) % 100;
        let kind = KINDS.iter().position(|kind| {
            let is_it = share < kind.0;
            share = share.saturating_sub(kind.0);
            is_it
        });
        Document {
            number,
            dossier,
            ordinal,
            agency: draw(&self.agencies, of_dossier),
            year: FIRST_YEAR + draw(&self.years, of_year) as i32,
            kind: kind.unwrap_or_default(),
            pages: PAGES[(mix(seed ^ 2) % 8) as usize],
            seed: mix(seed ^ 3),
        }
    }
}

impl Document {
    pub(crate) fn uid(&self) -> String {
        uid(self.number)
    }

    pub(crate) fn dossier_uid(&self) -> String {
        uid(self.dossier | 1 << 62)
    }

    pub(crate) fn dossier_code(&self) -> String {
        format!(
            "000.{:02}.{PROVINCE}-{:06}-{:04}",
            self.agency % 100,
            self.dossier / 9999,
            self.dossier % 9999
        )
    }

    pub(crate) fn agency_code(&self) -> String {
        agency_code(self.agency)
    }

    /// Code, abbreviation, name and notation of its kind.
    pub(crate) fn kind(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        let (_, code, abbreviation, name, notation) = KINDS[self.kind];
        (code, abbreviation, name, notation)
    }

    pub(crate) fn code_number(&self) -> u64 {
        1 + self.seed % 4000
    }

    /// Phase of the digitisation plans.
    pub(crate) fn phase(&self) -> i32 {
        match self.year {
            ..1996 => 5,
            1996..2006 => 4,
            2006..2016 => 3,
            2016..2022 => 2,
            _ => 0,
        }
    }
}

pub(crate) fn agency_code(agency: usize) -> String {
    format!("{PROVINCE}.{agency:02}")
}

pub(crate) fn uid(number: u64) -> String {
    let bits = u128::from(mix(number ^ 0xA11C)) << 64 | u128::from(mix(number ^ 0xB0B));
    Uuid::from_u128(bits).to_string()
}

/// The dossier of a document, and its place there.
fn dossier_of(number: u64) -> (u64, i32) {
    let mut left = number % TWELVE_DOSSIERS;
    let mut size = 1;
    while left >= size {
        left -= size;
        size += 1;
    }
    (number / TWELVE_DOSSIERS * 12 + size - 1, left as i32 + 1)
}

/// Scatters a number over all 64 bits.
pub(crate) fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ bits >> 31
}

fn sums(shares: impl Iterator<Item = f64>) -> Vec<f64> {
    shares
        .scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        })
        .collect()
}

fn draw(sums: &[f64], bits: u64) -> usize {
    let total = sums.last().copied().unwrap_or_default();
    let drawn = total * (bits >> 11) as f64 / (1u64 << 53) as f64;
    sums.partition_point(|sum| *sum <= drawn).min(sums.len() - 1)
}
