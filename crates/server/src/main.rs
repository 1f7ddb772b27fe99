//! mapae
fn main() {}
