//! The contracts with the outside, as Rust types; the JSON Schemas beside this file are published
//! from them (`sohoa schemas --write schemas`), and a test keeps the two equal.
//!
//! * [`code`]: reason and finding codes, each with a sentence a scanning clerk can act on.
//! * [`config`]: what the configuration file may say.
//! * [`events`]: the audit trail: its row, its actions, what is hashed.
//! * [`ledger`]: what a backfill submitted, and where it goes on.
//! * [`manifest`]: what a postal partner sends with a dossier.
//! * [`message`]: what goes over Kafka.
//! * [`public`]: which columns may leave the house.
//! * [`record`]: `record.json`, the one object that makes a document published, and its siblings
//!   for held and quarantined documents.
//! * [`reference`]: values that stand in the environment or in a file.
//! * [`registers`]: the reference tables of the index, which come from files of the province.
//! * [`rows`]: the tables of the index. A row type's fields, their descriptions and the standards'
//!   own names are the columns: the index derives its Arrow schema from here.
//! * [`seen`]: what was seen, in Vietnamese.
//! * [`summary`]: what `sohoa run --json` prints.

pub mod code;
pub mod config;
pub mod events;
pub mod ledger;
pub mod manifest;
pub mod message;
pub mod public;
pub mod published;
pub mod record;
pub mod reference;
pub mod registers;
pub mod rows;
pub mod seen;
pub mod summary;

pub use code::Code;
