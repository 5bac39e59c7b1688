//! A document before it is laid out: who says what to whom, under which number and date.
//!
//! Number, notation, date, title and subject follow Decree 30 and its practice: a day below 10 and
//! the months 1 and 2 carry a leading zero; a công văn has no title but a `V/v`; before 2004 the
//! committee signs `UB`.

use clap::ValueEnum;

use crate::{
    agencies::{self, Agency, Level},
    barcode::Printed,
    bodies::{self, Body},
    chance::Chance,
    topics::TOPICS,
};

/// The kinds of document that can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Biên bản
    BienBan,
    /// Công văn
    CongVan,
    /// Giấy chứng nhận
    GiayChungNhan,
    /// Giấy phép xây dựng
    GiayPhep,
    /// Kế hoạch, with a table
    KeHoach,
    /// Quyết định
    QuyetDinh,
    /// Thông báo
    ThongBao,
    /// Tờ trình
    ToTrinh,
}

impl Kind {
    /// The printed title; a công văn has none.
    pub(crate) fn title(self) -> Option<&'static str> {
        Some(match self {
            Self::BienBan => "BIÊN BẢN",
            Self::CongVan => return None,
            Self::GiayChungNhan => "GIẤY CHỨNG NHẬN",
            Self::GiayPhep => "GIẤY PHÉP XÂY DỰNG",
            Self::KeHoach => "KẾ HOẠCH",
            Self::QuyetDinh => "QUYẾT ĐỊNH",
            Self::ThongBao => "THÔNG BÁO",
            Self::ToTrinh => "TỜ TRÌNH",
        })
    }

    /// The name of the kind as the ground truth writes it.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::BienBan => "Biên bản",
            Self::CongVan => "Công văn",
            Self::GiayChungNhan => "Giấy chứng nhận",
            Self::GiayPhep => "Giấy phép xây dựng",
            Self::KeHoach => "Kế hoạch",
            Self::QuyetDinh => "Quyết định",
            Self::ThongBao => "Thông báo",
            Self::ToTrinh => "Tờ trình",
        }
    }

    /// The kind in a file name.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::BienBan => "bien-ban",
            Self::CongVan => "cong-van",
            Self::GiayChungNhan => "giay-chung-nhan",
            Self::GiayPhep => "giay-phep",
            Self::KeHoach => "ke-hoach",
            Self::QuyetDinh => "quyet-dinh",
            Self::ThongBao => "thong-bao",
            Self::ToTrinh => "to-trinh",
        }
    }

    /// Whether it is the outcome of an administrative procedure.
    pub(crate) fn is_result(self) -> bool {
        matches!(self, Self::GiayChungNhan | Self::GiayPhep | Self::QuyetDinh)
    }

    fn level(self, chance: &mut Chance) -> Level {
        use Level::{Commune, Department, District, Province};
        let levels: &[Level] = match self {
            Self::BienBan => &[Commune, District, Department],
            Self::GiayChungNhan | Self::GiayPhep => &[District],
            Self::ToTrinh => &[Department, District, Commune],
            Self::CongVan | Self::KeHoach | Self::QuyetDinh | Self::ThongBao => {
                &[Province, Department, Department, District, Commune]
            }
        };
        *chance.pick(levels)
    }

    fn notation(self, agency: &Agency, chance: &mut Chance) -> String {
        let short = &agency.short;
        match self {
            Self::BienBan => format!("BB-{short}"),
            Self::CongVan => format!("{short}-{}", chance.pick(&agency.drafting_units)),
            Self::GiayChungNhan => format!("GCN-{short}"),
            Self::GiayPhep => format!("GPXD-{short}"),
            Self::KeHoach => format!("KH-{short}"),
            Self::QuyetDinh => format!("QĐ-{short}"),
            Self::ThongBao => format!("TB-{short}"),
            Self::ToTrinh => format!("TTr-{short}"),
        }
    }
}

/// A calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) day: i32,
}

impl Date {
    /// `2016-05-03`.
    pub(crate) fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `03/5/2016`, as in citations and stamps.
    pub(crate) fn short(self) -> String {
        format!("{:02}/{}/{}", self.day, self.month_text(), self.year)
    }

    /// `04`, `12`, `5`: months 1 and 2 carry a zero.
    pub(crate) fn month_text(self) -> String {
        if self.month <= 2 { format!("{:02}", self.month) } else { self.month.to_string() }
    }

    /// The day some days later, within the same month where possible.
    pub(crate) fn later(self, days: i32) -> Self {
        let day = self.day + days;
        if day <= 28 {
            Self { day, ..self }
        } else if self.month < 12 {
            Self { day: day - 27, month: self.month + 1, ..self }
        } else {
            Self { day: day - 27, month: 1, year: self.year + 1 }
        }
    }
}

/// A document ready to be laid out.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) kind: Kind,
    pub(crate) agency: Agency,
    pub(crate) number: String,
    pub(crate) number_handwritten: bool,
    /// `45/QĐ-UBND`.
    pub(crate) notation: String,
    pub(crate) date: Date,
    pub(crate) day_handwritten: bool,
    pub(crate) subject: String,
    pub(crate) body: Body,
    pub(crate) recipients: Vec<String>,
    pub(crate) authority: Vec<String>,
    pub(crate) signer: String,
    pub(crate) stamp: Option<Stamp>,
    /// The barcode printed at its top.
    pub(crate) barcode: Option<Printed>,
}

/// A red framed word on the first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// `MẬT`
    Secret,
    /// `KHẨN`
    Urgent,
}

/// What the caller decides about a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) kind: Kind,
    pub(crate) secret: bool,
    /// Whether a pen may have been used: not in a born-digital document.
    pub(crate) paper: bool,
}

impl Draft {
    /// A document of the wished kind.
    pub(crate) fn draw(chance: &mut Chance, wish: Wish) -> Self {
        let kind = wish.kind;
        let date = Date {
            year: chance.between(1998, 2021),
            month: chance.between(1, 12),
            day: chance.between(1, 28),
        };
        let level = kind.level(chance);
        let agency = Agency::draw(chance, level, date.year);
        let topic = chance.pick(&TOPICS);
        let number = match level {
            Level::Province | Level::Department => chance.between(12, 4800),
            Level::Commune | Level::District => chance.between(1, 640),
        };
        let number = if chance.happens(0.5) { format!("{number:02}") } else { number.to_string() };
        let notation = format!("{number}/{}", kind.notation(&agency, chance));
        let number_handwritten = wish.paper && chance.happens(0.3);
        let (subject, body) = bodies::draw(chance, kind, &agency, (topic, date));
        let deputy = chance.happens(0.45);
        let recipients = recipients(chance, kind, &agency);
        let urgent = kind == Kind::CongVan && wish.paper && chance.happens(0.15);
        Self {
            authority: agency.authority(deputy),
            signer: agencies::person(chance),
            number_handwritten,
            day_handwritten: number_handwritten && chance.happens(0.5),
            stamp: match wish.secret {
                true => Some(Stamp::Secret),
                false if urgent => Some(Stamp::Urgent),
                false => None,
            },
            kind,
            agency,
            number,
            notation,
            date,
            subject,
            body,
            recipients,
            barcode: None,
        }
    }

    /// The signer's title on one line, as the ground truth writes it.
    pub(crate) fn signer_title(&self) -> String {
        self.authority.join(" - ")
    }
}

/// Who else gets a copy.
const OTHERS: [&str; 5] = [
    "- Lãnh đạo cơ quan;",
    "- Thường trực HĐND (để giám sát);",
    "- Các cơ quan có liên quan;",
    "- Trung tâm Phục vụ hành chính công;",
    "- Đài Truyền thanh - Truyền hình;",
];

fn recipients(chance: &mut Chance, kind: Kind, agency: &Agency) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    match kind {
        Kind::QuyetDinh => list.push("- Như Điều 3;".to_owned()),
        Kind::GiayPhep | Kind::GiayChungNhan => {
            list.push("- Tổ chức, cá nhân được cấp;".to_owned());
        }
        _ => list.push("- Như trên;".to_owned()),
    }
    if let Some(parent) = &agency.parent {
        list.push(format!("- {parent} (để báo cáo);"));
    }
    let wanted = chance.between(1, 3) as usize;
    list.extend(chance.shuffled(&OTHERS).into_iter().take(wanted).map(|&line| line.to_owned()));
    list.push(format!("- Lưu: VT, {}.", chance.pick(&agency.drafting_units)));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_day_stays_on_the_calendar() {
        let last = Date { year: 2016, month: 12, day: 28 };
        assert_eq!(last.later(3), Date { year: 2017, month: 1, day: 4 });
        assert_eq!(Date { year: 2016, month: 2, day: 3 }.month_text(), "02");
        assert_eq!(Date { year: 2016, month: 4, day: 3 }.month_text(), "4");
    }
}
