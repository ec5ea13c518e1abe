/// So many tokens in a row stand in an answer once.
const UNREPEATED_TOKENS: usize = 6;

/// The tokens that would make so many tokens in a row of `answer` stand in it a second time.
pub fn repeating(answer: &[u32]) -> impl Iterator<Item = u32> {
    const KNOWN: usize = UNREPEATED_TOKENS - 1;
    let end = &answer[answer.len().saturating_sub(KNOWN)..];
    answer.windows(UNREPEATED_TOKENS).filter(move |piece| piece[..KNOWN] == *end).map(|piece| piece[KNOWN])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashSet};

    #[test]
    fn golden_ids() {
        let golden = include_str!("../../../../tests/golden/repeating.jsonl");
        assert!(!golden.is_empty());
        for line in golden.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let ids = |key: &str| -> Vec<u32> { serde_json::from_value(case[key].clone()).unwrap() };
            let found: BTreeSet<u32> = repeating(&ids("answer")).collect();
            assert_eq!(found, ids("repeating").into_iter().collect(), "{}", case["name"]);
        }
    }

    fn repeats(answer: &[u32]) -> bool {
        let mut seen = HashSet::new();
        answer.windows(UNREPEATED_TOKENS).any(|piece| !seen.insert(piece))
    }

    proptest! {
        #[test]
        fn exactly_the_tokens_that_repeat_are_refused(wished in prop::collection::vec(0..3_u32, 0..40), token in 0..3_u32) {
            let mut answer = Vec::new();
            for wish in wished {
                if repeating(&answer).all(|refused| refused != wish) {
                    answer.push(wish);
                }
            }
            prop_assert!(!repeats(&answer));
            let refused = repeating(&answer).any(|refused| refused == token);
            answer.push(token);
            prop_assert_eq!(refused, repeats(&answer));
        }
    }
}
