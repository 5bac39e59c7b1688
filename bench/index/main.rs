//! A synthetic index of a province, and questions to it. `bench/index/run` calls it:
//!
//! ```text
//! bench-index make FOLDER DOCUMENTS     documents, three pages each, text of every thirtieth page
//! bench-index files FOLDER TABLE        the Parquet files of a table
//! bench-index ask FOLDER                SQL from standard input, a line a question; JSON lines out
//! ```

mod ask;
mod columns;
mod documents;
mod pages;
mod province;
mod registers;

use std::{path::Path, sync::Arc, time::Instant};

use object_store::{ObjectStore, local::LocalFileSystem};
use sohoa_index::{Index, Stored, Table};
use url::Url;

use crate::province::Province;

/// Whatever goes wrong ends a measurement.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "bench-index make FOLDER DOCUMENTS | files FOLDER TABLE | ask FOLDER";

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", folder, documents] => make(Path::new(folder), documents.parse()?).await,
        ["files", folder, table] => {
            let table = Stored::from_name(table).ok_or("no such table")?;
            for file in open(Path::new(folder))?.files(table).await? {
                println!("{file}");
            }
            Ok(())
        }
        ["ask", folder] => ask::answer(&open(Path::new(folder))?).await,
        _ => Err(USAGE.into()),
    }
}

fn open(folder: &Path) -> Outcome<Index> {
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new_with_prefix(&folder)?);
    let url = Url::from_directory_path(&folder).map_err(|()| "the folder has no address")?;
    Ok(Index::open(&store, url)?)
}

/// Writes the three tables side by side, month by month.
async fn make(folder: &Path, documents: u64) -> Outcome<()> {
    let began = Instant::now();
    let province = Arc::new(Province::new(documents));
    registers::write(&open(folder)?, &province).await?;
    let tables = [Table::Documents, Table::Pages, Table::PageText];
    let written = tables.map(|table| {
        let (folder, province) = (folder.to_owned(), Arc::clone(&province));
        std::thread::spawn(move || -> Outcome<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(fill(&mut open(&folder)?, table, &province))
        })
    });
    for (table, written) in tables.into_iter().zip(written) {
        written.join().map_err(|_| "a table could not be written")??;
        let stats = open(folder)?.stats(table).await?;
        println!("{}", serde_json::to_string(&stats)?);
    }
    eprintln!("made in {:.0?}", began.elapsed());
    Ok(())
}

async fn fill(index: &mut Index, table: Table, province: &Province) -> Outcome<()> {
    let schema = table.schema()?;
    for month in 0..province::MONTHS {
        match table {
            Table::Documents => {
                let order = documents::order(province, month)?;
                let batches = order
                    .chunks(columns::ROWS)
                    .map(|chunk| documents::batch(&schema, month, chunk));
                index.load(table, batches).await?;
            }
            _ => {
                let rows = pages::order(province, month, table == Table::PageText);
                let batches =
                    rows.chunks(columns::ROWS).map(|chunk| pages::batch(&schema, month, chunk));
                index.load(table, batches).await?;
            }
        }
    }
    Ok(())
}
