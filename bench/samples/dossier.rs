//! Fills `DIR/scans` with dossiers and `DIR/truth.jsonl` with what is true of them.
//!
//! Invariant: a dossier depends on the seed and its number alone, so any number of threads makes
//! the same bytes. The truth is never inside `scans`, which is what a pipeline is pointed at.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::{
    args::Make,
    barcode,
    chance::Chance,
    draft::{Draft, Kind, Stamp, Wish},
    fonts::{FontFiles, Fonts},
    format::Format,
    manifest,
    render::Renderer,
    scan::{self, Recipe},
    severity::Damage,
};

/// One written document.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) draft: Draft,
    pub(crate) recipe: Recipe,
    /// Name inside the dossier.
    pub(crate) name: String,
    pub(crate) bytes: usize,
    pub(crate) sha256: String,
    pub(crate) pages: usize,
    pub(crate) truth: Value,
}

/// What a run made.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) documents: usize,
    pub(crate) pages: usize,
    pub(crate) bytes: usize,
}

/// Makes all dossiers and the truth.
pub(crate) fn make_all(order: &Make, fonts: &FontFiles) -> Result<Tally> {
    let scans = order.output.join("scans");
    fs::create_dir_all(&scans).with_context(|| format!("cannot make `{}`", scans.display()))?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Vec<Written>)>> {
        let fonts = Fonts::parse(fonts)?;
        let mut renderer = Renderer::new(&fonts);
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= order.dossiers {
                return Ok(done);
            }
            done.push((number, make_one(order, &fonts, &mut renderer, number)?));
        }
    };
    let mut dossiers = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = (0..order.threads.max(1)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            dossiers.extend(thread.join().map_err(|_| anyhow!("a thread stopped"))??);
        }
        Ok(())
    })?;
    dossiers.sort_by_key(|(number, _)| *number);
    let mut tally = Tally::default();
    let mut lines = String::new();
    for written in dossiers.iter().flat_map(|(_, documents)| documents) {
        tally.documents += 1;
        tally.pages += written.pages;
        tally.bytes += written.bytes;
        lines.push_str(&written.truth.to_string());
        lines.push('\n');
    }
    fs::write(order.output.join("truth.jsonl"), lines)?;
    Ok(tally)
}

fn make_one(
    order: &Make,
    fonts: &Fonts<'_>,
    renderer: &mut Renderer<'_>,
    number: usize,
) -> Result<Vec<Written>> {
    let chance = Chance::new(order.seed).fork(&format!("dossier {number}"));
    let mut own = chance.fork("plan");
    let name = manifest::folder_name(&mut own, number);
    let folder = order.output.join("scans").join(&name);
    fs::create_dir_all(&folder)?;
    let has_manifest = number.is_multiple_of(2);
    let (fewest, most) = order.documents.bounds();
    let mut count = own.between(fewest as i32, most as i32) as usize;
    let secret = order.with_secret && number == 0;
    count += usize::from(secret);
    let mut documents = Vec::new();
    let code = barcode::dossier_code(&name, &mut chance.fork("barcode"));
    for ordinal in 1..=count {
        let secret = secret && ordinal == count;
        let place = Place { dossier: &name, code: &code, number, ordinal, secret };
        let own = chance.fork(&format!("document {ordinal}"));
        documents.push(write_one(order, fonts, renderer, (&folder, place), &own)?);
    }
    if has_manifest {
        let text = manifest::manifest(&mut own, &name, number, &documents);
        fs::write(folder.join("manifest.json"), text)?;
    }
    Ok(documents)
}

#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    dossier: &'a str,
    /// The dossier's code, where one is printed.
    code: &'a str,
    number: usize,
    ordinal: usize,
    secret: bool,
}

fn write_one(
    order: &Make,
    fonts: &Fonts<'_>,
    renderer: &mut Renderer<'_>,
    at: (&Path, Place<'_>),
    chance: &Chance,
) -> Result<Written> {
    let (folder, place) = at;
    let mut own = chance.fork("recipe");
    // Walking both lists rather than drawing from them shows every kind and format early.
    let step = place.number * 3 + place.ordinal - 1;
    let kind = order.kinds[step % order.kinds.len()];
    let format = order.formats[step % order.formats.len()];
    let (kind, format) =
        if place.secret { (Kind::CongVan, Format::PdfJpeg) } else { (kind, format) };
    let (fewest, most) = order.pages_per_document.bounds();
    let pages = own.between(fewest as i32, most as i32) as usize;
    let recipe = Recipe {
        format,
        dpi: *own.pick(&order.dpi),
        pages: if format.single_page() { 1 } else { pages },
        damage: Damage { severity: order.faults, only: order.only },
    };
    let paper = format != Format::PdfBornDigital;
    let wish = Wish { kind, secret: place.secret, paper };
    let mut draft = Draft::draw(&mut chance.fork("draft"), wish);
    if let Some(printer) = order.barcode.filter(|_| paper) {
        draft.barcode = Some(barcode::print(printer, place.code, manifest::PROCEDURE_CODE)?);
    }
    let made = scan::make(renderer, fonts, &draft, recipe, chance)?;
    let name = format!("{:02}-{}.{}", place.ordinal, kind.slug(), format.extension());
    fs::write(folder.join(&name), &made.bytes)?;
    let file = format!("scans/{}/{name}", place.dossier);
    let has_manifest = place.number.is_multiple_of(2);
    let truth = truth(&draft, recipe, &made, (&file, place.dossier, has_manifest));
    Ok(Written {
        bytes: made.bytes.len(),
        sha256: manifest::sha256(&made.bytes),
        pages: made.pages.len(),
        draft,
        recipe,
        name,
        truth,
    })
}

fn truth(draft: &Draft, recipe: Recipe, made: &scan::Made, at: (&str, &str, bool)) -> Value {
    let scanned = recipe.format != Format::PdfBornDigital;
    json!({
        "file": at.0,
        "doc_type": draft.kind.type_name(),
        "number": draft.number,
        "notation": draft.notation,
        "number_handwritten": draft.number_handwritten,
        "issued_date": draft.date.iso(),
        "date_handwritten": draft.day_handwritten,
        "issuing_org": draft.agency.name,
        "parent_org": draft.agency.parent,
        "place": draft.agency.place,
        "subject": draft.subject,
        "signer_name": draft.signer,
        "signer_title": draft.signer_title(),
        "notes": "made by sohoa-samples",
        "dossier": at.1,
        "manifest": at.2,
        "format": recipe.format.name(),
        "codec": recipe.format.codec(),
        "colour": if scanned { json!(recipe.format.colour()) } else { Value::Null },
        "dpi": if scanned { json!(recipe.dpi) } else { Value::Null },
        "text_layer": recipe.format.text_layer(),
        "stamp_text": made.stamp_text,
        "born_digital": !scanned,
        "bytes": made.bytes.len(),
        "sha256": manifest::sha256(&made.bytes),
        "secret": draft.stamp == Some(Stamp::Secret),
        "urgent": draft.stamp == Some(Stamp::Urgent),
        "seal": made.seal,
        "incoming_stamp": made.incoming.as_ref().map(|(number, date)| {
            json!({ "number": number, "date": date })
        }),
        "barcode": draft.barcode.as_ref().map(|barcode| &barcode.truth),
        "pages": made.pages,
    })
}
