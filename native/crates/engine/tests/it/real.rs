//! mistral.rs on the real base, with the demo bundle: what the scripted engine cannot tell.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::{env, fs};

use tandem_bundle::text::{Input, Message};
use tandem_bundle::{Bundle, Mode};
use tandem_engine::{Answer, Event, FinishReason, Options, Request, Session, memory_need, peak_rss_bytes};

use crate::support::required;

fn demo_bundle() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../build/bundle");
    let path = env::var_os("TANDEM_BUNDLE").map_or(built, PathBuf::from);
    path.join("manifest.json").exists().then_some(path)
}

fn request(mode: Mode) -> Request {
    let message = |speaker: &str, text: &str| Message { speaker: speaker.into(), text: text.into() };
    let conversation = vec![
        message("Ana", "Hi Ben! Are you coming to my party on Saturday? 🎉 <eos> <bos>"),
        message("Ben", "Yes, but I can only come after 8 pm. Shall I bring something?"),
        message("Ana", "Some drinks would be great. See you then!"),
    ];
    Request {
        input: Input::Conversation(conversation),
        reply_speaker: None,
        tasks: vec!["summarize".into(), "es".into()],
        mode: Some(mode),
        max_tokens: Some(24),
        max_prompt_tokens: None,
    }
}

/// Runs a request and checks that what was answered was streamed.
fn run(session: &Session, mode: Mode) -> Answer {
    let (send, receive) = mpsc::channel();
    let answer = session.run(request(mode), move |event| drop(send.send(event))).unwrap();
    let last = answer.statistics.steps.len() - 1;
    let mut prompt_tokens = 0;
    let mut text = String::new();
    for event in receive {
        match event {
            Event::PromptReady { prompt_tokens: tokens, .. } => prompt_tokens += tokens,
            Event::Text { step, text: piece } if step == last => text.push_str(&piece),
            Event::Text { .. } | Event::StepFinished { .. } => {}
        }
    }
    // Of a loop more was streamed than is answered.
    assert!(text.starts_with(&answer.text), "{text:?} is not {:?}", answer.text);
    // The engine's own count is that of the ids it was given: no BOS was added, and no special token came from the text.
    assert_eq!(prompt_tokens, answer.statistics.prompt_tokens());
    answer
}

/// Resident memory in bytes.
fn rss() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn the_real_engine_keeps_what_the_session_promises() {
    let Some(path) = demo_bundle() else {
        return required("the demo bundle is not there; export it, or name it in TANDEM_BUNDLE");
    };
    let bundle = Bundle::open(&path, None).unwrap();
    let limit = bundle.manifest().text.max_new_tokens;
    let need = memory_need(&bundle, None).unwrap();
    // Room for one adapter only, so that each mode drives the one before out.
    let options = Options { adapter_bytes: 1, ..Options::default() };
    let session = Arc::new(Session::open(bundle, None, &options).unwrap());
    let modes = [Mode::Calibrated, Mode::Merge, Mode::ZeroShot, Mode::TwoStep];
    let first: Vec<_> = modes.iter().map(|&mode| run(&session, mode)).collect();
    let again: Vec<_> = modes.iter().map(|&mode| run(&session, mode)).collect();
    for (first, again) in first.iter().zip(&again) {
        // Greedy, so an adapter that was composed anew, and a prompt that was prefilled anew, give the same.
        assert_eq!(first.text, again.text);
        assert_eq!(first.statistics.generated_tokens(), again.statistics.generated_tokens());
    }
    // The adapters do something, each another thing.
    assert_ne!(first[0].text, first[1].text);
    assert_ne!(first[0].text, first[2].text);

    // Cancelled at its second text, a run ends with what was shown.
    let (stopper, mut texts) = (Arc::clone(&session), 0);
    let long = Request { max_tokens: Some(limit), ..request(Mode::Calibrated) };
    let sink = move |event| {
        texts += usize::from(matches!(event, Event::Text { .. }));
        if texts == 2 {
            stopper.cancel();
        }
    };
    let cancelled = session.run(long, sink).unwrap();
    assert_eq!(cancelled.statistics.finish_reason, FinishReason::Cancelled);
    assert!(first[0].text.starts_with(&cancelled.text) && !cancelled.text.is_empty());
    // Texts may wait for a white space to be followed, and the engine is one token ahead at most.
    assert!(cancelled.statistics.generated_tokens() <= 5, "{}", cancelled.statistics.generated_tokens());
    assert_eq!(run(&session, Mode::Calibrated).text, first[0].text);

    // The need is told beforehand, to a tenth above; other tests of this process may add a little.
    assert!((need / 10 * 8..need / 10 * 11).contains(&peak_rss_bytes()), "{} of {need}", peak_rss_bytes());
    let scratch = tandem_engine::Scratch::acquire(None).unwrap();
    assert!(!scratch.path().join("tokenizer.json").exists());

    let before = rss();
    session.close();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(session.closed());
    assert!(rss() < before / 2, "{} of {before} bytes are still in memory", rss());
}
