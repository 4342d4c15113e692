//! Moments: microseconds since 1970 in UTC, the unit of the database and of our own API.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, ops};

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "ssr", schema(value_type = String, format = DateTime, example = "2026-11-21T14:32:00.000000Z"))]
pub struct Time(i64);

impl Time {
    /// From microseconds since 1970 in UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since 1970 in UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// Whole seconds since 1970 in UTC.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// What RFC 3339 says, in the years 1970 to 8999: others are mistyped, and not every reader knows them.
    pub fn read(text: &str) -> Option<Self> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
        (1970..9000).contains(&moment.year()).then(|| moment.into())
    }
    /// The same moment as a `chrono` value; moments that it cannot hold become 1970.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
    /// RFC 3339 with whole seconds, as a `<time datetime>` wants it.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    }
    /// `21 Nov 2026, 14:32 UTC`: for people.
    pub fn in_words(self) -> String {
        self.utc().format("%-d %b %Y, %H:%M UTC").to_string()
    }
    /// The moment this many seconds later.
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
}

impl From<DateTime<Utc>> for Time {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.timestamp_micros())
    }
}

/// The time between two moments, in seconds.
impl ops::Sub for Time {
    type Output = f64;
    fn sub(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / 1e6
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let words = "a time is written as RFC 3339, for example 2026-11-21T14:32:00Z, in the years 1970 to 8999";
        Self::read(&text).ok_or_else(|| serde::de::Error::custom(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let time = Time::from_micros(1_793_000_000_123_456);
        let text = serde_json::to_string(&time).expect("a time");
        assert_eq!(serde_json::from_str::<Time>(&text).expect("the same"), time);
    }

    #[test]
    fn an_offset_is_the_same_moment() {
        let pacific: Time = serde_json::from_str("\"2022-02-15T13:37:37.407-08:00\"").expect("valid");
        let utc: Time = serde_json::from_str("\"2022-02-15T21:37:37.407Z\"").expect("valid");
        assert_eq!(pacific, utc);
        assert!(serde_json::from_str::<Time>("\"yesterday\"").is_err());
    }
}
