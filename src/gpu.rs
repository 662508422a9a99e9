//! Who may use the graphics card: trainings and pictures get in each other's way. Never stored.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::training::TrainingId;

/// The card. A cheap handle.
#[derive(Debug, Clone)]
pub struct Gpu(Arc<watch::Sender<Use>>);

#[derive(Debug, Clone, Default)]
struct Use {
    /// How many pictures of ours are being drawn.
    drawing: usize,
    /// The training that has it, or waits for it alone, and its name.
    training: Option<(TrainingId, String)>,
}

/// A picture that is being drawn, as long as this is kept.
#[derive(Debug)]
pub struct Drawing(Gpu);

/// A training that has the card, as long as this is kept.
#[derive(Debug)]
pub struct Claim {
    gpu: Gpu,
    id: TrainingId,
}

impl Default for Gpu {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Use::default())))
    }
}

impl Gpu {
    /// The name of the training that has the card or waits for it.
    pub fn training(&self) -> Option<String> {
        self.0.borrow().training.as_ref().map(|(_, name)| name.clone())
    }

    /// Keeps the card for a training that is about to claim it.
    pub fn reserve(&self, id: &TrainingId, name: &str) {
        self.0.send_modify(|now| now.training = Some((id.clone(), name.to_owned())));
    }

    /// Claims the card for a training: pictures that have not begun wait from now on.
    pub fn claim(&self, id: &TrainingId, name: &str) -> Claim {
        self.reserve(id, name);
        Claim { gpu: self.clone(), id: id.clone() }
    }

    /// How many pictures of ours are being drawn.
    pub fn drawing(&self) -> usize {
        self.0.borrow().drawing
    }

    /// Waits until no picture of ours is being drawn.
    pub async fn undisturbed(&self) {
        // The sender lives in here, so that it cannot have gone.
        let _ = self.0.subscribe().wait_for(|now| now.drawing == 0).await;
    }

    /// Begins a picture, unless a training has the card. With `beside`, it may go on beside one.
    pub fn draw(&self, beside: bool) -> Option<Drawing> {
        let begun = self.0.send_if_modified(|now| {
            let free = beside || now.training.is_none();
            now.drawing += usize::from(free);
            free
        });
        begun.then(|| Drawing(self.clone()))
    }

    /// Waits until no training has the card.
    pub async fn free(&self) {
        let _ = self.0.subscribe().wait_for(|now| now.training.is_none()).await;
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        self.0.0.send_modify(|now| now.drawing -= 1);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let id = &self.id;
        self.gpu.0.send_if_modified(|now| {
            let ours = now.training.as_ref().is_some_and(|(has, _)| has == id);
            if ours {
                now.training = None;
            }
            ours
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_training_waits_for_pictures_and_pictures_for_a_training() {
        let gpu = Gpu::default();
        let picture = gpu.draw(false).unwrap();
        let claim = gpu.claim(&"t".into(), "luna-v2");
        assert_eq!(gpu.training().as_deref(), Some("luna-v2"));
        assert!(gpu.draw(false).is_none(), "no new picture begins");
        assert!(gpu.draw(true).is_some(), "unless both may go on");
        let waiting = tokio::spawn({
            let gpu = gpu.clone();
            async move { gpu.undisturbed().await }
        });
        assert!(!waiting.is_finished());
        drop(picture);
        waiting.await.unwrap();
        drop(claim);
        assert!(gpu.draw(false).is_some());
    }

    #[tokio::test]
    async fn a_claim_that_was_taken_over_is_not_let_go_of_by_the_old_one() {
        let gpu = Gpu::default();
        let old = gpu.claim(&"a".into(), "a");
        let _new = gpu.claim(&"b".into(), "b");
        drop(old);
        assert_eq!(gpu.training().as_deref(), Some("b"));
    }
}
