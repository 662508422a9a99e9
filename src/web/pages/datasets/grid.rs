//! The pictures of a dataset with their captions: filtered, in pages, to be picked and written on.

use std::{collections::HashSet, sync::Arc};

use leptos::prelude::*;

use super::{image_url, page_of, thumbnail_url};
use crate::{
    domain::{
        dataset::{Dataset, DatasetCheck, DatasetCheckName, DatasetImage, LONGEST_CAPTION},
        model::Family,
    },
    service,
    web::{
        components::{
            icon::Icon,
            page::{Empty, Pill},
        },
        context, words,
    },
};

/// How many pictures are on one page.
const PAGE: usize = 48;

/// What of a dataset is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The page's own address.
    base: String,
    /// The check whose pictures are shown; all of them when there is none.
    pub check: Option<DatasetCheckName>,
    /// For which family the checks are made.
    pub family: Family,
    /// Whether the family was chosen, and is not only the likely one.
    chosen: bool,
    /// From 1.
    page: usize,
    /// What the checks say.
    pub checks: Arc<Vec<DatasetCheck>>,
}

/// The checks that name pictures.
const FILTERS: [(DatasetCheckName, &str); 5] = [
    (DatasetCheckName::Captions, "Without caption"),
    (DatasetCheckName::Trigger, "Without trigger word"),
    (DatasetCheckName::Duplicates, "Look alike"),
    (DatasetCheckName::Size, "Small"),
    (DatasetCheckName::Files, "Broken"),
];

impl Shown {
    /// What the address asks for.
    pub fn here(dataset: &Dataset) -> Self {
        let app = context::app();
        let chosen = Family::from_key(&context::query("family"));
        let family = chosen.unwrap_or_else(|| service::datasets::family(&app, dataset));
        let show = context::query("show");
        let check = FILTERS.iter().map(|(check, _)| *check).find(|check| check.key() == show);
        let checks = Arc::new(service::datasets::checks(&app, dataset, family));
        let page = context::query("page").parse().unwrap_or(1).max(1);
        Self { base: page_of(&dataset.id), check, family, chosen: chosen.is_some(), page, checks }
    }

    /// The address of this dataset with that filter and page.
    pub fn address(&self, check: Option<DatasetCheckName>, page: usize) -> String {
        self.of_family(self.chosen.then_some(self.family), check, page)
    }

    /// The same for a family.
    pub fn of_family(&self, family: Option<Family>, check: Option<DatasetCheckName>, page: usize) -> String {
        let page = (page > 1).then(|| format!("page={page}"));
        let pairs = [check.map(|check| format!("show={}", check.key())), family.map(|family| format!("family={}", family.key())), page];
        let query = pairs.into_iter().flatten().collect::<Vec<_>>().join("&");
        if query.is_empty() { self.base.clone() } else { format!("{}?{query}", self.base) }
    }

    /// The address as it is now, without its job.
    pub fn here_again(&self) -> String {
        self.address(self.check, self.page)
    }

    fn named(&self, check: DatasetCheckName) -> HashSet<&str> {
        let found = self.checks.iter().find(|one| one.name == check);
        found.map(|check| check.images.iter().map(|name| name.as_str()).collect()).unwrap_or_default()
    }
}

/// The pictures.
#[component]
pub fn Grid(dataset: Arc<Dataset>, shown: Shown) -> impl IntoView {
    if dataset.images.is_empty() {
        return view! {
            <div id="pictures" data-live="dataset">
                <Empty icon=icondata_lu::LuImagePlus title="No pictures yet"
                    words="15 to 40 pictures that differ in pose, place, clothes and light make a good LoRA. Drop files above, or take approved pictures from the library."/>
            </div>
        }
        .into_any();
    }
    let wanted = shown.check.map(|check| shown.named(check));
    let images: Vec<_> =
        dataset.images.iter().filter(|image| wanted.as_ref().is_none_or(|wanted| wanted.contains(image.name.as_str()))).collect();
    let (total, pages) = (images.len(), images.len().div_ceil(PAGE).max(1));
    let page = shown.page.min(pages);
    let marks = Marks::of(&shown);
    let rows = images.iter().skip((page - 1) * PAGE).take(PAGE);
    let rows = rows.map(|image| view! { <Row dataset=Arc::clone(&dataset) image=DatasetImage::clone(image) marks=marks.of_image(image) back=shown.here_again()/> });
    let rows = rows.collect_view();
    let all = shown.address(None, 1);
    let list = if total == 0 {
        view! { <Empty icon=icondata_lu::LuCircleCheck title="None any more" words="No picture is like this."><a class="button" href=all>"Show all"</a></Empty> }.into_any()
    } else {
        view! { <ul class="dataset-images">{rows}</ul> }.into_any()
    };
    view! {
        <div id="pictures" data-live="dataset" class="stack">
            <Filters shown=shown.clone() all=dataset.images.len()/>
            {list}
            <Pager shown=shown.clone() page pages/>
        </div>
        <Bulk dataset shown/>
    }
    .into_any()
}

#[component]
fn Filters(shown: Shown, all: usize) -> impl IntoView {
    let filters = FILTERS.into_iter().filter_map(|(check, label)| {
        let count = shown.named(check).len();
        let current = shown.check == Some(check);
        (count > 0 || current).then(|| {
            view! { <li><a class="chip" href=shown.address(Some(check), 1) aria-current=current.then_some("page")>{label}<span class="count">{count}</span></a></li> }
        })
    });
    let filters = filters.collect_view();
    let current = shown.check.is_none().then_some("page");
    view! {
        <nav aria-label="Which pictures"><ul class="chips">
            <li><a class="chip" href=shown.address(None, 1) aria-current=current>"All"<span class="count">{all}</span></a></li>
            {filters}
        </ul></nav>
    }
}

/// What the checks say of each picture.
struct Marks<'a> {
    alike: HashSet<&'a str>,
    small: HashSet<&'a str>,
}

impl<'a> Marks<'a> {
    fn of(shown: &'a Shown) -> Self {
        Self { alike: shown.named(DatasetCheckName::Duplicates), small: shown.named(DatasetCheckName::Size) }
    }

    fn of_image(&self, image: &DatasetImage) -> Vec<(&'static str, &'static str)> {
        let name = image.name.as_str();
        let mut marks = Vec::new();
        marks.extend(image.broken.map(|broken| ("bad", broken.words())));
        marks.extend(self.alike.contains(name).then_some(("warn", "Looks like another")));
        marks.extend(self.small.contains(name).then_some(("warn", "Small")));
        marks
    }
}

#[component]
fn Row(dataset: Arc<Dataset>, image: DatasetImage, marks: Vec<(&'static str, &'static str)>, back: String) -> impl IntoView {
    let name = image.name.to_string();
    // Names are text of anybody; an id is made of what may stand in one.
    let key: String = context::encode(&name).replace('%', "-");
    let picture = match image.broken {
        Some(_) => view! { <span class="gone"><Icon of=icondata_lu::LuImageOff/></span> }.into_any(),
        None => view! {
            <a href=image_url(&dataset.id, &image) title="Open the picture"><img src=thumbnail_url(&dataset.id, &image) width=image.width height=image.height
                alt=if image.caption.is_empty() { name.clone() } else { words::start(&image.caption, 120) } loading="lazy" decoding="async"/></a>
        }
        .into_any(),
    };
    let marks = marks.into_iter().map(|(tone, words)| view! { <Pill tone words/> }).collect_view();
    let size =
        if image.width > 0 { format!("{} × {} · {}", image.width, image.height, words::bytes(image.bytes)) } else { String::new() };
    let (field, saved) = (format!("caption-{key}"), format!("saved-{key}"));
    let api = format!("/api/lora/datasets/{}/images/{}", context::encode(dataset.id.as_str()), context::encode(&name));
    let empty = image.caption.is_empty();
    view! {
        <li class="card dataset-image" id=format!("image-{key}") class:uncaptioned=empty>
            <div class="frame">
                {picture}
                <label class="pick"><input type="checkbox" name="form[names][]" value=name.clone() form="picked" aria-label=format!("Pick {name}")/></label>
            </div>
            <form class="caption" method="post" action="/actions/datasets/caption">
                <input type="hidden" name="id" value=dataset.id.to_string()/><input type="hidden" name="name" value=name.clone()/>
                <input type="hidden" name="back" value=format!("{back}#image-{key}")/>
                <p class="head"><span class="clip" title=name.clone()>{name.clone()}</span><span class="muted nowrap">{size}</span></p>
                {marks}
                <label class="visually-hidden" for=field.clone()>{format!("Caption of {name}")}</label>
                <textarea id=field name="caption" rows="3" maxlength=LONGEST_CAPTION placeholder="What differs in this picture?" data-save=api data-saved=saved.clone() aria-describedby=saved.clone()>
                    {format!("\n{}", html_escape::encode_text(&image.caption))}
                </textarea>
                <p class="deed"><output id=saved class="saved" data-own=""></output><button class="button small noscript">"Save caption"</button></p>
            </form>
        </li>
    }
    .into_any()
}

#[component]
fn Pager(shown: Shown, page: usize, pages: usize) -> impl IntoView {
    (pages > 1).then(|| {
        let link = |number: usize| match number == page {
            true => view! { <span aria-current="page">{number}</span> }.into_any(),
            false => view! { <a href=shown.address(shown.check, number)>{number}</a> }.into_any(),
        };
        let before = (page > 1)
            .then(|| view! { <a rel="prev" href=shown.address(shown.check, page - 1)><Icon of=icondata_lu::LuArrowLeft/>"Before"</a> });
        let after = (page < pages)
            .then(|| view! { <a rel="next" href=shown.address(shown.check, page + 1)>"Next"<Icon of=icondata_lu::LuArrowRight/></a> });
        view! { <nav class="pager" aria-label="Pages">{before}{(1..=pages).map(link).collect_view()}{after}</nav> }
    })
}

/// What can be done with the picked pictures. Their boxes belong to this form, wherever they stand.
#[component]
fn Bulk(dataset: Arc<Dataset>, shown: Shown) -> impl IntoView {
    let prefix = (!dataset.trigger_word.is_empty()).then(|| {
        view! { <button class="button" formaction="/actions/datasets/tool" name="form[tool]" value="prefix"><Icon of=icondata_lu::LuWholeWord/>"Trigger word first"</button> }
    });
    view! {
        <form id="picked" method="post" action="/actions/datasets/remove">
            <input type="hidden" name="id" value=dataset.id.to_string()/>
            <input type="hidden" name="back" value=shown.here_again()/>
            <div class="bulk-bar">
                <span class="muted" data-picked="">"Picked"</span>
                <label class="check js-only"><input type="checkbox" data-pick-all=""/>"All on this page"</label>
                <button class="button" formaction="/actions/datasets/describe" name="form[again]" value="yes"><Icon of=icondata_lu::LuSparkles/>"Write captions"</button>
                {prefix}
                <button class="button danger"><Icon of=icondata_lu::LuTrash2/>"Remove"</button>
            </div>
        </form>
    }
    .into_any()
}
