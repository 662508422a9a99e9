//! Answers that are made once for each state of the store, and then only sent.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// A body ready to be sent.
#[derive(Debug, Clone)]
pub struct Body {
    /// JSON.
    pub bytes: Bytes,
    /// Quoted, as the header wants it.
    pub etag: Arc<str>,
    /// How many records are in it.
    pub count: usize,
}

/// The prepared answers.
#[derive(Debug, Default)]
pub struct Prepared {
    /// All characters.
    pub characters: Slot,
    /// The whole prompt library.
    pub prompts: Slot,
    /// How scheduling stands, with all tasks.
    pub schedules: Slot,
    /// All tasks.
    pub tasks: Slot,
    /// Pages of longer lists.
    pub pages: Pages,
    /// Which pictures of each dataset look alike.
    pub alike: Alike,
}

/// Pages of lists by the addresses they were asked for at, each made once for each state of its collection.
#[derive(Debug, Default)]
pub struct Pages(Mutex<HashMap<String, (u64, Page)>>);

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// What is on it.
    pub body: Body,
    /// How many there are in all, where that can be told.
    pub total: Option<usize>,
    /// Where the next page begins, when there is one.
    pub next: Option<String>,
}

/// How many pages are kept, and how large they may be.
const PAGES: usize = 64;
const LARGEST_PAGE: usize = 256 << 10;

impl Pages {
    /// The page at that address, made by `make` when it was not made for this version of its collection before.
    pub fn get<E>(&self, address: &str, version: u64, make: impl FnOnce() -> Result<Page, E>) -> Result<Page, E> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, page)) = lock().get(address)
            && *known == version
        {
            return Ok(page.clone());
        }
        let page = make()?;
        if page.body.bytes.len() <= LARGEST_PAGE {
            let mut pages = lock();
            if pages.len() >= PAGES {
                pages.clear();
            }
            pages.insert(address.to_owned(), (version, page.clone()));
        }
        Ok(page)
    }
}

/// Which of many pictures look alike, as groups of their places; found out once for each set of pictures.
#[derive(Debug, Default)]
pub struct Alike(Mutex<HashMap<String, (u64, Groups)>>);

/// Groups of places.
pub type Groups = Arc<Vec<Vec<usize>>>;

/// How many sets are remembered.
const SETS: usize = 200;

impl Alike {
    /// The groups of the set of that name, made by `make` when they were not made for these looks before.
    pub fn get(&self, name: &str, looks: &[&str], make: impl FnOnce() -> Vec<Vec<usize>>) -> Groups {
        let mark = xxh3_64(looks.join(" ").as_bytes());
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, groups)) = lock().get(name)
            && *known == mark
        {
            return Arc::clone(groups);
        }
        let groups = Arc::new(make());
        let mut sets = lock();
        if sets.len() >= SETS {
            sets.clear();
        }
        sets.insert(name.to_owned(), (mark, Arc::clone(&groups)));
        groups
    }
}

/// A place for one prepared answer, with the versions of what it was made from.
#[derive(Debug, Default)]
pub struct Slot(ArcSwapOption<(Vec<u64>, Body)>);

impl Body {
    /// A list as it is sent.
    pub fn list<T: Serialize>(records: &[T]) -> Self {
        let bytes = Bytes::from(to_json(&records));
        Self { etag: etag(&bytes), count: records.len(), bytes }
    }

    /// One record as it is sent.
    pub fn one<T: Serialize>(record: &T) -> Self {
        let bytes = Bytes::from(to_json(record));
        Self { etag: etag(&bytes), count: 1, bytes }
    }
}

impl Slot {
    /// The answer for these versions, made by `make` when it was not made for them before.
    pub fn get(&self, versions: &[u64], make: impl FnOnce() -> Body) -> Body {
        if let Some(kept) = &*self.0.load()
            && kept.0 == versions
        {
            return kept.1.clone();
        }
        let body = make();
        self.0.store(Some(Arc::new((versions.to_vec(), body.clone()))));
        body
    }
}

/// As long as most records are.
const RECORD: usize = 2 << 10;

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut json = Vec::with_capacity(RECORD);
    serde_json::to_writer(&mut json, value).expect("our records have string keys and finite numbers, which JSON can hold");
    json
}

fn etag(bytes: &[u8]) -> Arc<str> {
    format!("\"{:016x}\"", xxh3_64(bytes)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_made_once_for_each_state() {
        let pages = Pages::default();
        let mut made = 0;
        let mut get = |address: &str, version| {
            let page = pages.get(address, version, || {
                made += 1;
                Ok::<_, ()>(Page { body: Body::one(&made), total: None, next: None })
            });
            String::from_utf8(page.unwrap().body.bytes.to_vec()).unwrap()
        };
        assert_eq!([get("/a", 1), get("/a", 1), get("/b", 1), get("/a", 2), get("/a", 2)], ["1", "1", "2", "3", "3"]);
        assert_eq!(pages.get("/a", 3, || Err("nothing")).unwrap_err(), "nothing");
        for number in 0..500 {
            get(&number.to_string(), 1);
        }
        assert!(pages.0.lock().unwrap().len() <= PAGES);
    }
}
