use std::any::Any;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use mistralrs::Model;

use crate::memory::give_back_freed;

/// An engine that is in the middle of a prompt finishes it first; what takes longer is left alone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits, when it is dropped after the model, for the library's engine to let go of what it loaded: only then is the model's memory free.
///
/// What is watched is the engine's store of sessions, which goes after the loaded model, as that comes before it among the engine's fields.
#[derive(Debug)]
pub struct Shutdown(Option<Weak<dyn Any + Send + Sync>>);

impl Shutdown {
    pub fn of(model: &Model) -> Self {
        let store = model.inner().get_session_store(None).ok();
        Self(store.map(|store| {
            let store: Arc<dyn Any + Send + Sync> = store;
            Arc::downgrade(&store)
        }))
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        let start = Instant::now();
        if let Some(store) = &self.0 {
            while store.strong_count() > 0 && start.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(5));
            }
        }
        give_back_freed();
    }
}
