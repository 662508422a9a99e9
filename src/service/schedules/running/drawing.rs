//! What a run draws: the words for it, and the picture.

use chrono::{Duration, Utc};

use super::{Next, Runner, Scene, Stop};
use crate::{
    domain::{
        character::Character,
        generation::GenerateRequest,
        job::Job,
        library::{Prompt, PromptId},
        problem::{Kind, Problem},
        run::{RunDeed, RunStep},
        words::{Author, PromptsRequest},
    },
    error::Error,
    service::{ideas, images},
};

/// How long a ComfyUI that does not answer is waited for.
const PATIENCE: Duration = Duration::hours(1);
/// How often it is asked meanwhile.
const ASK_AGAIN: Duration = Duration::minutes(1);

impl Runner<'_> {
    /// What the task says, else the oldest unused prompt of her library, else a new one.
    pub(super) async fn find_prompt(&self, scene: &Scene) -> Result<Next, Stop> {
        let now = Utc::now();
        let mut step = RunStep::new(RunDeed::Prompt, now);
        if !scene.config.prompt.trim().is_empty() {
            step.end("What the task says.", false, now);
            return self.open(step).await;
        }
        if let Some(prompt) = scene.unused_prompt() {
            step.prompt_id = Some(prompt);
            step.end("The oldest unused prompt of the library.", false, now);
            return self.open(step).await;
        }
        let request = PromptsRequest { character_id: scene.character.id.clone(), count: 1, theme: String::new() };
        self.hand_over(ideas::prepare(self.app, request, now)?, |_| {}, RunDeed::Prompt).await
    }

    pub(super) async fn prompt_written(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        let job = match self.done(scene, step).await? {
            Ok(job) => job,
            Err(next) => return Ok(next),
        };
        let order = job.prompts().ok_or_else(|| Problem::conflict("The job that was to do this is gone."))?;
        let written = order.written.first().cloned();
        let Some(written) = written else {
            let why = job.notes.last().cloned().unwrap_or_else(|| "Nothing new came to mind.".into());
            return Err(Problem::new(Kind::Refused, why).into());
        };
        let outcome = match order.source {
            Some(Author::Gemini) => "Gemini wrote it.",
            Some(Author::Template) => "A template wrote it.",
            Some(Author::Task | Author::Hand) | None => "It was written.",
        };
        self.change(move |_, run, now| {
            if let Some(step) = run.open_step_mut() {
                step.prompt_id = Some(written);
                step.end(outcome, false, now);
            }
            Ok(Next::Again)
        })
        .await
    }

    /// Has the picture drawn, once ComfyUI answers; the ids of what is drawn are stored with the job that draws it.
    pub(super) async fn picture_drawn(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        if step.job_id.is_some() {
            return match self.done(scene, step).await? {
                Ok(job) => self.close(drawn(&job), false).await,
                Err(next) => Ok(next),
            };
        }
        let now = Utc::now();
        match images::prepare(self.app, &scene.dressed(), scene.request()?, None, now).await {
            Ok(job) => {
                let contents: Vec<_> =
                    job.images().into_iter().flat_map(|order| &order.shots).map(|shot| shot.content_id.clone()).collect();
                self.hand_over(job, move |step| step.contents = contents, RunDeed::Picture).await
            }
            Err(Error::Problem(problem)) if problem.kind == Kind::Unreachable && now - step.started_at < PATIENCE => {
                self.wait_for(ASK_AGAIN, format!("{} It is asked again each minute.", problem.message)).await
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Scene {
    fn unused_prompt(&self) -> Option<PromptId> {
        let prompts = &self.state.prompts;
        let mut hers = prompts.positions_of("character", self.character.id.as_str()).filter_map(|position| prompts.at(position));
        hers.find(|prompt| !prompt.used && !prompt.prompt.trim().is_empty()).map(|prompt| prompt.id.clone())
    }

    /// The entry of the library it is drawn from.
    pub(super) fn prompt(&self) -> Option<&Prompt> {
        let id = self.run.step(RunDeed::Prompt)?.prompt_id.as_ref()?;
        self.state.prompts.get(id.as_str()).map(|prompt| &**prompt)
    }

    /// The character in the style and mood the task asks for.
    fn dressed(&self) -> Character {
        let mut character = Character::clone(&self.character);
        let settings = &mut character.prompt_settings;
        for (wanted, own) in [(&self.config.style, &mut settings.style), (&self.config.mood, &mut settings.mood)] {
            if !wanted.trim().is_empty() {
                wanted.trim().clone_into(own);
            }
        }
        character
    }

    fn request(&self) -> Result<GenerateRequest, Problem> {
        let config = &self.config;
        let prompt = self.prompt();
        let text = match (config.prompt.trim(), prompt) {
            ("", Some(prompt)) => prompt.prompt.clone(),
            ("", None) => return Err(Problem::conflict("The prompt it was to be drawn from was deleted.")),
            (text, _) => text.to_owned(),
        };
        let negative = Some(config.negative_prompt.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(GenerateRequest {
            character_id: self.character.id.clone(),
            prompt: text,
            negative_prompt: negative,
            model: config.model.clone(),
            width: config.width,
            height: config.height,
            steps: config.steps,
            cfg: config.cfg,
            batch: Some(config.count()),
            loras: config.loras.clone(),
            prompt_id: prompt.map(|prompt| prompt.id.clone()),
            ..GenerateRequest::default()
        })
    }
}

fn drawn(job: &Job) -> String {
    let count = job.images().map_or(0, |order| order.shots.len());
    let pictures = if count == 1 { "1 picture.".to_owned() } else { format!("{count} pictures.") };
    [vec![pictures], job.notes.clone()].concat().join(" ")
}
