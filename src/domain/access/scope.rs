//! What a token may do, and what a route asks for.

use serde::{Deserialize, Serialize};

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything.
    Read,
    /// Change what is stored, and have work done.
    Write,
    /// Let something go out, or decide whether it does.
    Publish,
}

impl Scope {
    /// Every scope, the harmless first.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Publish];

    /// As it is stored and sent.
    pub fn key(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Publish => "publish",
        }
    }

    /// As a page says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Read => "Read: look at everything, but keys",
            Self::Write => "Write: change characters, prompts and pictures, and have things made",
            Self::Publish => "Publish: approve, post, schedule, import, and change settings",
        }
    }

    /// The scope of that name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.key() == key)
    }
}

/// What changes under these may let something go out: posts and schedules, the settings that hold posts back, and what
/// is imported, which may bring keys and approved pictures.
const PUBLISHING: [&str; 7] = [
    "/api/characters/import",
    "/api/post-to-instagram",
    "/api/post-to-twitter",
    "/api/posts",
    "/api/posting",
    "/api/scheduler",
    "/api/settings",
];

/// Deeds that may let something go out, whatever they are done to.
const DEEDS: [&str; 5] = ["approve", "publish", "reconcile", "resolve", "run"];

/// What a request asks for. The one place that says so: a route nobody thought of needs `read` when it only looks,
/// and otherwise at least `write`.
pub fn needed(method: &str, path: &str) -> Scope {
    let backup = path.strip_prefix("/api/backups/");
    if matches!(method, "GET" | "HEAD") {
        // A backup's file holds everything at once, also what no other answer does.
        return if backup.is_some_and(|rest| rest.ends_with("/file")) { Scope::Publish } else { Scope::Read };
    }
    // Whoever may make one should not be able to take them all away.
    if backup.is_some() {
        return Scope::Publish;
    }
    let under = |place: &str| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let deed = path.rsplit('/').next().unwrap_or_default();
    if PUBLISHING.into_iter().any(under) || DEEDS.contains(&deed) { Scope::Publish } else { Scope::Write }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_is_reading_and_everything_else_is_at_least_writing() {
        assert_eq!(needed("GET", "/api/posts"), Scope::Read);
        assert_eq!(needed("HEAD", "/media/x.png"), Scope::Read);
        assert_eq!(needed("GET", "/api/backups/7"), Scope::Read);
        assert_eq!(needed("POST", "/api/backups"), Scope::Write);
        for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"] {
            assert_eq!(needed(method, "/api/something/new"), Scope::Write);
        }
    }

    #[test]
    fn a_backup_is_handed_out_and_taken_away_only_with_the_widest_scope() {
        for (method, path) in [
            ("GET", "/api/backups/7/file"),
            ("HEAD", "/api/backups/7/file"),
            ("DELETE", "/api/backups/7"),
            ("POST", "/api/backups/7/verify"),
        ] {
            assert_eq!(needed(method, path), Scope::Publish, "{method} {path}");
        }
    }

    #[test]
    fn whatever_may_let_something_go_out_is_publishing() {
        for path in [
            "/api/post-to-instagram",
            "/api/posts/7/publish",
            "/api/posts/7/resolve",
            "/api/posts/7",
            "/api/posting/resume",
            "/api/scheduler/tasks/7/run",
            "/api/scheduler",
            "/api/content/7/approve",
            "/api/settings",
            "/api/characters/import",
        ] {
            assert_eq!(needed("POST", path), Scope::Publish, "{path}");
        }
        assert_eq!(needed("POST", "/api/characters"), Scope::Write);
        assert_eq!(needed("POST", "/api/postscripts"), Scope::Write, "a name that only begins like it");
    }
}
