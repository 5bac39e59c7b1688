//! Survey, recognise and compose: every page of a source, read by the page workers and written
//! into the two-layer document in order, as it comes.
//!
//! A page that cannot be read is refused with its reason; the others go on. Every page is judged for
//! a secrecy stamp before anything of it is written, for one file may hold several papers: one
//! stamp refuses the whole source.

use std::{collections::HashMap, time::Duration};

use futures::{StreamExt as _, stream};
use ring::digest;
use sohoa_compose::ComposeError;
use sohoa_decode::{Format, Keep, LayerQuality, Origin, Survey};
use sohoa_document::{Barcodes, Page, PageFacts, PageText};
use sohoa_flow::{FatalKind, Fault, Rejection};
use sohoa_metrics::{Stage, Working};
use sohoa_page_workers::{PageFailure, PageJob, PoolError};
use sohoa_schemas::Code;
use tempfile::TempPath;
use uuid::Uuid;

use crate::{
    context::Context,
    observe::counted,
    stages::{
        compose::{Composition, NotAdded},
        take_in::Taken,
    },
};

const STAGE: &str = "read";

/// What was read of a page; its image is in the composed document already.
#[derive(Debug)]
pub(crate) struct ReadPage {
    /// The readings of the page as they came, for extraction.
    pub(crate) readings: PageText,
    /// What the page says: searched, and laid under its image.
    pub(crate) text: PageText,
    /// The barcodes.
    pub(crate) barcodes: Barcodes,
    /// Facts.
    pub(crate) facts: PageFacts,
    /// Clockwise turn from the scan to upright; none for a page that was drawn.
    pub(crate) rotation: Option<u16>,
    /// An earlier page of the source that holds the very same image.
    pub(crate) same_as: Option<u32>,
}

/// One page's outcome.
#[derive(Debug)]
pub(crate) struct PageResult {
    /// Its place.
    pub(crate) place: Place,
    /// What was read, or why it was refused.
    pub(crate) page: Result<ReadPage, Rejection>,
}

/// Where a page is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Number in the source, from 1.
    pub(crate) number: u32,
    /// Which of the source's files.
    pub(crate) file: usize,
    /// Number in that file, from 1.
    pub(crate) number_in_file: u32,
}

/// Everything read from a source.
#[derive(Debug)]
pub(crate) struct Read {
    /// Paper or born digital.
    pub(crate) origin: Origin,
    /// Every page, in order.
    pub(crate) pages: Vec<PageResult>,
    /// The composed document, unsigned; none for a born-digital original.
    pub(crate) composed: Option<TempPath>,
    /// Quality of the files' own text layers, a page each.
    pub(crate) layers: Vec<LayerQuality>,
    /// Whether a file carries a digital signature.
    pub(crate) signed: bool,
    /// What the files could do by themselves, by name.
    pub(crate) active: Vec<String>,
    /// Media type of the files.
    pub(crate) media_type: &'static str,
}

impl Read {
    /// Pages of the source, read or refused.
    pub(crate) fn page_count(&self) -> u32 {
        self.pages.len() as u32
    }

    /// The text of every page that was read, with its number.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (u32, &PageText)> {
        self.read_pages().map(|(number, page)| (number, &page.text))
    }

    /// The readings of every page that was read, with its number.
    pub(crate) fn readings(&self) -> impl Iterator<Item = (u32, &PageText)> {
        self.read_pages().map(|(number, page)| (number, &page.readings))
    }

    fn read_pages(&self) -> impl Iterator<Item = (u32, &ReadPage)> {
        let pages = self.pages.iter();
        pages.filter_map(|result| Some((result.place.number, result.page.as_ref().ok()?)))
    }

    /// Whether the page where a secrecy stamp would stand was read.
    pub(crate) fn first_page_read(&self) -> bool {
        self.pages.first().is_some_and(|result| result.page.is_ok())
    }

    /// The read pages of a range, both ends included.
    pub(crate) fn pages_between(&self, from: u32, to: u32) -> impl Iterator<Item = &ReadPage> {
        self.pages_numbered(from, to).map(|(_, page)| page)
    }

    /// The same with their numbers.
    pub(crate) fn pages_numbered(
        &self,
        from: u32,
        to: u32,
    ) -> impl Iterator<Item = (u32, &ReadPage)> {
        let inside = move |result: &&PageResult| (from..=to).contains(&result.place.number);
        let read = self.pages.iter().filter(inside);
        read.filter_map(|result| Some((result.place.number, result.page.as_ref().ok()?)))
    }
}

/// Reads a source whole.
///
/// # Errors
/// `Reject` when the file cannot be opened, is secret, contradicts its manifest, or has no page
/// that can be read.
pub(crate) async fn read(context: &Context, taken: &Taken) -> Result<Read, Fault> {
    let bytes = taken.files.iter().map(|file| file.size).sum();
    let fetched = context.line.edge_into(Stage::Decode).put(bytes);
    let surveys = counted(context, Stage::Decode, survey(context, taken)).await?;
    drop(fetched);
    counted(context, Stage::Ocr, recognise(context, taken, &surveys)).await
}

async fn recognise(context: &Context, taken: &Taken, surveys: &[Survey]) -> Result<Read, Fault> {
    let origin = common_origin(surveys);
    let mut reading = Reading::begin(context, taken, origin)?;
    let mut pages = stream::iter(jobs(taken, surveys, origin))
        .map(|(place, job)| async move {
            let page = context.pool.page(job.clone()).await;
            if let Ok(page) = &page {
                let recognised = Duration::from_millis(page.facts.ocr_ms.into());
                context.line.stage(Stage::Ocr).worked(recognised);
            }
            (place, job, page)
        })
        .buffered(context.settings.worker_count());
    while let Some((place, job, page)) = pages.next().await {
        reading.take(place, job, page).await?;
    }
    drop(pages);
    let (pages, composed) = reading.end()?;
    Ok(Read {
        origin,
        pages,
        composed,
        layers: surveys.iter().flat_map(|survey| survey.layers.iter().copied()).collect(),
        signed: surveys.iter().any(|survey| survey.signed),
        active: surveys.iter().flat_map(|survey| survey.active.iter().cloned()).collect(),
        media_type: surveys.first().map_or("application/octet-stream", |s| media_type(s.format)),
    })
}

async fn survey(context: &Context, taken: &Taken) -> Result<Vec<Survey>, Fault> {
    let mut surveys = Vec::with_capacity(taken.files.len());
    for ((listed, fetched), counted) in
        taken.source.files.iter().zip(&taken.files).zip(&taken.counted)
    {
        let survey = context.pool.survey(&fetched.path).await.map_err(refusal)?;
        counted.get_or_init(|| survey.pages);
        let declared = listed.declared.as_ref().and_then(|file| file.pages);
        if let Some(declared) = declared
            && declared != survey.pages
        {
            let error =
                format!("the file has {} pages and its manifest says {declared}", survey.pages);
            let rejection = Rejection::new(Code::I10PageCountMismatch, STAGE, error).held_against(
                format!("{} pages in the file", survey.pages),
                format!("{declared} pages by its manifest"),
            );
            return Err(rejection.into());
        }
        surveys.push(survey);
    }
    Ok(surveys)
}

/// One rule for all files of a source: born digital only when every file is, and then only a
/// single file, since several cannot be one byte-exact original.
fn common_origin(surveys: &[Survey]) -> Origin {
    match surveys {
        [one] => one.origin,
        many if many.iter().all(|survey| survey.origin == Origin::Paper) => Origin::Paper,
        _ => Origin::Mixed,
    }
}

fn jobs(taken: &Taken, surveys: &[Survey], origin: Origin) -> Vec<(Place, PageJob)> {
    let mut jobs = Vec::new();
    for (file, (survey, fetched)) in surveys.iter().zip(&taken.files).enumerate() {
        for index in 0..survey.pages {
            let place = Place { number: jobs.len() as u32 + 1, file, number_in_file: index + 1 };
            let megapixels = survey.page_megapixels.get(index as usize).copied().unwrap_or(0.0);
            let job = PageJob {
                path: fetched.path.clone(),
                number: index + 1,
                origin,
                megapixels,
                keep: Keep::Stream,
            };
            jobs.push((place, job));
        }
    }
    jobs
}

fn media_type(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "image/jpeg",
        Format::Jpeg2000 => "image/jp2",
        Format::Pdf => "application/pdf",
        Format::Png => "image/png",
        Format::Tiff => "image/tiff",
    }
}

/// A failure of a whole file.
fn refusal(failure: PageFailure) -> Fault {
    match failure {
        PageFailure::Pool(error) => no_child(error),
        failure => rejection(failure, Code::F13FileFailed).into(),
    }
}

/// No page worker can be started any more, which is this machine's trouble and no document's.
fn no_child(error: PoolError) -> Fault {
    Fault::fatal(FatalKind::MissingDependency, STAGE, error)
}

/// A failure of a page or of a whole file; `broken` is the code of one that ended its reader.
fn rejection(failure: PageFailure, broken: Code) -> Rejection {
    let code = match &failure {
        PageFailure::Rejected(error) => error.code.parse().unwrap_or(Code::F02Unreadable),
        _ => broken,
    };
    Rejection::new(code, STAGE, failure)
}

/// Why a page is not in the document.
enum Refused {
    /// Its image has to be encoded anew first.
    Recode(ComposeError),
    /// For good.
    Page(Box<Rejection>),
}

/// The pages so far, and the document they go into.
struct Reading<'a> {
    context: &'a Context,
    source: Uuid,
    pages: Vec<PageResult>,
    /// The page that each image was first met on, by the image's hash.
    images: HashMap<Vec<u8>, u32>,
    composition: Option<Composition>,
    composing: Option<Working>,
}

impl<'a> Reading<'a> {
    fn begin(context: &'a Context, taken: &Taken, origin: Origin) -> Result<Self, Fault> {
        let paper = origin != Origin::BornDigital;
        let composition = paper.then(|| Composition::begin(context, taken)).transpose()?;
        let composing = paper.then(|| context.line.stage(Stage::Compose).enter_in_parts());
        let (pages, images) = (Vec::new(), HashMap::new());
        Ok(Self { context, source: taken.uid, pages, images, composition, composing })
    }

    /// Takes a page's outcome in; the image goes into the document and out of memory. An image
    /// that PDF/A-2b cannot hold as it is gets asked for again, encoded anew.
    async fn take(
        &mut self,
        place: Place,
        job: PageJob,
        page: Result<Page, PageFailure>,
    ) -> Result<(), Fault> {
        let mut outcome = self.compose(place, page)?;
        if let Err(Refused::Recode(why)) = &outcome {
            tracing::debug!(page = place.number, %why, "a page is encoded anew");
            let job = PageJob { keep: Keep::Recoded, ..job };
            outcome = self.compose(place, self.context.pool.page(job).await)?;
        }
        let page = outcome.map_err(|refused| match refused {
            Refused::Page(rejection) => *rejection,
            Refused::Recode(why) => Rejection::new(Code::F05Unsupported, STAGE, why),
        });
        if let Err(rejection) = &page {
            tracing::warn!(
                source = %self.source,
                page = place.number,
                code = %rejection.code,
                why = rejection.sentence,
                "a page is refused"
            );
        }
        self.pages.push(PageResult { place, page });
        Ok(())
    }

    fn compose(
        &mut self,
        place: Place,
        page: Result<Page, PageFailure>,
    ) -> Result<Result<ReadPage, Refused>, Fault> {
        let refused = |rejection| Ok(Err(Refused::Page(Box::new(rejection))));
        let mut page = match page {
            Ok(page) => page,
            Err(PageFailure::Pool(error)) => return Err(no_child(error)),
            Err(failure) => return refused(rejection(failure, Code::F09PageFailed)),
        };
        if sohoa_extract::secrecy(&page.text).is_some() {
            // The stamp's level stays out of every message: the code alone is recorded.
            let error = "the paper bears a secrecy stamp";
            return Err(Fault::reject(Code::S01SecretPaper, STAGE, error));
        }
        let rotation = page.scan.as_ref().map(|scan| scan.rotation);
        let text = page.text.settled();
        if let Some(composition) = &mut self.composition {
            let Some(scan) = &page.scan else {
                let error = "the page has no image to keep";
                return refused(Rejection::new(Code::F02Unreadable, STAGE, error));
            };
            let busy = self.context.line.stage(Stage::Compose).busy();
            let clock = &self.context.clock;
            let added = clock.book(|spent| &mut spent.compose, || composition.add(scan, &text));
            drop(busy);
            match added {
                Ok(()) => {}
                Err(NotAdded::Fault(Fault::Reject(rejection))) => {
                    return Ok(Err(Refused::Page(rejection)));
                }
                Err(NotAdded::Fault(fault)) => return Err(fault),
                Err(NotAdded::Recode(why)) => return Ok(Err(Refused::Recode(why))),
            }
        }
        let same_as = self.met_before(place.number, &page);
        if same_as.is_some() {
            page.facts.findings.push(Code::I08DupPage.to_string());
        }
        let Page { text: readings, barcodes, facts, .. } = page;
        Ok(Ok(ReadPage { readings, text, barcodes, facts, rotation, same_as }))
    }

    /// The earlier page with the very same image. No scanner gives the same bytes twice; of empty
    /// sheets only, whose image may be one pattern, nothing follows.
    fn met_before(&mut self, number: u32, page: &Page) -> Option<u32> {
        let scan = page.scan.as_ref().filter(|_| !page.facts.blank)?;
        let mut hash = digest::Context::new(&digest::SHA256);
        for (_, image) in &scan.images {
            hash.update(&image.data);
        }
        let first = *self.images.entry(hash.finish().as_ref().to_vec()).or_insert(number);
        (first != number).then_some(first)
    }

    fn end(self) -> Result<(Vec<PageResult>, Option<TempPath>), Fault> {
        let busy = self.context.line.stage(Stage::Compose).busy();
        let ended = || self.composition.map(Composition::end).transpose();
        let composed = self.context.clock.book(|spent| &mut spent.compose, ended)?.flatten();
        drop(busy);
        self.composing.into_iter().for_each(Working::done);
        if self.pages.iter().any(|result| result.page.is_ok()) {
            return Ok((self.pages, composed));
        }
        let first = self.pages.into_iter().find_map(|result| result.page.err());
        Err(first.map_or_else(
            || Fault::reject(Code::F02Unreadable, STAGE, "the file has no pages"),
            Fault::from,
        ))
    }
}

#[cfg(test)]
mod tests {
    use sohoa_page_workers::Breakage;

    use super::*;

    #[test]
    fn a_file_that_ends_its_reader_is_not_called_a_page() {
        let broken = || PageFailure::Broken { reason: Breakage::OutOfMemory, attempts: 2 };
        let Fault::Reject(refused) = refusal(broken()) else { panic!("a refusal") };
        assert_eq!(refused.code, Code::F13FileFailed);
        assert_eq!(rejection(broken(), Code::F09PageFailed).code, Code::F09PageFailed);
    }
}
