//! How times are stored and sent: RFC 3339 in UTC, with as many digits of a second as are needed.
//!
//! That is what `chrono` makes of them for `serde` too, but a piece at a time, which is a tenth of what a change of the
//! store costs. Records that are written often say `#[serde(with = "moment")]`, or `moment::lenient` for what older apps
//! wrote.

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serializer};

/// Writes a time.
pub fn serialize<S: Serializer>(time: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    let (Ok(year @ 0..=9_999), nanoseconds @ 0..1_000_000_000) = (u32::try_from(time.year()), time.nanosecond()) else {
        // Years with more digits, and leap seconds.
        return to.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    };
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let parts =
        [(0..4, year), (5..7, time.month()), (8..10, time.day()), (11..13, time.hour()), (14..16, time.minute()), (17..19, time.second())];
    parts.into_iter().for_each(|(place, number)| digits(&mut text[place], number));
    digits(&mut text[20..29], nanoseconds);
    let length = match nanoseconds {
        0 => 19,
        _ if nanoseconds % 1_000_000 == 0 => 23,
        _ if nanoseconds % 1_000 == 0 => 26,
        _ => 29,
    };
    text[length] = b'Z';
    to.serialize_str(std::str::from_utf8(&text[..=length]).unwrap_or_default())
}

/// Writes a number from the right.
fn digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Reads a time.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime<Utc>, D::Error> {
    DateTime::deserialize(from)
}

/// Times with or without zone, or none; without a zone they are UTC, as the older apps wrote them.
pub mod lenient {
    use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
    use serde::de::Error;

    use super::*;

    /// Writes a time, or null.
    pub fn serialize<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    /// Reads a time; null and an empty text are none.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<DateTime<Utc>>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)?.filter(|text| !text.is_empty()) else { return Ok(None) };
        let with_zone = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc());
        let without = || text.replace(' ', "T").parse::<NaiveDateTime>().map(|time| time.and_utc());
        let day_only = || text.parse::<NaiveDate>().map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let time = with_zone.or_else(|_| without()).or_else(|_| day_only());
        time.map(Some).map_err(|_| D::Error::custom(format!("`{text}` is not a time; write it as 2026-11-23T08:00:00Z")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json, value::Serializer};

    use super::*;

    proptest! {
        #[test]
        fn times_are_written_as_chrono_writes_them(seconds in -99_999_999_999_i64..999_999_999_999, nanoseconds in 0..1_000_000_000_u32, digits in 0..10_u32) {
            let unit = 10_u32.pow(digits);
            let time = DateTime::from_timestamp(seconds, nanoseconds / unit * unit).unwrap();
            let ours = serialize(&time, Serializer).unwrap();
            prop_assert_eq!(&ours, &serde_json::to_value(time).unwrap());
            prop_assert_eq!(&lenient::serialize(&Some(time), Serializer).unwrap(), &ours);
            prop_assert_eq!(deserialize(&ours).unwrap(), time);
        }
    }

    #[test]
    fn leap_seconds_are_written_as_such() {
        let time = DateTime::from_timestamp(1_483_228_799, 1_500_000_000).unwrap();
        assert_eq!(serialize(&time, Serializer).unwrap(), "2016-12-31T23:59:60.500Z");
    }

    #[test]
    fn older_apps_wrote_times_in_several_ways() {
        for (text, time) in [
            ("2025-01-02T03:04:05", "2025-01-02T03:04:05Z"),
            ("2025-01-02 03:04:05", "2025-01-02T03:04:05Z"),
            ("2025-01-02T03:04:05+02:00", "2025-01-02T01:04:05Z"),
            ("2025-01-02", "2025-01-02T00:00:00Z"),
        ] {
            let read = lenient::deserialize(json!(text)).unwrap();
            assert_eq!(lenient::serialize(&read, Serializer).unwrap(), time, "{text}");
        }
        assert_eq!(lenient::deserialize(json!("")).unwrap(), None);
        assert_eq!(lenient::serialize(&None, Serializer).unwrap(), Value::Null);
        assert!(lenient::deserialize(json!("soon")).unwrap_err().to_string().contains("`soon` is not a time"));
    }
}
