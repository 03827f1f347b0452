// Signs its user in with `oidc-client-ts`, all of it in the browser, and shows
// what came of the last thing that it was told to do.

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { UserManager } from 'oidc-client-ts';

const { origin, pathname, search } = location;
const given = new URLSearchParams(search);
if (given.has('issuer')) sessionStorage.setItem('issuer', given.get('issuer'));
const issuer = sessionStorage.getItem('issuer');

const manager = new UserManager({
    authority: issuer,
    client_id: 'spa',
    redirect_uri: `${origin}/callback`,
    post_logout_redirect_uri: `${origin}/`,
    scope: 'openid profile email',
    loadUserInfo: true,
    automaticSilentRenew: false,
});

const told = {
    async 'sign-in'() {
        const nonce = crypto.randomUUID();
        sessionStorage.setItem('nonce', nonce);
        await manager.signinRedirect({ nonce });
    },

    /** With the published keys, which are on another origin as everything else. */
    async verify() {
        const { id_token } = await manager.getUser();
        const keys = createRemoteJWKSet(new URL(await manager.metadataService.getKeysEndpoint()));
        const { payload } = await jwtVerify(id_token, keys, { issuer, audience: 'spa' });
        if (payload.nonce !== sessionStorage.getItem('nonce')) throw new Error('not our nonce');
        return payload;
    },

    async refresh() {
        const before = await manager.getUser();
        const after = await manager.signinSilent();
        return {
            another: after.access_token !== before.access_token,
            status: await userinfo(after.access_token),
            sub: after.profile.sub,
        };
    },

    /** Reads the authorization endpoint's answer, and reaches it without reading. */
    async probe() {
        const endpoint = await manager.metadataService.getAuthorizationEndpoint();
        const readable = async (options) => {
            try {
                return (await fetch(endpoint, options)).type;
            } catch (error) {
                return error.name;
            }
        };
        return {
            plain: await readable({}),
            withHeader: await readable({ headers: { authorization: 'Bearer x' } }),
            unread: await readable({ mode: 'no-cors' }),
        };
    },

    async revoke() {
        const { access_token } = await manager.getUser();
        const before = await userinfo(access_token);
        await manager.revokeTokens(['refresh_token']);
        return { before, after: await userinfo(access_token) };
    },

    'sign-out': () => manager.signoutRedirect({ state: 'the way back' }),
};

/** The status of an answer that this page may read. */
async function userinfo(token) {
    const endpoint = await manager.metadataService.getUserInfoEndpoint();
    return (await fetch(endpoint, { headers: { authorization: `Bearer ${token}` } })).status;
}

/** What the server sent its user here with. */
async function arrived() {
    if (pathname === '/callback') {
        const user = await manager.signinCallback();
        history.replaceState(null, '', '/');
        return ['signed-in', user.profile];
    }
    if (given.has('state')) {
        const { userState } = await manager.signoutCallback();
        return ['signed-out', { userState, user: await manager.getUser() }];
    }
    return ['ready', {}];
}

const outcome = document.querySelector('#outcome');

async function show(name, work) {
    try {
        const [step, result] = await work();
        outcome.textContent = JSON.stringify(result, null, 4);
        outcome.dataset.step = step;
    } catch (error) {
        outcome.textContent = `${error.name}: ${error.message}`;
        outcome.dataset.step = `${name}-failed`;
    }
}

for (const [name, work] of Object.entries(told)) {
    const button = document.getElementById(name);
    button.addEventListener('click', () => show(name, async () => [name, (await work()) ?? {}]));
}
await show('arrival', arrived);
