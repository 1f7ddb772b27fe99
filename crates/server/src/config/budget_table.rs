//! The table of `docs/config.md` that says how often somebody may try, written from the budgets themselves.

use crate::accounts::throttle::{BUDGETS, Budget};

/// The numbers that are written as words; others stand in digits.
const WORDS: [(i64, &str); 17] = [
    (1, "one"),
    (2, "two"),
    (3, "three"),
    (4, "four"),
    (5, "five"),
    (6, "six"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
    (11, "eleven"),
    (12, "twelve"),
    (20, "twenty"),
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
];

/// The rows, each with its end of line. Budgets that limit the same thing by the same numbers are one row.
pub(super) fn rows() -> String {
    let mut rows: Vec<(&Budget, Vec<&str>)> = Vec::new();
    for budget in BUDGETS {
        match rows.iter_mut().find(|(row, _)| limit(row) == limit(budget)) {
            Some((_, whom)) if whom.contains(&budget.whom) => {}
            Some((_, whom)) => whom.push(budget.whom),
            None => rows.push((budget, vec![budget.whom])),
        }
    }
    let line = |(budget, whom): &(&Budget, Vec<&str>)| {
        let then = then(budget.burst, budget.refill);
        format!("| {} | {} | {} | {then} |\n", budget.what, whom.join(", and "), budget.burst)
    };
    rows.iter().map(line).collect()
}

fn limit(budget: &Budget) -> (&'static str, i64, i64) {
    (budget.what, budget.burst, budget.refill)
}

/// How many come back in which time. Where these would be as many as there are at once, or more, somebody would read that
/// they all come back together: there the time of one is told.
fn then(burst: i64, refill: i64) -> String {
    let periods = [(60, "a minute"), (3600, "an hour")];
    let whole = periods.into_iter().find(|(seconds, _)| seconds % refill == 0);
    let told = whole.map(|(seconds, period)| (seconds / refill, period));
    match told.filter(|(count, _)| *count == 1 || *count < burst) {
        Some((count, period)) => format!("{} {period}", words(count)),
        None if refill % 60 == 0 => format!("one in {} minutes", words(refill / 60)),
        None => format!("one in {} seconds", words(refill)),
    }
}

fn words(number: i64) -> String {
    let word = WORDS.iter().find(|(known, _)| *known == number);
    word.map_or_else(|| number.to_string(), |(_, word)| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_told_so_that_nobody_expects_more() {
        for (burst, refill, text) in [
            (10, 20, "three a minute"),
            (10, 60, "one a minute"),
            (1, 60, "one a minute"),
            (10, 600, "six an hour"),
            (3, 1200, "one in twenty minutes"),
            (5, 120, "one in two minutes"),
            (5, 420, "one in seven minutes"),
            (100, 45, "80 an hour"),
            (5, 45, "one in 45 seconds"),
        ] {
            assert_eq!(then(burst, refill), text, "{burst} {refill}");
        }
    }
}
