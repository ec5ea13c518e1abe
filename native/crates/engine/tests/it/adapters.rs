//! The adapter cache: what is resident stays within the limit, and the engine holds exactly that.

use crate::support::{Call, ScriptedEngine, folder};
use proptest::prelude::*;
use tandem_bundle::{Bundle, Mode};
use tandem_compose::Recipe;
use tandem_engine::{AdapterCache, Scratch};
use tandem_fixture::Fixture;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_least_recently_used_go_when_the_limit_is_reached(uses in prop::collection::vec(0usize..4, 1..20), limit in 0u64..3000) {
        let folder = folder();
        Fixture::new().write_directory(folder.path());
        let bundle = Bundle::open(folder.path(), None).unwrap();
        let composition = bundle.manifest().composition(&["summarize".into(), "es".into()]).unwrap();
        let recipes = [
            Recipe::single("summarize"),
            Recipe::single("es"),
            Recipe::one_pass(composition, Mode::Merge).unwrap(),
            Recipe::one_pass(composition, Mode::Calibrated).unwrap(),
        ];
        let scratch = Scratch::acquire(None).unwrap();
        let mut engine = ScriptedEngine::default();
        let mut cache = AdapterCache::new(limit);
        // The names in order of their last use.
        let mut recent: Vec<&str> = Vec::new();
        for recipe in uses.iter().map(|&i| &recipes[i]) {
            let was_resident = engine.0.lock().unwrap().loaded.contains_key(&recipe.name);
            engine.0.lock().unwrap().calls.clear();
            let took = cache.prepare(&mut engine, &bundle, &scratch, recipe).unwrap();
            recent.retain(|name| *name != recipe.name);
            recent.push(&recipe.name);
            let state = engine.0.lock().unwrap();
            let resident: u64 = state.loaded.values().sum();
            prop_assert_eq!(resident, cache.resident_bytes());
            prop_assert!(resident <= limit || state.loaded.len() == 1);
            prop_assert!(state.loaded.contains_key(&recipe.name));
            prop_assert_eq!(took.is_zero(), was_resident);
            prop_assert!(!was_resident || state.calls.is_empty());
            // What went had not been used for longer than anything that stayed.
            for call in &state.calls {
                if let Call::Unload(gone) = call {
                    let age = |name: &str| recent.iter().position(|other| *other == name);
                    prop_assert!(state.loaded.keys().all(|stayed| age(stayed) > age(gone)));
                }
            }
        }
    }
}
