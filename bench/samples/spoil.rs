//! Spoils page images that are given, as a scanner would: a page of any origin whose text is known
//! becomes a scan whose text is known.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    args::Spoil, canvas::Canvas, chance::Chance, encode, faults::Faults, severity::Damage,
};

/// Spoils every image of the order; how many there were.
///
/// An image depends on the seed, on its own name and on the image that shines through, which is
/// the next one given, or the one before the last.
pub(crate) fn spoil_all(order: &Spoil) -> Result<usize> {
    fs::create_dir_all(&order.output)
        .with_context(|| format!("cannot make `{}`", order.output.display()))?;
    let names: BTreeSet<PathBuf> =
        order.images.iter().map(|path| written_as(order, path)).collect();
    ensure!(names.len() == order.images.len(), "two images would be written under one name");
    let damage = Damage { severity: order.faults, only: order.only };
    let mut before = None;
    let mut ahead = order.images.first().map(|path| read(path)).transpose()?;
    for (index, path) in order.images.iter().enumerate() {
        let Some(page) = ahead.take() else { break };
        ahead = order.images.get(index + 1).map(|path| read(path)).transpose()?;
        let spoiled = {
            let other = ahead.as_ref().or(before.as_ref());
            let mut chance = Chance::new(order.seed).fork(&name_of(path));
            let faults = Faults::draw(damage, &mut chance);
            faults.apply(&page, other, order.dpi as f32, &mut chance)
        };
        let bytes = encode::jpeg(&spoiled, order.dpi, damage.jpeg_quality())?;
        let target = written_as(order, path);
        fs::write(&target, bytes)
            .with_context(|| format!("cannot write `{}`", target.display()))?;
        before = Some(page);
    }
    Ok(order.images.len())
}

fn written_as(order: &Spoil, image: &Path) -> PathBuf {
    order.output.join(format!("{}.jpg", name_of(image)))
}

fn name_of(image: &Path) -> String {
    image.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<Canvas> {
    let image = image::ImageReader::open(path)
        .and_then(image::ImageReader::with_guessed_format)
        .with_context(|| format!("cannot read `{}`", path.display()))?
        .decode()
        .with_context(|| format!("`{}` is no image that can be read", path.display()))?
        .into_rgb8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Canvas { width, height, pixels: image.into_raw() })
}
