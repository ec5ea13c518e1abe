use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tandem_bundle::{BaseError, BaseErrorKind, Bundle, check_base};
use tokio::sync::watch;

use crate::cancel::Cancels;
use crate::mistral::MistralEngine;
use crate::worker::{Done, Job, Run, Sink, Worker};
use crate::{AdapterCache, Answer, Cancel, Engine, EngineError, EngineErrorKind, Error, Event, Request, Scratch};

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
    cancels: Cancels,
    load: Duration,
    worker: Mutex<Option<JoinHandle<()>>>,
    /// Its sender goes last of what the worker holds.
    gone: watch::Receiver<()>,
}

impl Session {
    /// Verifies the hashes of an opened bundle and of the base, and loads the model. Blocks for seconds.
    pub fn open(bundle: Bundle, base: Option<&Path>, options: &Options) -> Result<Self, Error> {
        let start = Instant::now();
        bundle.verify_unpacked()?;
        let scratch = Scratch::acquire(options.temp_dir.as_deref())?;
        // Deleted once the model is loaded, or not. The engine keeps a copied base mapped: the room on the disk is free when the model goes,
        // whatever happens.
        let folder = scratch.folder()?;
        let base = match base {
            Some(base) => check_base(base, bundle.manifest()).map(|()| base.to_owned())?,
            None if bundle.base_packed() => bundle.base_path(folder.path())?,
            None => return Err(no_base(&bundle).into()),
        };
        let engine = MistralEngine::load(&base, &bundle, folder.path(), options.threads)?;
        Ok(Self::with_engine(bundle, Box::new(engine), scratch, options.adapter_bytes, start))
    }

    /// Puts the queue in front of a loaded engine. `start` is when loading began.
    pub fn with_engine(bundle: Bundle, engine: Box<dyn Engine>, scratch: Arc<Scratch>, adapter_bytes: u64, start: Instant) -> Self {
        let bundle = Arc::new(bundle);
        let (queue, jobs) = mpsc::channel();
        let load = start.elapsed();
        let worker = Worker { engine, bundle: Arc::clone(&bundle), adapters: AdapterCache::new(adapter_bytes), scratch, load };
        let (working, gone) = watch::channel(());
        let thread = thread::spawn(move || {
            let _working = working;
            worker.work(&jobs);
        });
        Self { bundle, queue: Mutex::new(Some(queue)), cancels: Cancels::default(), load, worker: Mutex::new(Some(thread)), gone }
    }

    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// What opening it took.
    pub fn load(&self) -> Duration {
        self.load
    }

    /// Runs a request after those submitted before it, and waits for the answer. Events come on another thread.
    pub fn run(&self, request: Request, sink: impl FnMut(Event) + Send + 'static) -> Result<Answer, Error> {
        self.run_until(request, &Cancel::default(), sink)
    }

    /// As [`Session::run`], with a switch that stops it.
    pub fn run_until(&self, request: Request, cancel: &Cancel, sink: impl FnMut(Event) + Send + 'static) -> Result<Answer, Error> {
        wait(|done| self.enqueue(vec![self.job(request, cancel, Box::new(sink), done)]))
    }

    /// Puts a request into the queue and returns at once; `cancel` stops it, be it before, while it waits or while it runs. `done` is called
    /// once; if it is dropped instead, the worker died.
    pub fn submit(&self, request: Request, cancel: &Cancel, sink: Sink, done: Done<Answer>) {
        self.enqueue(vec![self.job(request, cancel, sink, done)]);
    }

    /// Puts several requests into the queue, with no other between them, and returns at once, with the switches that stop each of them.
    /// They run one after the other in the order given, and share what is in memory. `sink` and `done` get the number of the request too,
    /// from 0; `done` is called once for each.
    pub fn submit_all(
        &self,
        requests: Vec<Request>,
        sink: impl FnMut(usize, Event) + Send + 'static,
        done: impl FnMut(usize, Result<Answer, Error>) + Send + 'static,
    ) -> Vec<Cancel> {
        let (sink, done) = (Arc::new(Mutex::new(sink)), Arc::new(Mutex::new(done)));
        let cancels: Vec<_> = requests.iter().map(|_| Cancel::default()).collect();
        let job = |(number, (request, cancel)): (usize, (Request, &Cancel))| {
            let (sink, done) = (Arc::clone(&sink), Arc::clone(&done));
            let sink = move |event| lock(&sink)(number, event);
            self.job(request, cancel, Box::new(sink), Box::new(move |result| lock(&done)(number, result)))
        };
        self.enqueue(requests.into_iter().zip(&cancels).enumerate().map(job).collect());
        cancels
    }

    /// Lets the composed adapters go, after what was submitted before; the base stays in memory.
    pub fn free_adapters(&self) -> Result<(), Error> {
        wait(|done| self.enqueue(vec![Job::FreeAdapters(done)]))
    }

    /// Stops the running request within one token, and those that wait.
    pub fn cancel(&self) {
        self.cancels.cancel_all();
    }

    /// The switches that [`Session::cancel`] works on.
    pub(crate) fn cancels(&self) -> &Cancels {
        &self.cancels
    }

    fn job(&self, request: Request, cancel: &Cancel, sink: Sink, done: Done<Answer>) -> Job {
        Job::Run(Run { request, cancel: cancel.clone(), registered: self.cancels.register(cancel), sink, done })
    }

    fn enqueue(&self, jobs: Vec<Job>) {
        // Told after the queue is free again: what is called may use the session.
        let mut refused = Vec::new();
        {
            let queue = lock(&self.queue);
            for job in jobs {
                let sent = match queue.as_ref() {
                    Some(queue) => queue.send(job).map_err(|mpsc::SendError(job)| (job, stopped().into())),
                    None => Err((job, Error::Closed)),
                };
                refused.extend(sent.err());
            }
        }
        for (job, e) in refused {
            match job {
                Job::Run(run) => (run.done)(Err(e)),
                Job::FreeAdapters(done) => done(Err(e)),
            }
        }
    }

    /// Stops everything and lets the model go, without waiting for that ([`Session::closed`] does); later runs fail with [`Error::Closed`].
    pub fn close(&self) {
        *lock(&self.queue) = None;
        self.cancel();
    }

    /// Waits until the session was closed and its model's memory is free, which a prompt that is being read delays; after 30 seconds it is not
    /// waited for. In a callback on the model's own thread, which waits for that very callback, it returns at once.
    pub async fn closed(&self) {
        if self.on_worker() {
            return;
        }
        // Nothing is ever sent: it fails when the sender has gone.
        let _ = self.gone.clone().changed().await;
    }

    fn on_worker(&self) -> bool {
        lock(&self.worker).as_ref().is_some_and(|worker| worker.thread().id() == thread::current().id())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.close();
        // Dropped by its own worker, in a callback, there is nothing to wait for.
        if !self.on_worker()
            && let Some(worker) = lock(&self.worker).take()
        {
            let _ = worker.join();
        }
    }
}

/// Starts what tells its result later, and waits for that.
fn wait<T: Send + 'static>(start: impl FnOnce(Done<T>)) -> Result<T, Error> {
    let (send, receive) = mpsc::channel();
    start(Box::new(move |result| drop(send.send(result))));
    receive.recv().unwrap_or_else(|_| Err(stopped().into()))
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
