use std::num::NonZeroUsize;
use std::thread;

/// The library's threads wait for each other in busy loops, many times for each token. When one of them does not get a core at once the
/// others burn theirs: with as many threads as cores, on a machine that does something else too, generation becomes ten times slower.
/// Hence half of the cores, and no more than a phone has fast ones.
fn default() -> usize {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / 2).clamp(1, 4)
}

/// Limits the threads that the model computes with. The library reads its limits from the environment when it first computes, so this
/// counts for the first session of a process.
#[expect(unsafe_code, reason = "the library has no other setting than environment variables")]
pub fn limit(threads: Option<usize>) {
    let threads = threads.unwrap_or_else(default).to_string();
    for name in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"] {
        // SAFETY: Rust code reads the environment under the standard library's lock. Foreign code that reads it at this very moment
        // without that lock would race; the app and the command line set it before they start threads of their own that do.
        unsafe { std::env::set_var(name, &threads) };
    }
}
