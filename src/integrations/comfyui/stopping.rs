//! Stopping a prompt, wherever it stands.

use tokio::time::{Instant, sleep};

use super::{Comfy, error::ComfyError, wire::PromptState};

/// Looks in a row that must say the same: a prompt is nowhere for a moment on its way from queue to history, and an
/// order that is still being sent is not anywhere yet.
const LOOKS: u32 = 2;
/// Failed looks in a row after which the server is taken to be gone, and the prompt with it.
const FAILURES: u32 = 3;

impl Comfy {
    /// Takes a prompt out of the queue, or stops it. Answers when it is over, or after the limit for servers that are
    /// gone: a model that is being loaded is loaded to its end first.
    pub async fn cancel(&self, prompt_id: &str) -> Result<(), ComfyError> {
        let begun = Instant::now();
        let (mut nowhere, mut failed) = (0, 0);
        while begun.elapsed() < self.0.limits.gone {
            match self.stop(prompt_id).await {
                Ok(PromptState::Finished(_)) => return Ok(()),
                Ok(PromptState::Unknown) => (nowhere, failed) = (nowhere + 1, 0),
                Ok(PromptState::Pending { .. } | PromptState::Running) => (nowhere, failed) = (0, 0),
                Err(error) if failed + 1 >= FAILURES => return Err(error),
                Err(_) => failed += 1,
            }
            if nowhere >= LOOKS {
                return Ok(());
            }
            sleep(self.0.limits.poll / 4).await;
        }
        Err(ComfyError::TooSlow(self.address().to_owned()))
    }

    /// One try. An order to stop that comes between queue and start is lost, so one is not enough.
    async fn stop(&self, prompt_id: &str) -> Result<PromptState, ComfyError> {
        let state = self.state_of(prompt_id).await?;
        match state {
            PromptState::Pending { .. } => self.delete_pending(prompt_id).await?,
            PromptState::Running => self.interrupt(prompt_id).await?,
            PromptState::Finished(_) | PromptState::Unknown => {}
        }
        Ok(state)
    }
}
