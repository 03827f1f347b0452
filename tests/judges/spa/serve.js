// Serves the application's files, and those of the libraries that it uses, over TLS.

import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const PAGE = 'spa/index.html';
const FILES = { '/': PAGE, '/callback': PAGE, '/app.js': 'spa/app.js' };
const MODULE = /^\/modules(\/(?:[\w-]+\/)+[\w-]+\.js)$/;

const server = createServer({
    cert: readFileSync(process.env.CERTIFICATE),
    key: readFileSync(process.env.KEY),
});

server.on('request', async ({ url }, response) => {
    const { pathname } = new URL(url, 'https://localhost');
    const module = MODULE.exec(pathname);
    const file = FILES[pathname] ?? (module && `node_modules${module[1]}`);
    try {
        const content = await readFile(new URL(`../${file}`, import.meta.url));
        const type = file === PAGE ? 'text/html' : 'text/javascript';
        response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(content);
    } catch {
        response.writeHead(404).end();
    }
});

server.listen(0, 'localhost', () => {
    console.log(`listening on https://localhost:${server.address().port}`);
});
