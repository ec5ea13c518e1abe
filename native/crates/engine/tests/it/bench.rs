//! What a measurement keeps: pairs in alternating order, with all adapters in memory, of what was complete.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use tandem_bundle::{InputErrorKind, Mode};
use tandem_engine::{BenchInput, BenchPlan, Cancel, Error, FinishReason};

use crate::support::{BOTH, Call, Rig, pieces, request};

fn plan(texts: &[&str], tasks: &[&str], runs: usize) -> BenchPlan {
    let inputs = texts.iter().map(|text| BenchInput { input: request(text, tasks, None).input, reply_speaker: None });
    BenchPlan { inputs: inputs.collect(), tasks: tasks.iter().map(|&task| task.to_owned()).collect(), runs, max_tokens: None }
}

/// What ran: one pass for each `Both`, two steps for each pair of others.
fn ways(calls: &[Call]) -> Vec<Mode> {
    let way = |call: &Call| match call {
        Call::Generate(prompt, _) if prompt.starts_with("Both:") => Some(Mode::Calibrated),
        Call::Generate(prompt, _) if prompt.starts_with("Summarize:") => Some(Mode::TwoStep),
        _ => None,
    };
    calls.iter().filter_map(way).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn each_input_is_measured_in_pairs(inputs in 1usize..4, runs in 1usize..4) {
        let rig = Rig::new([]);
        let texts = vec!["hi"; inputs];
        let mut told = Vec::new();
        let report = rig.session.bench(&plan(&texts, BOTH, runs), &Cancel::default(), |progress| told.push(progress)).unwrap();
        prop_assert!(!report.cancelled);
        prop_assert_eq!(report.mode, Mode::Calibrated);
        prop_assert_eq!(report.pairs.iter().map(|pair| pair.input).collect::<Vec<_>>(), (0..inputs).collect::<Vec<_>>());
        // Progress counts to its end.
        let total = told.last().unwrap().total;
        prop_assert!(told.iter().enumerate().all(|(index, progress)| progress.done == index + 1 && progress.total == total));
        prop_assert_eq!(told.len(), total);
        // The last answers are the pairs; one pass is first in half of them, or in one more.
        let ways = ways(&rig.calls());
        let pairs: Vec<_> = ways[ways.len() - 2 * inputs * runs..].chunks(2).collect();
        let first = pairs.iter().filter(|pair| pair[0] == Mode::Calibrated).count();
        prop_assert!(pairs.iter().all(|pair| pair[0] != pair[1]));
        prop_assert!(first * 2 >= pairs.len().saturating_sub(inputs) && first * 2 <= pairs.len() + inputs);
        // Nothing is composed while pairs are measured.
        let calls = rig.calls();
        let loads = calls.iter().rposition(|call| matches!(call, Call::Load(_))).unwrap();
        let measured = calls[loads..].iter().filter(|call| matches!(call, Call::Generate(..))).count();
        prop_assert!(measured > 3 * inputs * runs);
        // With a second for each token, times are tokens.
        for pair in &report.pairs {
            prop_assert_eq!(pair.one_pass.total().as_secs() as usize, pair.one_pass.prompt_tokens + pair.one_pass.generated_tokens);
            prop_assert!((pair.ratio * pair.one_pass.total().as_secs_f64() - pair.two_step.total().as_secs_f64()).abs() < 1e-6);
        }
        prop_assert_eq!(report.prefill_speed, Some(1.0));
        prop_assert_eq!(report.faster(), inputs);
    }

    #[test]
    fn cancelled_it_reports_what_was_complete(after in 1usize..8, whole_session in any::<bool>()) {
        let rig = Arc::new(Rig::new([]));
        let cancel = Cancel::default();
        let count = AtomicUsize::new(0);
        let report = rig.session.bench(&plan(&["hi", "ho"], BOTH, 1), &cancel, |_| {
            if count.fetch_add(1, Ordering::SeqCst) + 1 == after {
                if whole_session { rig.session.cancel() } else { cancel.cancel() }
            }
        });
        let report = report.unwrap();
        prop_assert_eq!(report.cancelled, after < 7);
        prop_assert_eq!(report.pairs.len(), after.saturating_sub(3) / 2);
        prop_assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()).unwrap().text, "ok");
    }
}

#[test]
fn a_measurement_and_an_answer_are_stopped_apart() {
    let rig = Rig::new([]);
    let (answer, measurement) = (Cancel::default(), Cancel::default());
    answer.cancel();
    let report = rig.session.bench(&plan(&["hi"], BOTH, 1), &measurement, |progress| {
        if progress.done == 1 {
            let stopped = rig.session.run_until(request("hi", BOTH, None), &answer, |_| ()).unwrap();
            assert_eq!((stopped.text.as_str(), stopped.statistics.finish_reason), ("", FinishReason::Cancelled));
        }
    });
    assert!(!report.unwrap().cancelled);
    measurement.cancel();
    let stopped = rig.session.bench(&plan(&["hi"], BOTH, 1), &measurement, |_| ()).unwrap();
    assert!(stopped.cancelled && stopped.pairs.is_empty());
    assert_eq!(rig.session.run(request("hi", BOTH, None), |_| ()).unwrap().text, "ok");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let rig = Rig::new([pieces(&["x"])]);
    for plan in [plan(&["hi"], &["summarize"], 1), plan(&[], BOTH, 1), plan(&["hi"], BOTH, 0)] {
        assert!(
            matches!(rig.session.bench(&plan, &Cancel::default(), |_| ()), Err(Error::Input(e)) if e.kind == InputErrorKind::InputInvalid)
        );
    }
    assert_eq!(rig.calls(), []);
}
