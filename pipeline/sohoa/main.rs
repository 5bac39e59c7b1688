//! sohoa
fn main() {}
