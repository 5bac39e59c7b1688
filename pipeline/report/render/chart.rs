//! A bar chart as SVG: one bar a row, with what it is compared with as a mark across it.

use std::fmt::Write as _;

use super::vietnamese;
use crate::{
    answer::{Answer, Cell},
    catalogue::{Mark, Pick},
    columns::Kind,
};

/// Bars that fit half a page and can still be read.
const MOST_BARS: usize = 20;
/// Widths and heights of the drawing, in its own units; the page scales it.
const WIDTH: f64 = 720.0;
const LABEL: f64 = 230.0;
const FIGURE: f64 = 70.0;
const ROW: f64 = 22.0;
const BAR: f64 = 13.0;
/// Characters of a label that fit its column.
const LONGEST_LABEL: usize = 36;

/// A bar.
struct Bar {
    label: String,
    value: f64,
    mark: Option<f64>,
}

/// The chart with its caption, as a `figure`; nothing where there is nothing to draw.
pub(super) fn chart(answer: &Answer) -> Option<String> {
    let chart = &answer.report.chart;
    let mut bars = bars(answer);
    let all = bars.len();
    if all > MOST_BARS {
        // Who is behind is what the reader looks for.
        bars.sort_by(|a, b| a.value.total_cmp(&b.value));
        bars.truncate(MOST_BARS);
    }
    if bars.is_empty() {
        return None;
    }
    let mut caption = chart.caption.to_owned();
    if all > MOST_BARS {
        caption = format!("{caption}: {MOST_BARS} giá trị thấp nhất trong {all}");
    }
    let is_percent =
        answer.place(chart.value).is_some_and(|place| answer.columns[place].kind == Kind::Percent);
    Some(format!(
        "<figure>\n<figcaption>{}</figcaption>\n{}{}</figure>\n",
        super::page::escaped(&caption),
        drawing(&bars, if is_percent { 100.0 } else { 0.0 }),
        legend(&chart.mark, &bars),
    ))
}

fn bars(answer: &Answer) -> Vec<Bar> {
    let chart = &answer.report.chart;
    let is_drawn = |row: &&Vec<Cell>| {
        chart.rows.iter().all(|pick| match pick {
            Pick::Part(column) => word(answer, row, column) != Some("total"),
            Pick::Total(column) => word(answer, row, column) == Some("total"),
        })
    };
    let bar = |row: &Vec<Cell>| {
        let value = answer.cell(row, chart.value)?.number()?;
        let mark = match chart.mark {
            Mark::Column(column, _) => answer.cell(row, column).and_then(Cell::number),
            Mark::Fixed(value, _) => Some(value),
            Mark::None => None,
        };
        Some(Bar { label: label(answer, row), value, mark })
    };
    answer.rows.iter().filter(is_drawn).filter_map(bar).collect()
}

fn word<'a>(answer: &Answer, row: &'a [Cell], column: &str) -> Option<&'a str> {
    answer.cell(row, column).and_then(Cell::text)
}

fn label(answer: &Answer, row: &[Cell]) -> String {
    let words = answer.report.chart.label.iter().filter_map(|name| {
        let place = answer.place(name)?;
        let cell = &row[place];
        (*cell != Cell::Null).then(|| vietnamese::value(&answer.columns[place], cell))
    });
    let text = words.collect::<Vec<_>>().join(" · ");
    let text = if answer.report.chart.label == ["phase"] { phase(&text) } else { text };
    if text.chars().count() <= LONGEST_LABEL {
        return text;
    }
    let kept: String = text.chars().take(LONGEST_LABEL - 1).collect();
    format!("{kept}…")
}

/// A bare number says nothing beside a bar.
fn phase(text: &str) -> String {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        format!("Giai đoạn {text}")
    } else if text == "Chưa rõ" {
        "Chưa rõ giai đoạn".to_owned()
    } else {
        text.to_owned()
    }
}

/// The drawing; its scale ends at the largest value or mark, and not before `at_least`.
fn drawing(bars: &[Bar], at_least: f64) -> String {
    let longest = bars
        .iter()
        .flat_map(|bar| [Some(bar.value), bar.mark])
        .flatten()
        .fold(at_least, f64::max)
        .max(f64::MIN_POSITIVE);
    let room = WIDTH - LABEL - FIGURE;
    let across = |value: f64| value.max(0.0) / longest * room;
    let height = ROW * bars.len() as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\">\n"
    );
    for (place, bar) in bars.iter().enumerate() {
        let middle = ROW * (place as f64 + 0.5);
        let top = middle - BAR / 2.0;
        let text = middle + 4.0;
        let width = across(bar.value);
        // Writing to a string does not fail.
        write!(
            svg,
            "<text class=\"label\" x=\"{:.1}\" y=\"{text:.1}\">{}</text>\
             <rect class=\"room\" x=\"{LABEL}\" y=\"{top:.1}\" width=\"{room:.1}\" height=\"{BAR}\"/>\
             <rect class=\"bar\" x=\"{LABEL}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\"/>",
            LABEL - 8.0,
            super::page::escaped(&bar.label),
        )
        .unwrap_or_default();
        if let Some(mark) = bar.mark {
            let x = LABEL + across(mark);
            write!(
                svg,
                "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>",
                top - 3.0,
                top + BAR + 3.0,
            )
            .unwrap_or_default();
        }
        writeln!(
            svg,
            "<text class=\"figure\" x=\"{:.1}\" y=\"{text:.1}\">{}</text>",
            LABEL + room + 6.0,
            vietnamese::number(bar.value, 2),
        )
        .unwrap_or_default();
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(mark: &Mark, bars: &[Bar]) -> String {
    let (Mark::Column(_, words) | Mark::Fixed(_, words)) = mark else { return String::new() };
    if bars.iter().all(|bar| bar.mark.is_none()) {
        return String::new();
    }
    format!("<p class=\"legend\"><span></span> {}</p>\n", super::page::escaped(words))
}
