use std::fs;

/// The peak resident memory of this process, in bytes; 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Returns to the system what was freed. Loading frees much in small pieces, which the C library would keep.
pub fn give_back_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no safe interface")]
    // SAFETY: it takes no pointer and is safe in threads.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn it_grows_with_what_is_touched() {
        let before = super::peak_rss_bytes();
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(super::peak_rss_bytes() >= before.max(touched.len() as u64));
    }
}
