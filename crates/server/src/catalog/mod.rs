//! The catalogue: apps and APIs as the protocol sees them, in memory, right within a second.
//!
//! Rows are parsed once into typed values and kept until the catalogue's generation moves, here or on
//! another node. Nothing that revokes relies on this: epochs are read with the facts.

mod api;
mod client;

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use arc_swap::ArcSwap;

pub(crate) use api::{Api, Apis};
pub(crate) use client::Client;

use crate::{
    fault::Fault,
    store::{Db, apis, apps},
};

/// Clients remembered at once; a flood of unknown names costs a read each and is not remembered.
const MAX_CLIENTS: usize = 10_000;

/// Apps and APIs in memory.
#[derive(Debug)]
pub(crate) struct Catalog {
    db: Db,
    clients: RwLock<HashMap<String, Arc<Client>>>,
    apis: ArcSwap<Apis>,
    generation: AtomicI64,
    /// Whether the operator vouches for every app that registers itself.
    vouches: bool,
}

impl Catalog {
    /// Loads the APIs; apps are loaded when they are asked for.
    pub(crate) async fn load(db: Db, generation: i64, vouches: bool) -> Result<Self, Fault> {
        let apis = read_apis(&db).await?;
        Ok(Self {
            db,
            clients: RwLock::default(),
            apis: ArcSwap::from_pointee(apis),
            generation: AtomicI64::new(generation),
            vouches,
        })
    }

    /// The app of that id, deleted ones excepted; a disabled one is found and says so.
    pub(crate) async fn client(&self, id: &str) -> Result<Option<Arc<Client>>, Fault> {
        let known = self.clients.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let generation = self.generation();
        let Some(record) = apps::find(&self.db, id).await?.filter(|record| record.app.deleted_at.is_none())
        else {
            return Ok(None);
        };
        let client = Arc::new(Client::parse(record, self.vouches)?);
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        // What was read before a change must not be remembered after it.
        if generation == self.generation() {
            if clients.len() >= MAX_CLIENTS {
                clients.clear();
            }
            clients.insert(id.to_owned(), Arc::clone(&client));
        }
        Ok(Some(client))
    }

    /// All APIs.
    pub(crate) fn apis(&self) -> Arc<Apis> {
        self.apis.load_full()
    }

    /// Whether some app registered this origin.
    pub(crate) async fn is_registered_origin(&self, origin: &str) -> Result<bool, Fault> {
        Ok(apps::origin_is_registered(&self.db, origin).await?)
    }

    /// The generation that is in memory.
    pub(crate) fn generation(&self) -> i64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The APIs as they are in the store.
    pub(crate) async fn read_apis(&self) -> Result<Apis, Fault> {
        read_apis(&self.db).await
    }

    /// Takes over what was read at this generation or after it, and forgets what an older one said. The generation
    /// comes last: who sees it sees all that belongs to it.
    pub(crate) fn advance(&self, generation: i64, apis: Apis) {
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        clients.clear();
        self.apis.store(Arc::new(apis));
        self.generation.store(generation, Ordering::Release);
    }
}

async fn read_apis(db: &Db) -> Result<Apis, Fault> {
    Ok(Apis::new(apis::all(db).await?.into_iter().map(Api::from)))
}
