//! Free ports of the loopback that stay free while their server is down.
//!
//! A port that the system hands out (port 0) lies where outgoing connections get theirs from. While
//! a killed server is down, a client that keeps trying can then be given the very port it tries to
//! reach, connects to itself, and the server cannot come back. So ports are taken from below.

use std::{
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

/// The system's default where outgoing connections begin.
const OUTGOING: u16 = 32_768;
/// Below are ports that services are known by.
const LOWEST: u16 = 12_000;

/// A listener on a free port of the loopback.
pub(crate) fn listen() -> TcpListener {
    let range = range();
    let tries = std::iter::repeat_with(|| range.start + random() % (range.end - range.start));
    let mut bound = tries.take(1_000).filter_map(|port| TcpListener::bind((LOOPBACK, port)).ok());
    bound.next().expect("a thousand ports of the loopback and none is free")
}

/// The loopback's address.
pub(crate) const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A free port; the listener that held it is gone.
pub(crate) fn free() -> u16 {
    listen().local_addr().unwrap().port()
}

/// Different free ports.
pub(crate) fn free_each(count: usize) -> Vec<u16> {
    let held: Vec<_> = std::iter::repeat_with(listen).take(count).collect();
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

fn range() -> Range<u16> {
    let said = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let first = said.and_then(|said| said.split_whitespace().next()?.parse().ok());
    LOWEST..first.filter(|first| *first > LOWEST).unwrap_or(OUTGOING)
}

/// Two tests that start at the same moment must not walk through the same ports.
fn random() -> u16 {
    uuid::Uuid::new_v4().as_u128() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_outgoing_connection_can_be_given_them() {
        let ports = free_each(20);
        assert!(ports.iter().all(|port| range().contains(port)));
        let mut different = ports.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), ports.len());
    }
}
