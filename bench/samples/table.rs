//! Sets a ruled table: a bold head, wrapped cells, rows that never break across pages.

use crate::{
    fonts::Face,
    typeset::{LEFT, RIGHT, Setter, Style},
};

/// Space between a rule and the text.
const PAD: f32 = 4.0;
const CELL: Style = Style::left(Face::Regular, 12.0);
const HEAD: Style = Style::centred(Face::Bold, 12.0);

/// A table: shares of the width, the head, the rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) shares: Vec<f32>,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Sets a table over the whole width.
pub(crate) fn set(setter: &mut Setter<'_>, table: &Table) {
    let total: f32 = table.shares.iter().sum();
    let mut edges = vec![LEFT];
    let mut x = LEFT;
    for share in &table.shares {
        x += (RIGHT - LEFT) * share / total;
        edges.push(x);
    }
    row(setter, &table.head, &edges, HEAD);
    for cells in &table.rows {
        row(setter, cells, &edges, CELL);
    }
    setter.y += 8.0;
}

fn row(setter: &mut Setter<'_>, cells: &[String], edges: &[f32], style: Style) {
    let lines = cells
        .iter()
        .zip(edges.windows(2))
        .map(|(cell, edge)| setter.line_count(cell, style, edge[1] - edge[0] - 2.0 * PAD))
        .max()
        .unwrap_or(1);
    let height = lines as f32 * style.leading() + 2.0 * PAD;
    setter.need(height);
    let (top, bottom) = (setter.y, setter.y + height);
    for (cell, edge) in cells.iter().zip(edges.windows(2)) {
        let texts = [(cell.clone(), style)];
        setter.column(&texts, [edge[0] + PAD, edge[1] - PAD], top + PAD);
    }
    let (left, right) = (edges[0], edges[edges.len() - 1]);
    setter.rule([left, top], [right, top], 0.6);
    setter.rule([left, bottom], [right, bottom], 0.6);
    for &x in edges {
        setter.rule([x, top], [x, bottom], 0.6);
    }
    setter.y = bottom;
}
