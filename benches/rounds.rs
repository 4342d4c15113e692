//! How a noisy machine is measured: subject and yardstick take turns in short rounds, and what
//! counts is the median of the ratios of neighbouring rounds.

/// One number per round for each side.
#[derive(Debug, Default, Clone)]
pub struct Rounds {
    pub subject: Vec<f64>,
    pub yardstick: Vec<f64>,
}

impl Rounds {
    /// What stands beside nothing.
    pub const fn alone(subject: Vec<f64>) -> Self {
        Self { subject, yardstick: Vec::new() }
    }
    /// A number of each pair of rounds.
    pub fn of<T>(pairs: &[(T, T)], number: impl Fn(&T) -> f64) -> Self {
        Self {
            subject: pairs.iter().map(|(subject, _)| number(subject)).collect(),
            yardstick: pairs.iter().map(|(_, yardstick)| number(yardstick)).collect(),
        }
    }
    fn ratios(&self) -> Vec<f64> {
        self.subject.iter().zip(&self.yardstick).map(|(subject, yardstick)| subject / yardstick).collect()
    }
    /// Subject over yardstick.
    pub fn ratio(&self) -> f64 {
        median(self.ratios())
    }
    /// Between which ratios half of the rounds lie.
    pub fn spread(&self) -> (f64, f64) {
        (quantile(self.ratios(), 0.25), quantile(self.ratios(), 0.75))
    }
    /// The medians of both sides.
    pub fn medians(&self) -> (f64, f64) {
        (median(self.subject.clone()), median(self.yardstick.clone()))
    }
}

/// Runs both, as often as told, the first of a round going second in the next.
pub fn take_turns<T>(rounds: usize, mut subject: impl FnMut() -> T, mut yardstick: impl FnMut() -> T) -> Vec<(T, T)> {
    let pair = |round: usize| {
        if round.is_multiple_of(2) {
            let first = yardstick();
            (subject(), first)
        } else {
            (subject(), yardstick())
        }
    };
    (0..rounds).map(pair).collect()
}

pub fn median(numbers: Vec<f64>) -> f64 {
    quantile(numbers, 0.5)
}

/// The number below which this part of all lies.
pub fn quantile(mut numbers: Vec<f64>, part: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let place = part * (numbers.len().saturating_sub(1)) as f64;
    let (below, above) = (numbers.get(place.floor() as usize), numbers.get(place.ceil() as usize));
    match (below, above) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}
