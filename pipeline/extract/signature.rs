//! The signature block by all its readings.
//!
//! Pen, seal and stamped print lie over each other there, and each way to prepare it shows other
//! parts. Owns which pages belong to the paper, whether its block is worth another reading, and what
//! the readings say together; each by itself is read by [`signer`].

use sohoa_document::{Field, Rect};

use crate::{
    copy, office, recipients,
    rows::Sheet,
    signer::{self, Block, SignerRead},
    witness::{self, Seen},
    zones::Head,
};

/// Probability from which on a block is not read again: the usual accept line.
const SURE: f32 = 0.9;

/// The block beside the list of recipients: from above its first row to below it, in shares of the
/// page's height, and the right column, in shares of its width.
const ABOVE: f32 = 0.04;
const BELOW: f32 = 0.27;
const LEFT: f32 = 0.42;
const RIGHT: f32 = 0.98;

/// Reads the signature block of the main part: the first page that has one beside `Nơi nhận`,
/// else the last page that has any. Annexes carry blocks of their own.
///
/// Where a page's block was read again, each reading is read for itself, and what they say is joined.
pub(crate) fn read(sheets: &[Sheet<'_>], first_page_body: f32) -> SignerRead {
    let own: Vec<Sheet<'_>> = uncopied(main_part(sheets));
    let sheets: Vec<&Sheet<'_>> = own.iter().collect();
    let again = sheets.iter().map(|sheet| sheet.signed.len()).max().unwrap_or(0);
    let first = signer::read(&sheets, first_page_body);
    let others = (0..again).map(|at| {
        let sheets: Vec<&Sheet<'_>> =
            sheets.iter().map(|sheet| sheet.signed.get(at).unwrap_or(sheet)).collect();
        signer::read(&sheets, first_page_body)
    });
    // A page that was read less often than another stands in again as it is, and says nothing more.
    let others: Vec<SignerRead> =
        others.filter(|read| *read != first).map(without_lone_head).collect();
    joined(std::iter::once(first).chain(others).collect())
}

/// Place of the block beside the list of recipients, where name and office are not both sure; once it
/// was read again, where the name is not.
pub(crate) fn unsettled(sheet: &Sheet<'_>) -> Option<Rect> {
    let own = uncopied(std::slice::from_ref(sheet));
    let list = recipients::list_row(own.first()?)?.bbox;
    let read = read(std::slice::from_ref(sheet), 0.0);
    let sure = |field: Option<&Field<String>>| field.is_some_and(|f| f.probability >= SURE);
    if sure(read.name.as_ref()) && (!sheet.signed.is_empty() || sure(read.title.as_ref())) {
        return None;
    }
    let (width, height) = (sheet.width, sheet.height);
    let top = (list.y0 - ABOVE * height).max(0.0);
    let bottom = (list.y0 + BELOW * height).min(height);
    (top < bottom).then(|| Rect::new(LEFT * width, top, RIGHT * width, bottom))
}

/// A second reading without the office of a head that stands alone: the pen that wrote `KT.` or `TL.`
/// before it is not in these, and the line of the deputy may be lost under the seal.
fn without_lone_head(mut read: SignerRead) -> SignerRead {
    let deputy =
        |title: &str| office::parse(title).is_some_and(|(_, office)| office.head.is_some());
    let for_another = read.authority.is_some();
    read.title = read.title.filter(|title| for_another || deputy(&title.value));
    read
}

/// What the readings say together: a value that several have is surer, one against which another
/// stands is doubtful. That a reading has none says nothing: strokes hide print in one preparation
/// and not in the other.
fn joined(mut readings: Vec<SignerRead>) -> SignerRead {
    if readings.len() < 2 {
        return readings.pop().unwrap_or_default();
    }
    SignerRead {
        authority: agreed(readings.iter_mut().filter_map(|read| read.authority.take())),
        title: agreed(readings.iter_mut().filter_map(|read| read.title.take())),
        name: agreed(readings.iter_mut().filter_map(|read| read.name.take())),
    }
}

fn agreed<T: PartialEq + Clone>(fields: impl Iterator<Item = Field<T>>) -> Option<Field<T>> {
    let fields: Vec<Field<T>> = fields.collect();
    let seen = |field: &Field<T>| Seen::new(true, Some((field.value.clone(), field.probability)));
    let (value, probability) = witness::join(&fields.iter().map(seen).collect::<Vec<_>>())?;
    let field = fields.into_iter().find(|field| field.value == value)?;
    Some(Field { probability, ..field })
}

/// The pages before the next letterhead: what follows is another agency's paper, or a form.
fn main_part<'s, 'a>(sheets: &'s [Sheet<'a>]) -> &'s [Sheet<'a>] {
    let headed = |sheet: &Sheet<'_>| {
        let head = Head::find(sheet);
        head.national.is_some() || head.motto.is_some()
    };
    let end = sheets.iter().skip(1).position(headed).map_or(sheets.len(), |at| at + 1);
    &sheets[..end]
}

/// The paper without a copy's form or an approval below its signature block, and without what follows
/// that. Where nothing was signed yet, such words are a heading or a stamp.
fn uncopied<'a>(sheets: &[Sheet<'a>]) -> Vec<Sheet<'a>> {
    let mut own = Vec::with_capacity(sheets.len());
    let mut signed = false;
    for (at, sheet) in sheets.iter().enumerate() {
        let form = copy::begins(sheet, at == 0);
        let above = sheet.above(form.unwrap_or(f32::INFINITY));
        signed |= recipients::list_row(&above).is_some()
            || Block::above(&above, 0.0, f32::INFINITY).is_some();
        match form {
            Some(_) if signed => {
                own.push(above);
                break;
            }
            Some(_) => own.push(sheet.above(f32::INFINITY)),
            None => own.push(above),
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fields::Authority,
        testing::{Paper, signed_by as read},
    };

    const NAME: &str = "Trần Văn Mẫu";

    #[test]
    fn what_one_reading_lost_under_ink_another_gives_back() {
        let lost =
            || Paper::signed(&["GIÁM ĐỐC"]).line(380.0, 620.0, "xHCw").line(375.0, 690.0, "Văn");
        assert_eq!(read(lost()).2, None);
        let office = [(380.0, 600.0, "KT. GIÁM ĐỐC"), (374.0, 616.0, "PHÓ GIÁM ĐỐC")];
        let named = [office[0], office[1], (360.0, 690.0, NAME)];
        let (authority, _, name) = read(lost().signature_again(&named));
        assert_eq!((authority, name.as_deref()), (Some(Authority::Kt), Some(NAME)));
        let twice = lost().signature_again(&named).signature_again(&office);
        assert_eq!(read(twice).2.as_deref(), Some(NAME), "a reading without a name says nothing");
    }

    #[test]
    fn readings_of_different_names_leave_none() {
        let named = |name| [(380.0, 600.0, "GIÁM ĐỐC"), (360.0, 690.0, name)];
        let paper = || Paper::signed(&["GIÁM ĐỐC"]).signature_again(&named(NAME));
        assert_eq!(read(paper()).2.as_deref(), Some(NAME));
        assert_eq!(read(paper().signature_again(&named("Trần Văn Mấu"))).2, None);
        assert_eq!(
            read(
                Paper::signed(&["GIÁM ĐỐC"])
                    .line(360.0, 690.0, "Trần Văn Máu")
                    .signature_again(&named(NAME))
            )
            .2,
            None
        );
    }

    #[test]
    fn only_a_block_in_doubt_beside_the_list_is_read_again() {
        let place = |paper: Paper| unsettled(&Sheet::new(1, &paper.text()));
        let clear = Paper::signed(&["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"]).line(360.0, 690.0, NAME);
        assert_eq!(place(clear), None);
        assert_eq!(place(Paper::decision()), None);
        let doubtful = place(Paper::signed(&["GIÁM ĐỐC"])).unwrap();
        assert!(doubtful.holds((400.0, 600.0)) && doubtful.holds((400.0, 760.0)));
        assert!(!doubtful.holds((90.0, 600.0)));
    }
}
