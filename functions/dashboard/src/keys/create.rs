//! `GET /settings/api-keys/new` and `POST /settings/api-keys`: a new key. Its value is in one answer, once, and in nothing that
//! outlives it.

use askama::Template;
use eclips_shared::auth::{Mode, PlainKey, Scope, ScopeSet};
use eclips_shared::ids::FormId;
use eclips_shared::store::{KeySummary, NewKey, StoreError};
use eclips_shared::time::Timestamp;
use http::StatusCode;

use super::offer::{DAYS, DAYS_DEFAULT, Life, PRESETS, allows};
use super::{KeyView, curl};
use crate::answer::Answer;
use crate::form::Fields;
use crate::frame::{Frame, Section};
use crate::guard::{FORM_TOKEN, Member, lost};
use crate::moment::Moment;
use crate::pages::Outcome;
use crate::refusal::Refusal;
use crate::visit::Visit;

struct ScopeView {
    word: &'static str,
    allows: &'static str,
    is_checked: bool,
    may_grant: bool,
}

struct PresetView {
    word: &'static str,
    name: &'static str,
    scopes: String,
}

struct LifeView {
    days: String,
    is_checked: bool,
}

/// What is wrong with the form, field by field.
#[derive(Default)]
struct Faults {
    name: Option<&'static str>,
    scopes: Option<&'static str>,
    life: Option<&'static str>,
}

impl Faults {
    /// Where to begin mending; empty when there is nothing to mend.
    fn first(&self) -> &'static str {
        let fields = [("name", self.name), ("scopes", self.scopes), ("life", self.life)];
        let first = fields.into_iter().find(|(_, fault)| fault.is_some());
        first.map_or("", |(name, _)| name)
    }
}

#[derive(Template)]
#[template(path = "keys/new.html")]
struct NewKeyPage {
    frame: Frame,
    form_id: String,
    name: String,
    is_test: bool,
    presets: Vec<PresetView>,
    scopes: Vec<ScopeView>,
    lives: Vec<LifeView>,
    /// `custom`, `never`, or a number of days.
    life: String,
    date: String,
    today: String,
    faults: Faults,
}

#[derive(Template)]
#[template(path = "keys/created.html")]
struct CreatedPage {
    frame: Frame,
    key: KeyView,
    value: String,
    curl: String,
    old: Old,
}

/// The key that a new one takes the place of.
enum Old {
    None,
    Ended,
    WorksUntil(Moment),
}

/// What a person typed.
struct Draft {
    name: String,
    mode: Mode,
    scopes: ScopeSet,
    life: String,
    date: String,
}

/// Shows the form; `?preset=` checks the scopes of a set, for browsers without script.
pub async fn show(visit: &Visit<'_>, member: &Member) -> Outcome {
    let wanted = visit.query.one("preset")?.unwrap_or("run");
    let preset = PRESETS.iter().find(|preset| preset.word == wanted);
    let draft = Draft {
        name: String::new(),
        mode: Mode::Live,
        scopes: preset.map_or(ScopeSet::default(), |preset| preset.scopes(member.role())),
        life: DAYS_DEFAULT.to_string(),
        date: String::new(),
    };
    let form = form_page(member, draft, FormId::generate(), Faults::default());
    Answer::page(StatusCode::OK, &form)
}

/// Makes the key and shows it, or the form once more with what is wrong.
pub async fn answer(visit: &Visit<'_>, member: &Member, form: Fields) -> Outcome {
    form.only(&[FORM_TOKEN, "form_id", "name", "mode", "scope", "life", "date"])?;
    let form_id = form.one("form_id")?.and_then(FormId::parse).ok_or(Refusal::BadForm)?;
    let draft = read(&form)?;
    // The page does not offer a scope that the role may not grant: whoever sends it made the form himself.
    if !member.role().grants_all(draft.scopes) {
        return Err(Refusal::Role);
    }
    let now = Timestamp::now();
    let new = match check(&draft, now) {
        Ok(new) => new,
        Err(faults) => {
            let page = form_page(member, draft, form_id, faults);
            return Answer::page(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let keys = visit.app.store.keys();
    match keys.mint(member.org(), new, member.actor(), Some(form_id)).await {
        Ok((plain, key)) => created(visit, member, &plain, key, None),
        Err(StoreError::Lost) => match keys.made_by_form(member.org(), form_id).await? {
            Some(key) => Err(Refusal::UsedForm(key.to_string())),
            // The organization itself cannot be gone and its member there.
            None => Err(lost(visit, member, Refusal::Unavailable).await),
        },
        Err(error) => Err(error.into()),
    }
}

/// The one page that shows a key's value.
pub(super) fn created(
    visit: &Visit<'_>,
    member: &Member,
    plain: &PlainKey,
    key: KeySummary,
    old_ends_at: Option<Timestamp>,
) -> Outcome {
    let now = Timestamp::now();
    let curl = curl(&visit.app.api_url, plain, &key);
    let page = CreatedPage {
        frame: Frame::of("Your new API key", Some(Section::ApiKeys), member),
        key: KeyView::of(key, now),
        value: plain.reveal().to_owned(),
        curl,
        old: match old_ends_at {
            None => Old::None,
            Some(end) if now >= end => Old::Ended,
            Some(end) => Old::WorksUntil(end.into()),
        },
    };
    Answer::page(StatusCode::CREATED, &page)
}

fn read(form: &Fields) -> Result<Draft, Refusal> {
    let mode = form.one("mode")?.and_then(Mode::parse).ok_or(Refusal::BadForm)?;
    let scopes = form.all("scope").map(Scope::parse).collect::<Option<ScopeSet>>();
    Ok(Draft {
        name: form.text("name")?,
        mode,
        scopes: scopes.ok_or(Refusal::BadForm)?,
        life: form.text("life")?,
        date: form.text("date")?,
    })
}

fn check(draft: &Draft, now: Timestamp) -> Result<NewKey, Faults> {
    let name = NewKey::name(&draft.name);
    let life = Life::read(&draft.life, &draft.date, now);
    let has_scopes = draft.scopes != ScopeSet::default();
    match (name, life) {
        (Some(name), Ok(life)) if has_scopes => Ok(NewKey {
            name,
            mode: draft.mode,
            scopes: draft.scopes,
            expires_at: life.end(now),
        }),
        (name, life) => Err(Faults {
            name: name.is_none().then_some("Give it a name of 1 to 100 characters."),
            scopes: (!has_scopes).then_some("Choose at least one scope: a key without any may do nothing."),
            life: life.err(),
        }),
    }
}

fn form_page(member: &Member, draft: Draft, form_id: FormId, faults: Faults) -> NewKeyPage {
    let role = member.role();
    let words = |scopes: ScopeSet| scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
    let presets = PRESETS.iter().filter(|preset| preset.fits(role));
    // Read out first: whoever does not see the page hears that it is not the one that was hoped for.
    let title = if faults.first().is_empty() {
        "New API key"
    } else {
        "Error: New API key"
    };
    NewKeyPage {
        frame: Frame::of(title, Some(Section::ApiKeys), member),
        form_id: form_id.to_string(),
        is_test: draft.mode == Mode::Test,
        presets: presets
            .map(|preset| PresetView {
                word: preset.word,
                name: preset.name,
                scopes: words(preset.scopes(role)),
            })
            .collect(),
        scopes: Scope::ALL
            .into_iter()
            .map(|scope| ScopeView {
                word: scope.as_str(),
                allows: allows(scope),
                is_checked: draft.scopes.contains(scope),
                may_grant: role.grants(scope),
            })
            .collect(),
        lives: DAYS
            .into_iter()
            .map(|days| LifeView {
                days: days.to_string(),
                is_checked: draft.life == days.to_string(),
            })
            .collect(),
        name: draft.name,
        life: draft.life,
        date: draft.date,
        today: today(),
        faults,
    }
}

/// The first day that may be chosen.
fn today() -> String {
    let text = Timestamp::now().to_string();
    text.get(..10).unwrap_or_default().to_owned()
}
