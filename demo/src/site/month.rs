//! A month as a sheet of weeks.

use jiff::{ToSpan as _, civil::Date};

use crate::database::Entry;

/// A month of the calendar, with its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Month {
    /// `YYYY-MM`.
    pub(crate) name: String,
    /// The year.
    pub(crate) year: i16,
    /// 1 to 12.
    pub(crate) number: i8,
    /// `YYYY-MM` of the one before.
    pub(crate) before: String,
    /// `YYYY-MM` of the one after.
    pub(crate) after: String,
    /// Weeks from Sunday to Saturday.
    pub(crate) weeks: Vec<Vec<Day>>,
    /// Days with entries, in order.
    pub(crate) agenda: Vec<Day>,
}

/// A square of the sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// `YYYY-MM-DD`.
    pub(crate) date: String,
    /// 1 to 31.
    pub(crate) number: i8,
    /// 0 is Sunday.
    pub(crate) weekday: i8,
    /// Whether it belongs to the month.
    pub(crate) inside: bool,
    /// Whether it is today.
    pub(crate) today: bool,
    /// What is on.
    pub(crate) entries: Vec<Entry>,
}

/// The month that is asked for, `YYYY-MM`; the present one if that is none.
pub(crate) fn wanted(asked: Option<&str>, today: Date) -> String {
    let asked = asked.filter(|asked| format!("{asked}-01").parse::<Date>().is_ok());
    asked.map_or_else(|| name(today), str::to_owned)
}

impl Month {
    /// The sheet of a month, `YYYY-MM`.
    pub(crate) fn new(month: &str, today: Date, entries: &[Entry]) -> Self {
        let first = format!("{month}-01").parse().unwrap_or(today).first_of_month();
        let start = first.saturating_sub(i64::from(first.weekday().to_sunday_zero_offset()).days());
        let last = first.last_of_month();
        let day = |date: Date| Day {
            date: date.to_string(),
            number: date.day(),
            weekday: date.weekday().to_sunday_zero_offset(),
            inside: date.month() == first.month(),
            today: date == today,
            entries: entries.iter().filter(|entry| entry.date == date.to_string()).cloned().collect(),
        };
        let mut weeks = Vec::new();
        let mut sunday = start;
        // A month touches at most six weeks.
        while sunday <= last && weeks.len() < 6 {
            weeks.push((0_i64..7).map(|offset| day(sunday.saturating_add(offset.days()))).collect());
            sunday = sunday.saturating_add(7.days());
        }
        let agenda = first.series(1.day()).take_while(|date| *date <= last).map(day);
        Self {
            name: name(first),
            year: first.year(),
            number: first.month(),
            before: name(first.saturating_sub(1.day())),
            after: name(last.saturating_add(1.day())),
            agenda: agenda.filter(|day| !day.entries.is_empty()).collect(),
            weeks,
        }
    }
}

fn name(date: Date) -> String {
    date.strftime("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn entry(day: &str) -> Entry {
        Entry { id: day.to_owned(), title: "회의".to_owned(), date: day.to_owned(), time: None }
    }

    #[test]
    fn a_sheet_has_whole_weeks_and_every_day_once() {
        for year in 2024..=2028 {
            for month in 1..=12 {
                let sheet = Month::new(&format!("{year}-{month:02}"), date(2026, 11, 21), &[]);
                assert!(sheet.weeks.iter().all(|week| week.len() == 7 && week[0].weekday == 0));
                let inside = sheet.weeks.iter().flatten().filter(|day| day.inside).count();
                assert_eq!(inside, usize::try_from(date(year, month, 1).days_in_month()).unwrap());
            }
        }
        assert_eq!(Month::new("2026-02", date(2026, 2, 1), &[]).weeks.len(), 4);
        assert_eq!(Month::new("2026-08", date(2026, 8, 1), &[]).weeks.len(), 6);
    }

    #[test]
    fn entries_lie_on_their_day() {
        let today = date(2026, 11, 21);
        let sheet = Month::new("2026-11", today, &[entry("2026-11-21"), entry("2026-12-01")]);
        assert_eq!((sheet.before.as_str(), sheet.after.as_str()), ("2026-10", "2026-12"));
        assert_eq!(sheet.agenda.len(), 1);
        assert!(sheet.agenda[0].today);
        let next = sheet.weeks.iter().flatten().find(|day| day.date == "2026-12-01").unwrap();
        assert!(!next.inside && next.entries.len() == 1);
    }

    #[test]
    fn nonsense_is_the_present_month() {
        let today = date(2026, 11, 21);
        assert_eq!(wanted(Some("2026-12"), today), "2026-12");
        for nonsense in [None, Some(""), Some("2026-13"), Some("../x"), Some("2026-11-01")] {
            assert_eq!(wanted(nonsense, today), "2026-11", "{nonsense:?}");
        }
    }
}
