//! Chain and signed heads against each other.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;
use sohoa_index::{ChainFault, Head, Index, IndexError};
use sohoa_schemas::{config::Config, events::ChainHead};
use sohoa_sign::verify::{Expected, Trust};
use sohoa_store::Store;

use super::heads::{self, Believed, Judged};
use crate::{
    answers::for_each_row,
    authority::{custodian, online, trust, trust_own_tests},
    context::{now, vietnamese},
    exit::{Exit, Failure},
    settings::Settings,
};

/// Events between two moves of the bar.
const STEP: u64 = 4096;

/// What is to be said of the trail.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Every province that has events or signed heads.
    pub(crate) provinces: Vec<Chain>,
    /// Everything wrong, of all of them.
    pub(crate) problems_total: u64,
}

/// A province's chain and its signed heads.
#[derive(Debug, Serialize)]
pub(crate) struct Chain {
    /// The province.
    pub(crate) province: String,
    /// Events read.
    events: u64,
    /// The last one.
    head: Option<Head>,
    /// Sound signed heads.
    signed_heads: usize,
    /// Of these with a trusted time-stamp; when the others were made, only their signer says.
    stamped_heads: usize,
    /// The latest of these time-stamps.
    last_stamped_at: Option<DateTime<Utc>>,
    /// Heads by a throw-away TEST key. Beside a real key they count for nothing, and are not among
    /// the sound ones.
    test_heads: usize,
    /// Sound heads by a certificate that was revoked since, and no time-stamp proves that they are
    /// older.
    unproven_heads: usize,
    /// Sound heads of whose signers nobody says whether they were revoked.
    unasked_heads: usize,
    /// Why, of the first of these signers.
    unasked_because: Option<String>,
    /// The last sound signed head.
    last_signed: Option<ChainHead>,
    /// The head that was signed after this check.
    pub(crate) signed_now: Option<ChainHead>,
    /// Everything wrong.
    problems_total: u64,
    /// What is wrong with the signed heads.
    heads: Vec<String>,
    /// What is wrong with the chain; the first of it.
    faults: Vec<ChainFault>,
}

/// Checks every province: its signed heads, then the chain from its first event to its last.
///
/// # Errors
/// The store or the index cannot be read; what is wrong with the trail is in the report.
pub(crate) async fn check(
    (settings, head_within): (&Settings, Option<u32>),
    output: &Store,
    index: &mut Index,
    bars: &MultiProgress,
) -> Result<Report, Failure> {
    let believed = believed(&settings.config)?;
    // Heads first: the chain may grow meanwhile, and then goes beyond them.
    let mut judged = Vec::new();
    let signed = heads::provinces(output).await?;
    for province in &signed {
        judged.push((province.clone(), heads::judge(output, province, &believed).await?));
    }
    ask(&believed.trust, &mut judged);
    let unreachable = |error: IndexError| Failure::from_error(Exit::Unreachable, &error);
    let (chained, total) = index.event_provinces().await.map_err(unreachable)?;
    let known: BTreeSet<String> = signed.into_iter().collect();
    let unsigned = chained.into_iter().filter(|province| !known.contains(province));
    judged.extend(unsigned.map(|province| (province, Judged::default())));
    let bar = bar(bars, total);
    let mut report = Report::default();
    let mut read = 0_u64;
    for (province, mut heads) in judged {
        let each = |rows: u64| {
            read += rows;
            if read.is_multiple_of(STEP) {
                bar.set_position(read);
            }
        };
        let chain = Box::pin(index.check_events(&province, &heads.anchors, each)).await;
        let chain = chain.map_err(unreachable)?;
        let signed = heads.last.as_ref().map_or(0, |head| head.seq);
        let waits = oldest_after(index, &province, signed).await.map_err(unreachable)?;
        if let (Some(days), Some(oldest)) = (head_within, waits)
            && now() - oldest > TimeDelta::days(days.into())
        {
            heads.problems.push(format!(
                "events since {} stand under no signed head: that they were cut off would not \
                 show. Sign one every day: --sign-head",
                vietnamese(oldest).format("%d/%m/%Y %H:%M")
            ));
        }
        let problems_total = chain.faults_total + heads.problems.len() as u64;
        report.problems_total += problems_total;
        report.provinces.push(Chain {
            province,
            events: chain.events,
            head: chain.head,
            signed_heads: heads.anchors.len(),
            stamped_heads: heads.stamped,
            last_stamped_at: heads.last_stamped_at,
            test_heads: heads.by_tests,
            unproven_heads: heads.signers.unproven,
            unasked_heads: heads.signers.unasked,
            unasked_because: heads.signers.why,
            last_signed: heads.last,
            signed_now: None,
            problems_total,
            heads: heads.problems,
            faults: chain.faults,
        });
    }
    bar.finish_and_clear();
    report.provinces.sort_by(|one, other| one.province.cmp(&other.province));
    Ok(report)
}

/// Asks about who signed heads, where anybody did whose authority can say.
fn ask(trust: &Trust, all: &mut [(String, Judged)]) {
    if all.iter().all(|(_, heads)| !heads.signings.has_signers()) {
        return;
    }
    let (evidence, at) = (online(trust), now());
    tokio::task::block_in_place(|| {
        for (_, heads) in all {
            heads.ask(&evidence, at);
        }
    });
}

/// Who may have signed heads.
fn believed(config: &Config) -> Result<Believed, Failure> {
    let mut roots = trust(config, &[])?;
    let mut tests = Trust { expected: Expected::Organisation, ..Trust::default() };
    trust_own_tests(&mut tests)?;
    let has_key = config.sign.key.is_some() || config.sign.pkcs11.is_some();
    if !has_key {
        roots.roots.append(&mut tests.roots);
    }
    // Another agency of the government is no better witness than anybody. What this one was called
    // when it signed the heads of years ago, the register says.
    let expected = custodian(config)?;
    Ok(Believed { trust: Trust { expected, ..roots }, tests: has_key.then_some(tests) })
}

/// When the first event happened that no head covers.
async fn oldest_after(
    index: &Index,
    province: &str,
    seq: i64,
) -> Result<Option<DateTime<Utc>>, IndexError> {
    let province = province.replace('\'', "''");
    let sql = format!(
        "select cast(min(occurred_at) as bigint) from events \
         where province = '{province}' and seq > {seq}"
    );
    let mut oldest = None;
    for_each_row(index, &sql, |row| {
        let micros = row.first().copied().flatten().and_then(|cell| cell.parse().ok());
        oldest = micros.and_then(DateTime::from_timestamp_micros);
    })
    .await?;
    Ok(oldest)
}

fn bar(bars: &MultiProgress, total: u64) -> ProgressBar {
    let bar = bars.add(ProgressBar::new(total));
    let style = "{bar:30} {pos}/{len} events checked  {elapsed_precise} elapsed, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

impl Report {
    /// For people.
    pub(crate) fn describe(&self) -> String {
        let mut text: String = self.provinces.iter().map(Chain::describe).collect();
        text += match (self.problems_total, self.provinces.is_empty()) {
            (0, true) => "there are no events\n",
            (0, false) => "the trail is whole\n",
            _ => "FAILED\n",
        };
        text
    }
}

impl Chain {
    fn describe(&self) -> String {
        let Self { province, events, signed_heads, .. } = self;
        let last = self.signed_now.as_ref().or(self.last_signed.as_ref());
        let seq = self.head.as_ref().map_or(0, |head| head.seq);
        let signed = match last {
            Some(head) => format!(
                "{}, the last of {} over event {}; {} events are newer",
                if self.signed_now.is_some() { " and one more" } else { "" },
                vietnamese(head.signed_at).format("%d/%m/%Y %H:%M"),
                head.seq,
                (seq - head.seq).max(0)
            ),
            None => ": a cut tail would not show; see --sign-head".to_owned(),
        };
        let mut text =
            format!("{province}: {events} events, {signed_heads} signed heads{signed}\n");
        if self.signed_heads > 0 {
            text += &self.describe_stamps();
        }
        if self.test_heads > 0 {
            let count = self.test_heads.to_string();
            text += &[
                "TEST: ",
                &count,
                " heads are by a throw-away test key, and prove nothing to others\n",
            ]
            .concat();
        }
        let faults = self.faults.iter().map(ToString::to_string);
        for problem in self.heads.iter().cloned().chain(faults) {
            text += &["PROBLEM ", &problem, "\n"].concat();
        }
        let told = (self.heads.len() + self.faults.len()) as u64;
        if self.problems_total > told {
            text += &["… and ", &(self.problems_total - told).to_string(), " more\n"].concat();
        }
        text
    }

    /// What is known of the times of the heads, and of their signers.
    fn describe_stamps(&self) -> String {
        let Self { signed_heads, stamped_heads, unproven_heads, unasked_heads, .. } = self;
        let mut text = match self.last_stamped_at {
            Some(last) => format!(
                "{stamped_heads} of {signed_heads} heads have a time-stamp, the last of {}\n",
                vietnamese(last).format("%d/%m/%Y %H:%M")
            ),
            None => {
                "no head has a trusted time-stamp: when they were signed, only the signer says; \
                     see sign.timestamp_url\n"
                    .to_owned()
            }
        };
        if *unproven_heads > 0 {
            let count = unproven_heads.to_string();
            text += &[
                &count,
                " heads are by a certificate that was revoked since, and no time-stamp proves that \
                 they are older\n",
            ]
            .concat();
        }
        if *unasked_heads > 0 {
            let (count, why) = (unasked_heads.to_string(), self.unasked_because.as_deref());
            text += &[
                "WARNING: of the signers of ",
                &count,
                " heads nobody says whether they were revoked: ",
                why.unwrap_or_default(),
                "\n",
            ]
            .concat();
        }
        text
    }
}
