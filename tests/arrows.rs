//! Who may name whom: reads the `use` lines of each module, and fails when an arrow points the wrong way.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each module with those it may name. What is not listed names nothing of ours but `domain`.
const ARROWS: [(&str, &[&str]); 31] = [
    ("domain", &[]),
    ("actor", &["domain"]),
    ("config", &[]),
    ("sandbox", &[]),
    ("events", &["domain"]),
    ("gpu", &["domain"]),
    ("imports", &["domain"]),
    ("incoming", &["domain"]),
    ("live", &["domain"]),
    ("logs", &["domain"]),
    ("meters", &[]),
    ("trash", &["domain"]),
    ("vitals", &["domain"]),
    ("attempts", &[]),
    ("limits", &[]),
    ("underway", &["domain"]),
    ("prepared", &[]),
    ("expected", &["domain", "prepared"]),
    ("assets", &[]),
    ("store", &["actor", "domain", "config", "meters"]),
    ("agenda", &["domain", "store"]),
    ("integrations", &["domain", "meters"]),
    ("error", &["domain", "store", "integrations"]),
    ("begun", &["error", "store"]),
    (
        "state",
        &[
            "agenda",
            "attempts",
            "config",
            "domain",
            "events",
            "gpu",
            "imports",
            "incoming",
            "integrations",
            "limits",
            "live",
            "logs",
            "meters",
            "prepared",
            "store",
            "trash",
            "underway",
            "vitals",
        ],
    ),
    (
        "service",
        &[
            "actor",
            "agenda",
            "attempts",
            "begun",
            "domain",
            "error",
            "expected",
            "gpu",
            "imports",
            "integrations",
            "live",
            "logs",
            "meters",
            "prepared",
            "state",
            "store",
            "underway",
            "vitals",
        ],
    ),
    ("jobs", &["actor", "domain", "service", "state"]),
    ("api", &["actor", "begun", "domain", "error", "events", "expected", "limits", "prepared", "service", "state", "underway"]),
    ("web", &["assets", "domain", "error", "expected", "integrations", "service", "state", "store"]),
    ("router", &["actor", "api", "assets", "domain", "error", "service", "state", "web"]),
    ("run", &["config", "events", "jobs", "logs", "router", "sandbox", "service", "state", "store"]),
];

#[test]
fn no_arrow_points_the_wrong_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, may_name) in ARROWS {
        for file in files(&source, module) {
            for named in named(&fs::read_to_string(&file).unwrap()) {
                if named != module && !may_name.contains(&named.as_str()) {
                    wrong.push(format!("{} names {named}", file.strip_prefix(&source).unwrap().display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_module_has_its_place() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    for module in library.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let module = module.trim_end_matches(';');
        assert!(ARROWS.iter().any(|(known, _)| *known == module), "{module} has no place among the arrows");
    }
}

/// The files of a module: one of its name, or all in its folder.
fn files(source: &Path, module: &str) -> Vec<PathBuf> {
    let single = source.join(format!("{module}.rs"));
    if single.exists() {
        return vec![single];
    }
    let (mut folders, mut files) = (vec![source.join(module)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The modules a file names after `crate::`, alone or as a group.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.extend(word(rest));
            continue;
        };
        let mut depth = 0;
        for (place, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ if depth == 0 && (place == 0 || group[..place].trim_end().ends_with(',')) && letter.is_alphabetic() => {
                    names.extend(word(&group[place..]))
                }
                _ => {}
            }
        }
    }
    names
}

fn word(text: &str) -> Option<String> {
    let word: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    word.chars().next().filter(char::is_ascii_lowercase).map(|_| word)
}
