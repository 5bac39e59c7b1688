//! The events that objects tell: who decided, when, by which key, in which version.
//!
//! Record, refusal and held state are the truth; events are read off them by whoever brings their
//! rows to the index, so that no step of the pipeline can forget one, and a rebuild finds them again.
//! Each has its identity from what it tells: told once more, it is the same.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sohoa_schemas::{
    code::Code,
    events::{Action, EventRow},
    record::{Prepared, Quarantine, Record, Released, Rows},
    rows::{DocumentRow, IntakeRow, SignatureRow},
};
use uuid::Uuid;

use crate::publication::{Making, making};

/// The rows of a record with its events.
pub fn record_rows(record: Record) -> Rows {
    let events = of_record(&record);
    with(record.rows, events)
}

/// The rows of a refusal with its events, and those of the refusals it replaced.
pub fn refusal_rows(entry: Quarantine) -> Rows {
    let came = Came {
        partner: partner_of(&entry),
        channel: entry.channel.as_deref(),
        code: code_of(&entry),
    };
    let mut events = receipts(&entry.rows.intake, came);
    events.push(of_refusal(&entry));
    with(entry.rows, events)
}

/// A refusal and those that it replaced, as events.
pub fn refusals(entry: &Quarantine) -> Vec<EventRow> {
    entry.rows.events.iter().cloned().chain([of_refusal(entry)]).collect()
}

/// The rows of a held document: its receipts alone, since it is not in the record yet, and its
/// events.
pub fn held_rows(held: Prepared) -> Rows {
    let Prepared { record, composed_at, waiting_for, .. } = held;
    let base = Base::of(&record);
    let mut events = receipts(&record.rows.intake, base.came());
    let name = format!("{} {waiting_for}", record.version);
    let details = json!({ "waiting_for": waiting_for });
    events.push(base.event(Action::Held, composed_at.to_utc(), &name).with(details));
    events.extend(record.released.as_ref().map(|released| base.released(released)));
    let rows = Rows { intake: record.rows.intake, ..Rows::default() };
    with(rows, events)
}

/// Receipts of bytes that have their answer already, with their events.
pub fn receipt_rows(rows: Rows) -> Rows {
    let events = receipts(&rows.intake, Came::default());
    with(rows, events)
}

fn with(mut rows: Rows, events: Vec<EventRow>) -> Rows {
    rows.events.extend(events);
    rows
}

/// Role of a time-stamp over the whole file, which is no use of the agency's key.
const STAMP: &str = "timestamp_doc";

/// The signatures and stamps that were made here, of these roles.
fn own(rows: &Rows, role: impl Fn(&str) -> bool) -> impl Iterator<Item = &SignatureRow> {
    rows.signatures.iter().filter(move |row| row.made_by_sohoa && role(&row.role))
}

/// Everything a record tells: its files came in, a clerk let it be signed, a key signed it, something
/// was added to that, it was published, and what persons set by hand in this version. What an earlier
/// version told too is known by its identity, and stands in the trail once.
pub fn of_record(record: &Record) -> Vec<EventRow> {
    let rows = &record.rows;
    let base = Base::of(record);
    let mut events = receipts(&rows.intake, base.came());
    events.extend(record.released.as_ref().map(|released| base.released(released)));
    events.extend(own(rows, |role| role != STAMP).map(|signature| base.signed(signature)));
    events.extend((making(record) == Making::Raised).then(|| base.raised()));
    events.extend(base.amended());
    events.push(base.published());
    events
}

/// The refusal itself: by a stage, or by the agency's clerk.
pub fn of_refusal(entry: &Quarantine) -> EventRow {
    let at = entry.quarantined_at;
    let action = if entry.refused_by.is_some() { Action::ReleaseRefused } else { Action::Refused };
    let subject = ("source", entry.source_uid);
    let name = at.timestamp_micros().to_string();
    let event = EventRow::new(action, subject, (entry.province.as_str(), at), &name);
    let reason = entry.rows.findings.iter().find(|finding| finding.code == entry.code);
    let mut event = EventRow {
        ingest_month: entry.ingest_month.clone(),
        stage: entry.stage.clone(),
        dossier_uid: Some(entry.dossier_uid),
        dossier_code: code_of(entry).map(str::to_owned),
        attempt: Some(entry.attempts),
        outcome: "refused".into(),
        error_code: Some(entry.code.to_string()),
        trace_id: entry.position.as_ref().map(|position| {
            format!("{}/{}/{}", position.topic, position.partition, position.offset)
        }),
        ..event
    };
    if let Some(Released { by, reference, .. }) = &entry.refused_by {
        let reason = reason.and_then(|finding| finding.observed.clone());
        event = person(event, by).with(json!({ "reference": reference, "reason": reason }));
    } else if let Some(partner) = partner_of(entry) {
        event = event.with(json!({ "partner": partner }));
    }
    event
}

/// Who sent it; of a secret paper nothing is told, and entries from before that was kept by itself have
/// it in their message.
fn partner_of(entry: &Quarantine) -> Option<&str> {
    let in_message = || Some(&entry.message.as_ref()?.dossier.manifest.as_ref()?.partner.id);
    let partner = entry.partner.as_ref().or_else(in_message)?;
    (entry.code != Code::S01SecretPaper).then_some(partner.as_str())
}

/// The code of the dossier, as its manifest says; of a secret paper's nothing is told.
fn code_of(entry: &Quarantine) -> Option<&str> {
    let manifest = entry.message.as_ref()?.dossier.manifest.as_ref()?;
    manifest.dossier.dossier_code.as_deref().filter(|_| entry.code != Code::S01SecretPaper)
}

/// What is known of how files came in.
#[derive(Debug, Clone, Copy, Default)]
struct Came<'a> {
    /// Whose they are, where a manifest says so.
    partner: Option<&'a str>,
    /// `postal`, `counter` or `bulk`; a file that is held or refused has no document that would say it.
    channel: Option<&'a str>,
    /// Code of the dossier, where it has one.
    code: Option<&'a str>,
}

/// The files that came in.
fn receipts(intake: &[IntakeRow], Came { partner, channel, code }: Came<'_>) -> Vec<EventRow> {
    let received = |row: &IntakeRow| {
        let subject = ("file", row.intake_uid);
        let name = row.source_uid.to_string();
        let at = (&*row.province, row.received_at);
        let event = EventRow {
            ingest_month: row.ingest_month.clone(),
            source_uid: row.source_uid,
            dossier_uid: Some(row.dossier_uid),
            dossier_code: code.map(str::to_owned),
            actor_kind: if partner.is_some() { "partner" } else { "service" }.into(),
            actor_ref: partner.map(str::to_owned),
            outcome: if row.duplicate_of.is_some() { "duplicate" } else { "ok" }.into(),
            ..EventRow::new(Action::Received, subject, at, &name)
        };
        let mut details = json!({ "sha256": row.sha256, "bytes": row.size, "pages": row.pages });
        if let Some(channel) = channel {
            details["channel"] = channel.into();
        }
        event.with(details)
    };
    intake.iter().map(received).collect()
}

fn person(event: EventRow, who: &str) -> EventRow {
    EventRow { actor_kind: "person".into(), actor_ref: Some(who.to_owned()), ..event }
}

/// What the events of a record share.
#[derive(Clone, Copy)]
struct Base<'a> {
    record: &'a Record,
    first: Option<&'a DocumentRow>,
}

impl<'a> Base<'a> {
    fn of(record: &'a Record) -> Self {
        Self { record, first: record.rows.documents.first() }
    }

    fn code(self) -> Option<&'a str> {
        self.first?.dossier_code.as_deref()
    }

    fn came(self) -> Came<'a> {
        Came {
            partner: self.record.rows.documents.iter().find_map(|row| row.partner_id.as_deref()),
            channel: self.first.map(|row| row.intake_channel.as_str()),
            code: self.code(),
        }
    }

    fn event(self, action: Action, at: chrono::DateTime<chrono::Utc>, name: &str) -> EventRow {
        let Record { source_uid, province, version, .. } = self.record;
        EventRow {
            ingest_month: self.record.ingest_month.clone(),
            version: Some(*version),
            dossier_uid: Some(self.record.dossier_uid),
            dossier_code: self.code().map(str::to_owned),
            agency_code: self.first.and_then(|row| row.custodian_agency_code.clone()),
            trace_id: self.first.and_then(|row| row.batch_id.clone()),
            ..EventRow::new(action, ("source", *source_uid), (province.as_str(), at), name)
        }
    }

    /// Later versions repeat what was said of an earlier one: its moment tells that it is the same.
    fn released(self, released: &Released) -> EventRow {
        let name = released.at.timestamp_micros().to_string();
        let event = self.event(Action::Released, released.at, &name);
        person(event, &released.by).with(json!({ "reference": released.reference }))
    }

    /// A signature is made once, and stands in every version after that.
    fn signed(self, signature: &SignatureRow) -> EventRow {
        let converted = self.first.and_then(|row| row.converted_at);
        let at = signature.timestamp_time.or(signature.signing_time_claimed).or(converted);
        let at = at.unwrap_or(self.record.published_at);
        // Not by the file's hash: what is added to a file later is no further use of the key.
        let name = format!("{} {}", signature.field_name, at.timestamp_micros());
        let event = self.event(Action::Signed, at, &name);
        let details = json!({
            "field": signature.field_name,
            "sha256": signature.sha256_object,
            "cert_sha256": signature.cert_sha256,
            "serial": signature.serial_hex,
            "subject": signature.subject_cn,
            "algorithm": signature.sig_alg,
            "level": signature.pades_level,
            "trust": signature.trust_domain,
            "release_mode": self.first.and_then(|row| row.release_mode.clone()),
            "release_ref": self.first.and_then(|row| row.release_ref.clone()),
        });
        EventRow { outcome: outcome(&signature.verdict), ..event }.with(details)
    }

    /// What was added to the signed file of the version before.
    fn raised(self) -> EventRow {
        let Record { version, rows, published_at, .. } = self.record;
        let event = self.event(Action::Raised, *published_at, &version.to_string());
        let signature = own(rows, |role| role != STAMP).next();
        let stamp = own(rows, |role| role == STAMP).max_by_key(|row| row.timestamp_time);
        event.with(json!({
            "field": signature.map(|row| &row.field_name),
            "level": signature.map(|row| &row.pades_level),
            "sha256": self.first.map(|row| &row.sha256_object),
            "stamp_field": stamp.map(|row| &row.field_name),
            "stamped_by": stamp.and_then(|row| row.subject_cn.as_ref()),
            "stamped_at": stamp.and_then(|row| row.timestamp_time),
        }))
    }

    fn published(self) -> EventRow {
        let Record { version, rows, config_sha256, .. } = self.record;
        let event = self.event(Action::Published, self.record.published_at, &version.to_string());
        let documents = &rows.documents;
        event.with(json!({
            "sha256": self.first.map(|row| row.sha256_object.clone()),
            "documents": documents.len(),
            "pages": rows.pages.len(),
            "pages_refused": documents.iter().map(|row| row.pages_quarantined).sum::<i32>(),
            "config_sha256": config_sha256,
        }))
    }

    /// One event a document and person; the values stand in the record.
    fn amended(self) -> Vec<EventRow> {
        let mut fields: BTreeMap<(Uuid, &str), Vec<&str>> = BTreeMap::new();
        for one in &self.record.amendments {
            fields.entry((one.document_uid, one.who.as_str())).or_default().push(&one.field);
        }
        let event = |((document, who), fields): ((Uuid, &str), Vec<&str>)| {
            let name = format!("{} {document} {who}", self.record.version);
            let event = self.event(Action::Amended, self.record.published_at, &name);
            let event = EventRow {
                subject_kind: "document".into(),
                subject_uid: document,
                ..person(event, who)
            };
            event.with(json!({ "fields": fields }))
        };
        fields.into_iter().map(event).collect()
    }
}

/// What became of a signature: `ok`, or its verdict.
fn outcome(verdict: &str) -> String {
    if verdict.starts_with("ok") || verdict == "indeterminate_revocation" {
        "ok".into()
    } else {
        verdict.to_owned()
    }
}

/// Adding details to an event.
trait With {
    fn with(self, details: Value) -> Self;
}

impl With for EventRow {
    fn with(self, details: Value) -> Self {
        Self { details: Some(details.to_string()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use sohoa_schemas::record::Amendment;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn record(version: i32) -> Record {
        let amendment = |field: &str, who: &str| Amendment {
            document_uid: Uuid::from_u128(1),
            field: field.into(),
            before: None,
            value: Some("012345678901".into()),
            who: who.into(),
            note: None,
            at: at(5),
        };
        let amendments = vec![
            amendment("code_number", "A"),
            amendment("subject", "A"),
            amendment("subject", "B"),
        ];
        let row = DocumentRow {
            custodian_agency_code: Some("H08.01".into()),
            batch_id: Some("lô 7".into()),
            dossier_code: Some("H08.01-260101-0001".into()),
            partner_id: Some("buu-dien".into()),
            intake_channel: "postal".into(),
            sha256_object: "ab".repeat(32),
            ..DocumentRow::default()
        };
        let released = Released { by: "Văn thư A".into(), at: at(3), reference: "BB-07".into() };
        Record {
            source_uid: Uuid::from_u128(1),
            dossier_uid: Uuid::from_u128(2),
            version,
            ingest_month: "2026-11".into(),
            province: "H08".into(),
            published_at: at(9),
            amendments: if version > 1 { amendments } else { Vec::new() },
            released: Some(released).filter(|_| version == 1),
            rows: Rows { documents: vec![row], ..Rows::default() },
            ..Record::default()
        }
    }

    fn intake() -> IntakeRow {
        let row = json!({
            "intake_uid": Uuid::from_u128(7), "source_uid": Uuid::from_u128(1),
            "dossier_uid": Uuid::from_u128(2), "province": "H08", "ingest_month": "2026-11",
            "source_name": "scans", "uri": "a/1.tif", "size": 1, "modified_at": at(1), "pages": 1,
            "pages_published": 0, "pages_quarantined": 0, "pages_held": 1, "outcome": "held",
            "version": 1, "received_at": at(1), "settled_at": at(2), "schema_version": 1,
        });
        serde_json::from_value(row).unwrap()
    }

    fn refusal(code: Code) -> Quarantine {
        let entry = json!({
            "schema_version": 1, "source_uid": Uuid::from_u128(1), "dossier_uid": Uuid::from_u128(2),
            "code": code, "sentence": "No.", "stage": "fetch", "error_chain": [], "attempts": 1,
            "sources": [], "originals": [], "ingest_month": "2026-11", "province": "H08",
            "quarantined_at": at(2), "partner": "buu-dien", "channel": "postal",
            "rows": { "intake": [intake()] },
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn a_held_or_refused_file_tells_how_it_came_in() {
        let told = |rows: &Rows| {
            let received = rows.events.iter().find(|event| event.action == Action::Received);
            let event = received.unwrap();
            let details: Value = serde_json::from_str(event.details.as_ref().unwrap()).unwrap();
            (event.actor_ref.clone(), details["channel"].as_str().map(str::to_owned))
        };
        let mut record = record(1);
        record.rows.intake = vec![intake()];
        let row = &mut record.rows.documents[0];
        (row.partner_id, row.intake_channel) = (None, "bulk".into());
        let prepared = json!({
            "record": record, "composed": null, "appearance": [],
            "composed_at": at(2), "waiting_for": "release",
        });
        let held = held_rows(serde_json::from_value(prepared).unwrap());
        assert_eq!(told(&held), (None, Some("bulk".into())));

        let refused = refusal_rows(refusal(Code::F03Encrypted));
        assert_eq!(told(&refused), (Some("buu-dien".into()), Some("postal".into())));
        let secret = refusal_rows(refusal(Code::S01SecretPaper));
        assert_eq!(told(&secret), (None, Some("postal".into())), "nothing of who sent it");
        let older = Quarantine { channel: None, ..refusal(Code::F03Encrypted) };
        assert_eq!(told(&refusal_rows(older)).1, None);
    }

    #[test]
    fn a_record_tells_who_decided_and_no_value_that_a_person_set() {
        let first = of_record(&record(1));
        let told: Vec<_> = first.iter().map(|e| (e.action, e.actor_ref.as_deref())).collect();
        assert_eq!(told, [(Action::Released, Some("Văn thư A")), (Action::Published, None)]);
        assert_eq!((first[0].occurred_at, first[1].occurred_at), (at(3), at(9)));
        assert_eq!(first[0].details.as_deref(), Some(r#"{"reference":"BB-07"}"#));
        assert_eq!(first[1].agency_code.as_deref(), Some("H08.01"));
        assert!(first.iter().all(|event| event.ingest_month == "2026-11"));
        let code = Some("H08.01-260101-0001");
        assert!(first.iter().all(|event| event.dossier_code.as_deref() == code));

        let second = of_record(&record(2));
        let told: Vec<_> = second.iter().map(|e| (e.action, e.actor_ref.as_deref())).collect();
        let amended = |who| (Action::Amended, Some(who));
        assert_eq!(told, [amended("A"), amended("B"), (Action::Published, None)]);
        let fields = r#"{"fields":["code_number","subject"]}"#;
        assert_eq!(second[0].details.as_deref(), Some(fields));
        let uids = |events: &[EventRow]| events.iter().map(|e| e.event_uid).collect::<Vec<_>>();
        assert_eq!(uids(&first), uids(&record_rows(record(1)).events), "told again, the same");
        assert_ne!(first[1].event_uid, second[2].event_uid);
    }
}
