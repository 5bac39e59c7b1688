//! The inputs of a worker by the names that messages give them, and how their documents are worked
//! on in each lane.

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt as _;
use sohoa_kafka::Lane;
use sohoa_store::{Store, Trouble};

use crate::context::Context;

/// By name and lane: the same but for the input and the urgency with which pages are asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    by_name: BTreeMap<String, [Arc<Context>; 2]>,
    /// For what belongs to no input.
    any: Arc<Context>,
}

impl Inputs {
    /// The input of `context`, and others beside it.
    pub(crate) fn new(context: &Context, others: Vec<(String, Store)>) -> Self {
        let own = (context.input_name.clone(), context.input.clone());
        let all = others.into_iter().chain([own]);
        let by_name = all.map(|(name, input)| {
            let context = Context { input, input_name: name.clone(), ..context.clone() };
            (name, Lane::ALL.map(|lane| Arc::new(context.at(lane.into()))))
        });
        Self { by_name: by_name.collect(), any: Arc::new(context.clone()) }
    }

    /// How documents of an input are worked on; none of an input that this worker does not know.
    pub(crate) fn of(&self, name: &str, lane: Lane) -> Option<&Arc<Context>> {
        self.by_name.get(name).map(|lanes| &lanes[lane as usize])
    }

    /// What all have in common.
    pub(crate) fn any(&self) -> &Context {
        &self.any
    }

    /// Their names, as a sentence has them.
    pub(crate) fn names(&self) -> String {
        self.by_name.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// What is wrong with one of them, or with the output.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let inputs = self.by_name.values().map(|[context, _]| &context.input);
        inputs.chain([&self.any.output]).find_map(Store::trouble)
    }

    /// Whether every one of them lists anything, or says that there is nothing.
    pub(crate) async fn answer(&self) -> bool {
        for [context, _] in self.by_name.values() {
            if !answers(&context.input).await {
                return false;
            }
        }
        true
    }
}

async fn answers(store: &Store) -> bool {
    let there = store.folder().is_none_or(std::path::Path::exists);
    there && !matches!(store.objects().list(None).next().await, Some(Err(_)))
}
