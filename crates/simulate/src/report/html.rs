//! The report as one HTML file.

use crate::record::Report;

/// The page.
pub fn html(report: &Report) -> String {
    report.scenario.title.clone()
}
