//! Changes to nested tags, lengths and values that leave the lengths around them right.

use crate::chance::Chance;

/// Deeper is left as bytes.
const DEEPEST: usize = 24;

#[derive(Debug, Clone)]
struct Node {
    tag: u8,
    inside: Inside,
}

#[derive(Debug, Clone)]
enum Inside {
    Value(Vec<u8>),
    Nodes(Vec<Node>),
}

/// Changes one element; bytes that are none stay as they are.
pub(super) fn change(bytes: &mut Vec<u8>, chance: &mut Chance, other: &[u8]) {
    let (Some(mut nodes), Some(others)) = (read(bytes, 0), read(other, 0)) else { return };
    let mut at = chance.within(0..nodes.iter().map(count).sum());
    let mut from = chance.within(0..others.iter().map(count).sum());
    let donor = others.iter().find_map(|node| find(node, &mut from)).cloned();
    if let Some(list) = holder(&mut nodes, &mut at) {
        one(list, at, chance, donor);
    }
    bytes.clear();
    for node in &nodes {
        write(node, bytes);
    }
}

/// Changes the element at a place of a list.
fn one(list: &mut Vec<Node>, at: usize, chance: &mut Chance, donor: Option<Node>) {
    match chance.within(0..7) {
        0 => drop(list.remove(at)),
        1 => {
            let again = vec![list[at].clone(); *chance.one_of(&[1, 4, 300])];
            list.splice(at..at, again);
        }
        2 => {
            list[at].tag = *chance
                .one_of(&[0, 1, 2, 3, 4, 5, 6, 0x0c, 0x17, 0x18, 0x30, 0x31, 0xa0, 0xa3, 0xff]);
        }
        3 => {
            let new = *chance.one_of::<&[u8]>(&[
                &[],
                &[0],
                &[0xff],
                &[0x80],
                &[0xff; 9],
                &[0x7f; 40],
                b"99991231235959Z",
                b"000101000000Z",
            ]);
            list[at].inside = Inside::Value(new.to_vec());
        }
        4 => list[at] = donor.unwrap_or_else(|| list[at].clone()),
        5 => {
            for _ in 0..*chance.one_of(&[1, 30, 2_000]) {
                let mut value = Vec::new();
                write(&list[at], &mut value);
                list[at] = Node { tag: 0x30, inside: Inside::Value(value) };
                if value_length(&list[at]) > 1 << 16 {
                    break;
                }
            }
        }
        _ => {
            let other = chance.within(0..list.len());
            list.swap(at, other);
        }
    }
}

fn value_length(node: &Node) -> usize {
    match &node.inside {
        Inside::Value(value) => value.len(),
        Inside::Nodes(_) => 0,
    }
}

fn read(mut bytes: &[u8], depth: usize) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let [tag, rest @ ..] = bytes {
        let (length, rest) = length(rest)?;
        let (content, after) = rest.split_at_checked(length)?;
        let constructed = tag & 0x20 != 0 && depth < DEEPEST;
        let inside = constructed.then(|| read(content, depth + 1)).flatten();
        let inside = inside.map_or_else(|| Inside::Value(content.to_vec()), Inside::Nodes);
        nodes.push(Node { tag: *tag, inside });
        bytes = after;
    }
    (!nodes.is_empty()).then_some(nodes)
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0..=0x7f => Some((usize::from(*first), rest)),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 7))?;
            Some((digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit)), rest))
        }
        _ => None,
    }
}

fn count(node: &Node) -> usize {
    match &node.inside {
        Inside::Value(_) => 1,
        Inside::Nodes(nodes) => 1 + nodes.iter().map(count).sum::<usize>(),
    }
}

/// The element of this number, counted as they are written.
fn find<'a>(node: &'a Node, number: &mut usize) -> Option<&'a Node> {
    if *number == 0 {
        return Some(node);
    }
    *number -= 1;
    let Inside::Nodes(nodes) = &node.inside else { return None };
    nodes.iter().find_map(|node| find(node, number))
}

/// The list that holds the element of this number, which becomes its place there.
fn holder<'a>(nodes: &'a mut Vec<Node>, number: &mut usize) -> Option<&'a mut Vec<Node>> {
    let mut left = *number;
    let at = nodes.iter().position(|node| {
        let size = count(node);
        let here = left < size;
        left -= if here { 0 } else { size };
        here
    })?;
    if left == 0 {
        *number = at;
        return Some(nodes);
    }
    *number = left - 1;
    match &mut nodes[at].inside {
        Inside::Nodes(inner) => holder(inner, number),
        Inside::Value(_) => None,
    }
}

fn write(node: &Node, out: &mut Vec<u8>) {
    let mut content = Vec::new();
    match &node.inside {
        Inside::Value(value) => content.extend_from_slice(value),
        Inside::Nodes(nodes) => nodes.iter().for_each(|node| write(node, &mut content)),
    }
    out.push(node.tag);
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let digits = (long as u32).to_be_bytes();
            let zeros = digits.iter().take_while(|digit| **digit == 0).count();
            out.push(0x80 | (4 - zeros) as u8);
            out.extend_from_slice(&digits[zeros..]);
        }
    }
    out.extend(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_is_written_as_it_was() {
        let bytes = [0x30, 0x81, 0x85].into_iter().chain([4, 0x81, 0x82]).chain([7; 130]);
        let bytes: Vec<u8> = bytes.collect();
        let mut again = Vec::new();
        read(&bytes, 0).unwrap().iter().for_each(|node| write(node, &mut again));
        assert_eq!(again, bytes);
    }

    #[test]
    fn an_element_of_every_number_is_found_in_its_list() {
        let bytes = [0x30, 9, 0x30, 3, 2, 1, 1, 2, 2, 5, 6];
        for number in 0..4 {
            let mut nodes = read(&bytes, 0).unwrap();
            assert_eq!(nodes.iter().map(count).sum::<usize>(), 4);
            let mut at = number;
            let tag = holder(&mut nodes, &mut at).unwrap()[at].tag;
            assert_eq!(tag, [0x30, 0x30, 2, 2][number]);
        }
    }
}
