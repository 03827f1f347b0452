// `openid-client` signs its user in, checks every signature with the published
// keys, and is not deceived.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as client from 'openid-client';

import { Browser } from './browser.js';
import * as provider from './provider.js';

const ALICE = {
    sub: provider.subject,
    name: 'Alice Liddell',
    email: 'alice@wonderland.example',
    email_verified: true,
};

/** What the client has sent its user away with. */
class Journey {
    state = client.randomState();
    nonce = client.randomNonce();
    verifier = client.randomPKCECodeVerifier();

    constructor(config, browser = new Browser()) {
        this.config = config;
        this.browser = browser;
    }

    /** Sends the user there, and returns with what the client is sent. */
    async there(more = {}) {
        const url = client.buildAuthorizationUrl(this.config, {
            redirect_uri: provider.redirectUri,
            scope: 'openid profile email',
            state: this.state,
            nonce: this.nonce,
            code_challenge: await client.calculatePKCECodeChallenge(this.verifier),
            code_challenge_method: 'S256',
            ...more,
        });
        return this.browser.answer(url);
    }

    /** Takes the answer for its own, or does not. */
    back(answer, more = {}) {
        return client.authorizationCodeGrant(this.config, answer, {
            expectedState: this.state,
            expectedNonce: this.nonce,
            pkceCodeVerifier: this.verifier,
            idTokenExpected: true,
            ...more,
        });
    }
}

async function configured(id, authentication, metadata) {
    const server = new URL(provider.issuer);
    const config = await client.discovery(server, id, metadata, authentication);
    client.enableNonRepudiationChecks(config);
    return config;
}

const basic = () => configured('basic', client.ClientSecretBasic(provider.secret));
const post = () => configured('post', client.ClientSecretPost(provider.secret));
const open = () => configured('public', client.None());

/** From discovery to tokens that were refreshed. */
async function wholeWay(config) {
    const journey = new Journey(config);
    const answer = await journey.there({ max_age: 3600 });
    assert.equal(answer.searchParams.get('iss'), provider.issuer);
    const tokens = await journey.back(answer, { maxAge: 3600 });
    const claims = tokens.claims();
    const { client_id } = config.clientMetadata();
    assert.deepEqual([claims.aud].flat(), [client_id]);
    assert.equal(claims.sub, provider.subject);
    assert.equal(claims.at_hash, provider.atHash(tokens.access_token));
    assert.equal(journey.browser.pressed[0], 'sign-in');

    const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.deepEqual({ ...user, ...ALICE }, user);

    const next = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(next.access_token, tokens.access_token);
    const { iss, sub, aud, auth_time, at_hash } = next.claims();
    assert.deepEqual([iss, sub, aud], [claims.iss, claims.sub, claims.aud]);
    assert.equal(auth_time, claims.auth_time);
    assert.equal(at_hash, provider.atHash(next.access_token));
    await client.fetchUserInfo(config, next.access_token, sub);
    return next;
}

/** Gives the grant back, and nothing that was issued from it is left. */
async function givenBack(config, tokens) {
    await client.tokenRevocation(config, tokens.refresh_token);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), {
        name: 'ResponseBodyError',
        error: 'invalid_grant',
    });
    const { sub } = tokens.claims();
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, sub), ({ cause }) => {
        assert.equal(cause[0].parameters.error, 'invalid_token');
        return true;
    });
}

for (const [how, configure] of [['in the header', basic], ['in the body', post]]) {
    test(`a client that authenticates ${how} goes the whole way`, async () => {
        const config = await configure();
        const tokens = await wholeWay(config);
        const told = await client.tokenIntrospection(config, tokens.access_token);
        const { client_id } = config.clientMetadata();
        assert.deepEqual(
            [told.active, told.client_id, told.sub],
            [true, client_id, provider.subject],
        );
        await givenBack(config, tokens);
        const gone = await client.tokenIntrospection(config, tokens.access_token);
        assert.deepEqual(gone, { active: false });
    });
}

test('a public client goes the whole way', async () => {
    const config = await open();
    await givenBack(config, await wholeWay(config));
});

test('an answer that a form posts is as good as one in the address', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there({ response_mode: 'form_post' });
    assert.ok(answer instanceof Request);
    assert.equal(answer.url, provider.redirectUri);
    const tokens = await journey.back(answer);
    assert.equal(tokens.claims().sub, provider.subject);
});

test('a server that knows its user asks nothing again, unless the sign-in is too old', async () => {
    const config = await basic();
    const first = new Journey(config);
    await first.back(await first.there());
    const { pressed } = first.browser;
    const before = pressed.length;
    const second = new Journey(config, first.browser);
    await second.back(await second.there({ max_age: 3600 }), { maxAge: 3600 });
    assert.equal(pressed.length, before);
    const third = new Journey(config, first.browser);
    const answer = await third.there({ max_age: 0 });
    assert.deepEqual(pressed.slice(before), ['sign-in']);
    // Some of the client's own time goes by before it looks.
    config[client.clockTolerance] = 20;
    await third.back(answer, { maxAge: 0 });
});

test('a user whom the server does not know cannot be signed in unseen', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there({ prompt: 'none' });
    assert.deepEqual(journey.browser.pressed, []);
    await assert.rejects(journey.back(answer), {
        name: 'AuthorizationResponseError',
        error: 'login_required',
    });
});

test('who signs out at the provider comes back, and is unknown from then on', async () => {
    const config = await basic();
    const journey = new Journey(config);
    const tokens = await journey.back(await journey.there());
    const url = client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: provider.postLogoutRedirectUri,
        state: journey.state,
    });
    const answer = await journey.browser.answer(url);
    assert.equal(answer.href, `${provider.postLogoutRedirectUri}?state=${journey.state}`);
    const later = new Journey(config, journey.browser);
    const unseen = await later.there({ prompt: 'none' });
    assert.equal(unseen.searchParams.get('error'), 'login_required');
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), {
        error: 'invalid_grant',
    });
});

test('signed claims about the user are verified', async () => {
    const config = await configured('ES256', client.ClientSecretBasic(provider.secret), {
        id_token_signed_response_alg: 'ES256',
        userinfo_signed_response_alg: 'ES256',
    });
    const journey = new Journey(config);
    const tokens = await journey.back(await journey.there());
    const { sub } = tokens.claims();
    const user = await client.fetchUserInfo(config, tokens.access_token, sub);
    assert.deepEqual({ ...user, ...ALICE, iss: provider.issuer, aud: 'ES256' }, user);
    const another = client.fetchUserInfo(config, tokens.access_token, 'somebody-else');
    await assert.rejects(another, ({ cause }) => cause.cause.attribute === 'sub');
});

test('a verifier that is not the one gets no tokens', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there();
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    await assert.rejects(journey.back(answer, { pkceCodeVerifier }), { error: 'invalid_grant' });
    await journey.back(answer);
});

/** Lets `config` see the token endpoint's answers as somebody in between would change them. */
function between(config, change) {
    config[client.customFetch] = async (url, options) => {
        const response = await fetch(url, options);
        if (url !== config.serverMetadata().token_endpoint) return response;
        const { status, headers } = response;
        return new Response(JSON.stringify(change(await response.json())), { status, headers });
    };
}

/** That the client refuses what came back, and why. */
function refused(outcome, why) {
    return assert.rejects(outcome, ({ cause }) => {
        assert.match(cause.message, why);
        return true;
    });
}

test('an answer with another state is refused', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there();
    answer.searchParams.set('state', client.randomState());
    await refused(journey.back(answer), /unexpected "state"/);
});

test('an answer of another issuer, or of none, is refused', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there();
    answer.searchParams.set('iss', 'https://attacker.example');
    await refused(journey.back(answer), /unexpected "iss"/);
    answer.searchParams.delete('iss');
    await refused(journey.back(answer), /"iss" \(issuer\) missing/);
});

test('an ID token with the nonce of another sign-in is refused', async () => {
    const journey = new Journey(await basic());
    const answer = await journey.there();
    await refused(journey.back(answer, { expectedNonce: client.randomNonce() }), /unexpected ID Token "nonce"/);
});

test('an ID token of another client is refused', async () => {
    const other = new Journey(await post());
    const { id_token } = await other.back(await other.there());
    const config = await basic();
    const journey = new Journey(config);
    journey.nonce = other.nonce;
    between(config, (tokens) => ({ ...tokens, id_token }));
    await refused(journey.back(await journey.there()), /unexpected JWT "aud"/);
});

test('an ID token that somebody has changed is refused', async () => {
    const config = await basic();
    const journey = new Journey(config);
    between(config, (tokens) => {
        const [header, claims, signature] = tokens.id_token.split('.');
        const changed = { ...JSON.parse(Buffer.from(claims, 'base64url')), name: 'Mallory' };
        const forged = Buffer.from(JSON.stringify(changed)).toString('base64url');
        return { ...tokens, id_token: [header, forged, signature].join('.') };
    });
    await refused(journey.back(await journey.there()), /signature verification failed/);
});
