//! What the command line carries out: one file per subcommand.
//!
//! A command works on the database by itself, beside a running server, which follows within a second. It does
//! all that was asked, or it changes nothing and says everything that is wrong.

mod answer;
mod api;
mod app;
mod check;
mod clock;
mod data;
mod demo;
mod failure;
mod fields;
mod keys;
mod migrate;
mod name;
mod refusals;
mod registration;
mod serve;
mod simulate;
mod upstream;
mod user;

use std::{ffi::OsString, io, process::ExitCode, time::Duration};

use clap::Parser as _;
use tokio::runtime::{Builder, Runtime};

use self::{answer::Answer, app::switch::Switch, failure::Failure};
use crate::cli::{
    ApiCommand, AppCommand, Cli, ClockCommand, Command, InitialTokenCommand, KeysCommand,
    RegistrationCommand, UpstreamCommand, UserCommand,
};

/// How long a hash that is still being computed may keep the process.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Carries out one command line, whose first word is the program's name.
///
/// Ends with 0 when all was done, 1 when it was not, 2 when the command line or the settings were not
/// understood. With `--json` exactly one JSON object goes to standard output, also when something is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let command = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli.command,
        Err(error) => return answer_misunderstood(&error, json),
    };
    let outcome = match runtime(&command) {
        Ok(runtime) => {
            let outcome = runtime.block_on(carry_out(command));
            runtime.shutdown_timeout(LAST_WORK);
            outcome
        }
        Err(error) => Err(Failure::new("internal", format!("the process cannot start its threads: {error}"))),
    };
    outcome.map_or_else(|failure| failure.print(json), |answer| answer.print(json))
}

/// Help and version are answers, too, and no JSON.
fn answer_misunderstood(error: &clap::Error, json: bool) -> ExitCode {
    if error.use_stderr() && json {
        return Failure::misunderstood(&error.render().to_string()).print(json);
    }
    // A reader who has gone away needs no help.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { failure::MISUNDERSTOOD } else { 0 })
}

/// A server uses all cores; a command waits for one thing after another.
fn runtime(command: &Command) -> io::Result<Runtime> {
    let mut builder = match command {
        Command::Serve(_) | Command::Demo(_) | Command::Simulate(_) => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    builder.enable_all().build()
}

async fn carry_out(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Serve(args) => serve::run(&args).await,
        Command::User(command) => carry_out_for_people(command).await,
        Command::App(command) => carry_out_for_apps(command).await,
        Command::Api(command) => carry_out_for_apis(command).await,
        Command::Registration(RegistrationCommand::Token(command)) => carry_out_for_tokens(command).await,
        Command::Upstream(command) => carry_out_for_upstreams(command).await,
        Command::Keys(KeysCommand::List(common)) => keys::list::run(&common).await,
        Command::Keys(KeysCommand::Rotate(args)) => keys::rotate::run(&args).await,
        Command::Clock(ClockCommand::Reset(common)) => clock::reset::run(&common).await,
        Command::Migrate(common) => migrate::run(&common).await,
        Command::Check(common) => check::run(&common).await,
        Command::Demo(args) => demo::run(&args).await,
        Command::Simulate(args) => simulate::run(&args).await,
    }
}

async fn carry_out_for_people(command: UserCommand) -> Result<Answer, Failure> {
    match command {
        UserCommand::Create(args) => user::create::run(&args).await,
        UserCommand::Claims(args) => user::claims::run(&args).await,
        UserCommand::List(common) => user::list::run(&common).await,
        UserCommand::Disable(args) => user::switch::disable(&args).await,
        UserCommand::Enable(args) => user::switch::enable(&args).await,
    }
}

async fn carry_out_for_apis(command: ApiCommand) -> Result<Answer, Failure> {
    match command {
        ApiCommand::Create(args) => api::create::run(&args).await,
        ApiCommand::List(common) => api::list::run(&common).await,
        ApiCommand::Show(args) => api::show::run(&args).await,
        ApiCommand::Update(args) => api::update::run(&args).await,
        ApiCommand::RotateSecret(args) => api::rotate_secret::run(&args).await,
        ApiCommand::Disable(args) => api::switch::disable(&args).await,
        ApiCommand::Enable(args) => api::switch::enable(&args).await,
        ApiCommand::Permit(args) => api::exchange::permit(&args).await,
        ApiCommand::Forbid(args) => api::exchange::forbid(&args).await,
        ApiCommand::Delete(args) => api::delete::run(&args).await,
    }
}

async fn carry_out_for_upstreams(command: UpstreamCommand) -> Result<Answer, Failure> {
    match command {
        UpstreamCommand::Add(args) => upstream::add::run(&args).await,
        UpstreamCommand::List(common) => upstream::list::run(&common).await,
        UpstreamCommand::Show(args) => upstream::show::run(&args).await,
        UpstreamCommand::Update(args) => upstream::update::run(&args).await,
        UpstreamCommand::Test(args) => upstream::probe::run(&args).await,
        UpstreamCommand::Disable(args) => upstream::switch::disable(&args).await,
        UpstreamCommand::Enable(args) => upstream::switch::enable(&args).await,
        UpstreamCommand::Permit(args) => upstream::permission::permit(&args).await,
        UpstreamCommand::Forbid(args) => upstream::permission::forbid(&args).await,
        UpstreamCommand::Remove(args) => upstream::remove::run(&args).await,
    }
}

async fn carry_out_for_tokens(command: InitialTokenCommand) -> Result<Answer, Failure> {
    match command {
        InitialTokenCommand::Create(args) => registration::create::run(&args).await,
        InitialTokenCommand::List(common) => registration::list::run(&common).await,
        InitialTokenCommand::Revoke(args) => registration::revoke::run(&args).await,
    }
}

async fn carry_out_for_apps(command: AppCommand) -> Result<Answer, Failure> {
    match command {
        AppCommand::Create(args) => app::create::run(&args).await,
        AppCommand::List(common) => app::list::run(&common).await,
        AppCommand::Show(args) => app::show::run(&args).await,
        AppCommand::Update(args) => app::update::run(&args).await,
        AppCommand::RotateSecret(args) => app::rotate_secret::run(&args).await,
        AppCommand::Disable(args) => app::switch::run(&args, Switch::Off).await,
        AppCommand::Enable(args) => app::switch::run(&args, Switch::On).await,
        AppCommand::Verify(args) => app::verify::run(&args).await,
        AppCommand::Delete(args) => app::delete::run(&args).await,
    }
}
