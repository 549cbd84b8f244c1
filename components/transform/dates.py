"""Takes dates apart in the graph: years, months, days of the week and hours of seconds since 1970-01-01 UTC.

The calendar is the Gregorian one, before its introduction too. Years begin in March here, so that a leap day is the
last of its year; 400 of them have 146,097 days, always (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
"""

import tensorflow as tf

SECONDS_A_DAY, SECONDS_AN_HOUR = 86_400, 3_600
DAYS_IN_400_YEARS = 146_097
EPOCH = 719_468
"""Days from 0000-03-01 to 1970-01-01, a Thursday."""

ISO = (
    r"^\s*(\d{4})-(\d{2})-(\d{2})"
    r"(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)? ?(?:[Zz]|([+-]\d{2})(?::?([0-5]\d))?)?)?\s*$"
)
"""A date, with or without a time of day and a time zone: ISO 8601, extended format."""

BEHIND = r".*\d{2}:\d{2}.*-\d{2}(?::?\d{2})?\s*"
"""A time in a zone behind UTC."""


def part_of_date(seconds: tf.Tensor, what: str) -> tf.Tensor:
    """Returns a part of dates.

    Args:
        seconds: int64 of any shape, since 1970-01-01 UTC.
        what: "year", "month" (from 1), "weekday" (from 0, Monday), "hour", or "days" since 1970-01-01.

    Returns:
        int64 of the same shape.
    """
    days = seconds // SECONDS_A_DAY
    match what:
        case "days":
            return days
        case "hour":
            return (seconds - days * SECONDS_A_DAY) // SECONDS_AN_HOUR
        case "weekday":
            return tf.math.floormod(days + 3, tf.constant(7, tf.int64))
        case _:
            year, month = _year_and_month(days)
            return year if what == "year" else month


def _year_and_month(days: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    since = days + EPOCH
    era = since // DAYS_IN_400_YEARS
    day = since - era * DAYS_IN_400_YEARS
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    month = (5 * (day - (365 * year + year // 4 - year // 100)) + 2) // 153
    in_next_year = tf.cast(month >= 10, tf.int64)
    return year + era * 400 + in_next_year, month + 3 - 12 * in_next_year


def _days(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Returns days since 1970-01-01, int64; of a day that its month doesn't have, those of one in the next month."""
    year = year - tf.cast(month <= 2, tf.int64)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * tf.math.floormod(month + 9, tf.constant(12, tf.int64)) + 2) // 5 + day - 1
    return era * DAYS_IN_400_YEARS + of_era * 365 + of_era // 4 - of_era // 100 + of_year - EPOCH


def seconds_of(texts: tf.Tensor, otherwise: int) -> tf.Tensor:
    """Returns the seconds since 1970-01-01 UTC of dates as text.

    Args:
        texts: string [batch], as 2024-02-29, 2024-02-29T13:45 or 2024-02-29T13:45:00+01:00; in UTC if they don't say.
        otherwise: What stands for a text that is no date, or none that there is.

    Returns:
        int64 [batch].
    """
    is_date = tf.strings.regex_full_match(texts, ISO)
    year, month, day, hour, minute, second, zone, more = (_number(texts, is_date, group) for group in range(1, 9))
    days = _days(year, month, day)
    is_date &= (_year_and_month(days)[1] == month) & (month >= 1) & (month <= 12) & (day >= 1)
    is_date &= (hour < 24) & (minute < 60) & (second < 60)
    seconds = days * SECONDS_A_DAY + hour * SECONDS_AN_HOUR + minute * 60 + second
    is_behind = tf.strings.regex_full_match(texts, BEHIND)
    ahead = zone * SECONDS_AN_HOUR + tf.where(is_behind, -more, more) * 60
    return tf.where(is_date, seconds - ahead, tf.constant(otherwise, tf.int64))


def _number(texts: tf.Tensor, is_date: tf.Tensor, group: int) -> tf.Tensor:
    """A group of the pattern as int64; 0 where it is absent."""
    digits = tf.strings.regex_replace(texts, ISO, rf"\{group}", replace_global=False)
    digits = tf.strings.regex_replace(digits, r"^\+", "")
    return tf.strings.to_number(tf.where(is_date & tf.not_equal(digits, ""), digits, "0"), tf.int64)
