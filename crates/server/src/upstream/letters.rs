//! The mail to somebody whose account has a way in more, or one less: who did not do it learns of it.

use crate::{
    accounts::{EmailAddress, post_office::Order},
    fault::{Artefact, Fault},
    interaction::Visit,
    store::{Unit, mail_orders::Matter, users::User},
};

/// The order for the mail; none for somebody who has no address.
pub(crate) fn way_changed(
    visit: &Visit,
    user: &User,
    (matter, upstream): (Matter, &str),
) -> Result<Option<Order>, Fault> {
    let Some(address) = &user.email else { return Ok(None) };
    let email = EmailAddress::parse_with_localhost(address).map_err(Fault::corrupt(Artefact::Email))?;
    Ok(Some(Order::new(matter, &email, visit.locale(None), None).about(upstream)))
}

/// The unit with which this order is kept.
pub(crate) fn keeping(visit: &Visit, unit: Unit, order: Option<&mut Order>) -> Unit {
    match order {
        Some(order) => unit.with(order.keep(visit.app.now())),
        None => unit,
    }
}

/// Has it carried out, once it is kept.
pub(crate) fn send(visit: &Visit, order: Option<Order>) {
    if let Some(order) = order {
        visit.app.post_office().hand_over(order);
    }
}
