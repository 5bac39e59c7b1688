//! Boxes 7a and 7b: authority, title and name of the signer.
//!
//! In the right column of the last page of the main part: capitals with the office, then the name
//! below the signature. Seals and signatures cover much of it; what has no text stays `None`, ink
//! is not read. The layout of the law is the evidence: below the office a deputy signs for stands
//! his own, so the same office twice is the head's and the deputy's, and `GIÁM ĐỐC` above
//! `PHÓ GIÁM ĐỐC` means "for the head" even where `KT.` is missing. A head's office alone is the
//! signer's only where nothing unread stands before it or below it.

use sohoa_document::{Field, Rect, Word};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::{
    confidence,
    fields::Authority,
    office::{self, Office, OfficeLine},
    person, recipients,
    rows::{Sheet, Span},
};

/// Rows in which the line below a title is looked for.
const LOOK_AHEAD: usize = 8;

/// Odds factor of a name where another one stands in the block: two people signed.
const ANOTHER: f32 = 0.05;

/// What the signature block says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct SignerRead {
    pub(crate) authority: Option<Field<Authority>>,
    pub(crate) title: Option<Field<String>>,
    pub(crate) name: Option<Field<String>>,
}

/// Reads the signature block of these pages once: the first page that has one beside `Nơi nhận`, else
/// the last page that has any.
pub(crate) fn read(sheets: &[&Sheet<'_>], first_page_body: f32) -> SignerRead {
    let from = |index: usize| if index == 0 { first_page_body } else { 0.0 };
    let beside_list = sheets.iter().enumerate().find_map(|(index, sheet)| {
        let list = recipients::list_row(sheet)?;
        Some((*sheet, list.bbox, (list.bbox.y0 - 0.16 * sheet.height).max(from(index))))
    });
    if let Some((sheet, list, top)) = beside_list {
        let (block, end) =
            (Block::above(sheet, top, list.y1 + 0.16 * sheet.height), list.y1 + 0.3 * sheet.height);
        let mut read = block.map_or_else(
            || {
                let name = person::alone(sheet, list.y1, end);
                SignerRead { name, ..SignerRead::default() }
            },
            |block| read_block(sheet, &block),
        );
        if let Some(name) = read.name.as_mut()
            && person::stands_beside_another(sheet, name, top, end)
        {
            name.probability = confidence::weigh(name.probability, ANOTHER);
        }
        return read;
    }
    let last = sheets.iter().enumerate().rev();
    let found = last.filter_map(|(index, sheet)| {
        Block::above(sheet, from(index), f32::INFINITY).map(|block| (*sheet, block))
    });
    let Some((sheet, block)) = found.into_iter().next() else { return SignerRead::default() };
    let mut read = read_block(sheet, &block);
    // Without the list of recipients the block may be a form's; a form has no name filled in.
    let signed = read.name.as_ref().is_some_and(|name| name.probability > 0.9);
    if let Some(title) = read.title.as_mut() {
        title.probability = confidence::weigh(title.probability, if signed { 0.5 } else { 0.2 });
    }
    if let Some(name) = read.name.as_mut() {
        name.probability = confidence::weigh(name.probability, 0.3);
    }
    read
}

/// Lines of office, the last one's row index.
pub(crate) struct Block<'a> {
    lines: Vec<OfficeLine<'a>>,
    last_row: usize,
}

impl<'a> Block<'a> {
    /// The block whose last line is the lowest office between the heights.
    pub(crate) fn above(sheet: &Sheet<'a>, from: f32, to: f32) -> Option<Self> {
        let at = (0..sheet.rows.len()).rev().find(|index| {
            let row = &sheet.rows[*index];
            row.bbox.y0 >= from && row.bbox.y0 <= to && office::line(sheet, row).is_some()
        })?;
        let mut lines = vec![office::line(sheet, &sheet.rows[at])?];
        for row in sheet.rows[..at].iter().rev().take(8) {
            let Some(below) = lines.last() else { break };
            let height = below.span.type_height().max(1.0);
            let step = below.span.bbox.centre().1 - row.bbox.centre().1;
            if step > 3.2 * height || row.bbox.y0 < from || lines.len() >= 5 {
                break;
            }
            // One line read twice is not two lines.
            if let Some(line) = office::line(sheet, row)
                && below.span.bbox.centre().1 - line.span.bbox.centre().1 > 0.7 * height
            {
                lines.push(line);
            }
        }
        lines.reverse();
        Some(Self { lines, last_row: at })
    }
}

fn read_block(sheet: &Sheet<'_>, block: &Block<'_>) -> SignerRead {
    let Some(last) = block.lines.last() else { return SignerRead::default() };
    if let Some(name) = person::right_below(sheet, block.last_row, last.span.bbox) {
        return two_offices(sheet, last, name);
    }
    let name = person::below(sheet, block.last_row, last.span.bbox);
    let (mut title, implied) = title(sheet, block, last, name.as_ref()).unzip();
    if let (Some(title), Some(name)) = (title.as_mut(), &name)
        && capitals_above(sheet, name.bbox, last.span.bbox.y1)
    {
        title.probability = confidence::weigh(title.probability, 0.03);
    }
    SignerRead { authority: authority(sheet, block).or(implied.flatten()), title, name }
}

/// The innermost authority as printed. Below any but `KT.` another may follow (`TM.` the committee,
/// `KT.` its head): it is the innermost only where the next line was read whole.
fn authority(sheet: &Sheet<'_>, block: &Block<'_>) -> Option<Field<Authority>> {
    let (at, line, value) = block
        .lines
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, line)| Some((at, line, line.authority?)))?;
    let below = block.lines.get(at + 1);
    let deputy = block.lines.last().is_some_and(|last| last.office.head.is_some());
    let open = match (value, below) {
        (Authority::Kt | Authority::Q, _) => 1.0,
        // A deputy signs for his head: the line that says so is lost.
        (Authority::Tm | Authority::Tl, _) if deputy => 0.03,
        (_, None) => 0.1,
        (_, Some(below)) => unfinished(sheet, block) * if below.cut { 0.03 } else { 1.0 },
    };
    Some(field(sheet, value, confidence::weigh(certainty(line), open), line.span.bbox))
}

/// A head of a board signs under his office there and above his own: `PHÓ TRƯỞNG BAN`, signature,
/// `GIÁM ĐỐC SỞ …`, name. The title is both.
fn two_offices(sheet: &Sheet<'_>, own: &OfficeLine<'_>, name: Field<String>) -> SignerRead {
    let (y, height) = (own.span.bbox.y0, own.span.type_height().max(1.0));
    let board = Block::above(sheet, y - 0.2 * sheet.height, y - 3.0 * height);
    let Some(board) = board.as_ref().and_then(|block| block.lines.last()) else {
        return SignerRead { name: Some(name), ..SignerRead::default() };
    };
    let sure = |line: &OfficeLine<'_>| if line.cut { 0.5 } else { spelled(line) };
    let title = format!("{} - {}", board.office.title, own.office.title);
    let bbox = board.span.bbox.union(&own.span.bbox);
    let p = if board.office.body { 0.0 } else { sure(board) * sure(own) };
    SignerRead { authority: None, title: Some(field(sheet, title, p, bbox)), name: Some(name) }
}

/// Whether a line of capitals stands right above the name, apart from the title: a second office.
fn capitals_above(sheet: &Sheet<'_>, name: Rect, below: f32) -> bool {
    let height = name.height().max(1.0);
    let near = |row: &&Span<'_>| {
        let up = name.centre().1 - row.bbox.centre().1;
        row.bbox.y0 > below && up > 0.5 * height && up < 2.5 * height
    };
    sheet.rows.iter().filter(near).any(|row| {
        let part = row.between(name.x0 - 3.0 * height, name.x1 + 3.0 * height);
        part.is_some_and(|part| {
            part.words.len() >= 3 && part.capitals() > 0.7 && part.confidence() > 0.6
        })
    })
}

/// The signer's own office, with the authority that follows from it.
fn title(
    sheet: &Sheet<'_>,
    block: &Block<'_>,
    last: &OfficeLine<'_>,
    name: Option<&Field<String>>,
) -> Option<(Field<String>, Option<Field<Authority>>)> {
    let for_another = |a: Authority| matches!(a, Authority::Kt | Authority::Tl | Authority::Tuq);
    if last.office.body || last.authority.is_some_and(for_another) {
        return None;
    }
    let authority = block.lines.iter().rev().find_map(|line| line.authority);
    let above = block.lines.iter().rev().nth(1).map(|line| &line.office);
    let p = spelled(last);
    let box_of = last.span.bbox;
    if let (Some(head), Some(above)) = (last.office.head, above)
        && above.base == head
    {
        // Head and deputy witness for each other.
        let p = confidence::weigh(p, 3.0 * unfinished(sheet, block));
        let implied = field(sheet, Authority::Kt, 0.99 * p, box_of);
        return Some((field(sheet, last.office.title.clone(), p, box_of), Some(implied)));
    }
    if last.office.head.is_some() {
        let p = confidence::weigh(p, unfinished(sheet, block));
        return Some((field(sheet, last.office.title.clone(), p, box_of), None));
    }
    if let Some(deputy) = deputy_below(&last.office, above) {
        let p = confidence::weigh(p, 0.7 * unfinished(sheet, block));
        let implied = field(sheet, Authority::Kt, 0.99 * p, box_of);
        return Some((field(sheet, deputy, p, box_of), Some(implied)));
    }
    // With KT. the office of the signer stands below the head's; the head's alone is not his.
    if authority == Some(Authority::Kt) {
        return None;
    }
    // A deputy's line is often lost under the seal, and then the head's office stands alone.
    let alone = match (authority, name) {
        (Some(_), _) => 1.0,
        (None, Some(_)) => 0.7,
        (None, None) => 0.4,
    };
    let covered = if last.cut { 0.03 } else { 1.0 };
    let p = confidence::weigh(p, alone * covered * unfinished(sheet, block));
    Some((field(sheet, last.office.title.clone(), p, box_of), None))
}

/// The same office twice: the head's, and below it the deputy's that lost its `PHÓ`.
fn deputy_below(last: &Office, above: Option<&Office>) -> Option<String> {
    let same = above.is_some_and(|above| {
        above.base == last.base && (last.rest.is_empty() || above.rest == last.rest)
    });
    let deputy = office::deputy_of(last.base).filter(|_| same)?;
    Some(format!("{} {}", deputy.to_uppercase(), last.rest).trim().to_owned())
}

/// Probability that the line's words are right; an office spelled whole proves itself.
fn certainty(line: &OfficeLine<'_>) -> f32 {
    let p = confidence::word(line.span.confidence());
    let weakest = line.span.words.iter().map(|word| word.confidence).fold(1.0, f32::min);
    if line.office.cost == 0 && weakest > 0.5 { p.max(0.96) } else { p }
}

/// That of its office, with the edits it took.
fn spelled(line: &OfficeLine<'_>) -> f32 {
    confidence::weigh(certainty(line), [1.0, 0.3, 0.05, 0.02][line.office.cost.min(3)])
}

/// Odds factor for what stands where the next line would: a further line of capitals belongs to the
/// title, and one that was half read may. The letters on a seal are smaller.
fn unfinished(sheet: &Sheet<'_>, block: &Block<'_>) -> f32 {
    let Some(last) = block.lines.last() else { return 1.0 };
    let title = last.span.bbox;
    // Strokes of a pen make boxes taller than their type.
    let usual = sheet.type_height().max(1.0);
    let type_of = |height: f32| if height > 1.4 * usual { usual } else { height.max(1.0) };
    let height = type_of(last.span.type_height());
    let tallest = last.span.words.iter().map(|word| word.bbox.height()).fold(height, f32::max);
    let tall = type_of(tallest);
    let column = (title.x0 - 3.0 * height, title.x1 + 3.0 * height);
    let typed = |word: &&&Word| {
        let marked = word.text.nfd().any(is_combining_mark);
        let least = if marked { 0.85 } else { 0.7 };
        word.text.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && word.confidence > 0.3
            && (least * tall..2.2 * tall).contains(&word.bbox.height())
    };
    let rows = sheet.rows.iter().skip(block.last_row + 1).take(LOOK_AHEAD);
    let inside = rows.filter_map(|row| row.between(column.0, column.1));
    let words =
        inside.flat_map(|span| span.words.iter().filter(typed).copied().collect::<Vec<_>>());
    let next = words.filter(|word| {
        let step = (word.bbox.centre().1 - title.centre().1) / height;
        (0.7..2.1).contains(&step)
    });
    let capitals = Span::of(next.collect()).is_some_and(|span| span.capitals() > 0.7);
    if capitals { 0.05 } else { 1.0 }
}

fn field<T>(sheet: &Sheet<'_>, value: T, probability: f32, bbox: Rect) -> Field<T> {
    Field { value, probability, page: sheet.page, bbox }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Paper, context, extract, signed_by as read};

    const NAME: &str = "Trần Văn Mẫu";

    #[test]
    fn head_and_deputy_need_no_authority_to_be_read() {
        let named = |paper: Paper| read(paper.line(360.0, 690.0, NAME));
        let whole = (Some(Authority::Kt), Some("PHÓ GIÁM ĐỐC".into()), Some(NAME.into()));
        assert_eq!(named(Paper::signed(&["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"])), whole);
        assert_eq!(named(Paper::signed(&["GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"])), whole);
        assert_eq!(named(Paper::signed(&["t( GIÁM ĐỐC", "GIÁM ĐỐC"])), whole);
    }

    #[test]
    fn one_line_read_twice_is_one_line() {
        let paper =
            Paper::signed(&["GIÁM ĐỐC"]).line(392.0, 603.0, "GIÁM ĐỐC").line(360.0, 690.0, NAME);
        assert_ne!(read(paper).1.as_deref(), Some("PHÓ GIÁM ĐỐC"));
    }

    #[test]
    fn a_head_alone_passes_only_where_nothing_is_lost() {
        assert_eq!(read(Paper::signed(&["GIÁM ĐỐC"])).1.as_deref(), Some("GIÁM ĐỐC"));
        assert_eq!(read(Paper::signed(&["KT. GIÁM ĐỐC"])).1, None);
        assert_eq!(read(Paper::signed(&["t( GIÁM ĐỐC"])).1, None);
        assert_eq!(read(Paper::signed(&["GIÁM ĐỐC", "XÁM ĐỐC"])).1, None);
    }

    #[test]
    fn a_body_is_no_office_and_its_authority_waits_for_the_next_line() {
        assert_eq!(read(Paper::signed(&["TM. ỦY BAN NHÂN DÂN"])), (None, None, None));
        let chair = read(Paper::signed(&["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"]));
        assert_eq!(chair, (Some(Authority::Tm), Some("CHỦ TỊCH".into()), None));
        let deputy = read(Paper::signed(&["TM. ỦY BAN NHÂN DÂN", "PHÓ CHỦ TỊCH"]));
        assert_eq!(deputy, (None, Some("PHÓ CHỦ TỊCH".into()), None));
    }

    #[test]
    fn an_office_above_and_one_below_the_signature_are_one_title() {
        let paper = Paper::signed(&["PHÓ TRƯỞNG BAN"])
            .line(350.0, 680.0, "GIÁM ĐỐC SỞ NỘI VỤ")
            .line(370.0, 696.0, NAME);
        let (_, title, name) = read(paper);
        assert_eq!(title.as_deref(), Some("PHÓ TRƯỞNG BAN - GIÁM ĐỐC SỞ NỘI VỤ"));
        assert_eq!(name.as_deref(), Some(NAME));
        let half = Paper::signed(&["TRƯỞNG BAN"])
            .line(350.0, 680.0, "TÁM ĐÓC SỞ NỘI VỤ")
            .line(370.0, 696.0, NAME);
        assert_eq!(read(half).1, None);
    }

    #[test]
    fn a_name_beside_the_list_needs_no_office() {
        assert_eq!(read(Paper::signed(&[]).line(380.0, 690.0, NAME)).2.as_deref(), Some(NAME));
        assert_eq!(read(Paper::signed(&[]).line(380.0, 690.0, "Văn Mẫu")).2, None);
    }

    #[test]
    fn another_letterhead_ends_the_main_part() {
        let first = Paper::decision();
        let form = Paper::letterhead("UBND XÃ MẪU", "Số:      /GM-UBND", "Mẫu, ngày ... tháng ...")
            .line(90.0, 600.0, "Nơi nhận:")
            .line(380.0, 600.0, "CHỦ TỊCH")
            .line(360.0, 690.0, NAME);
        let fields = extract(&[first, form], context()).segments.remove(0).fields;
        assert_eq!((fields.signer_title, fields.signer_name), (None, None));
    }
}
