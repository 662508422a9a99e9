//! What costs money, a graphics card, or the patience of a network.

/// Under these, whatever changes something is costly.
const COSTLY: [&str; 7] = [
    "/api/generate-image",
    "/api/generate-caption",
    "/api/prompts/generate",
    "/api/post-to-instagram",
    "/api/post-to-twitter",
    "/api/lora/train",
    "/api/calendar/plan",
];

/// Deeds that are costly, whatever they are done to.
const DEEDS: [&str; 9] = ["caption-job", "compare", "look", "publish", "reconcile", "remix", "retry", "run", "test"];

/// Whether a request has something made, written, trained or sent. The one place that says so.
pub fn is_costly(method: &str, path: &str) -> bool {
    if method != "POST" {
        return false;
    }
    let deed = path.rsplit('/').next().unwrap_or_default();
    // What would be done is told for nothing.
    if deed == "preview" {
        return false;
    }
    let under = |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    COSTLY.into_iter().any(under) || DEEDS.contains(&deed)
}

#[cfg(test)]
mod tests {
    use super::is_costly;

    #[test]
    fn what_others_have_to_work_for_is_costly() {
        for path in [
            "/api/generate-image",
            "/api/content/7/remix",
            "/api/lora/train/7/resume",
            "/api/scheduler/run",
            "/api/jobs/7/retry",
            "/api/models/look",
        ] {
            assert!(is_costly("POST", path), "{path}");
        }
        for path in
            ["/api/characters", "/api/generate-caption/preview", "/api/captions/count", "/api/scheduler/pause", "/api/generate-images"]
        {
            assert!(!is_costly("POST", path), "{path}");
        }
        assert!(!is_costly("GET", "/api/lora/train"));
    }
}
