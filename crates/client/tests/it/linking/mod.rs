//! Which account somebody gets, and who may change the ways into it: the real vault, two real issuers.

mod arriving;
mod crossed;
mod ended;
mod front_end;
mod methods;
mod pages;
mod passwords;
mod stage;
mod terms;
mod tidying;
mod tokens;
mod told;
mod world;
