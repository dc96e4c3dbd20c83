//! Style, script and icon: compiled in, and named by their content, so that a browser keeps each for ever and never an old one.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::refusal::Refusal;

/// A file and its address.
struct Asset {
    path: String,
    content_type: &'static str,
    content: &'static [u8],
}

/// The addresses, for the frame of every page.
#[derive(Clone, Copy, Debug)]
pub struct Paths {
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        asset(
            "dashboard",
            "css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/dashboard.css"),
        ),
        asset(
            "dashboard",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/dashboard.js"),
        ),
        asset("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ]
});

fn asset(name: &str, ending: &str, content_type: &'static str, content: &'static [u8]) -> Asset {
    let digest: [u8; 32] = Sha256::digest(content).into();
    let version: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
    Asset {
        path: format!("{name}-{version}.{ending}"),
        content_type,
        content,
    }
}

/// Where they are, below `/assets/`.
pub fn paths() -> Paths {
    let [style, script, icon] = &*ASSETS;
    Paths {
        style: &style.path,
        script: &script.path,
        icon: &icon.path,
    }
}

/// Answers `GET /assets/{name}`.
pub fn show(name: &str) -> Result<Answer, Refusal> {
    ASSETS
        .iter()
        .find(|asset| asset.path == name)
        .map(|asset| Answer::asset(asset.content_type, asset.content))
        .ok_or(Refusal::NotFound)
}
