// `jose` verifies ID tokens of all four algorithms with the published keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
    calculateJwkThumbprint,
    createRemoteJWKSet,
    decodeProtectedHeader,
    errors,
    jwtVerify,
} from 'jose';

import { Browser } from './browser.js';
import { algorithms, atHash, issuer, subject, tokens } from './provider.js';

const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const { keys } = await (await fetch(metadata.jwks_uri)).json();

for (const alg of algorithms) {
    test(`an ID token with ${alg} is verified with the key that it names`, async () => {
        const nonce = `nonce of ${alg}`;
        const answer = await tokens(new Browser(), alg, { nonce });
        const { alg: used, kid } = decodeProtectedHeader(answer.id_token);
        assert.equal(used, alg);
        const key = keys.find((key) => key.kid === kid);
        assert.equal(kid, await calculateJwkThumbprint(key));
        assert.deepEqual([key.use, key.alg], ['sig', alg]);

        // Keys are fetched as a client of its own would.
        const published = createRemoteJWKSet(new URL(metadata.jwks_uri));
        const expected = { issuer, audience: alg, subject, algorithms: [alg] };
        const { payload } = await jwtVerify(answer.id_token, published, expected);
        assert.equal(payload.nonce, nonce);
        const hash = alg === 'EdDSA' ? 'sha512' : 'sha256';
        assert.equal(payload.at_hash, atHash(answer.access_token, hash));

        const [header, claims, signature] = answer.id_token.split('.');
        const forged = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
        await assert.rejects(
            jwtVerify([header, claims, forged].join('.'), published, expected),
            errors.JWSSignatureVerificationFailed,
        );
    });
}

test('nothing but public members is published', () => {
    const open = ['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y'];
    const others = keys.flatMap((key) => Object.keys(key)).filter((name) => !open.includes(name));
    assert.deepEqual(others, []);
    assert.deepEqual(keys.map((key) => key.alg).sort(), [...algorithms].sort());
});
