//! Indexes and reopening, against the simplest model there is.

use std::collections::HashMap;

use digital_dalla::{
    domain::content::Content,
    store::{State, Store, StoreError},
};
use proptest::prelude::*;

use crate::support::{content, open};

#[derive(Debug, Clone)]
enum Step {
    Put { id: u8, character: u8, state: usize },
    Delete { id: u8 },
    Crash,
    Stop,
}

const STATES: [&str; 3] = ["draft", "approved", "rejected"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..12_u8, 0..3_u8, 0..STATES.len()).prop_map(|(id, character, state)| Step::Put { id, character, state }),
        3 => (0..12_u8).prop_map(|id| Step::Delete { id }),
        1 => Just(Step::Crash),
        1 => Just(Step::Stop),
    ];
    prop::collection::vec(step, 1..40)
}

/// Records in order, newest last.
type Model = Vec<(String, String, String)>;

fn check(state: &State, model: &Model) {
    let shown = |content: &Content| (content.id.to_string(), content.character_id.to_string(), content.state.key().to_owned());
    assert_eq!(state.content.iter().map(|content| shown(content)).collect::<Model>(), *model);
    let mut by_state: HashMap<&str, Vec<&str>> = HashMap::new();
    for (id, _, state) in model.iter().rev() {
        by_state.entry(state).or_default().push(id);
    }
    for key in STATES {
        let expected = by_state.remove(key).unwrap_or_default();
        assert_eq!(state.content.indexed("state", key).map(|content| content.id.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(state.content.count("state", key), expected.len());
    }
    for (place, (id, ..)) in model.iter().enumerate() {
        let position = state.content.position_of(id).unwrap();
        assert_eq!((state.content.before(position).count(), state.content.after(position).count()), (place, model.len() - place - 1));
    }
}

async fn apply(store: Store, dir: &std::path::Path, step: Step, model: &mut Model) -> Store {
    match step {
        Step::Put { id, character, state } => {
            let record = (format!("p{id}"), format!("c{character}"), STATES[state].to_owned());
            let put = content(&record.0, &record.1, &record.2);
            let stored: Result<(), StoreError> = store.write(move |tx| tx.put(put)).await;
            stored.unwrap();
            match model.iter_mut().find(|known| known.0 == record.0) {
                Some(known) => *known = record,
                None => model.push(record),
            }
        }
        Step::Delete { id } => {
            let id = format!("p{id}");
            let wanted = id.clone();
            let deleted: Result<bool, StoreError> = store.write(move |tx| tx.delete::<Content>(&wanted)).await;
            assert_eq!(deleted.unwrap(), model.iter().any(|known| known.0 == id));
            model.retain(|known| known.0 != id);
        }
        Step::Crash => {
            drop(store);
            return open(dir).await;
        }
        Step::Stop => {
            store.close().await.unwrap();
            return open(dir).await;
        }
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_what_the_simplest_model_is(steps in steps()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let (mut store, mut model) = (open(dir.path()).await, Model::new());
            for step in steps {
                store = apply(store, dir.path(), step, &mut model).await;
                check(&store.read(), &model);
            }
        });
    }
}
