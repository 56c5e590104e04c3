//! What is known about the values of one stretch of time: AWS's statistic set and, where every
//! value is known, their distribution, from which percentiles are computed.

use kernel::Sample;

/// One thing that was put: some times one value, a statistic set, or a set with its distribution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    /// `count` times `value`.
    Repeated { value: f64, count: f64 },
    /// Sums only: percentiles are not known.
    Set(Sample),
    /// Sums, and values with their counts.
    Spread(Sample, Vec<(f64, f64)>),
}

impl Entry {
    /// A statistic set tells its distribution if all its values are the same.
    pub(crate) fn of(sample: Sample) -> Self {
        let is_same = sample.min == sample.max && sample.sum == sample.min * sample.count;
        match is_same {
            true => Self::Repeated { value: sample.min, count: sample.count },
            false => Self::Set(sample),
        }
    }

    pub(crate) fn sample(&self) -> Sample {
        match self {
            Self::Repeated { value, count } => Sample::repeated(*value, *count),
            Self::Set(sample) | Self::Spread(sample, _) => *sample,
        }
    }
}

/// The values of a period, added up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) sample: Sample,
    /// All values with their counts, unsorted; none if they are not all known, or not wanted.
    pub(crate) values: Option<Vec<(f64, f64)>>,
}

impl Tally {
    /// Begins with one entry. The distribution is kept only if it is wanted.
    pub(crate) fn new(entry: &Entry, wants_values: bool) -> Self {
        let mut values = wants_values.then(Vec::new);
        extend(&mut values, entry);
        Self { sample: entry.sample(), values }
    }

    /// Adds one more.
    pub(crate) fn add(&mut self, entry: &Entry) {
        self.sample = self.sample.and(entry.sample());
        extend(&mut self.values, entry);
    }

    /// As one entry, to be kept: with at most `limit` different values. Beyond that, values are
    /// told to a few per cent only, as AWS's own percentiles are.
    pub(crate) fn into_entry(self, limit: usize) -> Entry {
        let Some(values) = self.values else { return Entry::of(self.sample) };
        let mut values = joined(values);
        if let [(value, count)] = values[..] {
            return Entry::Repeated { value, count };
        }
        let mut width = 0.01;
        while values.len() > limit {
            values = joined(values.into_iter().map(|(v, c)| (rounded(v, width), c)).collect());
            width *= 2.0;
        }
        Entry::Spread(self.sample, values)
    }
}

fn extend(values: &mut Option<Vec<(f64, f64)>>, entry: &Entry) {
    match (values.as_mut(), entry) {
        (None, _) => (),
        (Some(list), Entry::Repeated { value, count }) => list.push((*value, *count)),
        (Some(list), Entry::Spread(_, more)) => list.extend_from_slice(more),
        (Some(_), Entry::Set(_)) => *values = None,
    }
}

/// Sorted, with the counts of equal values added up.
fn joined(mut values: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    values.dedup_by(|next, kept| {
        let is_same = next.0 == kept.0;
        if is_same {
            kept.1 += next.1;
        }
        is_same
    });
    values
}

/// The nearest of the values that are a factor of `1 + width` apart.
fn rounded(value: f64, width: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let step = (1.0 + width).ln();
    let exponent = (value.abs().ln() / step).round() * step;
    exponent.exp().copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_of_many_values_is_rounded_and_keeps_its_sums() {
        let mut tally = Tally::new(&Entry::Repeated { value: 1.0, count: 1.0 }, true);
        for value in 2..=10_000 {
            tally.add(&Entry::Repeated { value: f64::from(value), count: 1.0 });
        }
        let sum = tally.sample.sum;
        let Entry::Spread(sample, values) = tally.into_entry(150) else { panic!("a spread") };
        assert_eq!((sample.count, sample.sum, sample.max), (10_000.0, sum, 10_000.0));
        assert!(values.len() <= 150);
        assert_eq!(values.iter().map(|v| v.1).sum::<f64>(), 10_000.0);
    }

    #[test]
    fn a_statistic_set_hides_the_distribution_unless_all_its_values_are_the_same() {
        let set = Sample { count: 2.0, sum: 3.0, min: 1.0, max: 2.0 };
        let mut tally = Tally::new(&Entry::of(Sample::repeated(4.0, 3.0)), true);
        assert!(tally.values.is_some());
        tally.add(&Entry::of(set));
        assert!(tally.values.is_none());
        assert_eq!(tally.sample, Sample { count: 5.0, sum: 15.0, min: 1.0, max: 4.0 });
    }
}
