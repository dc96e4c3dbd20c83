//! THE table of pages: method, path, who may, and what answers. A page that is not here does not exist, and one without a
//! `Needs` does not compile.

use http::Method;

use crate::answer::Answer;
use crate::batches::TABLE_BYTES_MAX;
use crate::form::Fields;
use crate::guard::{Boxed, Member, SignedIn};
use crate::refusal::Refusal;
use crate::visit::Visit;
use crate::{
    agents, audit_log, batches, inbox, keys, organizations, plan, reference, runs, sign_in, sign_out, team, trust,
    usage, webhooks,
};

/// What a member must be to see a page or send a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing; anyone.
    Nothing,
    /// To be signed in.
    Session,
    /// To be a member of the organization besides.
    Membership,
    /// To have a role that manages keys, and a recent sign-in, besides.
    KeyManager,
    /// To own the organization, and a recent sign-in, besides.
    Owner,
}

/// What becomes of a request.
pub type Outcome = Result<Answer, Refusal>;

type OpenHandler = for<'a> fn(&'a Visit<'a>) -> Boxed<'a, Outcome>;
type OwnReadHandler = for<'a> fn(&'a Visit<'a>, &'a SignedIn) -> Boxed<'a, Outcome>;
type OwnWriteHandler = for<'a> fn(&'a Visit<'a>, &'a SignedIn, Fields) -> Boxed<'a, Outcome>;
type ReadHandler = for<'a> fn(&'a Visit<'a>, &'a Member) -> Boxed<'a, Outcome>;
type WriteHandler = for<'a> fn(&'a Visit<'a>, &'a Member, Fields) -> Boxed<'a, Outcome>;

/// How a page is answered.
#[derive(Clone, Copy)]
pub enum Handler {
    /// To anyone.
    Open(OpenHandler),
    /// To somebody who is signed in, about himself; changes nothing.
    OwnRead(OwnReadHandler),
    /// To somebody who is signed in, about himself, with a form of the session.
    OwnWrite(OwnWriteHandler),
    /// To a member; changes nothing.
    Read(ReadHandler),
    /// To a member, with a form of the session.
    Write(WriteHandler),
}

/// One row of the table.
pub struct Page {
    /// The method that the path answers to, in this row. `HEAD` is answered as `GET` without the body.
    pub method: Method,
    /// The path as matchit writes it.
    pub path: &'static str,
    /// Who may.
    pub needs: Needs,
    /// The largest form that it takes. *Units*: bytes.
    pub(crate) form_max: usize,
    pub(crate) handler: Handler,
}

/// The largest form, where a page does not say otherwise. *Source*: our choice; the longest of them has some 600 bytes.
const FORM_MAX: usize = 16 * 1024;
/// The largest form with a run in it: 20 000 characters and 128 KiB of data, each byte of which may be written as three.
const RUN_FORM_MAX: usize = 640 * 1024;
/// The largest form with a table in it; its parts are sent as they are.
const BATCH_FORM_MAX: usize = TABLE_BYTES_MAX + 64 * 1024;

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.path, self.needs)
    }
}

const fn open(path: &'static str, handler: OpenHandler) -> Page {
    Page {
        method: Method::GET,
        path,
        needs: Needs::Nothing,
        form_max: FORM_MAX,
        handler: Handler::Open(handler),
    }
}

const fn own_read(path: &'static str, handler: OwnReadHandler) -> Page {
    Page {
        method: Method::GET,
        path,
        needs: Needs::Session,
        form_max: FORM_MAX,
        handler: Handler::OwnRead(handler),
    }
}

const fn own_write(path: &'static str, handler: OwnWriteHandler) -> Page {
    Page {
        method: Method::POST,
        path,
        needs: Needs::Session,
        form_max: FORM_MAX,
        handler: Handler::OwnWrite(handler),
    }
}

const fn read(path: &'static str, needs: Needs, handler: ReadHandler) -> Page {
    Page {
        method: Method::GET,
        path,
        needs,
        form_max: FORM_MAX,
        handler: Handler::Read(handler),
    }
}

const fn write(path: &'static str, needs: Needs, handler: WriteHandler) -> Page {
    write_long(path, needs, FORM_MAX, handler)
}

const fn write_long(path: &'static str, needs: Needs, form_max: usize, handler: WriteHandler) -> Page {
    Page {
        method: Method::POST,
        path,
        needs,
        form_max,
        handler: Handler::Write(handler),
    }
}

/// Every page.
pub static PAGES: [Page; 63] = [
    open("/assets/{id}", |visit| {
        Box::pin(async { crate::assets::show(visit.id.as_deref().unwrap_or_default()) })
    }),
    open("/reference", |visit| Box::pin(async { reference::list(visit) })),
    open("/reference/{id}", |visit| Box::pin(async { reference::show(visit) })),
    open("/openapi.json", |visit| Box::pin(async { Ok(reference::text(visit)) })),
    open("/sign-in", |visit| Box::pin(sign_in::show::answer(visit))),
    open("/sign-in/start", |visit| Box::pin(sign_in::start::answer(visit))),
    open("/sign-in/callback", |visit| Box::pin(sign_in::callback::answer(visit))),
    own_write("/sign-out", |visit, signed_in, form| {
        Box::pin(sign_out::answer(visit, signed_in, form))
    }),
    read("/", Needs::Membership, |_, _| {
        Box::pin(async { Ok(Answer::see_other("/runs")) })
    }),
    read("/runs", Needs::Membership, |visit, member| {
        Box::pin(runs::list::answer(visit, member))
    }),
    read("/runs/new", Needs::Membership, |visit, member| {
        Box::pin(runs::create::show(visit, member))
    }),
    write_long("/runs", Needs::Membership, RUN_FORM_MAX, |visit, member, form| {
        Box::pin(runs::create::answer(visit, member, form))
    }),
    read("/runs/{id}", Needs::Membership, |visit, member| {
        Box::pin(runs::show::answer(visit, member))
    }),
    read("/runs/{id}/cancel", Needs::Membership, |visit, member| {
        Box::pin(runs::cancel::show(visit, member))
    }),
    write("/runs/{id}/cancel", Needs::Membership, |visit, member, form| {
        Box::pin(runs::cancel::answer(visit, member, form))
    }),
    read("/inbox", Needs::Membership, |visit, member| {
        Box::pin(inbox::list::answer(visit, member))
    }),
    read("/inbox/{id}", Needs::Membership, |visit, member| {
        Box::pin(inbox::show::answer(visit, member))
    }),
    write_long(
        "/inbox/{id}/approve",
        Needs::Membership,
        RUN_FORM_MAX,
        |visit, member, form| Box::pin(inbox::decide::approve(visit, member, form)),
    ),
    write_long(
        "/inbox/{id}/reject",
        Needs::Membership,
        RUN_FORM_MAX,
        |visit, member, form| Box::pin(inbox::decide::reject(visit, member, form)),
    ),
    read("/webhooks", Needs::Membership, |visit, member| {
        Box::pin(webhooks::list::answer(visit, member))
    }),
    read("/webhooks/new", Needs::KeyManager, |visit, member| {
        Box::pin(webhooks::create::show(visit, member))
    }),
    write("/webhooks", Needs::KeyManager, |visit, member, form| {
        Box::pin(webhooks::create::answer(visit, member, form))
    }),
    read("/webhooks/default-secret", Needs::KeyManager, |visit, member| {
        Box::pin(webhooks::default_secret::show(visit, member))
    }),
    write("/webhooks/default-secret", Needs::KeyManager, |visit, member, form| {
        Box::pin(webhooks::default_secret::answer(visit, member, form))
    }),
    read("/webhooks/{id}", Needs::Membership, |visit, member| {
        Box::pin(webhooks::show::answer(visit, member))
    }),
    write("/webhooks/{id}/resend", Needs::Membership, |visit, member, form| {
        Box::pin(webhooks::resend::answer(visit, member, form))
    }),
    read("/webhooks/{id}/rotate", Needs::KeyManager, |visit, member| {
        Box::pin(webhooks::rotate::show(visit, member))
    }),
    write("/webhooks/{id}/rotate", Needs::KeyManager, |visit, member, form| {
        Box::pin(webhooks::rotate::answer(visit, member, form))
    }),
    read("/webhooks/{id}/delete", Needs::KeyManager, |visit, member| {
        Box::pin(webhooks::delete::show(visit, member))
    }),
    write("/webhooks/{id}/delete", Needs::KeyManager, |visit, member, form| {
        Box::pin(webhooks::delete::answer(visit, member, form))
    }),
    read("/batches", Needs::Membership, |visit, member| {
        Box::pin(batches::list::answer(visit, member))
    }),
    read("/batches/new", Needs::Membership, |visit, member| {
        Box::pin(batches::create::show(visit, member))
    }),
    write_long(
        "/batches/preview",
        Needs::Membership,
        BATCH_FORM_MAX,
        |visit, member, form| Box::pin(batches::create::preview(visit, member, form)),
    ),
    write_long("/batches", Needs::Membership, BATCH_FORM_MAX, |visit, member, form| {
        Box::pin(batches::create::answer(visit, member, form))
    }),
    read("/batches/{id}", Needs::Membership, |visit, member| {
        Box::pin(batches::show::answer(visit, member))
    }),
    read("/batches/{id}/results.csv", Needs::Membership, |visit, member| {
        Box::pin(batches::download::answer(visit, member))
    }),
    read("/batches/{id}/cancel", Needs::Membership, |visit, member| {
        Box::pin(batches::cancel::show(visit, member))
    }),
    write("/batches/{id}/cancel", Needs::Membership, |visit, member, form| {
        Box::pin(batches::cancel::answer(visit, member, form))
    }),
    read("/usage", Needs::Membership, |visit, member| {
        Box::pin(usage::answer(visit, member))
    }),
    read("/agents", Needs::Membership, |_, member| {
        Box::pin(async { agents::list::answer(member) })
    }),
    read("/agents/{id}", Needs::Membership, |visit, member| {
        Box::pin(agents::show::answer(visit, member))
    }),
    own_read("/organizations", |visit, signed_in| {
        Box::pin(organizations::list(visit, signed_in))
    }),
    own_write("/organizations", |visit, signed_in, form| {
        Box::pin(organizations::choose(visit, signed_in, form))
    }),
    read("/settings/api-keys", Needs::Membership, |visit, member| {
        Box::pin(keys::list::answer(visit, member))
    }),
    read("/settings/api-keys/new", Needs::KeyManager, |visit, member| {
        Box::pin(keys::create::show(visit, member))
    }),
    write("/settings/api-keys", Needs::KeyManager, |visit, member, form| {
        Box::pin(keys::create::answer(visit, member, form))
    }),
    read("/settings/api-keys/{id}", Needs::Membership, |visit, member| {
        Box::pin(keys::show::answer(visit, member))
    }),
    read("/settings/api-keys/{id}/roll", Needs::KeyManager, |visit, member| {
        Box::pin(keys::roll::show(visit, member))
    }),
    write(
        "/settings/api-keys/{id}/roll",
        Needs::KeyManager,
        |visit, member, form| Box::pin(keys::roll::answer(visit, member, form)),
    ),
    read("/settings/api-keys/{id}/revoke", Needs::KeyManager, |visit, member| {
        Box::pin(keys::revoke::show(visit, member))
    }),
    write(
        "/settings/api-keys/{id}/revoke",
        Needs::KeyManager,
        |visit, member, form| Box::pin(keys::revoke::answer(visit, member, form)),
    ),
    read("/settings/team", Needs::Membership, |visit, member| {
        Box::pin(team::list::answer(visit, member))
    }),
    read("/settings/team/new", Needs::Owner, |visit, member| {
        Box::pin(async { team::add::show(visit, member) })
    }),
    write("/settings/team", Needs::Owner, |visit, member, form| {
        Box::pin(team::add::answer(visit, member, form))
    }),
    read("/settings/team/leave", Needs::Membership, |visit, member| {
        Box::pin(team::leave::show(visit, member))
    }),
    write("/settings/team/leave", Needs::Membership, |visit, member, form| {
        Box::pin(team::leave::answer(visit, member, form))
    }),
    read("/settings/team/{id}/role", Needs::Owner, |visit, member| {
        Box::pin(team::role::show(visit, member))
    }),
    write("/settings/team/{id}/role", Needs::Owner, |visit, member, form| {
        Box::pin(team::role::answer(visit, member, form))
    }),
    read("/settings/team/{id}/remove", Needs::Owner, |visit, member| {
        Box::pin(team::remove::show(visit, member))
    }),
    write("/settings/team/{id}/remove", Needs::Owner, |visit, member, form| {
        Box::pin(team::remove::answer(visit, member, form))
    }),
    read("/settings/plan", Needs::Membership, |visit, member| {
        Box::pin(plan::answer(visit, member))
    }),
    read("/settings/trust", Needs::Membership, |visit, member| {
        Box::pin(trust::answer(visit, member))
    }),
    read("/settings/audit-log", Needs::Membership, |visit, member| {
        Box::pin(audit_log::answer(visit, member))
    }),
];

/// The table made ready for look-ups.
#[derive(Clone, Debug)]
pub struct Table(matchit::Router<Vec<&'static Page>>);

impl Table {
    /// Builds the look-up, once per process.
    pub fn new() -> Self {
        let mut router = matchit::Router::new();
        for page in &PAGES {
            let rows: Vec<_> = PAGES.iter().filter(|row| row.path == page.path).collect();
            // The second row of a path finds the first one's entry there; both hold the same rows.
            let _ = router.insert(page.path, rows);
        }
        Self(router)
    }

    /// Finds the page of a request, and the value of `{id}` where the path has one.
    ///
    /// *Errors*: [`Refusal::NotFound`], [`Refusal::Method`].
    pub fn find(&self, method: &Method, path: &str) -> Result<(&'static Page, Option<String>), Refusal> {
        let found = self.0.at(path).map_err(|_| Refusal::NotFound)?;
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let page = found.value.iter().find(|page| page.method == *wanted);
        let id = found.params.get("id").map(str::to_owned);
        Ok((page.ok_or_else(|| Refusal::Method(allowed(found.value)))?, id))
    }
}

/// What `Allow` says of a path's rows.
fn allowed(rows: &[&'static Page]) -> &'static str {
    let takes = |method| rows.iter().any(|row| row.method == method);
    match (takes(Method::GET), takes(Method::POST)) {
        (true, true) => "GET, HEAD, POST",
        (true, false) => "GET, HEAD",
        (false, _) => "POST",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_once() {
        let table = Table::new();
        for page in &PAGES {
            let path = page.path.replace("{id}", "x");
            let (found, id) = table.find(&page.method, &path).unwrap();
            assert_eq!((found.path, &found.method), (page.path, &page.method));
            assert_eq!(id.is_some(), page.path.contains("{id}"));
        }
        assert!(matches!(table.find(&Method::GET, "/nowhere"), Err(Refusal::NotFound)));
        assert!(matches!(
            table.find(&Method::DELETE, "/"),
            Err(Refusal::Method("GET, HEAD"))
        ));
        assert!(table.find(&Method::HEAD, "/sign-in").is_ok());
    }

    #[test]
    fn what_changes_something_is_a_form_of_a_member() {
        for page in &PAGES {
            let is_form = matches!(page.handler, Handler::Write(_) | Handler::OwnWrite(_));
            assert_eq!(is_form, page.method == Method::POST, "{page:?}");
            assert_eq!(
                matches!(page.handler, Handler::Open(_)),
                page.needs == Needs::Nothing,
                "{page:?}"
            );
        }
    }
}
