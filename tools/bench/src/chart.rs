//! Pictures as SVG: bars and lines, no more. Each has a card of its own behind it and says in its style how it looks on a dark page, so that it reads
//! well on both.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
/// Room for the names on the left, and for figures on the right.
const LEFT: f64 = 250.0;
const RIGHT: f64 = 70.0;
const BAR: f64 = 16.0;
const ROW: f64 = 24.0;
const TOP: f64 = 58.0;

/// Ink, paper, lines, and the colours of the series; light, then dark. Told apart by lightness too.
const STYLE: &str = "<style>
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#1f2328}.title{font-weight:600;font-size:14px}.quiet{fill:#59636e}
.card{fill:#ffffff;stroke:#d1d9e0}.line{stroke:#d1d9e0}.series{fill:none;stroke-width:2}
.f0{fill:#0a3069}.f1{fill:#218bff}.f2{fill:#b6e3ff}.f3{fill:#bc4c00}.f4{fill:#8250df}.f5{fill:#1a7f37}.f6{fill:#cf222e}.f7{fill:#6e7781}
.s0{stroke:#0a3069}.s1{stroke:#218bff}.s2{stroke:#54aeff}.s3{stroke:#bc4c00}.s4{stroke:#8250df}.s5{stroke:#1a7f37}.s6{stroke:#cf222e}.s7{stroke:#6e7781}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.quiet{fill:#9198a1}.card{fill:#0d1117;stroke:#3d444d}.line{stroke:#3d444d}
.f0{fill:#cae8ff}.f1{fill:#388bfd}.f2{fill:#0c2d6b}.f3{fill:#f0883e}.f4{fill:#a371f7}.f5{fill:#3fb950}.f6{fill:#f85149}.f7{fill:#8b949e}
.s0{stroke:#cae8ff}.s1{stroke:#388bfd}.s2{stroke:#1f6feb}.s3{stroke:#f0883e}.s4{stroke:#a371f7}.s5{stroke:#3fb950}.s6{stroke:#f85149}.s7{stroke:#8b949e}}
</style>";

/// A bar of parts that stand one behind the other.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is.
    pub name: String,
    /// How long each part is.
    pub parts: Vec<f64>,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// A height for each place.
    pub heights: Vec<f64>,
}

/// Draws bars below each other, on one scale that begins at nothing.
pub fn bars(title: &str, legend: &[&str], bars: &[Bar]) -> String {
    let height = TOP + ROW * bars.len() as f64 + 30.0;
    let longest = bars.iter().map(|bar| bar.parts.iter().sum::<f64>()).fold(0.0, f64::max);
    let (step, most) = scale(longest);
    let wide = |value: f64| value / most * (WIDTH - LEFT - RIGHT);
    let mut svg = open(title, height);
    write_legend(&mut svg, legend.iter().copied(), 'f');
    let bottom = TOP + ROW * bars.len() as f64;
    for tick in 0..=(most / step).round() as u32 {
        let (value, x) = (f64::from(tick) * step, LEFT + wide(f64::from(tick) * step));
        add(
            &mut svg,
            format_args!(r#"<line class="line" x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{bottom}"/>"#),
        );
        let y = bottom + 16.0;
        add(
            &mut svg,
            format_args!(
                r#"<text class="quiet" x="{x:.1}" y="{y}" text-anchor="middle">{}</text>"#,
                short(value)
            ),
        );
    }
    for (row, bar) in bars.iter().enumerate() {
        let y = TOP + ROW * row as f64 + (ROW - BAR) / 2.0;
        let middle = y + BAR - 4.0;
        let name = escaped(&bar.name);
        add(
            &mut svg,
            format_args!(
                r#"<text x="{}" y="{middle}" text-anchor="end">{name}</text>"#,
                LEFT - 8.0
            ),
        );
        let mut x = LEFT;
        for (at, &part) in bar.parts.iter().enumerate() {
            let width = wide(part.max(0.0));
            add(
                &mut svg,
                format_args!(r#"<rect class="f{at}" x="{x:.1}" y="{y}" width="{width:.1}" height="{BAR}"/>"#),
            );
            x += width;
        }
        let sum: f64 = bar.parts.iter().sum();
        add(
            &mut svg,
            format_args!(
                r#"<text class="quiet" x="{:.1}" y="{middle}">{}</text>"#,
                x + 6.0,
                short(sum)
            ),
        );
    }
    svg + "</svg>\n"
}

/// Draws lines over the same places, which stand equally far apart; heights on one scale that begins at nothing.
pub fn lines(title: &str, places: &[&str], lines: &[Line]) -> String {
    let (tall, left) = (240.0, 60.0);
    let legend_rows = lines.len().div_ceil(3) as f64;
    let top = TOP + 18.0 * (legend_rows - 1.0);
    let bottom = top + tall;
    let highest = lines
        .iter()
        .flat_map(|line| line.heights.iter().copied())
        .fold(0.0, f64::max);
    let (step, most) = scale(highest);
    let y = |value: f64| bottom - value / most * tall;
    let x = |at: usize| left + 40.0 + (WIDTH - left - 110.0) * at as f64 / (places.len().max(2) - 1) as f64;
    let mut svg = open(title, bottom + 34.0);
    write_legend(&mut svg, lines.iter().map(|line| line.name.as_str()), 'f');
    for tick in 0..=(most / step).round() as u32 {
        let value = f64::from(tick) * step;
        let (at, right) = (y(value), WIDTH - 30.0);
        add(
            &mut svg,
            format_args!(r#"<line class="line" x1="{left}" y1="{at:.1}" x2="{right}" y2="{at:.1}"/>"#),
        );
        let below = at + 4.0;
        add(
            &mut svg,
            format_args!(
                r#"<text class="quiet" x="{}" y="{below:.1}" text-anchor="end">{}</text>"#,
                left - 8.0,
                short(value)
            ),
        );
    }
    for (at, place) in places.iter().enumerate() {
        let below = bottom + 18.0;
        add(
            &mut svg,
            format_args!(
                r#"<text class="quiet" x="{:.1}" y="{below}" text-anchor="middle">{}</text>"#,
                x(at),
                escaped(place)
            ),
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let points: Vec<(f64, f64)> = line
            .heights
            .iter()
            .enumerate()
            .map(|(at, &height)| (x(at), y(height)))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let class = number % 8;
        add(
            &mut svg,
            format_args!(r#"<polyline class="series s{class}" points="{}"/>"#, path.join(" ")),
        );
        for (x, y) in points {
            add(
                &mut svg,
                format_args!(r#"<circle class="f{class}" cx="{x:.1}" cy="{y:.1}" r="3.5"/>"#),
            );
        }
    }
    svg + "</svg>\n"
}

fn open(title: &str, height: f64) -> String {
    let (title, wide, tall) = (escaped(title), WIDTH - 1.0, height - 1.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n{STYLE}\n\
         <rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{wide}\" height=\"{tall}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"16\" y=\"24\">{title}</text>\n"
    )
}

/// Three to a row, so that long names have room.
fn write_legend<'a>(svg: &mut String, names: impl Iterator<Item = &'a str>, class: char) {
    for (at, name) in names.enumerate() {
        let (x, y) = (16.0 + 280.0 * (at % 3) as f64, 44.0 + 18.0 * (at / 3) as f64);
        let (box_y, text_x, number) = (y - 10.0, x + 16.0, at % 8);
        add(
            svg,
            format_args!(r#"<rect class="{class}{number}" x="{x}" y="{box_y}" width="11" height="11"/>"#),
        );
        add(
            svg,
            format_args!(r#"<text x="{text_x}" y="{y}">{}</text>"#, escaped(name)),
        );
    }
}

fn add(svg: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(svg, "{element}").expect("a text takes everything");
}

/// A step of one, two or five tens, and the first multiple of it that holds all; five to ten steps.
fn scale(most: f64) -> (f64, f64) {
    let most = if most > 0.0 { most } else { 1.0 };
    let ten = 10_f64.powf((most / 10.0).log10().ceil());
    let step = [0.2, 0.5, 1.0]
        .map(|part| part * ten)
        .into_iter()
        .find(|step| most / step <= 10.0)
        .unwrap_or(ten);
    (step, (most / step).ceil() * step)
}

/// A figure without digits that nobody reads.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        small if small < 1.0 => 2,
        middle if middle < 20.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    if digits > 0 {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_holds_everything_in_ten_steps_at_the_most() {
        for most in [0.003, 0.9, 1.0, 4.2, 7.0, 99.0, 100.0, 12_345.0] {
            let (step, end) = scale(most);
            assert!(end >= most && end < most + step * 1.001, "{most}: {step} {end}");
            assert!((1.0..=10.001).contains(&(end / step)), "{most}: {step} {end}");
        }
        assert_eq!(scale(0.0).1, 1.0);
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(
            [0.0, 0.25, 1.5, 12.0, 123.4].map(short),
            ["0", "0.25", "1.5", "12", "123"]
        );
    }

    #[test]
    fn a_bar_is_as_long_as_its_parts_and_its_name_is_no_markup() {
        let bar = Bar {
            name: "a <b> & c".into(),
            parts: vec![5.0, 5.0],
        };
        let svg = bars("Title", &["one", "two"], &[bar]);
        let width = (WIDTH - LEFT - RIGHT) / 2.0;
        assert_eq!(svg.matches(&format!("width=\"{width:.1}\"")).count(), 2, "{svg}");
        assert!(svg.contains("a &lt;b&gt; &amp; c"));
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    }

    #[test]
    fn a_flat_line_is_flat() {
        let line = Line {
            name: "calls".into(),
            heights: vec![2.0, 2.0, 2.0],
        };
        let svg = lines("Growth", &["10", "1 000", "100 000"], &[line]);
        let points = svg
            .split("points=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap();
        let mut heights: Vec<&str> = points.split(' ').filter_map(|point| point.split(',').nth(1)).collect();
        heights.dedup();
        assert_eq!(heights.len(), 1, "{points}");
    }
}
