use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;

use tandem_engine::Session;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::INTERRUPTED;

/// Ctrl-C and SIGTERM: the first stops the running request, the second ends the program at once.
#[derive(Clone, Default)]
pub struct Interrupt {
    happened: Arc<AtomicBool>,
    /// Weak, so that the session ends with the run.
    session: Arc<Mutex<Weak<Session>>>,
}

impl Interrupt {
    /// Starts to listen.
    pub fn listen() -> Self {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        thread::spawn(move || listener.wait());
        interrupt
    }

    /// What to stop from now on; before, the first signal ends the program.
    pub fn attach(&self, session: &Arc<Session>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(session);
    }

    pub fn happened(&self) -> bool {
        self.happened.load(Ordering::SeqCst)
    }

    fn wait(&self) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else { return };
            loop {
                tokio::select! {
                    _ = interrupt.recv() => self.stop(),
                    _ = terminate.recv() => self.stop(),
                }
            }
        });
    }

    fn stop(&self) {
        let again = self.happened.swap(true, Ordering::SeqCst);
        match self.session.lock().unwrap_or_else(PoisonError::into_inner).upgrade() {
            Some(session) if !again => session.cancel(),
            _ => process::exit(INTERRUPTED.into()),
        }
    }
}
