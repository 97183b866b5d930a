# SPDX-License-Identifier: BSD-2-Clause
"""Spotify's Web API and accounts service in three profiles, chosen by the client's id:

    dev2026    new paths and names, 10 hits a page, no previews, fewer fields, own playlists only
    legacy     paths and names of before 2026, 50 hits a page, no previews
    extended   everything, previews too

The secret of client X is "secret-X". /authorize consents at once (or refuses, see configure()).
"""
import base64, hashlib, json, re
from urllib.parse import urlencode, urlsplit

from fixture import number

PROFILES = ('dev2026', 'legacy', 'extended')
REDIRECTS = ('http://127.0.0.1/callback', 'http://[::1]/callback')  # without a port: any port may be added
OWN, FOREIGN, EDITORIAL = '37ownplaylist000000000', '37foreignplaylist00000', '37i9dQZF1DX00000000000'
SIX_MONTHS = 183 * 86400


class Accounts:
    def __init__(self, state):
        self.state = state
        self.tokens, self.codes, self.refresh, self.count = {}, {}, {}, 0
        self.playlists = {}  # of the user's making, by id
        self.life, self.refuse, self.rotate, self.premium = 3600, False, 'single', True

    def configure(self, life=None, refuse=None, rotate=None, premium=None, kill=None):
        """rotate: "single" (a new refresh token each time, the old one dead), "keep" (none is sent).
        kill: "access" or "refresh": all of them are dead."""
        self.life = life or self.life
        self.refuse = self.refuse if refuse is None else refuse
        self.rotate, self.premium = rotate or self.rotate, self.premium if premium is None else premium
        if kill == 'access':
            self.tokens.clear()
        elif kill == 'refresh':
            for token in self.refresh.values():
                token['born'] = -1e12

    def name(self, kind):
        self.count += 1
        return f'{kind}{number(kind, self.count):020d}{self.count}'

    def issue(self, client, scope, user):
        token = self.name('BQ')
        self.tokens[token] = {'client': client, 'scope': scope, 'user': user,
                              'dies': self.state.clock.now() + self.life}
        return {'access_token': token, 'token_type': 'Bearer', 'expires_in': self.life}


def oauth_error(reply, error, description):
    reply.status, reply.body = 400, json.dumps({'error': error, 'error_description': description}).encode()


def redirect_matches(uri):
    parts = urlsplit(uri)
    if parts.hostname not in ('127.0.0.1', '::1'):
        return False
    host = '[::1]' if parts.hostname == '::1' else parts.hostname
    return f'{parts.scheme}://{host}{parts.path}' in REDIRECTS


def authorize(state, request, reply):
    q = request.query
    if q.get('client_id') not in PROFILES or not redirect_matches(q.get('redirect_uri', '')):
        reply.status, reply.body = 400, b'INVALID_CLIENT: Invalid redirect URI'
        return
    back = {'state': q.get('state', '')}
    if state.accounts.refuse:
        back['error'] = 'access_denied'
    elif q.get('response_type') != 'code' or q.get('code_challenge_method') != 'S256' or not q.get('code_challenge'):
        reply.status, reply.body = 400, b'code_challenge required'
        return
    else:
        code = back['code'] = state.accounts.name('AQ')
        state.accounts.codes[code] = {'client': q['client_id'], 'redirect': q['redirect_uri'], 'scope': q.get('scope', ''),
                                      'challenge': q['code_challenge'], 'dies': state.clock.now() + 600}
    reply.status, reply.body = 303, b''
    reply.headers['Location'] = f'{q["redirect_uri"]}?{urlencode(back)}'


def client_of(request):
    m = re.fullmatch(r'Basic (\S+)', request.headers.get('Authorization', ''))
    if not m:
        return None
    name, _, secret = base64.b64decode(m.group(1)).decode('utf-8', 'replace').partition(':')
    return name if name in PROFILES and secret == f'secret-{name}' else None


def token(state, request, reply):
    accounts, form = state.accounts, request.form
    grant, client = form.get('grant_type'), client_of(request)
    if grant == 'client_credentials':
        if not client:
            return oauth_error(reply, 'invalid_client', 'Invalid client')
        reply.body = json.dumps(accounts.issue(client, '', None)).encode()
        return None
    if grant == 'authorization_code':
        code = accounts.codes.pop(form.get('code'), None)  # single use
        if not code or code['dies'] < state.clock.now() or code['client'] != form.get('client_id'):
            return oauth_error(reply, 'invalid_grant', 'Invalid authorization code')
        if code['redirect'] != form.get('redirect_uri'):
            return oauth_error(reply, 'invalid_grant', 'Invalid redirect URI')
        verifier = form.get('code_verifier', '')
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b'=').decode()
        if not re.fullmatch(r'[A-Za-z0-9_.~-]{43,128}', verifier) or challenge != code['challenge']:
            return oauth_error(reply, 'invalid_grant', 'code_verifier was incorrect')
        out = accounts.issue(code['client'], code['scope'], 'me')
        refresh = accounts.name('AR')
        accounts.refresh[refresh] = {'client': code['client'], 'scope': code['scope'], 'born': state.clock.now()}
        reply.body = json.dumps(out | {'scope': code['scope'], 'refresh_token': refresh}).encode()
        return None
    if grant == 'refresh_token':
        old = accounts.refresh.get(form.get('refresh_token'))
        if not old or old['client'] != (form.get('client_id') or client):
            return oauth_error(reply, 'invalid_grant', 'Invalid refresh token')
        if old['born'] + SIX_MONTHS < state.clock.now():
            return oauth_error(reply, 'invalid_grant', 'Refresh token expired')
        out = accounts.issue(old['client'], old['scope'], 'me') | {'scope': old['scope']}
        if accounts.rotate == 'single':
            del accounts.refresh[form['refresh_token']]
            out['refresh_token'] = accounts.name('AR')
            accounts.refresh[out['refresh_token']] = old
        reply.body = json.dumps(out).encode()
        return None
    return oauth_error(reply, 'unsupported_grant_type', 'grant_type is missing')


def answer_accounts(state, request, reply, in_time):
    if request.path == '/accounts/authorize':
        authorize(state, request, reply)
    elif request.path == '/accounts/api/token' and request.method == 'POST':
        token(state, request, reply)
    else:
        reply.status, reply.body = 404, b''


# ---- the Web API ----

def error(reply, status, message, **more):
    reply.status = status
    reply.body = json.dumps({'error': {'status': status, 'message': message, **more}}).encode()


def track(request, song, profile):
    out = {'album': {'album_type': 'album', 'id': song.spotify[::-1], 'name': song.album, 'type': 'album',
                     'release_date': str(song.year), 'release_date_precision': 'year'},
           'artists': [{'id': song.spotify[3:] + 'abc', 'name': song.artist, 'type': 'artist'}],
           'disc_number': 1, 'duration_ms': song.duration * 1000 + 120, 'explicit': False,
           'external_ids': {'isrc': song.isrc},
           'external_urls': {'spotify': f'https://open.spotify.com/track/{song.spotify}'},
           'id': song.spotify, 'is_local': False, 'name': song.title, 'track_number': song.index + 1,
           'type': 'track', 'uri': f'spotify:track:{song.spotify}'}
    if request.query.get('market'):
        out['is_playable'] = True
    if profile != 'dev2026':
        out |= {'available_markets': ['DE'], 'popularity': 50, 'preview_url': None}
    if profile == 'extended' and song.has_preview:
        out['preview_url'] = f'{request.base}/cdn/spotify/{song.spotify}.mp3?cid=extended'
    return out


def paging(request, rows, limit, offset):
    def at(o):
        rest = urlencode({k: v for k, v in request.query.items() if k not in ('limit', 'offset')})
        return f'{request.base}{request.path}?{rest}&offset={o}&limit={limit}'
    return {'href': at(offset), 'items': rows[offset:offset + limit], 'limit': limit, 'offset': offset,
            'next': at(offset + limit) if offset + limit < len(rows) else None,
            'previous': at(max(0, offset - limit)) if offset else None, 'total': len(rows)}


def search(state, request, reply, profile):
    q, kind = request.query.get('q', ''), request.query.get('type', '')
    if not q:
        return error(reply, 400, 'No search query')
    limit = int(request.query.get('limit') or (5 if profile == 'dev2026' else 20))
    offset = int(request.query.get('offset') or 0)
    if not 1 <= limit <= (10 if profile == 'dev2026' else 50):
        return error(reply, 400, 'Invalid limit')
    if offset + limit > 1000:
        return error(reply, 400, 'Invalid offset')
    rest, rows = q, None
    for field, quoted, plain in re.findall(r'(genre|isrc|artist|track|year):(?:"([^"]*)"|(\S+))', q):
        value = (quoted or plain).lower()
        rest = ''
        genre = state.catalogue.genre(value) or []
        keep = {'genre': lambda s: s in genre,
                'isrc': lambda s: s.isrc.lower() == value, 'artist': lambda s: value in s.artist.lower(),
                'track': lambda s: value in s.title.lower(), 'year': lambda s: str(s.year) in value}[field]
        rows = [s for s in (state.catalogue.songs if rows is None else rows) if keep(s)]
    if rows is None:
        rows = state.catalogue.search(rest)
    if kind != 'track':
        return error(reply, 400, 'Only tracks here')
    reply.body = json.dumps({'tracks': paging(request, [track(request, s, profile) for s in rows], limit, offset)}).encode()
    return None


def playlist_rows(state, request, profile):
    """Songs, and what else a playlist holds: an episode, a local file, a song that is gone."""
    key = 'item' if profile == 'dev2026' else 'track'
    rows = [{'added_at': '2026-01-01T00:00:00Z', 'is_local': False, key: track(request, s, profile)}
            for s in state.catalogue.songs[:120:2]]
    rows[3:3] = [{'added_at': None, 'is_local': False, key: None},
                 {'added_at': None, 'is_local': False, key: {'id': 'e' * 22, 'type': 'episode', 'name': 'Talk'}},
                 {'added_at': None, 'is_local': True, key: {'id': None, 'type': 'track', 'is_local': True, 'name': 'L',
                                                            'artists': [], 'duration_ms': 1000, 'uri': 'spotify:local:::L:1'}}]
    return rows


def playlist(state, request, reply, profile, token, which, part):
    if which == EDITORIAL:
        return error(reply, 404, 'Resource not found')
    if part != ('items' if profile == 'dev2026' else 'tracks') and profile != 'extended':
        return error(reply, 403, 'Forbidden')
    if profile == 'dev2026' and (which != OWN or not token['user']):
        return error(reply, 403, 'Forbidden')
    limit = min(int(request.query.get('limit') or 20), 50)
    rows = playlist_rows(state, request, profile)
    reply.body = json.dumps(paging(request, rows, limit, int(request.query.get('offset') or 0))).encode()
    return None


def public_view(request, made, profile):
    part = 'items' if profile == 'dev2026' else 'tracks'
    return {'id': made['id'], 'name': made['name'], 'description': made['description'], 'public': made['public'],
            'collaborative': False, 'owner': {'id': made['owner'], 'type': 'user'}, 'type': 'playlist',
            'snapshot_id': made['snapshot'], 'uri': f'spotify:playlist:{made["id"]}',
            part: {'href': f'{request.base}/playlists/{made["id"]}/{part}', 'total': len(made['songs'])}}


def my_playlists(state, request, reply, profile, token):
    """GET and POST /me/playlists; POST /users/me/playlists before 2026."""
    made = state.accounts.playlists
    if request.method == 'GET':
        foreign = [{'id': f'foreign{i}', 'name': 'x', 'description': '' if i % 2 else None, 'owner': {'id': 'other'}}
                   for i in range(70)]
        rows = foreign[:60] + [None] + [public_view(request, p, profile) for p in made.values()] + foreign[60:]
        limit = min(int(request.query.get('limit') or 20), 50)
        reply.body = json.dumps(paging(request, rows, limit, int(request.query.get('offset') or 0))).encode()
        return None
    given = json.loads(request.body)
    wanted = 'playlist-modify-' + ('public' if given.get('public', True) else 'private')
    if wanted not in token['scope']:
        return error(reply, 403, 'Insufficient client scope')
    if not given.get('name'):
        return error(reply, 400, 'Missing required field: name')
    which = f'{number("made", len(made)):020d}AB'
    made[which] = {'id': which, 'name': given['name'], 'description': given.get('description'), 'owner': 'me',
                   'public': given.get('public', True), 'songs': [], 'snapshot': 'S0'}
    reply.status, reply.body = 201, json.dumps(public_view(request, made[which], profile)).encode()
    return None


def made_items(state, request, reply, profile, token, made, part):
    if part != ('items' if profile == 'dev2026' else 'tracks') and profile != 'extended':
        return error(reply, 403, 'Forbidden')
    songs = made['songs']
    if request.method == 'GET':
        key = 'item' if profile == 'dev2026' else 'track'
        rows = [{'added_at': '2026-01-01T00:00:00Z', 'is_local': False,
                 key: track(request, state.catalogue.by_spotify[s], profile)} for s in songs]
        limit = min(int(request.query.get('limit') or 20), 50)
        reply.body = json.dumps(paging(request, rows, limit, int(request.query.get('offset') or 0))).encode()
        return None
    if 'playlist-modify-private' not in token['scope']:
        return error(reply, 403, 'Insufficient client scope')
    given = json.loads(request.body)
    uris, at = given.get('uris') or [], given.get('position', len(songs))
    if len(uris) > 100:
        return error(reply, 400, 'You can add a maximum of 100 tracks per request.')
    ids = [u.removeprefix('spotify:track:') for u in uris]
    if any(i not in state.catalogue.by_spotify for i in ids):
        return error(reply, 400, 'Invalid base62 id')
    if not uris and request.method == 'POST':
        return error(reply, 400, 'No uris provided')
    made['songs'] = ids if request.method == 'PUT' else songs[:at] + ids + songs[at:]
    made['snapshot'] = f'S{number(*made["songs"])}'
    reply.status, reply.body = (200 if request.method == 'PUT' else 201), json.dumps({'snapshot_id': made['snapshot']}).encode()
    return None


def unauthorized(reply, message, kind):
    reply.headers['WWW-Authenticate'] = f'Bearer realm="spotify", error="{kind}"'
    error(reply, 401, message)


def answer(state, request, reply, in_time):
    m = re.fullmatch(r'Bearer (\S+)', request.headers.get('Authorization', ''))
    if not m:
        return unauthorized(reply, 'No token provided', 'missing_token')
    token = state.accounts.tokens.get(m.group(1))
    if not token:
        return unauthorized(reply, 'Invalid access token', 'invalid_token')
    if token['dies'] <= state.clock.now():
        return unauthorized(reply, 'The access token expired', 'invalid_token')
    if not in_time:
        reply.headers['Retry-After'] = '7'
        return error(reply, 429, 'API rate limit exceeded')
    if not state.accounts.premium:
        reply.status, reply.body = 403, b'Active premium subscription required for the owner of the app.'
        reply.headers['Content-Type'] = 'text/plain'
        return None
    path, profile = request.path[len('/spotify/v1'):], token['client']
    if path == '/search':
        return search(state, request, reply, profile)
    if m := re.fullmatch(r'/tracks/(.+)', path):
        if not re.fullmatch(r'[0-9A-Za-z]{22}', m.group(1)):
            return error(reply, 400, 'Invalid base62 id')
        song = state.catalogue.by_spotify.get(m.group(1))
        reply.body = json.dumps(track(request, song, profile)).encode() if song else b''
        return None if song else error(reply, 404, 'Resource not found')
    if path == '/me':
        reply.body = json.dumps({'id': 'me', 'display_name': 'Me', 'type': 'user'}).encode()
        return None if token['user'] else error(reply, 401, 'Missing access token')
    if path == '/me/playlists' and profile != 'legacy' or path == '/users/me/playlists' and profile != 'dev2026' or \
            path == '/me/playlists' and request.method == 'GET':
        return my_playlists(state, request, reply, profile, token)
    if path in ('/me/playlists', '/users/me/playlists'):
        return error(reply, 403, 'Forbidden')
    m = re.fullmatch(r'/playlists/(\w+)/(items|tracks)', path)
    if m and m.group(1) in state.accounts.playlists:
        return made_items(state, request, reply, profile, token, state.accounts.playlists[m.group(1)], m.group(2))
    if m:
        return playlist(state, request, reply, profile, token, *m.groups())
    if path == '/me/tracks':
        if 'user-library-read' not in token['scope']:
            return error(reply, 403, 'Insufficient client scope')
        rows = [{'added_at': '2026-01-01T00:00:00Z', 'track': track(request, s, profile)}
                for s in state.catalogue.songs[:120]]
        limit = min(int(request.query.get('limit') or 20), 50)
        reply.body = json.dumps(paging(request, rows, limit, int(request.query.get('offset') or 0))).encode()
        return None
    return error(reply, 404, 'Service not found')
