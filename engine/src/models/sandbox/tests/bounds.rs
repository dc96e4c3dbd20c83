//! What the sandbox writes fits, at every bound of what the data may give.

use super::*;
use crate::agents::shape::{self, Members, Shape};

/// A value at a bound of its shape, or beyond it; of a list, one entry.
fn bounding(shape: &Shape, which: usize) -> Value {
    let of = |minimum: f64, maximum: f64| match which {
        0 => minimum,
        1 => maximum,
        2 => 0.0,
        3 => maximum * 2.0 + 1.0,
        4 => 1.0,
        _ => maximum / 3.0,
    };
    match shape {
        Shape::Boolean {} => json!(which.is_multiple_of(2)),
        Shape::Integer { minimum, maximum } => json!(of(*minimum, *maximum).round() as i64),
        Shape::Number { minimum, maximum } => json!(of(*minimum, *maximum)),
        Shape::String { words: Some(words), .. } => json!(words[which % words.len()]),
        Shape::String { chars_max, .. } => json!("x".repeat(chars_max.unwrap_or(1) + which)),
        Shape::Array { items, .. } => json!([bounding(items, which), bounding(items, (which + 1) % 6)]),
        Shape::Object(members) => bounding_members(members, which),
    }
}

/// One member of each object is at another bound, so that what follows from two of them is as far out as can be.
fn bounding_members(members: &Members, which: usize) -> Value {
    let members = members.properties.iter().enumerate();
    let other = |at: usize| {
        if which < 6 {
            which
        } else {
            (which / 6 + at * (which % 6)) % 6
        }
    };
    members
        .map(|(at, (name, shape))| (name.clone(), bounding(shape, other(at))))
        .collect::<Map<_, _>>()
        .into()
}

#[tokio::test]
async fn fits_at_every_bound_of_what_the_data_may_give() {
    for agent in agents::all() {
        for which in 0..36 {
            let whole = bounding_members(&shape::of(agent), which);
            let answer = answered(agent.id, "Do it", whole.clone()).await;
            assert_eq!(agents::fits(agent, &answer.output), Ok(()), "{}: {whole}", agent.id);
            // And each member alone, since what the others are is then drawn.
            let alone = whole.as_object().filter(|_| which < 6);
            for (name, value) in alone.into_iter().flatten() {
                let data = json!({ name: value });
                let answer = answered(agent.id, "Do it", data.clone()).await;
                assert_eq!(agents::fits(agent, &answer.output), Ok(()), "{}: {data}", agent.id);
            }
        }
    }
}
