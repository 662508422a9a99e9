//! What of our environment a trainer gets: nothing secret.

/// Variables that may be passed on although their name sounds secret: it fetches models with it.
const MEANT_FOR_IT: [&str; 2] = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"];

/// Our variables without those that are ours alone or hold secrets.
pub fn without_secrets(
    variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
    variables.filter(|(name, _)| name.to_str().is_some_and(is_harmless)).collect()
}

fn is_harmless(name: &str) -> bool {
    let name = name.to_uppercase();
    let ours = ["DALLA_", "GEMINI_", "COMFYUI_", "INSTAGRAM_", "TWITTER_"].iter().any(|beginning| name.starts_with(beginning));
    let secret = ["KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL"].iter().any(|part| name.contains(part));
    MEANT_FOR_IT.contains(&name.as_str()) || !(ours || secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_here_and_what_a_trainer_needs_goes_along() {
        let names = [
            "PATH",
            "HOME",
            "CUDA_VISIBLE_DEVICES",
            "HF_TOKEN",
            "GEMINI_API_KEY",
            "LUNA_TWITTER_ACCESS_TOKEN",
            "DALLA_SECRET_KEY_FILE",
            "AWS_SECRET_ACCESS_KEY",
        ];
        let variables = names.into_iter().map(|name| (name.into(), "x".into()));
        let kept: Vec<_> = without_secrets(variables).into_iter().map(|(name, _)| name.into_string().unwrap()).collect();
        assert_eq!(kept, ["PATH", "HOME", "CUDA_VISIBLE_DEVICES", "HF_TOKEN"]);
    }
}
