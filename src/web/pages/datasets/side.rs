//! What stands beside the pictures: checks with their fixes, captions by Gemini, tools for many captions.

use std::sync::Arc;

use leptos::prelude::*;

use super::{deeds::ToolForm, grid::Shown, standing};
use crate::{
    domain::{
        check::Verdict,
        dataset::{CaptionTool, Dataset, DatasetCheck, DatasetCheckName, worst},
        job::{JobId, JobStatus},
        model::Family,
    },
    service::{self, gemini::KeyInForce},
    web::{
        components::{
            icon::Icon,
            job::{JobActions, JobProgress},
            page::Pill,
        },
        context,
        form::{Field, Form, ProblemSummary},
        words,
    },
};

/// The checks, each with what can be done about it.
#[component]
pub fn Checks(dataset: Arc<Dataset>, shown: Shown) -> impl IntoView {
    let (tone, state) = standing(worst(&shown.checks));
    let rows = shown
        .checks
        .iter()
        .map(|check| view! { <Check dataset=Arc::clone(&dataset) shown=shown.clone() check=DatasetCheck::clone(check)/> });
    let rows = rows.collect_view();
    let families = Family::ALL.map(|family| {
        let current = (family == shown.family).then_some("true");
        view! { <a href=shown.of_family(Some(family), shown.check, 1) aria-current=current><span>{family.label()}</span></a> }
    });
    view! {
        <section class="card" id="checks" data-live="dataset character">
            <header><h2>"Checks"</h2><span class="end"><Pill tone words=state/></span></header>
            <div class="body stack">
                <nav class="segmented" aria-label="Trained for">{families.collect_view()}</nav>
                <ul class="dataset-checks">{rows}</ul>
                <form method="post" action="/actions/datasets/look-again">
                    <input type="hidden" name="id" value=dataset.id.to_string()/><input type="hidden" name="back" value=shown.here_again()/>
                    <button class="button small quiet"><Icon of=icondata_lu::LuRefreshCw/>"Look at the files again"</button>
                </form>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Check(dataset: Arc<Dataset>, shown: Shown, check: DatasetCheck) -> impl IntoView {
    let (tone, icon) = match check.verdict {
        Verdict::Good => ("ok", icondata_lu::LuCircleCheck),
        Verdict::Mind | Verdict::Waits => ("warn", icondata_lu::LuTriangleAlert),
        Verdict::Stops => ("bad", icondata_lu::LuCircleX),
    };
    let show = (!check.images.is_empty() && shown.check != Some(check.name))
        .then(|| view! { <a class="button small" href=format!("{}#pictures", shown.address(Some(check.name), 1))>"Show"</a> });
    let fixes = check.fixes.iter().map(|fix| {
        view! {
            <form method="post" action="/actions/datasets/fix">
                <input type="hidden" name="id" value=dataset.id.to_string()/><input type="hidden" name="fix" value=fix.key()/>
                <input type="hidden" name="family" value=shown.family.key()/><input type="hidden" name="back" value=shown.here_again()/>
                <button class="button small">{fix.label()}</button>
            </form>
        }
    });
    let fixes = fixes.collect_view();
    let writer = (check.name == DatasetCheckName::Captions && check.verdict != Verdict::Good)
        .then(|| view! { <a class="button small" href="#writer">"Let Gemini write"</a> });
    let deeds = (check.verdict != Verdict::Good).then(|| view! { <div class="cluster">{show}{writer}{fixes}</div> });
    view! {
        <li class=tone>
            <Icon of=icon/>
            <div><b>{check.name.label()}</b><p>{check.words.clone()}</p>{deeds}</div>
        </li>
    }
    .into_any()
}

/// The job that writes captions, while there is one or when the address names it.
#[component]
pub fn Writing(dataset: Arc<Dataset>) -> impl IntoView {
    let app = context::app();
    let named = Some(context::query("job")).filter(|id| !id.is_empty()).and_then(|id| service::jobs::get(&app, &JobId::from(id)).ok());
    let named = named.filter(|job| job.descriptions().is_some_and(|order| order.dataset_id == dataset.id));
    let job = service::datasets::unfinished(&app, &dataset.id).or(named)?;
    let order = job.descriptions()?;
    let asked = order.names.len();
    let notes = job.notes.iter().map(|note| view! { <p class="note warn">{note.clone()}</p> }).collect_view();
    let tokens = job.work.usage().iter().map(|usage| usage.tokens()).sum::<u64>();
    let cost = (tokens > 0).then(|| view! { <p class="muted small">{format!("{} tokens so far", words::grouped(tokens as usize))}</p> });
    let (id, state, progress) = (job.id.to_string(), job.status.key(), app.live.progress(&job.id));
    let inner = match job.status {
        JobStatus::Done => view! { <p><Pill tone="ok" words="Done"/>" "{format!("{} of {} written.", order.written, words::count(asked, "caption", "captions"))}</p> }.into_any(),
        _ => view! { <div class="job" data-job=id data-state=state><JobProgress job=Arc::clone(&job) progress/><JobActions job=Arc::clone(&job)/></div> }.into_any(),
    };
    Some(view! {
        <section class="card" id="writing" data-live=format!("job:{}", job.id) role="status">
            <header><h2>{format!("Writing {}", words::count(asked, "caption", "captions"))}</h2></header>
            <div class="body stack">{inner}{notes}{cost}</div>
        </section>
    })
}

/// Captions by Gemini.
#[component]
pub fn Writer(dataset: Arc<Dataset>) -> impl IntoView {
    let app = context::app();
    let missing = dataset.usable().filter(|image| image.caption.is_empty()).count();
    let inner = if matches!(service::gemini::key_in_force(&app), KeyInForce::None | KeyInForce::Locked) {
        view! { <p class="note info"><span>"Gemini can look at each picture and say what differs. It needs a key: "<a href="/settings#gemini">"set one under Settings"</a>"."</span></p> }.into_any()
    } else if dataset.images.is_empty() {
        view! { <p class="muted small">"Gemini looks at each picture and says what differs. Add pictures first."</p> }.into_any()
    } else {
        let words = match missing {
            0 => "Write all anew".to_owned(),
            missing => format!("Write {}", words::count(missing, "caption", "captions")),
        };
        let again = match missing {
            0 => view! { <input type="hidden" name="form[again]" value="yes"/> }.into_any(),
            _ => view! { <label class="check"><input type="checkbox" name="form[again]" value="yes"/><span>"Also those that are there"<small>"They are replaced."</small></span></label> }.into_any(),
        };
        let busy = service::datasets::unfinished(&app, &dataset.id).is_some();
        view! {
            <form class="stack" method="post" action="/actions/datasets/describe">
                <input type="hidden" name="id" value=dataset.id.to_string()/>
                <p class="muted small">"Gemini looks at each picture and says what differs: pose, clothes, place, light. Each picture is one call."</p>
                <fieldset class="segmented"><legend class="visually-hidden">"Style"</legend>
                    <label><input type="radio" name="form[style]" value="sentence" checked=true/><span>"Sentence"</span></label>
                    <label><input type="radio" name="form[style]" value="tags"/><span>"Tags"</span></label>
                </fieldset>
                {again}
                <div class="form-actions"><button class="button" aria-disabled=busy.then_some("true")><Icon of=icondata_lu::LuSparkles/>{words}</button></div>
            </form>
        }
        .into_any()
    };
    view! {
        <section class="card" id="writer"><header><h2>"Captions by Gemini"</h2></header><div class="body" id="writer-body" data-live="dataset job system">{inner}</div></section>
    }
    .into_any()
}

/// Tools that change many captions at once.
#[component]
pub fn Tools(dataset: Arc<Dataset>, shown: Shown) -> impl IntoView {
    let form = Form::new("tool", ToolForm::default);
    let refused = form.problem.is_some().then_some(form.values.tool);
    let (values, problem) = (form.values.clone(), form.problem.clone());
    let hidden = move |tool: &'static str| {
        view! {
            <input type="hidden" name="id" value=dataset.id.to_string()/><input type="hidden" name="form[tool]" value=tool/>
            <input type="hidden" name="back" value=shown.here_again()/>
        }
    };
    let summary = |tool: CaptionTool| (refused == Some(tool)).then(|| view! { <ProblemSummary problem=problem.clone()/> });
    let help = "Left empty, the trigger word. Captions that hold the words already stay as they are.";
    view! {
        <section class="card" id="tools"><header><h2>"All captions"</h2></header><div class="body tools">
            <details class="fold" open=refused == Some(CaptionTool::Prefix)>
                <summary>"Put words first"</summary>
                <form class="stack" method="post" action="/actions/datasets/tool">
                    {hidden("prefix")}{summary(CaptionTool::Prefix)}
                    <Field name="words" label="Words" value=values.words.clone() wrong=form.wrong("words") optional=true limit=200 help/>
                    <div class="form-actions"><button class="button">"Put first"</button></div>
                </form>
            </details>
            <details class="fold" open=refused == Some(CaptionTool::Replace)>
                <summary>"Find and replace"</summary>
                <form class="stack" method="post" action="/actions/datasets/tool">
                    {hidden("replace")}{summary(CaptionTool::Replace)}
                    <Field name="find" label="Find" value=values.find.clone() wrong=form.wrong("find") required=true help="Capitals count."/>
                    <Field name="replace" label="Replace with" value=values.replace.clone() wrong=form.wrong("replace") optional=true/>
                    <div class="form-actions"><button class="button">"Replace"</button></div>
                </form>
            </details>
            <details class="fold" open=refused == Some(CaptionTool::RemoveTag)>
                <summary>"Take out a tag"</summary>
                <form class="stack" method="post" action="/actions/datasets/tool">
                    {hidden("remove_tag")}{summary(CaptionTool::RemoveTag)}
                    <Field name="tag" label="Tag" value=values.tag.clone() wrong=form.wrong("tag") required=true help="Between two commas, as in: red hat"/>
                    <div class="form-actions"><button class="button">"Take out"</button></div>
                </form>
            </details>
        </div></section>
    }
    .into_any()
}
