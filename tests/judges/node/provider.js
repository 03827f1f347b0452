// The provider under judgement, as the test that has started it describes it.

import assert from 'node:assert/strict';
import { createHash, randomBytes, webcrypto } from 'node:crypto';

// Of the versions that Debian has, 18 keeps it in a module.
globalThis.crypto ??= webcrypto;

/** A value that the judgement cannot do without. */
function given(name) {
    assert.ok(process.env[name], `${name} is not set: cargo test --package e2e runs the judges`);
    return process.env[name];
}

export const issuer = given('ISSUER');
export const secret = given('CLIENT_SECRET');
export const redirectUri = given('REDIRECT_URI');
export const postLogoutRedirectUri = given('POST_LOGOUT_REDIRECT_URI');
export const subject = given('SUBJECT');
/** One client for each of them, named after it. */
export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** Gets tokens for a client with a secret, with nothing but the standard library. */
export async function tokens(browser, clientId, more = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const asked = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge,
        code_challenge_method: 'S256',
        ...more,
    });
    const answer = await browser.answer(`${issuer}/authorize?${asked}`);
    const code = answer.searchParams.get('code');
    assert.ok(code, `no code: ${answer}`);
    const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
        body: new URLSearchParams({
            grant_type: 'authorization_code',
            code,
            redirect_uri: redirectUri,
            code_verifier: verifier,
        }),
    });
    const said = await response.json();
    assert.equal(response.status, 200, JSON.stringify(said));
    return said;
}

/** What of an access token the ID token beside it must hold (Core section 3.1.3.6). */
export function atHash(accessToken, hash = 'sha256') {
    const digest = createHash(hash).update(accessToken).digest();
    return digest.subarray(0, digest.length / 2).toString('base64url');
}
