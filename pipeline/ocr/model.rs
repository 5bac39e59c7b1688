//! Which model reads a page, and where its file lies.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{engine::EngineConfig, error::OcrError};

/// The small model that distributions package; needs no folder of its own.
pub(crate) const FAST: &str = "fast";

/// The larger model of whole numbers; no distribution packages it.
const BEST_INT: &str = "best_int";

/// Folder that the model is loaded from; empty for the library's own.
///
/// A name is a folder below the folder of models; anything with a `/` is a folder by itself.
pub(crate) fn folder(config: &EngineConfig) -> Result<PathBuf, OcrError> {
    let unusable = |what, value: &str| OcrError::UnusableSetting { what, value: value.to_owned() };
    let language = config.language.as_str();
    if language.is_empty() || language.contains(['\0', '/']) {
        return Err(unusable("language", language));
    }
    if config.model.is_empty() || config.model.contains('\0') {
        return Err(unusable("model", &config.model));
    }
    let all = config.tessdata.clone();
    let own = config.model.contains('/').then(|| PathBuf::from(&config.model));
    let of_name = all.as_ref().map(|all| all.join(&config.model));
    let folder = match (own, of_name) {
        (Some(own), _) => own,
        (None, Some(named)) if config.model != FAST || holds(&named, language) => named,
        (None, _) if config.model == FAST => all.unwrap_or_default(),
        (None, _) => return Err(missing(config, None)),
    };
    let readable = folder.to_str().is_some_and(|folder| !folder.contains('\0'));
    if !readable {
        return Err(unusable("tessdata folder", &folder.to_string_lossy()));
    }
    let library = folder.as_os_str().is_empty();
    if library || holds(&folder, language) {
        return Ok(folder);
    }
    Err(missing(config, Some(&folder)))
}

/// Whether a folder holds the model of a language.
pub(crate) fn holds(folder: &Path, language: &str) -> bool {
    folder.join(format!("{language}.traineddata")).is_file()
}

/// Names the model that is missing, where it was looked for, and what brings it.
pub(crate) fn missing(config: &EngineConfig, folder: Option<&Path>) -> OcrError {
    let place = match (folder, env::var_os("TESSDATA_PREFIX")) {
        (Some(folder), _) if !folder.as_os_str().is_empty() => format!("`{}`", folder.display()),
        (None, _) => "any folder: `ocr.tessdata` names none".to_owned(),
        (_, Some(folder)) => format!("`{}` (TESSDATA_PREFIX)", Path::new(&folder).display()),
        (_, None) => "the library's default folder".to_owned(),
    };
    let language = config.language.clone();
    let remedy = match config.model.as_str() {
        FAST => format!("on Debian: apt-get install tesseract-ocr-{}", language.replace('_', "-")),
        BEST_INT => format!(
            "npm pack @tesseract.js-data/{language} brings it as \
             package/4.0.0_best_int/{language}.traineddata.gz: unpack that into the folder \
             `best_int` below the one that `ocr.tessdata` names"
        ),
        model if model.contains('/') => {
            format!("`ocr.model` names a folder that holds {language}.traineddata")
        }
        _ => format!(
            "`ocr.model` is `fast`, `best_int`, a folder below `ocr.tessdata`, or a path with a \
             `/` to a folder that holds {language}.traineddata"
        ),
    };
    OcrError::MissingModel { model: config.model.clone(), language, place, remedy }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn config(model: &str, tessdata: Option<&Path>) -> EngineConfig {
        EngineConfig {
            model: model.into(),
            tessdata: tessdata.map(Into::into),
            ..EngineConfig::default()
        }
    }

    #[test]
    fn a_name_is_a_folder_below_the_folder_of_models() {
        let all = tempfile::tempdir().unwrap();
        for model in ["best_int", "mine"] {
            let folder = all.path().join(model);
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("vie.traineddata"), b"model").unwrap();
            assert_eq!(super::folder(&config(model, Some(all.path()))).unwrap(), folder);
            let alone = config(folder.to_str().unwrap(), None);
            assert_eq!(super::folder(&alone).unwrap(), folder);
        }
    }

    #[test]
    fn fast_is_the_folder_itself_where_it_has_none_of_its_own() {
        assert_eq!(folder(&config(FAST, None)).unwrap(), PathBuf::new());
        let all = tempfile::tempdir().unwrap();
        fs::write(all.path().join("vie.traineddata"), b"model").unwrap();
        assert_eq!(folder(&config(FAST, Some(all.path()))).unwrap(), all.path());
    }

    #[test]
    fn a_missing_model_is_named_with_what_brings_it() {
        let all = tempfile::tempdir().unwrap();
        let said = |model: &str, tessdata| {
            folder(&config(model, tessdata)).expect_err("there is no such model").to_string()
        };
        let place = all.path().join("best_int").display().to_string();
        let with_folder = said("best_int", Some(all.path()));
        assert!(with_folder.contains(&place), "{with_folder}");
        let without = said("best_int", None);
        for message in [with_folder, without] {
            assert!(message.contains("`best_int`") && message.contains("npm pack"), "{message}");
        }
        assert!(said("bestint", None).contains("`fast`"));
        assert!(said("/nowhere/at/all", None).contains("`/nowhere/at/all`"));
    }

    #[test]
    fn what_the_engine_cannot_be_given_is_refused() {
        for model in ["", "a\0b"] {
            let refused = folder(&config(model, None));
            assert!(matches!(refused, Err(OcrError::UnusableSetting { what: "model", .. })));
        }
    }
}
