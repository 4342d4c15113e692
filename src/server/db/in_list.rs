//! Lists in statements. `Any` has no arrays, so each text of a list has a placeholder of its own.

use super::store;
use crate::domain::error::Result;
use sqlx::{AnyConnection, AssertSqlSafe, FromRow, SqlSafeStr, SqlStr, any::AnyRow};

/// Texts that one statement reads by; a longer list is read in parts.
const AT_ONCE: usize = 256;

/// How much of what was said a list reads, in characters of messages and their HTML (which is at least as long, where
/// it is not rendered yet); a service that an update names counts as 100. The latest of each incident or maintenance comes first: of the others those that do not fit are left
/// out, oldest first.
pub const LIST_WEIGHT: &str = "2000000";
/// The same for a single incident or maintenance. Writes keep it below, so only what came from elsewhere is cut.
pub const DETAIL_WEIGHT: &str = "8000000";

/// [`LIST_WEIGHT`], or [`DETAIL_WEIGHT`] for a list of one.
pub const fn weight<T>(list: &[T]) -> &'static str {
    if list.len() == 1 { DETAIL_WEIGHT } else { LIST_WEIGHT }
}

/// A statement for [`rows`]: updates, newest first, the latest of each parent before the others, as far as the weight
/// `$2` allows. Columns are read by their place: those that are asked for come first. `u` is the table of updates.
macro_rules! updates_within_weight {
    ($columns:literal, weight $weight:literal, of $parent:literal, from $from:literal) => {
        concat!(
            "select * from (
                 select weighed.*, cast(sum(weight) over (
                            order by nth, at desc, id rows between unbounded preceding and current row) as bigint) - weight as before_it
                 from (
                     select ",
            $columns,
            ", u.created_at, ",
            $weight,
            " as weight, row_number() over (
                                partition by ",
            $parent,
            " order by u.at desc, u.created_at desc, u.id desc) as nth
                     from ",
            $from,
            "
                 ) weighed
             ) placed
             where before_it < cast($2 as bigint)
             order by at desc, created_at desc, id desc"
        )
    };
}
pub(crate) use updates_within_weight;

/// Rows by a list of ids: the statement says `in ($list)`, and `$1` and so on are the texts before it. Rows of
/// one id come in the order of the statement; those of a long list come part by part.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn rows<R>(
    connection: &mut AnyConnection,
    before: &[&str],
    list: &[impl ToString],
    text: &'static str,
) -> Result<Vec<R>>
where
    R: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
{
    let mut rows = Vec::new();
    for part in list.chunks(AT_ONCE) {
        let (placeholders, padded) = padded(before.len() + 1, part);
        let values = before.iter().map(|text| (*text).to_owned()).chain(padded).collect();
        rows.extend(store::rows(connection, statement(text, &placeholders), values).await?);
    }
    Ok(rows)
}

/// Safe: a literal with placeholders in it, which are made of numbers alone.
fn statement(text: &'static str, placeholders: &str) -> SqlStr {
    AssertSqlSafe(text.replace("$list", placeholders)).into_sql_str()
}

/// The placeholders of a list, from this number on, and what they stand for. The last text comes again up to the
/// next power of two: so there are few statements, and a connection keeps them prepared.
fn padded(first: usize, list: &[impl ToString]) -> (String, Vec<String>) {
    let count = list.len().next_power_of_two();
    let mut values: Vec<String> = list.iter().map(ToString::to_string).collect();
    let last = values.last().cloned().unwrap_or_default();
    values.resize(count, last);
    let placeholders: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
    (placeholders.join(", "), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_padded_to_few_lengths() {
        let of = |list: &[&str]| padded(2, list);
        assert_eq!(of(&["a"]), ("$2".to_owned(), vec!["a".to_owned()]));
        assert_eq!(of(&["a", "b"]), ("$2, $3".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
        let (placeholders, values) = of(&["a", "b", "c", "d", "e"]);
        assert_eq!(placeholders, "$2, $3, $4, $5, $6, $7, $8, $9");
        assert_eq!(values, ["a", "b", "c", "d", "e", "e", "e", "e"]);
        let all: Vec<String> = (0..AT_ONCE).map(|number| number.to_string()).collect();
        let lengths: std::collections::BTreeSet<usize> =
            (1..=AT_ONCE).map(|count| padded(1, &all[..count]).1.len()).collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 64, 128, 256]);
    }

    #[test]
    fn a_statement_has_the_list_where_it_says_so() {
        let (placeholders, _) = padded(2, &["a", "b", "c"]);
        let statement = statement("select id from x where y = $1 and id in ($list) order by id", &placeholders);
        assert_eq!(statement.as_str(), "select id from x where y = $1 and id in ($2, $3, $4, $5) order by id");
    }
}
