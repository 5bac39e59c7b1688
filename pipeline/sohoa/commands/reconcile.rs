//! `sohoa reconcile`: what was counted and listed, held against what was scanned.

use std::io::Write as _;

use sohoa_index::{IndexError, output};
use sohoa_registers::code::AgencyCode;
use sohoa_store::Missing;

use crate::{
    arguments::Format,
    arguments::import::{Against, Reconcile},
    commands::query,
    exit::{Exit, Failure},
    settings::Settings,
    setup,
};

const INVENTORY: &str = include_str!("../../../schemas/reconcile/inventory.sql");
const DOSSIERS: &str = include_str!("../../../schemas/reconcile/dossiers.sql");

/// Answers on standard output.
pub(crate) async fn run(arguments: &Reconcile) -> Result<Exit, Failure> {
    let sql = sql(arguments)?;
    let settings = Settings::load(arguments.config.as_deref())?;
    let store = setup::open(&settings, &arguments.output, Missing::Refuse).await?;
    let index = query::open(&store).await?;
    let unreachable = |error: IndexError| Failure::from_error(Exit::Unreachable, &error);
    let answer = index.query(&sql).await.map_err(unreachable)?;
    let format = match arguments.format {
        Format::Csv => output::Format::Csv,
        Format::Json => output::Format::Json,
        Format::Table => output::Format::Table { width: None },
    };
    let schema = answer.schema();
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let rows = output::write(schema, answer, format, &mut out).await.map_err(unreachable)?;
    out.flush().map_err(|error| unreachable(error.into()))?;
    if arguments.format == Format::Table {
        let told = if arguments.all { "rows" } else { "differences" };
        eprintln!("{rows} {told}");
    }
    Ok(Exit::Done)
}

fn sql(arguments: &Reconcile) -> Result<String, Failure> {
    let (inner, order) = match arguments.what {
        Against::Dossiers => (DOSSIERS, "verdict, dossier_code"),
        Against::Inventory => (INVENTORY, "agency_code, procedure_base, year_from, verdict"),
    };
    let mut conditions = Vec::new();
    if !arguments.all {
        conditions.push("verdict <> 'equal'".to_owned());
    }
    if let Some(given) = &arguments.agency {
        // A code has no character that could end the text.
        let code = AgencyCode::parse(given).map(|code| code.code).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`{given}` is no agency's code"))
                .hint("such as H08.12 or 000.00.12.H08")
        })?;
        let below = format!("agency_code like '{code}.%'");
        conditions.push(format!("(agency_code = '{code}' or {below})"));
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!("where {}", conditions.join(" and "))
    };
    Ok(format!("select * from (\n{inner}\n) as compared {filter} order by {order}"))
}
