//! The ways into an account: its owner sees them, adds one, removes one.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, Core, errands::Proof, paths, seat::Seated, to_its_end::to_its_end};
use crate::{
    before_proof::BeforeProof,
    errand::Errand,
    error::Error,
    identity::EndUser,
    login::{Intent, LoginRequest},
    redirect::Redirect,
    return_to::ReturnTo,
    sign_in_methods::{self, AccountError, MethodChange, SignInMethod, SignInMethods, vouched},
    vault::{Entrant, Entry, Method, Registered, Removal, Remover},
};

impl<U: Send + Sync + 'static> Client<U> {
    /// The account that this identity opens, by the identity that founded it.
    ///
    /// # Errors
    /// The vault or the accounts failed.
    pub async fn account_of(&self, person: &EndUser) -> Result<Option<EndUser>, Error> {
        Ok(self.opened_by(person).await?.map(|(account, _)| account))
    }

    /// The ways into the account that is signed in on the browser whose request has these `headers`.
    ///
    /// # Errors
    /// [`AccountError::NotSignedIn`], or the vault or the accounts failed.
    pub async fn sign_in_methods(&self, headers: &HeaderMap) -> Result<SignInMethods, Error> {
        let seated = self.seated(self.core.seat(headers).await?).await?;
        let Seated { seat, account, user } = seated.ok_or(AccountError::NotSignedIn)?;
        let now = self.now();
        self.core.ensure_founder(&account, now).await?;
        let mut methods = self.core.vault.methods(&account).await?;
        methods.retain(sign_in_methods::is_of_a_provider);
        let (registered, otherwise) = (self.core.registered(), self.accounts.opens_otherwise(&user));
        let shown = |method: &Method| SignInMethod {
            id: sign_in_methods::name(&method.person),
            provider: method.provider.clone(),
            person: method.person.clone(),
            hint: method.hint.clone(),
            added_at: method.added_at,
            current: method.person == seat.session.person,
            removable: otherwise
                || methods.iter().any(|other| other.person != method.person && registered.opens(other)),
        };
        // A page that only reads brings no form: there the access token says whose proof it is.
        let own = self.core.keeps_no_cookie() || self.core.own_seat(headers, b"").await?.is_some();
        let fresh = own && self.core.is_fresh(&seat.sid, now).await?;
        Ok(SignInMethods { account, methods: methods.iter().map(shown).collect(), fresh })
    }

    /// Starts a proof of who is signed in, at a provider of theirs: the provider's sign-in must be a new one. It counts for
    /// ten minutes, in the session in which it was given.
    ///
    /// `body` is the form that asked for it. A front end that keeps its refresh token itself sends that there
    /// (`refresh_token=…`): its access token alone proves and changes nothing.
    ///
    /// # Errors
    /// [`AccountError::NotSignedIn`], or as [`Self::login`].
    pub async fn prove_again(
        &self,
        request: &LoginRequest,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Redirect, Error> {
        let Seated { seat, .. } = self.own_account(headers, body).await?;
        let request = request.clone().with_intent(Intent::Reauthenticate);
        self.begin(&request, Errand::ProveAgain { sid: seat.sid }, headers).await
    }

    /// Starts to add a sign-in method to the account that is signed in; `body` as for [`Self::prove_again`]. Who comes back is
    /// shown first ([`Self::sign_in_method_to_add`]), and added then ([`Self::confirm_sign_in_method`]).
    ///
    /// Whoever calls this has checked that a page of this service asked for it.
    ///
    /// # Errors
    /// [`AccountError::NotSignedIn`], [`AccountError::NotFresh`], or as [`Self::login`].
    pub async fn add_sign_in_method(
        &self,
        request: &LoginRequest,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Redirect, Error> {
        let Seated { seat, account, .. } = self.fresh_account(headers, body).await?;
        let provider = self.core.provider(request.provider.as_deref())?;
        // Whom the provider's page greets may be somebody else.
        let asked = [Intent::ChooseAccount, Intent::Reauthenticate];
        let can = |intent: &Intent| provider.definition().can(*intent);
        let request = request.clone().with_intent(asked.into_iter().find(can).unwrap_or_default());
        self.begin(&request, Errand::Connect { account, sid: seat.sid }, headers).await
    }

    /// Removes the sign-in method of this id from the account that is signed in, ends every session that was begun with it
    /// and the link at the provider, as far as the provider can be told: one that does not answer or refuses this client
    /// stands in the log, and the method is gone all the same. `body` as for [`Self::prove_again`].
    ///
    /// Whoever calls this has checked that a page of this service asked for it.
    ///
    /// # Errors
    /// [`AccountError`]: the last way in is never removed. Or the vault or the accounts failed.
    pub async fn remove_sign_in_method(
        &self,
        id: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Redirect, Error> {
        let (client, id) = (self.clone(), id.to_owned());
        let (headers, body) = (headers.clone(), body.to_vec());
        to_its_end(async move { client.remove_method(&id, &headers, &body).await }).await
    }

    async fn remove_method(&self, id: &str, headers: &HeaderMap, body: &[u8]) -> Result<Redirect, Error> {
        let Seated { seat, account, user } = self.fresh_account(headers, body).await?;
        let now = self.now();
        self.core.ensure_founder(&account, now).await?;
        let mut methods = self.core.vault.methods(&account).await?;
        methods.retain(sign_in_methods::is_of_a_provider);
        let method = methods.into_iter().find(|method| sign_in_methods::name(&method.person) == id);
        let method = method.ok_or(AccountError::UnknownMethod)?;
        let (registered, opens_otherwise) = (self.core.registered(), self.accounts.opens_otherwise(&user));
        let remover = Remover { sid: &seat.sid, registered: &registered, opens_otherwise };
        match self.core.vault.remove_method(&method, &remover, now).await? {
            Removal::Done => {}
            Removal::SignedOut => return Err(AccountError::NotSignedIn.into()),
            Removal::Last => return Err(AccountError::LastMethod.into()),
            Removal::Unknown => return Err(AccountError::UnknownMethod.into()),
        }
        let Method { person, provider, .. } = method;
        tracing::info!(provider, "a sign-in method was removed");
        let change = MethodChange { account, person, provider, added: false };
        // As it is now: whoever adds it again while others are told of this begins anew.
        let link = self.core.vault.link(&change.person, self.now()).await;
        // Before anything else can fail: whoever removed it may not have been the owner.
        self.tell_change(&change).await;
        let link = link?;
        // It opens nothing any more. That the provider does not hear of it changes nothing here.
        if let Err(error) = self.end_link(&link).await {
            not_told(&change.provider, &error);
            self.core.vault.end_link(&link).await?;
        }
        Ok(Redirect { location: paths::METHODS.to_owned(), cookies: Vec::new() })
    }

    /// Starts the proof of the account to which whoever waits to sign up may belong ([`SignUpError::ProofNeeded`](crate::SignUpError::ProofNeeded)): a
    /// sign-in by another identity of it.
    ///
    /// # Errors
    /// [`SignUpError::NotWaiting`](crate::SignUpError::NotWaiting), or as [`Self::login`].
    pub async fn prove_account(
        &self,
        request: &LoginRequest,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let (id, _) = self.waiting(headers).await?;
        let request = request.clone().with_intent(Intent::Reauthenticate);
        self.begin(&request, Errand::ProveAccount { mark: id.mark() }, headers).await
    }

    /// An account as it is before its owner proves it to the application itself, as by a password. This comes first, and then
    /// the password's hash is read: whatever ends the account from now on ends the proof, too, however long the check takes.
    ///
    /// # Errors
    /// The vault failed.
    pub async fn before_proof(&self, account: &EndUser) -> Result<BeforeProof, Error> {
        Ok(self.core.vault.before_proof(account).await?)
    }

    /// Finishes that proof where the application has a way of its own: its owner has just given it the password of the account
    /// that was looked at [`before`](Self::before_proof), on a page that said what will be connected.
    ///
    /// # Errors
    /// [`SignUpError::NotWaiting`](crate::SignUpError::NotWaiting), [`AccountError::Refused`] if it is another account that had to be proved.
    /// [`AccountError::NotFresh`] if everything of the account has ended since then, or a way into it was removed: it must be proved
    /// again.
    pub async fn account_proved(&self, before: &BeforeProof, headers: &HeaderMap) -> Result<Redirect, Error> {
        let (client, before, headers) = (self.clone(), before.clone(), headers.clone());
        let link = async move {
            let (id, waiting) = client.waiting(&headers).await?;
            client.link_waiting(&id, &waiting, Proof::Application(before), &headers).await
        };
        to_its_end(link).await
    }

    /// Begins a session for the owner of the account that was looked at [`before`](Self::before_proof), who has just proved it
    /// to the application itself, as by a password. The session is fresh.
    ///
    /// # Errors
    /// There is no such account, or it is closed. [`AccountError::NotFresh`] if everything of it has ended since then, or a way
    /// into it was removed: it must be proved again. Or the vault or the accounts failed.
    pub async fn vouch(
        &self,
        before: &BeforeProof,
        return_to: &ReturnTo,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let account = &before.account;
        let user = self.accounts.find(account).await?.filter(|user| !self.accounts.is_closed(user));
        user.ok_or(AccountError::Refused(crate::linking::Rule::AccountClosed))?;
        let (now, person) = (self.now(), vouched(account));
        let method = Method {
            person: person.clone(),
            account: account.clone(),
            provider: String::new(),
            hint: None,
            given_to: None,
            added_at: now,
            removed_at: None,
        };
        self.core.vault.take_method(&method, None).await?;
        let left = self.core.cookie_sid(headers);
        let entry = Entry { entrant: Entrant::vouched(&person, before), given: None, app: None };
        let (id, cookies) = self.core.open_session(&entry, left.as_deref()).await?;
        self.core.vault.note_fresh(&id, now).await?;
        Ok(Redirect { location: self.core.destination(return_to), cookies })
    }

    pub(super) async fn tell_change(&self, change: &MethodChange) {
        if let Err(error) = self.accounts.method_changed(change).await {
            tracing::warn!(%error, "the owner of an account was not told of a change");
        }
    }

    /// Who is signed in, where they may be asked to prove it.
    async fn own_account(&self, headers: &HeaderMap, body: &[u8]) -> Result<Seated<U>, Error> {
        let seated = self.seated(self.core.own_seat(headers, body).await?).await?;
        Ok(seated.ok_or(AccountError::NotSignedIn)?)
    }

    /// Who is signed in and has proved a moment ago who they are.
    async fn fresh_account(&self, headers: &HeaderMap, body: &[u8]) -> Result<Seated<U>, Error> {
        let seated = self.own_account(headers, body).await?;
        if !self.core.is_fresh(&seated.seat.sid, self.now()).await? {
            return Err(AccountError::NotFresh.into());
        }
        Ok(seated)
    }
}

impl Core {
    /// The providers that are still spoken to.
    fn registered(&self) -> Registered {
        let app = |provider: &crate::Provider| provider.names_people_for().map(str::to_owned);
        self.providers.iter().map(|provider| (provider.issuer().to_string(), app(provider))).collect()
    }

    /// Whoever founded an account opens it without a row; before the methods are listed or changed, it has one.
    pub(super) async fn ensure_founder(&self, account: &EndUser, now: Timestamp) -> Result<(), Error> {
        let of_account = |provider: &&crate::Provider| provider.issuer().as_str() == account.issuer();
        let Some(provider) = self.providers.iter().find(of_account) else { return Ok(()) };
        let method = Method {
            person: account.clone(),
            account: account.clone(),
            provider: provider.name().to_owned(),
            hint: None,
            given_to: None,
            added_at: now,
            removed_at: None,
        };
        self.vault.take_method(&method, None).await?;
        Ok(())
    }
}

fn not_told(provider: &str, error: &(dyn std::error::Error + 'static)) {
    tracing::warn!(provider, error, "the provider was not told that a sign-in method was removed");
}
