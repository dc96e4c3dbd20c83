//! Figures that were measured again and again, and what can be said of them. Pure.

/// Some figures of one kind, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Takes figures as they came.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        Self(figures)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest figure that so many of a hundred do not exceed; 0 where there are none. *Source*: the nearest rank.
    pub fn percentile(&self, of_hundred: f64) -> f64 {
        let rank = (of_hundred / 100.0 * self.0.len() as f64).ceil() as usize;
        let at = rank.clamp(1, self.0.len().max(1)) - 1;
        self.0.get(at).copied().unwrap_or_default()
    }

    /// The one in the middle; of two in the middle, what lies between.
    pub fn median(&self) -> f64 {
        let half = self.0.len() / 2;
        match self.0.len() {
            0 => 0.0,
            count if count % 2 == 1 => self.0[half],
            _ => f64::midpoint(self.0[half - 1], self.0[half]),
        }
    }

    /// The greatest; 0 where there are none.
    pub fn max(&self) -> f64 {
        self.percentile(100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert_eq!(Sample::of([4.0, 1.0, 3.0, 2.0]).median(), 2.5);
        assert_eq!(Sample::of([9.0, 1.0, 3.0]).median(), 3.0);
    }

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        let sample = Sample::of((1..=200).rev().map(f64::from));
        assert_eq!(
            (
                sample.percentile(50.0),
                sample.percentile(99.0),
                sample.percentile(99.9)
            ),
            (100.0, 198.0, 200.0)
        );
        assert_eq!((sample.max(), sample.len()), (200.0, 200));
    }

    #[test]
    fn of_nothing_everything_is_nothing() {
        let none = Sample::default();
        assert_eq!((none.median(), none.percentile(99.0), none.max()), (0.0, 0.0, 0.0));
    }
}
