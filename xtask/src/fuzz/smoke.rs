//! Every target for a while, several at a time.

use std::fs::{self, File};
use std::path::Path;
use std::process::Child;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use anyhow::{Context, bail};

use super::{OUTPUT, advice, build, endless};
use crate::tree::Workspace;

/// Runs them all, whatever becomes of one, and says what was tried and what broke.
pub(super) fn run(workspace: &Workspace, names: &[String], seconds: u32) -> anyhow::Result<()> {
    let built = build::build(workspace)?;
    let logs = workspace.root().join(OUTPUT).join("logs");
    fs::create_dir_all(&logs).context("the folder of logs cannot be made")?;
    let width = thread::available_parallelism().map_or(1, usize::from).min(names.len());
    let rounds = names.len().div_ceil(width);
    println!(
        "fuzz: {} targets, {width} at a time, {seconds} s each: {} min",
        names.len(),
        rounds as u64 * u64::from(seconds) / 60
    );
    let began = Instant::now();
    let waiting = Mutex::new(names.iter());
    let broken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..width {
            scope.spawn(|| {
                while let Some(name) = next(&waiting) {
                    let log = logs.join(format!("{name}.log"));
                    let held =
                        start(workspace, &built, name, seconds, &log).and_then(|mut child| Ok(child.wait()?));
                    let held = held.is_ok_and(|status| status.success());
                    println!("{name:<28} {}", if held { tried(&log) } else { "BROKEN".to_owned() });
                    if !held && let Ok(mut broken) = broken.lock() {
                        broken.push(name.as_str());
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    println!("\n{} targets, {} broken, in {} s", names.len(), broken.len(), began.elapsed().as_secs());
    match broken.first() {
        None => Ok(()),
        Some(first) => bail!("{}: {}; the logs are in {OUTPUT}/logs", broken.join(", "), advice(first)),
    }
}

fn next<'a>(waiting: &Mutex<impl Iterator<Item = &'a String>>) -> Option<&'a String> {
    waiting.lock().ok()?.next()
}

fn start(workspace: &Workspace, built: &Path, name: &str, seconds: u32, log: &Path) -> anyhow::Result<Child> {
    let output = File::create(log).context("a log cannot be written")?;
    let mut command = endless(workspace, built, name)?;
    command.args([format!("-max_total_time={seconds}").as_str(), "-print_final_stats=1"]);
    command.stdout(output.try_clone()?).stderr(output);
    command.spawn().context("the program could not be started")
}

/// How often, and how much of the program that reached, by libFuzzer's last words.
fn tried(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    summary(&text)
}

fn summary(log: &str) -> String {
    let after = |line: &str, mark: &str| {
        let rest = line.split_once(mark).map(|(_, rest)| rest.trim_start())?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let runs = log.lines().find_map(|line| after(line, "stat::number_of_executed_units:"));
    let reached = log.lines().rev().find_map(|line| after(line, "cov: "));
    format!("{:>10} inputs, {:>6} edges", runs.unwrap_or_default(), reached.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_libfuzzer_are_read() {
        let log = "#2\tINITED cov: 12 ft: 14 corp: 1/1b\n#9000\tDONE   cov: 812 ft: 2144 corp: 200/9Kb\n\
                   Done 9000 runs in 61 second(s)\nstat::number_of_executed_units: 9000\n";
        assert_eq!(summary(log), "      9000 inputs,    812 edges");
        assert_eq!(summary(""), "           inputs,        edges");
    }
}
