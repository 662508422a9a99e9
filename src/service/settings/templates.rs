//! The templates that write when Gemini cannot.

use crate::{
    domain::{
        problem::Checks,
        template::{self, Templates},
    },
    error::Error,
    expected::Expected,
    state::AppState,
};

/// Most templates of a kind.
const MOST_TEMPLATES: usize = 200;
/// Longest template, in characters.
const LONGEST_TEMPLATE: usize = 1_000;

/// The templates in force.
pub fn templates(app: &AppState) -> Templates {
    app.store.read().settings.templates.clone().unwrap_or_default()
}

/// Changes the templates; `None` goes back to those we come with.
pub async fn set_templates(app: &AppState, templates: Option<Templates>, expected: Expected) -> Result<(), Error> {
    if let Some(templates) = &templates {
        let mut checks = Checks::default();
        check("captions", &templates.captions, &mut checks);
        check("prompts", &templates.prompts, &mut checks);
        checks.finish()?;
    }
    app.store
        .write(move |tx| {
            let mut settings = tx.settings().clone();
            expected.check(&settings.templates.clone().unwrap_or_default())?;
            settings.templates = templates;
            Ok::<_, Error>(tx.put_settings(settings)?)
        })
        .await
}

fn check(field: &str, lines: &[String], checks: &mut Checks) {
    checks.require(!lines.is_empty(), field, "Keep at least one template, or go back to those it came with.");
    checks.require(lines.len() <= MOST_TEMPLATES, field, "At most 200 templates.");
    for (place, line) in lines.iter().enumerate().take(MOST_TEMPLATES) {
        let fault = if line.chars().count() > LONGEST_TEMPLATE {
            Some("It is longer than 1,000 characters.".to_owned())
        } else {
            template::fault(line)
        };
        if let Some(fault) = fault {
            checks.require(false, field, format!("Line {}: {fault}", place + 1));
        }
    }
}
