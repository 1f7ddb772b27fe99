//! The measuring side of `cargo xtask bench`: it makes load, and it is the bare server that Mapae is compared with.
//!
//! Each command does one thing, is told about a server by a file ([`target::Target`]), and answers with one line of JSON.
//! What is measured in which order, and what is written about it, is the task's business.

mod bare;
mod browser;
mod crowd;
mod form;
mod http;
mod jws;
mod measure;
mod prepare;
mod process;
mod scenario;
mod start;
mod target;

use std::process::ExitCode;

use clap::Parser;

/// The same as Mapae's, so that the bare server is no slower for it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The measuring side of `cargo xtask bench`.
#[derive(Parser)]
#[command(name = "mapae-bench")]
enum Command {
    /// Sign everybody in at a server and agree; prints its endpoints and everybody's cookies
    Prepare(prepare::Prepare),
    /// Put load on a server; prints what was measured
    Measure(measure::Measure),
    /// Make a key with which an app signs; prints it and the key set to register
    Key,
    /// Start a server many times; prints how long it took to its first answer
    Start(start::Start),
    /// Be the bare server: what is unavoidable, with the bytes and headers of another server
    Bare(bare::Bare),
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    // One thread makes the load, so that most of the machine is left to the server.
    let quiet = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    match command {
        Command::Prepare(prepare) => say(&quiet()?.block_on(prepare.run())?),
        Command::Measure(measure) => say(&quiet()?.block_on(measure.run())?),
        Command::Key => {
            let (key, written) = jws::Key::generate()?;
            say(&serde_json::json!({ "key": written, "jwks": key.jwks() }))
        }
        Command::Start(start) => say(&quiet()?.block_on(start.run())?),
        Command::Bare(bare) => tokio::runtime::Runtime::new()?.block_on(bare.run()),
    }
}

/// Prints one line of JSON.
fn say(value: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(value)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Command::command().debug_assert();
    }
}
