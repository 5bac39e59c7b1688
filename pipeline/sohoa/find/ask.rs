//! From the command line to a request.

use std::io::{IsTerminal as _, Read as _};

use sohoa_find::{Misunderstood, Period, Request};

use crate::{
    arguments::find::Find,
    exit::{Exit, Failure},
    privacy::Pseudonyms,
    settings::Settings,
};

/// Longest number of an owner, in bytes; beyond that it is another file.
const LONGEST_OWNER: u64 = 200;

/// What is asked; the owner's number is read and hashed here, and nowhere else.
pub(crate) fn request(arguments: &Find, settings: &Settings) -> Result<Request, Failure> {
    let mut request = Request::default();
    request.understand(&arguments.query.join(" ")).map_err(|error| misunderstood(&error))?;
    // On a page any number may stand; its document's own is asked for as `số 2114`.
    if arguments.text {
        request = request.with_number_as_word().unwrap_or(request);
    }
    if let Some(kind) = &arguments.kind
        && !request.of_kind(kind)
    {
        let what = format!("there is no kind of document `{kind}`");
        return Err(Failure::new(Exit::Usage, what).hint("quyết định, QĐ or 02"));
    }
    if let Some(agency) = &arguments.agency {
        request.of_agency(agency);
    }
    for period in periods(arguments)? {
        request.within(period).map_err(|error| misunderstood(&error))?;
    }
    if let Some(number) = owner(arguments)? {
        let pseudonyms = Pseudonyms::load(settings.config.secrets.hmac_key.as_deref())?;
        request.owner = Some(pseudonyms.hash(&number));
    }
    if request.is_empty() {
        let failure = Failure::new(Exit::Usage, "nothing to look for");
        return Err(failure.hint("`sohoa find --help` has examples"));
    }
    Ok(request)
}

/// What is wrong, and what to do.
pub(crate) fn misunderstood(error: &Misunderstood) -> Failure {
    let hint = match error {
        Misunderstood::CitizensNumber => {
            "others can see the command line: give --owner and type the number when asked, or \
             --owner-file"
        }
        Misunderstood::Unclosed => "in a shell: '\"thửa số 7\"'",
        Misunderstood::NoDay => "leave one of them out",
        Misunderstood::Two(_) => "look for one after the other",
    };
    Failure::from_error(Exit::Usage, error).hint(hint)
}

fn periods(arguments: &Find) -> Result<Vec<Period>, Failure> {
    let mut periods = Vec::new();
    if let Some(year) = &arguments.year {
        periods.push(years(year)?);
    }
    if let Some(from) = &arguments.from {
        periods.push(Period { from: parse("--from", from)?.from, ..Period::EVER });
    }
    if let Some(to) = &arguments.to {
        periods.push(Period { to: parse("--to", to)?.to, ..Period::EVER });
    }
    Ok(periods)
}

/// `2020`, or `2015-2019`.
pub(crate) fn years(text: &str) -> Result<Period, Failure> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Ok(Period { from: parse("--year", first)?.from, to: parse("--year", last)?.to })
}

fn parse(option: &str, text: &str) -> Result<Period, Failure> {
    Period::parse(text.trim()).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("{option} `{text}` is no date"))
            .hint("2020, 06/2020, 01/06/2020 or 2020-06-01")
    })
}

/// The number as typed, without what people put between its digits.
fn owner(arguments: &Find) -> Result<Option<String>, Failure> {
    let failed = |error: std::io::Error| {
        let what = format!("the number of the owner cannot be read: {error}");
        Failure::new(Exit::Usage, what)
    };
    let typed = if let Some(path) = &arguments.owner_file {
        let file = std::fs::File::open(path).map_err(failed)?;
        read(file).map_err(failed)?
    } else if !arguments.owner {
        return Ok(None);
    } else if std::io::stdin().is_terminal() {
        rpassword::prompt_password("number of the owner (not shown): ").map_err(failed)?
    } else {
        read(std::io::stdin()).map_err(failed)?
    };
    let number: String =
        typed.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    if number.is_empty() {
        return Err(Failure::new(Exit::Usage, "no number of an owner was given"));
    }
    Ok(Some(number))
}

fn read(from: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(LONGEST_OWNER).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
