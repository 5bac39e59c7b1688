//! What the file says of itself, once as `Info` and once as XMP.

use chrono::{DateTime, Datelike, FixedOffset, Offset, Timelike};
use pdf_writer::{Chunk, Date, Ref, TextStr};
use ring::digest;

/// The longest text kept; PDF/A bounds a string at 32,767 bytes, two a character.
const MAX_CHARS: usize = 4_000;

/// Title, origin and dates of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// What a reader's window shows, e.g. `Quyết định 123/QĐ-UBND`.
    pub title: String,
    /// The agency that issued the paper.
    pub author: Option<String>,
    /// The paper's own summary (trích yếu).
    pub subject: Option<String>,
    /// When the paper was made into this file.
    pub created: DateTime<FixedOffset>,
    /// The program that ordered the file.
    pub creator: String,
    /// The program that wrote the file, with its version.
    pub producer: String,
    /// The document's own uid, a UUID in lower case.
    pub identifier: String,
    /// Language of the text, e.g. `vi-VN`.
    pub language: String,
}

impl Description {
    /// The same with every text fit for XML and PDF, so that both say one thing.
    pub(crate) fn cleaned(&self) -> Self {
        Self {
            title: clean(&self.title),
            author: self.author.as_deref().map(clean).filter(|text| !text.is_empty()),
            subject: self.subject.as_deref().map(clean).filter(|text| !text.is_empty()),
            created: self.created,
            creator: clean(&self.creator),
            producer: clean(&self.producer),
            identifier: clean(&self.identifier),
            language: clean(&self.language),
        }
    }

    /// The `Info` dictionary.
    pub(crate) fn write_info(&self, chunk: &mut Chunk, id: Ref) {
        let mut info = chunk.indirect(id).start::<pdf_writer::writers::DocumentInfo<'_>>();
        info.title(TextStr(&self.title));
        if let Some(author) = &self.author {
            info.author(TextStr(author));
        }
        if let Some(subject) = &self.subject {
            info.subject(TextStr(subject));
        }
        info.creator(TextStr(&self.creator)).producer(TextStr(&self.producer));
        info.creation_date(pdf_date(&self.created)).modified_date(pdf_date(&self.created));
    }

    /// The part of the file identifier that stays the same through later revisions.
    pub(crate) fn permanent_id(&self) -> [u8; 16] {
        let digest = digest::digest(&digest::SHA256, self.identifier.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&digest.as_ref()[..16]);
        id
    }
}

fn clean(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept = spaced.filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    kept.take(MAX_CHARS).collect::<String>().trim().to_owned()
}

fn pdf_date(time: &DateTime<FixedOffset>) -> Date {
    let offset = time.offset().fix().local_minus_utc();
    Date::new(time.year().clamp(0, 9999) as u16)
        .month(time.month() as u8)
        .day(time.day() as u8)
        .hour(time.hour() as u8)
        .minute(time.minute() as u8)
        .second(time.second() as u8)
        .utc_offset_hour((offset / 3600) as i8)
        .utc_offset_minute((offset.abs() / 60 % 60) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_fit_for_both_tellings() {
        assert_eq!(clean(" Quyết\tđịnh\n\u{1}số 1\u{ffff} "), "Quyết định số 1");
        assert_eq!(clean(&"ộ".repeat(9_000)).chars().count(), MAX_CHARS);
    }

    #[test]
    fn info_tells_the_time_with_its_zone() {
        let description = Description {
            title: "T".into(),
            author: None,
            subject: None,
            created: "2026-11-04T08:05:09+07:00".parse().unwrap(),
            creator: "sohoa".into(),
            producer: "sohoa".into(),
            identifier: "x".into(),
            language: "vi-VN".into(),
        };
        let mut chunk = Chunk::new();
        description.write_info(&mut chunk, Ref::new(1));
        let text = String::from_utf8_lossy(chunk.as_bytes()).into_owned();
        assert!(text.contains("(D:20261104080509+07'00)"), "{text}");
    }
}
