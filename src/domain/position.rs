//! Places in a hand-made order: whole numbers with gaps, so that one move is one row.

/// Distance between neighbours that were put in order afresh.
pub const GAP: i64 = 1 << 20;

/// A place strictly between two neighbours (`None`: the end of the list on that side), or `None`
/// when there is no room left and the list has to be [`spread`] first.
pub fn between(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    match (before, after) {
        (None, None) => Some(0),
        (Some(before), None) => before.checked_add(GAP),
        (None, Some(after)) => after.checked_sub(GAP),
        (Some(before), Some(after)) => {
            let middle = before + (after.checked_sub(before)?) / 2;
            (before < middle && middle < after).then_some(middle)
        }
    }
}

/// Fresh places for a list of this length.
pub fn spread(length: usize) -> impl Iterator<Item = i64> {
    (0..length).map(|index| i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(GAP))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever is moved where, the numbers say the same order as the list.
        #[test]
        fn moves_keep_the_order(moves in proptest::collection::vec((0_usize..8, 0_usize..8), 0..200)) {
            let mut list: Vec<(usize, i64)> = spread(8).enumerate().collect();
            for (from, to) in moves {
                let (name, _) = list.remove(from);
                let place = |list: &[(usize, i64)]| {
                    between(to.checked_sub(1).and_then(|i| list.get(i)).map(|item| item.1), list.get(to).map(|item| item.1))
                };
                let position = match place(&list) {
                    Some(position) => position,
                    None => {
                        for (item, fresh) in list.iter_mut().zip(spread(7)) {
                            item.1 = fresh;
                        }
                        place(&list).expect("a fresh list has room")
                    }
                };
                list.insert(to, (name, position));
                prop_assert!(list.windows(2).all(|pair| pair[0].1 < pair[1].1), "{:?}", list);
            }
        }
    }
}
