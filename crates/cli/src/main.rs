//! The populi command.
fn main() {}
