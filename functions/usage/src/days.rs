//! Which days a request asks for: `from` and `to`, both included.

use eclips_shared::error::ApiError;
use eclips_shared::serve::Query;
use eclips_shared::store::Days;
use eclips_shared::time::{Day, Timestamp};

/// The most days of one answer. *Source*: contract §8.
const DAYS_MAX: i64 = 92;

/// Reads the days; from the first of this month and to today where nothing is said.
///
/// *Errors*: [`ApiError::Validation`] naming the parameter.
pub fn read(query: &Query) -> Result<Days, ApiError> {
    query.only(&["from", "to"])?;
    let today = Day::of(Timestamp::now());
    let day = |name: &'static str| {
        let Some(text) = query.one(name)? else { return Ok(None) };
        let day = Day::parse(text).ok_or_else(|| ApiError::field(name, format!("{name} must be a day, YYYY-MM-DD")))?;
        Ok::<_, ApiError>(Some(day))
    };
    let (from, to) = (day("from")?, day("to")?);
    let to = to.unwrap_or_else(|| from.map_or(today, |from| from.max(today)));
    let days = Days {
        from: from.unwrap_or_else(|| to.first_of_month()),
        to,
    };
    if days.from > days.to {
        return Err(ApiError::field("from", "from must not be after to"));
    }
    if days.to.since(days.from) >= DAYS_MAX {
        let message = format!("from and to must span at most {DAYS_MAX} days");
        return Err(ApiError::field("from", message));
    }
    Ok(days)
}
