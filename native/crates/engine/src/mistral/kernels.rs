/// Makes an x86 machine compute as a phone does. The library's AVX-512 and VNNI kernels round activations to 8 bits in blocks of 256
/// values; those of ARM, and of plain AVX2, in blocks of 32. The large blocks are faster, but lose enough to make other answers, and
/// worse ones. Whoever sets the variable decides.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the library has no other setting than an environment variable")]
pub fn round_as_a_phone_does() {
    const VARIABLE: &str = "MISTRALRS_FORCE_AVX2";
    if std::env::var_os(VARIABLE).is_none() {
        // SAFETY: as in `threads::limit`.
        unsafe { std::env::set_var(VARIABLE, "1") };
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub fn round_as_a_phone_does() {}
