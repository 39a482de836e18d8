//! The printed table: what was measured, and what the design says of it.

use std::fmt;
use std::thread::available_parallelism;

/// Rows in the order they were measured in.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    /// The design's figure, if it has one.
    promised: &'static str,
}

impl Table {
    pub(crate) fn add(
        &mut self,
        what: impl Into<String>,
        measured: impl fmt::Display,
        promised: &'static str,
    ) {
        self.0.push(Row { what: what.into(), measured: measured.to_string(), promised });
    }

    /// Sets what follows apart.
    pub(crate) fn heading(&mut self, text: impl Into<String>) {
        self.add(format!("\n{}", text.into()), "", "");
    }
}

impl fmt::Display for Table {
    /// Nothing at all if nothing was measured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let widest = |column: fn(&Row) -> &str| {
            let cells = self.0.iter().filter(|row| !row.measured.is_empty());
            cells.map(|row| column(row).chars().count()).max().unwrap_or_default()
        };
        let (first, second) = (widest(|row| &row.what), widest(|row| &row.measured));
        let mut line = |what: &str, measured: &str, promised: &str| {
            let line = format!("{what:first$}   {measured:second$}   {promised}");
            writeln!(f, "{}", line.trim_end())
        };
        let cores = available_parallelism().map_or(1, usize::from);
        line(&format!("on {cores} cores"), "measured", "design")?;
        self.0.iter().try_for_each(|row| line(&row.what, &row.measured, row.promised))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::default();
        table.heading("a heading longer than any row of the table");
        table.add("init of the function", "7.5 ms", "under 10 ms");
        table.add("binary", "8 MB", "");
        let text = table.to_string();
        let (_, rows) = text.split_once('\n').unwrap();
        assert_eq!(
            rows,
            "\na heading longer than any row of the table\n\
             init of the function   7.5 ms   under 10 ms\n\
             binary                 8 MB\n"
        );
    }
}
