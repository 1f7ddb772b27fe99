//! How many connections the system's limit of open files leaves room for.

/// Kept for the database, its journal, mails, and what the runtime needs.
const RESERVE: usize = 128;

/// The number of connections to take at a time: what was asked for, or what the system allows.
pub(super) fn room_for(connections: usize) -> usize {
    let Some(limit) = soft_limit() else { return connections };
    let room = limit.saturating_sub(RESERVE).max(limit / 2).max(1);
    if room < connections {
        tracing::debug!(
            connections = room,
            asked = connections,
            open_files = limit,
            "fewer connections at a time, because this process may open few files; `ulimit -n` raises that"
        );
    }
    room.min(connections)
}

/// The limit of open files of this process, where the system shows it as a file.
fn soft_limit() -> Option<usize> {
    parse(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

/// `Max open files            1024                 524288               files`; `None` for `unlimited`.
fn parse(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_soft_limit() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             30446                30446                processes \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(parse(text), Some(1024));
        assert_eq!(
            parse("Max open files            unlimited            unlimited            files\n"),
            None
        );
        assert_eq!(parse(""), None);
    }

    #[test]
    fn never_more_than_asked_for() {
        assert_eq!(room_for(1), 1);
    }
}
