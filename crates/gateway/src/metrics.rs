//! Counters for Prometheus: requests by service, operation and status.
//!
//! A handful of counters needs no library: the text format is a line each.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts what was answered.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<BTreeMap<(&'static str, &'static str, u16), Count>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    micros: u64,
}

impl Metrics {
    pub(crate) fn count(
        &self,
        service: &'static str,
        operation: &'static str,
        status: u16,
        took: Duration,
    ) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = requests.entry((service, operation, status)).or_default();
        count.requests += 1;
        count.micros += u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    }

    /// The text format, version 0.0.4.
    pub(crate) fn render(&self, status: &kernel::CloudStatus) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut text = String::from(
            "# HELP lowcloud_requests_total Requests answered.\n\
             # TYPE lowcloud_requests_total counter\n",
        );
        let mut line = |name: &str, (service, operation, code): &(&str, &str, u16), value: f64| {
            let _ = writeln!(
                text,
                "{name}{{service=\"{service}\",operation=\"{operation}\",status=\"{code}\"}} \
                 {value}"
            );
        };
        for (key, count) in &requests {
            line("lowcloud_requests_total", key, count.requests as f64);
        }
        for (key, count) in &requests {
            line("lowcloud_request_seconds_total", key, count.micros as f64 / 1e6);
        }
        let _ = writeln!(text, "# TYPE lowcloud_commits_total counter");
        let _ = writeln!(text, "lowcloud_commits_total {}", status.sequence);
        let _ = writeln!(text, "# TYPE lowcloud_pending_tasks gauge");
        let _ = writeln!(text, "lowcloud_pending_tasks {}", status.pending);
        let _ = writeln!(text, "# TYPE lowcloud_rows gauge");
        for (table, rows) in &status.rows {
            let _ = writeln!(text, "lowcloud_rows{{table=\"{table}\"}} {rows}");
        }
        text
    }
}
