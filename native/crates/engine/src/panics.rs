use std::io::{self, Write as _};
use std::panic;
use std::sync::Once;

/// Makes panics tell where they happened and nothing else: their messages may quote what was worked on, which is the users' text. For
/// programs, and for libraries that are a program's core.
pub fn hide_messages() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|panic| {
            let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
            // A panic in here would end the program at once.
            let _ = writeln!(io::stderr(), "tandem: a fault of the program at {place}");
        }));
    });
}
