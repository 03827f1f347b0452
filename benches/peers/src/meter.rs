//! What is read while a side works.

use std::time::Instant;

/// Reads what a piece of work takes.
pub trait Meter {
    fn read<T>(&self, work: impl FnOnce() -> T) -> (T, f64);
}

/// Nanoseconds of the wall clock.
pub struct Stopwatch;

impl Meter for Stopwatch {
    fn read<T>(&self, work: impl FnOnce() -> T) -> (T, f64) {
        let start = Instant::now();
        let output = work();
        (output, start.elapsed().as_secs_f64() * 1e9)
    }
}

/// The middle one of `readings`.
pub fn median(readings: impl IntoIterator<Item = f64>) -> f64 {
    let mut readings: Vec<_> = readings.into_iter().collect();
    readings.sort_by(f64::total_cmp);
    readings[readings.len() / 2]
}
