use std::thread;
use std::time::{Duration, Instant};

use mistralrs::{Model, Request};
use tokio::sync::mpsc::Sender;

use crate::memory::give_back_freed;

/// An engine that is in the middle of a prompt finishes it first; what takes longer is left alone.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits, when it is dropped after the model, for the library's engine to end: only then is the model's memory free.
#[derive(Debug)]
pub struct Shutdown(Option<Sender<Request>>);

impl Shutdown {
    pub fn of(model: &Model) -> Self {
        Self(model.inner().get_sender(None).ok())
    }
}

impl Drop for Shutdown {
    fn drop(&mut self) {
        let start = Instant::now();
        if let Some(engine) = &self.0 {
            while !engine.is_closed() && start.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(5));
            }
        }
        give_back_freed();
    }
}
