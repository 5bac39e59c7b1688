//! Who holds the code of an agency, and since when. Codes are given away again: what is said of one
//! after its holder went on under another code is of whoever holds it then.

use std::collections::HashMap;

use chrono::NaiveDate;
use sohoa_document::fold::fold;
use sohoa_schemas::registers::AgencyStatement;
use sohoa_source::identity::register_uid;
use uuid::Uuid;

use crate::history::ended;

/// An agency that has, or had, a code.
struct Holder {
    uid: Uuid,
    /// `None` is before anybody wrote it down.
    from: Option<NaiveDate>,
    /// The day on which it went on under another code.
    until: Option<NaiveDate>,
    /// What it was called under this one, folded.
    name: Option<String>,
}

impl Holder {
    fn has_left(&self, day: NaiveDate) -> bool {
        self.until.is_some_and(|until| until <= day)
    }
}

/// Whom a statement is about.
pub(crate) struct Found {
    pub(crate) uid: Uuid,
    /// Since when a new agency has the code that it took over.
    pub(crate) since: Option<NaiveDate>,
    /// It had the code before the day the list speaks of, and has it no more.
    pub(crate) is_past: bool,
}

/// By code, its holders in the order of their days.
#[derive(Default)]
pub(crate) struct Holders<'a>(HashMap<&'a str, Vec<Holder>>);

impl<'a> Holders<'a> {
    /// Notes which agencies of an import had another code before.
    pub(crate) fn note_moves(&mut self, statements: &[&'a AgencyStatement], as_of: NaiveDate) {
        let mut moves: Vec<_> = statements
            .iter()
            .filter_map(|said| Some((day_of(said, as_of), *said, previous(said)?)))
            .collect();
        // Whose code another one takes leaves it first.
        let is_taken = |code: &str| statements.iter().any(|said| said.code == code);
        moves.sort_by_key(|(day, _, code)| (*day, !is_taken(code)));
        for (day, said, code) in moves {
            self.note_move(said, code, day);
        }
    }

    fn note_move(&mut self, said: &'a AgencyStatement, code: &'a str, day: NaiveDate) {
        let uid = self.moved(said, code, day);
        let left = self.0.entry(code).or_default();
        let own = left.iter_mut().rfind(|held| held.uid == uid && began_before(held, day));
        match own {
            Some(own) => own.until = Some(own.until.map_or(day, |until| until.min(day))),
            None => left.insert(0, Holder { uid, from: None, until: Some(day), name: None }),
        }
        let taken = self.0.entry(&said.code).or_default();
        if let Some(own) = taken.iter_mut().find(|held| held.uid == uid && !held.has_left(day)) {
            own.from = own.from.map(|from| from.min(day));
        } else {
            let at = taken.partition_point(|held| held.from <= Some(day));
            taken.insert(at, Holder { uid, from: Some(day), until: None, name: None });
        }
    }

    /// Who went on under another code: whoever is known to have had both, else who had the old one
    /// until then, else who has the new one.
    fn moved(&self, said: &AgencyStatement, code: &str, day: NaiveDate) -> Uuid {
        let (before, after) = (self.of(code), self.of(&said.code));
        let both = after.iter().rfind(|held| before.iter().any(|other| other.uid == held.uid));
        let old = || before.iter().rfind(|held| began_before(held, day));
        let new = || after.iter().rfind(|held| !held.has_left(day));
        let known = both.or_else(old).or_else(new);
        known.map_or_else(|| register_uid("agencies", &[code]), |held| held.uid)
    }

    /// The agency a statement is about.
    pub(crate) fn identify(
        &mut self,
        said: &'a AgencyStatement,
        as_of: NaiveDate,
        ended: Option<NaiveDate>,
    ) -> Found {
        let day = day_of(said, as_of);
        if let Some(code) = previous(said) {
            let uid = self.moved(said, code, day);
            return Found { uid, since: None, is_past: false };
        }
        let name = fold(&said.name);
        let held = self.0.entry(&said.code).or_default();
        if held.is_empty() {
            let uid = register_uid("agencies", &[&said.code]);
            held.push(Holder { uid, from: None, until: None, name: None });
        }
        let mut at = on(held, day);
        let is_other = |held: &Holder| held.name.as_ref().is_some_and(|known| *known != name);
        let is_known = |held: &Holder| held.name.as_ref() == Some(&name);
        // Without a day, the name of a former holder says what was, and not what it is called now.
        let is_undated = said.valid_from.is_none() && ended.is_none();
        if is_undated && is_other(&held[at]) {
            at = held[..at].iter().rposition(is_known).unwrap_or(at);
        }
        let begins = !is_undated || is_other(&held[at]);
        if ended.is_none() && held[at].has_left(day) && begins {
            at += 1;
            if let Some(next) = held.get_mut(at).filter(|next| !is_other(next)) {
                next.from = Some(day);
            } else {
                let uid = register_uid("agencies", &[&said.code, &day.to_string()]);
                held.insert(at, Holder { uid, from: Some(day), until: None, name: None });
            }
        }
        let is_past = is_undated && held[at].has_left(day) && is_known(&held[at]);
        held[at].name = Some(name);
        Found { uid: held[at].uid, since: held[at].from, is_past }
    }

    /// The agency that has a code on a day, or had it first after that.
    pub(crate) fn find(&self, code: &str, day: NaiveDate) -> Option<Uuid> {
        let held = self.of(code);
        held.get(on(held, day)).map(|held| held.uid)
    }

    fn of(&self, code: &str) -> &[Holder] {
        self.0.get(code).map_or(&[], Vec::as_slice)
    }
}

/// The place of the last that began by a day, else of the first.
fn on(held: &[Holder], day: NaiveDate) -> usize {
    held.partition_point(|held| held.from <= Some(day)).saturating_sub(1)
}

fn began_before(held: &Holder, day: NaiveDate) -> bool {
    held.from.is_none_or(|from| from < day)
}

/// The day a statement speaks of: what has only ended was so on the day before.
fn day_of(said: &AgencyStatement, as_of: NaiveDate) -> NaiveDate {
    let before = ended(said, as_of).and_then(|end| end.pred_opt());
    before.or(said.valid_from).unwrap_or(as_of)
}

/// The code an agency had before, where that is another one.
fn previous(said: &AgencyStatement) -> Option<&str> {
    said.previous_code.as_deref().filter(|code| *code != said.code)
}
