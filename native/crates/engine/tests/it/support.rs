//! An engine that follows a script, and sessions on it. For tests only: it is never linked into what ships.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tandem_bundle::text::{Input, Message};
use tandem_bundle::{Bundle, Mode};
use tandem_engine::{Engine, EngineError, EngineErrorKind, Generated, Generation, Request, Scratch, Session, Sink, Stopped};
use tandem_fixture::Fixture;
use tempfile::TempDir;

/// What one call of `generate` is to do: pieces of text, one a token, then the stop id.
pub type Script = Result<Vec<String>, EngineErrorKind>;

/// What the engine was asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Load(String),
    Unload(String),
    /// The prompt as text, and the adapter.
    Generate(String, Option<String>),
}

#[derive(Default)]
pub struct State {
    pub scripts: VecDeque<Script>,
    pub calls: Vec<Call>,
    /// Bytes of the loaded adapters, by alias.
    pub loaded: BTreeMap<String, u64>,
    /// Where adapters were read from.
    pub folders: Vec<PathBuf>,
}

/// Its ids are the scalar values of the text. Where the scripts end, it echoes `ok`.
#[derive(Clone, Default)]
pub struct ScriptedEngine(pub Arc<Mutex<State>>);

pub const BOS: u32 = 2;

impl Engine for ScriptedEngine {
    fn encode(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        Ok(text.chars().map(u32::from).collect())
    }

    fn load_adapter(&mut self, alias: &str, folder: &Path) -> Result<(), EngineError> {
        let bytes = std::fs::metadata(folder.join("adapter_model.safetensors")).unwrap().len();
        let mut state = self.0.lock().unwrap();
        state.calls.push(Call::Load(alias.to_owned()));
        state.folders.push(folder.to_owned());
        assert_eq!(state.loaded.insert(alias.to_owned(), bytes), None, "{alias} was loaded already");
        Ok(())
    }

    fn unload_adapter(&mut self, alias: &str) -> Result<(), EngineError> {
        let mut state = self.0.lock().unwrap();
        state.calls.push(Call::Unload(alias.to_owned()));
        assert!(state.loaded.remove(alias).is_some(), "{alias} was not loaded");
        Ok(())
    }

    fn generate(&mut self, generation: &Generation<'_>, sink: &mut Sink<'_>) -> Result<Generated, EngineError> {
        let (first, rest) = generation.ids.split_first().unwrap();
        assert_eq!(*first, BOS);
        let prompt = rest.iter().map(|id| char::from_u32(*id).unwrap()).collect();
        let script = {
            let mut state = self.0.lock().unwrap();
            let adapter = generation.adapter.map(str::to_owned);
            assert!(adapter.iter().all(|alias| state.loaded.contains_key(alias)), "{adapter:?} is not loaded");
            state.calls.push(Call::Generate(prompt, adapter));
            state.scripts.pop_front().unwrap_or_else(|| Ok(vec!["ok".into()]))
        };
        let pieces = script.map_err(|kind| EngineError::new(kind, "scripted"))?;
        let mut tokens = 0;
        let mut stopped = Stopped::StopId;
        for piece in &pieces {
            if generation.cancel.is_cancelled() {
                stopped = Stopped::Cancelled;
            } else if tokens == generation.max_tokens {
                stopped = Stopped::MaxTokens;
            } else {
                tokens += 1;
                match sink(piece) {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => stopped = Stopped::Sink,
                }
            }
            break;
        }
        let prompt_tokens = generation.ids.len();
        // A second for each token makes speeds and ratios plain.
        let [prefill, decode] = [prompt_tokens, tokens].map(|tokens| Duration::from_secs(tokens as u64));
        Ok(Generated { stopped, prompt_tokens, generated_tokens: tokens, prefill, decode })
    }
}

/// Says why a test is skipped, or fails where nothing may be.
pub fn required(missing: &str) {
    assert_ne!(std::env::var("REQUIRE_ALL").as_deref(), Ok("1"), "{missing}");
    eprintln!("SKIPPED: {missing}");
}

/// A folder of a test's own; the library's temporary folder is that of the sessions.
pub fn folder() -> TempDir {
    tempfile::tempdir_in(std::env::temp_dir()).unwrap()
}

/// A session on a scripted engine, with what must outlive it.
pub struct Rig {
    pub session: Session,
    pub engine: ScriptedEngine,
    pub scratch: Arc<Scratch>,
    _bundle: TempDir,
}

impl Rig {
    pub fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let folder = folder();
        Fixture::new().write_directory(folder.path());
        let bundle = Bundle::open(folder.path(), None).unwrap();
        let engine = ScriptedEngine::default();
        engine.0.lock().unwrap().scripts.extend(scripts);
        let scratch = Scratch::acquire(None).unwrap();
        let session = Session::with_engine(bundle, Box::new(engine.clone()), Arc::clone(&scratch), 1 << 20, Instant::now());
        Self { session, engine, scratch, _bundle: folder }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.engine.0.lock().unwrap().calls.clone()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "this is what the caller takes")]
pub fn pieces(pieces: &[&str]) -> Script {
    Ok(pieces.iter().map(|&piece| piece.to_owned()).collect())
}

/// A request for `summarize+es`, or the tasks that are given, on one message.
pub fn request(text: &str, tasks: &[&str], mode: Option<Mode>) -> Request {
    let message = Message { speaker: "Ana".into(), text: text.into() };
    let tasks = tasks.iter().map(|&task| task.to_owned()).collect();
    Request { input: Input::Conversation(vec![message]), reply_speaker: None, tasks, mode, max_tokens: None, max_prompt_tokens: None }
}

pub const BOTH: &[&str] = &["summarize", "es"];
