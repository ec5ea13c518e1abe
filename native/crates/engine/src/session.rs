use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tandem_bundle::{BaseError, BaseErrorKind, Bundle, check_base};

use crate::mistral::MistralEngine;
use crate::{AdapterCache, Answer, Cancel, Engine, EngineError, EngineErrorKind, Error, Event, Request, Scratch, run};

/// How a session is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Half of the cores, at most 4, when absent. Counts for the first session of a process.
    pub threads: Option<usize>,
    /// Where short-lived files go; the system's temporary folder when absent. Counts for the first session of a process.
    pub temp_dir: Option<PathBuf>,
    /// Limit of the composed adapters that stay in memory, in bytes of their fp16 tensors.
    pub adapter_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: None, temp_dir: None, adapter_bytes: 64 << 20 }
    }
}

/// A bundle and its model in memory, with one queue in front of the model. Dropping it frees the model and waits for that.
#[derive(Debug)]
pub struct Session {
    bundle: Arc<Bundle>,
    /// Absent once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    /// Of all requests that run or wait.
    cancels: Arc<Mutex<Vec<(u64, Cancel)>>>,
    next_id: AtomicU64,
    worker: Mutex<Option<JoinHandle<()>>>,
}

type Sink = Box<dyn FnMut(Event) + Send>;
type Done = Box<dyn FnOnce(Result<Answer, Error>) + Send>;

struct Job {
    id: u64,
    request: Request,
    cancel: Cancel,
    sink: Sink,
    done: Done,
}

impl Session {
    /// Verifies the hashes of an opened bundle and of the base, and loads the model. Blocks for seconds.
    pub fn open(bundle: Bundle, base: Option<&Path>, options: &Options) -> Result<Self, Error> {
        let start = Instant::now();
        bundle.verify_unpacked()?;
        let scratch = Scratch::acquire(options.temp_dir.as_deref())?;
        let base = match base {
            Some(base) => check_base(base, bundle.manifest()).map(|()| base.to_owned())?,
            None if bundle.base_packed() => bundle.base_path(scratch.path())?,
            None => return Err(no_base(&bundle).into()),
        };
        let engine = MistralEngine::load(&base, &bundle, &scratch, options.threads)?;
        if base.starts_with(scratch.path()) {
            // The engine keeps its copy mapped; so the room on the disk is free when the model goes, whatever happens.
            let _ = fs::remove_file(&base);
        }
        Ok(Self::with_engine(bundle, Box::new(engine), scratch, options.adapter_bytes, start))
    }

    /// Puts the queue in front of a loaded engine. `start` is when loading began.
    pub fn with_engine(bundle: Bundle, engine: Box<dyn Engine>, scratch: Arc<Scratch>, adapter_bytes: u64, start: Instant) -> Self {
        let bundle = Arc::new(bundle);
        let cancels = Arc::default();
        let (queue, jobs) = mpsc::channel();
        let worker = Worker {
            engine,
            bundle: Arc::clone(&bundle),
            adapters: AdapterCache::new(adapter_bytes),
            scratch,
            cancels: Arc::clone(&cancels),
            load: start.elapsed(),
        };
        let thread = thread::spawn(move || worker.work(&jobs));
        Self { bundle, queue: Mutex::new(Some(queue)), cancels, next_id: AtomicU64::default(), worker: Mutex::new(Some(thread)) }
    }

    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// Runs a request after those submitted before it, and waits for the answer. Events come on another thread.
    pub fn run(&self, request: Request, sink: impl FnMut(Event) + Send + 'static) -> Result<Answer, Error> {
        let (send, receive) = mpsc::channel();
        self.submit(request, Box::new(sink), Box::new(move |result| drop(send.send(result))));
        receive.recv().unwrap_or_else(|_| Err(stopped().into()))
    }

    /// Puts a request into the queue and returns at once. `done` is called once; if it is dropped instead, the worker died.
    pub fn submit(&self, request: Request, sink: Sink, done: Done) {
        let queue = lock(&self.queue);
        let Some(queue) = queue.as_ref() else {
            return done(Err(Error::Closed));
        };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let cancel = Cancel::default();
        lock(&self.cancels).push((id, cancel.clone()));
        if let Err(mpsc::SendError(job)) = queue.send(Job { id, request, cancel, sink, done }) {
            (job.done)(Err(stopped().into()));
        }
    }

    /// Stops the running request within one token, and those that wait.
    pub fn cancel(&self) {
        for (_, cancel) in lock(&self.cancels).iter() {
            cancel.cancel();
        }
    }

    /// Stops everything and lets the model go, without waiting for that; later runs fail with [`Error::Closed`].
    pub fn close(&self) {
        *lock(&self.queue) = None;
        self.cancel();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
        if let Some(worker) = lock(&self.worker).take() {
            // Dropped by its own worker, in a callback, there is nothing to wait for.
            if worker.thread().id() != thread::current().id() {
                let _ = worker.join();
            }
        }
    }
}

struct Worker {
    engine: Box<dyn Engine>,
    bundle: Arc<Bundle>,
    scratch: Arc<Scratch>,
    adapters: AdapterCache,
    cancels: Arc<Mutex<Vec<(u64, Cancel)>>>,
    load: Duration,
}

impl Worker {
    fn work(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            let Job { id, request, cancel, mut sink, done } = job;
            let result = catch_unwind(AssertUnwindSafe(|| self.run(&request, &cancel, &mut sink)));
            lock(&self.cancels).retain(|(other, _)| *other != id);
            let result = result.unwrap_or_else(|_| {
                let message = "the run ended by a fault of this program; please report it, without the text.";
                Err(EngineError::new(EngineErrorKind::Internal, message).into())
            });
            // A panic of the receiver ends its request only.
            let _ = catch_unwind(AssertUnwindSafe(|| done(result)));
        }
    }

    fn run(&mut self, request: &Request, cancel: &Cancel, sink: &mut Sink) -> Result<Answer, Error> {
        let mut answer = run(&mut *self.engine, &self.bundle, &self.scratch, &mut self.adapters, request, cancel, sink)?;
        answer.statistics.load = self.load;
        Ok(answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn stopped() -> EngineError {
    EngineError::new(EngineErrorKind::Stopped, "the engine's thread has ended; open the session again.")
}

fn no_base(bundle: &Bundle) -> BaseError {
    let base = &bundle.manifest().base;
    let message = format!("the bundle is not packed with its base; give the path of this file ({}) with --base.", base.name);
    BaseError::new(BaseErrorKind::BaseMissing, base.file.clone(), message)
}
