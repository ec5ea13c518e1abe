/// Limits the threads that the model computes with. The library reads its limits from the environment when it first computes, so this
/// counts for the first session of a process.
#[expect(unsafe_code, reason = "the library has no other setting than environment variables")]
pub fn limit(threads: usize) {
    for name in ["RAYON_NUM_THREADS", "CANDLE_NUM_THREADS"] {
        // SAFETY: Rust code reads the environment under the standard library's lock. Foreign code that reads it at this very moment
        // without that lock would race; the app and the command line set it before they start threads of their own that do.
        unsafe { std::env::set_var(name, threads.to_string()) };
    }
}
