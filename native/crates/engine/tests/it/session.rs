//! What a session keeps, whatever the engine does: modes, feeding of steps, the queue, cancelling, closing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::support::{BOTH, Call, Rig, pieces, request};
use proptest::prelude::*;
use tandem_bundle::{InputErrorKind, Mode};
use tandem_engine::{Answer, Cancel, EngineErrorKind, Error, Event, FinishReason, Request};

fn generated(prompt: &str, adapter: Option<&str>) -> Call {
    Call::Generate(prompt.into(), adapter.map(Into::into))
}

fn loaded(alias: &str) -> Call {
    Call::Load(alias.into())
}

#[test]
fn each_mode_has_its_adapter_and_its_prompt() {
    let cases: [(Option<Mode>, Vec<Call>); 5] = [
        (None, vec![loaded("summarize+es@calibrated"), generated("Both: Ana: hi\nSummary:", Some("summarize+es@calibrated"))]),
        (
            Some(Mode::Calibrated),
            vec![loaded("summarize+es@calibrated"), generated("Both: Ana: hi\nSummary:", Some("summarize+es@calibrated"))],
        ),
        (Some(Mode::Merge), vec![loaded("summarize+es@merge"), generated("Merge: Ana: hi\nSummary:", Some("summarize+es@merge"))]),
        (Some(Mode::ZeroShot), vec![generated("Both: Ana: hi\nSummary:", None)]),
        (
            Some(Mode::TwoStep),
            vec![
                loaded("summarize"),
                generated("Summarize: Ana: hi\nSummary:", Some("summarize")),
                loaded("es"),
                generated("Translate: one two\nTranslation:", Some("es")),
            ],
        ),
    ];
    for (mode, calls) in cases {
        let rig = Rig::new([pieces(&[" one", " two", " "]), pieces(&[" uno dos"])]);
        let answer = rig.session.run(request("hi", BOTH, mode), |_| ()).unwrap();
        assert_eq!(rig.calls(), calls);
        assert_eq!(answer.statistics.mode, mode.unwrap_or(Mode::Calibrated));
        assert_eq!(answer.text, if mode == Some(Mode::TwoStep) { "uno dos" } else { "one two" });
        assert_eq!(answer.statistics.steps.len(), if mode == Some(Mode::TwoStep) { 2 } else { 1 });
    }
}

#[test]
fn one_task_alone_is_its_adapter_alone() {
    for mode in [Mode::Merge, Mode::TwoStep] {
        let rig = Rig::new([]);
        rig.session.run(request("hi", &["summarize"], Some(mode)), |_| ()).unwrap();
        assert_eq!(rig.calls(), [loaded("summarize"), generated("Summarize: Ana: hi\nSummary:", Some("summarize"))]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_prompt_is_as_short_as_asked_and_never_longer_than_the_bundle_allows(limit in 30usize..200, length in 1usize..100) {
        let prompt = |limit| {
            let rig = Rig::new([]);
            let request = tandem_engine::Request { max_prompt_tokens: limit, ..request(&"x".repeat(length), BOTH, Some(Mode::ZeroShot)) };
            rig.session.run(request, |_| ()).unwrap().statistics.prompt_tokens()
        };
        let full = prompt(None);
        prop_assert!(full <= 64, "the fixture's limit");
        prop_assert_eq!(prompt(Some(limit)), full.min(limit));
    }
}

#[test]
fn what_the_bundle_cannot_do_is_refused_before_the_engine_is_asked() {
    let rig = Rig::new([]);
    let refused = |tasks: &[&str], mode, text: &str| match rig.session.run(request(text, tasks, mode), |_| ()) {
        Err(Error::Input(e)) => e.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&["summarize", "fr"], None, "hi"), InputErrorKind::CompositionUnknown);
    assert_eq!(refused(&["es"], None, "hi"), InputErrorKind::CompositionUnknown);
    assert_eq!(refused(&["summarize"], Some(Mode::Calibrated), "hi"), InputErrorKind::ModeUnavailable);
    assert_eq!(refused(BOTH, None, " \n"), InputErrorKind::InputEmpty);
    let mut nothing = request("hi", BOTH, None);
    nothing.max_tokens = Some(0);
    assert!(matches!(rig.session.run(nothing, |_| ()), Err(Error::Input(e)) if e.kind == InputErrorKind::InputInvalid));
    assert_eq!(rig.calls(), []);
}

#[test]
fn an_answer_says_why_it_ended() {
    let cases = [
        (pieces(&[" a", " b"]), None, "a b", FinishReason::Stop, 2),
        (pieces(&[" a", "\n", "b"]), None, "a", FinishReason::LineBreak, 2),
        (pieces(&[" x", " a", " b", " a", " b", " a", " b", " a", " b", " a", " b"]), None, "x a b", FinishReason::Repetition, 10),
        (pieces(&["\n", "a"]), None, "a", FinishReason::Stop, 2),
        (pieces(&[" a", " b"]), Some(1), "a", FinishReason::Length, 1),
        (pieces(&[]), None, "", FinishReason::Stop, 0),
    ];
    for (script, max_tokens, text, reason, tokens) in cases {
        let rig = Rig::new([script]);
        let mut request = request("hi", BOTH, None);
        request.max_tokens = max_tokens;
        let answer = rig.session.run(request, |_| ()).unwrap();
        assert_eq!((answer.text.as_str(), answer.statistics.finish_reason), (text, reason));
        assert_eq!(answer.statistics.generated_tokens(), tokens);
    }
}

#[test]
fn a_step_without_output_ends_the_answer() {
    let rig = Rig::new([pieces(&[" "])]);
    let answer = rig.session.run(request("hi", BOTH, Some(Mode::TwoStep)), |_| ()).unwrap();
    assert_eq!((answer.text.as_str(), answer.statistics.steps.len()), ("", 1));
}

#[test]
fn a_second_use_composes_nothing_and_leaves_no_file() {
    let rig = Rig::new([]);
    let first = rig.session.run(request("hi", BOTH, None), |_| ()).unwrap();
    let second = rig.session.run(request("ho", BOTH, None), |_| ()).unwrap();
    assert!(!first.statistics.compose().is_zero() && second.statistics.compose().is_zero());
    assert_eq!(rig.calls().iter().filter(|call| matches!(call, Call::Load(_))).count(), 1);
    let folders = rig.engine.0.lock().unwrap().folders.clone();
    assert!(folders.len() == 1 && folders[0].starts_with(rig.scratch.path()) && !folders[0].exists());
}

#[test]
fn events_are_the_answer_in_order() {
    let rig = Rig::new([pieces(&[" one", " ", "two"]), pieces(&["uno", "\nx"])]);
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    rig.session.run(request("hi", BOTH, Some(Mode::TwoStep)), move |event| sink.lock().unwrap().push(event)).unwrap();
    let ready = |step, prompt: &str| Event::PromptReady { step, steps: 2, prompt_tokens: prompt.len() + 1, left_out_messages: 0 };
    let text = |step, text: &str| Event::Text { step, text: text.into() };
    let expected = [
        ready(0, "Summarize: Ana: hi\nSummary:"),
        text(0, "one"),
        text(0, " two"),
        Event::StepFinished { step: 0 },
        ready(1, "Translate: one two\nTranslation:"),
        text(1, "uno"),
        Event::StepFinished { step: 1 },
    ];
    assert_eq!(*events.lock().unwrap(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn requests_are_answered_once_and_in_order(count in 1usize..12) {
        let rig = Rig::new((0..count).map(|i| pieces(&[&format!("answer {i}")])));
        let (send, receive) = mpsc::channel();
        for i in 0..count {
            let send = send.clone();
            let done = move |result: Result<Answer, Error>| drop(send.send((i, result.unwrap().text)));
            rig.session.submit(request("hi", BOTH, None), &Cancel::default(), Box::new(|_| ()), Box::new(done));
        }
        drop(send);
        let answers: Vec<_> = receive.iter().collect();
        let expected: Vec<_> = (0..count).map(|i| (i, format!("answer {i}"))).collect();
        prop_assert_eq!(answers, expected);
    }

    #[test]
    fn cancelling_keeps_what_was_shown_and_stops_what_waits(after in 1usize..6, waiting in 0usize..4) {
        let rig = Arc::new(Rig::new([pieces(&[" a", " b", " c", " d", " e", " f"])]));
        let (send, receive) = mpsc::channel();
        let shown = Arc::new(AtomicUsize::new(0));
        // The sink waits until all requests are in the queue, then cancels at its n-th text.
        let (go, queued) = mpsc::channel::<()>();
        let (weak, counter) = (Arc::downgrade(&rig), Arc::clone(&shown));
        let sink = move |event| {
            if let Event::PromptReady { .. } = event {
                queued.recv().unwrap();
            }
            if matches!(event, Event::Text { .. }) && counter.fetch_add(1, Ordering::SeqCst) + 1 == after {
                weak.upgrade().unwrap().session.cancel();
            }
        };
        let submit = |sink: Box<dyn FnMut(Event) + Send>| {
            let send = send.clone();
            let done = move |result: Result<Answer, Error>| drop(send.send(result.unwrap()));
            rig.session.submit(request("hi", BOTH, None), &Cancel::default(), sink, Box::new(done));
        };
        submit(Box::new(sink));
        (0..waiting).for_each(|_| submit(Box::new(|_| ())));
        go.send(()).unwrap();
        let first = receive.recv().unwrap();
        prop_assert_eq!(shown.load(Ordering::SeqCst), after);
        prop_assert_eq!(&first.text, &"a b c d e f"[..2 * after - 1]);
        // The last piece may have been the last anyway.
        let cancelled = first.statistics.finish_reason == FinishReason::Cancelled;
        prop_assert!(cancelled || after == 6);
        for _ in 0..waiting {
            let answer = receive.recv().unwrap();
            prop_assert_eq!((answer.text.as_str(), answer.statistics.finish_reason), ("", FinishReason::Cancelled));
        }
        prop_assert_eq!(rig.calls().iter().filter(|call| matches!(call, Call::Generate(..))).count(), 1);
        // A cancel counts for what was submitted before it only.
        prop_assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()).unwrap().text, "ok");
    }
}

#[test]
fn a_failed_request_does_not_stop_the_next() {
    let rig = Rig::new([Err(EngineErrorKind::Generate)]);
    let failed = rig.session.run(request("hi", BOTH, None), |_| ()).unwrap_err();
    assert_eq!(failed.kind(), "engine-generate");
    assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()).unwrap().text, "ok");
}

#[test]
fn a_panic_of_a_receiver_ends_its_request_only() {
    let rig = Rig::new([]);
    let failed = rig.session.run(request("hi", BOTH, None), |_| panic!("on purpose")).unwrap_err();
    assert_eq!(failed.kind(), "internal");
    assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()).unwrap().text, "ok");
}

#[test]
fn a_closed_session_says_so() {
    let rig = Rig::new([]);
    rig.session.close();
    assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()), Err(Error::Closed));
    rig.session.close();
}

#[test]
fn dropping_a_session_lets_the_engine_go() {
    let rig = Rig::new([]);
    let engine = rig.engine.clone();
    drop(rig);
    assert_eq!(Arc::strong_count(&engine.0), 1);
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_session_is_closed_once_it_let_the_engine_go(waiting in 0usize..4) {
        let rig = Rig::new([]);
        for _ in 0..waiting {
            rig.session.submit(request("hi", BOTH, None), &Cancel::default(), Box::new(|_| ()), Box::new(|_| ()));
        }
        rig.session.close();
        wait(rig.session.closed());
        prop_assert_eq!(Arc::strong_count(&rig.engine.0), 1);
        wait(rig.session.closed());
    }

    #[test]
    fn a_loop_that_closes_with_the_last_word_is_one(block in "[f-j]( [k-o]){0,2}", length in any::<bool>()) {
        let words: std::collections::BTreeSet<_> = block.split(' ').collect();
        prop_assume!(words.len() == block.split(' ').count());
        let rounds = [block.as_str(); 4].join(" ");
        let last = usize::from(length);
        let said: Vec<String> = rounds.split(' ').map(|word| format!(" {word}")).chain(vec!["!".to_owned(); last]).collect();
        let max_tokens = Some(said.len() - last);
        let rig = Rig::new([Ok(said)]);
        let answer = rig.session.run(Request { max_tokens, ..request("hi", BOTH, None) }, |_| ()).unwrap();
        prop_assert_eq!((answer.text, answer.statistics.finish_reason), (block, FinishReason::Repetition));
    }
}

#[test]
fn a_callback_may_close_the_session_and_ask_whether_it_is_closed() {
    let rig = Arc::new(Rig::new([pieces(&[" a", " b"])]));
    let (send, receive) = mpsc::channel();
    let weak = Arc::downgrade(&rig);
    let sink = move |event| {
        if let (Event::Text { .. }, Some(rig)) = (event, weak.upgrade()) {
            rig.session.close();
            wait(rig.session.closed());
        }
    };
    let done = move |result: Result<Answer, Error>| drop(send.send(result.unwrap().text));
    rig.session.submit(request("hi", BOTH, None), &Cancel::default(), Box::new(sink), Box::new(done));
    assert_eq!(receive.recv().unwrap(), "a");
    wait(rig.session.closed());
    assert_eq!(Arc::strong_count(&rig.engine.0), 1);
}
