//! A refusal as a line of the list, and which lines are wanted.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sohoa_publish::keys;
use sohoa_schemas::Code;
use uuid::Uuid;

use super::Body;

/// A refusal.
#[derive(Debug, Serialize)]
pub(crate) struct Letter {
    /// Key of the entry.
    pub(crate) key: String,
    /// The code; none of a damaged entry.
    pub(crate) code: Option<Code>,
    /// The stage that refused.
    pub(crate) stage: String,
    /// The partner that sent it, where a manifest says so.
    pub(crate) partner: Option<String>,
    /// The backfill or upload it belongs to.
    pub(crate) submission: Option<String>,
    /// When.
    pub(crate) at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub(crate) attempts: i32,
    /// Where the bytes are.
    pub(crate) sources: Vec<String>,
    /// What was wrong and what to do.
    pub(crate) sentence: String,
    /// Whether the document was published since.
    pub(crate) resolved: bool,
    /// The entry itself.
    #[serde(skip)]
    pub(crate) body: Body,
}

impl Letter {
    /// The line of an entry.
    pub(crate) fn new(key: String, body: Body) -> Self {
        let mut letter = Self {
            key,
            code: None,
            stage: String::new(),
            partner: None,
            submission: None,
            at: None,
            attempts: 1,
            sources: Vec::new(),
            sentence: String::new(),
            resolved: false,
            body: Body::Damaged(String::new()),
        };
        match &body {
            Body::Document(entry) => {
                letter.code = Some(entry.code);
                letter.stage.clone_from(&entry.stage);
                letter.at = Some(entry.quarantined_at);
                letter.attempts = entry.attempts;
                letter.sources.clone_from(&entry.sources);
                letter.sentence.clone_from(&entry.sentence);
                letter.partner.clone_from(&entry.partner);
                letter.submission.clone_from(&entry.submission);
                // Entries of earlier versions say it by their message alone.
                if let Some(message) = &entry.message {
                    let manifest = message.dossier.manifest.as_ref();
                    let partner = manifest.map(|manifest| &manifest.partner.id);
                    letter.partner = letter.partner.or_else(|| partner.cloned());
                    letter.submission = letter.submission.or_else(|| message.submission.clone());
                }
            }
            Body::Message(entry) => {
                letter.code = Some(entry.code);
                letter.stage = "message".into();
                letter.at = Some(entry.quarantined_at);
                letter.sentence.clone_from(&entry.sentence);
            }
            Body::Damaged(why) => letter.sentence = format!("The entry is damaged: {why}"),
        }
        letter.body = body;
        letter
    }
}

/// Which refusals are wanted; what is not given takes all.
#[derive(Debug, Default)]
pub(crate) struct Select {
    /// Codes, or beginnings of codes: `F` takes every fault of a file.
    pub(crate) codes: Vec<String>,
    /// The stage.
    pub(crate) stage: Option<String>,
    /// The partner.
    pub(crate) partner: Option<String>,
    /// The submission.
    pub(crate) submission: Option<String>,
    /// Not before.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Before.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Those of documents that were published since, too.
    pub(crate) resolved: bool,
    /// Of these keys or source uids alone.
    pub(crate) ids: Vec<String>,
}

impl Select {
    /// Whether a refusal is wanted, but for whether it is resolved.
    pub(crate) fn takes(&self, letter: &Letter) -> bool {
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let code = letter.code.map_or("", Code::as_str);
        (self.codes.is_empty() || self.codes.iter().any(|wanted| code.starts_with(wanted.as_str())))
            && is(&self.stage, Some(&letter.stage))
            && is(&self.partner, letter.partner.as_deref())
            && is(&self.submission, letter.submission.as_deref())
            && self.since.is_none_or(|since| letter.at.is_some_and(|at| at >= since))
            && self.until.is_none_or(|until| letter.at.is_some_and(|at| at < until))
    }

    /// Whether a wanted refusal is shown: one that was named, whatever became of it.
    pub(super) fn shows(&self, letter: &Letter) -> bool {
        self.resolved || !self.ids.is_empty() || !letter.resolved
    }

    /// The keys of those it names.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> + '_ {
        let key = |id: &String| match id.parse::<Uuid>() {
            Ok(source) => keys::quarantine(source),
            Err(_) => id.clone(),
        };
        self.ids.iter().filter(|id| is_id(id)).map(key)
    }
}

/// Whether it can name a refusal: a source's uid, or a key where refusals lie.
fn is_id(id: &str) -> bool {
    id.parse::<Uuid>().is_ok() || id.starts_with(&format!("{}/", keys::QUARANTINE))
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::{message::MessagePosition, record::BrokenMessage};

    use super::*;

    fn letter() -> Letter {
        let entry = BrokenMessage {
            schema_version: 1,
            code: Code::X02BrokenMessage,
            sentence: "No.".into(),
            position: MessagePosition { topic: "a.live.v1".into(), partition: 2, offset: 7 },
            key_base64: None,
            headers: Vec::new(),
            payload_base64: String::new(),
            quarantined_at: "2026-11-20T08:00:00Z".parse().unwrap(),
            replayed_at: None,
        };
        let key = "quarantine/messages/a.live.v1/2-7.json".to_owned();
        Letter::new(key, Body::Message(Box::new(entry)))
    }

    #[test]
    fn a_named_refusal_is_fetched_by_its_key() {
        let uid = Uuid::from_u128(0xab << 120);
        let other = "quarantine/messages/a.live.v1/2-7.json".to_owned();
        let ids = vec![uid.to_string(), other.clone(), "documents/x".to_owned()];
        let select = Select { ids, ..Select::default() };
        let keys: Vec<String> = select.keys().collect();
        assert_eq!(keys, [format!("quarantine/ab/{uid}.json"), other]);
    }

    #[test]
    fn every_given_filter_has_to_fit() {
        let letter = letter();
        assert!(Select::default().takes(&letter));
        let by = |change: fn(&mut Select)| {
            let mut select = Select::default();
            change(&mut select);
            select.takes(&letter)
        };
        assert!(by(|select| select.codes = vec!["F".into(), "X02".into()]));
        assert!(!by(|select| select.codes = vec!["F".into()]));
        assert!(!by(|select| select.partner = Some("vnpost".into())));
        assert!(by(|select| select.since = "2026-11-20T08:00:00Z".parse().ok()));
        assert!(!by(|select| select.until = "2026-11-20T08:00:00Z".parse().ok()));
    }
}
