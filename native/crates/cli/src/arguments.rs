use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use tandem_bundle::Mode;

/// Tandem's device core: two language tasks in one pass, offline.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run tasks on conversations or texts
    Run(Run),
    /// Check a bundle: signature, manifest, and the size and SHA-256 of every file
    Verify(Verify),
    /// Show what a bundle offers
    Inspect(Inspect),
    /// Measure one pass against two steps on this device
    Bench(Bench),
    /// Read a chat export or pasted chat text as messages
    ParseChat(ParseChat),
    /// Keep bundles and base models in a library, as the app does
    #[command(subcommand)]
    Store(Store),
}

#[derive(Debug, Args)]
pub struct Opening {
    /// The bundle: a folder, or a .tandem file
    #[arg(long, value_name = "PATH")]
    pub bundle: PathBuf,
    /// Check the bundle's signature against this minisign public key
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
}

/// How the model is loaded, and how long it may write.
#[derive(Debug, Args)]
pub struct Model {
    /// The base model, where the bundle is not packed with it
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,
    /// Threads for the model; half of the cores by default
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Most tokens to generate in each step; the bundle's limit by default
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<NonZeroUsize>,
}

/// The ids of a composition, the main task first.
fn composition<'a>(main: &'a str, into: impl Iterator<Item = &'a str>) -> Vec<String> {
    std::iter::once(main).chain(into).map(|id| id.trim().to_owned()).collect()
}

#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub opening: Opening,
    /// The main task, as the bundle names it
    #[arg(long, value_name = "ID")]
    pub task: String,
    /// The other tasks, in order and separated by commas, or none
    #[arg(long, value_name = "IDS", default_value = NONE)]
    pub into: String,
    /// auto (the bundle's choice), calibrated, two-step, merge or zero-shot
    #[arg(long, default_value = AUTO, value_parser = parse_mode)]
    pub mode: ModeArgument,
    /// One JSON object a line; - for standard input
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub input: PathBuf,
    #[command(flatten)]
    pub model: Model,
    /// Print one JSON object for each input, with all statistics
    #[arg(long)]
    pub json: bool,
}

/// How `--into` says that there is no other task.
const NONE: &str = "none";
const AUTO: &str = "auto";

impl Run {
    /// The composition's tasks, the main task first.
    pub fn tasks(&self) -> Vec<String> {
        composition(&self.task, self.into.split(',').filter(|_| self.into != NONE))
    }
}

#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    pub opening: Opening,
    /// One JSON object a line; - for standard input, five samples when absent
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// The main task; the first composition with a calibration when absent
    #[arg(long, value_name = "ID", requires = "into")]
    pub task: Option<String>,
    /// The other tasks, in order and separated by commas
    #[arg(long, value_name = "IDS", requires = "task")]
    pub into: Option<String>,
    /// How often each pair runs
    #[arg(long, value_name = "N", default_value = "3")]
    pub runs: NonZeroUsize,
    #[command(flatten)]
    pub model: Model,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl Bench {
    /// The tasks that are asked for, the main one first.
    pub fn tasks(&self) -> Option<Vec<String>> {
        self.task.as_ref().map(|task| composition(task, self.into.iter().flat_map(|into| into.split(','))))
    }
}

#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    pub opening: Opening,
}

#[derive(Debug, Args)]
pub struct Inspect {
    #[command(flatten)]
    pub opening: Opening,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ParseChat {
    /// The chat: a text, or a zip that holds one; - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object for each message
    #[arg(long)]
    pub json: bool,
    /// Print one line that `tandem run` takes as input
    #[arg(long, conflicts_with = "json")]
    pub input_line: bool,
}

#[derive(Debug, Subcommand)]
pub enum Store {
    /// Show the library's bundles
    List(StoreList),
    /// Take in a bundle, or the base model that one of the library's bundles was made for
    Import(StoreImport),
    /// Remove a bundle and what no other needs
    Remove(StoreRemove),
}

#[derive(Debug, Args)]
pub struct StoreOpening {
    /// The library's folder
    #[arg(long, value_name = "DIR")]
    pub library: PathBuf,
    /// Take and show only bundles that are signed with this minisign public key
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct StoreList {
    #[command(flatten)]
    pub opening: StoreOpening,
}

#[derive(Debug, Args)]
pub struct StoreImport {
    #[command(flatten)]
    pub opening: StoreOpening,
    /// A bundle (a folder, or a .tandem file); with --base a base model
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// FILE is a base model
    #[arg(long)]
    pub base: bool,
}

#[derive(Debug, Args)]
pub struct StoreRemove {
    #[command(flatten)]
    pub opening: StoreOpening,
    /// The bundle's id, as `list` shows it
    #[arg(value_name = "ID")]
    pub id: String,
}

/// A mode, or the bundle's choice.
#[derive(Clone, Copy, Debug)]
pub struct ModeArgument(pub Option<Mode>);

fn parse_mode(text: &str) -> Result<ModeArgument, String> {
    if text == AUTO {
        return Ok(ModeArgument(None));
    }
    let known = || Mode::ALL.iter().map(|mode| mode.id()).collect::<Vec<_>>().join(", ");
    text.parse().map(|mode| ModeArgument(Some(mode))).map_err(|()| format!("the modes are {AUTO}, {}", known()))
}
