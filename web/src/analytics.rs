//! How much happened when, from the read model `volume`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::Units;
use domain::json::{self, Object};
use domain::projection::volume::{Totals, Width};
use store::{Direction, Listing, Order};

use crate::Api;
use crate::params::Params;
use crate::problem::Problem;
use crate::queries::{VOLUME, X_SEQUENCE, fresh, freshness};

/// Buckets without `from`, and the most that one answer has.
const BUCKETS_DEFAULT: i64 = 60;
const BUCKETS_MAX: i64 = 1000;

const WIDTHS: [(&str, Width); 4] =
    [("second", Width::Second), ("minute", Width::Minute), ("hour", Width::Hour), ("day", Width::Day)];

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(crate::get("/analytics/volume", volume));
}

/// `GET /analytics/volume`: every bucket from the one that `from` is in to the one that `to` is in, empty ones too.
async fn volume(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["bucket", "from", "to", "atLeast", "timeout"], &[])?;
    let width = params.choice("bucket", &WIDTHS)?.unwrap_or(Width::Minute);
    let last = width.number_of(params.time("to")?.unwrap_or_else(|| api.ledger.now()));
    let first = match params.time("from")? {
        Some(from) => width.number_of(from),
        None => last.saturating_sub(BUCKETS_DEFAULT - 1),
    };
    if first > last {
        return Err(Problem::field("from", "must not be later than to"));
    }
    if last - first >= BUCKETS_MAX {
        let words = format_args!("is more than {BUCKETS_MAX} buckets before to");
        return Err(Problem::field("from", words));
    }
    let (prefix, before, limit) = width.documents(first, last);
    let listing = Listing {
        order: Order::Key,
        direction: Direction::Ascending,
        tag: None,
        prefix,
        after: Some((String::new(), before)),
        limit,
    };
    let wanted = freshness(&params)?;
    let read =
        fresh(&api, VOLUME, wanted, async || api.ledger.views(VOLUME).await?.list(VOLUME, &listing).await)
            .await?;
    let (sequence, bodies) = (read.sequence, read.value.bodies);
    // A minute has each of its seconds: a thousand of them may take half a second, for which nobody else is to wait.
    let told = web::block(move || told(width, first..=last, &bodies)).await;
    let told =
        told.map_err(|error| error.to_string()).flatten().map_err(|reason| Problem::internal(&reason))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), sequence.get()));
    Ok(response.content_type("application/json").body(told))
}

/// Those buckets, by what documents say.
fn told(width: Width, numbers: RangeInclusive<i64>, bodies: &[String]) -> Result<String, String> {
    let mut found: BTreeMap<i64, Totals> = BTreeMap::new();
    for body in bodies {
        found.extend(width.read(body)?);
    }
    let buckets: Vec<String> = numbers.map(|number| bucket(width, number, found.get(&number))).collect();
    let mut object = Object::with_capacity(64 * buckets.len() + 64);
    object.quoted("bucket", width.name());
    object.raw("buckets", &json::array(buckets.iter().map(String::as_str)));
    Ok(object.into_string())
}

fn bucket(width: Width, number: i64, totals: Option<&Totals>) -> String {
    let of_type = |((kind, currency), (count, minor)): (&(String, domain::Currency), &(u64, i128))| {
        let mut object = Object::new();
        object.quoted("type", kind).quoted("currency", currency).bare("count", count);
        object.quoted("sum", Units { minor: *minor, currency: *currency });
        object.into_string()
    };
    let types: Vec<String> = totals.into_iter().flatten().map(of_type).collect();
    let mut object = Object::new();
    object.quoted("start", width.start_of(number));
    object.raw("types", &json::array(types.iter().map(String::as_str)));
    object.into_string()
}
