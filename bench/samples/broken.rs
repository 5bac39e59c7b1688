//! Inputs that must be refused, and some that only look wrong; each is named for its fault.
//!
//! `DIR/inputs` holds them, `DIR/expected.jsonl` says what must become of each: `code` is the
//! finding of domain.md §8 or null where the input must work; `also` lists codes that are as good,
//! where two readings of a fault are both right. An entry for a folder speaks of every document in
//! it.

mod dossiers;
mod encrypted;
mod files;
mod hostile;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use serde_json::json;

use crate::{
    args::Broken,
    chance::Chance,
    draft::{Draft, Kind, Wish},
    fonts::{FontFiles, Fonts},
    format::Format,
    render::Renderer,
    scan::{self, Made, Recipe},
    severity::{Damage, Severity},
};

/// What an input must come to.
#[derive(Debug, Clone, Copy)]
struct Expect {
    code: Option<&'static str>,
    also: &'static [&'static str],
    why: &'static str,
}

impl Expect {
    fn works(why: &'static str) -> Self {
        Self { code: None, also: &[], why }
    }

    fn code(code: &'static str, why: &'static str) -> Self {
        Self { code: Some(code), also: &[], why }
    }

    fn or(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

/// Writes inputs and keeps what is expected of them.
#[derive(Debug)]
struct Shelf {
    inputs: PathBuf,
    expected: Vec<String>,
}

impl Shelf {
    fn put(&mut self, name: &str, bytes: &[u8], expect: Expect) -> Result<()> {
        self.write(name, bytes)?;
        self.expect(name, expect);
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.inputs.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
    }

    fn expect(&mut self, name: &str, expect: Expect) {
        let Expect { code, also, why } = expect;
        let input = format!("inputs/{name}");
        let line = json!({ "input": input, "code": code, "also": also, "why": why });
        self.expected.push(line.to_string());
    }
}

/// Makes one good file of one page, to be broken.
struct Good<'a> {
    fonts: &'a Fonts<'a>,
}

impl Good<'_> {
    fn make(&self, format: Format) -> Result<Made> {
        let chance = Chance::new(11).fork("broken");
        let wish = Wish { kind: Kind::ThongBao, secret: false, paper: true };
        let draft = Draft::draw(&mut chance.fork("draft"), wish);
        let damage = Damage { severity: Severity::None, only: None };
        let pages = if format.single_page() { 1 } else { 2 };
        let recipe = Recipe { format, dpi: 200, pages, damage };
        scan::make(&mut Renderer::new(self.fonts), self.fonts, &draft, recipe, &chance)
    }
}

/// Writes all inputs; returns how many.
pub(crate) fn make_all(order: &Broken) -> Result<usize> {
    let files = FontFiles::read(&order.fonts)?;
    let fonts = Fonts::parse(&files)?;
    let good = Good { fonts: &fonts };
    let mut shelf = Shelf { inputs: order.output.join("inputs"), expected: Vec::new() };
    files::damaged(&mut shelf, &good)?;
    files::mislabelled(&mut shelf, &good)?;
    encrypted::put(&mut shelf, &good)?;
    hostile::put(&mut shelf)?;
    dossiers::put(&mut shelf, &good)?;
    let lines = shelf.expected.join("\n") + "\n";
    fs::write(order.output.join("expected.jsonl"), lines)?;
    Ok(shelf.expected.len())
}
