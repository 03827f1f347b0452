// A browser's stand-in: keeps cookies, follows redirects one at a time, and
// presses the buttons of the authorization server's pages.

import assert from 'node:assert/strict';

/** More pages and redirects than any answer takes. */
const MOST_STEPS = 20;
const TYPED = { username: 'alice', password: 'wonderland' };
/** What the user presses: the first of these that a page has. */
const BUTTONS = ['sign-in', 'allow', 'sign-out'];

export class Browser {
    #cookies = new Map();
    /** The buttons that the user has pressed. */
    pressed = [];

    /**
     * Opens an address of the server and does the user's part, up to what the
     * client is sent: a URL, or the request that a page's form posts to it.
     */
    async answer(url) {
        let request = new Request(url);
        const { origin } = new URL(url);
        for (let step = 0; step < MOST_STEPS; step++) {
            const response = await this.#send(request);
            const location = response.headers.get('location');
            if (location) {
                const next = new URL(location, request.url);
                if (next.origin !== origin) return next;
                request = new Request(next);
                continue;
            }
            const html = await response.text();
            const [button, form] = submitted(html, request.url);
            assert.ok(form, `${response.status} at ${request.url}, and nothing to press:\n${html}`);
            if (new URL(form.url).origin !== origin) return form;
            this.pressed.push(button);
            request = form;
        }
        assert.fail(`sent in a circle at ${request.url}`);
    }

    async #send(request) {
        const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
        if (cookies.length > 0) request.headers.set('cookie', cookies.join('; '));
        const response = await fetch(request, { redirect: 'manual' });
        for (const line of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=]*)=([^;]*)/.exec(line);
            if (/; *max-age=0/i.test(line)) this.#cookies.delete(name);
            else this.#cookies.set(name, value);
        }
        return response;
    }
}

/** The button of a page that the user presses, and the request that it makes; without a
 *  button, the one that the page's script makes to another origin. */
function submitted(html, base) {
    for (const [, head, inside] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
        const button = tags(inside, 'button').find((tag) => BUTTONS.includes(attribute(tag, 'id')));
        const url = new URL(attribute(head, 'action') ?? '', base);
        if (!button && url.origin === new URL(base).origin) continue;
        const body = new URLSearchParams();
        for (const tag of tags(inside, 'input')) {
            const unticked = attribute(tag, 'type') === 'checkbox' && !/\schecked\b/.test(tag);
            const name = attribute(tag, 'name');
            if (name && !unticked) body.append(name, TYPED[name] ?? attribute(tag, 'value') ?? '');
        }
        const name = button && attribute(button, 'name');
        if (name) body.append(name, attribute(button, 'value') ?? '');
        return [button && attribute(button, 'id'), new Request(url, { method: 'POST', body })];
    }
    return [];
}

function tags(html, name) {
    return [...html.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'gs'))].map(([, tag]) => tag);
}

function attribute(tag, name) {
    const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
    const plain = value?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"');
    return plain?.replaceAll('&#39;', "'").replaceAll('&amp;', '&');
}
