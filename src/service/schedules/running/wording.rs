//! The words that go out with what a run has drawn.

use chrono::Utc;

use super::{Next, Runner, Scene, Stop};
use crate::{
    domain::{
        caption::{self, Network},
        content::{Content, ContentId},
        problem::{Checks, Problem},
        run::{RunDeed, RunStep},
        words::{Author, CaptionRequest},
    },
    service::captions,
};

impl Runner<'_> {
    /// Those of the prompt it was drawn from, where they fit; else new ones.
    pub(super) async fn find_words(&self, scene: &Scene, content: ContentId, network: Network) -> Result<Next, Stop> {
        let now = Utc::now();
        let stored = scene.state.content.get(content.as_str()).ok_or_else(|| Problem::conflict("The picture was deleted."))?;
        let mut step = RunStep { network: Some(network), contents: vec![content.clone()], ..RunStep::new(RunDeed::Caption, now) };
        if has_words(stored, network) {
            let of_prompt = scene.prompt().is_some_and(|prompt| prompt.caption == stored.caption_for(network));
            step.end(if of_prompt { "Those of the prompt." } else { "There are words already." }, false, now);
            return self.open(step).await;
        }
        if let Some(words) = scene.words_of_prompt(network) {
            step.end("Those of the prompt.", false, now);
            return self
                .change(move |tx, run, now| {
                    if let Some(stored) = tx.get::<Content>(content.as_str()) {
                        let mut content = Content::clone(&stored);
                        content.set_caption(network, words, Author::Task, now);
                        tx.put(content)?;
                    }
                    run.steps.push(step);
                    Ok(Next::Again)
                })
                .await;
        }
        let request = CaptionRequest {
            character_id: Some(scene.character.id.clone()),
            content_id: Some(content.clone()),
            network,
            ..CaptionRequest::default()
        };
        let job = captions::prepare(self.app, request, true, now)?;
        let keep = move |step: &mut RunStep| (step.network, step.contents) = (Some(network), vec![content]);
        self.hand_over(job, keep, RunDeed::Caption).await
    }

    pub(super) async fn caption_written(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        let job = match self.done(scene, step).await? {
            Ok(job) => job,
            Err(next) => return Ok(next),
        };
        let source = job.captions().and_then(|order| order.source);
        let outcome = match source {
            Some(Author::Gemini) => "Gemini wrote them.".to_owned(),
            // Why it was not Gemini is among the notes.
            _ => job.notes.last().cloned().unwrap_or_else(|| "They were written.".into()),
        };
        self.close(outcome, false).await
    }
}

impl Scene {
    /// The next picture that needs words, and for which network. A post shows the words of its first picture.
    pub(super) fn without_words(&self) -> Option<(ContentId, Network)> {
        let (pictures, networks) = match self.run.kind.posts() {
            true => (self.pictures().get(..1).unwrap_or_default(), self.config.networks.as_slice()),
            false => (self.pictures(), [Network::Instagram].as_slice()),
        };
        let pairs = pictures.iter().flat_map(|picture| networks.iter().map(move |network| (picture, *network)));
        let done = |picture: &ContentId, network: Network| {
            let steps = self.run.steps.iter().filter(|step| step.deed == RunDeed::Caption);
            steps.into_iter().any(|step| step.network == Some(network) && step.contents.contains(picture))
        };
        let mut open = pairs.filter(|(picture, network)| !done(picture, *network));
        let written = |network| self.config.writes_caption() || self.words_of_prompt(network).is_some();
        open.find(|(_, network)| written(*network)).map(|(picture, network)| (picture.clone(), network))
    }

    fn words_of_prompt(&self, network: Network) -> Option<String> {
        let words = self.prompt()?.caption.trim();
        let mut checks = Checks::default();
        caption::check(network, "caption", words, &mut checks);
        (!words.is_empty() && checks.finish().is_ok()).then(|| words.to_owned())
    }
}

/// Whether there are words of its own for that network.
fn has_words(content: &Content, network: Network) -> bool {
    match network {
        Network::Instagram => !content.caption.is_empty(),
        Network::X => !content.twitter_caption.is_empty(),
    }
}
