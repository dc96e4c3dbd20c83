//! Bars, drawn by the server: an SVG in the page, without a style or a script. Whoever does not see it reads the table below it.

/// How wide every drawing is, in its own units; the page makes it as wide as there is room.
const WIDTH: usize = 640;
/// Where the bars of [`Chart::lying`] begin, behind their names, and how long they get.
const NAMES_WIDTH: usize = 240;
const LYING_LENGTH: usize = 330;
/// How much of a name there is room for.
const NAME_CHARS_MAX: usize = 24;
/// Rows of [`Chart::lying`] at the most; the table has the others.
const LYING_MAX: usize = 12;
const ROW_HEIGHT: usize = 30;
/// Where the bars of [`Chart::standing`] end, and how long they get.
const GROUND: usize = 170;
const STANDING_LENGTH: usize = 140;

/// A drawing, for the template `chart.html`.
pub struct Chart {
    pub id: &'static str,
    pub title: String,
    pub width: usize,
    pub height: usize,
    pub bars: Vec<Bar>,
    pub texts: Vec<Text>,
}

/// A bar of it.
pub struct Bar {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
    /// What a pointer over it reads.
    pub what: String,
}

/// A word in it.
pub struct Text {
    pub x: usize,
    pub y: usize,
    /// `start`, `middle` or `end`: which of its points stands at `x`.
    pub anchor: &'static str,
    pub text: String,
}

/// What a bar stands for.
pub struct Value {
    pub name: String,
    pub number: u64,
}

impl Chart {
    /// A bar for each, side by side, from left to right; every fifth has its name below.
    pub fn standing(id: &'static str, title: String, values: &[Value]) -> Self {
        let most = most(values);
        let slot = WIDTH / values.len().max(1);
        let bars = values.iter().enumerate().map(|(at, value)| {
            let height = scaled(value.number, most, STANDING_LENGTH);
            Bar {
                x: at * slot + slot / 8,
                y: GROUND - height,
                width: slot - slot / 4,
                height,
                what: format!("{}: {}", value.name, digits(value.number)),
            }
        });
        let named = values.iter().enumerate().filter(|(at, _)| at % 5 == 0);
        let names = named.map(|(at, value)| Text {
            x: at * slot + slot / 2,
            y: GROUND + 22,
            anchor: if at == 0 { "start" } else { "middle" },
            text: value.name.rsplit('-').next().unwrap_or_default().to_owned(),
        });
        let scale = Text {
            x: 0,
            y: 18,
            anchor: "start",
            text: format!("up to {}", digits(most)),
        };
        Self {
            id,
            title,
            width: WIDTH,
            height: GROUND + 30,
            bars: bars.collect(),
            texts: names.chain([scale]).collect(),
        }
    }

    /// A bar for each of the first, one below the other, each with its name before it and its number behind.
    pub fn lying(id: &'static str, title: String, values: &[Value]) -> Self {
        let shown = &values[..values.len().min(LYING_MAX)];
        let most = most(shown);
        let (mut bars, mut texts) = (Vec::new(), Vec::new());
        for (at, value) in shown.iter().enumerate() {
            let (top, width) = (at * ROW_HEIGHT, scaled(value.number, most, LYING_LENGTH));
            bars.push(Bar {
                x: NAMES_WIDTH,
                y: top + 5,
                width,
                height: ROW_HEIGHT - 10,
                what: format!("{}: {}", value.name, digits(value.number)),
            });
            let y = top + ROW_HEIGHT / 2 + 5;
            texts.push(Text {
                x: NAMES_WIDTH - 10,
                y,
                anchor: "end",
                text: cut(&value.name),
            });
            texts.push(Text {
                x: NAMES_WIDTH + width + 8,
                y,
                anchor: "start",
                text: digits(value.number),
            });
        }
        Self {
            id,
            title,
            width: WIDTH,
            height: shown.len() * ROW_HEIGHT,
            bars,
            texts,
        }
    }
}

fn most(values: &[Value]) -> u64 {
    values.iter().map(|value| value.number).max().unwrap_or(0)
}

/// How long a bar is; what is not nothing can be seen.
fn scaled(number: u64, most: u64, length: usize) -> usize {
    if number == 0 {
        return 0;
    }
    let length = u128::try_from(length).unwrap_or(0);
    let scaled = u128::from(number) * length / u128::from(most.max(1));
    usize::try_from(scaled.clamp(2, length.max(2))).unwrap_or(2)
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME_CHARS_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}

/// A number as people read it: its digits by threes, kept together.
pub fn digits(number: u64) -> String {
    let plain = number.to_string();
    let mut grouped = String::with_capacity(plain.len() + plain.len() / 3 * 2);
    for (at, digit) in plain.chars().enumerate() {
        if at > 0 && (plain.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(numbers: &[u64]) -> Vec<Value> {
        let numbers = numbers.iter().enumerate();
        numbers
            .map(|(at, number)| Value {
                name: format!("2026-11-{:02}", at + 1),
                number: *number,
            })
            .collect()
    }

    #[test]
    fn bars_are_as_long_as_their_numbers_and_inside_the_drawing() {
        let chart = Chart::standing("days", "Runs".to_owned(), &values(&[0, 1, 5, 10, 1_000]));
        let heights: Vec<usize> = chart.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 2, 2, 2, STANDING_LENGTH]);
        let chart = Chart::lying("agents", "Runs".to_owned(), &values(&[u64::MAX, u64::MAX / 2, 0]));
        let widths: Vec<usize> = chart.bars.iter().map(|bar| bar.width).collect();
        assert_eq!(widths, [LYING_LENGTH, LYING_LENGTH / 2 - 1, 0]);
        for chart in [chart, Chart::standing("days", String::new(), &values(&[7; 31]))] {
            let fits = |bar: &Bar| bar.x + bar.width <= chart.width && bar.y + bar.height <= chart.height;
            assert!(chart.bars.iter().all(fits), "{}", chart.id);
        }
    }

    #[test]
    fn no_more_bars_lie_than_there_is_room_for() {
        let chart = Chart::lying("keys", String::new(), &values(&[1; 40]));
        assert_eq!((chart.bars.len(), chart.height), (LYING_MAX, LYING_MAX * ROW_HEIGHT));
        assert!(Chart::lying("keys", String::new(), &[]).bars.is_empty());
        assert_eq!(cut(&"ä".repeat(25)), format!("{}…", "ä".repeat(23)));
    }

    #[test]
    fn digits_come_by_threes() {
        let written = [0, 7, 999, 1_000, 20_000, 2_000_000].map(digits);
        assert_eq!(
            written,
            ["0", "7", "999", "1\u{a0}000", "20\u{a0}000", "2\u{a0}000\u{a0}000"]
        );
    }
}
