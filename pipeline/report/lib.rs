//! The province's reports R1 to R15: how much of what exists is digitised, signed, reusable, by
//! agency, level, phase and period, in numbers that somebody must be able to trust.
//!
//! ```text
//! Question (period, province, agency, level at issue or now)
//!    └─> SQL of schemas/reports ─> Index::query ─> Answer ─> render: table, CSV, JSON, XLSX, HTML
//! ```
//!
//! * [`REPORTS`]: the reports, their inputs and their explanations; the SQL is shipped as text and
//!   runs in any engine.
//! * [`Period`]: the periods of the plans, cut off on the 14th.
//! * [`Answer::ask`]: a typed table. Every answer has rows: where an input is missing, the one row
//!   says `no data: missing …`; a value that cannot be computed is null, never 0.
//! * [`render()`]: the answer in its form.

mod answer;
mod catalogue;
mod columns;
mod period;
mod question;
mod render;

pub use self::{
    answer::{Answer, Cell, ReportError},
    catalogue::{Chart, Mark, Pick, REPORTS, Report},
    columns::{Column, Kind},
    period::{NotAPeriod, Period},
    question::{AgencyCode, LevelAt, NotACode, Question},
    render::{Format, RenderError, render},
};
