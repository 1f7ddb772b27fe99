//! The program `mapae`.

use std::process::ExitCode;

/// Quick under many threads, and quick to give memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    mapae::commands::run(std::env::args_os())
}
