//! Clocks, memory, and the line that is printed.

use anyhow::{Context, Result};
use serde::Serialize;

#[derive(Serialize)]
pub struct Report<'a> {
    pub engine: &'a str,
    pub version: &'a str,
    pub workload: &'a str,
    pub mode: &'a str,
    pub ns_per_eval: f64,
    pub wall_ns_per_eval: f64,
    pub evals: u64,
    pub inputs: usize,
    pub digest: String,
    pub prepare_ms: f64,
    pub ready_rss_kb: u64,
    pub rss_kb: u64,
}

/// For one evaluation.
#[derive(Default)]
pub struct Figures {
    pub ns: f64,
    pub wall_ns: f64,
    pub evals: u64,
}

impl Figures {
    pub fn new(cpu_ns: u64, wall_ns: u128, evals: u64) -> Figures {
        Figures { ns: cpu_ns as f64 / evals as f64, wall_ns: wall_ns as f64 / evals as f64, evals }
    }
}

/// CPU time of all threads of the process.
pub fn cpu_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // The clock exists on every Linux, and the pointer is to a local.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(status, 0, "clock_gettime");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A field of /proc/self/status in kibibytes.
pub fn status_kb(field: &str) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    text.lines()
        .filter_map(|line| line.strip_prefix(field)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok())
        .next()
        .with_context(|| format!("/proc/self/status has no {field}"))
}
