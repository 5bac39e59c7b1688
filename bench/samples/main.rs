//! samples
fn main() {}
