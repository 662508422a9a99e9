//! Asking for a training. It goes on by itself afterwards: it may take a night, and her posts must not wait for it.

use chrono::Utc;

use super::{Next, Runner, Scene, Stop};
use crate::{
    domain::{
        problem::Problem,
        run::{RunDeed, RunStep},
        training::{TrainRequest, TrainingId},
    },
    service::trainings,
};

impl Runner<'_> {
    /// Begins to ask, unless she is being trained already.
    pub(super) async fn find_training(&self, scene: &Scene) -> Result<Next, Stop> {
        let mut step = RunStep::new(RunDeed::Train, Utc::now());
        let mut hers = scene.state.trainings.indexed("character", scene.character.id.as_str());
        match hers.find(|training| !training.state.is_final()) {
            Some(going) => step.end(format!("{} has not ended yet.", going.name), false, Utc::now()),
            None => step.training_id = Some(TrainingId::new()),
        }
        self.open(step).await
    }

    /// Asks for the training the step has a name for, and ends the step once it is there.
    pub(super) async fn asked(&self, scene: &Scene, step: &RunStep) -> Result<Next, Stop> {
        let id = step.training_id.clone().ok_or_else(|| Problem::conflict("This step does not say which training it asks for."))?;
        let known = scene.state.trainings.get(id.as_str()).map(|training| training.name.clone());
        let name = match known {
            Some(name) => name,
            None => trainings::start(self.app, scene.train_request(), Some(id), None, Utc::now()).await?.name,
        };
        self.close(format!("{name} is in the queue of trainings."), false).await
    }
}

impl Scene {
    fn train_request(&self) -> TrainRequest {
        TrainRequest {
            character_id: self.character.id.clone(),
            base_model: self.config.base_model.clone(),
            dataset_id: self.config.dataset_id.clone(),
            preset: self.config.preset.unwrap_or_default(),
            ..TrainRequest::default()
        }
    }
}
