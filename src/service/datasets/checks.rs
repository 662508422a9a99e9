//! Looking a dataset over before it is trained on, and doing what can be done with one press.

use chrono::{DateTime, Utc};

use super::{captions, change, get, remove_images, update};
use crate::{
    domain::{
        dataset::{
            CaptionTool, CaptionsRequest, Changed, Dataset, DatasetChange, DatasetCheck, DatasetCheckName, DatasetId, Fix, FixRequest,
            ImageName, Known,
        },
        model::Family,
        problem::Problem,
    },
    error::Error,
    expected::Expected,
    state::AppState,
};

/// Everything that is looked at, for a family.
pub fn checks(app: &AppState, dataset: &Dataset, family: Family) -> Vec<DatasetCheck> {
    let state = app.store.read();
    let hers = state.characters.get(dataset.character_id.as_str()).map(|one| one.trigger_word.as_str()).unwrap_or_default();
    let alike = alike(app, dataset);
    crate::domain::dataset::checks(dataset, &Known { family, alike: &alike, trigger_word: hers })
}

/// The family a dataset is most likely trained for: that of its character's model, else the one that asks for more.
pub fn family(app: &AppState, dataset: &Dataset) -> Family {
    let state = app.store.read();
    let model = state.characters.get(dataset.character_id.as_str()).map(|one| one.preferred_model.clone()).unwrap_or_default();
    app.comfy.catalogue().model(&model).and_then(|model| model.family).unwrap_or(Family::Sdxl)
}

/// Which pictures look alike, by their places.
fn alike(app: &AppState, dataset: &Dataset) -> crate::prepared::Groups {
    let looks: Vec<_> = dataset.images.iter().map(|image| image.hash.as_str()).collect();
    app.prepared.alike.get(dataset.id.as_str(), &looks, || super::super::looks::groups(looks.iter().copied()))
}

/// Does what a check offers.
pub async fn fix(app: &AppState, id: &DatasetId, request: FixRequest, now: DateTime<Utc>) -> Result<Changed, Error> {
    let dataset = get(app, id)?;
    let family = request.family.unwrap_or_else(|| family(app, &dataset));
    let concerned = |name: DatasetCheckName| {
        let found = checks(app, &dataset, family).into_iter().find(|check| check.name == name);
        found.map(|check| check.images).unwrap_or_default()
    };
    match request.fix {
        Fix::RemoveBroken => remove(app, id, concerned(DatasetCheckName::Files), now).await,
        Fix::RemoveSmall => remove(app, id, concerned(DatasetCheckName::Size), now).await,
        Fix::RemoveDuplicates => remove(app, id, lesser(app, &dataset), now).await,
        Fix::PrefixTrigger => {
            let names: Vec<_> = concerned(DatasetCheckName::Trigger).iter().map(ToString::to_string).collect();
            if names.is_empty() {
                return Err(nothing());
            }
            let tool = CaptionsRequest { tool: CaptionTool::Prefix, names, ..CaptionsRequest::default() };
            captions::use_tool(app, id, tool, now).await
        }
        Fix::CaptionWithTrigger => caption_with_trigger(app, id, now).await,
        Fix::TakeTrigger => take_trigger(app, &dataset, now).await,
    }
}

async fn remove(app: &AppState, id: &DatasetId, names: Vec<ImageName>, now: DateTime<Utc>) -> Result<Changed, Error> {
    if names.is_empty() {
        return Err(nothing());
    }
    remove_images(app, id, names.iter().map(ToString::to_string).collect(), Expected::ANY, now).await
}

/// Of each group that looks alike, all but the best: the one with the most pixels, then one with a caption, then the
/// first.
fn lesser(app: &AppState, dataset: &Dataset) -> Vec<ImageName> {
    let mut lesser = Vec::new();
    for group in alike(app, dataset).iter() {
        let images = || group.iter().filter_map(|place| dataset.images.get(*place));
        let worth = |image: &&crate::domain::dataset::DatasetImage| {
            let pixels = u64::from(image.width) * u64::from(image.height);
            (image.broken.is_none(), pixels, !image.caption.is_empty())
        };
        // Of several that are worth the same, the last is found; the first was there before.
        let Some(best) = images().rev().max_by_key(worth) else { continue };
        lesser.extend(images().filter(|image| image.name != best.name).map(|image| image.name.clone()));
    }
    lesser
}

async fn caption_with_trigger(app: &AppState, id: &DatasetId, now: DateTime<Utc>) -> Result<Changed, Error> {
    let before = update(app, id, now, |dataset| {
        let words = dataset.trigger_word.clone();
        if words.is_empty() {
            return Err(Problem::conflict("Give the dataset a trigger word first.").into());
        }
        let missing = dataset.images.iter_mut().filter(|image| image.caption.is_empty());
        let before: Vec<_> = missing.map(|image| (image.name.clone(), std::mem::replace(&mut image.caption, words.clone()))).collect();
        if before.is_empty() { Err(nothing()) } else { Ok(before) }
    })
    .await?;
    Ok(captions::changed(app, id, before).await)
}

async fn take_trigger(app: &AppState, dataset: &Dataset, now: DateTime<Utc>) -> Result<Changed, Error> {
    let hers = super::super::characters::get(app, &dataset.character_id)?.trigger_word.trim().to_owned();
    if hers.is_empty() {
        return Err(Problem::conflict("The character has no trigger word.").into());
    }
    change(app, &dataset.id, DatasetChange { trigger_word: hers.into(), ..DatasetChange::default() }, Expected::ANY, now).await?;
    Ok(Changed { changed: 1, undo: None })
}

fn nothing() -> Error {
    Problem::conflict("There is nothing to do: it was done in the meantime.").into()
}
