//! What the kernel says of another process — proc_pid_stat(5).

use std::fs;

use anyhow::Context as _;

/// `USER_HZ`: Linux counts the time of processes for programs in hundredths of a second, whatever its own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// After the name in parentheses; the file's own numbers begin at 1 with the process id, so these are its 14th and 15th.
const USER_TIME: usize = 11;
const SYSTEM_TIME: usize = 12;

/// CPU time of a process and all its threads so far, its own and the kernel's for it, in seconds.
///
/// # Errors
/// When there is no such process.
pub(crate) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| path.clone())?;
    Ok(ticks(&stat).with_context(|| path)? / TICKS_PER_SECOND)
}

fn ticks(stat: &str) -> Option<f64> {
    // The name may hold anything, so the numbers begin after its last parenthesis.
    let (_, numbers) = stat.rsplit_once(") ")?;
    let number = |at: usize| numbers.split_ascii_whitespace().nth(at)?.parse::<u32>().ok();
    Some(f64::from(number(USER_TIME)?) + f64::from(number(SYSTEM_TIME)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "4242 (a) b) S 1 4242 4242 0 -1 4194560 983 0 3 0 250 50 0 0 20 0 4 0 12345 1 2";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("4242 (x) S 1 2"), None);
    }

    #[test]
    fn our_own_time_passes() {
        let before = cpu_seconds(std::process::id()).unwrap();
        let mut sum = 0_u64;
        while cpu_seconds(std::process::id()).unwrap() <= before {
            sum = sum.wrapping_add((0..1_000_000_u64).fold(sum, u64::wrapping_mul));
        }
        assert!(cpu_seconds(0).is_err(), "{sum}");
    }
}
