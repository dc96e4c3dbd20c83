//! Every refusal that a person can see: its status and its words. No other file holds these texts.

use askama::Template;
use eclips_shared::store::StoreError;
use http::StatusCode;
use http::header::{ALLOW, RETRY_AFTER};

use crate::answer::Answer;
use crate::frame::Frame;
use crate::sign_in::start_path;
use crate::visit::Visit;

/// Seconds after which somebody may try again when the service itself is short of something.
const RETRY_AFTER_S: &str = "5";

/// Why a page is not shown, or a form not done.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// The person is signed in and no member of the organization any more.
    NotMember,
    /// The role does not reach that far.
    Role,
    /// The last sign-in is too long ago for what is asked.
    StaleSignIn,
    /// The form did not come from a page of this session, or from another site.
    ForeignForm,
    /// The form is none of ours.
    BadForm,
    /// The form was used before, and made the key of this id.
    UsedForm(String),
    /// The key is revoked, expired or rolled already.
    KeyEnded,
    /// As many secrets of a webhook sign as may.
    TooOften,
    /// Nobody else owns the organization.
    LastOwner,
    /// The sign-in was broken off, is too old, or was somebody else's.
    SignInFailed,
    /// The provider vouches for no verified address.
    Unverified,
    /// A person without any organization.
    Stranger(String),
    /// No such page.
    NotFound,
    /// The page takes another method; those that it takes, as `Allow` lists them.
    Method(&'static str),
    /// The form is too large.
    TooLarge,
    /// A broken invariant of ours.
    Internal,
    /// Store or provider do not answer.
    Unavailable,
}

impl From<StoreError> for Refusal {
    /// Logs the cause, once; people see none of it.
    fn from(error: StoreError) -> Self {
        error.log();
        Self::Unavailable
    }
}

/// A refusal in words.
struct Words {
    status: StatusCode,
    title: &'static str,
    text: String,
    /// What to do next: where, and what the link says.
    next: (String, &'static str),
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage {
    frame: Frame,
    text: String,
    next: (String, &'static str),
    request_id: String,
}

impl Refusal {
    /// The word in the log line.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::NotMember => "not_member",
            Self::Role => "role",
            Self::StaleSignIn => "stale_sign_in",
            Self::ForeignForm => "foreign_form",
            Self::BadForm => "bad_form",
            Self::UsedForm(_) => "used_form",
            Self::KeyEnded => "key_ended",
            Self::TooOften => "too_often",
            Self::LastOwner => "last_owner",
            Self::SignInFailed => "sign_in_failed",
            Self::Unverified => "unverified",
            Self::Stranger(_) => "stranger",
            Self::NotFound => "not_found",
            Self::Method(_) => "method",
            Self::TooLarge => "too_large",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// The page that says so; somebody who only has to sign in is led there.
    pub fn answer(&self, visit: &Visit<'_>) -> Answer {
        if matches!(self, Self::SignedOut) && visit.is_read() {
            let to: String = form_urlencoded::byte_serialize(visit.path_and_query().as_bytes()).collect();
            return Answer::see_other(&format!("/sign-in?to={to}"));
        }
        let words = self.words(visit);
        let page = RefusalPage {
            frame: Frame::plain(words.title),
            text: words.text,
            next: words.next,
            request_id: visit.request_id.clone(),
        };
        // The one page that cannot refuse in its turn.
        let answer = Answer::page(words.status, &page).unwrap_or_else(|_| Answer::see_other("/"));
        match self {
            Self::Method(allowed) => answer.with(ALLOW, allowed),
            Self::Unavailable => answer.with(RETRY_AFTER, RETRY_AFTER_S),
            _ => answer,
        }
    }

    fn words(&self, visit: &Visit<'_>) -> Words {
        let home = || ("/".to_owned(), "Go to the dashboard");
        let sign_in = |text: &'static str| (start_path(visit.app, &visit.return_path()), text);
        let (status, title, text, next) = match self {
            Self::SignedOut => (
                StatusCode::UNAUTHORIZED,
                "You are signed out",
                "Your session has ended, so nothing was changed. Sign in, then do it again.",
                sign_in("Sign in"),
            ),
            Self::NotMember => (
                StatusCode::FORBIDDEN,
                "No longer a member",
                "You are not a member of this organization any more. If that is a mistake, ask one of its owners.",
                ("/organizations".to_owned(), "Your organizations"),
            ),
            Self::Role => (
                StatusCode::FORBIDDEN,
                "Your role does not allow this",
                "Nothing was changed. Owners manage the team, owners and admins keys and webhooks; ask one of them.",
                home(),
            ),
            Self::StaleSignIn => (
                StatusCode::FORBIDDEN,
                "Confirm that it is you",
                "Keys, secrets and the team are changed only shortly after a sign-in. Nothing was changed yet. \
                 Sign in again and you come back here.",
                sign_in("Sign in again"),
            ),
            Self::ForeignForm => (
                StatusCode::FORBIDDEN,
                "This form was not accepted",
                "It did not come from a page of your session, so nothing was changed. Open the page anew and try again.",
                (visit.return_path(), "Open the page anew"),
            ),
            Self::BadForm => (
                StatusCode::BAD_REQUEST,
                "This form was not understood",
                "Nothing was changed. Open the page anew and try again.",
                (visit.bare_path(), "Open the page anew"),
            ),
            Self::UsedForm(key) => return used_form(key),
            Self::KeyEnded => (
                StatusCode::CONFLICT,
                "This key cannot be rolled",
                "It is revoked, expired or rolled already. Nothing was changed; a new key can be made at any time.",
                ("/settings/api-keys".to_owned(), "Back to the keys"),
            ),
            Self::TooOften => (
                StatusCode::CONFLICT,
                "This secret was rotated too often",
                "Each of the last four still signs for a day after its rotation. Nothing was changed.",
                (visit.return_path(), "Back"),
            ),
            Self::LastOwner => (
                StatusCode::CONFLICT,
                "An organization needs an owner",
                "You are the only one, so nothing was changed. Make somebody else an owner first.",
                ("/settings/team".to_owned(), "Back to the team"),
            ),
            Self::SignInFailed => (
                StatusCode::BAD_REQUEST,
                "You were not signed in",
                "The sign-in was broken off, took too long, or was used before. Nothing is wrong with your account.",
                ("/sign-in".to_owned(), "Try again"),
            ),
            Self::Unverified => (
                StatusCode::FORBIDDEN,
                "Your e-mail address is not verified",
                "Only a verified address tells us who you are. Verify it where you sign in, then come back.",
                ("/sign-in".to_owned(), "Try again"),
            ),
            Self::Stranger(email) => return stranger(email, sign_in("Sign in as somebody else")),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address may be mistyped, or what it showed is gone.",
                home(),
            ),
            Self::Method(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                "This page cannot be asked that way",
                "Nothing was changed.",
                home(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "This form is too large",
                "Nothing was changed.",
                home(),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong",
                "The fault is ours. If it stays, tell support the request id below.",
                home(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service does not answer",
                "Wait a moment and try again. If you sent a form, look whether it was done before you send it once more.",
                (visit.return_path(), "Try again"),
            ),
        };
        Words {
            status,
            title,
            text: text.to_owned(),
            next,
        }
    }
}

fn used_form(key: &str) -> Words {
    Words {
        status: StatusCode::CONFLICT,
        title: "This form was sent before",
        text: "The first time made a key; its value was in that one answer and is not shown again. \
               If nobody has it, revoke that key and make another."
            .to_owned(),
        next: (format!("/settings/api-keys/{key}"), "Look at that key"),
    }
}

fn stranger(email: &str, next: (String, &'static str)) -> Words {
    Words {
        status: StatusCode::FORBIDDEN,
        title: "No organization",
        text: format!("{email} is not a member of any organization. Ask an owner of yours to add this address."),
        next,
    }
}
