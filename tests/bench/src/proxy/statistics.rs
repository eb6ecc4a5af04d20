//! Medians and quartiles.

/// The median: the mean of the middle two for an even number of values, 0 for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let (low, high) = (quantile(values, 1, 2, Rounded::Down), quantile(values, 1, 2, Rounded::Up));
    f64::midpoint(low, high)
}

/// The lower and the upper quartile.
pub(crate) fn quartiles(values: &[f64]) -> (f64, f64) {
    (quantile(values, 1, 4, Rounded::Down), quantile(values, 3, 4, Rounded::Up))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounded {
    Down,
    Up,
}

fn quantile(values: &[f64], numerator: usize, denominator: usize, rounded: Rounded) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = sorted.len().saturating_sub(1) * numerator;
    let place = match rounded {
        Rounded::Down => place / denominator,
        Rounded::Up => place.div_ceil(denominator),
    };
    sorted.get(place).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)] // all of these are exact
    fn the_middle() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
        assert_eq!(quartiles(&[5.0, 4.0, 3.0, 2.0, 1.0]), (2.0, 4.0));
        assert_eq!(quartiles(&[1.0, 2.0]), (1.0, 2.0));
    }
}
