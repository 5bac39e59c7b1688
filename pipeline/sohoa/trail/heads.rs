//! The signed heads of an output.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use object_store::path::Path;
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_index::Anchor;
use sohoa_publish::{keys, survey};
use sohoa_schemas::events::ChainHead;
use sohoa_sign::{
    EvidenceSource, Sealed, check_seal, sealed_content,
    verify::{Trust, TrustDomain},
};
use sohoa_store::{Store, classify, hash::sha256};

use super::{
    STAGE,
    revoked::{Signings, Standing},
};

/// A signed head as it lies there, believed or not.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: String,
    /// The number its name has.
    pub(super) number: i64,
    pub(super) sha256: String,
    message: Vec<u8>,
    /// What it says; none where it says nothing.
    pub(super) head: Option<ChainHead>,
}

/// What two clocks may differ by.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(5);

/// Between the time that a head states and its time-stamp, at most: a key and an authority answer
/// meanwhile, and their clocks differ.
const A_SIGNATURE_TAKES: TimeDelta = TimeDelta::hours(1);

/// Who is believed.
#[derive(Debug)]
pub(super) struct Believed {
    /// Whoever's heads count.
    pub(super) trust: Trust,
    /// Throw-away test keys, where they are not among these: whoever may run the program can have
    /// one, and beside a real key it proves nothing.
    pub(super) tests: Option<Trust>,
}

/// What the signed heads of a province say.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// The sound ones, as places in the chain.
    pub(super) anchors: Vec<Anchor>,
    /// The last sound one.
    pub(super) last: Option<ChainHead>,
    /// Sound ones with a trusted time-stamp; of the others, only their signer says when it was.
    pub(super) stamped: usize,
    /// The latest of these time-stamps.
    pub(super) last_stamped_at: Option<DateTime<Utc>>,
    /// Heads by a throw-away test key.
    pub(super) by_tests: usize,
    /// Who signed the sound ones.
    pub(super) signings: Signings,
    /// What their authorities say of them.
    pub(super) signers: Standing,
    pub(super) problems: Vec<String>,
}

/// The provinces that have signed heads.
pub(super) async fn provinces(output: &Store) -> Result<Vec<String>, Fault> {
    let evidence = Path::from(keys::EVIDENCE);
    let list = || async {
        let listing = output.objects().list_with_delimiter(Some(&evidence)).await;
        listing.map_err(|error| classify(STAGE, error))
    };
    let found = retry(Policy::default(), list).await?.common_prefixes;
    let mut provinces = Vec::new();
    for province in found.iter().filter_map(|prefix| prefix.filename().map(str::to_owned)) {
        if !numbers(output, &province).await?.is_empty() {
            provinces.push(province);
        }
    }
    Ok(provinces)
}

/// The numbers of a province's signed heads, rising.
async fn numbers(output: &Store, province: &str) -> Result<BTreeMap<i64, String>, Fault> {
    let prefix = keys::heads(province);
    let mut listing = std::pin::pin!(survey::objects(output, prefix.trim_end_matches('/')));
    let mut numbers = BTreeMap::new();
    while let Some(meta) = listing.try_next().await? {
        let name = meta.location.filename().and_then(|name| name.strip_suffix(".p7m"));
        if let Some(number) = name.and_then(|name| name.parse().ok()) {
            numbers.insert(number, meta.location.to_string());
        }
    }
    Ok(numbers)
}

/// A province's last signed head.
pub(super) async fn last(output: &Store, province: &str) -> Result<Option<Found>, Fault> {
    match numbers(output, province).await?.pop_last() {
        Some((number, key)) => fetch(output, number, key).await.map(Some),
        None => Ok(None),
    }
}

/// When a province's last head was signed, as it says itself.
///
/// # Errors
/// The store's own.
pub(crate) async fn last_signed(
    output: &Store,
    province: &str,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let found = last(output, province).await?;
    Ok(found.and_then(|found| found.head).map(|head| head.signed_at))
}

/// All signed heads of a province, judged: each made by a key that may, each naming the one before
/// it, none missing, the chain never shorter.
pub(super) async fn judge(
    output: &Store,
    province: &str,
    believed: &Believed,
) -> Result<Judged, Fault> {
    let mut judged = Judged::default();
    let mut before: Option<Found> = None;
    // What lies between two sound heads is not asked which one it names.
    let mut is_before_sound = false;
    for (number, key) in numbers(output, province).await? {
        let found = fetch(output, number, key).await?;
        let is_worthless =
            believed.tests.as_ref().is_some_and(|tests| vouched(&found, province, tests).is_ok());
        let follows_sound = std::mem::take(&mut is_before_sound);
        match vouched(&found, province, &believed.trust) {
            _ if is_worthless => judged.by_tests += 1,
            Ok((head, sealed)) => {
                judged.by_tests += usize::from(sealed.signer.domain == TrustDomain::Test);
                let follows = judged.follow(before.as_ref(), &found, head) && follows_sound;
                is_before_sound = true;
                judged.take(&found.key, head, sealed.stamped_at);
                judged.signings.take((&found.key, head), sealed, follows);
            }
            Err(why) => {
                judged.problems.push(format!("`{}` is not believed: {why}", found.key));
            }
        }
        before = Some(found);
    }
    Ok(judged)
}

impl Judged {
    /// Asks whether the signers were revoked; what a revoked one signed is sound no more.
    pub(super) fn ask(&mut self, evidence: &EvidenceSource, now: DateTime<Utc>) {
        self.signers = self.signings.ask(evidence, now);
        let gone = self.signers.disbelieved();
        self.anchors.retain(|anchor| !gone.contains(anchor.name.as_str()));
        let sound = || self.signings.all.iter().filter(|one| !gone.contains(one.key.as_str()));
        let stamps = || sound().filter_map(|one| one.stamped_at);
        (self.stamped, self.last_stamped_at) = (stamps().count(), stamps().max());
        self.last = sound().next_back().map(|one| one.head.clone());
        self.problems.extend(self.signers.problems());
    }

    /// Whether it names the head before it; everything else that is wrong is noted too.
    fn follow(&mut self, before: Option<&Found>, found: &Found, head: &ChainHead) -> bool {
        let key = &found.key;
        let follows = head.previous_sha256.as_ref() == before.map(|before| &before.sha256);
        let expected = before.map_or(1, |before| before.number + 1);
        if found.number != expected {
            let gone = (expected, found.number - 1);
            self.problems.push(format!("signed heads {} to {} were removed", gone.0, gone.1));
        } else if !follows {
            self.problems.push(format!(
                "`{key}` names another head before it than the one that lies there: that one was \
                 replaced"
            ));
        }
        if self.last.as_ref().is_some_and(|last| last.seq >= head.seq) {
            self.problems.push(format!("`{key}` signs no more than a head before it"));
        }
        let before = self.last.as_ref().map(|last| last.signed_at).max(self.last_stamped_at);
        if before.is_some_and(|before| head.signed_at + CLOCK_SLACK < before) {
            self.problems.push(format!("`{key}` is dated before a head before it"));
        }
        follows
    }

    fn take(&mut self, key: &str, head: &ChainHead, stamped_at: Option<DateTime<Utc>>) {
        let row_hash = head.row_hash.clone();
        self.anchors.push(Anchor { name: key.to_owned(), seq: head.seq, row_hash });
        self.last = Some(head.clone());
        self.stamped += usize::from(stamped_at.is_some());
        self.last_stamped_at = self.last_stamped_at.max(stamped_at);
    }
}

/// What a sound head says, and who says so.
fn vouched<'a>(
    found: &'a Found,
    province: &str,
    trust: &Trust,
) -> Result<(&'a ChainHead, Sealed), String> {
    let head = found.head.as_ref().ok_or("it holds no head")?;
    let sealed =
        check_seal(&found.message, trust, head.signed_at).map_err(|error| error.to_string())?;
    if !is_dated(head, sealed.stamped_at) {
        return Err("it was stamped long before or after the time that it states".to_owned());
    }
    if head.province != province || head.number != found.number {
        return Err(format!("it is head {} of `{}`", head.number, head.province));
    }
    Ok((head, sealed))
}

/// Its time-stamp, where it has one, is of the time that it states.
fn is_dated(head: &ChainHead, stamped_at: Option<DateTime<Utc>>) -> bool {
    stamped_at.is_none_or(|stamp| (stamp - head.signed_at).abs() <= A_SIGNATURE_TAKES)
}

async fn fetch(output: &Store, number: i64, key: String) -> Result<Found, Fault> {
    let get = || async { output.get(&key).await.map_err(|error| classify(STAGE, error)) };
    let message = retry(Policy::default(), get).await?.unwrap_or_default().to_vec();
    let head = sealed_content(&message).and_then(|json| serde_json::from_slice(&json).ok());
    Ok(Found { sha256: sha256(&message), key, number, message, head })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(number: i64, minutes: i64) -> (Found, ChainHead) {
        let start: DateTime<Utc> = "2026-11-20T01:00:00Z".parse().unwrap();
        let head = ChainHead {
            schema_version: sohoa_schemas::rows::SCHEMA_VERSION,
            province: "H08".into(),
            number,
            seq: number,
            row_hash: number.to_string(),
            signed_at: start + TimeDelta::minutes(minutes),
            previous_sha256: (number > 1).then(|| (number - 1).to_string()),
        };
        let (key, sha256) = (format!("{number}.p7m"), number.to_string());
        (Found { key, number, sha256, message: Vec::new(), head: None }, head)
    }

    /// What is wrong with the second of two heads, so many minutes after the first.
    fn second(minutes: i64, stamped: bool) -> Vec<String> {
        let ((first, one), (next, other)) = (found(1, 60), found(2, 60 + minutes));
        let mut judged = Judged::default();
        judged.follow(None, &first, &one);
        judged.take(&first.key, &one, stamped.then(|| one.signed_at + TimeDelta::minutes(10)));
        judged.follow(Some(&first), &next, &other);
        judged.problems
    }

    #[test]
    fn a_head_is_no_older_than_the_one_before_it() {
        assert_eq!(second(30, false), Vec::<String>::new());
        assert_eq!(second(-4, false), Vec::<String>::new(), "two clocks");
        assert!(second(-6, false)[0].contains("dated before"));
        // A stamp says better when the one before was made.
        assert!(second(4, true)[0].contains("dated before"));
        assert_eq!(second(30, true), Vec::<String>::new());
    }

    #[test]
    fn a_stamp_of_another_time_vouches_for_none() {
        let (_, head) = found(1, 0);
        let stamped = |minutes| is_dated(&head, Some(head.signed_at + TimeDelta::minutes(minutes)));
        assert!(is_dated(&head, None) && stamped(1) && stamped(-1));
        assert!(!stamped(90) && !stamped(-90));
    }
}
