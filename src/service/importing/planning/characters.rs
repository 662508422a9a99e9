//! What becomes of characters, and of keys.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Place, Planning};
use crate::{
    domain::{
        character::{Character, Credential},
        import::{Kind, LeftOut, Outcome, RecordReport, shown},
    },
    imports::{ForAll, Found, Key},
    service::gemini,
};

/// What is said where a key for the whole installation is stored already.
const HERE: &str = "There is one here already. What is here stays.";
/// Names that stand where ids stand in addresses of ours.
const RESERVED: [&str; 2] = ["import", "new"];

impl Planning<'_> {
    pub(super) fn character(&mut self, found: &Found<Character, Vec<Key>>) {
        let sent = &found.record;
        let is_same = |there: &Character| {
            let name = |one: &Character| one.name.trim().to_lowercase();
            name(there) == name(sent) || (there.created_at.is_some() && there.created_at == sent.created_at)
        };
        let place = self.place(found, |id| !RESERVED.contains(&id) && !id.is_empty(), is_same);
        match place {
            Place::Twice => self.leave(found, "It is there twice; the first one comes."),
            Place::Here { id, there } => {
                self.characters.entry(found.id.clone()).or_insert_with(|| there.id.clone());
                let sent = Character { id: there.id.clone(), ..sent.clone() };
                self.here(Kind::Characters, found, (&id, &there, &sent), there.name.clone(), &["updatedAt"]);
                for (credential, _) in &found.with {
                    let words = "The character is here already: keys are only taken along with a new character.";
                    self.key(found, &there, *credential, Outcome::Kept, words);
                }
            }
            Place::Free { id, words } => {
                let character = Character { id: id.as_str().into(), ..sent.clone() };
                let mut told = found.words.clone();
                told.extend(words.map(str::to_owned));
                if self.state.characters.iter().any(|one| one.name.trim().eq_ignore_ascii_case(character.name.trim())) {
                    told.push("There is another character of this name here.".to_owned());
                }
                self.characters.entry(found.id.clone()).or_insert_with(|| character.id.clone());
                self.fresh.insert(id.clone());
                self.tell(Kind::Characters, found, &id, character.name.clone(), Outcome::New, told);
                for (credential, key) in &found.with {
                    if let Some(variable) = self.in_force.named(&character.name, *credential) {
                        let words = format!("{variable} of the environment is in force here. What is here stays.");
                        self.key(found, &character, *credential, Outcome::Kept, &words);
                        continue;
                    }
                    if let Some(why) = self.locked {
                        self.left_out.push(LeftOut {
                            file: found.file.to_string(),
                            record: Some(format!("{} of {}", credential.label(), shown(&character.name))),
                            why: format!("It cannot be sealed. {why}"),
                        });
                        continue;
                    }
                    self.key(found, &character, *credential, Outcome::New, "It is sealed, and not shown again.");
                    self.changes.secrets.push((id.clone(), credential.field(), key.clone()));
                }
                self.changes.characters.push(character);
            }
        }
    }

    fn key<W>(&mut self, found: &Found<Character, W>, whose: &Character, credential: Credential, outcome: Outcome, words: &str) {
        let report = RecordReport {
            file: found.file.to_string(),
            id: shown(&found.id),
            becomes: None,
            name: format!("{} of {}", credential.label(), shown(&whose.name)),
            outcome,
            words: vec![words.to_owned()],
        };
        self.add(Kind::Keys, report);
    }

    pub(super) fn gemini(&mut self, file: &Arc<str>, key: &SecretString) {
        let name = "Gemini API key".to_owned();
        let report = |outcome, words: &str| key_report(file, "GEMINI_API_KEY", name.clone(), outcome, words);
        if self.is_stored(gemini::KEY) {
            return self.add(Kind::Keys, report(Outcome::Kept, HERE));
        }
        // A stored key comes before that of the environment: it would take its place.
        if self.in_force.gemini() {
            let words = "GEMINI_API_KEY of the environment is in force here. What is here stays.";
            return self.add(Kind::Keys, report(Outcome::Kept, words));
        }
        if let Some(why) = self.locked {
            let why = format!("It cannot be sealed. {why}");
            return self.left_out.push(LeftOut { file: file.to_string(), record: Some(name), why });
        }
        self.add(Kind::Keys, report(Outcome::New, "It is sealed, and not shown again."));
        self.changes.secrets.push((gemini::OWNER.to_owned(), gemini::KEY, key.clone()));
    }

    /// A key for all characters, where there are several: it is nobody's, and takes the place of none that is here.
    pub(super) fn for_all(&mut self, ForAll { file, name, credential }: &ForAll) {
        let environment = self.in_force.for_all(*credential);
        let words = match environment {
            _ if self.is_stored(credential.field()) => HERE.to_owned(),
            Some(variable) => format!("{variable} of the environment is in force here. What is here stays."),
            None => {
                let why = "It is for all characters, and there are several. Enter it where it belongs under Accounts, or set it as a variable of this server.";
                return self.left_out.push(LeftOut { file: file.to_string(), record: Some((*name).to_owned()), why: why.to_owned() });
            }
        };
        let called = format!("{} for all characters", credential.label());
        self.add(Kind::Keys, key_report(file, name, called, Outcome::Kept, &words));
    }

    /// Whether a key of the installation is stored here.
    fn is_stored(&self, key: &str) -> bool {
        self.state.secrets.get(&format!("{}/{key}", gemini::OWNER)).is_some()
    }
}

fn key_report(file: &Arc<str>, id: &str, name: String, outcome: Outcome, words: &str) -> RecordReport {
    RecordReport { file: file.to_string(), id: id.to_owned(), becomes: None, name, outcome, words: vec![words.to_owned()] }
}
