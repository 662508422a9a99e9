//! Where pages are: the one list that the sidebar shows and the search looks through.

use icondata_core::Icon;

/// A page's place in the sidebar.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Its address.
    pub path: &'static str,
    /// What it is called.
    pub words: &'static str,
    /// What stands beside that.
    pub icon: Icon,
    /// After `g`, this key leads there.
    pub key: &'static str,
    /// The group it stands in; empty for what stands above all groups.
    pub group: &'static str,
    /// Other words it may be looked for by.
    pub also: &'static str,
}

/// Every place, as the sidebar has them.
pub fn places() -> [Place; 17] {
    let place = |group, path, words, icon, key, also| Place { path, words, icon, key, group, also };
    [
        place("", "/", "Today", icondata_lu::LuHouse, "t", "home start dashboard"),
        place("Create", "/characters", "Characters", icondata_lu::LuUsers, "c", "personas people"),
        place("Create", "/studio", "Studio", icondata_lu::LuSparkles, "s", "draw generate picture image"),
        place("Create", "/prompts", "Prompts", icondata_lu::LuLightbulb, "p", "ideas library"),
        place("Review", "/review", "Review", icondata_lu::LuCheckCheck, "r", "approve reject"),
        place("Review", "/content", "Content", icondata_lu::LuImages, "l", "pictures images gallery"),
        place("Publish", "/calendar", "Calendar", icondata_lu::LuCalendar, "d", "month week plan"),
        place("Publish", "/posts", "Posts", icondata_lu::LuSend, "o", "ledger published failed instagram twitter x"),
        place("Publish", "/schedules", "Schedules", icondata_lu::LuAlarmClock, "w", "tasks cron automation"),
        place("Train", "/datasets", "Datasets", icondata_lu::LuGalleryThumbnails, "b", "captions pictures"),
        place("Train", "/training", "Training", icondata_lu::LuDumbbell, "n", "lora"),
        place("Train", "/models", "Models", icondata_lu::LuBox, "m", "checkpoints loras comfyui"),
        place("System", "/system", "Status", icondata_lu::LuActivity, "h", "health services disk"),
        place("System", "/logs", "Logs", icondata_lu::LuScrollText, "k", "errors"),
        place("System", "/activity", "Activity", icondata_lu::LuHistory, "v", "history audit"),
        place("System", "/settings", "Settings", icondata_lu::LuSettings, "e", "keys gemini dry run webhook trainer"),
        place("System", "/api/docs", "API", icondata_lu::LuBraces, "a", "openapi reference developers"),
    ]
}

/// Pages that others lead to, and that may be looked for by themselves: the page they belong to, and the page.
pub fn further() -> [(&'static str, Place); 9] {
    let place = |path, words, icon, also| Place { path, words, icon, key: "", group: "", also };
    [
        ("Today", place("/notifications", "Notifications", icondata_lu::LuBell, "bell alerts")),
        ("Calendar", place("/calendar?view=week", "This week", icondata_lu::LuCalendarDays, "calendar")),
        ("Calendar", place("/calendar?view=list", "What comes, as a list", icondata_lu::LuCalendarRange, "calendar")),
        ("Schedules", place("/schedules/runs", "Runs", icondata_lu::LuHistory, "schedules missed failed")),
        ("Prompts", place("/prompts/templates", "Templates", icondata_lu::LuFileText, "captions prompts without key")),
        ("Settings", place("/settings/access", "Access", icondata_lu::LuKeyRound, "password tokens sessions login")),
        ("Settings", place("/settings/backups", "Backups", icondata_lu::LuArchive, "restore zip download")),
        ("Settings", place("/settings#posting", "Posting safety", icondata_lu::LuShieldCheck, "dry run gap")),
        ("Status", place("/system/diagnostics", "Diagnostics", icondata_lu::LuStethoscope, "help report support")),
    ]
}
