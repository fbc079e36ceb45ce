// A relying party as somebody would write it with openid-client: "/" signs in, "/money" wants a second factor, "/signout" leaves.
// Usage: node rp.mjs PORT BASE ISSUER CLIENT_ID CLIENT_SECRET
import dns from 'node:dns';
import http from 'node:http';
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto;
// RFC 6761: names under localhost are this machine, whatever the resolver thinks.
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(host.endsWith('.localhost') ? '127.0.0.1' : host, ...rest);

const client = await import('openid-client');
const [port, base, issuer, clientId, clientSecret] = process.argv.slice(2);
const config = await client.discovery(new URL(issuer), clientId, clientSecret, client.ClientSecretBasic(clientSecret), { execute: [client.allowInsecureRequests] });

const sessions = new Map();

function sessionOf(request, response) {
  const known = /rp=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  if (known && sessions.has(known)) return sessions.get(known);
  const id = client.randomState();
  sessions.set(id, {});
  response.setHeader('set-cookie', `rp=${id}; HttpOnly; SameSite=Lax; Path=/`);
  return sessions.get(id);
}

async function signIn(session, response, path, more) {
  session.verifier = client.randomPKCECodeVerifier();
  session.state = client.randomState();
  session.nonce = client.randomNonce();
  session.path = path;
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: `${base}/callback`, scope: 'openid profile', state: session.state, nonce: session.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(session.verifier), code_challenge_method: 'S256', ...more,
  });
  response.writeHead(303, { location: to.href }).end();
}

function page(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/html', 'cache-control': 'no-store' }).end(`<!doctype html><title>rp</title><pre id="claims">${text}</pre>`);
}

const show = (claims) => `sub=${claims.sub} acr=${claims.acr} amr=${(claims.amr ?? []).join(',')} auth_time=${claims.auth_time}`;

async function answer(request, response) {
  const url = new URL(request.url, base);
  const session = sessionOf(request, response);
  switch (url.pathname) {
    case '/':
      return session.claims ? page(response, 200, show(session.claims)) : signIn(session, response, '/', {});
    case '/money':
      return session.claims?.acr === 'mfa' ? page(response, 200, show(session.claims)) : signIn(session, response, '/money', { acr_values: 'mfa' });
    case '/callback': {
      const tokens = await client.authorizationCodeGrant(config, url, { pkceCodeVerifier: session.verifier, expectedState: session.state, expectedNonce: session.nonce });
      session.idToken = tokens.id_token;
      session.claims = tokens.claims();
      const person = await client.fetchUserInfo(config, tokens.access_token, session.claims.sub);
      if (!person.name) throw new Error('userinfo has no name');
      return response.writeHead(303, { location: session.path }).end();
    }
    case '/signout': {
      const hint = session.idToken;
      session.claims = session.idToken = undefined;
      return response.writeHead(303, { location: client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${base}/bye`, id_token_hint: hint }).href }).end();
    }
    case '/bye':
      return page(response, 200, 'bye');
    default:
      return page(response, 404, 'nothing here');
  }
}

http.createServer((request, response) => {
  answer(request, response).catch((error) => page(response, 502, `refused: ${error.code ?? ''} ${error.error ?? error.message}`));
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
