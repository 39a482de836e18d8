//! The printed table: the measured figures beside the targets of the design.

use std::fmt;
use std::thread::available_parallelism;

/// Rows in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    /// Empty if the design sets no target.
    target: &'static str,
}

impl Table {
    pub(crate) fn add(
        &mut self,
        what: impl Into<String>,
        measured: impl fmt::Display,
        target: &'static str,
    ) {
        self.0.push(Row { what: what.into(), measured: measured.to_string(), target });
    }

    /// Adds an empty line and a heading.
    pub(crate) fn add_heading(&mut self, text: impl Into<String>) {
        self.add(format!("\n{}", text.into()), "", "");
    }
}

impl fmt::Display for Table {
    /// Writes nothing if nothing was measured.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let widest = |column: fn(&Row) -> &str| {
            let cells = self.0.iter().filter(|row| !row.measured.is_empty());
            cells.map(|row| column(row).chars().count()).max().unwrap_or_default()
        };
        let (first, second) = (widest(|row| &row.what), widest(|row| &row.measured));
        let mut line = |what: &str, measured: &str, target: &str| {
            let line = format!("{what:first$}   {measured:second$}   {target}");
            writeln!(f, "{}", line.trim_end())
        };
        let cores = available_parallelism().map_or(1, usize::from);
        line(&format!("on {cores} cores"), "measured", "target")?;
        self.0.iter().try_for_each(|row| line(&row.what, &row.measured, row.target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::default();
        table.add_heading("a heading longer than any row of the table");
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
