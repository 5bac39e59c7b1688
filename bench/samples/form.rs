//! Lays a draft out as Decree 30 prescribes: letterhead, number, date, title or `V/v`, body,
//! recipients, signature block, and the marks of the office on paper.
//!
//! Box numbers in comments are those of domain.md §6.3. Sheets come out in its reading order 2, 1,
//! 3, 4, 5, 9a, 6, 9b, 7.

use crate::{
    agencies::Level,
    bodies::Block,
    chance::Chance,
    draft::{Draft, Kind, Stamp},
    fonts::{Face, Fonts},
    sheet::{MM, Mark, PAGE_WIDTH, Sheet},
    table,
    typeset::{LEFT, RIGHT, Setter, Style},
};

const LEFT_COLUMN: [f32; 2] = [LEFT - 16.0, 268.0];
const RIGHT_COLUMN: [f32; 2] = [272.0, RIGHT + 8.0];
/// Room for seal and signature between the title and the name.
const SIGNATURE_ROOM: f32 = 86.0;

/// What is on the paper besides print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Office {
    pub(crate) seal: bool,
    pub(crate) incoming: bool,
}

/// The laid out document.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) sheets: Vec<Sheet>,
    /// `Số …, ngày …` of the incoming stamp, if there is one.
    pub(crate) incoming: Option<(String, String)>,
}

/// Lays `draft` out on at most `pages` pages, taking as many clauses as fit.
pub(crate) fn lay(
    fonts: &Fonts<'_>,
    draft: &Draft,
    office: Office,
    pages: usize,
    chance: &Chance,
) -> Laid {
    let fitted = fitted(fonts, draft, pages);
    let draft = &fitted;
    let (mut low, mut high) = (1, draft.body.clauses.len());
    while low < high {
        let middle = (low + high).div_ceil(2);
        if set(fonts, draft, middle).sheets.len() <= pages {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    // A page break just before the signature would leave it alone; a little less text looks natural.
    let wanted = if pages == 1 { low } else { low.saturating_sub(2).max(1) };
    let form = set(fonts, draft, wanted);
    mark(form, draft, office, &mut chance.fork("marks"))
}

/// The draft without as many of its introductory blocks, the last first, as keep it from fitting.
fn fitted(fonts: &Fonts<'_>, draft: &Draft, pages: usize) -> Draft {
    let mut draft = draft.clone();
    while set(fonts, &draft, 1).sheets.len() > pages && draft.body.head.pop().is_some() {}
    draft
}

struct Form {
    sheets: Vec<Sheet>,
    /// Where the free space under the number starts on page 1.
    below_number: f32,
    /// Where the signature's free space starts on the last page.
    signature: f32,
}

fn set(fonts: &Fonts<'_>, draft: &Draft, clauses: usize) -> Form {
    let mut setter = Setter::new(fonts);
    let below_number = letterhead(&mut setter, draft);
    opening(&mut setter, draft);
    let body = &draft.body;
    for block in body.head.iter().chain(body.clauses.iter().take(clauses)).chain(&body.tail) {
        match block {
            Block::Heading(text) => {
                setter.need(60.0);
                setter.y += 4.0;
                setter.paragraph(text, Style::centred(Face::Bold, 14.0).after(8.0));
            }
            Block::Paragraph(text) => setter.paragraph(text, Style::BODY),
            Block::Table(table) => table::set(&mut setter, table),
        }
    }
    let signature = closing(&mut setter, draft);
    Form { sheets: setter.sheets, below_number, signature }
}

/// Boxes 2, 1, 3, 4 and, of a công văn, 5b.
fn letterhead(setter: &mut Setter<'_>, draft: &Draft) -> f32 {
    let top = setter.y;
    let (parent, own) = draft.agency.letterhead();
    let mut lines: Vec<(String, Style)> =
        parent.into_iter().map(|line| (line, Style::centred(Face::Regular, 12.0))).collect();
    lines.extend(own.into_iter().map(|line| (line, Style::centred(Face::Bold, 12.0))));
    let left_end = setter.column(&lines, LEFT_COLUMN, top);
    let middle = f32::midpoint(LEFT_COLUMN[0], LEFT_COLUMN[1]);
    setter.rule([middle - 32.0, left_end + 3.0], [middle + 32.0, left_end + 3.0], 0.8);

    let country = Style::centred(Face::Bold, 12.0);
    setter.line_at("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", country, RIGHT_COLUMN, top + 12.0);
    let motto = Style::centred(Face::Bold, 13.0);
    let base = top + 28.0;
    let [from, to] = setter.line_at("Độc lập - Tự do - Hạnh phúc", motto, RIGHT_COLUMN, base);
    setter.rule([from, base + 5.0], [to, base + 5.0], 0.8);

    let base = (left_end + 24.0).max(top + 56.0);
    let number = if draft.number_handwritten {
        draft.notation.replacen(&draft.number, &format!("~{}~", draft.number), 1)
    } else {
        draft.notation.clone()
    };
    setter.line_at(
        &format!("Số: {number}"),
        Style::centred(Face::Regular, 13.0),
        LEFT_COLUMN,
        base,
    );
    let pen = if draft.day_handwritten { "~" } else { "" };
    let date = format!(
        "{}, ngày {pen}{:02}{pen} tháng {} năm {}",
        draft.agency.place,
        draft.date.day,
        draft.date.month_text(),
        draft.date.year
    );
    setter.line_at(&date, Style::centred(Face::Italic, 13.0), RIGHT_COLUMN, base);
    setter.y = base + 8.0;
    if draft.kind == Kind::CongVan {
        let subject = [(draft.subject.clone(), Style::centred(Face::Regular, 12.0))];
        setter.y = setter.column(&subject, LEFT_COLUMN, setter.y);
    }
    setter.y
}

/// Box 5a with the enacting authority, or box 9a.
fn opening(setter: &mut Setter<'_>, draft: &Draft) {
    setter.y += 12.0;
    let narrow = [LEFT + 46.0, RIGHT - 46.0];
    if let Some(title) = draft.kind.title() {
        let bold = Style::centred(Face::Bold, 14.0);
        let texts = [(title.to_owned(), bold.after(2.0)), (draft.subject.clone(), bold)];
        let end = setter.column(&texts, narrow, setter.y);
        let middle = f32::midpoint(LEFT, RIGHT);
        setter.rule([middle - 42.0, end + 4.0], [middle + 42.0, end + 4.0], 0.8);
        setter.y = end + 16.0;
    }
    if draft.kind == Kind::QuyetDinh {
        let committee = draft.agency.letterhead().1.join(" ");
        let authority = match draft.agency.level {
            Level::Department => format!("GIÁM ĐỐC {committee}"),
            _ if draft.agency.name.starts_with("UBND ") && !committee.starts_with("ỦY") => {
                committee.replacen("UBND", "ỦY BAN NHÂN DÂN", 1)
            }
            _ => committee,
        };
        setter.paragraph(&authority, Style::centred(Face::Bold, 14.0).after(8.0));
    }
    addressees(setter, draft);
}

fn addressees(setter: &mut Setter<'_>, draft: &Draft) {
    match draft.body.addressees.as_slice() {
        [] => {}
        [one] => {
            let style = Style::centred(Face::Regular, 14.0);
            setter.paragraph(&format!("Kính gửi: {one}"), style.after(10.0));
        }
        several => {
            let style = Style::left(Face::Regular, 14.0);
            let edges = [LEFT + 100.0, RIGHT];
            let base = setter.y + 14.0;
            setter.line_at("Kính gửi:", style, edges, base);
            let texts: Vec<(String, Style)> =
                several.iter().map(|name| (name.clone(), style)).collect();
            setter.y = setter.column(&texts, [LEFT + 130.0, RIGHT], base + 6.0) + 10.0;
        }
    }
}

/// Boxes 9b, 7a, 7c, 7b; returns where the free space for seal and signature starts.
fn closing(setter: &mut Setter<'_>, draft: &Draft) -> f32 {
    let right = [306.0, RIGHT + 4.0];
    let title = Style::centred(Face::Bold, 13.5);
    let height = draft.authority.len() as f32 * title.leading() + SIGNATURE_ROOM + 30.0;
    setter.y += 6.0;
    setter.need(height.max(30.0 + draft.recipients.len() as f32 * 14.0));
    let top = setter.y;
    let mut left = vec![("Nơi nhận:".to_owned(), Style::left(Face::BoldItalic, 12.0))];
    let item = Style::left(Face::Regular, 11.0);
    left.extend(draft.recipients.iter().map(|line| (line.clone(), item)));
    setter.column(&left, [LEFT, 290.0], top);
    let lines: Vec<(String, Style)> =
        draft.authority.iter().map(|line| (line.clone(), title)).collect();
    let signature = setter.column(&lines, right, top);
    let name = Style::centred(Face::Bold, 14.0);
    setter.line_at(&draft.signer, name, right, signature + SIGNATURE_ROOM + 14.0);
    setter.y = signature + SIGNATURE_ROOM + 20.0;
    signature
}

fn mark(form: Form, draft: &Draft, office: Office, chance: &mut Chance) -> Laid {
    let Form { mut sheets, below_number, signature } = form;
    let mut incoming = None;
    if let Some(last) = sheets.last_mut().filter(|_| office.seal) {
        let y = signature + SIGNATURE_ROOM / 2.0 + 3.0 * chance.spread();
        // Article 33: the seal covers about a third of the signature, on its left.
        let x = 384.0 + 6.0 * chance.spread();
        let agency = &draft.agency;
        let (upper, lower) = match agency.level {
            Level::Department => ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", agency.province),
            _ => ("ỦY BAN NHÂN DÂN", agency.province),
        };
        let middle = match agency.level {
            Level::Department => agency.name.to_uppercase(),
            _ => agency.name.trim_start_matches("UBND ").to_uppercase(),
        };
        last.marks.push(Mark::Seal {
            upper: upper.to_owned(),
            lower: format!("TỈNH {}", lower.to_uppercase()),
            middle: split_middle(&middle),
            x,
            y,
        });
        last.marks.push(Mark::Scribble { x: x + 8.0, y, width: chance.range(82.0, 120.0) });
    }
    let Some(first) = sheets.first_mut() else { return Laid { sheets, incoming } };
    if let Some(barcode) = &draft.barcode {
        first.rules.extend_from_slice(&barcode.rules);
    }
    if office.incoming {
        let number = chance.between(31, 6400).to_string();
        let date = draft.date.later(chance.between(1, 6)).short();
        let parent = draft.agency.parent.as_deref().unwrap_or("VĂN PHÒNG UBND");
        first.marks.push(Mark::Incoming {
            office: parent.to_uppercase(),
            number: number.clone(),
            date: date.clone(),
            x: LEFT - 34.0 + 8.0 * chance.unit(),
            y: below_number + 6.0 + 6.0 * chance.unit(),
        });
        incoming = Some((number, date));
    }
    if let Some(stamp) = draft.stamp {
        let word = match stamp {
            Stamp::Secret => "MẬT",
            Stamp::Urgent => "KHẨN",
        };
        let y = below_number + if office.incoming { 100.0 } else { 10.0 };
        first.marks.push(Mark::Stamp { word: word.to_owned(), x: 12.0 * MM, y });
    }
    debug_assert!(sheets.iter().flat_map(|sheet| &sheet.runs).all(|run| run.x < PAGE_WIDTH));
    Laid { sheets, incoming }
}

/// A long name on two lines, so that it fits inside the ring.
fn split_middle(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').collect();
    if words.len() <= 3 && name.chars().count() <= 12 {
        return vec![name.to_owned()];
    }
    let lines = if name.chars().count() > 24 { 3 } else { 2 };
    words.chunks(words.len().div_ceil(lines)).map(|chunk| chunk.join(" ")).collect()
}
