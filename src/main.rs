//! Starts Digital Dalla.

fn main() {}
