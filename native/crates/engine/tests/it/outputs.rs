//! Several outputs of one input: in order, with nothing between them, each with its number and its own switch.

use std::sync::{Arc, Mutex, mpsc};

use proptest::prelude::*;
use tandem_bundle::Mode;
use tandem_engine::{Error, Event, FinishReason};

use crate::support::{BOTH, Rig, pieces, request};

const MODES: [Mode; 4] = [Mode::Calibrated, Mode::Merge, Mode::TwoStep, Mode::ZeroShot];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn outputs_come_in_order_with_their_number(modes in prop::collection::vec(prop::sample::select(MODES.to_vec()), 0..6)) {
        let rig = Rig::new([]);
        let log = Arc::new(Mutex::new(Vec::new()));
        let (events, results) = (Arc::clone(&log), Arc::clone(&log));
        let requests = modes.iter().map(|mode| request("hi", BOTH, Some(*mode))).collect();
        rig.session.submit_all(
            requests,
            move |number, _| events.lock().unwrap().push(number),
            move |number, result| {
                assert_eq!(result.unwrap().text, "ok");
                results.lock().unwrap().push(number);
            },
        );
        // What is asked later runs later.
        rig.session.run(request("ho", BOTH, None), |_| ()).unwrap();
        let log = log.lock().unwrap();
        prop_assert!(log.is_sorted());
        prop_assert_eq!(log.iter().copied().collect::<std::collections::BTreeSet<_>>(), (0..modes.len()).collect());
    }

    #[test]
    fn one_output_is_stopped_and_the_others_go_on(count in 2usize..6, stopped in any::<prop::sample::Index>()) {
        let stopped = stopped.index(count);
        let rig = Rig::new((0..count).map(|_| pieces(&[" a", " b"])));
        let (send, receive) = mpsc::channel();
        let (go, ready) = mpsc::channel::<()>();
        let sink = move |number, event| {
            if number == 0 && matches!(event, Event::PromptReady { .. }) {
                ready.recv().unwrap();
            }
        };
        let cancels = rig.session.submit_all(
            (0..count).map(|_| request("hi", BOTH, None)).collect(),
            sink,
            move |number, result| send.send((number, result.unwrap())).unwrap(),
        );
        cancels[stopped].cancel();
        go.send(()).unwrap();
        for (number, answer) in receive.iter().take(count) {
            let expected = if number == stopped { ("", FinishReason::Cancelled) } else { ("a b", FinishReason::Stop) };
            prop_assert_eq!((answer.text.as_str(), answer.statistics.finish_reason), expected);
        }
    }
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let rig = Rig::new([]);
    let (send, receive) = mpsc::channel();
    let requests = vec![request("hi", &["summarize", "fr"], None), request("hi", BOTH, None)];
    rig.session.submit_all(requests, |_, _| (), move |number, result| send.send((number, result.is_ok())).unwrap());
    assert_eq!(receive.iter().take(2).collect::<Vec<_>>(), [(0, false), (1, true)]);
}

#[test]
fn a_closed_session_tells_each() {
    let rig = Rig::new([]);
    rig.session.close();
    let (send, receive) = mpsc::channel();
    let requests = vec![request("hi", BOTH, None), request("ho", BOTH, None)];
    rig.session.submit_all(requests, |_, _| (), move |number, result| send.send((number, result)).unwrap());
    assert_eq!(receive.iter().collect::<Vec<_>>(), [(0, Err(Error::Closed)), (1, Err(Error::Closed))]);
}
