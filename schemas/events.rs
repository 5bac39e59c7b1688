//! Table `events`: who did what, when, to which document, in one chain of hashes a province.
//!
//! An event is added and never changed. The indexer gives it its place (`seq`), the hash of the row
//! before it (`prev_hash`) and its own (`row_hash`) when it is appended, so that a changed, removed or
//! inserted row shows; the signed heads of the chain (`evidence/<province>/`) show a tail that was cut
//! and a chain that was written anew. `schemas/events.md` says how a stranger checks it.
//!
//! Two kinds of events stand in the chain. Those of the pipeline are read off the objects that decide
//! (`record.json`, refusals, held states). Those of the counter, the post office and the agency's own
//! systems come by `sohoa import events`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Form of the row and of its hash; rises with every change of [`HASHED`].
pub const EVENT_VERSION: i16 = 2;

/// `prev_hash` of a province's first event.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// First value of the hashed array: what is hashed, and in which form.
pub const HASH_FORM: &str = "sohoa-event-2";

/// The same of rows of `schema_version` 1, whose hash leaves [`NOT_IN_FIRST`] out.
pub const FIRST_HASH_FORM: &str = "sohoa-event-1";

/// Columns that rows of `schema_version` 1 do not have.
pub const NOT_IN_FIRST: [&str; 1] = ["dossier_code"];

/// The columns whose values are hashed, in this order, behind [`HASH_FORM`]: all but `row_hash`.
///
/// `row_hash` is the SHA-256, in lower-case hex, of one JSON array in UTF-8 without white space:
/// [`HASH_FORM`], then the values of these columns. Texts are written as RFC 8785 writes strings,
/// numbers as integers, times as microseconds since 1970-01-01 UTC, and null as `null`.
pub const HASHED: [&str; 28] = [
    "seq",
    "prev_hash",
    "event_uid",
    "province",
    "ingest_month",
    "occurred_at",
    "stage",
    "action",
    "subject_kind",
    "subject_uid",
    "source_uid",
    "version",
    "dossier_uid",
    "dossier_code",
    "agency_code",
    "agency_uid",
    "unit_code",
    "unit_uid",
    "actor_kind",
    "actor_ref",
    "source_addr",
    "duration_ms",
    "attempt",
    "outcome",
    "error_code",
    "trace_id",
    "details",
    "schema_version",
];

macro_rules! actions {
    ($($name:ident, $text:literal, $stage:literal, $meaning:literal;)+) => {
        /// What happened.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        pub enum Action {
            $(#[doc = $meaning] #[serde(rename = $text)] $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As written in the table, and in files to be imported.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The stage it belongs to, as written in column `stage`.
            pub const fn stage(self) -> &'static str {
                match self { $(Self::$name => $stage,)+ }
            }

            /// What it means.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// The action of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == name)
            }
        }
    };
}

// The stage `one_stop` is the counter of the one-stop unit (Bộ phận Một cửa), `partner` the post
// office's own work; both are known by import alone.
actions! {
    Received, "received", "intake", "A file was taken in; `outcome` is `ok`, or `duplicate` for bytes that the dossier has already; `details.channel` says how: `postal`, `counter` or `bulk`. R13, R15.";
    Refused, "refused", "quarantine", "A source was refused; `error_code` says why, `stage` which stage did. R13, R15.";
    Held, "held", "release", "A document was composed and waits for the agency's release or a time-stamp.";
    Released, "released", "release", "The agency's clerk let a document be signed; `actor_ref` says who, `details.reference` under which batch or minutes.";
    ReleaseRefused, "release_refused", "release", "The agency's clerk refused a held document; `details.reason` says why.";
    Signed, "signed", "sign", "The agency's key signed; `details` names the certificate, the hash of the signed file and by whose word; with `by_hand` it was one file, signed by `actor_ref` with `sohoa sign`.";
    Raised, "raised", "sign", "Evidence or an archive time-stamp was added to a published document's signature.";
    Published, "published", "publish", "A version of a record was created; from here on it is immutable.";
    Amended, "amended", "amend", "A person set values by hand; `details.fields` names the columns.";
    Replayed, "replayed", "quarantine", "Refused documents were sent again by an operator; `details` counts them.";
    Swept, "swept", "upkeep", "Leftovers of interrupted attempts were deleted; `details` counts them.";
    Rebuilt, "rebuilt", "upkeep", "The derived tables were made anew from the records; this table was kept.";
    Imported, "imported", "import", "A file of reference or operational data was accepted; `details` names it with hash and rows.";
    Exported, "exported", "export", "Data left the index for somebody outside; `details` says what and to whom.";
    Reported, "reported", "report", "A report was made from the index; `details` names it, its period and its hash.";
    TicketTaken, "ticket_taken", "one_stop", "A person took a queue ticket (`ticket_at`). R10: waiting begins.";
    Served, "served", "one_stop", "The person was called to the counter (`served_at`). R10: waiting ends.";
    DossierReceived, "dossier_received", "one_stop", "The counter took the dossier (`received_at`). R10: handling begins.";
    DossierAccepted, "dossier_accepted", "one_stop", "The dossier was accepted as complete (`accepted_at`); `actor_ref` is the staff member. R10: handling ends; R11.";
    DossierResolved, "dossier_resolved", "one_stop", "The dossier's result was decided.";
    DossierReturned, "dossier_returned", "one_stop", "The result was given to the person.";
    ComponentReused, "component_reused", "one_stop", "A digitised paper of an earlier dossier was used instead of asking for it; `details.from` is `province` or `national`. R6, R8.";
    ResubmissionDemanded, "resubmission_demanded", "one_stop", "A paper that had been accepted before was asked for again (Q07). R8.";
    PaperDemanded, "paper_demanded", "one_stop", "A paper dossier was asked for beside the electronic one (Q06).";
    Uploaded, "uploaded", "partner", "A postal partner handed over files; `details` may hold `files` and `pages`. R13.";
    Rejected, "rejected", "partner", "A partner's upload was turned back; `error_code` says why. R13.";
    Fixed, "fixed", "partner", "The partner put right what was turned back; the time since `rejected` or `refused` of the same subject is the time to fix. R13.";
}

/// Table `events`: what was done, by whom and when; append-only, chained by hashes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRow {
    /// Identity of the event: the same event told twice is one row.
    pub event_uid: Uuid,
    /// Province, by its agency code: each has a chain of its own.
    pub province: String,
    /// Month it is filed under: the source's month of first publication, and of an event without a
    /// source the month in which it happened.
    pub ingest_month: String,
    /// Place in the province's chain, from 1 without a gap; 0 until it is appended.
    #[serde(default)]
    pub seq: i64,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// Stage: where it happened.
    pub stage: String,
    /// Action: what happened.
    pub action: Action,
    /// `source`, `document`, `file`, `dossier`, `component`, `batch`, `import`, `index` or `report`.
    pub subject_kind: String,
    /// Identity of what it happened to.
    pub subject_uid: Uuid,
    /// The source; of an event without one, its subject again. Known events are looked up by it.
    pub source_uid: Uuid,
    /// Version of the record, where there is one.
    pub version: Option<i32>,
    /// The dossier.
    pub dossier_uid: Option<Uuid>,
    /// Its code, where it is known; null in rows of `schema_version` 1.
    #[serde(default)]
    #[schemars(extend("standard" = "mã số hồ sơ TTHC"))]
    pub dossier_code: Option<String>,
    /// Code of the agency on whose behalf it was done.
    #[schemars(extend("standard" = "mã định danh(35)"))]
    pub agency_code: Option<String>,
    /// That agency, where the table of agencies knows it.
    pub agency_uid: Option<Uuid>,
    /// Code of the one-stop unit or post office where it was done.
    #[schemars(extend("standard" = "Bộ phận Một cửa"))]
    pub unit_code: Option<String>,
    /// That unit, where the table of agencies knows it.
    pub unit_uid: Option<Uuid>,
    /// `person`, `service` or `partner`.
    pub actor_kind: String,
    /// Who, as the system at hand calls them: an officer in office, a pseudonym of staff, a partner's
    /// id, a command; never a citizen.
    pub actor_ref: Option<String>,
    /// Address it was done from, where that is known.
    pub source_addr: Option<String>,
    /// How long it took, milliseconds.
    pub duration_ms: Option<i64>,
    /// Number of the attempt, from 1.
    pub attempt: Option<i32>,
    /// `ok`, `duplicate` or `refused`.
    pub outcome: String,
    /// Reason code.
    pub error_code: Option<String>,
    /// What joins it to logs and messages: the message's position, the batch.
    pub trace_id: Option<String>,
    /// What else there is to know, as a JSON object; no page text, no citizen's data.
    pub details: Option<String>,
    /// `row_hash` of the event before it; 64 zeros of the first one.
    #[serde(default)]
    pub prev_hash: String,
    /// SHA-256, lower-case hex, over the other columns.
    #[serde(default)]
    pub row_hash: String,
    /// Version of this row's schema, and of what is hashed.
    pub schema_version: i16,
}

/// Content of a signed head, `evidence/<province>/heads/<number>.p7m`: how far a province's chain
/// went when it was signed. The file is a CMS with this JSON inside and the agency's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChainHead {
    /// Version of this format.
    pub schema_version: i16,
    /// The province.
    pub province: String,
    /// Number of this head among the province's, from 1 without a gap.
    pub number: i64,
    /// Place of the last event.
    pub seq: i64,
    /// Its hash.
    pub row_hash: String,
    /// When it was signed, as the signer says.
    pub signed_at: DateTime<Utc>,
    /// SHA-256 of the file of the signed head before it; none of the first.
    pub previous_sha256: Option<String>,
}

impl EventRow {
    /// An event of an action that succeeded, with what nobody can leave out; its stage is the
    /// action's. `name` tells it from other events of the same subject and action.
    pub fn new(
        action: Action,
        (kind, subject): (&str, Uuid),
        (province, occurred_at): (&str, DateTime<Utc>),
        name: &str,
    ) -> Self {
        // Tables hold microseconds: what is hashed is what will be read.
        let occurred_at =
            DateTime::from_timestamp_micros(occurred_at.timestamp_micros()).unwrap_or(occurred_at);
        let identity = format!("event {} {name}", action.as_str());
        Self {
            event_uid: Uuid::new_v5(&subject, identity.as_bytes()),
            province: province.to_owned(),
            ingest_month: occurred_at.format("%Y-%m").to_string(),
            seq: 0,
            occurred_at,
            stage: action.stage().to_owned(),
            action,
            subject_kind: kind.to_owned(),
            subject_uid: subject,
            source_uid: subject,
            version: None,
            dossier_uid: None,
            dossier_code: None,
            agency_code: None,
            agency_uid: None,
            unit_code: None,
            unit_uid: None,
            actor_kind: "service".to_owned(),
            actor_ref: None,
            source_addr: None,
            duration_ms: None,
            attempt: None,
            outcome: "ok".to_owned(),
            error_code: None,
            trace_id: None,
            details: None,
            prev_hash: String::new(),
            row_hash: String::new(),
            schema_version: EVENT_VERSION,
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use super::*;

    #[test]
    fn every_column_but_the_hash_itself_is_hashed() {
        let schema = schema_for!(EventRow).to_value();
        let mut columns: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        columns.retain(|column| *column != "row_hash");
        columns.sort_unstable();
        let mut hashed = HASHED;
        hashed.sort_unstable();
        assert_eq!(columns, hashed);
    }

    #[test]
    fn an_event_has_one_identity_however_often_it_is_told() {
        let subject = ("source", Uuid::from_u128(7));
        let at = DateTime::UNIX_EPOCH;
        let told = |name| EventRow::new(Action::Held, subject, ("H08", at), name);
        assert_eq!(told("1"), told("1"));
        assert_ne!(told("1").event_uid, told("2").event_uid);
        assert_eq!(Action::from_name("release_refused"), Some(Action::ReleaseRefused));
        assert_eq!(told("1").stage, "release");
    }
}
