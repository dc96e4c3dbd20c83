//! `docs/costs.md` as tests and bench read it: prices, and tables of what things cost. Judges nothing.

use std::collections::BTreeMap;

use crate::repository;

/// The page.
pub struct Costs(String);

/// A cost table: what, how many of it, and its lines.
pub struct Cost {
    /// What.
    pub name: String,
    /// How many.
    pub times: f64,
    /// Its lines, without the sum.
    pub lines: Vec<Line>,
    /// The sum, as the page writes it.
    pub sum: String,
}

/// A line of a cost table.
pub struct Line {
    /// What it is for.
    pub what: String,
    /// The name of the price.
    pub price: String,
    /// A sum of products and quotients: see [`amount`].
    pub quantity: String,
    /// The dollars, as the page writes them.
    pub usd: String,
}

impl Costs {
    /// Reads the page.
    #[must_use]
    pub fn read() -> Self {
        Self(repository::text("docs/costs.md"))
    }

    /// What stands between `<!-- name -->` and `<!-- /name -->`.
    ///
    /// # Panics
    /// When the page has no such part.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        let (_, after) = self
            .0
            .split_once(&format!("<!-- {name} -->"))
            .expect("the page has the part");
        after.split_once(&format!("<!-- /{name} -->")).expect("it ends").0
    }

    /// Dollars for one, by the price's name.
    #[must_use]
    pub fn prices(&self) -> BTreeMap<String, f64> {
        let rows = repository::table(self.part("prices")).into_iter();
        rows.map(|row| (bare(&row[0]), number(&row[1]) / number(&row[2])))
            .collect()
    }

    /// The parts that are called `cost: <name> × <how many>`.
    ///
    /// # Panics
    /// When one is not as it should be.
    #[must_use]
    pub fn all(&self) -> Vec<Cost> {
        let parts = self.0.split("<!-- cost: ").skip(1);
        parts
            .map(|part| {
                let (head, rest) = part.split_once(" -->").expect("a heading");
                let (name, times) = head.split_once(" × ").expect("how many");
                let mut rows = repository::table(rest);
                let sum = rows.pop().expect("a sum");
                assert_eq!(sum[0], "**Sum**", "{name}");
                Cost {
                    name: name.to_owned(),
                    times: number(times),
                    lines: rows.into_iter().map(line).collect(),
                    sum: sum[3].trim_matches('*').to_owned(),
                }
            })
            .collect()
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn cost(&self, name: &str) -> Cost {
        let found = self.all().into_iter().find(|cost| cost.name == name);
        found.unwrap_or_else(|| panic!("no cost: {name}"))
    }
}

impl Cost {
    /// How many of what has this price there are in one.
    #[must_use]
    pub fn of(&self, price: &str) -> f64 {
        let lines = self.lines.iter().filter(|line| line.price == price);
        lines.map(|line| amount(&line.quantity)).sum()
    }
}

fn line(row: Vec<String>) -> Line {
    let [what, price, quantity, usd] = row.try_into().expect("four cells");
    Line {
        what,
        price: bare(&price),
        quantity,
        usd,
    }
}

/// A cell without what makes it code.
#[must_use]
pub fn bare(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

/// A number in groups of three.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn number(text: &str) -> f64 {
    let digits: String = text.split(' ').collect();
    digits.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// A sum of products and quotients, `512 / 1024 × 0.015 + 1`.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn amount(text: &str) -> f64 {
    let product = |text: &str| -> f64 {
        let factors = text.split(" × ").map(|factor| {
            let mut parts = factor.split(" / ").map(number);
            let first = parts.next().expect("a number");
            parts.fold(first, |quotient, divisor| quotient / divisor)
        });
        factors.product()
    };
    text.split(" + ").map(product).sum()
}
