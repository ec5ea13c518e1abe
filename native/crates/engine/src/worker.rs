use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tandem_bundle::Bundle;

use crate::cancel::Registered;
use crate::{AdapterCache, Answer, Cancel, Engine, EngineError, EngineErrorKind, Error, Event, Request, Scratch, run};

pub type Sink = Box<dyn FnMut(Event) + Send>;
pub type Done<T> = Box<dyn FnOnce(Result<T, Error>) + Send>;

/// What waits in front of the model. A dropped job is not done.
pub enum Job {
    Run(Run),
    /// Lets the composed adapters go; the base stays.
    FreeAdapters(Done<()>),
}

pub struct Run {
    pub request: Request,
    pub cancel: Cancel,
    /// Until the run is over, whatever way.
    pub registered: Registered,
    pub sink: Sink,
    pub done: Done<Answer>,
}

/// Owns the engine, on a thread of its own.
pub struct Worker {
    pub engine: Box<dyn Engine>,
    pub bundle: Arc<Bundle>,
    pub scratch: Arc<Scratch>,
    pub adapters: AdapterCache,
    /// What opening the session took.
    pub load: Duration,
}

impl Worker {
    /// Works until nobody can send jobs any more.
    pub fn work(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::Run(job) => {
                    let Run { request, cancel, registered, mut sink, done } = job;
                    let result = guard(|| self.run(&request, &cancel, &mut sink));
                    drop(registered);
                    finish(done, result);
                }
                Job::FreeAdapters(done) => {
                    let result = guard(|| Ok(self.adapters.free(&mut *self.engine)?));
                    finish(done, result);
                }
            }
        }
    }

    fn run(&mut self, request: &Request, cancel: &Cancel, sink: &mut Sink) -> Result<Answer, Error> {
        let mut answer = run(&mut *self.engine, &self.bundle, &self.scratch, &mut self.adapters, request, cancel, sink)?;
        answer.statistics.load = self.load;
        Ok(answer)
    }
}

/// Turns a panic into an error.
fn guard<T>(f: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| {
        let message = "the run ended by a fault of this program; please report it, without the text.";
        Err(EngineError::new(EngineErrorKind::Internal, message).into())
    })
}

/// Hands a result over. A panic of the receiver ends its request only.
fn finish<T>(done: Done<T>, result: Result<T, Error>) {
    let _ = catch_unwind(AssertUnwindSafe(|| done(result)));
}
